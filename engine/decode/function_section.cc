// The function section (core spec 5.5.6): the types of the functions whose bodies the code section holds.
#include "engine/decode/section.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

base::Result<void> decode_functions(Section& section) {
  base::Items<wasm::Func>& funcs = section.module.funcs;
  const uint32_t count = WHERRY_TRY(read_count(section, "functions", funcs.size(), wasm::kMaxFunctions));
  if (!funcs.reserve(funcs.size() + count)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    if (!funcs.push_back({wasm::TypeIndex(section.reader.u32())})) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
