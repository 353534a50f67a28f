// Calls into guests.
//
// A typed call costs what it must: a look at the handle, a mark that this thread runs the store, and the runtime's own
// call, which copies the slots to the guest's stack. Everything else happens after a failure.
#include <algorithm>

#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"
#include "engine/api/values.h"
#include "wherry/detail/adapter.h"
#include "wherry/func.h"

namespace wherry {

namespace api {

Error runs_elsewhere() {
  return Error::usage("the store is used by another thread, which runs one of its guests");
}

namespace {

Error take_failure(detail::StoreState& state, const runtime::Stop& stop) {
  if (stop.trap == wasm::TrapCode::UncaughtException) {
    return uncaught(state);
  }
  std::optional<Backtrace> backtrace = std::exchange(state.backtrace, std::nullopt);
  if (!stop.is_trap()) {
    return to_public(stop.error);
  }
  if (stop.trap == wasm::TrapCode::HostError && state.runtime->take_host_failure() != nullptr) {
    Result<void> failure = std::exchange(state.failure, Result<void>());
    return std::move(failure).error();
  }
  Error error = Error::trap(stop.trap == wasm::TrapCode::Interrupted && stop.is_deadline
                                ? TrapCode::DeadlineExceeded
                                : static_cast<TrapCode>(stop.trap));
  if (backtrace) {
    ErrorAccess::set_frames(error, std::move(backtrace->frames), backtrace->omitted);
  }
  return error;
}

}  // namespace

Error to_public(detail::StoreState& state, const runtime::Stop& stop) {
  Error error = take_failure(state, stop);
  if (!state.runtime->is_running()) state.runtime->heap().finalize_dead();
  return error;
}

namespace {

// Room for the slots of a call; only a function of many parameters allocates.
class Slots {
 public:
  [[nodiscard]] bool allocate(size_t count) {
    if (count <= kInline) {
      return true;
    }
    return many_.resize(count);
  }
  uint64_t* data() { return many_.empty() ? few_ : many_.data(); }

 private:
  static constexpr size_t kInline = 32;
  uint64_t few_[kInline];
  base::Vector<uint64_t> many_;
};

Error wrong_count(const char* what, size_t found, size_t expected) {
  return Error::usage(std::to_string(found) + " " + what + ", expected " + std::to_string(expected));
}

[[gnu::always_inline]] inline Result<void> run(detail::StoreState& state, abi::FuncObject* func,
                                               uint64_t* slots) {
  const Running running(state);
  if (!running.is_allowed()) [[unlikely]] {
    return runs_elsewhere();
  }
  const runtime::Outcome<void> outcome = state.runtime->call(func, slots);
  if (outcome) [[likely]] {
    return {};
  }
  return to_public(state, outcome.error());
}

}  // namespace

}  // namespace api

namespace detail {

Result<void> call_slots(StoreRef store, Func func, void* object, uint64_t* slots) {
  // Function objects live as long as their store, and no other store has its number: the look-up need not be repeated.
  detail::StoreState* const state = api::owner_of(store, HandleAccess::of(func));
  if (state == nullptr) [[unlikely]] {
    return api::invalid_handle(store, HandleAccess::of(func), "function");
  }
  return api::run(*state, static_cast<abi::FuncObject*>(object), slots);
}

Result<void> call_known(StoreRef store, void* object, uint64_t* slots) {
  return api::run(*StoreAccess::state(store), static_cast<abi::FuncObject*>(object), slots);
}

Result<void*> check_signature(StoreRef store, Func func, SignatureView signature) {
  abi::FuncObject* object = WHERRY_FIND(store, func, "function");
  const wasm::TypeRegistry& types = EngineAccess::state(store.engine())->types;
  const wasm::FuncType& type = object->type->func;
  const auto same = [](wasm::ValType found, ValType expected) { return found == api::to_engine(expected); };
  const auto below = [&types](wasm::ValType found, ValType expected) {
    return types.is_subtype(found, api::to_engine(expected));
  };
  if (std::ranges::equal(type.params, signature.params, same) &&
      std::ranges::equal(type.results, signature.results, below)) {
    return static_cast<void*>(object);
  }
  FuncType expected;
  expected.params.assign(signature.params.begin(), signature.params.end());
  expected.results.assign(signature.results.begin(), signature.results.end());
  const auto text = [](const FuncType& shown) {
    std::string made = to_string(shown);
    return made.empty() ? std::string("() -> ()") : made;
  };
  return Error::usage("a function of type " + text(api::to_public_func(*object->type)) + ", expected " +
                      text(expected));
}

}  // namespace detail

Result<FuncType> Func::type(StoreRef store) const {
  return api::to_public_func(*WHERRY_FIND(store, *this, "function")->type);
}

Result<void> Func::call(StoreRef store, std::span<const Val> params, std::span<Val> results) const {
  abi::FuncObject* const object = WHERRY_FIND(store, *this, "function");
  detail::StoreState& state = *StoreAccess::state(store);
  const wasm::CanonType& type = *object->type;
  if (params.size() != type.func.params.size()) {
    return api::wrong_count("arguments", params.size(), type.func.params.size());
  }
  if (results.size() != type.func.results.size()) {
    return api::wrong_count("places for results", results.size(), type.func.results.size());
  }
  api::Slots slots;
  if (!slots.allocate(std::max(type.param_slots, type.result_slots))) {
    return Error::out_of_memory();
  }
  size_t at = 0;
  for (size_t i = 0; i < params.size(); ++i) {
    if (Result<void> stored = api::store_val(store, type.func.params[i], params[i], slots.data() + at);
        !stored) {
      return std::move(stored).error().with_context("argument " + std::to_string(i));
    }
    at += wasm::slots_of(type.func.params[i]);
  }
  WHERRY_RETURN_IF_ERROR(api::run(state, object, slots.data()));
  at = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    WHERRY_ASSIGN_OR_RETURN(results[i], api::load_val(store, type.func.results[i], slots.data() + at));
    at += wasm::slots_of(type.func.results[i]);
  }
  return {};
}

Result<std::vector<Val>> Func::call(StoreRef store, std::initializer_list<Val> params) const {
  const abi::FuncObject* object = WHERRY_FIND(store, *this, "function");
  std::vector<Val> results(object->type->func.results.size());
  WHERRY_RETURN_IF_ERROR(call(store, std::span<const Val>(params.begin(), params.size()), results));
  return results;
}

}  // namespace wherry
