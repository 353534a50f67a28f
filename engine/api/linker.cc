// Linkers: defining names, and finding the imports of a module by them.
//
// Linking has two halves. The first finds what each import stands for and, for host functions, compares types; it
// needs no store, and its result can be used again and again. The second gives every import its form in a store. Things
// that live in a store are compared there, since the sizes of memories and tables, which count, change.
#include "wherry/linker.h"

#include <new>

#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/linker.h"
#include "engine/api/types.h"
#include "engine/instantiate/instantiate.h"

namespace wherry {

namespace api {

namespace {

Error no_linker() { return Error::usage("the linker was moved from"); }

// Host functions take form once in each store.
Result<abi::FuncObject*> take_form(detail::StoreState& state, const Definition& definition,
                                   const wasm::FuncType& type) {
  if (abi::FuncObject* known = state.host_functions.find(definition.identity, definition.environment)) {
    return known;
  }
  wasm::TypeSet types = WHERRY_TRY_PUBLIC(EngineAccess::state(state.engine)->types.add_function(type));
  if (definition.closure != nullptr) {
    definition.closure->retain();
  }
  WHERRY_ASSIGN_OR_RETURN(abi::FuncObject * made,
                          bind_host_function(state, std::move(types), definition.entry,
                                             definition.environment, definition.closure));
  if (!state.host_functions.add(definition.identity, definition.environment, made)) {
    return Error::out_of_memory();
  }
  return made;
}

Result<runtime::ExternValue> take_form(detail::StoreState& state, const Resolved& resolved) {
  const StoreRef store = StoreAccess::ref(&state);
  const Definition& definition = resolved.definition;
  if (definition.kind == Definition::Kind::Host) {
    const wasm::FuncType& type = resolved.types[wasm::TypeIndex(0)].func;
    WHERRY_ASSIGN_OR_RETURN(abi::FuncObject * func, take_form(state, definition, type));
    return runtime::ExternValue(func);
  }
  if (definition.kind == Definition::Kind::Export) {
    runtime::Instance* exporter = WHERRY_FIND(store, definition.exporter, "imported instance");
    const runtime::ExternValue value = exporter->export_at(definition.position);
    return value.is_null() ? Result<runtime::ExternValue>(Error::out_of_memory()) : value;
  }
  if (definition.kind == Definition::Kind::Shared) {
    WHERRY_TRY_PUBLIC(state.runtime->add_shared_memory(definition.shared->memory));
    return runtime::ExternValue(definition.shared->memory);
  }
  return to_engine(store, definition.item);
}

Result<Resolved> resolve(const detail::LinkerState& linker, const runtime::ModuleShape& shape,
                         uint32_t position) {
  const wasm::Import& import = shape.module->imports[position];
  Resolved resolved;
  WHERRY_ASSIGN_OR_RETURN(resolved.definition, linker.find(import.module, import.name));
  switch (resolved.definition.kind) {
    case Definition::Kind::Nothing: return to_public(instantiate::unknown_import(shape, position).error());
    case Definition::Kind::Host: {
      WHERRY_ASSIGN_OR_RETURN(
          resolved.types, add_type(EngineAccess::state(linker.engine)->types, resolved.definition.signature));
      runtime::ExternType found;
      found.func = &resolved.types[wasm::TypeIndex(0)];
      WHERRY_TRY_PUBLIC(instantiate::check_import(shape, position, found));
      break;
    }
    default: break;
  }
  return resolved;
}

// Enters or replaces a single name. The closure's count goes along, also on failure.
Result<void> define_name(detail::LinkerState& linker, std::string_view module, std::string_view name,
                         std::unique_ptr<Name> made) {
  Name* const former = linker.names.find(module, name);
  if (!made->is_fallback && !linker.allows_shadowing) {
    WHERRY_ASSIGN_OR_RETURN(const Definition before, linker.find(module, name));
    if (before.kind != Definition::Kind::Nothing && !(former != nullptr && former->is_fallback)) {
      return Error::make(ErrorKind::Link, "'" + std::string(module.substr(0, 256)) + "." +
                                              std::string(name.substr(0, 256)) + "' is defined already");
    }
  }
  made->sequence = linker.next_sequence++;
  made->shadows = linker.allows_shadowing;
  if (former != nullptr) {
    std::swap(former->definition, made->definition);
    former->signature = std::move(made->signature);
    former->definition.signature = {former->signature.params, former->signature.results};
    former->sequence = made->sequence;
    former->shadows = made->shadows;
    former->is_fallback = made->is_fallback;
    return {};
  }
  made->module = module;
  made->name = name;
  return linker.names.add(std::move(made)) ? Result<void>() : Error::out_of_memory();
}

Result<void> define_host(detail::LinkerState& linker, std::string_view module, std::string_view name,
                         FuncType signature, const detail::HostClosure& closure, bool is_fallback) {
  WHERRY_ASSIGN_OR_RETURN(Closure * shared, share(closure));
  std::unique_ptr<Name> made(new (std::nothrow) Name);
  if (made == nullptr) {
    shared->release();
    return Error::out_of_memory();
  }
  made->signature = std::move(signature);
  made->is_fallback = is_fallback;
  Definition& definition = made->definition;
  definition.kind = Definition::Kind::Host;
  definition.identity = shared;
  definition.entry = shared->entry;
  definition.environment = shared->environment;
  definition.closure = shared;
  definition.signature = {made->signature.params, made->signature.results};
  return define_name(linker, module, name, std::move(made));
}

Result<void> add_group(detail::LinkerState& linker, Group group) {
  group.sequence = linker.next_sequence++;
  group.shadows = linker.allows_shadowing;
  return linker.groups.push_back(std::move(group)) ? Result<void>() : Error::out_of_memory();
}

}  // namespace

}  // namespace api

// ---- Linker

Linker::Linker(const Engine& engine) : state_(new(std::nothrow) detail::LinkerState(engine)) {}

Linker::Linker(Linker&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Linker& Linker::operator=(Linker&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Linker::~Linker() { delete state_; }

Result<void> Linker::define_closure(std::string_view module, std::string_view name, SignatureView signature,
                                    detail::HostClosure closure) {
  if (state_ == nullptr) {
    if (closure.destroy != nullptr) {
      closure.destroy(closure.environment);
    }
    return api::no_linker();
  }
  FuncType type;
  type.params.assign(signature.params.begin(), signature.params.end());
  type.results.assign(signature.results.begin(), signature.results.end());
  return api::define_host(*state_, module, name, std::move(type), closure, false);
}

Result<void> Linker::define_functions(std::string_view module, std::span<const HostFunctionEntry> functions,
                                      void* environment) {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  api::Group group;
  group.module = module;
  group.functions = functions;
  group.environment = environment;
  return api::add_group(*state_, std::move(group));
}

Result<void> Linker::define(std::string_view module, std::string_view name, const SharedMemory& memory) {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  if (memory.engine() != state_->engine) {
    return Error::usage("the shared memory is of another engine than the linker");
  }
  std::unique_ptr<api::Name> made(new (std::nothrow) api::Name);
  if (made == nullptr) {
    return Error::out_of_memory();
  }
  made->definition.kind = api::Definition::Kind::Shared;
  made->definition.shared = detail::retain(SharedMemoryAccess::state(memory));
  return api::define_name(*state_, module, name, std::move(made));
}

Result<void> Linker::define(StoreRef store, std::string_view module, std::string_view name,
                            const Extern& item) {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  WHERRY_RETURN_IF_ERROR(api::to_engine(store, item));
  std::unique_ptr<api::Name> made(new (std::nothrow) api::Name);
  if (made == nullptr) {
    return Error::out_of_memory();
  }
  made->definition.kind = api::Definition::Kind::Item;
  made->definition.item = item;
  return api::define_name(*state_, module, name, std::move(made));
}

Result<void> Linker::define_instance(StoreRef store, std::string_view module, Instance instance) {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  WHERRY_ASSIGN_OR_RETURN(Module exporter, instance.module(store));
  api::Group group;
  group.module = module;
  group.exporter = std::move(exporter);
  group.instance = instance;
  return api::add_group(*state_, std::move(group));
}

Result<Instance> Linker::define_module(StoreRef store, std::string_view name, const Module& module) {
  WHERRY_ASSIGN_OR_RETURN(const Instance instance, instantiate(store, module));
  if (const std::optional<ExternType> type = module.find_export("_initialize");
      type && type->kind == ExternKind::Func) {
    WHERRY_ASSIGN_OR_RETURN(const auto initialize, instance.typed<void()>(store, "_initialize"));
    WHERRY_RETURN_IF_ERROR(initialize.call(store));
  }
  WHERRY_RETURN_IF_ERROR(define_instance(store, name, instance));
  return instance;
}

void Linker::allow_shadowing(bool allow) {
  if (state_ != nullptr) {
    state_->allows_shadowing = allow;
  }
}

Result<void> Linker::define_unknown_imports_as_traps(const Module& module) {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  const detail::HostClosure trap{
      [](void*, Caller& caller, uint64_t*) { return caller.fail(Error::trap(TrapCode::UnknownImport)); },
      nullptr, nullptr};
  const runtime::ModuleShape& shape = *ModuleAccess::state(module)->shape;
  for (const wasm::Import& import : shape.module->imports) {
    if (import.kind != wasm::ExternKind::Func) {
      continue;
    }
    WHERRY_ASSIGN_OR_RETURN(const api::Definition known, state_->find(import.module, import.name));
    if (known.kind == api::Definition::Kind::Nothing) {
      WHERRY_RETURN_IF_ERROR(api::define_host(*state_, import.module, import.name,
                                              api::to_public_func(shape.func_type(import.index)), trap,
                                              true));
    }
  }
  return {};
}

Result<std::optional<Extern>> Linker::get(StoreRef store, std::string_view module,
                                          std::string_view name) const {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  api::Resolved resolved;
  WHERRY_ASSIGN_OR_RETURN(resolved.definition, state_->find(module, name));
  if (resolved.definition.kind == api::Definition::Kind::Nothing) {
    return std::optional<Extern>();
  }
  if (resolved.definition.kind == api::Definition::Kind::Host ||
      resolved.definition.kind == api::Definition::Kind::Shared) {
    if (state->engine != state_->engine) {
      return Error::usage("the store is of another engine than the linker");
    }
    WHERRY_ASSIGN_OR_RETURN(resolved.types, api::add_type(EngineAccess::state(state->engine)->types,
                                                          resolved.definition.signature));
  }
  WHERRY_ASSIGN_OR_RETURN(const runtime::ExternValue value, api::take_form(*state, resolved));
  return std::optional<Extern>(api::to_public(*state, value));
}

Result<InstancePre> Linker::prelink(const Module& module) const {
  if (state_ == nullptr) {
    return api::no_linker();
  }
  if (module.engine() != state_->engine) {
    return Error::usage("the module is of another engine than the linker");
  }
  auto* made = new (std::nothrow) detail::PreState(module);
  if (made == nullptr) {
    return Error::out_of_memory();
  }
  InstancePre pre(made);
  const runtime::ModuleShape& shape = *ModuleAccess::state(module)->shape;
  if (!made->imports.reserve(shape.module->imports.size())) {
    return Error::out_of_memory();
  }
  for (uint32_t i = 0; i < shape.module->imports.size(); ++i) {
    WHERRY_ASSIGN_OR_RETURN(api::Resolved resolved, api::resolve(*state_, shape, i));
    resolved.definition.retain();
    (void)made->imports.push_back(std::move(resolved));  // There is room.
  }
  return pre;
}

Result<Instance> Linker::instantiate(StoreRef store, const Module& module) const {
  WHERRY_ASSIGN_OR_RETURN(const InstancePre pre, prelink(module));
  return pre.instantiate(store);
}

// ---- InstancePre

const Module& InstancePre::module() const { return state_.get()->module; }

Result<Instance> InstancePre::instantiate(StoreRef store) const {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  if (module().engine() != state->engine) {
    return Error::usage("the module is of another engine than the store");
  }
  base::Vector<runtime::ExternValue> values;
  if (!values.reserve(state_.get()->imports.size())) {
    return Error::out_of_memory();
  }
  for (const api::Resolved& import : state_.get()->imports) {
    WHERRY_ASSIGN_OR_RETURN(const runtime::ExternValue value, api::take_form(*state, import));
    (void)values.push_back(value);  // There is room.
  }
  return api::instantiate(*state, module(), values);
}

namespace detail {

PreState::~PreState() {
  for (const api::Resolved& import : imports) import.definition.release();
}

PreState* retain(PreState* state) noexcept {
  if (state != nullptr) {
    state->users.fetch_add(1, std::memory_order_relaxed);
  }
  return state;
}

void release(PreState* state) noexcept {
  if (state != nullptr && state->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete state;
  }
}

}  // namespace detail

}  // namespace wherry
