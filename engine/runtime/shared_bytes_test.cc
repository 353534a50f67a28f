#include "engine/runtime/shared_bytes.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <vector>

namespace wherry::runtime {
namespace {

TEST_CASE("bytes move as by memmove, for every alignment, overlap and small size") {
  for (size_t to = 0; to < 20; ++to) {
    for (size_t from = 0; from < 20; ++from) {
      for (const size_t size :
           {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{31}, size_t{40}}) {
        alignas(8) uint8_t found[64];
        alignas(8) uint8_t expected[64];
        std::iota(found, found + 64, uint8_t{0});
        std::iota(expected, expected + 64, uint8_t{0});
        move_shared(found + to, found + from, size);
        std::memmove(expected + to, expected + from, size);
        CHECK(std::memcmp(found, expected, 64) == 0);
      }
    }
  }
}

TEST_CASE("bytes are filled, and no others") {
  for (size_t at = 0; at < 16; ++at) {
    for (size_t size = 0; size < 32; ++size) {
      alignas(8) uint8_t found[64] = {};
      alignas(8) uint8_t expected[64] = {};
      fill_shared(found + at, 0xa5, size);
      std::memset(expected + at, 0xa5, size);
      CHECK(std::memcmp(found, expected, 64) == 0);
    }
  }
}

}  // namespace
}  // namespace wherry::runtime
