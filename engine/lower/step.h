#pragma once

#include <cstdint>

#include "engine/lower/slot_code.h"
#include "engine/lower/vector_code.h"

// What an instruction of slot code does, as data: how rows of joined.inc name what they join, and how lowering knows
// again, in finished code, what it wrote.
namespace wherry::lower {

// An instruction by its form and operands.
enum class StepForm : uint8_t {
  Binary,
  Unary,
  CompareBranch,
  Load,
  LoadIndexed,
  Store,
  StoreIndexed,
  Select,
  Move,
  MoveConst,
  MoveF32,
  MoveF64,
  MoveWide,
  GlobalGet,
  GlobalSet,
  Branch,
  BranchIf,
  BrTable,
  Call,
  CallImport,
  CallIndirect,
  ReturnNone,
  ReturnOne,
  ReturnF32,
  ReturnF64,
  Fuel,
  Interrupt,
  VectorBinary,
  VectorUnary,
  VectorTernary,
  VectorShift,
  VectorTest,
  VectorSplat,
  VectorShuffle,
  VectorConst,
  VectorMove,
  VectorLoad,
  VectorLoadIndexed,
  VectorStore,
  VectorStoreIndexed,
  VectorPin,
};
inline constexpr uint32_t kStepForms = 41;

struct Step {
  StepForm form;
  wasm::Op op = wasm::Op::Nop;
  From a = From::Slot;
  From b = From::Slot;  // Of a return: what return_header says.
  From c = From::Slot;  // The value of a store, the condition of select, the third vector.
  To to = To::Slot;
  bool flag = false;  // Sense of a branch, imported, subtypes.
};

// Where a return finds the header (the first index of HandlerTable::return_one), as a step says it.
constexpr From return_header(uint32_t header) { return static_cast<From>(header); }
static_assert(kNearHeaders < kFromCount);

// Steps have numbers, dense and the same in every program: the numbers of a form begin here, and within a row of
// HandlerTable they ascend as its index does. 0 is no step.
struct StepNumbers {
  static constexpr uint32_t kTwo = kFromCount * kFromCount;
  static constexpr uint32_t kSingle = 1;  // Forms without operands, by form.
  static constexpr uint32_t kBinary = kSingle + kStepForms;
  static constexpr uint32_t kUnary = kBinary + kBinaryCount * kTwo * kToCount;
  static constexpr uint32_t kCompareBranch = kUnary + kUnaryCount * kFromCount * kToCount;
  static constexpr uint32_t kLoad = kCompareBranch + kBinaryCount * 2 * kTwo;
  static constexpr uint32_t kLoadIndexed = kLoad + kLoadCount * kFromCount * kToCount;
  static constexpr uint32_t kStore = kLoadIndexed + kLoadCount * kTwo * kToCount;
  static constexpr uint32_t kStoreIndexed = kStore + kStoreCount * kTwo;
  static constexpr uint32_t kSelect = kStoreIndexed + kStoreCount * kTwo * kFromCount;
  static constexpr uint32_t kMove = kSelect + kTwo * kFromCount * kToCount;
  static constexpr uint32_t kMoveConst = kMove + kFromCount * kToCount;
  static constexpr uint32_t kGlobalGet = kMoveConst + kToCount;
  static constexpr uint32_t kGlobalSet = kGlobalGet + 2 * kToCount;
  static constexpr uint32_t kBranchIf = kGlobalSet + 2 * kFromCount;
  static constexpr uint32_t kBrTable = kBranchIf + 2 * kFromCount;
  static constexpr uint32_t kCallIndirect = kBrTable + kFromCount;
  static constexpr uint32_t kReturnOne = kCallIndirect + 2 * kFromCount;
  static constexpr uint32_t kReturnNone = kReturnOne + kTwo;
  static constexpr uint32_t kReturnF32 = kReturnNone + kFromCount;
  static constexpr uint32_t kReturnF64 = kReturnF32 + kFromCount;
  static constexpr uint32_t kVectorBinary = kReturnF64 + kFromCount;
  static constexpr uint32_t kVectorUnary =
      kVectorBinary + vector_count(VectorShape::Binary) * kVectorBinaryForms;
  static constexpr uint32_t kVectorTernary =
      kVectorUnary + vector_count(VectorShape::Unary) * kVectorUnaryForms;
  static constexpr uint32_t kVectorShift =
      kVectorTernary + vector_count(VectorShape::Ternary) * kVectorTernaryForms;
  static constexpr uint32_t kVectorTest =
      kVectorShift + vector_count(VectorShape::Shift) * kVectorScalarForms;
  static constexpr uint32_t kVectorSplat = kVectorTest + vector_count(VectorShape::Test) * kVectorTestForms;
  static constexpr uint32_t kVectorShuffle =
      kVectorSplat + vector_count(VectorShape::Splat) * kVectorSplatForms;
  static constexpr uint32_t kVectorConst = kVectorShuffle + kVectorShuffleForms;
  static constexpr uint32_t kVectorMove = kVectorConst + kVectorTos;
  static constexpr uint32_t kVectorLoad = kVectorMove + kVectorUnaryForms;
  static constexpr uint32_t kVectorLoadIndexed =
      kVectorLoad + vector_count(VectorShape::Load) * kVectorLoadForms;
  static constexpr uint32_t kVectorStore =
      kVectorLoadIndexed + vector_count(VectorShape::Load) * kVectorIndexedForms;
  static constexpr uint32_t kVectorStoreIndexed = kVectorStore + kFromCount * kVectorFroms;
  static constexpr uint32_t kVectorPinned = kVectorStoreIndexed + kTwo * kVectorFroms;
  static constexpr uint32_t kEnd = kVectorPinned + kPinnedVectorCount * kVectorPinnedForms;
};

constexpr bool names_pin(const Step& step) {
  return step.a == From::Pin0 || step.b == From::Pin0 || step.to == To::Pin0;
}

constexpr uint32_t number_of(const Step& step) {
  using N = StepNumbers;
  const auto a = static_cast<uint32_t>(step.a);
  const uint32_t ab = a * kFromCount + static_cast<uint32_t>(step.b);
  const uint32_t abc = ab * kFromCount + static_cast<uint32_t>(step.c);
  const auto to = static_cast<uint32_t>(step.to);
  const uint32_t family = family_of(step.op).index;
  const uint32_t flag = step.flag ? 1 : 0;
  const uint32_t vector = vector_family_of(step.op).index;
  const uint32_t va = vector_index(step.a), vb = vector_index(step.b), vc = vector_index(step.c);
  switch (step.form) {
    case StepForm::Binary: return N::kBinary + (family * N::kTwo + ab) * kToCount + to;
    case StepForm::Unary: return N::kUnary + (family * kFromCount + a) * kToCount + to;
    case StepForm::CompareBranch: return N::kCompareBranch + (family * 2 + flag) * N::kTwo + ab;
    case StepForm::Load: return N::kLoad + (family * kFromCount + a) * kToCount + to;
    case StepForm::LoadIndexed: return N::kLoadIndexed + (family * N::kTwo + ab) * kToCount + to;
    case StepForm::Store:
      return N::kStore + family * N::kTwo + a * kFromCount + static_cast<uint32_t>(step.c);
    case StepForm::StoreIndexed: return N::kStoreIndexed + family * N::kTwo * kFromCount + abc;
    case StepForm::Select: return N::kSelect + abc * kToCount + to;
    case StepForm::Move: return N::kMove + a * kToCount + to;
    case StepForm::MoveConst: return N::kMoveConst + to;
    case StepForm::GlobalGet: return N::kGlobalGet + flag * kToCount + to;
    case StepForm::GlobalSet: return N::kGlobalSet + flag * kFromCount + a;
    case StepForm::BranchIf: return N::kBranchIf + flag * kFromCount + a;
    case StepForm::BrTable: return N::kBrTable + a;
    case StepForm::CallIndirect: return N::kCallIndirect + flag * kFromCount + a;
    case StepForm::ReturnOne: return N::kReturnOne + ab;
    case StepForm::ReturnNone: return N::kReturnNone + static_cast<uint32_t>(step.b);
    case StepForm::ReturnF32: return N::kReturnF32 + static_cast<uint32_t>(step.b);
    case StepForm::ReturnF64: return N::kReturnF64 + static_cast<uint32_t>(step.b);
    case StepForm::VectorBinary:
      if (names_pin(step)) {
        return N::kVectorPinned + (vector_family_of(step.op).pinned - 1u) * kVectorPinnedForms +
               pinned_index(step.a, step.b, step.to);
      }
      return N::kVectorBinary + vector * kVectorBinaryForms + (va * 3 + vb) * kVectorTos + to;
    case StepForm::VectorUnary: return N::kVectorUnary + vector * kVectorUnaryForms + va * kVectorTos + to;
    case StepForm::VectorTernary:
      return N::kVectorTernary + vector * kVectorTernaryForms +
             ((va * kVectorFroms + vb) * kVectorFroms + vc) * kVectorTos + to;
    case StepForm::VectorShift:
      return N::kVectorShift + vector * kVectorScalarForms +
             (va * kFromCount + static_cast<uint32_t>(step.b)) * kVectorTos + to;
    case StepForm::VectorTest: return N::kVectorTest + vector * kVectorTestForms + va * kToCount + to;
    case StepForm::VectorSplat: return N::kVectorSplat + vector * kVectorSplatForms + a * kVectorTos + to;
    case StepForm::VectorShuffle: return N::kVectorShuffle + (va * kVectorFroms + vb) * kVectorTos + to;
    case StepForm::VectorConst: return N::kVectorConst + to;
    case StepForm::VectorMove: return N::kVectorMove + va * kVectorTos + to;
    case StepForm::VectorLoad: return N::kVectorLoad + vector * kVectorLoadForms + a * kVectorTos + to;
    case StepForm::VectorLoadIndexed:
      return N::kVectorLoadIndexed + vector * kVectorIndexedForms + ab * kVectorTos + to;
    case StepForm::VectorStore: return N::kVectorStore + a * kVectorFroms + vc;
    case StepForm::VectorStoreIndexed: return N::kVectorStoreIndexed + ab * kVectorFroms + vc;
    default: return N::kSingle + static_cast<uint32_t>(step.form);
  }
}

// A handler of the table carries its step's number in the upper 16 bits (no address of a program reaches there), and so
// does code while it is being lowered; finished code has the address alone.
inline constexpr uint32_t kAddressBits = 48;
static_assert(StepNumbers::kEnd < (uint32_t{1} << (64 - kAddressBits)));

// A constant expression also where the address is known to the linker only.
constexpr Handler numbered(Handler address, uint32_t number) {
  return address ? address + (Handler{number} << kAddressBits) : 0;
}
constexpr Handler numbered(Handler address, const Step& step) { return numbered(address, number_of(step)); }
constexpr uint32_t number_in(Handler handler) { return static_cast<uint32_t>(handler >> kAddressBits); }
constexpr Handler address_in(Handler handler) { return handler & ((Handler{1} << kAddressBits) - 1); }

}  // namespace wherry::lower
