#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "compiler/options.h"
#include "compiler/unit.h"
#include "engine/abi/layout.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/traps.h"

namespace wherry::compiler {

using Builder = llvm::IRBuilder<>;

// Classes of memory that never alias each other (TBAA). Linear memories have one each.
enum class AliasClass : uint8_t {
  Context,   // Fields of the Context and what they point to, unless it is one of the following.
  Global,    // Slots of globals.
  Table,     // Table objects and entries.
  Function,  // FuncObjects and FuncCodes.
  Store,     // StoreState and Activation.
  Heap,      // Objects of the collected heap, but for...
  Header,    // ...their headers, which never change.
  Slots,     // Arguments and results that pass through memory.
};

// A function that calls, with its own arguments, what is not known well enough to be called in place.
struct Stub {
  enum class Callee : uint8_t {
    TableEntry,  // Entry StoreState::callee_index of a table, with all its checks.
    Object,      // StoreState::callee, which need not be made.
  };
  Callee callee;
  uint32_t table;
  const wasm::CanonType* type;
  llvm::Function* function;  // To be emitted (FunctionEmitter::emit_stub).
};

// One LLVM module that is being made, and everything its functions share: types, declarations, alias classes. For one thread.
class UnitContext {
 public:
  UnitContext(const validate::TypedModule& module, const Options& options, const Unit& unit);
  ~UnitContext();
  UnitContext(const UnitContext&) = delete;
  UnitContext& operator=(const UnitContext&) = delete;

  const validate::TypedModule& typed() const { return typed_; }
  const wasm::Module& wasm_module() const { return typed_.module; }
  const Options& options() const { return options_; }
  const ModuleFacts& facts() const { return *facts_; }
  const abi::ContextLayout& layout() const { return layout_; }
  uint32_t global_offset(uint32_t global) const { return global_offsets_[global]; }
  bool is_exact() const { return options_.trap_precision == TrapPrecision::Exact; }

  llvm::LLVMContext& llvm_context() { return context_; }
  llvm::Module& llvm_module() { return *module_; }

  // ---- types
  llvm::Type* type_of(wasm::ValType type);
  llvm::FunctionType* function_type(const wasm::CanonType& type);
  llvm::IntegerType* i1() { return i1_; }
  llvm::IntegerType* i8() { return i8_; }
  llvm::IntegerType* i32() { return i32_; }
  llvm::IntegerType* i64() { return i64_; }
  llvm::PointerType* ptr() { return ptr_; }
  // The value that locals begin with, and that is in place of what cannot be reached.
  llvm::Constant* zero(wasm::ValType type);

  // ---- functions
  // The native function of a defined index; declared when another unit has it.
  llvm::Function* function(uint32_t defined);
  // Declared on first use.
  llvm::Function* leave_thunk(const wasm::CanonType& type);
  bool has_leave_thunk(const wasm::CanonType& type);
  // Declared on first use, in this unit; whoever emits the unit emits stubs() when all functions are there.
  llvm::Function* indirect_stub(uint32_t table, const wasm::CanonType& type);
  llvm::Function* object_stub(const wasm::CanonType& type);
  std::span<const Stub> stubs() const { return stubs_; }
  llvm::CallingConv::ID convention() const;
  // The constants of a table that never changes (ModuleFacts::constant_tables): for each entry, as i32, the index of its
  // function's type, kNoConstant for entries that are not known; and for each entry jump_bytes() of code that jump to it.
  llvm::GlobalVariable* constant_table(uint32_t table);
  llvm::GlobalVariable* jump_table(uint32_t table);
  uint32_t jump_bytes() const { return options_.architecture == Architecture::X86_64 ? 8 : 4; }
  void define_constant_tables();
  // What may be called by an index into such a table with a type, when it is worth comparing the index: entries and their defined
  // functions, few, and small if more than two. Otherwise nothing.
  struct KnownCallee {
    uint32_t entry;
    uint32_t defined;
  };
  std::span<const KnownCallee> known_callees(uint32_t table, const wasm::CanonType& type);
  // Called with the context: leaves by NativeBuiltins::trap, which takes the caller's return address for the trap's place.
  llvm::Function* trap_function(wasm::TrapCode code);
  // Sets convention, attributes and the context's parameter of a function, or of a call, of native signature.
  void set_native(llvm::Function* function);
  void set_native(llvm::CallInst* call);
  // The index by which a module's `types` row of a canonical type is found.
  uint32_t type_index(const wasm::CanonType& type);

  // ---- memory
  llvm::MDNode* alias_tag(AliasClass alias) { return alias_tags_[static_cast<uint32_t>(alias)]; }
  llvm::MDNode* memory_tag(uint32_t memory);
  // Whether accesses to a memory may rely on its guard.
  bool may_fault(uint32_t memory) const {
    const wasm::MemoryType& type = wasm_module().memories[memory].type;
    return options_.guard_pages && !type.limits.is_64 && type.page_size_log2 == 16;
  }
  bool is_shared(uint32_t memory) const { return wasm_module().memories[memory].type.limits.is_shared; }
  // Whether any access of the module may.
  bool may_fault() const { return may_fault_; }
  // With exact traps, what the guest writes to globals, tables and objects must be there when a later access faults, of which LLVM knows
  // nothing: such stores are volatile, as those to memory are.
  void keep_order(llvm::StoreInst* store, AliasClass alias) const;
  // `base` + `offset`, read as `type`. Invariant: it never changes while the instance lives.
  llvm::LoadInst* load(Builder& builder, llvm::Type* type, llvm::Value* base, uint64_t offset,
                       AliasClass alias);
  llvm::LoadInst* load_invariant(Builder& builder, llvm::Type* type, llvm::Value* base, uint64_t offset);
  llvm::StoreInst* store(Builder& builder, llvm::Value* value, llvm::Value* base, uint64_t offset,
                         AliasClass alias);
  llvm::Value* address(Builder& builder, llvm::Value* base, uint64_t offset);
  // Reads and writes a value of a Wasm type as slots hold it.
  llvm::Value* load_slot(Builder& builder, wasm::ValType type, llvm::Value* slots, uint64_t slot,
                         AliasClass alias);
  void store_slot(Builder& builder, wasm::ValType type, llvm::Value* value, llvm::Value* slots, uint64_t slot,
                  AliasClass alias);

  // ---- attributes and debug information
  void set_common_attributes(llvm::Function* function);
  void set_subprogram(llvm::Function* function);
  void finish_debug_information() { debug_->finalize(); }
  llvm::MDNode* unlikely() { return unlikely_; }  // !prof of a branch whose first target is cold.

 private:
  llvm::Function* stub(const std::string& name, const Stub& stub);
  void make_types();
  void make_alias_tags();
  void make_debug_unit();
  std::vector<KnownCallee> find_known_callees(uint32_t table, const wasm::CanonType& type);
  llvm::GlobalVariable* entries_of(const char* kind, uint32_t table, llvm::Type* entry);
  std::string jumps_text(uint32_t table);

  const validate::TypedModule& typed_;
  const Options& options_;
  ModuleFacts own_facts_;  // Unless the unit brings some.
  const ModuleFacts* facts_;
  bool may_fault_ = false;
  std::vector<bool> is_here_;      // By defined index.
  std::vector<bool> is_internal_;  // By defined index.
  abi::ContextLayout layout_;
  base::Vector<uint32_t> global_offsets_;

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
  llvm::IntegerType* i1_ = nullptr;
  llvm::IntegerType* i8_ = nullptr;
  llvm::IntegerType* i32_ = nullptr;
  llvm::IntegerType* i64_ = nullptr;
  llvm::PointerType* ptr_ = nullptr;
  llvm::Type* f32_ = nullptr;
  llvm::Type* f64_ = nullptr;
  llvm::Type* v128_ = nullptr;
  llvm::MDNode* alias_root_ = nullptr;
  llvm::MDNode* alias_tags_[8] = {};
  std::vector<llvm::MDNode*> memory_tags_;
  llvm::MDNode* unlikely_ = nullptr;
  std::unique_ptr<llvm::DIBuilder> debug_;
  llvm::DIFile* debug_file_ = nullptr;
  llvm::DISubroutineType* debug_type_ = nullptr;
  std::vector<llvm::Function*> functions_;
  std::vector<Stub> stubs_;
  llvm::DenseMap<uint32_t, uint32_t> type_indices_;  // By canonical id.
  llvm::DenseMap<std::pair<uint32_t, uint32_t>, std::vector<KnownCallee>>
      known_callees_;  // By table and type's index.
};

}  // namespace wherry::compiler
