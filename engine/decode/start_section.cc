// The start section (core spec 5.5.11).
#include "engine/decode/section.h"

namespace wherry::decode {

base::Result<void> decode_start(Section& section) {
  const uint64_t offset = section.reader.offset();
  section.module.start = wasm::Start{wasm::FuncIndex(section.reader.u32()), offset};
  return {};
}

}  // namespace wherry::decode
