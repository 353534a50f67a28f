#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "engine/lower/handler_table.h"

namespace wherry::lower {

constexpr uint32_t join_slot(uint32_t before, uint32_t step, uint32_t shift) {
  return ((before | step << 16) * 0x9e37'79b1) >> shift;
}

// The entry of a step after what was read so far; null: they make no sequence.
constexpr const JoinEntry* find_join(const JoinEntry* entries, uint32_t shift, uint32_t before,
                                     uint32_t step) {
  const uint32_t mask = ~uint32_t{0} >> shift;
  for (uint32_t at = join_slot(before, step, shift);; ++at) {
    const JoinEntry& entry = entries[at & mask];
    if (entry.step == 0) return nullptr;
    if (entry.before == before && entry.step == step) return &entry;
  }
}

// The number of entries for so many rows, as the shift of JoinTable: at most half of them are taken.
constexpr uint32_t join_shift(uint32_t rows) {
  uint32_t shift = 31;
  while (rows * 2 > uint32_t{1} << (32 - shift)) --shift;
  return shift;
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
    cells[starts[i]] = address_in(first);
    uint32_t before = number_in(first);
    if (before == 0 || joins.entries == nullptr) continue;
    const JoinEntry* best = nullptr;
    for (size_t next = i + 1; next < starts.size(); ++next) {
      const uint32_t step = number_in(cells[starts[next]]);
      const JoinEntry* const entry = find_join(joins.entries, joins.shift, before, step);
      if (entry == nullptr || entry->row >= joins.rows) break;
      best = entry;
      before = StepNumbers::kEnd + entry->row;
    }
    if (best == nullptr) continue;
    cells[starts[i]] = joins.handler(best->row);
    if (best->faulting != 0) visit(i, best->faulting);
  }
}

// The handler of a step, with its number; 0: the table has none.
Handler handler_of(const HandlerTable& table, const Step& step);

constexpr bool may_fault(const Step& step) {
  return step.form == StepForm::Load || step.form == StepForm::LoadIndexed || step.form == StepForm::Store ||
         step.form == StepForm::StoreIndexed;
}

// Enters the rows into 2^(32 - shift) empty entries. False: a row's steps but the last are no row before it.
constexpr bool enter_joins(std::span<const Join> rows, uint32_t shift, JoinEntry* entries) {
  const uint32_t mask = ~uint32_t{0} >> shift;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    const Join& join = rows[row];
    uint32_t before = number_of(join.steps[0]);
    uint32_t faulting = 0;
    for (uint32_t i = 1; i + 1 < join.count; ++i) {
      const JoinEntry* const entry = find_join(entries, shift, before, number_of(join.steps[i]));
      if (entry == nullptr) return false;
      before = StepNumbers::kEnd + entry->row;
    }
    for (uint32_t i = 1; i < join.count; ++i) {
      if (may_fault(join.steps[i])) faulting = i;
    }
    const uint32_t step = number_of(join.steps[join.count - 1]);
    uint32_t at = join_slot(before, step, shift);
    while (entries[at & mask].step != 0) ++at;
    entries[at & mask] = {static_cast<uint16_t>(before), static_cast<uint16_t>(step),
                          static_cast<uint16_t>(row), static_cast<uint16_t>(faulting)};
  }
  return true;
}

}  // namespace wherry::lower
