#pragma once

#include <cstdlib>
#include <vector>

#include "engine/lower/joined.h"

// A handler table for tests of lowering: every combination exists, and every address is a number of its own.
namespace wherry::lower {

class FakeHandlers {
 public:
  FakeHandlers();
  const HandlerTable& table() const { return table_; }

 private:
  const Handler* block(uint32_t count);
  const Handler* block(uint32_t count, Step first);
  template <uint32_t forms>
  const Handler (*rows(uint32_t count))[forms] {
    return reinterpret_cast<const Handler(*)[forms]>(block(count * forms));
  }
  void add_vectors();

  void add_joins();

  HandlerTable table_{};
  VectorData vector_data_{};
  VectorAny vector_any_{};
  std::vector<Join> joins_;
  std::vector<Handler> join_handlers_;
  JoinEntry join_entries_[32] = {};
  JoinPairs join_pairs_;
  std::vector<std::vector<Handler>> blocks_;
  Handler next_ = 0x10001;
};

inline const Handler* FakeHandlers::block(uint32_t count) {
  std::vector<Handler>& handlers = blocks_.emplace_back(count);
  for (Handler& handler : handlers) handler = next_ += 2;
  return handlers.data();
}

// Handlers that carry the numbers of steps.
inline const Handler* FakeHandlers::block(uint32_t count, Step first) {
  const Handler* const handlers = block(count);
  for (uint32_t i = 0; i < count; ++i) {
    blocks_.back()[i] = numbered(blocks_.back()[i], number_of(first) + i);
  }
  return handlers;
}

inline void FakeHandlers::add_vectors() {
  VectorHandlers& table = table_.vector;
  table.binary = rows<kVectorBinaryForms>(vector_count(VectorShape::Binary));
  table.pinned = rows<kVectorPinnedForms>(kPinnedVectorCount);
  table.unary = rows<kVectorUnaryForms>(vector_count(VectorShape::Unary));
  table.ternary = rows<kVectorTernaryForms>(vector_count(VectorShape::Ternary));
  table.shift = rows<kVectorScalarForms>(vector_count(VectorShape::Shift));
  table.test = rows<kVectorTestForms>(vector_count(VectorShape::Test));
  table.extract = rows<kVectorExtractForms>(vector_count(VectorShape::Extract));
  table.replace = rows<kVectorScalarForms>(vector_count(VectorShape::Replace));
  table.splat = rows<kVectorSplatForms>(vector_count(VectorShape::Splat));
  table.load = rows<kVectorLoadForms>(vector_count(VectorShape::Load));
  table.load_indexed = rows<kVectorIndexedForms>(vector_count(VectorShape::Load));
  table.store = block(kVectorLoadForms);
  table.store_indexed = block(kVectorIndexedForms);
  table.load_lane = rows<kFromCount>(vector_count(VectorShape::LoadLane));
  table.store_lane = rows<kFromCount>(vector_count(VectorShape::StoreLane));
  table.data = &vector_data_;
  table.any = &vector_any_;
  auto* data = reinterpret_cast<Handler*>(&vector_data_);
  for (size_t i = 0; i < sizeof vector_data_ / sizeof(Handler); ++i) data[i] = next_ += 2;
  auto* any = reinterpret_cast<Handler*>(&vector_any_);
  for (size_t i = 0; i < sizeof vector_any_ / sizeof(Handler); ++i) any[i] = next_ += 2;
}

inline void FakeHandlers::add_joins() {
  const Step add{StepForm::Binary, wasm::Op::I32Add, From::Pin0, From::Const, From::Slot, To::Pin0};
  const Step branch{
      StepForm::CompareBranch, wasm::Op::I32Ne, From::Pin0, From::Const, From::Slot, To::Slot, true};
  const Step multiply{StepForm::Binary, wasm::Op::I32Mul, From::Acc, From::Const, From::Slot, To::Acc};
  const Step load{StepForm::Load, wasm::Op::I32Load, From::Pin0, From::Slot, From::Slot, To::Acc};
  const Step fuel{StepForm::Fuel}, interrupt{StepForm::Interrupt};
  joins_ = {{2, {add, branch}},
            {2, {add, load}},
            {3, {add, load, multiply}},
            {2, {load, multiply}},
            {3, {add, branch, fuel}},
            {3, {fuel, add, branch}},
            {3, {fuel, load, multiply}},
            {2, {interrupt, fuel}},
            {3, {interrupt, add, branch}},
            {6, {fuel, add, branch, fuel, load, multiply}}};
  const auto rows = static_cast<uint32_t>(joins_.size());
  for (uint32_t i = 0; i < rows; ++i) join_handlers_.push_back(next_ += 2);
  const uint32_t shift = 27;
  if (!enter_joins(joins_, shift, join_entries_, &join_pairs_)) std::abort();
  table_.joins = {join_entries_,    shift, rows, rows, rows, joins_.data(), {join_handlers_.data()},
                  join_pairs_.words};
}

inline FakeHandlers::FakeHandlers() {
  constexpr uint32_t kTwo = kFromCount * kFromCount;
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const auto op = static_cast<wasm::Op>(i);
    const Family family = family_of(op);
    const wasm::OpInfo& info = wasm::info(op);
    switch (family.shape) {
      case Shape::Binary: {
        const bool compares = info.code >= 0x46 && info.code <= 0x66;
        table_.binary[family.index] = block(kTwo * kToCount, {StepForm::Binary, op});
        if (compares || op == wasm::Op::I32And) {
          table_.compare_branch[family.index] = block(2 * kTwo, {StepForm::CompareBranch, op});
        }
        break;
      }
      case Shape::Unary:
        table_.unary[family.index] = block(kFromCount * kToCount, {StepForm::Unary, op});
        break;
      case Shape::Load:
        table_.load[family.index] = block(kFromCount * kToCount, {StepForm::Load, op});
        table_.load_indexed[family.index] = block(kTwo * kToCount);
        for (Handler& handler : table_.load_any[family.index]) handler = next_ += 2;
        break;
      case Shape::Store:
        table_.store[family.index] = block(kTwo);
        table_.store_indexed[family.index] = block(kTwo * kFromCount);
        for (Handler& handler : table_.store_any[family.index]) handler = next_ += 2;
        break;
      case Shape::None:
        // Vectors have tables of their own.
        if (info.feature < wasm::Feature::Simd || info.feature == wasm::Feature::FunctionReferences ||
            info.feature == wasm::Feature::Gc || info.feature == wasm::Feature::WideArithmetic ||
            info.feature == wasm::Feature::Threads || info.feature == wasm::Feature::Exceptions) {
          table_.other[i] = next_ += 2;
        }
        break;
    }
  }
  add_vectors();
  for (uint32_t kind = 0; kind < kFieldKinds; ++kind) {
    table_.struct_get[kind] = block(kFromCount * kToCount);
    table_.struct_set[kind] = block(kTwo);
    table_.array_get[kind] = block(kTwo * kToCount);
    table_.array_set[kind] = block(kTwo * kFromCount);
  }
  for (const Handler** row : {&table_.array_len, &table_.ref_i31, &table_.i31_get[0], &table_.i31_get[1],
                              &table_.ref_test[0], &table_.ref_test[1], &table_.ref_test[2]}) {
    *row = block(kFromCount * kToCount);
  }
  for (uint32_t which = 0; which < 3; ++which) {
    table_.ref_cast[which] = block(kFromCount);
    for (uint32_t sense = 0; sense < 2; ++sense) table_.branch_cast[sense][which] = block(kFromCount);
  }
  for (const Handler*& row : table_.struct_new) row = block(kToCount);
  table_.struct_new_large = next_ += 2;
  table_.select = block(kTwo * kFromCount * kToCount);
  table_.move = block(kFromCount * kToCount, {StepForm::Move});
  const auto fill = [this](Handler* first, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes / sizeof(Handler); ++i) first[i] = next_ += 2;
  };
  fill(table_.move_const, sizeof table_.move_const);
  for (Handler* one :
       {&table_.move_f32,    &table_.move_f64,    &table_.load_pins_f64,      &table_.move2,
        &table_.move_wide,   &table_.wide_enter,  &table_.wide_leave,         &table_.wide_shrink,
        &table_.move_up,     &table_.branch,      &table_.unreachable,        &table_.call,
        &table_.call_import, &table_.return_call, &table_.return_call_import, &table_.return_call_ref,
        &table_.return_many, &table_.fuel,        &table_.interrupt,          &table_.look,
        &table_.observe}) {
    fill(one, sizeof *one);
  }
  fill(table_.pin_f64[0], sizeof table_.pin_f64);
  fill(table_.global_get[0], sizeof table_.global_get);
  fill(table_.global_set[0], sizeof table_.global_set);
  fill(table_.branch_if[0], sizeof table_.branch_if);
  fill(table_.br_table, sizeof table_.br_table);
  fill(table_.call_indirect[0], sizeof table_.call_indirect);
  fill(table_.call_ref, sizeof table_.call_ref);
  fill(table_.return_call_indirect, sizeof table_.return_call_indirect);
  fill(table_.return_none, sizeof table_.return_none);
  fill(table_.return_one[0], sizeof table_.return_one);
  fill(table_.return_f32, sizeof table_.return_f32);
  fill(table_.return_f64, sizeof table_.return_f64);
  fill(table_.canonical_nan, sizeof table_.canonical_nan);
  const auto number = [](std::span<Handler> handlers, Step first) {
    for (size_t i = 0; i < handlers.size(); ++i) {
      handlers[i] = numbered(handlers[i], number_of(first) + static_cast<uint32_t>(i));
    }
  };
  number(table_.move_const, {StepForm::MoveConst});
  number(table_.br_table, {StepForm::BrTable});
  table_.fuel = numbered(table_.fuel, {StepForm::Fuel});
  table_.look = numbered(table_.look, {StepForm::Interrupt});
  add_joins();
}

}  // namespace wherry::lower
