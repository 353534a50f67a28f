// Places of segments, nearly all of which are such expressions: known before an instance is made, memory images and tables can be
// laid out by a compiler (core spec 5.4.9).
#include "engine/wasm/constant_number.h"

#include "engine/base/byte_reader.h"

namespace wherry::wasm {

bool read_constant_number(base::ByteSpan expression, uint64_t* number) {
  constexpr uint8_t kI32Const = 0x41;
  constexpr uint8_t kI64Const = 0x42;
  constexpr uint8_t kEnd = 0x0b;
  base::ByteReader reader(expression);
  const uint8_t opcode = reader.u8();
  if (opcode == kI32Const) {
    *number = static_cast<uint32_t>(reader.s32());
  } else if (opcode == kI64Const) {
    *number = static_cast<uint64_t>(reader.s64());
  } else {
    return false;
  }
  return reader.u8() == kEnd && reader.ok() && reader.at_end();
}

}  // namespace wherry::wasm
