#pragma once

#include "engine/interpret/binary.h"
#include "engine/interpret/compare_branch.h"
#include "engine/interpret/control.h"
#include "engine/interpret/data.h"
#include "engine/interpret/joined.h"
#include "engine/interpret/memory_access.h"
#include "engine/interpret/simd_access.h"
#include "engine/interpret/simd_steps.h"
#include "engine/interpret/unary.h"
#include "engine/lower/handler_table.h"

// The notation of joined.inc and joined_guarded.inc: each instruction is a type that knows the step that runs and the
// lower::Step that names it.
namespace wherry::interpret {

using lower::StepForm;

template <class Run, StepForm form, Op op = Op::Nop, From a = From::Slot, From b = From::Slot,
          From c = From::Slot, To to = To::Slot, bool flag = false>
struct Named {
  using Step = Run;
  static constexpr lower::Step kName{form, op, a, b, c, to, flag};
};

constexpr From Slot = From::Slot, Const = From::Const, Acc = From::Acc, Pin0 = From::Pin0, Pin1 = From::Pin1;
constexpr To ToSlot = To::Slot, ToAcc = To::Acc, ToPin0 = To::Pin0, ToPin1 = To::Pin1;

template <Op op, From a, From b, To to>
using NBinary = Named<Binary<op, a, b, to>, StepForm::Binary, op, a, b, Slot, to>;
template <Op op, From a, To to>
using NUnary = Named<Unary<op, a, to>, StepForm::Unary, op, a, Slot, Slot, to>;
template <Op op, bool sense, From a, From b>
using NCompareBranch =
    Named<CompareBranch<op, sense, a, b>, StepForm::CompareBranch, op, a, b, Slot, ToSlot, sense>;
template <Op op, From a, To to>
using NLoad = Named<Load<op, Access::Guarded, a, to>, StepForm::Load, op, a, Slot, Slot, to>;
template <Op op, From a, From b, To to>
using NLoadIndexed =
    Named<LoadIndexed<op, Access::Guarded, a, b, to>, StepForm::LoadIndexed, op, a, b, Slot, to>;
template <Op op, From a, From value>
using NStore = Named<Store<op, Access::Guarded, a, value>, StepForm::Store, op, a, Slot, value>;
template <Op op, From a, From b, From value>
using NStoreIndexed =
    Named<StoreIndexed<op, Access::Guarded, a, b, value>, StepForm::StoreIndexed, op, a, b, value>;
template <From a, From b, From c, To to>
using NSelect = Named<Select<a, b, c, to>, StepForm::Select, Op::Nop, a, b, c, to>;
template <From a, To to>
using NMove = Named<Move<a, to>, StepForm::Move, Op::Nop, a, Slot, Slot, to>;
template <To to>
using NMoveConst = Named<MoveConst<to>, StepForm::MoveConst, Op::Nop, Slot, Slot, Slot, to>;
using NMoveF32 = Named<MoveF32, StepForm::MoveF32>;
using NMoveF64 = Named<MoveF64, StepForm::MoveF64>;
using NMoveWide = Named<MoveWide, StepForm::MoveWide>;
template <bool imported, To to>
using NGlobalGet =
    Named<GlobalGet<imported, to>, StepForm::GlobalGet, Op::Nop, Slot, Slot, Slot, to, imported>;
template <bool imported, From a>
using NGlobalSet =
    Named<GlobalSet<imported, a>, StepForm::GlobalSet, Op::Nop, a, Slot, Slot, ToSlot, imported>;
using NBranch = Named<Branch, StepForm::Branch>;
template <bool sense, From a>
using NBranchIf = Named<BranchIf<sense, a>, StepForm::BranchIf, Op::Nop, a, Slot, Slot, ToSlot, sense>;
template <From a>
using NBrTable = Named<BrTable<a>, StepForm::BrTable, Op::Nop, a>;
using NCall = Named<Call, StepForm::Call>;
using NCallImport = Named<CallImport, StepForm::CallImport>;
template <bool subtypes, From a>
using NCallIndirect =
    Named<CallIndirect<subtypes, a>, StepForm::CallIndirect, Op::Nop, a, Slot, Slot, ToSlot, subtypes>;
template <uint32_t header>
using NReturnNone =
    Named<ReturnNone<header>, StepForm::ReturnNone, Op::Nop, Slot, lower::return_header(header)>;
template <From a, uint32_t header>
using NReturnOne = Named<ReturnOne<a, header>, StepForm::ReturnOne, Op::Nop, a, lower::return_header(header)>;
template <uint32_t header>
using NReturnF32 = Named<ReturnF32<header>, StepForm::ReturnF32, Op::Nop, Slot, lower::return_header(header)>;
template <uint32_t header>
using NReturnF64 = Named<ReturnF64<header>, StepForm::ReturnF64, Op::Nop, Slot, lower::return_header(header)>;
using NFuel = Named<Fuel, StepForm::Fuel>;
using NInterrupt = Named<Interrupt, StepForm::Interrupt>;

// Vectors.
template <Op op, From a, From b, To to>
using NVBinary = Named<VectorBinary<op, a, b, to>, StepForm::VectorBinary, op, a, b, Slot, to>;
template <Op op, From a, To to>
using NVUnary = Named<VectorUnary<op, a, to>, StepForm::VectorUnary, op, a, Slot, Slot, to>;
template <Op op, From a, From b, From c, To to>
using NVTernary = Named<VectorTernary<op, a, b, c, to>, StepForm::VectorTernary, op, a, b, c, to>;
template <Op op, From a, From count, To to>
using NVShift = Named<VectorShift<op, a, count, to>, StepForm::VectorShift, op, a, count, Slot, to>;
template <Op op, From a, To to>
using NVTest = Named<VectorTest<op, a, to>, StepForm::VectorTest, op, a, Slot, Slot, to>;
template <Op op, From a, To to>
using NVSplat = Named<VectorSplat<op, a, to>, StepForm::VectorSplat, op, a, Slot, Slot, to>;
template <From a, From b, To to>
using NVShuffle = Named<VectorShuffle<a, b, to>, StepForm::VectorShuffle, Op::Nop, a, b, Slot, to>;
template <To to>
using NVConst = Named<VectorConst<to>, StepForm::VectorConst, Op::Nop, Slot, Slot, Slot, to>;
template <From a, To to>
using NVMove = Named<VectorMove<a, to>, StepForm::VectorMove, Op::Nop, a, Slot, Slot, to>;
template <Op op, From a, To to>
using NVLoad = Named<VectorLoad<op, Access::Guarded, a, to>, StepForm::VectorLoad, op, a, Slot, Slot, to>;
template <Op op, From a, From b, To to>
using NVLoadIndexed =
    Named<VectorLoadIndexed<op, Access::Guarded, a, b, to>, StepForm::VectorLoadIndexed, op, a, b, Slot, to>;
template <From a, From value>
using NVStore = Named<VectorStore<Access::Guarded, a, value>, StepForm::VectorStore, Op::Nop, a, Slot, value>;
template <From a, From b, From value>
using NVStoreIndexed = Named<VectorStoreIndexed<Access::Guarded, a, b, value>, StepForm::VectorStoreIndexed,
                             Op::Nop, a, b, value>;

// Stands before each access of a sequence but the first, and before the first if there is metering between it and the beginning, which may
// trap too: from here on the sequence is at that instruction, so a fault finds it. The address depends on what is read through `pc`, so the access comes after this, and tools/check-handlers looks.
struct Reached {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    pc += at;
#if defined(WHERRY_DISPATCH_LOOP)
    asm volatile("" : : : "memory");
#else
#if defined(__x86_64__)
    register const Cell* reached asm("r12") = pc;  // Where the first argument of a handler is.
#else
    register const Cell* reached asm("x20") = pc;
#endif
    asm volatile("" : "+r"(reached));
    pc = reached;
#endif
    WHERRY_TAIL((kStep<0, Rest...>));
  }
};

template <class Name>
constexpr bool is_metering(Name) {
  return lower::is_metering(lower::number_of(Name::kName));
}

// Whether the last step may branch back to the first.
template <class Last>
constexpr bool branches(Last) {
  return Last::kName.form == StepForm::CompareBranch || Last::kName.form == StepForm::BranchIf;
}

template <class... Steps>
constexpr lower::Join named() {
  return {sizeof...(Steps), {Steps::kName...}};
}
template <class... Names>
constexpr Cell hot_join() {
  if constexpr ((branches(Names()), ...))
    return word_of(&looping<typename Names::Step...>);
  else
    return word_of(&hot<typename Names::Step...>);
}
template <class... Names>
constexpr Cell faulting_join() {
  if constexpr ((branches(Names()), ...))
    return word_of(&looping_guarded<typename Names::Step...>);
  else
    return word_of(&faulting<typename Names::Step...>);
}

template <class... Steps>
struct Sequence {
  static constexpr Cell kGuarded = word_of(&faulting<Steps...>);
};
// Takes names and gives their steps, with Reached where it belongs. `trapped`: whether something may have trapped at the place that the
// sequence is at.
template <bool trapped, class Made, class... Names>
struct Reaching;
template <bool trapped, class... Made>
struct Reaching<trapped, Sequence<Made...>> {
  using Type = Sequence<Made...>;
};
template <bool trapped, class... Made, class First, class... Names>
struct Reaching<trapped, Sequence<Made...>, First, Names...> {
  static constexpr bool kAccess = lower::may_fault(First::kName);
  static constexpr bool kMetersAgain = sizeof...(Made) != 0 && is_metering(First());
  using Type = typename Reaching<
      trapped || kAccess || kMetersAgain,
      std::conditional_t<trapped && kAccess, Sequence<Made..., Reached, typename First::Step>,
                         Sequence<Made..., typename First::Step>>,
      Names...>::Type;
};

template <class First, class... Names>
constexpr bool meters_again() {
  return (is_metering(Names()) || ...);
}

template <class... Names>
constexpr Cell long_join() {
  constexpr uint32_t kAccesses = (0 + ... + lower::may_fault(Names::kName));
  if constexpr (kAccesses == 0)
    return hot_join<Names...>();
  else if constexpr (kAccesses == 1 && !meters_again<Names...>())
    return faulting_join<Names...>();
  else
    return Reaching<false, Sequence<>, Names...>::Type::kGuarded;
}

}  // namespace wherry::interpret
