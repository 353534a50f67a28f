#pragma once

#include <cstdint>

#include "engine/abi/exceptions.h"

namespace wherry::runtime {

// What a store knows of a place in code: the function, and the innermost scope around the place.
struct CatchSite {
  const abi::Cell* cell = nullptr;
  abi::CodeSite site;
  uint32_t scope = abi::CatchScope::kNone;
};

// The places that exceptions went by last. Code does not move and outlives the store, so nothing in here gets wrong.
class CatchSites {
 public:
  // Where the place is kept, or will be.
  CatchSite& at(const abi::Cell* cell) {
    const auto address = reinterpret_cast<uintptr_t>(cell) / sizeof(abi::Cell);
    return places_[(address ^ address >> 7) % kPlaces];
  }

 private:
  static constexpr size_t kPlaces = 128;
  CatchSite places_[kPlaces];
};

}  // namespace wherry::runtime
