#include "engine/wasm/constant_number.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wherry;

namespace {

std::string number_of(std::vector<uint8_t> expression) {
  uint64_t number = 0;
  return wasm::read_constant_number({expression.data(), expression.size()}, &number) ? std::to_string(number)
                                                                                     : "none";
}

}  // namespace

TEST_CASE("the number of a constant expression") {
  CHECK(number_of({0x41, 0x2a, 0x0b}) == "42");
  CHECK(number_of({0x41, 0x7f, 0x0b}) == "4294967295");
  CHECK(number_of({0x42, 0x7f, 0x0b}) == "18446744073709551615");
  CHECK(number_of({0x42, 0x80, 0x80, 0x80, 0x80, 0x20, 0x0b}) == "8589934592");
  CHECK(number_of({}) == "none");
  CHECK(number_of({0x41, 0x2a}) == "none");
  CHECK(number_of({0x41, 0x80, 0x0b}) == "none");
  CHECK(number_of({0x41, 0x2a, 0x0b, 0x0b}) == "none");
  CHECK(number_of({0x41, 0x2a, 0x41, 0x01, 0x6a, 0x0b}) == "none");
  CHECK(number_of({0x23, 0x00, 0x0b}) == "none");
}
