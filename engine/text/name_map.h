#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/vector.h"

namespace wherry::text {

// Names and a number for each: one index space of identifiers. Does not own the names. Not thread-safe.
class NameMap {
 public:
  enum class Insertion : uint8_t { Done, Duplicate, OutOfMemory };

  Insertion insert(std::string_view name, uint32_t value);
  // Null when there is none; valid until the next insertion.
  const uint32_t* find(std::string_view name) const;
  size_t size() const { return entries_.size(); }
  // Costs no more than what was inserted did.
  void clear();

 private:
  struct Entry {
    const char* data;
    uint32_t size_bytes;
    uint32_t hash;
    uint32_t value;
  };
  uint32_t find_slot(std::string_view name, uint32_t hash) const;
  bool rehash();

  base::Vector<Entry> entries_;
  base::Vector<uint32_t> slots_;  // Entry number plus one; a power of two of them, at most half full.
};

}  // namespace wherry::text
