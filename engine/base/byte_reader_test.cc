#include "engine/base/byte_reader.h"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <vector>

using wherry::base::ByteReader;
using wherry::base::ReadFault;

namespace {

struct Outcome {
  int64_t value;
  ReadFault fault;
  size_t left;
};

template <class Read>
Outcome read(std::initializer_list<uint8_t> list, Read read_one) {
  const std::vector<uint8_t> bytes(list);
  ByteReader reader({bytes.data(), bytes.size()}, 100);
  const int64_t value = read_one(reader);
  return {value, reader.fault(), reader.remaining()};
}

Outcome u32(std::initializer_list<uint8_t> list) {
  return read(list, [](ByteReader& r) { return int64_t{r.u32()}; });
}
Outcome u64(std::initializer_list<uint8_t> list) {
  return read(list, [](ByteReader& r) { return static_cast<int64_t>(r.u64()); });
}
Outcome s32(std::initializer_list<uint8_t> list) {
  return read(list, [](ByteReader& r) { return int64_t{r.s32()}; });
}
Outcome s33(std::initializer_list<uint8_t> list) {
  return read(list, [](ByteReader& r) { return r.s33(); });
}
Outcome s64(std::initializer_list<uint8_t> list) {
  return read(list, [](ByteReader& r) { return r.s64(); });
}

}  // namespace

TEST_CASE("u32: edges of value and length") {
  CHECK(u32({0x00}).value == 0);
  CHECK(u32({0x7f, 0x01}).left == 1);
  CHECK(u32({0xff, 0xff, 0xff, 0xff, 0x0f}).value == 0xffffffff);
  CHECK(u32({0x80, 0x80, 0x80, 0x80, 0x00}).value == 0);
  CHECK(u32({0xff, 0xff, 0xff, 0xff, 0x1f}).fault == ReadFault::IntegerTooLarge);
  CHECK(u32({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}).fault == ReadFault::IntegerTooLong);
  CHECK(u32({0x80, 0x80}).fault == ReadFault::UnexpectedEnd);
  CHECK(u32({}).fault == ReadFault::UnexpectedEnd);
}

TEST_CASE("u64: edges of value and length") {
  CHECK(u64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}).value == -1);
  CHECK(u64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}).fault ==
        ReadFault::IntegerTooLarge);
  CHECK(u64({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0}).fault ==
        ReadFault::IntegerTooLong);
}

TEST_CASE("s32: the unused bits repeat the sign") {
  CHECK(s32({0x7f}).value == -1);
  CHECK(s32({0x40}).value == -64);
  CHECK(s32({0x3f}).value == 63);
  CHECK(s32({0x80, 0x80, 0x80, 0x80, 0x78}).value == INT32_MIN);
  CHECK(s32({0xff, 0xff, 0xff, 0xff, 0x07}).value == INT32_MAX);
  CHECK(s32({0xff, 0xff, 0xff, 0xff, 0x7f}).value == -1);
  CHECK(s32({0xff, 0xff, 0xff, 0xff, 0x0f}).fault == ReadFault::IntegerTooLarge);
  CHECK(s32({0x80, 0x80, 0x80, 0x80, 0x70}).fault == ReadFault::IntegerTooLarge);
  CHECK(s32({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}).fault == ReadFault::IntegerTooLong);
}

TEST_CASE("s33 and s64: edges") {
  CHECK(s33({0xff, 0xff, 0xff, 0xff, 0x0f}).value == 0xffffffff);
  CHECK(s33({0x80, 0x80, 0x80, 0x80, 0x70}).value == -(int64_t{1} << 32));
  CHECK(s33({0x80, 0x80, 0x80, 0x80, 0x60}).fault == ReadFault::IntegerTooLarge);
  CHECK(s64({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}).value == INT64_MIN);
  CHECK(s64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}).value == INT64_MAX);
  CHECK(s64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}).fault ==
        ReadFault::IntegerTooLarge);
}

TEST_CASE("fixed numbers, spans and offsets") {
  const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 5, 6, 7, 8, 9, 10, 11, 12};
  ByteReader reader(bytes, 0x10);
  CHECK(reader.fixed32() == 0x04030201);
  CHECK(reader.offset() == 0x14);
  CHECK(reader.take(2).size() == 2);
  CHECK(reader.peek() == 7);
  CHECK(reader.fixed64() == 0);
  CHECK(reader.fault() == ReadFault::UnexpectedEnd);
  CHECK(reader.fault_offset() == 0x16);
}

TEST_CASE("a fault sticks: later reads give nothing and keep the first reason") {
  const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0x1f, 0x01};
  ByteReader reader(bytes);
  CHECK(reader.u32() == 0);
  CHECK(reader.u8() == 0);
  CHECK(reader.take(1).empty());
  CHECK(reader.take(~uint64_t{0}).empty());
  CHECK(reader.fault() == ReadFault::IntegerTooLarge);
  CHECK(reader.fault_offset() == 0);
  CHECK(reader.at_end());
}
