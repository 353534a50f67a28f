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

// What a handle stands for in its store, as `object` finds it there; null if nothing.
template <class Object>
auto find_by(StoreRef store, detail::Handle handle, Object object) {
  detail::StoreState* const state = owner_of(store, handle);
  return state == nullptr ? nullptr : (*state->runtime.*object)(id_of(handle));
}
inline abi::FuncObject* find(StoreRef store, Func func) {
  return find_by(store, HandleAccess::of(func), &runtime::Store::func);
}
inline runtime::Table* find(StoreRef store, Table table) {
  return find_by(store, HandleAccess::of(table), &runtime::Store::table);
}
inline runtime::LinearMemory* find(StoreRef store, Memory memory) {
  return find_by(store, HandleAccess::of(memory), &runtime::Store::memory);
}
inline runtime::Global* find(StoreRef store, Global global) {
  return find_by(store, HandleAccess::of(global), &runtime::Store::global);
}
inline runtime::Tag* find(StoreRef store, Tag tag) {
  return find_by(store, HandleAccess::of(tag), &runtime::Store::tag);
}
inline runtime::Instance* find(StoreRef store, Instance instance) {
  return find_by(store, HandleAccess::of(instance), &runtime::Store::instance);
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
