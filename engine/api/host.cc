// Host functions: how a guest's call reaches a C++ callable, and what the callable sees.
//
// One trampoline serves all of them. It is the abi::HostEntry of every host function, finds the public entry in its
// environment, makes the Caller on the stack, and keeps an error for whoever called the guest. A thunk for each
// signature that converts slots to arguments is the embedder's compiler's work (detail/thunk.h), so a call from the
// guest ends in two indirect calls and no conversion at run time. Native code has a shorter way (native_host.cc).
#include <algorithm>
#include <new>
#include <string>

#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/observe.h"
#include "engine/api/types.h"
#include "engine/api/values.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/limits.h"
#include "wherry/caller.h"
#include "wherry/detail/compiled_part.h"
#include "wherry/func.h"

namespace wherry {

namespace api {

abi::HostStatus fail_host_call(detail::StoreState& state, Caller& caller, HostStatus status) {
  if (status == HostStatus::Pending) {
    (void)caller.fail(Error::make(ErrorKind::Unsupported, "a host function that answers later"));
  }
  Result<void> failure = CallerAccess::take_failure(caller);
  Error error = failure.ok() ? Error::trap("host function failed") : std::move(failure).error();
  if (pass_on(state, error)) {
    return abi::HostStatus::Throw;
  }
  if (ErrorAccess::wants_frames(error)) {
    take_backtrace(*state.runtime, wasm::TrapCode::None);
    if (std::optional<Backtrace> backtrace = std::exchange(state.backtrace, std::nullopt)) {
      ErrorAccess::set_frames(error, std::move(backtrace->frames), backtrace->omitted);
    }
  }
  state.failure = std::move(error);
  state.runtime->set_host_failure(&state.failure, nullptr);
  return abi::HostStatus::Trap;
}

namespace {

template <bool is_observed>
abi::HostStatus enter(void* environment, abi::Context* from, uint64_t* slots) {
  const auto& binding = *static_cast<const HostBinding*>(environment);
  detail::StoreState& state = *binding.store;
  HostCall call{state.host_calls, &binding, from, state.runtime->activation().crossings};
  state.host_calls = &call;
  runtime::Roots& roots = state.runtime->heap().roots();
  const size_t scope = roots.open_scope();
  Caller caller = CallerAccess::make(&state, from->instance);
  if constexpr (is_observed) {
    if (state.watcher != nullptr) state.watcher->host_begins(from, binding, slots);
  }
  const auto end = [&] {
    roots.close_scope(scope);
    state.host_calls = call.outer;
  };
  const HostStatus status = binding.entry(binding.environment, caller, slots);
  if (status != HostStatus::Ok) [[unlikely]] {
    const abi::HostStatus outcome = fail_host_call(state, caller, status);
    end();
    return outcome;
  }
  if constexpr (is_observed) {
    if (state.watcher != nullptr) state.watcher->host_ended(from, binding, slots);
  }
  end();
  return abi::HostStatus::Ok;
}

// The binding itself lies in the store's memory.
void release_closure(void* environment) { static_cast<HostBinding*>(environment)->closure->release(); }

Error not_called_by_guest() { return Error::usage("the host function was not called by a guest's code"); }

}  // namespace

Result<Closure*> share(const detail::HostClosure& closure) {
  auto* made = new (std::nothrow) Closure;
  if (made == nullptr) {
    if (closure.destroy != nullptr) {
      closure.destroy(closure.environment);
    }
    return Error::out_of_memory();
  }
  made->entry = closure.entry;
  made->environment = closure.environment;
  made->destroy = closure.destroy;
  return made;
}

Result<wasm::TypeSet> add_type(wasm::TypeRegistry& types, SignatureView signature) {
  constexpr size_t kMost = std::min(wasm::kMaxParams, wasm::kMaxResults);
  if (signature.params.size() > kMost || signature.results.size() > kMost) {
    return Error::usage("a function of " + std::to_string(signature.params.size()) + " parameters and " +
                        std::to_string(signature.results.size()) + " results, expected at most " +
                        std::to_string(kMost) + " of each");
  }
  base::Vector<wasm::ValType> all;
  if (!all.reserve(signature.params.size() + signature.results.size())) {
    return Error::out_of_memory();
  }
  for (const std::span<const ValType> part : {signature.params, signature.results}) {
    for (const ValType type : part) {
      (void)all.push_back(to_engine(type));  // There is room.
    }
  }
  const std::span<const wasm::ValType> view = all.span();
  return WHERRY_TRY_PUBLIC(
      types.add_function({view.first(signature.params.size()), view.subspan(signature.params.size())}));
}

Result<abi::FuncObject*> bind_host_function(detail::StoreState& state, const wasm::CanonType& type,
                                            HostEntry entry, void* environment, Closure* closure) {
  void* const memory = state.runtime->allocate(sizeof(HostBinding), alignof(HostBinding));
  if (memory == nullptr) {
    if (closure != nullptr) {
      closure->release();
    }
    return Error::out_of_memory();
  }
  auto* const binding = new (memory) HostBinding{entry, environment, &state, nullptr, closure};
  const abi::HostEntry entered =
      state.engine.config().advanced.observations != 0 ? &enter<true> : &enter<false>;
  runtime::HostFunc* func = WHERRY_TRY_PUBLIC(
      state.runtime->add_host_func(type, entered, binding, closure != nullptr ? &release_closure : nullptr));
  binding->func = func;
  return &func->object.base;
}

Result<abi::FuncObject*> bind_host_function(detail::StoreState& state, wasm::TypeSet types, HostEntry entry,
                                            void* environment, Closure* closure) {
  const wasm::CanonType& type = types[wasm::TypeIndex(0)];
  if (base::Result<void> kept = state.runtime->keep_types(std::move(types)); !kept) {
    if (closure != nullptr) {
      closure->release();
    }
    return Error::out_of_memory();
  }
  return bind_host_function(state, type, entry, environment, closure);
}

}  // namespace api

namespace detail {

Result<Func> create_host_func(StoreRef store, SignatureView signature, HostClosure closure) {
  WHERRY_ASSIGN_OR_RETURN(api::Closure * shared, api::share(closure));
  StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    shared->release();
    return api::no_store();
  }
  Result<wasm::TypeSet> types = api::add_type(EngineAccess::state(state->engine)->types, signature);
  if (!types) {
    shared->release();
    return std::move(types).error();
  }
  WHERRY_ASSIGN_OR_RETURN(
      abi::FuncObject * func,
      api::bind_host_function(*state, *std::move(types), shared->entry, shared->environment, shared));
  return api::make_handle<Func>(*state, state->runtime->handle_of(func));
}

Result<Func> create_canon_func(StoreRef store, const wasm::CanonType& type, HostClosure closure) {
  StoreState* const state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  WHERRY_ASSIGN_OR_RETURN(abi::FuncObject * func,
                          api::bind_host_function(*state, type, closure.entry, closure.environment, nullptr));
  return api::make_handle<Func>(*state, state->runtime->handle_of(func));
}

HostStatus run_untyped(Caller& caller, uint64_t* slots, const FuncType& type, void* callable,
                       UntypedFunction function) {
  constexpr size_t kInline = 16;
  Val few[kInline];
  std::vector<Val> many;
  const size_t count = type.params.size() + type.results.size();
  if (count > kInline) {
    many.resize(count);
  }
  const std::span<Val> all(count > kInline ? many.data() : few, count);
  const std::span<Val> params = all.first(type.params.size());
  const std::span<Val> results = all.subspan(type.params.size());
  size_t at = 0;
  for (size_t i = 0; i < params.size(); ++i) {
    Result<Val> value = api::load_val(caller, api::to_engine(type.params[i]), slots + at);
    if (!value) {
      return caller.fail(std::move(value).error());
    }
    params[i] = *value;
    at += type.params[i].slots();
  }
  for (size_t i = 0; i < results.size(); ++i) {
    results[i] = Val::zero(type.results[i]).value_or(Val());
  }
  if (Result<void> called = function(callable, caller, params, results); !called) {
    return caller.fail(std::move(called).error());
  }
  at = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (Result<void> stored = api::store_val(caller, api::to_engine(type.results[i]), results[i], slots + at);
        !stored) {
      return caller.fail(
          std::move(stored).error().with_context("result " + std::to_string(i) + " of a host function"));
    }
    at += type.results[i].slots();
  }
  return HostStatus::Ok;
}

}  // namespace detail

// ---- Caller

Result<Instance> Caller::instance() const {
  if (instance_ == nullptr) {
    return api::not_called_by_guest();
  }
  return api::make_handle<Instance>(*state_,
                                    runtime::Store::handle_of(static_cast<runtime::Instance*>(instance_)));
}

Result<Extern> Caller::get(std::string_view name) const {
  WHERRY_ASSIGN_OR_RETURN(const Instance found, instance());
  return found.get(*this, name);
}

Result<MemoryView> Caller::memory() const {
  bool is_shared = false;
  WHERRY_ASSIGN_OR_RETURN(const MemoryView view, racing_memory(is_shared));
  if (is_shared) [[unlikely]] {
    return api::no_view_of_shared();
  }
  return view;
}

Result<MemoryView> Caller::racing_memory(bool& is_shared) const {
  if (instance_ == nullptr) {
    return api::not_called_by_guest();
  }
  auto* const instance = static_cast<runtime::Instance*>(instance_);
  base::Vector<runtime::LinearMemory*>& known = state_->exported_memories;
  const uint32_t index = instance->index();
  runtime::LinearMemory* memory = index < known.size() ? known[index] : nullptr;
  if (memory == nullptr) [[unlikely]] {
    const int64_t position = instance->shape().find_export("memory");
    if (position < 0 ||
        instance->module().exports[static_cast<size_t>(position)].kind != wasm::ExternKind::Memory) {
      return Error::make(ErrorKind::Link, "the calling module exports no memory called 'memory'");
    }
    memory = instance->export_at(static_cast<uint32_t>(position)).memory;
    if (index >= known.size() && !known.resize(size_t{index} + 1)) {
      return Error::out_of_memory();
    }
    known[index] = memory;
  }
  is_shared = memory->is_shared();
  return HandleAccess::view(memory->base(), memory->size_bytes());
}

Result<void> Caller::charge(uint64_t bytes) {
  const uint64_t most = limits().host_call_bytes;
  if (bytes > most || charged_ > most - bytes) {
    return Error::trap(TrapCode::HostCallBudget);
  }
  charged_ += bytes;
  return {};
}

}  // namespace wherry
