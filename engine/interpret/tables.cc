// The tables of handlers, put together at compile time: in a static program they cost nothing to set up and only the
// pages that are read are loaded. The rows of arithmetic, comparisons and accesses come from files of their own,
// because they take long to compile; branches, calls, moves and globals are instantiated here.
#include <array>
#include <utility>

#include "engine/interpret/atomics.h"
#include "engine/interpret/canonical_nan.h"
#include "engine/interpret/control.h"
#include "engine/interpret/data.h"
#include "engine/interpret/gc.h"
#include "engine/interpret/interpreter.h"
#include "engine/interpret/joined.h"
#include "engine/interpret/memory_any.h"
#include "engine/interpret/observe.h"
#include "engine/interpret/other.h"
#include "engine/interpret/rows.h"
#include "engine/interpret/simd.h"
#include "engine/interpret/wide.h"

// The rows are instantiated elsewhere.
#pragma clang diagnostic ignored "-Wundefined-var-template"

namespace wherry::interpret {
namespace {

using lower::family_of;
using lower::Handler;
using lower::HandlerTable;
using lower::numbered;
using lower::Step;
using lower::StepForm;

template <From from>
inline constexpr auto kIndex = static_cast<uint32_t>(from);
template <To to>
inline constexpr auto kToIndex = static_cast<uint32_t>(to);

struct SelectEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos / kFroms / kFroms);
    constexpr From b = from_at(index / kTos / kFroms);
    constexpr From condition = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (has_select(a, b, condition, to))
      return word_of(&hot<Select<a, b, condition, to>>);
    else
      return 0;
  }
};

struct MoveEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (a != From::Const && !(a == From::Acc && to == To::Acc))
      return word_of(&hot<Move<a, to>>);
    else
      return 0;
  }
};

constinit const auto kSelect = make_row<kFroms * kFroms * kFroms * kTos>(SelectEntry(), {StepForm::Select});
constinit const auto kMove = make_row<kFroms * kTos>(MoveEntry(), {StepForm::Move});

// Calls `each.template operator()<value>()` for every class of operand or destination.
template <class Each>
constexpr void for_each_from(Each each) {
  each.template operator()<From::Slot>();
  each.template operator()<From::Const>();
  each.template operator()<From::Acc>();
  each.template operator()<From::Pin0>();
  each.template operator()<From::Pin1>();
}

template <class Each>
constexpr void for_each_to(Each each) {
  each.template operator()<To::Slot>();
  each.template operator()<To::Acc>();
  each.template operator()<To::Pin0>();
  each.template operator()<To::Pin1>();
}

// The same for where a return finds the frame's header.
template <class Each, uint32_t... header>
constexpr void for_each_header(Each each, std::integer_sequence<uint32_t, header...>) {
  (each.template operator()<header>(), ...);
}
template <class Each>
constexpr void for_each_header(Each each) {
  for_each_header(each, std::make_integer_sequence<uint32_t, lower::kNearHeaders + 1>());
}

constexpr void set_numeric(HandlerTable* table) {
#define INTEGER(name, kind, trap, value)                                                                \
  table->binary[family_of(Op::I32##name).index] = BinaryRow<Op::I32##name>::row.cells;                  \
  table->binary[family_of(Op::I64##name).index] = BinaryRow<Op::I64##name>::row.cells;                  \
  if constexpr (Kind::kind == Kind::Compare) {                                                          \
    table->compare_branch[family_of(Op::I32##name).index] = CompareBranchRow<Op::I32##name>::row.cells; \
    table->compare_branch[family_of(Op::I64##name).index] = CompareBranchRow<Op::I64##name>::row.cells; \
  }
#define FLOAT(name, kind, value)                                                                        \
  table->binary[family_of(Op::F32##name).index] = BinaryRow<Op::F32##name>::row.cells;                  \
  table->binary[family_of(Op::F64##name).index] = BinaryRow<Op::F64##name>::row.cells;                  \
  if constexpr (Kind::kind == Kind::Compare) {                                                          \
    table->compare_branch[family_of(Op::F32##name).index] = CompareBranchRow<Op::F32##name>::row.cells; \
    table->compare_branch[family_of(Op::F64##name).index] = CompareBranchRow<Op::F64##name>::row.cells; \
  }
#define UNARY(op, In, Out, trap, value) table->unary[family_of(Op::op).index] = UnaryRow<Op::op>::row.cells;
#include "engine/interpret/operations.inc"
  table->compare_branch[family_of(Op::I32And).index] = CompareBranchRow<Op::I32And>::row.cells;
}

template <Access access>
constexpr void set_memory(HandlerTable* table) {
#define LOAD(op, Memory, Out, kind)                                                      \
  table->load[family_of(Op::op).index] = LoadRow<Op::op, access>::plain.cells;           \
  table->load_indexed[family_of(Op::op).index] = LoadRow<Op::op, access>::indexed.cells; \
  for (Handler & handler : table->load_any[family_of(Op::op).index]) handler = word_of(&load_any<Op::op>);
#define STORE(op, In, Memory, kind)                                                        \
  table->store[family_of(Op::op).index] = StoreRow<Op::op, access>::plain.cells;           \
  table->store_indexed[family_of(Op::op).index] = StoreRow<Op::op, access>::indexed.cells; \
  for (Handler & handler : table->store_any[family_of(Op::op).index]) handler = word_of(&store_any<Op::op>);
#include "engine/interpret/operations.inc"
}

constexpr void set_data(HandlerTable* table) {
  table->select = kSelect.cells;
  table->move = kMove.cells;
  table->move_f32 = numbered(word_of(&hot<MoveF32>), Step{StepForm::MoveF32});
  table->move_f64 = numbered(word_of(&hot<MoveF64>), Step{StepForm::MoveF64});
  table->load_pins_f64 = word_of(&hot<LoadPinsF64>);
  for_each_from([table]<From a>() {
    if constexpr (a != From::Pin0) table->pin_f64[kIndex<a>][0] = word_of(&hot<PinF64<a, To::Pin0>>);
    if constexpr (a != From::Pin1) table->pin_f64[kIndex<a>][1] = word_of(&hot<PinF64<a, To::Pin1>>);
  });
  table->move2 = word_of(&hot<Move2>);
  table->move_wide = numbered(word_of(&hot<MoveWide>), Step{StepForm::MoveWide});
  table->wide_enter = word_of(&wide_enter);
  table->wide_leave = word_of(&wide_leave);
  table->wide_shrink = word_of(&wide_shrink);
  table->move_up = word_of(&move_up);
  for_each_to([table]<To to>() {
    table->move_const[kToIndex<to>] =
        numbered(word_of(&hot<MoveConst<to>>), Step{.form = StepForm::MoveConst, .to = to});
    table->global_get[0][kToIndex<to>] =
        numbered(word_of(&hot<GlobalGet<false, to>>), Step{.form = StepForm::GlobalGet, .to = to});
    table->global_get[1][kToIndex<to>] = numbered(word_of(&hot<GlobalGet<true, to>>),
                                                  Step{.form = StepForm::GlobalGet, .to = to, .flag = true});
  });
  for_each_from([table]<From a>() {
    table->global_set[0][kIndex<a>] =
        numbered(word_of(&hot<GlobalSet<false, a>>), Step{.form = StepForm::GlobalSet, .a = a});
    table->global_set[1][kIndex<a>] =
        numbered(word_of(&hot<GlobalSet<true, a>>), Step{.form = StepForm::GlobalSet, .a = a, .flag = true});
  });
}

constexpr void set_control(HandlerTable* table) {
  table->branch = numbered(word_of(&hot<Branch>), Step{StepForm::Branch});
  table->unreachable = word_of(&unreachable);
  table->call = numbered(word_of(&hot<Call>), Step{StepForm::Call});
  table->call_import = numbered(word_of(&hot<CallImport>), Step{StepForm::CallImport});
  table->return_call = word_of(&return_call);
  table->return_call_import = word_of(&return_call_import);
  table->return_call_indirect[0] = word_of(&return_call_indirect<false>);
  table->return_call_indirect[1] = word_of(&return_call_indirect<true>);
  table->return_call_ref = word_of(&return_call_ref);
  for_each_header([table]<uint32_t header>() {
    constexpr From kHeader = lower::return_header(header);
    table->return_none[header] =
        numbered(word_of(&hot<ReturnNone<header>>), Step{.form = StepForm::ReturnNone, .b = kHeader});
    table->return_f32[header] =
        numbered(word_of(&hot<ReturnF32<header>>), Step{.form = StepForm::ReturnF32, .b = kHeader});
    table->return_f64[header] =
        numbered(word_of(&hot<ReturnF64<header>>), Step{.form = StepForm::ReturnF64, .b = kHeader});
    for_each_from([table]<From a>() {
      table->return_one[header][kIndex<a>] =
          numbered(word_of(&hot<ReturnOne<a, header>>),
                   Step{.form = StepForm::ReturnOne, .a = a, .b = lower::return_header(header)});
    });
  });
  table->return_many = word_of(&return_many);
  table->canonical_nan[0] = word_of(&canonical_nan_f32);
  table->canonical_nan[1] = word_of(&canonical_nan_f64);
  table->canonical_nan[2] = word_of(&canonical_nan_f32x4);
  table->canonical_nan[3] = word_of(&canonical_nan_f64x2);
  table->fuel = numbered(word_of(&hot<Fuel>), Step{StepForm::Fuel});
  table->interrupt = word_of(&interrupt);
  table->look = numbered(word_of(&hot<Interrupt>), Step{StepForm::Interrupt});
  table->observe = word_of(&observe);
  for_each_from([table]<From a>() {
    if constexpr (a != From::Const) {
      table->branch_if[0][kIndex<a>] =
          numbered(word_of(&hot<BranchIf<false, a>>), Step{.form = StepForm::BranchIf, .a = a});
      table->branch_if[1][kIndex<a>] =
          numbered(word_of(&hot<BranchIf<true, a>>), Step{.form = StepForm::BranchIf, .a = a, .flag = true});
      table->br_table[kIndex<a>] =
          numbered(word_of(&hot<BrTable<a>>), Step{.form = StepForm::BrTable, .a = a});
      table->call_indirect[0][kIndex<a>] =
          numbered(word_of(&hot<CallIndirect<false, a>>), Step{.form = StepForm::CallIndirect, .a = a});
      table->call_indirect[1][kIndex<a>] = numbered(
          word_of(&hot<CallIndirect<true, a>>), Step{.form = StepForm::CallIndirect, .a = a, .flag = true});
      table->call_ref[kIndex<a>] = word_of(&call_ref<a>);
    }
  });
}

constexpr void set_objects(HandlerTable* table) {
  const auto index = [](FieldKind kind) { return static_cast<uint32_t>(kind); };
#define FIELD(kind)                                                                  \
  table->struct_get[index(FieldKind::kind)] = StructRow<FieldKind::kind>::get.cells; \
  table->struct_set[index(FieldKind::kind)] = StructRow<FieldKind::kind>::set.cells
#define ELEMENT(kind) table->array_get[index(FieldKind::kind)] = ArrayGetRow<FieldKind::kind>::row.cells
#define STORED(kind) table->array_set[index(FieldKind::kind)] = ArraySetRow<FieldKind::kind>::row.cells
  FIELD(Word);
  FIELD(Ref);
  FIELD(Byte);
  FIELD(ByteS);
  FIELD(Short);
  FIELD(ShortS);
  FIELD(F32);
  FIELD(F64);
  FIELD(V128);
  ELEMENT(Word);
  ELEMENT(Byte);
  ELEMENT(ByteS);
  ELEMENT(Short);
  ELEMENT(ShortS);
  ELEMENT(Int);
  ELEMENT(F32);
  ELEMENT(F64);
  ELEMENT(V128);
  STORED(Word);
  STORED(Ref);
  STORED(Byte);
  STORED(Short);
  STORED(Int);
  STORED(F32);
  STORED(F64);
  STORED(V128);
#undef FIELD
#undef ELEMENT
#undef STORED
  using Casts = CastRows<void>;
  table->array_len = Casts::array_len.cells;
  table->ref_i31 = Casts::ref_i31.cells;
  for (uint32_t i = 0; i < 2; ++i) table->i31_get[i] = Casts::i31_get[i].cells;
  for (uint32_t i = 0; i < lower::kStructNewForms; ++i) table->struct_new[i] = Casts::struct_new[i].cells;
  table->struct_new_large = word_of(&gc::struct_new_large);
  for (uint32_t which = 0; which < 3; ++which) {
    table->ref_test[which] = Casts::test[which].cells;
    table->ref_cast[which] = Casts::cast[which].cells;
    for (uint32_t sense = 0; sense < 2; ++sense) {
      table->branch_cast[sense][which] = Casts::branch[sense][which].cells;
    }
  }
#define OTHER(name) table->other[static_cast<uint32_t>(Op::name)] = word_of(&gc::name);
#include "engine/interpret/gc.inc"
}

template <Access access>
constexpr void set_vectors(lower::VectorHandlers* table) {
  table->binary = kVectorBinary.cells;
  table->pinned = kVectorPinned.cells;
  table->unary = kVectorUnary.cells;
  table->ternary = kVectorTernary.cells;
  table->shift = kVectorShift.cells;
  table->test = kVectorTest.cells;
  table->extract = kVectorExtract.cells;
  table->replace = kVectorReplace.cells;
  table->splat = kVectorSplat.cells;
  table->data = &kVectorData;
  table->load = VectorAccess<access>::load.cells;
  table->load_indexed = VectorAccess<access>::load_indexed.cells;
  table->store = VectorAccess<access>::store.cells;
  table->store_indexed = VectorAccess<access>::store_indexed.cells;
  table->load_lane = VectorAccess<access>::load_lane.cells;
  table->store_lane = VectorAccess<access>::store_lane.cells;
  table->any = &kVectorAny;
}

template <Access access>
constexpr HandlerTable make_table() {
  HandlerTable table{};
  table.joins = {.entries = join_entries.cells,
                 .shift = join_shift,
                 .plain_rows = plain_join_rows,
                 .short_rows = short_join_rows,
                 .rows = access == Access::Guarded ? join_rows : plain_join_rows,
                 .names = join_names,
                 .handlers = {join_handlers, guarded_join_handlers, long_join_handlers},
                 .pairs = join_entries.pairs.words};
  set_numeric(&table);
  set_memory<access>(&table);
  set_data(&table);
  set_control(&table);
  set_vectors<access>(&table.vector);
  set_objects(&table);
#define OTHER(name) table.other[static_cast<uint32_t>(Op::name)] = word_of(&other::name);
#include "engine/interpret/other.inc"
#define SET_ATOMIC(name) table.other[static_cast<uint32_t>(Op::name)] = word_of(&atomics::name);
#define ATOMIC_LOAD(name, Memory) SET_ATOMIC(name)
#define ATOMIC_STORE(name, Memory) SET_ATOMIC(name)
#define ATOMIC_RMW(name, Memory, function) SET_ATOMIC(name)
#define ATOMIC_CMPXCHG(name, Memory) SET_ATOMIC(name)
#define ATOMIC_OTHER(name) SET_ATOMIC(name)
#include "engine/interpret/atomics.inc"
#undef SET_ATOMIC
  return table;
}

constinit const HandlerTable kGuarded = make_table<Access::Guarded>();
constinit const HandlerTable kChecked = make_table<Access::Checked>();

}  // namespace

const HandlerTable& handlers(MemoryMode mode) { return mode == MemoryMode::Guarded ? kGuarded : kChecked; }

}  // namespace wherry::interpret
