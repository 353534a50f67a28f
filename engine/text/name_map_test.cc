// The map below and above the number of names that are looked at one by one.
#include "engine/text/name_map.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace wherry::text {
namespace {

TEST_CASE("names are found however many there are, and none is taken twice") {
  constexpr uint32_t kMany = 100;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < kMany; ++i) names.push_back("name-" + std::to_string(i));
  NameMap map;
  for (int round = 0; round < 3; ++round) {  // Cleared in between, which keeps a small table.
    const uint32_t count = round == 1 ? 5 : kMany;
    CHECK(map.find("") == nullptr);
    for (uint32_t i = 0; i < count; ++i) {
      CHECK(map.find(names[i]) == nullptr);
      CHECK(map.insert(names[i], i * 3) == NameMap::Insertion::Done);
      CHECK(map.size() == i + 1);
      for (uint32_t known = 0; known <= i; ++known) {
        REQUIRE(map.insert(names[known], 7) == NameMap::Insertion::Duplicate);
        REQUIRE(map.find(names[known]) != nullptr);
        CHECK(*map.find(names[known]) == known * 3);
      }
    }
    map.clear();
    CHECK(map.size() == 0);
  }
}

}  // namespace
}  // namespace wherry::text
