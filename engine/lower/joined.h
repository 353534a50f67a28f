#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "engine/lower/handler_table.h"

namespace wherry::lower {

constexpr uint32_t join_slot(uint32_t key, uint32_t shift) { return (key * 0x9e37'79b1) >> shift; }

// Which pairs may have an entry, a bit each by their hash. Nine of ten that are asked for have none, and of those one in twelve
// has a bit. These 4 KiB stay in the nearest cache, the entries do not: they are 64 KiB, and a short run finds each line far away.
struct JoinPairs {
  static constexpr uint32_t kShift = 32 - 15;
  uint64_t words[(uint32_t{1} << (32 - kShift)) / 64] = {};

  constexpr void enter(uint32_t key) {
    const uint32_t bit = join_slot(key, kShift);
    words[bit / 64] |= uint64_t{1} << (bit % 64);
  }
};
constexpr bool may_join(const uint64_t* pairs, uint32_t before, uint32_t step) {
  const uint32_t bit = join_slot(before | step << 16, JoinPairs::kShift);
  return (pairs[bit / 64] >> (bit % 64) & 1) != 0;
}

// The entry of a step after what was read so far; null: they make no sequence. An entry stands where it should or right behind
// that, nearly always, so both are looked at without a branch between them: which of the two it is, the processor could not guess.
constexpr const JoinEntry* find_join(const JoinEntry* entries, uint32_t shift, uint32_t before,
                                     uint32_t step) {
  const uint32_t mask = ~uint32_t{0} >> shift;
  const uint32_t key = before | step << 16;
  for (uint32_t at = join_slot(key, shift);; at += 2) {
    const JoinEntry* const first = &entries[at & mask];
    const JoinEntry* const second = &entries[(at + 1) & mask];
    const JoinEntry* const entry = first->key == key ? first : second;
    const bool is_end = (first->key == 0) | (second->key == 0);
    if (entry->key == key) return entry;
    if (is_end) [[likely]]
      return nullptr;
  }
}

// The same of a handler table's sequences, asking for the bit first.
inline const JoinEntry* find_join(const JoinTable& joins, uint32_t before, uint32_t step) {
  if (!may_join(joins.pairs, before, step)) [[likely]]
    return nullptr;
  return find_join(joins.entries, joins.shift, before, step);
}

// The number of entries for so many rows, as the shift of JoinTable: at most half of them are taken.
constexpr uint32_t join_shift(uint32_t rows) {
  uint32_t shift = 31;
  while (rows * 2 > uint32_t{1} << (32 - shift)) --shift;
  return shift;
}

// What is counted or looked at before a piece of code runs. It comes before any sequence, so sequences that begin with it are
// found by what follows as a whole: the same instructions behave the same, metered or not, and only those pairs need rows. A sequence that
// goes on with the next metered piece is found by the two in the same way.
constexpr bool is_metering(uint32_t number) {
  constexpr uint32_t kFuel = number_of({StepForm::Fuel});  // Not left to be worked out for each instruction.
  constexpr uint32_t kInterrupt = number_of({StepForm::Interrupt});
  return number == kFuel || number == kInterrupt;
}

// The handler of a step, with its number; 0: the table has none.
Handler handler_of(const HandlerTable& table, const Step& step);

constexpr bool may_fault(const Step& step) {
  switch (step.form) {
    case StepForm::Load:
    case StepForm::LoadIndexed:
    case StepForm::Store:
    case StepForm::StoreIndexed:
    case StepForm::VectorLoad:
    case StepForm::VectorLoadIndexed:
    case StepForm::VectorStore:
    case StepForm::VectorStoreIndexed: return true;
    default: return false;
  }
}

// Where a row has been read so far when what follows is looked up as a whole: behind its first step if that is metering and no other
// is, else before the last metering in it, else before its last step.
constexpr uint32_t split_of(const Join& join) {
  for (uint32_t i = join.count; i-- > 1;) {
    if (is_metering(number_of(join.steps[i]))) return i;
  }
  return is_metering(number_of(join.steps[0])) ? 1 : join.count - 1u;
}

// Enters the rows into 2^(32 - shift) empty entries, and their bits. False: what stands before or behind a row's split is no row before it.
constexpr bool enter_joins(std::span<const Join> rows, uint32_t shift, JoinEntry* entries, JoinPairs* pairs) {
  const uint32_t mask = ~uint32_t{0} >> shift;
  // What steps `from` to `to` of a row make; 0: nothing.
  const auto made = [&](auto& self, const Join& join, uint32_t from, uint32_t to) -> uint32_t {
    if (to - from == 1) return number_of(join.steps[from]);
    Join part{static_cast<uint8_t>(to - from), {}};
    for (uint32_t i = from; i < to; ++i) part.steps[i - from] = join.steps[i];
    const uint32_t split = split_of(part);
    const uint32_t before = self(self, part, 0, split);
    const uint32_t step = self(self, part, split, part.count);
    const JoinEntry* const entry =
        before == 0 || step == 0 ? nullptr : find_join(entries, shift, before, step);
    return entry == nullptr ? 0 : StepNumbers::kEnd + entry->row;
  };
  for (uint32_t row = 0; row < rows.size(); ++row) {
    const Join& join = rows[row];
    const uint32_t split = split_of(join);
    const uint32_t before = made(made, join, 0, split);
    const uint32_t step = made(made, join, split, join.count);
    if (before == 0 || step == 0) return false;
    uint32_t faulting = 0;  // Up to the next metering, which may trap too.
    while (faulting < join.count && !may_fault(join.steps[faulting]) &&
           (faulting == 0 || !is_metering(number_of(join.steps[faulting]))))
      ++faulting;
    if (faulting == join.count || !may_fault(join.steps[faulting])) faulting = 0;
    const uint32_t key = before | step << 16;
    uint32_t at = join_slot(key, shift);
    while (entries[at & mask].key != 0) ++at;
    entries[at & mask] = {key, static_cast<uint16_t>(row), static_cast<uint8_t>(faulting), join.count};
    pairs->enter(key);
  }
  return true;
}

}  // namespace wherry::lower
