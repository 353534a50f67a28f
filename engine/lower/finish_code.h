#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "engine/lower/joined.h"

// The last thing that lowering does to a function's code.
namespace wherry::lower {

// The longest sequence from instruction `i` of code without metering on that has a row; null: none has.
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

// What has been read as one: the number by which it is looked up with what follows, its instructions, and its row. Null: one instruction.
struct Whole {
  uint32_t number = 0;
  uint32_t count = 1;
  const JoinEntry* entry = nullptr;

  bool go_on(const JoinTable& joins, uint32_t step) {
    const JoinEntry* const found = find_join(joins, number, step);
    if (found == nullptr || found->row >= joins.rows) return false;
    *this = {StepNumbers::kEnd + found->row, found->count, found};
    return true;
  }
};

// The longest sequence without metering from instruction `i` on that has a row.
inline Whole straight_join(const JoinTable& joins, const Cell* cells, std::span<const uint32_t> starts,
                           size_t i) {
  Whole whole{number_in(cells[starts[i]])};
  if (whole.number == 0) return whole;
  for (size_t next = i + 1; next < starts.size(); ++next) {
    const uint32_t step = number_in(cells[starts[next]]);
    if (is_metering(step) || !whole.go_on(joins, step)) break;
  }
  return whole;
}

// Tells `visit` of the metering at instruction `i`, and of it with more and more of what is done in one behind it.
template <class Visit>
void each_piece(const JoinTable& joins, const Cell* cells, std::span<const uint32_t> starts, size_t i,
                Visit visit) {
  const Whole metering{number_in(cells[starts[i]])};
  visit(metering);
  Whole behind;
  for (size_t next = i + 1; next < starts.size(); ++next) {
    const uint32_t step = number_in(cells[starts[next]]);
    if (step == 0 || is_metering(step)) return;
    if (next == i + 1) {
      behind = {step};
    } else if (!behind.go_on(joins, step)) {
      return;
    }
    if (Whole piece = metering; piece.go_on(joins, behind.number)) visit(piece);
  }
}

// The longest sequence from instruction `i` on, over as many metered pieces as have a row together. Null: there is none.
inline const JoinEntry* longest_metered_join(const JoinTable& joins, const Cell* cells,
                                             std::span<const uint32_t> starts, size_t i) {
  const auto is_metered = [&](size_t at) { return is_metering(number_in(cells[starts[at]])); };
  Whole whole;
  if (is_metered(i)) {
    each_piece(joins, cells, starts, i, [&](const Whole& piece) { whole = piece; });
  } else {
    whole = straight_join(joins, cells, starts, i);
    if (whole.number == 0) return nullptr;
  }
  for (size_t next; (next = i + whole.count) < starts.size() && is_metered(next);) {
    const Whole before = whole;
    each_piece(joins, cells, starts, next, [&](const Whole& piece) {
      if (Whole longer = before; longer.go_on(joins, piece.number)) whole = longer;
    });
    if (whole.count == before.count) break;
  }
  return whole.entry;
}

// Which of the instructions from `begin` to `end` may begin a sequence without metering, in `found`; answers how many. Nine of ten may not,
// and that has no pattern that the processor could guess, so there is no branch on it. Where the others' entries are is asked for at once:
// in a short run each lies in a line of its own, far away.
inline size_t find_beginnings(const JoinTable& joins, const Cell* cells, std::span<const uint32_t> starts,
                              size_t begin, size_t end, uint32_t* found) {
  const uint64_t* const pairs = joins.pairs;
  const size_t last = std::min(end, starts.size() - 1);
  size_t count = 0;
  uint32_t before = number_in(cells[starts[begin]]);
  for (size_t i = begin; i < last; ++i) {
    const uint32_t step = number_in(cells[starts[i + 1]]);
    found[count] = static_cast<uint32_t>(i);
    count += may_join(pairs, before, step);
    before = step;
  }
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* const start = &starts[found[i]];
    const uint32_t key = number_in(cells[start[0]]) | number_in(cells[start[1]]) << 16;
    __builtin_prefetch(&joins.entries[join_slot(key, joins.shift)]);
  }
  return count;
}

// Finishes slot code: where a sequence of instructions has a handler that does them all, the first one gets it. Nothing
// else changes: the others keep their words, so whoever jumps to them finds them as they are, and the joined handler
// reads its operands where they always were. What it saves is the dispatches in between. Then the numbers of steps are
// taken out of the handlers' addresses: from now on the code can run.
//
// `starts`: where instructions begin, ascending. `is_metered`: whether there may be metering among them. `visit(first, which)` is told of
// every instruction that got a handler whose access number `which` behind it may fault, and stands for both: a fault is seen at the first.
template <class Visit>
void finish_code(const JoinTable& joins, base::Vector<Cell>* code, std::span<const uint32_t> starts,
                 bool is_metered, Visit visit) {
  constexpr size_t kAtOnce = 128;
  Cell* const cells = code->data();
  uint32_t found[kAtOnce];
  for (size_t begin = 0; begin < starts.size(); begin += kAtOnce) {
    const size_t end = std::min(begin + kAtOnce, starts.size());
    size_t count = 0;
    if (joins.entries != nullptr && is_metered) {
      for (size_t i = begin; i < end; ++i) found[count++] = static_cast<uint32_t>(i);
    } else if (joins.entries != nullptr) {
      count = find_beginnings(joins, cells, starts, begin, end, found);
    }
    for (const size_t i :
         std::span(found, count)) {  // What is looked at lies ahead, and still has its number.
      const JoinEntry* const best =
          is_metered ? longest_metered_join(joins, cells, starts, i) : longest_join(joins, cells, starts, i);
      if (best == nullptr) continue;
      cells[starts[i]] = joins.handler(best->row);
      if (best->faulting != 0) visit(i, best->faulting);
    }
    for (const uint32_t start : starts.subspan(begin, end - begin)) cells[start] = address_in(cells[start]);
  }
}

}  // namespace wherry::lower
