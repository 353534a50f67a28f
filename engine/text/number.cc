// Number literals, core spec 6.3.1 and 6.3.2.
//
// Decimal floats go through std::from_chars, which rounds correctly and knows no locale (libstdc++ 12 has it for
// float and double). It reports "out of range" for what is too small as well as for what is too large, so the
// exponent of the first digit decides between zero and an error. Hexadecimal floats are rounded here: 64 bits of
// mantissa and a sticky bit are exact for any length.
#include "engine/text/number.h"

#include <bit>
#include <charconv>
#include <system_error>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"

namespace wherry::text {

namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Digits with single underscores between them; where they end, or `i` if there are none.
size_t scan_digits(std::string_view text, size_t i, int base) {
  const size_t begin = i;
  while (i < text.size() &&
         (digit_value(text[i]) < base || (text[i] == '_' && i > begin && text[i - 1] != '_' &&
                                          i + 1 < text.size() && digit_value(text[i + 1]) < base))) {
    ++i;
  }
  return i;
}

bool has_hex_prefix(std::string_view text) { return text.size() > 2 && text[0] == '0' && text[1] == 'x'; }

bool is_sign(char c) { return c == '+' || c == '-'; }

// The layout of an IEEE 754 format.
struct FloatFormat {
  uint32_t precision_bits;  // with the hidden bit
  int32_t min_exponent;     // of a normal number
  int32_t max_exponent;

  uint64_t infinity() const {
    return static_cast<uint64_t>(max_exponent - min_exponent + 2) << (precision_bits - 1);
  }
  uint64_t payload_mask() const { return (uint64_t{1} << (precision_bits - 1)) - 1; }
  uint64_t quiet_bit() const { return uint64_t{1} << (precision_bits - 2); }
};
constexpr FloatFormat kF32{24, -126, 127};
constexpr FloatFormat kF64{53, -1022, 1023};

// The bits of `mantissa` * 2^`exponent`, plus something below the last bit if `sticky`; more than infinity's if
// it is too large.
uint64_t round_to(const FloatFormat& format, uint64_t mantissa, int64_t exponent, bool sticky) {
  if (mantissa == 0) return 0;
  const int64_t top = exponent + 63 - std::countl_zero(mantissa);
  if (top > format.max_exponent) return format.infinity();
  const int64_t fraction_bits = format.precision_bits - 1;
  const int64_t unit = (top > format.min_exponent ? top : format.min_exponent) - fraction_bits;
  const int64_t shift = unit - exponent;
  uint64_t quotient = 0;
  if (shift <= 0) {
    quotient = mantissa << -shift;
  } else if (shift <= 64) {
    quotient = shift == 64 ? 0 : mantissa >> shift;
    const uint64_t remainder = shift == 64 ? mantissa : mantissa & ((uint64_t{1} << shift) - 1);
    const uint64_t half = uint64_t{1} << (shift - 1);
    if (remainder > half || (remainder == half && (sticky || (quotient & 1) != 0))) ++quotient;
  }
  const auto biased = static_cast<uint64_t>(unit - (format.min_exponent - fraction_bits));
  return (biased << fraction_bits) + quotient;  // The hidden bit and a carry step the exponent.
}

// A decimal exponent, saturated far outside of what any format can hold.
int64_t parse_exponent(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && is_sign(text[0])) text.remove_prefix(1);
  int64_t value = 0;
  for (const char c : text) {
    if (c != '_' && value < (int64_t{1} << 50)) value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

// Behind "0x".
uint64_t parse_hex_float(std::string_view text, const FloatFormat& format) {
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  bool sticky = false;
  bool in_fraction = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_') continue;
    if (c == '.') {
      in_fraction = true;
      continue;
    }
    if (c == 'p' || c == 'P') {
      exponent += parse_exponent(text.substr(i + 1));
      break;
    }
    if (mantissa >> 60 == 0) {
      mantissa = mantissa << 4 | static_cast<uint64_t>(digit_value(c));
      if (in_fraction) exponent -= 4;
    } else {
      sticky |= c != '0';
      if (!in_fraction) exponent += 4;
    }
  }
  return round_to(format, mantissa, exponent, sticky);
}

// Whether a decimal that from_chars found out of range is too large rather than too small.
bool is_huge(std::string_view text) {
  int64_t position = 0;  // Of the first digit that is not zero, as a power of ten.
  bool found = false;
  bool in_fraction = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == 'e' || c == 'E') return position + parse_exponent(text.substr(i + 1)) > 0;
    if (c == '.') {
      in_fraction = true;
    } else if (in_fraction) {
      if (!found) --position;
      found |= c != '0';
    } else {
      if (found) ++position;
      found |= c != '0';
    }
  }
  return position > 0;
}

template <class Float, class Bits>
NumberFault parse_decimal_float(std::string_view text, Bits* bits) {
  base::Vector<char> copy;
  if (text.find('_') != std::string_view::npos) {
    for (const char c : text) {
      if (c != '_' && !copy.push_back(c)) return NumberFault::OutOfRange;
    }
    text = {copy.data(), copy.size()};
  }
  Float value = 0;
  const std::from_chars_result result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (is_huge(text)) return NumberFault::OutOfRange;
    value = 0;
  } else if (result.ec != std::errc{}) {
    return NumberFault::NotANumber;
  }
  *bits = std::bit_cast<Bits>(value);
  return NumberFault::None;
}

template <class Float, class Bits>
NumberFault parse_float(std::string_view token, const FloatFormat& format, Bits* bits) {
  if (number_form(token) == NumberForm::None) return NumberFault::NotANumber;
  const bool negative = token[0] == '-';
  if (is_sign(token[0])) token.remove_prefix(1);
  Bits magnitude = 0;
  if (token == "inf") {
    magnitude = static_cast<Bits>(format.infinity());
  } else if (token == "nan") {
    magnitude = static_cast<Bits>(format.infinity() | format.quiet_bit());
  } else if (token.starts_with("nan:")) {
    uint64_t payload;
    const NumberFault fault = parse_natural(token.substr(4), 64, &payload);
    if (fault != NumberFault::None) return fault;
    if (payload == 0 || payload > format.payload_mask()) return NumberFault::OutOfRange;
    magnitude = static_cast<Bits>(format.infinity() | payload);
  } else if (has_hex_prefix(token)) {
    magnitude = static_cast<Bits>(parse_hex_float(token.substr(2), format));
    if (magnitude >= format.infinity()) return NumberFault::OutOfRange;
  } else {
    const NumberFault fault = parse_decimal_float<Float>(token, &magnitude);
    if (fault != NumberFault::None) return fault;
    if (magnitude >= format.infinity()) return NumberFault::OutOfRange;
  }
  *bits = magnitude | static_cast<Bits>(negative) << (sizeof(Bits) * 8 - 1);
  return NumberFault::None;
}

std::string format_special(uint64_t magnitude, const FloatFormat& format) {
  if (magnitude == format.infinity()) return "inf";
  const uint64_t payload = magnitude & format.payload_mask();
  if (payload == format.quiet_bit()) return "nan";
  char digits[16];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, payload, 16);
  return "nan:0x" + std::string(digits, end.ptr);
}

template <class Float, class Bits>
std::string format_float(Bits bits, const FloatFormat& format, std::chars_format style) {
  const Bits sign = Bits{1} << (sizeof(Bits) * 8 - 1);
  const Bits magnitude = bits & ~sign;
  std::string text = (bits & sign) != 0 ? "-" : "";
  if (magnitude >= format.infinity()) return text + format_special(magnitude, format);
  char digits[64];
  const auto value = std::bit_cast<Float>(magnitude);
  std::to_chars_result end;
  if (style == std::chars_format::hex) {
    text += "0x";
    end = std::to_chars(digits, digits + sizeof digits, value, style);
  } else {
    end = std::to_chars(digits, digits + sizeof digits, value);
  }
  return text.append(digits, end.ptr);
}

}  // namespace

NumberForm number_form(std::string_view token) {
  if (token.empty()) return NumberForm::None;
  const bool is_signed = is_sign(token[0]);
  const std::string_view body = token.substr(is_signed ? 1 : 0);
  if (body == "inf" || body == "nan") return NumberForm::Float;
  if (body.starts_with("nan:0x")) {
    return body.size() > 6 && scan_digits(body, 6, 16) == body.size() ? NumberForm::Float : NumberForm::None;
  }
  const bool is_hex = has_hex_prefix(body);
  const int base = is_hex ? 16 : 10;
  const size_t begin = is_hex ? 2 : 0;
  size_t i = scan_digits(body, begin, base);
  if (i == begin) return NumberForm::None;
  if (i == body.size()) return is_signed ? NumberForm::Integer : NumberForm::Natural;
  if (body[i] == '.') i = scan_digits(body, i + 1, base);
  if (i < body.size() && (body[i] | 0x20) == (is_hex ? 'p' : 'e')) {
    ++i;
    if (i < body.size() && is_sign(body[i])) ++i;
    const size_t digits = i;
    i = scan_digits(body, i, 10);
    if (i == digits) return NumberForm::None;
  }
  return i == body.size() ? NumberForm::Float : NumberForm::None;
}

NumberFault parse_natural(std::string_view token, uint32_t bits, uint64_t* value) {
  const bool is_hex = has_hex_prefix(token);
  const uint32_t base = is_hex ? 16 : 10;
  uint64_t sum = 0;
  for (const char c : token.substr(is_hex ? 2 : 0)) {
    if (c == '_') continue;
    const auto digit = static_cast<uint32_t>(digit_value(c));
    if (digit >= base) return NumberFault::NotANumber;
    if (__builtin_mul_overflow(sum, uint64_t{base}, &sum)) return NumberFault::OutOfRange;
    if (__builtin_add_overflow(sum, uint64_t{digit}, &sum)) return NumberFault::OutOfRange;
  }
  if (bits < 64 && sum >> bits != 0) return NumberFault::OutOfRange;
  *value = sum;
  return NumberFault::None;
}

NumberFault parse_integer(std::string_view token, uint32_t bits, uint64_t* value) {
  const NumberForm form = number_form(token);
  if (form != NumberForm::Natural && form != NumberForm::Integer) return NumberFault::NotANumber;
  const bool negative = token[0] == '-';
  if (is_sign(token[0])) token.remove_prefix(1);
  uint64_t magnitude;
  const NumberFault fault = parse_natural(token, bits, &magnitude);
  if (fault != NumberFault::None) return fault;
  const uint64_t mask = ~uint64_t{0} >> (64 - bits);
  if (negative && magnitude > uint64_t{1} << (bits - 1)) return NumberFault::OutOfRange;
  *value = (negative ? 0 - magnitude : magnitude) & mask;
  return NumberFault::None;
}

NumberFault parse_f32(std::string_view token, uint32_t* bits) {
  return parse_float<float>(token, kF32, bits);
}
NumberFault parse_f64(std::string_view token, uint64_t* bits) {
  return parse_float<double>(token, kF64, bits);
}

std::string format_f32(uint32_t bits) { return format_float<float>(bits, kF32, std::chars_format::general); }
std::string format_f64(uint64_t bits) { return format_float<double>(bits, kF64, std::chars_format::general); }
std::string format_f32_hex(uint32_t bits) { return format_float<float>(bits, kF32, std::chars_format::hex); }
std::string format_f64_hex(uint64_t bits) { return format_float<double>(bits, kF64, std::chars_format::hex); }

}  // namespace wherry::text
