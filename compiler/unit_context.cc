// The LLVM module of a unit: types, declarations, alias classes, debug information.
//
// Everything the optimizer is told beyond the plain meaning of the code is told here. Memory is cut into classes (TBAA) that no
// two accesses of different classes share: linear memories one each, since their reservations are apart from each other and from
// the runtime's own memory. What never changes while an instance lives (a memory's base, the builtins, the context's
// pointers) is read by invariant loads, which LLVM moves freely. Nothing is said that Wasm does not guarantee: no inbounds, no nsw,
// no noalias on contexts (an imported function's context may be the caller's own), no mustprogress.
#include "compiler/unit_context.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/MDBuilder.h>

#include "compiler/constant_tables.h"
#include "engine/abi/context.h"
#include "engine/abi/native.h"

namespace wherry::compiler {

using wasm::ValKind;
using wasm::ValType;

UnitContext::UnitContext(const validate::TypedModule& module, const Options& options, const Unit& unit)
    : typed_(module), options_(options), layout_(abi::layout_of(module.module)) {
  if (unit.facts == nullptr) own_facts_ = scan_module(module);
  facts_ = unit.facts != nullptr ? unit.facts : &own_facts_;
  static_cast<void>(abi::global_offsets(module.module, layout_, &global_offsets_));
  is_here_.resize(module.module.bodies.size());
  is_internal_.resize(module.module.bodies.size());
  functions_.resize(module.module.bodies.size());
  for (const uint32_t index : unit.functions) is_here_[index] = true;
  for (const uint32_t index : unit.internal) is_internal_[index] = true;
  for (uint32_t i = 0; i < module.types.size(); ++i) {
    type_indices_.try_emplace(module.types[wasm::TypeIndex(i)].id.value, i);
  }
  module_ = std::make_unique<llvm::Module>("unit", context_);
  for (uint32_t i = 0; i < module.module.memories.size(); ++i) may_fault_ |= may_fault(i);
  make_types();
  make_alias_tags();
  make_debug_unit();
}

UnitContext::~UnitContext() = default;

// --- Types ---

void UnitContext::make_types() {
  i1_ = llvm::Type::getInt1Ty(context_);
  i8_ = llvm::Type::getInt8Ty(context_);
  i32_ = llvm::Type::getInt32Ty(context_);
  i64_ = llvm::Type::getInt64Ty(context_);
  ptr_ = llvm::PointerType::getUnqual(context_);
  f32_ = llvm::Type::getFloatTy(context_);
  f64_ = llvm::Type::getDoubleTy(context_);
  v128_ = llvm::FixedVectorType::get(i64_, 2);
}

llvm::Type* UnitContext::type_of(ValType type) {
  switch (type.kind()) {
    case ValKind::I32: return i32_;
    case ValKind::F32: return f32_;
    case ValKind::F64: return f64_;
    case ValKind::V128: return v128_;
    default: return i64_;
  }
}

llvm::Constant* UnitContext::zero(ValType type) { return llvm::Constant::getNullValue(type_of(type)); }

// Context, slots for the results where registers do not suffice, parameters. docs/abi.md, "Native code".
llvm::FunctionType* UnitContext::function_type(const wasm::CanonType& type) {
  const std::span<const ValType> results = type.func.results;
  const bool in_memory = abi::native_results_in_memory(results);
  llvm::SmallVector<llvm::Type*, 16> params{ptr_};
  if (in_memory) params.push_back(ptr_);
  for (const ValType param : type.func.params) params.push_back(type_of(param));
  llvm::Type* result = llvm::Type::getVoidTy(context_);
  if (!in_memory && results.size() == 1) result = type_of(results[0]);
  if (!in_memory && results.size() > 1) {
    llvm::SmallVector<llvm::Type*, 8> parts;
    for (const ValType part : results) parts.push_back(type_of(part));
    result = llvm::StructType::get(context_, parts);
  }
  return llvm::FunctionType::get(result, params, false);
}

uint32_t UnitContext::type_index(const wasm::CanonType& type) { return type_indices_.lookup(type.id.value); }

// --- Functions ---

void UnitContext::set_native(llvm::Function* function) {
  function->setCallingConv(convention());
  function->addParamAttr(0, llvm::Attribute::SwiftSelf);
  function->addParamAttr(0, llvm::Attribute::NoUndef);
  function->addParamAttr(0, llvm::Attribute::NonNull);
  function->addParamAttr(0, llvm::Attribute::getWithAlignment(context_, llvm::Align(64)));
  function->addParamAttr(0, llvm::Attribute::getWithDereferenceableBytes(context_, layout_.size_bytes));
  set_common_attributes(function);
}

void UnitContext::set_native(llvm::CallInst* call) {
  call->setCallingConv(convention());
  call->addParamAttr(0, llvm::Attribute::SwiftSelf);
}

void UnitContext::set_common_attributes(llvm::Function* function) {
  function->addFnAttr(llvm::Attribute::NoUnwind);
  function->addFnAttr("frame-pointer", "all");
  function->addFnAttr("disable-tail-calls",
                      "true");  // Frames of plain calls stay; musttail is not concerned.
  function->addFnAttr("no-builtins");
  function->addFnAttr("null-pointer-is-valid", "true");
  function->addFnAttr(llvm::Attribute::NullPointerIsValid);
  function->setDSOLocal(true);
}

llvm::Function* UnitContext::function(uint32_t defined) {
  llvm::Function*& known = functions_[defined];
  if (known != nullptr) return known;
  const wasm::FuncIndex func(wasm_module().imported_funcs + defined);
  const bool is_internal = is_here_[defined] && is_internal_[defined];
  known = llvm::Function::Create(
      function_type(typed_.func_type(func)),
      is_internal ? llvm::GlobalValue::InternalLinkage : llvm::GlobalValue::ExternalLinkage,
      "f" + llvm::Twine(defined), *module_);
  if (!is_internal) known->setVisibility(llvm::GlobalValue::HiddenVisibility);
  set_native(known);
  return known;
}

// Calls give up the context's register and the callee's arguments on the stack with the convention of tail calls, which costs
// half the time of a small recursive function; so only modules that have tail calls use it.
llvm::CallingConv::ID UnitContext::convention() const {
  return facts_->has_tail_calls ? llvm::CallingConv::SwiftTail : llvm::CallingConv::Swift;
}

llvm::Function* UnitContext::stub(const std::string& name, const Stub& stub) {
  if (llvm::Function* const known = module_->getFunction(name)) return known;
  llvm::Function* const function =
      llvm::Function::Create(function_type(*stub.type), llvm::GlobalValue::InternalLinkage, name, *module_);
  set_native(function);
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addFnAttr(llvm::Attribute::Cold);
  stubs_.push_back(stub);
  stubs_.back().function = function;
  return function;
}

llvm::Function* UnitContext::indirect_stub(uint32_t table, const wasm::CanonType& type) {
  return stub("indirect" + std::to_string(type_index(type)) + "." + std::to_string(table),
              {Stub::Callee::TableEntry, table, &type, nullptr});
}

llvm::Function* UnitContext::object_stub(const wasm::CanonType& type) {
  return stub("object" + std::to_string(type_index(type)), {Stub::Callee::Object, 0, &type, nullptr});
}

// An array for each entry of a table that never changes; its contents come later.
llvm::GlobalVariable* UnitContext::entries_of(const char* kind, uint32_t table, llvm::Type* entry) {
  const std::string name = kind + std::to_string(table);
  if (llvm::GlobalVariable* const known = module_->getNamedGlobal(name)) return known;
  auto* const entries =
      new llvm::GlobalVariable(*module_, llvm::ArrayType::get(entry, facts_->constant_tables[table].size()),
                               true, llvm::GlobalValue::ExternalLinkage, nullptr, name);
  entries->setVisibility(llvm::GlobalValue::HiddenVisibility);
  entries->setDSOLocal(true);
  entries->setAlignment(llvm::Align(8));
  return entries;
}

llvm::GlobalVariable* UnitContext::constant_table(uint32_t table) { return entries_of("table", table, i32_); }

// Data for LLVM, which knows what a call of a function of another type means: nothing.
llvm::GlobalVariable* UnitContext::jump_table(uint32_t table) {
  return entries_of("jumps", table, llvm::ArrayType::get(i8_, jump_bytes()));
}

// As numbers on x86-64: the assembler would have to be kept from making some jumps shorter. An entry that is not known traps.
std::string UnitContext::jumps_text(uint32_t table) {
  const bool is_x86 = options_.architecture == Architecture::X86_64;
  std::string text;
  for (const uint32_t func : facts_->constant_tables[table]) {
    if (func == kNoConstant || func < wasm_module().imported_funcs) {
      text += is_x86 ? "ud2\n.zero 6\n" : "udf #0\n";
      continue;
    }
    const std::string callee = "f" + std::to_string(func - wasm_module().imported_funcs);
    text += is_x86 ? ".byte 0xe9\n.long " + callee + "-.-4\n.zero 3\n" : "b " + callee + "\n";
  }
  return text;
}

void UnitContext::define_constant_tables() {
  for (uint32_t table = 0; table < facts_->constant_tables.size(); ++table) {
    const std::vector<uint32_t>& functions = facts_->constant_tables[table];
    if (functions.empty()) continue;
    std::vector<uint32_t> types;
    for (const uint32_t func : functions) {
      const bool is_known = func != kNoConstant && func >= wasm_module().imported_funcs;
      types.push_back(is_known ? type_index(typed_.func_type(wasm::FuncIndex(func))) : kNoConstant);
      if (is_known) static_cast<void>(function(func - wasm_module().imported_funcs));
    }
    constant_table(table)->setInitializer(llvm::ConstantDataArray::get(context_, types));
    const std::string name = "jumps" + std::to_string(table);
    std::string text = ".text\n.p2align 4\n.globl ";
    text.append(name).append("\n.hidden ").append(name).append("\n.type ").append(name);
    text.append(",@function\n").append(name).append(":\n").append(jumps_text(table));
    text.append(".size ").append(name).append(", .-").append(name).append("\n");
    module_->appendModuleInlineAsm(text);
  }
}

bool UnitContext::has_leave_thunk(const wasm::CanonType& type) {
  return module_->getFunction("leave" + std::to_string(type_index(type))) != nullptr;
}

// Comparing an index with one or two numbers is less than looking it up. Of small functions, which are inlined, a few more are worth it: a
// jump that is guessed wrong is known to be so without a load.
std::vector<UnitContext::KnownCallee> UnitContext::find_known_callees(uint32_t table,
                                                                      const wasm::CanonType& type) {
  constexpr size_t kMostEntries = 8;
  constexpr size_t kMostFunctions = 4;
  constexpr uint32_t kSmall = 24;
  std::vector<KnownCallee> found;
  llvm::SmallDenseSet<uint32_t> functions;
  bool are_small = true;
  const std::vector<uint32_t>& entries = facts_->constant_tables[table];
  for (uint32_t entry = 0; entry < entries.size(); ++entry) {
    const uint32_t func = entries[entry];
    if (func == kNoConstant || func < wasm_module().imported_funcs) continue;
    if (typed_.func_type(wasm::FuncIndex(func)).id.value != type.id.value) continue;
    const uint32_t defined = func - wasm_module().imported_funcs;
    found.push_back({entry, defined});
    functions.insert(defined);
    are_small = are_small && is_here_[defined] && facts_->weights[defined] <= kSmall;
    if (found.size() > kMostEntries || functions.size() > (are_small ? kMostFunctions : 2)) return {};
  }
  return found;
}

std::span<const UnitContext::KnownCallee> UnitContext::known_callees(uint32_t table,
                                                                     const wasm::CanonType& type) {
  if (facts_->constant_tables[table].empty()) return {};
  const auto [found, is_new] = known_callees_.try_emplace({table, type_index(type)});
  if (is_new) found->second = find_known_callees(table, type);
  return found->second;
}

llvm::Function* UnitContext::leave_thunk(const wasm::CanonType& type) {
  const std::string name = "leave" + std::to_string(type_index(type));
  if (llvm::Function* known = module_->getFunction(name)) return known;
  llvm::Function* const thunk =
      llvm::Function::Create(function_type(type), llvm::GlobalValue::ExternalLinkage, name, *module_);
  thunk->setVisibility(llvm::GlobalValue::HiddenVisibility);
  set_native(thunk);
  return thunk;
}

std::string trap_name(wasm::TrapCode code) { return "trap" + std::to_string(static_cast<uint32_t>(code)); }

// Call sites are five bytes: the registers are set up here. It jumps, so that the return address is the trap's place.
llvm::Function* UnitContext::trap_function(wasm::TrapCode code) {
  const auto number = static_cast<uint32_t>(code);
  const std::string name = trap_name(code);
  if (llvm::Function* known = module_->getFunction(name)) return known;
  llvm::Type* const nothing = llvm::Type::getVoidTy(context_);
  llvm::Function* const function = llvm::Function::Create(llvm::FunctionType::get(nothing, {ptr_}, false),
                                                          llvm::GlobalValue::InternalLinkage, name, *module_);
  function->setCallingConv(convention());
  function->addParamAttr(0, llvm::Attribute::SwiftSelf);
  for (const llvm::Attribute::AttrKind kind :
       {llvm::Attribute::Naked, llvm::Attribute::NoInline, llvm::Attribute::Cold, llvm::Attribute::NoReturn,
        llvm::Attribute::NoUnwind}) {
    function->addFnAttr(kind);
  }
  function->addFnAttr(llvm::Attribute::OptimizeNone);
  const std::string table = std::to_string(offsetof(abi::Context, native));
  const std::string entry = std::to_string(offsetof(abi::NativeBuiltins, trap));
  const std::string text = options_.architecture == Architecture::X86_64
                               ? "movq %r13, %rdi\nmovl $$" + std::to_string(number) + ", %esi\nmovq " +
                                     table + "(%r13), %rax\njmpq *" + entry + "(%rax)"
                               : "mov x0, x20\nmov w1, #" + std::to_string(number) + "\nldr x16, [x20, #" +
                                     table + "]\nldr x16, [x16, #" + entry + "]\nbr x16";
  Builder builder(llvm::BasicBlock::Create(context_, "", function));
  builder.CreateCall(llvm::InlineAsm::get(llvm::FunctionType::get(nothing, false), text, "", true));
  builder.CreateUnreachable();
  return function;
}

// --- Memory ---

void UnitContext::make_alias_tags() {
  llvm::MDBuilder metadata(context_);
  alias_root_ = metadata.createTBAARoot("wherry");
  const auto tag = [&](llvm::StringRef name) {
    llvm::MDNode* const type = metadata.createTBAAScalarTypeNode(name, alias_root_);
    return metadata.createTBAAStructTagNode(type, type, 0);
  };
  constexpr const char* kNames[] = {"context", "global", "table",  "function",
                                    "store",   "heap",   "header", "slots"};
  for (size_t i = 0; i < std::size(kNames); ++i) alias_tags_[i] = tag(kNames[i]);
  for (size_t i = 0; i < wasm_module().memories.size(); ++i)
    memory_tags_.push_back(tag("memory" + std::to_string(i)));
  unlikely_ = metadata.createBranchWeights(1, 1 << 20);
}

// Imported memories may be one and the same.
llvm::MDNode* UnitContext::memory_tag(uint32_t memory) {
  return memory_tags_[memory < wasm_module().imported_memories ? 0 : memory];
}

llvm::Value* UnitContext::address(Builder& builder, llvm::Value* base, uint64_t offset) {
  return offset == 0 ? base : builder.CreateConstGEP1_64(i8_, base, offset);
}

llvm::LoadInst* UnitContext::load(Builder& builder, llvm::Type* type, llvm::Value* base, uint64_t offset,
                                  AliasClass alias) {
  llvm::LoadInst* const load =
      builder.CreateAlignedLoad(type, address(builder, base, offset), llvm::Align(type == i32_ ? 4 : 8));
  load->setMetadata(llvm::LLVMContext::MD_tbaa, alias_tag(alias));
  return load;
}

llvm::LoadInst* UnitContext::load_invariant(Builder& builder, llvm::Type* type, llvm::Value* base,
                                            uint64_t offset) {
  llvm::LoadInst* const load = this->load(builder, type, base, offset, AliasClass::Context);
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context_, {}));
  return load;
}

llvm::StoreInst* UnitContext::store(Builder& builder, llvm::Value* value, llvm::Value* base, uint64_t offset,
                                    AliasClass alias) {
  llvm::StoreInst* const store = builder.CreateAlignedStore(value, address(builder, base, offset),
                                                            llvm::Align(value->getType() == i32_ ? 4 : 8));
  store->setMetadata(llvm::LLVMContext::MD_tbaa, alias_tag(alias));
  keep_order(store, alias);
  return store;
}

void UnitContext::keep_order(llvm::StoreInst* store, AliasClass alias) const {
  const bool is_seen = alias == AliasClass::Global || alias == AliasClass::Table || alias == AliasClass::Heap;
  if (is_seen && is_exact() && may_fault_) store->setVolatile(true);
}

llvm::Value* UnitContext::load_slot(Builder& builder, ValType type, llvm::Value* slots, uint64_t slot,
                                    AliasClass alias) {
  llvm::LoadInst* const load =
      builder.CreateAlignedLoad(type_of(type), address(builder, slots, slot * 8), llvm::Align(8));
  load->setMetadata(llvm::LLVMContext::MD_tbaa, alias_tag(alias));
  return load;
}

// Slots of 32-bit values have zeros above, as the interpreter leaves them.
void UnitContext::store_slot(Builder& builder, ValType type, llvm::Value* value, llvm::Value* slots,
                             uint64_t slot, AliasClass alias) {
  if (type == wasm::kF32) value = builder.CreateBitCast(value, i32_);
  if (type == wasm::kF32 || type == wasm::kI32) value = builder.CreateZExt(value, i64_);
  llvm::StoreInst* const store =
      builder.CreateAlignedStore(value, address(builder, slots, slot * 8), llvm::Align(8));
  store->setMetadata(llvm::LLVMContext::MD_tbaa, alias_tag(alias));
  keep_order(store, alias);
}

// --- Debug information: lines are offsets in the module's file ---

void UnitContext::make_debug_unit() {
  module_->addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  module_->addModuleFlag(llvm::Module::Warning, "Dwarf Version", 5);
  debug_ = std::make_unique<llvm::DIBuilder>(*module_);
  debug_file_ = debug_->createFile("module.wasm", "");
  debug_->createCompileUnit(llvm::dwarf::DW_LANG_C11, debug_file_, "wherry", true, "", 0, "",
                            llvm::DICompileUnit::LineTablesOnly);
  debug_type_ = debug_->createSubroutineType(debug_->getOrCreateTypeArray({}));
}

void UnitContext::set_subprogram(llvm::Function* function) {
  function->setSubprogram(debug_->createFunction(debug_file_, function->getName(), "", debug_file_, 0,
                                                 debug_type_, 0, llvm::DINode::FlagZero,
                                                 llvm::DISubprogram::SPFlagDefinition));
}

}  // namespace wherry::compiler
