#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "engine/lower/joined.h"

// The last thing that lowering does to a function's code.
namespace wherry::lower {

// The longest sequence from instruction `i` on that has a row; null: none has.
inline const JoinEntry* longest_join(const JoinTable& joins, const Cell* cells,
                                     std::span<const uint32_t> starts, size_t i) {
  const JoinEntry* best = nullptr;
  uint32_t before = number_in(cells[starts[i]]);
  if (before == 0) return nullptr;
  for (size_t next = i + 1; next < starts.size(); ++next) {
    const uint32_t step = number_in(cells[starts[next]]);
    const JoinEntry* const entry = find_join(joins, before, step);
    if (entry == nullptr || entry->row >= joins.rows) break;
    best = entry;
    before = StepNumbers::kEnd + entry->row;
  }
  return best;
}

// The row of metering `number` and as much as possible of what is done in one from instruction `i` on; null: there is none.
inline const JoinEntry* metered_join(const JoinTable& joins, const Cell* cells,
                                     std::span<const uint32_t> starts, size_t i, uint32_t number) {
  const JoinEntry* best = nullptr;
  const auto metered = [&](uint32_t whole) {
    const JoinEntry* const entry = find_join(joins, number, whole);
    if (entry != nullptr && entry->row < joins.rows) best = entry;
  };
  if (i == starts.size()) return best;
  uint32_t whole = number_in(cells[starts[i]]);
  if (whole == 0) return best;
  metered(whole);
  for (size_t next = i + 1; next < starts.size(); ++next) {
    const uint32_t step = number_in(cells[starts[next]]);
    if (is_metering(step)) break;
    const JoinEntry* const entry = find_join(joins, whole, step);
    if (entry == nullptr || entry->row >= joins.rows) break;
    whole = StepNumbers::kEnd + entry->row;
    metered(whole);
  }
  return best;
}

// Finishes slot code: where a sequence of instructions has a handler that does them all, the first one gets it. Nothing
// else changes: the others keep their words, so whoever jumps to them finds them as they are, and the joined handler
// reads its operands where they always were. What it saves is the dispatches in between. Then the numbers of steps are
// taken out of the handlers' addresses: from now on the code can run.
//
// `starts`: where instructions begin, ascending. `visit(first, which)` is told of every instruction that got a handler
// whose access number `which` behind it may fault, and stands for both: a fault is seen at the first.
template <class Visit>
void finish_code(const JoinTable& joins, base::Vector<Cell>* code, std::span<const uint32_t> starts,
                 Visit visit) {
  Cell* const cells = code->data();
  for (size_t i = 0; i < starts.size(); ++i) {
    const Cell first = cells[starts[i]];
    if (joins.entries != nullptr) {
      const uint32_t number = number_in(first);
      const JoinEntry* best = nullptr;
      if (is_metering(number)) [[unlikely]]
        best = metered_join(joins, cells, starts, i + 1, number);
      if (best == nullptr) best = longest_join(joins, cells, starts, i);
      if (best != nullptr) {
        cells[starts[i]] = joins.handler(best->row);
        if (best->faulting != 0) visit(i, best->faulting);
        continue;
      }
    }
    cells[starts[i]] = address_in(first);
  }
}

}  // namespace wherry::lower
