// References of the heap, structures and arrays, from the host.
//
// A reference that is read from a handle is good until something allocates; the objects of a handle are roots. So each
// function here reads its handles, makes an object at most once, and writes values into it only afterwards.
#include <bit>
#include <cstring>

#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"
#include "engine/api/values.h"
#include "wherry/detail/slots.h"
#include "wherry/gc.h"

namespace wherry {

namespace api {

namespace {

// The reference of a handle that must not be null. Error: InvalidHandle.
template <class Reference>
Result<abi::Ref> ref_of(StoreRef store, Reference reference) {
  const std::optional<abi::Ref> ref = find_reference(store, HandleAccess::of(reference));
  if (!ref) {
    return invalid_handle(store, HandleAccess::of(reference), "reference");
  }
  return *ref;
}

template <class Reference>
Result<Reference> handle_of(StoreRef store, abi::Ref ref) {
  const detail::StoreState* state = StoreAccess::state(store);
  if (ref == abi::kNullRef) {
    return Reference();
  }
  if (state == nullptr) {
    return no_store();
  }
  WHERRY_ASSIGN_OR_RETURN(const detail::Handle handle, hold_reference(*state, ref));
  return HandleAccess::make<Reference>(handle);
}

template <class Reference>
Result<uint64_t> slot_of(StoreRef store, Reference reference) {
  if (reference.is_null()) {
    return uint64_t{abi::kNullRef};
  }
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, ref_of(store, reference));
  return uint64_t{ref};
}

const wasm::TypeRegistry& types_of(StoreRef store) { return EngineAccess::state(store.engine())->types; }

// The type of a structure or array; null for other objects.
const wasm::CanonType* object_type(StoreRef store, abi::Ref ref) {
  if (abi::is_i31(ref)) {
    return nullptr;
  }
  const uint32_t type_id = abi::header_of(ref)->type_id;
  return type_id >= abi::kExceptionObject ? nullptr : &types_of(store).type(wasm::CanonId(type_id - 1));
}

const char* name_of(wasm::CompositeKind kind) {
  return kind == wasm::CompositeKind::Struct ? "a structure" : "an array";
}

// What a type names. Errors: Usage, InvalidHandle.
Result<const wasm::CanonType*> named_type(StoreRef store, ValType type, wasm::CompositeKind kind) {
  if (StoreAccess::state(store) == nullptr) {
    return no_store();
  }
  if (type.is_reference() && type.heap() == HeapKind::Defined) {
    const wasm::CanonType& found = types_of(store).type(wasm::CanonId(type.defined()));
    if (found.kind == kind) {
      return &found;
    }
  }
  return Error::usage("the type " + to_string(type) + ", expected that of " + name_of(kind));
}

// Keeps a type alive that no module of the store may have.
Result<void> keep_type(StoreRef store, const wasm::CanonType& type) {
  const wasm::ValType mentioned = wasm::ValType::ref(wasm::HeapType::concrete(type.id.value), false);
  wasm::TypeSet types = WHERRY_TRY_PUBLIC(
      EngineAccess::state(store.engine())->types.add_function({std::span(&mentioned, 1), {}}));
  WHERRY_TRY_PUBLIC(StoreAccess::state(store)->runtime->keep_types(std::move(types)));
  return {};
}

// Whether the store's modules can be trusted to keep it: then it need not be kept once more.
Result<void> prepare_type(StoreRef store, const wasm::CanonType& type) {
  runtime::Store& runtime = *StoreAccess::state(store)->runtime;
  if (runtime.state().types == nullptr) {
    runtime.state().types = &types_of(store).directory();
  }
  detail::StoreState& state = *StoreAccess::state(store);
  for (const uint32_t kept : state.kept_types) {
    if (kept == type.id.value) {
      return {};
    }
  }
  WHERRY_RETURN_IF_ERROR(keep_type(store, type));
  if (!state.kept_types.push_back(type.id.value)) {
    return Error::out_of_memory();
  }
  return {};
}

wasm::ValType unpacked(wasm::ValType storage) {
  const bool is_packed = storage.kind() == wasm::ValKind::I8 || storage.kind() == wasm::ValKind::I16;
  return is_packed ? wasm::kI32 : storage;
}

// A value as a field or an element holds it: the first bytes of its slots.
Result<void> write_value(StoreRef store, wasm::ValType storage, const Val& value, uint8_t* to,
                         size_t size_bytes) {
  uint64_t slots[2] = {};
  WHERRY_RETURN_IF_ERROR(store_val(store, unpacked(storage), value, slots));
  if (size_bytes < 8) {
    slots[0] &= (uint64_t{1} << size_bytes * 8) - 1;
  }
  std::memcpy(to, slots, size_bytes);
  return {};
}

Result<Val> read_value(StoreRef store, wasm::ValType storage, const uint8_t* from, size_t size_bytes) {
  uint64_t slots[2] = {};
  std::memcpy(slots, from, size_bytes);
  return load_val(store, unpacked(storage), slots);
}

size_t element_bytes(wasm::ValType storage) { return size_t{1} << wasm::storage_shift(storage); }

// A field's bytes in its slot: packed ones have less.
size_t field_bytes(wasm::ValType storage) { return element_bytes(storage); }

struct Place {
  wasm::FieldType type;
  uint8_t* bytes;
};

Result<Place> field_place(StoreRef store, AnyRef reference, uint32_t field) {
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, ref_of(store, reference));
  const wasm::CanonType& type = *object_type(store, ref);
  if (field >= type.fields.size()) {
    return Error::usage("field " + std::to_string(field) + ", expected less than " +
                        std::to_string(type.fields.size()));
  }
  return Place{type.fields[field], abi::payload_of(ref) + uint64_t{type.field_slot(field)} * 8};
}

Result<Place> element_place(StoreRef store, AnyRef reference, uint32_t index) {
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, ref_of(store, reference));
  const uint32_t length = abi::header_of(ref)->length;
  if (index >= length) {
    return Error::usage("element " + std::to_string(index) + ", expected less than " +
                        std::to_string(length));
  }
  const wasm::CanonType& type = *object_type(store, ref);
  return Place{type.fields[0], abi::payload_of(ref) + (uint64_t{index} << type.element_shift)};
}

Result<void> write_place(StoreRef store, const Place& place, const Val& value) {
  if (!place.type.is_mutable) {
    return Error::usage("a field that is not mutable was to be written");
  }
  return write_value(store, place.type.storage, value, place.bytes, field_bytes(place.type.storage));
}

Result<void> check_kind(StoreRef store, AnyRef reference, wasm::CompositeKind kind) {
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, ref_of(store, reference));
  const wasm::CanonType* const type = object_type(store, ref);
  return type != nullptr && type->kind == kind
             ? Result<void>()
             : Error::usage(std::string("the reference is to something else, expected ") + name_of(kind));
}

}  // namespace

wasm::ValType type_of_reference(StoreRef store, abi::Ref ref) {
  if (abi::is_i31(ref)) {
    return wasm::ValType::ref(wasm::AbstractHeap::I31, false);
  }
  const wasm::CanonType* const type = object_type(store, ref);
  if (type == nullptr) {
    return wasm::ValType::ref(wasm::AbstractHeap::Any, false);
  }
  return wasm::ValType::ref(wasm::HeapType::concrete(type->id.value), false);
}

}  // namespace api

namespace detail {

Result<uint64_t> any_to_slot(StoreRef store, AnyRef reference) { return api::slot_of(store, reference); }
Result<AnyRef> any_from_slot(StoreRef store, uint64_t slot) { return api::handle_of<AnyRef>(store, slot); }
Result<uint64_t> exn_to_slot(StoreRef store, ExnRef reference) { return api::slot_of(store, reference); }
Result<ExnRef> exn_from_slot(StoreRef store, uint64_t slot) { return api::handle_of<ExnRef>(store, slot); }

Result<InterruptState*> own_reference(StoreRef store, Handle handle) {
  StoreState* const state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  if (handle.generation != api::kI31Generation &&
      (handle.store != state->id || !state->runtime->heap().roots().own({handle.index, handle.generation}))) {
    return api::invalid_handle(store, handle, "reference");
  }
  runtime::InterruptState* const alive = state->runtime->interrupts();
  alive->retain();
  return reinterpret_cast<InterruptState*>(alive);
}

void disown_reference(InterruptState* alive, Handle handle) {
  void* const store = reinterpret_cast<runtime::InterruptState*>(alive)->state.store;
  if (store == nullptr || handle.generation == api::kI31Generation) {
    return;
  }
  (void)static_cast<runtime::Store*>(store)->heap().roots().disown({handle.index, handle.generation});
}

Handle handle_of(const ExternRef& reference) { return HandleAccess::of(reference); }
Handle handle_of(const AnyRef& reference) { return HandleAccess::of(reference); }
Handle handle_of(const ExnRef& reference) { return HandleAccess::of(reference); }

}  // namespace detail

// ---- what a reference is

Result<AnyRef> ExternRef::to_any(StoreRef store) const {
  if (is_null()) {
    return AnyRef();
  }
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, *this));
  return api::handle_of<AnyRef>(store, ref);
}

Result<ExternRef> AnyRef::to_extern(StoreRef store) const {
  if (is_null()) {
    return ExternRef();
  }
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, *this));
  return api::handle_of<ExternRef>(store, ref);
}

Result<AnyRef> AnyRef::i31(StoreRef store, int32_t value) {
  return api::handle_of<AnyRef>(store, abi::i31_of(static_cast<uint32_t>(value)));
}

Result<ValType> AnyRef::type(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, *this));
  return api::to_public(api::type_of_reference(store, ref));
}

Result<bool> AnyRef::is(StoreRef store, ValType type) const {
  if (is_null()) {
    return type.is_reference() && type.nullable();
  }
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, *this));
  return api::types_of(store).is_subtype(api::type_of_reference(store, ref), api::to_engine(type));
}

Result<std::optional<int32_t>> AnyRef::as_i31(StoreRef store) const {
  if (is_null()) {
    return std::optional<int32_t>();
  }
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, *this));
  return abi::is_i31(ref) ? std::optional(abi::i31_signed(ref)) : std::nullopt;
}

// ---- structures

Result<StructRef> StructRef::create(StoreRef store, ValType type, std::span<const Val> fields) {
  WHERRY_ASSIGN_OR_RETURN(const wasm::CanonType* const named,
                          api::named_type(store, type, wasm::CompositeKind::Struct));
  if (fields.size() != named->fields.size()) {
    return Error::usage(std::to_string(fields.size()) + " fields, expected " +
                        std::to_string(named->fields.size()));
  }
  WHERRY_RETURN_IF_ERROR(api::prepare_type(store, *named));
  const abi::Ref made = StoreAccess::state(store)->runtime->heap().allocate_struct(*named);
  if (made == abi::kNullRef) {
    return Error::out_of_memory();
  }
  for (uint32_t i = 0; i < fields.size(); ++i) {
    const wasm::ValType storage = named->fields[i].storage;
    Result<void> written = api::write_value(store, storage, fields[i],
                                            abi::payload_of(made) + uint64_t{named->field_slot(i)} * 8,
                                            api::field_bytes(storage));
    if (!written) {
      return std::move(written).error().with_context("field " + std::to_string(i));
    }
  }
  WHERRY_ASSIGN_OR_RETURN(const AnyRef reference, api::handle_of<AnyRef>(store, made));
  return StructRef(reference);
}

Result<StructRef> StructRef::of(StoreRef store, AnyRef reference) {
  WHERRY_RETURN_IF_ERROR(api::check_kind(store, reference, wasm::CompositeKind::Struct));
  return StructRef(reference);
}

Result<uint32_t> StructRef::field_count(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, reference_));
  return static_cast<uint32_t>(api::object_type(store, ref)->fields.size());
}

Result<Val> StructRef::get(StoreRef store, uint32_t field) const {
  WHERRY_ASSIGN_OR_RETURN(const api::Place place, api::field_place(store, reference_, field));
  return api::read_value(store, place.type.storage, place.bytes, api::field_bytes(place.type.storage));
}

Result<void> StructRef::set(StoreRef store, uint32_t field, const Val& value) const {
  WHERRY_ASSIGN_OR_RETURN(const api::Place place, api::field_place(store, reference_, field));
  return api::write_place(store, place, value);
}

// ---- arrays

namespace {

Result<abi::Ref> make_array(StoreRef store, const wasm::CanonType& type, size_t length) {
  if (length > ~uint32_t{0}) {
    return Error::usage("an array of more than 2^32 - 1 elements");
  }
  WHERRY_RETURN_IF_ERROR(api::prepare_type(store, type));
  const abi::Ref made =
      StoreAccess::state(store)->runtime->heap().allocate_array(type, static_cast<uint32_t>(length));
  if (made == abi::kNullRef) {
    return Error::out_of_memory();
  }
  return made;
}

}  // namespace

Result<ArrayRef> ArrayRef::create(StoreRef store, ValType type, uint32_t length, const Val& value) {
  WHERRY_ASSIGN_OR_RETURN(const wasm::CanonType* const named,
                          api::named_type(store, type, wasm::CompositeKind::Array));
  const wasm::ValType storage = named->fields[0].storage;
  const size_t size_bytes = api::element_bytes(storage);
  uint8_t bytes[16];
  WHERRY_RETURN_IF_ERROR(api::write_value(store, storage, value, bytes, size_bytes));
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref made, make_array(store, *named, length));
  for (uint64_t i = 0; i < length; ++i) {
    std::memcpy(abi::payload_of(made) + i * size_bytes, bytes, size_bytes);
  }
  WHERRY_ASSIGN_OR_RETURN(const AnyRef reference, api::handle_of<AnyRef>(store, made));
  return ArrayRef(reference);
}

Result<ArrayRef> ArrayRef::create(StoreRef store, ValType type, std::span<const Val> elements) {
  WHERRY_ASSIGN_OR_RETURN(const wasm::CanonType* const named,
                          api::named_type(store, type, wasm::CompositeKind::Array));
  const wasm::ValType storage = named->fields[0].storage;
  const size_t size_bytes = api::element_bytes(storage);
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref made, make_array(store, *named, elements.size()));
  for (size_t i = 0; i < elements.size(); ++i) {
    Result<void> written =
        api::write_value(store, storage, elements[i], abi::payload_of(made) + i * size_bytes, size_bytes);
    if (!written) {
      return std::move(written).error().with_context("element " + std::to_string(i));
    }
  }
  WHERRY_ASSIGN_OR_RETURN(const AnyRef reference, api::handle_of<AnyRef>(store, made));
  return ArrayRef(reference);
}

Result<ArrayRef> ArrayRef::of(StoreRef store, AnyRef reference) {
  WHERRY_RETURN_IF_ERROR(api::check_kind(store, reference, wasm::CompositeKind::Array));
  return ArrayRef(reference);
}

Result<uint32_t> ArrayRef::length(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const abi::Ref ref, api::ref_of(store, reference_));
  return abi::header_of(ref)->length;
}

Result<Val> ArrayRef::get(StoreRef store, uint32_t index) const {
  WHERRY_ASSIGN_OR_RETURN(const api::Place place, api::element_place(store, reference_, index));
  return api::read_value(store, place.type.storage, place.bytes, api::element_bytes(place.type.storage));
}

Result<void> ArrayRef::set(StoreRef store, uint32_t index, const Val& value) const {
  WHERRY_ASSIGN_OR_RETURN(const api::Place place, api::element_place(store, reference_, index));
  return api::write_place(store, place, value);
}

// ---- scopes

RootScope::RootScope(StoreRef store) : store_(store), scope_(0) {
  if (detail::StoreState* const state = StoreAccess::state(store); state != nullptr) {
    scope_ = state->runtime->heap().roots().open_scope();
  }
}

RootScope::~RootScope() {
  if (detail::StoreState* const state = StoreAccess::state(store_); state != nullptr) {
    state->runtime->heap().roots().close_scope(scope_);
  }
}

// ---- collecting

GcStatistics StoreRef::gc_statistics() const {
  GcStatistics result;
  if (state_ == nullptr) {
    return result;
  }
  const runtime::HeapStatistics found = state_->runtime->heap().statistics();
  result.collections = found.collections;
  result.allocated_bytes = found.allocated_bytes;
  result.live_bytes = found.live_bytes;
  result.heap_bytes = found.heap_bytes;
  result.last_pause = std::chrono::nanoseconds(found.last_pause_ns);
  result.longest_pause = std::chrono::nanoseconds(found.longest_pause_ns);
  result.total_pause = std::chrono::nanoseconds(found.total_pause_ns);
  return result;
}

void StoreRef::collect_garbage() const {
  if (state_ != nullptr) {
    state_->runtime->heap().collect();
    state_->runtime->heap().finalize_dead();
  }
}

}  // namespace wherry
