#pragma once

#include "engine/api/state.h"

// From handles to objects and back.
namespace wherry::api {

// Why a handle means nothing in a store.
Error invalid_handle(StoreRef store, detail::Handle handle, const char* what);
// Of a store that was moved from.
Error no_store();
// For who asks for the bytes of a shared memory.
Error no_view_of_shared();

inline runtime::HandleId id_of(detail::Handle handle) { return {handle.index, handle.generation}; }

// The store, if it is not one that was moved from and the handle is one of its.
inline detail::StoreState* owner_of(StoreRef store, detail::Handle handle) {
  detail::StoreState* state = StoreAccess::state(store);
  return state != nullptr && handle.store == state->id ? state : nullptr;
}

// What a handle stands for; null if nothing.
inline abi::FuncObject* find(StoreRef store, Func func) {
  const detail::Handle handle = HandleAccess::of(func);
  detail::StoreState* state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->func(id_of(handle));
}
inline runtime::Table* find(StoreRef store, Table table) {
  const detail::Handle handle = HandleAccess::of(table);
  detail::StoreState* state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->table(id_of(handle));
}
inline runtime::LinearMemory* find(StoreRef store, Memory memory) {
  const detail::Handle handle = HandleAccess::of(memory);
  detail::StoreState* state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->memory(id_of(handle));
}
inline runtime::Global* find(StoreRef store, Global global) {
  const detail::Handle handle = HandleAccess::of(global);
  detail::StoreState* state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->global(id_of(handle));
}
inline runtime::Tag* find(StoreRef store, Tag tag) {
  const detail::Handle handle = HandleAccess::of(tag);
  detail::StoreState* state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->tag(id_of(handle));
}
inline runtime::Instance* find(StoreRef store, Instance instance) {
  const detail::Handle handle = HandleAccess::of(instance);
  detail::StoreState* state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->instance(id_of(handle));
}
// References of objects: by their roots, or for an i31 by its value.
inline constexpr uint32_t kI31Generation = ~uint32_t{0};
std::optional<abi::Ref> find_reference(StoreRef store, detail::Handle handle);
// The handle of a reference that is not null, held until the scope ends. Error: OutOfMemory.
Result<detail::Handle> hold_reference(const detail::StoreState& state, abi::Ref ref);

// The public handle of an object of a store.
template <class Public>
Public make_handle(const detail::StoreState& state, runtime::HandleId id) {
  return HandleAccess::make<Public>({state.id, id.index, id.generation});
}

// A thing that may be imported and exported, both ways. Error: InvalidHandle.
Extern to_public(const detail::StoreState& state, const runtime::ExternValue& value);
Result<runtime::ExternValue> to_engine(StoreRef store, const Extern& item);

}  // namespace wherry::api

// The object of a handle, inside a function that returns a public Result.
#define WHERRY_FIND(store, handle, what)                                                     \
  ({                                                                                         \
    auto* wherry_found_ = ::wherry::api::find(store, handle);                                \
    if (wherry_found_ == nullptr) [[unlikely]] {                                             \
      return ::wherry::api::invalid_handle(store, ::wherry::HandleAccess::of(handle), what); \
    }                                                                                        \
    wherry_found_;                                                                           \
  })
