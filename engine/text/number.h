#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/wasm/errors.h"

// Literals of the text format (core spec 6.3.1, 6.3.2) to bits and back.
namespace wherry::text {

// What a token is as a number, by its form alone.
enum class NumberForm : uint8_t {
  None,     // no number
  Natural,  // digits, no sign
  Integer,  // sign and digits
  Float,    // what only a float can be, `inf` and `nan` included
};
NumberForm number_form(std::string_view token);

enum class NumberFault : uint8_t { None, NotANumber, OutOfRange };

// An unsigned number below 2^bits; `token` must be of form Natural.
NumberFault parse_natural(std::string_view token, uint32_t bits, uint64_t* value);

// An integer of `bits` (8, 16, 32, 64) bits, signed or unsigned: what lies between -2^(bits-1) and 2^bits - 1, as
// two's complement in the low bits.
NumberFault parse_integer(std::string_view token, uint32_t bits, uint64_t* value);

// The bits of the nearest float, ties to even. Any form is allowed. What rounds to infinity is out of range, and
// so is a NaN payload that is zero or too large.
NumberFault parse_f32(std::string_view token, uint32_t* bits);
NumberFault parse_f64(std::string_view token, uint64_t* bits);

// The shortest decimal text that parse_f32 or parse_f64 turns into the same bits; `inf`, `nan` and `nan:0x...`.
std::string format_f32(uint32_t bits);
std::string format_f64(uint64_t bits);
// The same as an exact hexadecimal literal: 0x1.8p+1.
std::string format_f32_hex(uint32_t bits);
std::string format_f64_hex(uint64_t bits);

}  // namespace wherry::text
