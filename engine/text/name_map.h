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
  static constexpr size_t kFew = 8;  // As many are looked at one by one.
  bool is_name(const Entry& entry, std::string_view name, uint32_t hash) const {
    return entry.hash == hash && std::string_view(entry.data, entry.size_bytes) == name;
  }
  const Entry* find_few(std::string_view name, uint32_t hash) const;
  uint32_t find_slot(std::string_view name, uint32_t hash) const;
  bool rehash();

  base::Vector<Entry> entries_;
  // Entry number plus one; a power of two of them, at most half full. Empty: there are few.
  base::Vector<uint32_t> slots_;
};

}  // namespace wherry::text
