#pragma once

#include "engine/validate/function_validator_core.h"

// Blocks, branches and calls (core spec 3.4.8).
namespace wherry::validate {

template <class Sink>
bool FunctionValidator<Sink>::read_block_type(const wasm::FuncType** func, ValType* result) {
  *func = nullptr;
  *result = ValKind::Bottom;
  switch (inst_.block.kind) {
    case wasm::BlockType::Kind::Empty: return true;
    case wasm::BlockType::Kind::Value: *result = inst_.block.value; return resolve(result);
    case wasm::BlockType::Kind::Type: {
      const CanonType* type = func_type_at(inst_.block.type.value);
      if (type == nullptr) return false;
      *func = &type->func;
      return true;
    }
  }
  __builtin_unreachable();
}

template <class Sink>
bool FunctionValidator<Sink>::block() {
  ControlT control;
  if (!read_block_type(&control.func, &control.result)) return false;
  const Types params = control.params();
  const uint32_t count = static_cast<uint32_t>(params.size());
  const uint32_t extra = inst_.op == Op::If ? 1 : 0;
  if (!need(count + extra)) return false;
  OperandT* const operands = last(count + extra);
  if (extra != 0 && !match(operands[count].type, wasm::kI32)) return false;
  if (!check_at(operands, params)) return false;
  set_types(operands, params);
  control.op = inst_.op;
  control.height = state_.operand_count - count - extra;
  control.init_height = static_cast<uint32_t>(buffers_.init_log.size());
  control.entered = live_;
  if (!buffers_.controls.push_back(control)) return fail_memory();
  state_.controls = buffers_.controls.data();
  ++state_.control_count;
  if (live_) {
    switch (inst_.op) {
      case Op::If: sink_.if_(top(), operands, operands + count); break;
      case Op::Loop: sink_.loop(top(), operands); break;
      case Op::TryTable: sink_.try_table(inst_, top(), operands); break;
      default: sink_.block(top(), operands); break;
    }
  }
  state_.operand_count -= extra;
  floor_ = control.height;
  return true;
}

// The labels of the catch clauses count from outside the block.
template <class Sink>
bool FunctionValidator<Sink>::try_table() {
  wasm::CatchList list(inst_);
  for (uint32_t i = 0; i < inst_.count; ++i) {
    if (!check_catch(list.next())) return false;
  }
  return block();
}

template <class Sink>
bool FunctionValidator<Sink>::check_catch(const wasm::CatchClause& clause) {
  ControlT* target;
  if (!label(clause.label, &target)) return false;
  const Types expected = target->label_types();
  Types params;
  if (clause.kind == wasm::CatchKind::Catch || clause.kind == wasm::CatchKind::CatchRef) {
    if (!check_tag(clause.tag.value)) return false;
    params = typed_.tag_type(clause.tag).func.params;
  }
  const bool has_exn =
      clause.kind == wasm::CatchKind::CatchRef || clause.kind == wasm::CatchKind::CatchAllRef;
  const size_t count = params.size() + (has_exn ? 1 : 0);
  if (count != expected.size()) return fail_arity("value", count, expected.size());
  return match_all(params, expected.first(params.size())) &&
         (!has_exn || match(ValType::ref(wasm::AbstractHeap::Exn, false), expected.back()));
}

// The operands of the innermost block are its results, no more and no less.
template <class Sink>
bool FunctionValidator<Sink>::check_results(ControlT& control) {
  const Types results = control.results();
  const uint32_t count = static_cast<uint32_t>(results.size());
  if (!need(count)) return false;
  const uint32_t present = state_.operand_count - floor_;
  if (present != count) return fail_height(present - count);
  return check_at(last(count), results);
}

template <class Sink>
bool FunctionValidator<Sink>::else_() {
  ControlT& control = top();
  if (control.op != Op::If) return fail(ErrorCode::IllegalOpcode, "found else outside of an if");
  if (!check_results(control)) return false;
  if (control.entered) {
    sink_.step(Op::Else, inst_.offset);
    sink_.else_(control, last(static_cast<uint32_t>(control.results().size())), live_);
  }
  reset_initialized(control.init_height);
  control.op = Op::Else;
  control.unreachable = false;
  live_ = control.entered;
  const Types params = control.params();
  set_types(state_.operands + control.height, params);
  state_.operand_count = control.height + static_cast<uint32_t>(params.size());
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::end() {
  ControlT& control = top();
  if (!check_results(control)) return false;
  const Types results = control.results();
  if (control.op == Op::If && !match_all(control.params(), results)) return false;
  OperandT* const operands = last(static_cast<uint32_t>(results.size()));
  if (control.entered) {
    sink_.step(Op::End, inst_.offset);
    sink_.end(control, operands, live_);
  }
  set_types(operands, results);
  live_ = control.entered;
  reset_initialized(control.init_height);
  buffers_.controls.pop_back();
  --state_.control_count;
  floor_ = state_.control_count != 0 ? top().height : 0;
  if (state_.control_count == 0) state_.operand_count = 0;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::label(uint32_t depth, ControlT** target) {
  if (depth >= state_.control_count) return fail_index(ErrorCode::UnknownLabel, depth, state_.control_count);
  *target = &state_.target(depth);
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::br() {
  ControlT* target;
  if (!label(inst_.index, &target)) return false;
  const Types types = target->label_types();
  if (!check(types)) return false;
  if (live_) sink_.br(inst_.index, *target, last(static_cast<uint32_t>(types.size())));
  set_unreachable();
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::br_if() {
  ControlT* target;
  if (!label(inst_.index, &target)) return false;
  const Types types = target->label_types();
  const uint32_t count = static_cast<uint32_t>(types.size());
  if (!need(count + 1)) return false;
  OperandT* const operands = last(count + 1);
  if (!match(operands[count].type, wasm::kI32) || !check_at(operands, types)) return false;
  if (live_) sink_.br_if(inst_.index, *target, operands);
  set_types(operands, types);
  --state_.operand_count;
  return true;
}

// One pass over the labels, all of which take as many values. Neighbours with the same types are compared once.
template <class Sink>
bool FunctionValidator<Sink>::br_table() {
  if (!check({wasm::kI32})) return false;
  wasm::LabelList list(inst_);
  Types previous;
  for (uint32_t i = 0; i <= inst_.count; ++i) {
    ControlT* target;
    if (!label(list.next(), &target)) return false;
    const Types types = target->label_types();
    if (i != 0 && types.size() != previous.size()) {
      return fail_arity("value", types.size(), previous.size());
    }
    if (i != 0 && types.data() == previous.data()) continue;
    const uint32_t count = static_cast<uint32_t>(types.size());
    if (!need(count + 1) || !check_at(last(count + 1), types)) return false;
    previous = types;
  }
  const uint32_t arity = static_cast<uint32_t>(previous.size());
  if (live_) sink_.br_table(inst_, arity, last(arity + 1));
  set_unreachable();
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::return_() {
  ControlT& body = state_.controls[0];
  const Types results = body.results();
  if (!check(results)) return false;
  if (live_) sink_.return_(body, last(static_cast<uint32_t>(results.size())));
  set_unreachable();
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::call() {
  if (inst_.index >= module_.funcs.size()) {
    return fail_index(ErrorCode::UnknownFunction, inst_.index, module_.funcs.size());
  }
  const CanonType& type = typed_.func_type(wasm::FuncIndex(inst_.index));
  return check(type.func.params) && finish_call(type, 0, inst_.op == Op::ReturnCall);
}

template <class Sink>
bool FunctionValidator<Sink>::call_indirect() {
  if (!check_table(inst_.second)) return false;
  if (!match(typed_.table_types[inst_.second], wasm::kFuncRef)) return false;
  const CanonType* type = func_type_at(inst_.index);
  if (type == nullptr) return false;
  const uint32_t count = static_cast<uint32_t>(type->func.params.size());
  if (!need(count + 1)) return false;
  const OperandT* const operands = last(count + 1);
  return match(operands[count].type, module_.tables[inst_.second].type.limits.index_type()) &&
         check_at(operands, type->func.params) && finish_call(*type, 1, inst_.op == Op::ReturnCallIndirect);
}

template <class Sink>
bool FunctionValidator<Sink>::call_ref() {
  const CanonType* type = func_type_at(inst_.index);
  if (type == nullptr) return false;
  const uint32_t count = static_cast<uint32_t>(type->func.params.size());
  if (!need(count + 1)) return false;
  const OperandT* const operands = last(count + 1);
  return match(operands[count].type, ValType::ref(HeapType::concrete(type->id.value), true)) &&
         check_at(operands, type->func.params) && finish_call(*type, 1, inst_.op == Op::ReturnCallRef);
}

// `extra` operands stand above the arguments; all are checked.
template <class Sink>
bool FunctionValidator<Sink>::finish_call(const CanonType& type, uint32_t extra, bool is_tail) {
  const Types results = type.func.results;
  if (is_tail && !match_all(results, state_.controls[0].results())) return false;
  const uint32_t inputs = static_cast<uint32_t>(type.func.params.size()) + extra;
  const uint32_t outputs = is_tail ? 0 : static_cast<uint32_t>(results.size());
  if (!reserve(uint64_t{state_.operand_count} - inputs + outputs)) return false;
  OperandT* const operands = last(inputs);
  if (live_) {
    switch (inst_.op) {
      case Op::Call: sink_.call(inst_.index, type, operands); break;
      case Op::CallIndirect: sink_.call_indirect(inst_, type, operands); break;
      case Op::CallRef: sink_.call_ref(inst_, type, operands); break;
      case Op::ReturnCall: sink_.return_call(inst_.index, type, operands); break;
      case Op::ReturnCallIndirect: sink_.return_call_indirect(inst_, type, operands); break;
      default: sink_.return_call_ref(inst_, type, operands); break;
    }
  }
  if (is_tail) {
    set_unreachable();
    return true;
  }
  set_types(operands, results);
  state_.operand_count = state_.operand_count - inputs + outputs;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::br_on_null() {
  ControlT* target;
  if (!label(inst_.index, &target)) return false;
  const Types types = target->label_types();
  const uint32_t count = static_cast<uint32_t>(types.size());
  if (!need(count + 1)) return false;
  OperandT* const operands = last(count + 1);
  if (!reference_operand(operands + count) || !check_at(operands, types)) return false;
  if (live_) sink_.br_on_null(inst_.index, *target, operands);
  set_types(operands, types);
  operands[count].type = operands[count].type.as_non_null();
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::br_on_non_null() {
  ControlT* target;
  if (!label(inst_.index, &target)) return false;
  const Types types = target->label_types();
  const uint32_t count = static_cast<uint32_t>(types.size());
  if (count == 0)
    return fail(ErrorCode::TypeMismatch,
                "expected a label that takes a reference, found one that takes nothing");
  if (!need(count)) return false;
  OperandT* const operands = last(count);
  if (!reference_operand(operands + count - 1) ||
      !match(operands[count - 1].type.as_non_null(), types.back()) ||
      !check_at(operands, types.first(count - 1))) {
    return false;
  }
  if (live_) sink_.br_on_non_null(inst_.index, *target, operands);
  set_types(operands, types.first(count - 1));
  --state_.operand_count;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::br_on_cast() {
  ControlT* target;
  if (!label(inst_.index, &target)) return false;
  ValType from = inst_.cast.source;
  ValType to = inst_.cast.target;
  if (!resolve(&from) || !resolve(&to) || !match(to, from)) return false;
  const ValType failed = to.nullable() ? from.as_non_null() : from;
  const bool on_success = inst_.op == Op::BrOnCast;
  const Types types = target->label_types();
  const uint32_t count = static_cast<uint32_t>(types.size());
  if (count == 0)
    return fail(ErrorCode::TypeMismatch,
                "expected a label that takes a reference, found one that takes nothing");
  if (!need(count)) return false;
  OperandT* const operands = last(count);
  if (!match(operands[count - 1].type, from) || !match(on_success ? to : failed, types.back()) ||
      !check_at(operands, types.first(count - 1))) {
    return false;
  }
  if (live_) sink_.br_on_cast(inst_, from, to, *target, operands);
  set_types(operands, types.first(count - 1));
  operands[count - 1].type = on_success ? failed : to;
  return true;
}

}  // namespace wherry::validate
