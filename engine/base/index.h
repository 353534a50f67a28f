#pragma once

#include <compare>
#include <cstdint>

namespace wherry::base {

// A number that knows what it counts: a FuncIndex does not convert to a TypeIndex.
template <class Tag>
struct Index {
  uint32_t value = 0;

  constexpr Index() = default;
  constexpr explicit Index(uint32_t v) : value(v) {}
  friend constexpr auto operator<=>(Index, Index) = default;
  constexpr Index& operator++() {
    ++value;
    return *this;
  }
};

}  // namespace wherry::base
