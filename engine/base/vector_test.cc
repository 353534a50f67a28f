#include "engine/base/vector.h"

#include <catch2/catch.hpp>
#include <memory>

using wherry::base::Vector;

// Sanitizers end a program that asks for more than there is, unless told not to; here that is what is tested.
extern "C" {
__attribute__((visibility("default"))) const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}
__attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "allocator_may_return_null=1";
}
}

TEST_CASE("vector grows, keeps its elements and shrinks") {
  Vector<int> numbers;
  CHECK(numbers.empty());
  bool ok = true;
  for (int i = 0; i < 1000; ++i) ok = ok && numbers.push_back(i);
  CHECK(ok);
  CHECK(numbers.size() == 1000);
  CHECK(numbers[999] == 999);
  numbers.pop_back();
  numbers.truncate(10);
  CHECK(numbers.back() == 9);
  CHECK(numbers.resize(12));
  CHECK(numbers[11] == 0);
}

TEST_CASE("vector reports a size that no memory can hold, and stays as it was") {
  Vector<uint64_t> numbers;
  CHECK(numbers.push_back(7));
  CHECK_FALSE(numbers.reserve(~size_t{0}));
  CHECK_FALSE(numbers.reserve(~size_t{0} / 16));
  CHECK_FALSE(numbers.resize(~size_t{0} / 16));
  CHECK(numbers.size() == 1);
  CHECK(numbers[0] == 7);
}

TEST_CASE("vector moves what cannot be copied, and destroys it once") {
  Vector<std::shared_ptr<int>> pointers;
  auto counted = std::make_shared<int>(3);
  bool ok = true;
  for (int i = 0; i < 20; ++i) ok = ok && pointers.push_back(counted);
  CHECK(ok);
  CHECK(counted.use_count() == 21);
  Vector<std::shared_ptr<int>> moved = std::move(pointers);
  CHECK(pointers.empty());
  moved.truncate(5);
  CHECK(counted.use_count() == 6);
  moved = Vector<std::shared_ptr<int>>();
  CHECK(counted.use_count() == 1);
}

TEST_CASE("vector takes an element of itself while it grows") {
  Vector<std::shared_ptr<int>> pointers;
  CHECK(pointers.push_back(std::make_shared<int>(5)));
  bool ok = true;
  for (int i = 0; i < 100; ++i) ok = ok && pointers.push_back(pointers[0]);
  CHECK(ok);
  CHECK(*pointers[100] == 5);
}

TEST_CASE("vector appends spans, also empty ones") {
  Vector<uint8_t> bytes;
  const uint8_t some[] = {1, 2, 3};
  CHECK(bytes.append({}));
  CHECK(bytes.append(some));
  CHECK(bytes.append(some));
  CHECK(bytes.size() == 6);
  CHECK(bytes[5] == 3);
}
