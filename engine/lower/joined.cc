// Sequences of instructions with a handler of their own.
//
// A dispatch costs four cycles where the processor must guess among several targets, as much as the work of two
// simple instructions. Earlier interpreters put frequent sequences into instructions with operand words of their own, and
// pay for it with a pattern matcher and a second set of rules on what may be patched. Here the words stay as they are
// and only the first handler is exchanged, when the function is complete: no rule of lowering knows of it, jumps into the
// middle of a sequence are right by construction, and sequences may overlap, since each instruction has the longest
// one that begins with it. The price is that operand words are not packed any better.
//
// Sequences are found by the addresses of their handlers, in a hash table made from the rows of the handler table: one look a
// pair, and a joined pair is itself the first half of the longer ones.
#include "engine/lower/joined.h"

#include <bit>

namespace wherry::lower {
namespace {

constexpr uint32_t at(From from) { return static_cast<uint32_t>(from); }
constexpr uint32_t at(To to) { return static_cast<uint32_t>(to); }
constexpr uint32_t at(From a, From b) { return at(a) * kFromCount + at(b); }
constexpr uint32_t at(From a, To to) { return at(a) * kToCount + at(to); }
constexpr uint32_t at(From a, From b, To to) { return at(a, b) * kToCount + at(to); }

bool may_fault(const Step& step) {
  return step.form == StepForm::Load || step.form == StepForm::LoadIndexed || step.form == StepForm::Store ||
         step.form == StepForm::StoreIndexed;
}

bool same(const Step* left, const Step* right, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const Step &one = left[i], &other = right[i];
    if (one.form != other.form || one.op != other.op || one.a != other.a || one.b != other.b ||
        one.c != other.c || one.to != other.to || one.flag != other.flag) {
      return false;
    }
  }
  return true;
}

}  // namespace

Handler handler_of(const HandlerTable& table, const Step& step) {
  const uint8_t family = family_of(step.op).index;
  switch (step.form) {
    case StepForm::Binary: return table.binary[family][at(step.a, step.b, step.to)];
    case StepForm::Unary: return table.unary[family][at(step.a, step.to)];
    case StepForm::CompareBranch: {
      const Handler* block = table.compare_branch[family];
      return block[(step.flag ? kFromCount * kFromCount : 0) + at(step.a, step.b)];
    }
    case StepForm::Load: return table.load[family][at(step.a, step.to)];
    case StepForm::LoadIndexed: return table.load_indexed[family][at(step.a, step.b, step.to)];
    case StepForm::Store: return table.store[family][at(step.a, step.c)];
    case StepForm::StoreIndexed:
      return table.store_indexed[family][at(step.a, step.b) * kFromCount + at(step.c)];
    case StepForm::Select:
      return table.select[(at(step.a, step.b) * kFromCount + at(step.c)) * kToCount + at(step.to)];
    case StepForm::Move: return table.move[at(step.a, step.to)];
    case StepForm::MoveConst: return table.move_const[at(step.to)];
    case StepForm::MoveF32: return table.move_f32;
    case StepForm::MoveF64: return table.move_f64;
    case StepForm::MoveWide: return table.move_wide;
    case StepForm::GlobalGet: return table.global_get[step.flag][at(step.to)];
    case StepForm::GlobalSet: return table.global_set[step.flag][at(step.a)];
    case StepForm::Branch: return table.branch;
    case StepForm::BranchIf: return table.branch_if[step.flag][at(step.a)];
    case StepForm::BrTable: return table.br_table[at(step.a)];
    case StepForm::Call: return table.call;
    case StepForm::CallImport: return table.call_import;
    case StepForm::CallIndirect: return table.call_indirect[step.flag][at(step.a)];
    case StepForm::ReturnNone: return table.return_none;
    case StepForm::ReturnOne: return table.return_one[at(step.a)];
    case StepForm::ReturnF32: return table.return_f32;
    case StepForm::ReturnF64: return table.return_f64;
    case StepForm::Fuel: return table.fuel;
    case StepForm::Interrupt: return table.interrupt;
  }
  return 0;
}

Joiner::Joiner(const HandlerTable& table) {
  uint32_t count = 0;
  for (const Join* join : table.joins) {
    for (; join != nullptr && join->count != 0; ++join) ++count;
  }
  if (count == 0 || !entries_.resize(std::bit_ceil(count * 2))) return;
  mask_ = static_cast<uint32_t>(entries_.size()) - 1;
  upper_half_ = table.branch & ~uint64_t{0xffff'ffff};
  // Rows are sorted, so most begin as the one before: this runs whenever a program starts.
  for (const Join* join : table.joins) {
    const Step* known = nullptr;
    uint32_t known_count = 0;
    Handler first = 0;
    for (; join != nullptr && join->count != 0; ++join) {
      const uint32_t before = join->count - 1u;
      if (before != known_count || !same(known, join->steps, before)) {
        known = join->steps;
        known_count = before;
        first = handler_of(table, known[0]);
        for (uint32_t i = 1; i < before; ++i) {
          const Entry* entry = find(first, handler_of(table, known[i]));
          first = entry == nullptr ? 0 : upper_half_ | entry->joined;
        }
      }
      enter(*join, first, handler_of(table, join->steps[before]));
    }
  }
}

void Joiner::enter(const Join& join, Handler first, Handler second) {
  if (first == 0 || second == 0) return;
  if ((((first ^ upper_half_) | (second ^ upper_half_) | (join.handler ^ upper_half_)) >> 32) != 0) return;
  uint32_t faulting = 0;
  for (uint32_t i = 1; i < join.count; ++i) {
    if (may_fault(join.steps[i])) faulting = i;
  }
  const auto low_first = static_cast<uint32_t>(first);
  const auto low_second = static_cast<uint32_t>(second);
  uint32_t at = hash(low_first, low_second) & mask_;
  while (entries_[at].joined != 0) at = (at + 1) & mask_;
  entries_[at] = {low_first, low_second, static_cast<uint32_t>(join.handler), faulting};
}

}  // namespace wherry::lower
