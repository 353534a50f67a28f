// Sequences of instructions with a handler of their own.
//
// A dispatch costs four cycles where the processor must guess among several targets, as much as the work of two
// simple instructions. Earlier interpreters put frequent sequences into instructions with operand words of their own, and
// pay for it with a pattern matcher and a second set of rules on what may be patched. Here the words stay as they are
// and only the first handler is exchanged, when the function is complete: no rule of lowering knows of it, jumps into the
// middle of a sequence are right by construction, and sequences may overlap, since each instruction has the longest
// one that begins with it. The price is that operand words are not packed any better.
//
// A fault is reported at the instruction that `pc` is at. That is the first of the sequence until its first access, so the
// first one's position becomes that of this access (finish_code.h); before each other access `pc` goes on to the access itself, and
// before any behind metering in the middle, which needs the first one's position when it traps.
//
// Every step has a number, which the handler table puts into the upper bits of the addresses (engine/lower/step.h). So the
// table of sequences is known when the program is compiled: rows are found by the numbers of what was read so far and of the
// next step. Before, it was made of addresses whenever a module was loaded: 320,000 instructions, 80 KB written.
#include "engine/lower/joined.h"

namespace wherry::lower {
namespace {

constexpr uint32_t at(From from) { return static_cast<uint32_t>(from); }
constexpr uint32_t at(To to) { return static_cast<uint32_t>(to); }
constexpr uint32_t at(From a, From b) { return at(a) * kFromCount + at(b); }
constexpr uint32_t at(From a, To to) { return at(a) * kToCount + at(to); }
constexpr uint32_t at(From a, From b, To to) { return at(a, b) * kToCount + at(to); }

Handler handler_of_vector(const VectorHandlers& table, const Step& step) {
  const uint8_t family = vector_family_of(step.op).index;
  const uint32_t a = vector_index(step.a), b = vector_index(step.b), c = vector_index(step.c);
  const uint32_t to = at(step.to);
  switch (step.form) {
    case StepForm::VectorBinary:
      if (names_pin(step)) {
        return table.pinned[vector_family_of(step.op).pinned - 1u][pinned_index(step.a, step.b, step.to)];
      }
      return table.binary[family][(a * 3 + b) * kVectorTos + to];
    case StepForm::VectorUnary: return table.unary[family][a * kVectorTos + to];
    case StepForm::VectorTernary:
      return table.ternary[family][((a * kVectorFroms + b) * kVectorFroms + c) * kVectorTos + to];
    case StepForm::VectorShift: return table.shift[family][(a * kFromCount + at(step.b)) * kVectorTos + to];
    case StepForm::VectorTest: return table.test[family][a * kToCount + to];
    case StepForm::VectorSplat: return table.splat[family][at(step.a) * kVectorTos + to];
    case StepForm::VectorShuffle: return table.data->shuffle[(a * kVectorFroms + b) * kVectorTos + to];
    case StepForm::VectorConst: return table.data->constant[to];
    case StepForm::VectorMove: return table.data->move[a * kVectorTos + to];
    case StepForm::VectorPin: return table.data->pin;
    case StepForm::VectorLoad: return table.load[family][at(step.a) * kVectorTos + to];
    case StepForm::VectorLoadIndexed: return table.load_indexed[family][at(step.a, step.b) * kVectorTos + to];
    case StepForm::VectorStore: return table.store[at(step.a) * kVectorFroms + c];
    case StepForm::VectorStoreIndexed: return table.store_indexed[at(step.a, step.b) * kVectorFroms + c];
    default: return 0;
  }
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
    case StepForm::ReturnNone: return table.return_none[at(step.b)];
    case StepForm::ReturnOne: return table.return_one[at(step.b)][at(step.a)];
    case StepForm::ReturnF32: return table.return_f32[at(step.b)];
    case StepForm::ReturnF64: return table.return_f64[at(step.b)];
    case StepForm::Fuel: return table.fuel;
    case StepForm::Interrupt: return table.look;
    default: return handler_of_vector(table.vector, step);
  }
}

}  // namespace wherry::lower
