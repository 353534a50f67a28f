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

// Numbers of up to eight bytes are read from one word where the span is long enough, and else byte by byte.
TEST_CASE("a number reads the same with bytes behind it as at the end") {
  const auto check = [](const std::vector<uint8_t>& bytes, auto read_one) {
    std::vector<uint8_t> longer = bytes;
    longer.resize(bytes.size() + 10, 0xff);
    ByteReader at_end({bytes.data(), bytes.size()});
    ByteReader inside({longer.data(), longer.size()});
    const int64_t expected = read_one(at_end);
    const int64_t found = read_one(inside);
    CHECK(found == expected);
    CHECK(inside.fault() == at_end.fault());
    CHECK(inside.fault_offset() == at_end.fault_offset());
    if (at_end.ok()) CHECK(inside.offset() == at_end.offset());
  };
  uint64_t random = 1;
  for (int round = 0; round < 20000; ++round) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const size_t size = 1 + (random >> 33) % 11;
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < size; ++i) {
      // Mostly bytes that make edges: nothing, everything, one bit.
      const auto pick = static_cast<uint8_t>(random >> (i * 5));
      const uint8_t byte = pick % 4 == 0   ? 0
                           : pick % 4 == 1 ? 0x7f
                           : pick % 4 == 2 ? 0x40 >> (pick >> 5)
                                           : pick;
      bytes.push_back(static_cast<uint8_t>(i + 1 < size ? byte | 0x80 : byte & 0x7f));
    }
    check(bytes, [](ByteReader& r) { return int64_t{r.u32()}; });
    check(bytes, [](ByteReader& r) { return static_cast<int64_t>(r.u64()); });
    check(bytes, [](ByteReader& r) { return int64_t{r.s32()}; });
    check(bytes, [](ByteReader& r) { return r.s33(); });
    check(bytes, [](ByteReader& r) { return r.s64(); });
  }
}
