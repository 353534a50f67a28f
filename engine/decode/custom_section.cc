// Custom sections (core spec 5.5.3): a name and bytes that nobody reads yet.
#include "engine/decode/section.h"

namespace wherry::decode {

base::Result<void> decode_custom(Section& section) {
  wasm::CustomSection custom;
  custom.name = WHERRY_TRY(read_name(section));
  custom.offset = section.reader.offset();
  custom.bytes = section.reader.take(section.reader.remaining());
  custom.after_section = section.after;
  if (!section.module.customs.push_back(custom)) return out_of_memory();
  return {};
}

}  // namespace wherry::decode
