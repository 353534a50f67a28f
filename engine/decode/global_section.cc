// The global section (core spec 5.5.9): types and constant expressions. The smallest global takes three bytes, which
// bounds what is reserved.
#include "engine/decode/section.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

base::Result<void> decode_globals(Section& section) {
  constexpr size_t kSmallestBytes = 3;
  base::Vector<wasm::Global>& globals = section.module.globals;
  const uint32_t count = WHERRY_TRY(read_count(section, "globals", globals.size(), wasm::kMaxGlobals));
  const size_t likely = section.reader.remaining() / kSmallestBytes;
  if (!globals.reserve(globals.size() + (count < likely ? count : likely))) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    wasm::Global global;
    global.offset = section.reader.offset();
    global.type = WHERRY_TRY(read_global_type(section));
    WHERRY_TRY(read_const_expr(section, &global.init));
    if (!globals.push_back(global)) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
