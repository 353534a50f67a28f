// Values at the border: Vals, slots, and references in both.
//
// Numbers are copied as they are. A funcref in a slot is the address of a function object and an externref that of a
// host object of the store (engine/abi/context.h), so a reference that goes to the guest must be of this store: its
// handle says so. What comes from the guest is always of this store.
#include "engine/api/values.h"

#include <string>

#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"
#include "wherry/detail/slots.h"

namespace wherry {

namespace api {

namespace {

enum class Family : uint8_t { Func, Extern, Any, Exn };

Family family_of(const wasm::TypeRegistry& types, wasm::HeapType heap) {
  if (heap.is_concrete()) {
    const wasm::CanonType& type = types.type(wasm::CanonId(heap.index()));
    return type.kind == wasm::CompositeKind::Func ? Family::Func : Family::Any;
  }
  switch (heap.abstract()) {
    case wasm::AbstractHeap::Func:
    case wasm::AbstractHeap::NoFunc: return Family::Func;
    case wasm::AbstractHeap::Extern:
    case wasm::AbstractHeap::NoExtern: return Family::Extern;
    case wasm::AbstractHeap::Exn:
    case wasm::AbstractHeap::NoExn: return Family::Exn;
    default: return Family::Any;
  }
}

Error wrong_type(wasm::ValType expected, ValType found) {
  return Error::usage("a value of type " + to_string(found) + ", expected " + to_string(to_public(expected)));
}

Result<void> store_func(StoreRef store, wasm::ValType type, Func func, uint64_t* slot) {
  if (func.is_null()) {
    *slot = abi::kNullRef;
    return type.nullable() ? Result<void>() : Error::usage("a null, expected " + to_string(to_public(type)));
  }
  const abi::FuncObject* object = WHERRY_FIND(store, func, "function");
  const wasm::ValType found = wasm::ValType::ref(wasm::HeapType::concrete(object->type->id.value), false);
  const wasm::TypeRegistry& types = EngineAccess::state(store.engine())->types;
  if (type != wasm::kFuncRef && !types.is_subtype(found, type)) {
    return Error::usage("a function of type " + to_string(to_public_func(*object->type)) + ", expected " +
                        to_string(to_public(type)));
  }
  *slot = runtime::Store::ref_of(object);
  return {};
}

// A reference that is not null, of a hierarchy with one type that has values.
template <class Reference>
Result<void> store_opaque(StoreRef store, wasm::ValType type, Reference reference, wasm::AbstractHeap heap,
                          uint64_t* slot) {
  if (reference.is_null()) {
    *slot = abi::kNullRef;
    return type.nullable() ? Result<void>() : Error::usage("a null, expected " + to_string(to_public(type)));
  }
  if (type.heap() != wasm::HeapType(heap)) {
    return wrong_type(type, to_public(wasm::ValType::ref(heap, true)));
  }
  return detail::store_slot(store, slot, reference);
}

Result<void> store_any(StoreRef store, wasm::ValType type, AnyRef reference, uint64_t* slot) {
  if (reference.is_null()) {
    *slot = abi::kNullRef;
    return type.nullable() ? Result<void>() : Error::usage("a null, expected " + to_string(to_public(type)));
  }
  WHERRY_RETURN_IF_ERROR(detail::store_slot(store, slot, reference));
  const wasm::ValType found = type_of_reference(store, *slot);
  if (!EngineAccess::state(store.engine())->types.is_subtype(found, type)) {
    return wrong_type(type, to_public(found));
  }
  return {};
}

// Val::zero cannot know what a type that a module defines is: there any null is taken for the right one.
bool is_null(const Val& value) {
  switch (value.kind()) {
    case ValueKind::FuncRef: return value.get<Func>()->is_null();
    case ValueKind::ExternRef: return value.get<ExternRef>()->is_null();
    case ValueKind::AnyRef: return value.get<AnyRef>()->is_null();
    case ValueKind::ExnRef: return value.get<ExnRef>()->is_null();
    default: return false;
  }
}

Result<void> store_reference(StoreRef store, wasm::ValType type, const Val& value, uint64_t* slot) {
  switch (family_of(EngineAccess::state(store.engine())->types, type.heap())) {
    case Family::Func:
      if (const std::optional<Func> func = value.get<Func>()) {
        return store_func(store, type, *func, slot);
      }
      break;
    case Family::Extern:
      if (const std::optional<ExternRef> reference = value.get<ExternRef>()) {
        return store_opaque(store, type, *reference, wasm::AbstractHeap::Extern, slot);
      }
      break;
    case Family::Any:
      if (const std::optional<AnyRef> reference = value.get<AnyRef>()) {
        return store_any(store, type, *reference, slot);
      }
      if (type.heap().is_concrete() && type.nullable() && is_null(value)) {
        *slot = abi::kNullRef;
        return {};
      }
      break;
    case Family::Exn:
      if (const std::optional<ExnRef> reference = value.get<ExnRef>()) {
        return store_opaque(store, type, *reference, wasm::AbstractHeap::Exn, slot);
      }
      break;
  }
  return wrong_type(type, value.type());
}

}  // namespace

Result<void> store_val(StoreRef store, wasm::ValType type, const Val& value, uint64_t* slots) {
  if (StoreAccess::state(store) == nullptr) {
    return no_store();
  }
  if (type.is_ref()) {
    return store_reference(store, type, value, slots);
  }
  if (to_engine(value.type()) != type) {
    return wrong_type(type, value.type());
  }
  switch (value.kind()) {
    case ValueKind::I32: return detail::store_slot(store, slots, *value.get<uint32_t>());
    case ValueKind::F32: return detail::store_slot(store, slots, *value.get<float>());
    case ValueKind::F64: return detail::store_slot(store, slots, *value.get<double>());
    case ValueKind::V128: return detail::store_slot(store, slots, *value.get<V128>());
    default: return detail::store_slot(store, slots, *value.get<uint64_t>());
  }
}

Result<Val> load_val(StoreRef store, wasm::ValType type, const uint64_t* slots) {
  switch (type.kind()) {
    case wasm::ValKind::I32: return Val(static_cast<uint32_t>(slots[0]));
    case wasm::ValKind::I64: return Val(slots[0]);
    case wasm::ValKind::F32: return Val(std::bit_cast<float>(static_cast<uint32_t>(slots[0])));
    case wasm::ValKind::F64: return Val(std::bit_cast<double>(slots[0]));
    case wasm::ValKind::V128: return Val(V128{slots[0], slots[1]});
    default: break;
  }
  if (StoreAccess::state(store) == nullptr) {
    return no_store();
  }
  switch (family_of(EngineAccess::state(store.engine())->types, type.heap())) {
    case Family::Func: {
      WHERRY_ASSIGN_OR_RETURN(Func func, detail::func_from_slot(store, slots[0]));
      return Val(func);
    }
    case Family::Extern: {
      WHERRY_ASSIGN_OR_RETURN(ExternRef reference, detail::extern_from_slot(store, slots[0]));
      return Val(reference);
    }
    case Family::Exn: {
      WHERRY_ASSIGN_OR_RETURN(ExnRef reference, detail::exn_from_slot(store, slots[0]));
      return Val(reference);
    }
    case Family::Any: break;
  }
  WHERRY_ASSIGN_OR_RETURN(AnyRef reference, detail::any_from_slot(store, slots[0]));
  return Val(reference);
}

}  // namespace api

namespace detail {

Result<uint64_t> func_to_slot(StoreRef store, Func func) {
  if (func.is_null()) {
    return uint64_t{abi::kNullRef};
  }
  return uint64_t{runtime::Store::ref_of(WHERRY_FIND(store, func, "function"))};
}

Result<Func> func_from_slot(StoreRef store, uint64_t slot) {
  StoreState* state = StoreAccess::state(store);
  if (slot == abi::kNullRef) {
    return Func();
  }
  if (state == nullptr) {
    return api::no_store();
  }
  return api::make_handle<Func>(*state, state->runtime->handle_of(state->runtime->func_of(slot)));
}

Result<uint64_t> extern_to_slot(StoreRef store, ExternRef reference) {
  if (reference.is_null()) {
    return uint64_t{abi::kNullRef};
  }
  const std::optional<abi::Ref> ref = api::find_reference(store, HandleAccess::of(reference));
  if (!ref) {
    return api::invalid_handle(store, HandleAccess::of(reference), "reference");
  }
  return uint64_t{*ref};
}

Result<ExternRef> extern_from_slot(StoreRef store, uint64_t slot) {
  StoreState* state = StoreAccess::state(store);
  if (slot == abi::kNullRef) {
    return ExternRef();
  }
  if (state == nullptr) {
    return api::no_store();
  }
  WHERRY_ASSIGN_OR_RETURN(const Handle handle, api::hold_reference(*state, slot));
  return HandleAccess::make<ExternRef>(handle);
}

}  // namespace detail

std::optional<Val> Val::zero(ValType type) {
  switch (type.kind()) {
    case ValKind::I32: return Val(0);
    case ValKind::I64: return Val(int64_t{0});
    case ValKind::F32: return Val(0.0f);
    case ValKind::F64: return Val(0.0);
    case ValKind::V128: return Val(V128());
    case ValKind::Ref: break;
  }
  if (!type.nullable()) {
    return std::nullopt;
  }
  switch (type.heap()) {
    // There is nothing here to ask what a type is that a module defines: any null will do for it.
    case HeapKind::Defined:
    case HeapKind::Func:
    case HeapKind::NoFunc: return Val(Func());
    case HeapKind::Extern:
    case HeapKind::NoExtern: return Val(ExternRef());
    case HeapKind::Exn:
    case HeapKind::NoExn: return Val(ExnRef());
    default: return Val(AnyRef());
  }
}

Result<ExternRef> ExternRef::create(StoreRef store, void* object, void (*finalize)(void*)) {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  const abi::Ref made = state->runtime->heap().allocate_extern(object, finalize);
  if (made == abi::kNullRef) {
    return Error::out_of_memory();
  }
  WHERRY_ASSIGN_OR_RETURN(const detail::Handle handle, api::hold_reference(*state, made));
  return HandleAccess::make<ExternRef>(handle);
}

Result<void*> ExternRef::object(StoreRef store) const {
  const std::optional<abi::Ref> ref = api::find_reference(store, handle_);
  if (!ref) {
    return api::invalid_handle(store, handle_, "reference");
  }
  if (abi::is_i31(*ref) || abi::header_of(*ref)->type_id != abi::kExternObject) {
    return Error::usage("the reference is to a guest's own object, not to one of the host");
  }
  return reinterpret_cast<const abi::ExternObject*>(*ref)->object;
}

}  // namespace wherry
