// What is wrong with a handle, and things that may be imported and exported.
#include "engine/api/handles.h"

#include <string>

namespace wherry::api {

Error no_store() { return Error::make(ErrorKind::InvalidHandle, "the store was moved from"); }

Error no_view_of_shared() {
  return Error::usage("the bytes of a shared memory cannot be viewed, only copied (SharedMemory)");
}

Error invalid_handle(StoreRef store, detail::Handle handle, const char* what) {
  const detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return no_store();
  }
  std::string message = "the ";
  message += what;
  if (handle.store == 0) {
    message += " is null";
  } else if (handle.store != state->id) {
    message += " belongs to another store";
  } else {
    message += " does not exist any more";
  }
  return Error::make(ErrorKind::InvalidHandle, message);
}

std::optional<abi::Ref> find_reference(StoreRef store, detail::Handle handle) {
  const detail::StoreState* state = owner_of(store, handle);
  if (state == nullptr) {
    return std::nullopt;
  }
  if (handle.generation == kI31Generation) {
    return abi::i31_of(handle.index);
  }
  const abi::Ref* const ref = state->runtime->heap().roots().find({handle.index, handle.generation});
  return ref == nullptr ? std::nullopt : std::optional(*ref);
}

namespace {

// The innermost host function in progress has a scope, or native code called it and its scope is opened here (NativeHostCall).
void open_scope(const detail::StoreState& state) {
  for (const abi::Crossing* crossing = state.runtime->activation().crossings; crossing != nullptr;
       crossing = crossing->outer) {
    if (state.host_calls != nullptr && state.host_calls->crossing == crossing) {
      return;
    }
    abi::NativeStop* const stop = crossing->native_stop;
    if (stop == nullptr || stop->host == nullptr) {
      continue;
    }
    auto& call = static_cast<NativeHostCall&>(*stop);
    if (call.roots_scope == NativeHostCall::kNoScope) {
      call.roots_scope = state.runtime->heap().roots().open_scope();
    }
    return;
  }
}

}  // namespace

Result<detail::Handle> hold_reference(const detail::StoreState& state, abi::Ref ref) {
  if (abi::is_i31(ref)) {
    return detail::Handle{state.id, abi::i31_unsigned(ref), kI31Generation};
  }
  open_scope(state);
  runtime::RootId id;
  if (!state.runtime->heap().roots().hold(ref, &id)) {
    return Error::out_of_memory();
  }
  return detail::Handle{state.id, id.index, id.generation};
}

Extern to_public(const detail::StoreState& state, const runtime::ExternValue& value) {
  using runtime::Store;
  switch (value.kind) {
    case wasm::ExternKind::Func: return make_handle<Func>(state, state.runtime->handle_of(value.func));
    case wasm::ExternKind::Table: return make_handle<Table>(state, Store::handle_of(value.table));
    case wasm::ExternKind::Memory: return make_handle<Memory>(state, state.runtime->handle_of(value.memory));
    case wasm::ExternKind::Global: return make_handle<Global>(state, Store::handle_of(value.global));
    case wasm::ExternKind::Tag: break;
  }
  return make_handle<Tag>(state, Store::handle_of(value.tag));
}

Result<runtime::ExternValue> to_engine(StoreRef store, const Extern& item) {
  using runtime::ExternValue;
  switch (item.kind()) {
    case ExternKind::Func: return ExternValue(WHERRY_FIND(store, *item.func(), "function"));
    case ExternKind::Table: return ExternValue(WHERRY_FIND(store, *item.table(), "table"));
    case ExternKind::Memory: return ExternValue(WHERRY_FIND(store, *item.memory(), "memory"));
    case ExternKind::Global: return ExternValue(WHERRY_FIND(store, *item.global(), "global"));
    case ExternKind::Tag: break;
  }
  return ExternValue(WHERRY_FIND(store, *item.tag(), "tag"));
}

}  // namespace wherry::api
