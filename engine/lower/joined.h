#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "engine/lower/handler_table.h"

namespace wherry::lower {

// Finishes slot code: where a sequence of instructions has a handler that does them all, the first one gets it. Nothing
// else changes: the others keep their words, so whoever jumps to them finds them as they are, and the joined handler
// reads its operands where they always were. What it saves is the dispatches in between.
//
// One object serves one table of handlers; threads may share it.
class Joiner {
 public:
  // Of no table: joins nothing.
  Joiner() = default;
  // Enters the sequences of the table, in some microseconds. Without memory it joins nothing.
  explicit Joiner(const HandlerTable& table);

  // `starts`: where instructions begin, ascending. `visit(first, which)` is told of every instruction that got a handler
  // whose access number `which` behind it may fault, and stands for both: a fault is seen at the first.
  template <class Visit>
  void join(base::Vector<Cell>* code, std::span<const uint32_t> starts, Visit visit) const {
    if (entries_.empty()) return;
    for (size_t i = 0; i + 1 < starts.size(); ++i) {
      Cell* first = &(*code)[starts[i]];
      const Entry* best = nullptr;
      Handler joined = *first;
      for (size_t next = i + 1; next < starts.size(); ++next) {
        const Entry* entry = find(joined, (*code)[starts[next]]);
        if (entry == nullptr) break;
        best = entry;
        joined = upper_half_ | entry->joined;
      }
      if (best == nullptr) continue;
      *first = joined;
      if (best->faulting != 0) visit(i, best->faulting);
    }
  }

 private:
  // Addresses of handlers by their lower halves: they lie in one program, and entries stay small.
  struct Entry {
    uint32_t first = 0;
    uint32_t second = 0;
    uint32_t joined = 0;
    uint32_t faulting = 0;  // Which of the steps has an access that may fault.
  };

  static uint32_t hash(uint32_t first, uint32_t second) {
    const uint64_t mixed = (first * 0x9e37'79b9'7f4a'7c15 ^ second) * 0xff51'afd7'ed55'8ccd;
    return static_cast<uint32_t>(mixed >> 40);
  }
  const Entry* find(Handler first, Handler second) const {
    const auto low_first = static_cast<uint32_t>(first);
    const auto low_second = static_cast<uint32_t>(second);
    for (uint32_t at = hash(low_first, low_second);; ++at) {
      const Entry& entry = entries_[at & mask_];
      if (entry.joined == 0) return nullptr;
      if (entry.first == low_first && entry.second == low_second) return &entry;
    }
  }
  void enter(const Join& join, Handler first, Handler second);

  base::Vector<Entry> entries_;
  uint32_t mask_ = 0;
  uint64_t upper_half_ = 0;
};

// The handler of a step; 0: the table has none.
Handler handler_of(const HandlerTable& table, const Step& step);

}  // namespace wherry::lower
