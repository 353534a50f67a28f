// A hash table with open addressing over a list of entries: clearing one that served a small function is cheap,
// which matters because every function has its own locals. The table is made when there are more than a few: most interfaces of a
// component, of which each has four sets of names, have no more.
#include "engine/text/name_map.h"

namespace wherry::text {

namespace {

uint32_t hash_of(std::string_view name) {
  uint64_t hash = 0x9e3779b97f4a7c15 ^ name.size();
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return static_cast<uint32_t>(hash ^ hash >> 29);
}

// How far a search goes on from a slot that is taken: the hash's other half says it, so that names that were chosen for one slot part
// again. One behind the other, 10,000 such fields of a record took 65 ms.
constexpr uint32_t step_of(uint32_t hash) { return hash >> 15 | 1; }

}  // namespace

// The slot that holds the name, or the empty one where it belongs.
uint32_t NameMap::find_slot(std::string_view name, uint32_t hash) const {
  const auto mask = static_cast<uint32_t>(slots_.size() - 1);
  uint32_t slot = hash & mask;
  while (slots_[slot] != 0) {
    if (is_name(entries_[slots_[slot] - 1], name, hash)) break;
    slot = (slot + step_of(hash)) & mask;
  }
  return slot;
}

const NameMap::Entry* NameMap::find_few(std::string_view name, uint32_t hash) const {
  for (const Entry& entry : entries_) {
    if (is_name(entry, name, hash)) return &entry;
  }
  return nullptr;
}

bool NameMap::rehash() {
  base::Vector<uint32_t> slots;
  if (!slots.resize(slots_.empty() ? kFew * 4 : slots_.size() * 2)) return false;
  const auto mask = static_cast<uint32_t>(slots.size() - 1);
  for (size_t i = 0; i < entries_.size(); ++i) {
    uint32_t slot = entries_[i].hash & mask;
    while (slots[slot] != 0) slot = (slot + step_of(entries_[i].hash)) & mask;
    slots[slot] = static_cast<uint32_t>(i + 1);
  }
  slots_ = std::move(slots);
  return true;
}

NameMap::Insertion NameMap::insert(std::string_view name, uint32_t value) {
  const uint32_t hash = hash_of(name);
  const Entry entry{name.data(), static_cast<uint32_t>(name.size()), hash, value};
  if (slots_.empty() && entries_.size() < kFew) {
    if (find_few(name, hash) != nullptr) return Insertion::Duplicate;
    return entries_.push_back(entry) ? Insertion::Done : Insertion::OutOfMemory;
  }
  if ((entries_.size() + 1) * 2 > slots_.size() && !rehash()) return Insertion::OutOfMemory;
  const uint32_t slot = find_slot(name, hash);
  if (slots_[slot] != 0) return Insertion::Duplicate;
  if (!entries_.push_back(entry)) return Insertion::OutOfMemory;
  slots_[slot] = static_cast<uint32_t>(entries_.size());
  return Insertion::Done;
}

const uint32_t* NameMap::find(std::string_view name) const {
  if (entries_.empty()) return nullptr;
  const uint32_t hash = hash_of(name);
  if (slots_.empty()) {
    const Entry* const found = find_few(name, hash);
    return found == nullptr ? nullptr : &found->value;
  }
  const uint32_t slot = find_slot(name, hash);
  return slots_[slot] == 0 ? nullptr : &entries_[slots_[slot] - 1].value;
}

void NameMap::clear() {
  if (entries_.empty()) return;
  entries_.clear();
  if (slots_.size() > 64) {
    slots_ = {};
    return;
  }
  for (uint32_t& slot : slots_) slot = 0;
}

}  // namespace wherry::text
