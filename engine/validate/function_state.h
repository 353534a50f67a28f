#pragma once

#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/types.h"

// What a FunctionValidator knows at one place of a body, and what it tells its sink. All types here are in
// canonical space.
namespace wherry::validate {

// An entry of the operand stack. `value` belongs to the sink.
template <class Sink>
struct Operand {
  wasm::ValType type;
  [[no_unique_address]] typename Sink::Value value;
};

// An entry of the control stack. `label` belongs to the sink.
template <class Sink>
struct Control {
  const wasm::FuncType* func = nullptr;  // Null: no parameters, and `result` alone unless it is Bottom.
  wasm::ValType result = wasm::ValKind::Bottom;
  uint32_t height = 0;            // Of the operand stack below its parameters.
  uint32_t init_height = 0;       // Of the log of initialised locals at its start.
  wasm::Op op = wasm::Op::Block;  // Block (also the body itself), Loop, If, Else (after `else`) or TryTable.
  bool unreachable = false;       // From here to its end or `else`, the operand stack is polymorphic.
  bool entered = false;           // Its start was reachable.
  [[no_unique_address]] typename Sink::Label label;

  std::span<const wasm::ValType> params() const {
    return func != nullptr ? func->params : std::span<const wasm::ValType>{};
  }
  std::span<const wasm::ValType> results() const {
    if (func != nullptr) return func->results;
    return {&result, result.kind() != wasm::ValKind::Bottom ? 1u : 0u};
  }
  // What a branch to it carries.
  std::span<const wasm::ValType> label_types() const { return op == wasm::Op::Loop ? params() : results(); }
};

// The stacks, growing upwards; the last entries are the top. The arrays move when they grow, so a sink keeps the
// FunctionState, not pointers into it.
template <class Sink>
struct FunctionState {
  const TypedModule* module = nullptr;
  wasm::FuncIndex func;
  const wasm::CanonType* type = nullptr;
  std::span<const wasm::ValType> locals;  // Parameters first.
  std::span<const uint8_t> body;          // Locals and code.
  uint64_t body_offset = 0;               // Of `body` in the file.
  size_t code_begin = 0;                  // In `body`: behind the declarations of locals.

  Operand<Sink>* operands = nullptr;
  uint32_t operand_count = 0;
  Control<Sink>* controls = nullptr;  // controls[0] is the body: `return` branches to it.
  uint32_t control_count = 0;

  Control<Sink>& target(uint32_t depth) { return controls[control_count - 1 - depth]; }
};

// The memory of a validator, which later functions use again. Not for two validators at a time.
template <class Sink>
struct ValidatorBuffers {
  base::Vector<Operand<Sink>> operands;
  base::Vector<Control<Sink>> controls;
  base::Vector<wasm::ValType> locals;
  base::Vector<uint64_t> initialized;  // A bit a local; used only when one has no default.
  base::Vector<uint32_t> init_log;
};

// The sink that ignores everything, and the contract of all sinks.
//
// A sink is called in reachable code only, after the types of the operands were checked and before they are
// popped: `operands` points at the first input, `state.operand_count` counts the inputs still. Results overlay
// inputs: a sink writes operands[i].value for result i (there is room); the validator sets types and heights
// afterwards. Input types are those found (in reachable code never Bottom), which may be subtypes of those expected.
// Code behind the `end` of a block counts as reachable when the block's start was, even if nothing can reach it.
//
// A sink that cannot go on makes failed() true; the validator then stops with take_error().
struct NullSink {
  struct Value {};
  struct Label {};
  using Operand = validate::Operand<NullSink>;
  using Control = validate::Control<NullSink>;
  using State = FunctionState<NullSink>;
  using Instruction = wasm::Instruction;
  using CanonType = wasm::CanonType;

  static constexpr bool failed() { return false; }
  static base::Error take_error() { return {}; }

  // Before the first instruction, controls[0] standing; and after the body's `end`, all stacks empty.
  void begin(State&) {}
  void finish() {}

  // Before everything else that is told of a reachable instruction (nop, block, end and else included; `end` and
  // `else` also where only the block's start was reachable). Nop stands for all others.
  void step(wasm::Op, uint64_t offset) { static_cast<void>(offset); }

  // Rows with a signature: constants, arithmetic, vectors, elem.drop, data.drop, atomic.fence; not nop.
  void simple(const Instruction&, Operand*) {}
  // Short cuts of it for i32.const and i64.const, and for operators with one result that stand in kFastRows. Such an
  // instruction may also come by simple().
  void constant(const Instruction&, Operand*) {}
  void unary(const Instruction&, Operand*) {}
  void binary(const Instruction&, Operand*) {}
  // Rows with a MemArg, AtomicArg or LaneArg; the memory's declaration has the index type.
  void memory_access(const Instruction&, const wasm::MemoryType&, Operand*) {}

  void local_get(uint32_t index, Operand* result) { static_cast<void>(index), static_cast<void>(result); }
  void local_set(uint32_t index, Operand*) { static_cast<void>(index); }
  void local_tee(uint32_t index, Operand*) { static_cast<void>(index); }
  void global_get(uint32_t index, Operand* result) { static_cast<void>(index), static_cast<void>(result); }
  void global_set(uint32_t index, Operand*) { static_cast<void>(index); }
  void drop(Operand*) {}
  // operands: first, second, condition; `type` is that of the result.
  void select(wasm::ValType, Operand*) {}

  // A block's parameters are operands[0..params). The control is on the stack already, the condition of an `if`
  // is not: its operand is `*condition`, right above the parameters, and is popped afterwards.
  void block(Control&, Operand*) {}
  void loop(Control&, Operand*) {}
  void if_(Control&, Operand*, Operand* condition) { static_cast<void>(condition); }
  void try_table(const Instruction&, Control&, Operand*) {}
  // For every control that was entered. `falls_through`: the place in front of `else` or `end` is reachable, and
  // operands[0..results) hold the results there; if not, they hold nothing. else_ writes the values of the
  // parameters for the second arm to operands[0..params), as if_ was given them; end those of the results for the
  // code behind to operands[0..results). At an `end`, control.op is If when there was no `else`. The body itself
  // ends so too.
  void else_(Control&, Operand*, bool falls_through) { static_cast<void>(falls_through); }
  void end(Control&, Operand*, bool falls_through) { static_cast<void>(falls_through); }

  // operands[0..n) are the label's values, n = target.label_types().size().
  void br(uint32_t depth, Control&, Operand*) { static_cast<void>(depth); }
  // operands[n] is the condition. The values stay for the code behind.
  void br_if(uint32_t depth, Control&, Operand*) { static_cast<void>(depth); }
  // Targets by LabelList, all valid; operands[arity] is the index.
  void br_table(const Instruction&, uint32_t arity, Operand*) { static_cast<void>(arity); }
  void return_(Control& body, Operand*) { static_cast<void>(body); }
  void unreachable() {}

  // operands[0..params) are the arguments; then, for call_indirect, the table index and, for call_ref, the
  // reference. `type` is the callee's; Instruction::second of call_indirect is the table.
  void call(uint32_t func, const CanonType&, Operand*) { static_cast<void>(func); }
  void call_indirect(const Instruction&, const CanonType&, Operand*) {}
  void call_ref(const Instruction&, const CanonType&, Operand*) {}
  void return_call(uint32_t func, const CanonType&, Operand*) { static_cast<void>(func); }
  void return_call_indirect(const Instruction&, const CanonType&, Operand*) {}
  void return_call_ref(const Instruction&, const CanonType&, Operand*) {}

  void ref_null(wasm::HeapType, Operand* result) { static_cast<void>(result); }
  void ref_func(uint32_t func, Operand* result) { static_cast<void>(func), static_cast<void>(result); }
  void ref_is_null(Operand*) {}
  void ref_as_non_null(Operand*) {}
  // operands[n] is the reference, which stays, not null, for the code behind.
  void br_on_null(uint32_t depth, Control&, Operand*) { static_cast<void>(depth); }
  // operands[n - 1] is the reference, the last of the label's values; it is gone for the code behind.
  void br_on_non_null(uint32_t depth, Control&, Operand*) { static_cast<void>(depth); }

  // memory.size to memory.fill, table.get to table.fill: all Special rows of "Tables" and "Memory". Indices in
  // the Instruction are valid.
  void bulk(const Instruction&, Operand*, uint32_t params, uint32_t results) {
    static_cast<void>(params), static_cast<void>(results);
  }
  // Aggregates and casts, ref.eq, throw, throw_ref (after which code is unreachable).
  void special(const Instruction&, Operand*, uint32_t params, uint32_t results) {
    static_cast<void>(params), static_cast<void>(results);
  }
  // operands[n - 1] is the reference, n as for br. br_on_cast and br_on_cast_fail; types in canonical space.
  void br_on_cast(const Instruction&, wasm::ValType source, wasm::ValType target, Control&, Operand*) {
    static_cast<void>(source), static_cast<void>(target);
  }
};

}  // namespace wherry::validate
