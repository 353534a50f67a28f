#include "wasi/host/metadata.h"

#include <catch2/catch.hpp>

#include "wasi/host/test_tree.h"

namespace wherry::wasi::host {
namespace {

TEST_CASE("SipHash gives the numbers of its paper") {
  const HashKey key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  uint8_t bytes[15];
  for (uint8_t i = 0; i < 15; ++i) bytes[i] = i;
  CHECK(siphash(key, bytes) == 0xa129ca6149be45e5);
  CHECK(siphash(key, {bytes, 0}) == 0x726fdb47dd0e0e31);
}

TEST_CASE("a hash of metadata tells files apart, and one file's contents by its upper half") {
  TestTree tree;
  put_file(tree / "a", "one");
  put_file(tree / "b", "one");
  struct stat a;
  struct stat b;
  REQUIRE(stat((tree / "a").c_str(), &a) == 0);
  REQUIRE(stat((tree / "b").c_str(), &b) == 0);
  const HashKey key = {1, 2};
  const MetadataHash first = metadata_hash(key, a);
  CHECK(first.lower != metadata_hash(key, b).lower);
  CHECK(first.lower != metadata_hash({1, 3}, a).lower);
  CHECK_FALSE(is_same_object(a, b));
  put_file(tree / "a", "longer");
  REQUIRE(stat((tree / "a").c_str(), &b) == 0);
  CHECK(is_same_object(a, b));
  CHECK(metadata_hash(key, b).lower == first.lower);
  CHECK(metadata_hash(key, b).upper != first.upper);
}

}  // namespace
}  // namespace wherry::wasi::host
