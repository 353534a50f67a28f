#include "engine/text/number.h"

#include <catch2/catch.hpp>
#include <clocale>
#include <cstdlib>
#include <string>

using namespace wherry::text;

namespace {

std::string f32(const char* token) {
  uint32_t bits = 0;
  switch (parse_f32(token, &bits)) {
    case NumberFault::None: break;
    case NumberFault::NotANumber: return "not a number";
    case NumberFault::OutOfRange: return "out of range";
  }
  char hex[16];
  std::snprintf(hex, sizeof hex, "%08x", bits);
  return hex;
}

std::string f64(const char* token) {
  uint64_t bits = 0;
  switch (parse_f64(token, &bits)) {
    case NumberFault::None: break;
    case NumberFault::NotANumber: return "not a number";
    case NumberFault::OutOfRange: return "out of range";
  }
  char hex[24];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(bits));
  return hex;
}

}  // namespace

TEST_CASE("the form of a token decides whether it is a number") {
  for (const char* token : {"0", "00", "1_0", "0x1F", "0x1_f"})
    CHECK(number_form(token) == NumberForm::Natural);
  for (const char* token : {"+0", "-1", "-0xf"}) CHECK(number_form(token) == NumberForm::Integer);
  for (const char* token :
       {"1.", "1.5", "1e5", "1E-5", "1.e+1", "0x1p1", "0x1.", "-inf", "nan", "+nan:0x1", "1_0.0_1e1_0"}) {
    CHECK(number_form(token) == NumberForm::Float);
  }
  for (const char* token : {"",       "+",   "_1",   "1_",     "1__0",          "0x",   "1e",       "1.5e",
                            ".5",     "0xg", "nan:", "nan:0x", "nan:canonical", "0x.1", "infinity", "1.5.5",
                            "0x1e+5", "1p5", "0b1",  "0X1"}) {
    INFO(token);
    CHECK(number_form(token) == NumberForm::None);
  }
}

TEST_CASE("integers hold signed and unsigned ranges") {
  uint64_t value;
  CHECK(parse_integer("255", 8, &value) == NumberFault::None);
  CHECK(parse_integer("256", 8, &value) == NumberFault::OutOfRange);
  CHECK(parse_integer("-128", 8, &value) == NumberFault::None);
  CHECK(value == 0x80);
  CHECK(parse_integer("-129", 8, &value) == NumberFault::OutOfRange);
  CHECK(parse_integer("0xffff_ffff_ffff_ffff", 64, &value) == NumberFault::None);
  CHECK(value == ~uint64_t{0});
  CHECK(parse_integer("-9223372036854775808", 64, &value) == NumberFault::None);
  CHECK(value == uint64_t{1} << 63);
  CHECK(parse_integer("18446744073709551616", 64, &value) == NumberFault::OutOfRange);
  CHECK(parse_integer("-9223372036854775809", 64, &value) == NumberFault::OutOfRange);
  CHECK(parse_integer("1.0", 32, &value) == NumberFault::NotANumber);
}

TEST_CASE("floats are rounded to nearest, ties to even") {
  CHECK(f32("1") == "3f800000");
  CHECK(f32("-0") == "80000000");
  CHECK(f32("0x1.000001p0") == "3f800000");
  CHECK(f32("0x1.000001000000000000000000001p0") == "3f800001");
  CHECK(f32("0x1.000003p0") == "3f800002");
  CHECK(f32("0x1p-149") == "00000001");
  CHECK(f32("0x1p-150") == "00000000");
  CHECK(f32("0x1.000000000000001p-150") == "00000001");
  CHECK(f32("0x1.8p-150") == "00000001");
  CHECK(f32("0x1.fffffep127") == "7f7fffff");
  CHECK(f32("0x1.ffffffp127") == "out of range");
  CHECK(f32("0x1.fffffefffffffffp127") == "7f7fffff");
  CHECK(f32("340282356779733661637539395458142568447") == "7f7fffff");
  CHECK(f32("340282356779733661637539395458142568448") == "out of range");
  CHECK(f32("1e39") == "out of range");
  CHECK(f32("1e-46") == "00000000");
  CHECK(f32("7.006492321624085e-46") == "00000000");
  CHECK(f32("7.1e-46") == "00000001");
  CHECK(f64("1e-400") == "0000000000000000");
  CHECK(f64("-1e-99999999999999999999") == "8000000000000000");
  CHECK(f64("1e99999999999999999999") == "out of range");
  CHECK(f64("0.00000000000000000000000000000000000000001e330") == "7bf06b0bb1fb384c");
  CHECK(f64("0e99999999999999999999") == "0000000000000000");
  CHECK(f64("0x0p99999999999999999999") == "0000000000000000");
  CHECK(f64("0x1p1024") == "out of range");
  CHECK(f64("0x1p-1074") == "0000000000000001");
  CHECK(f64("0x10000000000000000000000000000p-112") == "3ff0000000000000");
  CHECK(f64("0x0.00000000000000000000000000001p+116") == "3ff0000000000000");
  CHECK(f64("1_000.000_1") == "408f4000346dc5d6");
}

TEST_CASE("special floats") {
  CHECK(f32("inf") == "7f800000");
  CHECK(f32("-nan") == "ffc00000");
  CHECK(f32("nan:0x1") == "7f800001");
  CHECK(f32("nan:0x7fffff") == "7fffffff");
  CHECK(f32("nan:0x800000") == "out of range");
  CHECK(f32("nan:0x0") == "out of range");
  CHECK(f64("nan:0xfffffffffffff") == "7fffffffffffffff");
  CHECK(f64("nan:0x10000000000000") == "out of range");
  CHECK(f64("i32") == "not a number");
}

TEST_CASE("a locale with a decimal comma changes nothing") {
  const bool has_locale = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  CHECK(f64("1.5") == "3ff8000000000000");
  CHECK(format_f64(0x3ff8000000000000) == "1.5");
  if (has_locale) std::setlocale(LC_ALL, "C");
}

TEST_CASE("formatted floats read back as the same bits") {
  CHECK(format_f32(0x3dcccccd) == "0.1");
  CHECK(format_f64(0x8000000000000000) == "-0");
  CHECK(format_f32(0xff800000) == "-inf");
  CHECK(format_f32(0x7fc00000) == "nan");
  CHECK(format_f32(0xffc00001) == "-nan:0x400001");
  CHECK(format_f64_hex(0x3ff8000000000000) == "0x1.8p+0");
  uint64_t state = 88172645463325252;
  for (int i = 0; i < 20000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const uint64_t wide = i % 4 == 0 ? state & 0x800fffffffffffff : state;
    const auto narrow = static_cast<uint32_t>(wide >> 32);
    uint64_t wide_back = 0;
    uint32_t narrow_back = 0;
    for (const std::string& text : {format_f64(wide), format_f64_hex(wide)}) {
      CHECK(parse_f64(text, &wide_back) == NumberFault::None);
      if (wide_back != wide) FAIL_CHECK(text);
    }
    for (const std::string& text : {format_f32(narrow), format_f32_hex(narrow)}) {
      CHECK(parse_f32(text, &narrow_back) == NumberFault::None);
      if (narrow_back != narrow) FAIL_CHECK(text);
    }
  }
}
