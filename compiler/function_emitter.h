#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/unit_context.h"
#include "engine/validate/function_state.h"
#include "engine/wasm/instruction.h"

namespace llvm {
class DominatorTree;
}

namespace wherry::compiler {

struct Label {
  llvm::BasicBlock* block = nullptr;      // Where branches go; its phis are what they carry.
  llvm::BasicBlock* otherwise = nullptr;  // Of an `if` until its `else`.
  uint32_t params = 0;                    // Of an `if`: the first of its parameters' values in if_params_.
  uint32_t scope = 0;                     // Of a try_table: the catch scope around it.
};

// The sink of validation that makes a function's IR: the validator's operand stack holds llvm::Values, its control stack
// blocks. One object serves one function. Contract of the members below the first group: NullSink in
// engine/validate/function_state.h. An instruction that cannot be compiled yet makes the function left out.
class FunctionEmitter {
 public:
  using Value = llvm::Value*;
  using Label = compiler::Label;
  using Operand = validate::Operand<FunctionEmitter>;
  using Control = validate::Control<FunctionEmitter>;
  using State = validate::FunctionState<FunctionEmitter>;
  using Instruction = wasm::Instruction;
  using CanonType = wasm::CanonType;

  FunctionEmitter(UnitContext& unit, llvm::Function* function);

  bool failed() const { return failed_; }
  base::Error take_error();
  // The function is valid as far as it was seen, but its code has to come from the interpreter.
  bool is_left_out() const { return failed_; }
  // Instead of running the validator: the code of a function that the interpreter runs.
  void emit_left_out(uint32_t defined, const CanonType& type);
  void emit_stub(const Stub& stub);

  void begin(State& state);
  void finish();
  void step(wasm::Op op, uint64_t offset);

  void simple(const Instruction& instruction, Operand* operands);
  void constant(const Instruction& instruction, Operand* operand);
  void unary(const Instruction& instruction, Operand* operand) { simple(instruction, operand); }
  void binary(const Instruction& instruction, Operand* operands) { simple(instruction, operands); }
  void memory_access(const Instruction& instruction, const wasm::MemoryType& type, Operand* operands);

  void local_get(uint32_t index, Operand* result);
  void local_set(uint32_t index, Operand* operand);
  void local_tee(uint32_t index, Operand* operand) { local_set(index, operand); }
  void global_get(uint32_t index, Operand* result);
  void global_set(uint32_t index, Operand* operand);
  void drop(Operand*) {}
  void select(wasm::ValType type, Operand* operands);

  void block(Control& control, Operand* params);
  void loop(Control& control, Operand* params);
  void if_(Control& control, Operand* params, Operand* condition);
  void try_table(const Instruction& instruction, Control& control, Operand* params);
  void else_(Control& control, Operand* operands, bool falls_through);
  void end(Control& control, Operand* operands, bool falls_through);
  void br(uint32_t depth, Control& target, Operand* values);
  void br_if(uint32_t depth, Control& target, Operand* values);
  void br_table(const Instruction& instruction, uint32_t arity, Operand* values);
  void return_(Control& body, Operand* values);
  void unreachable();

  void call(uint32_t func, const CanonType& type, Operand* arguments);
  void call_indirect(const Instruction& instruction, const CanonType& type, Operand* arguments);
  void call_ref(const Instruction& instruction, const CanonType& type, Operand* arguments);
  void return_call(uint32_t func, const CanonType& type, Operand* arguments);
  void return_call_indirect(const Instruction& instruction, const CanonType& type, Operand* arguments);
  void return_call_ref(const Instruction& instruction, const CanonType& type, Operand* arguments);

  void ref_null(wasm::HeapType heap, Operand* result);
  void ref_func(uint32_t func, Operand* result);
  void ref_is_null(Operand* operand);
  void ref_as_non_null(Operand* operand);
  void br_on_null(uint32_t depth, Control& target, Operand* values);
  void br_on_non_null(uint32_t depth, Control& target, Operand* values);
  void bulk(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results);
  void special(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results);
  void br_on_cast(const Instruction& instruction, wasm::ValType source, wasm::ValType target_type,
                  Control& target, Operand* values);

 private:
  // ---- shared tools (function_emitter.cc)
  void leave_out(wasm::Op op);
  void leave_out(std::string_view reason);
  void set_position(uint64_t offset);
  Builder& builder() { return builder_; }
  UnitContext& unit() { return unit_; }
  llvm::Value* context() { return context_; }
  llvm::BasicBlock* new_block(const char* name = "");
  llvm::Value* store_state();                                      // StoreState*; loaded once.
  llvm::Value* load_at_entry(llvm::Value* base, uint64_t offset);  // A pointer that never changes.
  llvm::Instruction* place_of_stack_check(llvm::DominatorTree& dominators);
  void check_stack(llvm::Instruction* before);
  void keep_context();
  llvm::Value* int32(uint32_t value) { return llvm::ConstantInt::get(unit_.i32(), value); }
  llvm::Value* int64(uint64_t value) { return llvm::ConstantInt::get(unit_.i64(), value); }

  // Goes on in a new block; when `condition` holds, traps. The test is expected to fail.
  void trap_if(llvm::Value* condition, wasm::TrapCode code);
  void trap(wasm::TrapCode code);  // Ends the block.
  // Traps with the code that a builtin returned, unless it is None.
  void trap_unless_none(llvm::Value* code);

  void close_value_stack();
  // Calls the member of Builtins at `field_offset` in the C convention, with the context in front of the arguments. Closes the
  // value stack first. `returns` null: nothing.
  llvm::CallInst* call_builtin(uint64_t field_offset, llvm::Type* returns,
                               std::initializer_list<llvm::Value*> arguments);
  // The member of NativeBuiltins at `field_offset`, as a function pointer.
  llvm::Value* native_builtin(uint64_t field_offset);
  // A place on the native stack of so many 8-byte slots, in the entry block.
  llvm::AllocaInst* stack_slots(uint32_t count);

  // ---- memory (emit_memory.cc)
  // The address of an access of `size_bytes` bytes: checked, unless the memory's guard does. `is_checked` forces a check.
  llvm::Value* effective_address(const Instruction& instruction, const wasm::MemoryType& type,
                                 llvm::Value* index, uint32_t size_bytes, bool is_checked = false);
  llvm::Value* memory_object(uint32_t memory);
  llvm::Value* memory_base(uint32_t memory);
  llvm::Value* memory_size(uint32_t memory);  // In bytes, i64.
  llvm::Value* global_address(uint32_t index);
  // Plain accesses with the right alias class that keep their traps; alignment is 1.
  llvm::Value* load_memory(llvm::Type* type, llvm::Value* address, uint32_t memory);
  void store_memory(llvm::Value* value, llvm::Value* address, uint32_t memory);
  bool relies_on_guard(const Instruction& instruction, const wasm::MemoryType& type) const;
  // v128 loads and stores, lanes, splats (emit_simd_memory.cc), and atomics (emit_atomics.cc).
  void vector_access(const Instruction& instruction, const wasm::MemoryType& type, Operand* operands);
  void atomic_access(const Instruction& instruction, const wasm::MemoryType& type, Operand* operands);
  void atomic_wait(const Instruction& instruction, uint32_t size_bytes, Operand* operands);
  void atomic_fence();

  // ---- numbers (emit_numeric.cc)
  void number_op(const Instruction& instruction, Operand* operands);
  llvm::Value* divide(uint32_t opcode, llvm::Value* left, llvm::Value* right);
  llvm::Value* truncate(llvm::Value* value, llvm::Type* to, bool is_signed);
  void wide_op(wasm::Op op, Operand* operands);
  llvm::Value* quiet(llvm::Value* value);
  llvm::Value* canonical_nan(const Instruction& instruction, llvm::Value* value);
  // Vectors (emit_simd.cc): operands and result as <2 x i64>, i32, i64, float or double.
  llvm::Value* vector_op(const Instruction& instruction, std::span<llvm::Value* const> operands);

  // ---- control (emit_control.cc)
  // The phis of a label's values, in order, in a new block.
  llvm::BasicBlock* label_block(std::span<const wasm::ValType> types, const char* name);
  // Adds the values of a branch from the current block to the target's phis and answers where to branch to.
  llvm::BasicBlock* branch_target(Control& target, const Operand* values);
  void zero_operands(std::span<const wasm::ValType> types, Operand* operands);
  void take_phis(llvm::BasicBlock* block, std::span<const wasm::ValType> types, Operand* operands);
  void conditional_branch(llvm::Value* condition, Control& target, const Operand* values);
  void emit_return(const llvm::SmallVectorImpl<llvm::Value*>& values);
  bool is_body(const Control& target) const { return &target == state_->controls; }

  // ---- calls (emit_calls.cc)
  struct Callee {
    llvm::Value* code;     // The address to call.
    llvm::Value* context;  // What to pass in swiftself.
  };
  void make_object(llvm::Value* object);
  void ensure_made(llvm::Value* object);
  void check_type(llvm::Value* object, const CanonType& type);
  // The address to call with the own context.
  llvm::Value* indirect_code(const Instruction& instruction, const CanonType& type, llvm::Value* index);
  // The code that `call` calls: `native` from here on, or by way of `slow` the stub, which finds `callee` at its place in the store's
  // state.
  llvm::Value* code_or_stub(llvm::Value* native, llvm::Value* stub, llvm::BasicBlock* call,
                            llvm::BasicBlock* slow, llvm::Value* callee, uint64_t callee_offset);
  // The same in two parts: goes to `slow` unless the entry can be called as it is, and answers its code.
  llvm::Value* entry_code(uint32_t table, const CanonType& type, llvm::Value* index, llvm::BasicBlock* slow);
  llvm::Value* constant_code(uint32_t table, const CanonType& type, llvm::Value* index,
                             llvm::BasicBlock* slow);
  void unless(llvm::Value* condition, llvm::BasicBlock* otherwise);
  llvm::Value* object_code(llvm::Value* reference, const CanonType& type);
  llvm::Value* wanted_id(const CanonType& type);
  void begin_stub();
  void forward(llvm::Value* code, llvm::Value* callee_context, const CanonType& type);
  llvm::Value* table_object(uint32_t table);
  llvm::Value* table_entry(uint32_t table, llvm::Value* index,
                           wasm::TrapCode code);  // Its address; outside traps.
  void table_op(const Instruction& instruction, Operand* operands);
  llvm::Value* grow(uint64_t field, llvm::ArrayRef<llvm::Value*> arguments);
  void emit_direct(uint32_t func, const CanonType& type, Operand* arguments, bool is_tail);
  // Where a made FuncObject is called. Sets StoreState::callee when that is a leave thunk.
  Callee callee_of(llvm::Value* object, const CanonType& type);
  llvm::Value* func_object(uint32_t func);  // Made.
  struct CallValues {
    llvm::SmallVector<llvm::Value*, 16> all;
    llvm::Value* slots = nullptr;  // Where results go that do not fit registers.
  };
  CallValues call_values(llvm::Value* callee_context, const CanonType& type, const Operand* arguments,
                         bool is_tail);
  void take_results(llvm::Value* returned, llvm::Value* slots, const CanonType& type, Operand* results_at);
  void call_one_of(std::span<const UnitContext::KnownCallee> callees, uint32_t table, const CanonType& type,
                   Operand* arguments);
  void emit_call(llvm::Value* code, llvm::Value* callee_context, const CanonType& type, Operand* arguments,
                 bool is_tail, bool may_throw = true);
  // Behind a call: goes on if nothing was thrown (emit_exceptions.cc). The callee may be one of which that is known.
  void after_call(bool may_throw = true);

  // ---- heap and exceptions (emit_gc.cc, emit_exceptions.cc); false: not compiled, the function is left out.
  bool heap_op(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results);
  bool exception_op(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results);
  // i1: whether a reference is of the target type.
  llvm::Value* is_of_type(llvm::Value* reference, wasm::ValType source, wasm::ValType target);
  void barrier(llvm::Value* holder, llvm::Value* value);

  llvm::Value* object_address(llvm::Value* reference, uint64_t offset);
  llvm::Value* array_length(llvm::Value* reference);
  llvm::Value* element_address(const CanonType& type, llvm::Value* reference, llvm::Value* index);
  llvm::Value* load_storage(wasm::ValType storage, llvm::Value* address, bool is_signed);
  void store_element(wasm::ValType storage, llvm::Value* value, llvm::Value* address);
  void store_field(wasm::ValType storage, llvm::Value* value, llvm::Value* payload, uint32_t slot);
  llvm::Value* scratch_slots(uint32_t count);
  llvm::Value* element_slots(const CanonType& type, llvm::Value* value);
  llvm::Value* result_slot();
  llvm::Value* type_id(const CanonType& type);
  llvm::Value* allocate(const CanonType& type, uint32_t length, uint64_t size_bytes);
  void complete_object();
  void struct_new(const Instruction& instruction, Operand* operands);
  void struct_access(const Instruction& instruction, Operand* operands);
  void array_access(const Instruction& instruction, Operand* operands);
  void array_new(const Instruction& instruction, Operand* operands, uint32_t params);
  void array_new_fixed(const CanonType& type, uint32_t length, Operand* operands);
  void array_bulk(const Instruction& instruction, Operand* operands);
  // emit_casts.cc
  llvm::Value* type_of_id(llvm::Value* id);
  llvm::Value* is_below(llvm::Value* found, const CanonType& type, llvm::Value* wanted);
  llvm::Value* header_id(llvm::Value* reference);
  llvm::Value* is_of_defined(llvm::Value* reference, wasm::HeapType source, const CanonType& type);
  llvm::Value* is_of_abstract(llvm::Value* reference, wasm::AbstractHeap heap);
  void cast(const Instruction& instruction, Operand* operand);
  // emit_exceptions.cc
  llvm::BasicBlock* throw_target(uint32_t scope);
  llvm::Value* tag_identity(wasm::TagIndex tag);
  void catch_exception(const wasm::CatchClause& clause, llvm::Value* exception);

  // ---- metering (emit_control.cc)
  void begin_segment();
  void end_segment();

  // A function of more is left to the interpreter: about 2 MB of code.
  static constexpr uint64_t kMostWork = 1'000'000;

  UnitContext& unit_;
  llvm::Function* function_;
  Builder builder_;
  State* state_ = nullptr;
  llvm::Value* context_ = nullptr;
  llvm::Value* result_slots_ = nullptr;     // Where results go when they do not fit registers.
  llvm::Instruction* entry_end_ = nullptr;  // What is needed everywhere is put in front of this.
  llvm::Value* store_state_ = nullptr;
  std::vector<llvm::Value*> memory_bases_;
  std::vector<llvm::AllocaInst*> locals_;
  std::vector<llvm::Value*> if_params_;
  llvm::DISubprogram* subprogram_ = nullptr;
  llvm::Instruction* fuel_charge_ = nullptr;  // Of the segment that is open: its constant is set at the end.
  uint64_t fuel_ = 0;
  uint64_t offset_ = 0;
  uint32_t scope_ = 0;  // The innermost try_table with clauses: its number in handlers_, plus 1.
  std::vector<llvm::BasicBlock*> handlers_;
  bool has_calls_ = false;
  llvm::BasicBlock* throw_return_ = nullptr;
  llvm::Value* scratch_ = nullptr;
  uint32_t scratch_count_ = 0;
  uint64_t size_ = 0;  // Instructions and phi entries made, roughly.
  bool failed_ = false;
  base::Error error_{};
};

}  // namespace wherry::compiler
