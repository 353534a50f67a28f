// Casts, new structures, and what needs one look at a reference.
//
// An object's type id is in its header. A final type is found by one comparison. For others the type is looked up by its
// id, and has the type that was asked for at that type's depth of its display, or not: four loads, whatever the depth of
// the hierarchy. Abstract types and functions, of which objects may not be made yet, are looked at out of line.
//
// A structure is a cell from the run of its size, then a copy of its fields from where their values are. There is no test
// but that for the empty run, and no loop for up to four fields.
#include "engine/interpret/gc.h"

namespace wherry::interpret {
namespace {

using lower::CastKind;
using wasm::AbstractHeap;

WHERRY_INLINE CastTarget target_at(const Cell* word) { return std::bit_cast<CastTarget>(*word); }

WHERRY_INLINE bool has_below(const Context* ctx, uint32_t type_id, CastTarget target) {
  if (type_id == target.type) return true;
  if (type_id >= abi::kExceptionObject) return false;
  const wasm::CanonType& type = (*ctx->store->types)[wasm::CanonId(type_id - 1)];
  return target.depth < type.depth && type.display[target.depth].value + 1 == target.type;
}

// A structure's or array's type. [0]: Final, [1]: Open.
template <uint32_t which>
WHERRY_INLINE bool is_object_of(const Context* ctx, Ref ref, CastTarget target) {
  if (ref == abi::kNullRef) return target.nullable;
  if (abi::is_i31(ref)) return false;
  const uint32_t type_id = abi::header_of(ref)->type_id;
  if constexpr (which == 0) return type_id == target.type;
  return has_below(ctx, type_id, target);
}

WHERRY_COLD bool is_func_of(const Context* ctx, Ref ref, CastTarget target) {
  auto* const func = reinterpret_cast<FuncObject*>(ref);
  if (func->type_id == 0) ctx->builtins->make_func(ctx->store, func);
  if (func->type_id == target.type) return true;
  return target.depth < func->type->depth && func->type->display[target.depth].value + 1 == target.type;
}

// The hierarchies of functions, of external references and of exceptions have but one type that is not defined by a
// module and has members.
WHERRY_COLD bool is_abstract(const Context* ctx, Ref ref, AbstractHeap heap) {
  switch (heap) {
    case AbstractHeap::Any:
    case AbstractHeap::Extern:
    case AbstractHeap::Func:
    case AbstractHeap::Exn: return true;
    case AbstractHeap::None:
    case AbstractHeap::NoExtern:
    case AbstractHeap::NoFunc:
    case AbstractHeap::NoExn: return false;
    default: break;
  }
  if (abi::is_i31(ref)) return heap == AbstractHeap::I31 || heap == AbstractHeap::Eq;
  const uint32_t type_id = abi::header_of(ref)->type_id;
  if (heap == AbstractHeap::I31 || type_id >= abi::kExceptionObject) return false;
  if (heap == AbstractHeap::Eq) return true;
  const wasm::CompositeKind kind = (*ctx->store->types)[wasm::CanonId(type_id - 1)].kind;
  return kind == (heap == AbstractHeap::Struct ? wasm::CompositeKind::Struct : wasm::CompositeKind::Array);
}

WHERRY_COLD bool is_any_of(const Context* ctx, Ref ref, CastTarget target) {
  if (ref == abi::kNullRef) return target.nullable;
  switch (target.kind) {
    case CastKind::Func: return is_func_of(ctx, ref, target);
    case CastKind::Abstract: return is_abstract(ctx, ref, static_cast<AbstractHeap>(target.type));
    default: return is_object_of<1>(ctx, ref, target);
  }
}

// --- Three words: the CastTarget is the third. ---

template <uint32_t which, From a, To to>
WHERRY_HOT WHERRY_HANDLER ref_test(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  const uint32_t result = is_object_of<which>(ctx, ref, target_at(pc + 2));
  WHERRY_PUT(uint32_t, to, slots.d, result);
  WHERRY_NEXT(3);
}

template <uint32_t which, From a>
WHERRY_HOT WHERRY_HANDLER ref_cast(WHERRY_ARGS) {
  WHERRY_STATE;
  const Ref ref = WHERRY_GET(uint64_t, a, slots_at(pc + 1).a, 0);
  if (!is_object_of<which>(ctx, ref, target_at(pc + 2))) [[unlikely]]
    WHERRY_TRAP(TrapCode::CastFailure);
  WHERRY_NEXT(3);
}

template <bool sense, uint32_t which, From a>
WHERRY_HOT WHERRY_HANDLER branch_cast(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsBranch slots = slots_branch_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  if (is_object_of<which>(ctx, ref, target_at(pc + 2)) == sense) WHERRY_GOTO(pc + slots.distance);
  WHERRY_NEXT(3);
}

// All kinds of targets: these call, so the reference comes from its slot or the accumulator.
template <From a>
WHERRY_HANDLER ref_test_any(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  const uint32_t result = is_any_of(ctx, ref, target_at(pc + 2));
  WHERRY_PUT(uint32_t, To::Slot, slots.d, result);
  WHERRY_NEXT(3);
}

template <From a>
WHERRY_HANDLER ref_cast_any(WHERRY_ARGS) {
  WHERRY_STATE;
  const Ref ref = WHERRY_GET(uint64_t, a, slots_at(pc + 1).a, 0);
  if (!is_any_of(ctx, ref, target_at(pc + 2))) [[unlikely]]
    WHERRY_TRAP(TrapCode::CastFailure);
  WHERRY_NEXT(3);
}

template <bool sense, From a>
WHERRY_HANDLER branch_cast_any(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsBranch slots = slots_branch_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  if (is_any_of(ctx, ref, target_at(pc + 2)) == sense) WHERRY_GOTO(pc + slots.distance);
  WHERRY_NEXT(3);
}

// --- One look: Slots{a, -, d}. ---

template <From a, To to>
WHERRY_HOT WHERRY_HANDLER array_len(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullArrayReference);
  WHERRY_PUT(uint32_t, to, slots.d, abi::header_of(ref)->length);
  WHERRY_NEXT(2);
}

template <From a, To to>
WHERRY_HOT WHERRY_HANDLER ref_i31(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  WHERRY_PUT(uint64_t, to, slots.d, abi::i31_of(WHERRY_GET(uint32_t, a, slots.a, 0)));
  WHERRY_NEXT(2);
}

template <bool is_signed, From a, To to>
WHERRY_HOT WHERRY_HANDLER i31_get(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullI31Reference);
  const uint32_t value = is_signed ? static_cast<uint32_t>(abi::i31_signed(ref)) : abi::i31_unsigned(ref);
  WHERRY_PUT(uint32_t, to, slots.d, value);
  WHERRY_NEXT(2);
}

// --- New structures: see HandlerTable::struct_new. ---

template <uint32_t pairs, To to>
WHERRY_HOT WHERRY_HANDLER struct_new(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const auto* const type = reinterpret_cast<const AliasU32*>(pc + 2);
  abi::ObjectHeader* const made = abi::take_cell(ctx->store->heap, slots.a, type[1], type[0], 0);
  if (made == nullptr) [[unlikely]] {
    hand = slots.a | uint64_t{slots.e} << 32;
    WHERRY_TAIL(refill_run);
  }
  const auto ref = reinterpret_cast<Ref>(made);
  const auto* const pair = reinterpret_cast<const AliasU16*>(pc + 3);
  uint64_t* const fields = abi::slots_of(ref);
  if constexpr (pairs < lower::kStructNewForms - 1) {
    if constexpr (pairs > 0) fields[pair[0]] = fp[pair[1]];
    if constexpr (pairs > 1) fields[pair[2]] = fp[pair[3]];
    if constexpr (pairs > 2) fields[pair[4]] = fp[pair[5]];
    if constexpr (pairs > 3) fields[pair[6]] = fp[pair[7]];
    WHERRY_PUT(uint64_t, to, slots.d, ref);
    WHERRY_NEXT(3 + (pairs + 1) / 2);
  } else {
    const uint32_t count = slots.b;
    for (uint32_t i = 0; i < count; ++i) fields[pair[2 * i]] = fp[pair[2 * i + 1]];
    WHERRY_PUT(uint64_t, to, slots.d, ref);
    WHERRY_NEXT(3 + (count + 1) / 2);
  }
}

template <uint32_t which>
struct TestEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (a == From::Const) {
      return 0;
    } else if constexpr (which < 2) {
      return word_of(&ref_test<which, a, to>);
    } else {
      return to == To::Slot ? word_of(&ref_test_any<a>) : 0;
    }
  }
};

template <uint32_t which>
struct CastEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index);
    if constexpr (a == From::Const) {
      return 0;
    } else if constexpr (which < 2) {
      return word_of(&ref_cast<which, a>);
    } else {
      return word_of(&ref_cast_any<a>);
    }
  }
};

template <bool sense, uint32_t which>
struct BranchEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index);
    if constexpr (a == From::Const) {
      return 0;
    } else if constexpr (which < 2) {
      return word_of(&branch_cast<sense, which, a>);
    } else {
      return word_of(&branch_cast_any<sense, a>);
    }
  }
};

#define WHERRY_ONE_LOOK(name, ...)              \
  struct name {                                 \
    template <uint32_t index>                   \
    constexpr Cell operator()() const {         \
      constexpr From a = from_at(index / kTos); \
      constexpr To to = to_at(index);           \
      if constexpr (a == From::Const) {         \
        return 0;                               \
      } else {                                  \
        return word_of(&__VA_ARGS__);           \
      }                                         \
    }                                           \
  }
WHERRY_ONE_LOOK(LengthEntry, array_len<a, to>);
WHERRY_ONE_LOOK(I31Entry, ref_i31<a, to>);
WHERRY_ONE_LOOK(SignedEntry, i31_get<true, a, to>);
WHERRY_ONE_LOOK(UnsignedEntry, i31_get<false, a, to>);
#undef WHERRY_ONE_LOOK

template <uint32_t pairs>
struct NewEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    return word_of(&struct_new<pairs, to_at(index)>);
  }
};

}  // namespace

template <class Unused>
constinit const Row<kFroms * kTos> CastRows<Unused>::test[3] = {make_row<kFroms * kTos>(TestEntry<0>()),
                                                                make_row<kFroms * kTos>(TestEntry<1>()),
                                                                make_row<kFroms * kTos>(TestEntry<2>())};
template <class Unused>
constinit const Row<kFroms> CastRows<Unused>::cast[3] = {
    make_row<kFroms>(CastEntry<0>()), make_row<kFroms>(CastEntry<1>()), make_row<kFroms>(CastEntry<2>())};
template <class Unused>
constinit const Row<kFroms> CastRows<Unused>::branch[2][3] = {
    {make_row<kFroms>(BranchEntry<false, 0>()), make_row<kFroms>(BranchEntry<false, 1>()),
     make_row<kFroms>(BranchEntry<false, 2>())},
    {make_row<kFroms>(BranchEntry<true, 0>()), make_row<kFroms>(BranchEntry<true, 1>()),
     make_row<kFroms>(BranchEntry<true, 2>())}};
template <class Unused>
constinit const Row<kTos> CastRows<Unused>::struct_new[lower::kStructNewForms] = {
    make_row<kTos>(NewEntry<0>()), make_row<kTos>(NewEntry<1>()), make_row<kTos>(NewEntry<2>()),
    make_row<kTos>(NewEntry<3>()), make_row<kTos>(NewEntry<4>()), make_row<kTos>(NewEntry<5>())};
template <class Unused>
constinit const Row<kFroms * kTos> CastRows<Unused>::array_len = make_row<kFroms * kTos>(LengthEntry());
template <class Unused>
constinit const Row<kFroms * kTos> CastRows<Unused>::ref_i31 = make_row<kFroms * kTos>(I31Entry());
template <class Unused>
constinit const Row<kFroms * kTos> CastRows<Unused>::i31_get[2] = {make_row<kFroms * kTos>(UnsignedEntry()),
                                                                   make_row<kFroms * kTos>(SignedEntry())};

template struct CastRows<void>;

}  // namespace wherry::interpret
