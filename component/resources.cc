// Handles: the tables of instances, what goes in and out of them in calls, and resources that the host holds.
//
// One table an instance, for all kinds of resources, as indices are the guest's to see: from 1, the last one given back first. The host
// has one a store, whose handles carry a generation besides.
//
// What is owned is given before it is taken: giving may fail, and a resource that is in no table would never be destroyed.
#include <new>

#include "component/canon_call.h"

namespace wherry {

namespace component {

// ---- tables

uint32_t HandleTable::add(const Handle& handle, HandleCount& count) {
  if (free_ != 0) {
    const uint32_t index = free_;
    free_ = static_cast<uint32_t>(entries_[index].rep);
    entries_[index] = handle;
    return index;
  }
  if (entries_.empty() && !entries_.resize(1)) return 0;
  if (count.entries >= count.most || !entries_.push_back(handle)) return 0;
  ++count.entries;
  return static_cast<uint32_t>(entries_.size() - 1);
}

void HandleTable::remove(uint32_t index) {
  entries_[index] = {};
  entries_[index].rep = free_;
  free_ = index;
}

// ---- in and out

namespace {

bool fail_text(CanonCall& call, TrapCode code, std::string message) {
  Trap trap;
  trap.code = code;
  trap.message = std::move(message);
  return call.fail(Error::trap(std::move(trap)));
}

bool unknown(CanonCall& call, uint32_t index) {
  return fail_text(call, TrapCode::UnknownHandle, "unknown handle index " + std::to_string(index));
}

const char* kind_of(const RtResource* resource) {
  return resource->host != nullptr ? "host-defined resource" : "guest-defined resource";
}

bool wrong_type(CanonCall& call, uint32_t index, const RtResource* expected, const RtResource* found) {
  std::string text = "handle index " + std::to_string(index) + " used with the wrong type, expected ";
  text += expected == nullptr ? "another resource" : kind_of(expected);
  text += std::string(" but found a different ") + kind_of(found);
  return fail_text(call, TrapCode::WrongHandleType, std::move(text));
}

bool table_full(CanonCall& call) { return call.fail(TrapCode::TooManyHandles); }

bool check_own(CanonCall& call, const Handle& handle) {
  if (handle.lends != 0) return call.fail(TrapCode::ResourceLent);
  return handle.is_own || call.fail(TrapCode::NotOwned);
}

constexpr size_t kFreeLends = 64;

bool lend_entry(CanonCall& call, RtInstance* instance, uint32_t index, Handle* handle, uint64_t* rep) {
  CallScope* const scope = detail::CanonCallAccess::open_scope(call);
  if (scope == nullptr) return false;
  // The few that most calls lend are not worth an account; a list of the guest's may hold the same handle millions of times.
  if (scope->lends.size() >= kFreeLends && !call.charge(sizeof(CallScope::Lend))) return false;
  if (!scope->lends.push_back({instance, index})) return call.fail(Error::out_of_memory());
  detail::CanonCallAccess::set_borrows(call);
  ++handle->lends;
  *rep = handle->rep;
  return true;
}

}  // namespace

Handle* find_handle(CanonCall& call, uint32_t index, const RtResource* resource) {
  Handle* const handle = options_of(call).instance->handles.find(index);
  if (handle == nullptr) {
    (void)unknown(call, index);
    return nullptr;
  }
  if (handle->resource == resource) return handle;
  (void)wrong_type(call, index, resource, handle->resource);
  return nullptr;
}

bool move_own(CanonCall& from, uint32_t index, RtResource* resource, CanonCall& to, uint32_t* to_index) {
  const Handle* const handle = find_handle(from, index, resource);
  if (handle == nullptr || !check_own(from, *handle) || !give_own(to, resource, handle->rep, to_index))
    return false;
  options_of(from).instance->handles.remove(index);
  return true;
}

bool move_own_to_host(CanonCall& call, uint32_t index, RtResource* resource, ComponentResource* made) {
  const Handle* const handle = find_handle(call, index, resource);
  if (handle == nullptr || !check_own(call, *handle)) return false;
  Handle of_host;
  of_host.resource = resource;
  of_host.rep = handle->rep;
  Result<ComponentResource> added = add_host_handle(options_of(call).store, of_host);
  if (!added) return call.fail(std::move(added).error());
  options_of(call).instance->handles.remove(index);
  *made = *added;
  return true;
}

bool move_own_from_host(CanonCall& call, ComponentResource resource, const Handle& handle, uint32_t* index) {
  if (!handle.is_own) return call.fail(Error::usage("a resource that is not owned cannot be given away"));
  if (handle.lends != 0) return call.fail(TrapCode::ResourceLent);
  if (!give_own(call, handle.resource, handle.rep, index)) return false;
  remove_host_handle(options_of(call).store, resource);
  return true;
}

bool lend(CanonCall& call, uint32_t index, const RtResource* resource, uint64_t* rep) {
  Handle* const handle = find_handle(call, index, resource);
  return handle != nullptr && lend_entry(call, options_of(call).instance, index, handle, rep);
}

bool lend_host(CanonCall& call, ComponentResource resource) {
  Handle* const handle = find_host_handle(call.store(), resource);
  uint64_t rep = 0;
  return lend_entry(call, nullptr, ComponentHandleAccess::of(resource).index, handle, &rep);
}

bool give_own(CanonCall& call, RtResource* resource, uint64_t rep, uint32_t* index) {
  Handle handle;
  handle.resource = resource;
  handle.rep = rep;
  *index = options_of(call).instance->handles.add(handle, options_of(call).store->handle_count);
  return *index != 0 || table_full(call);
}

// The component that defines a resource gets what it means itself instead of a handle.
bool give_borrow(CanonCall& call, RtResource* resource, uint64_t rep, uint32_t* index) {
  RtInstance* const instance = options_of(call).instance;
  if (resource->impl == instance) {
    *index = static_cast<uint32_t>(rep);
    return true;
  }
  CallScope* const scope = detail::CanonCallAccess::open_scope(call);
  if (scope == nullptr) return false;
  Handle handle;
  handle.resource = resource;
  handle.rep = rep;
  handle.is_own = false;
  handle.scope = scope;
  *index = instance->handles.add(handle, options_of(call).store->handle_count);
  if (*index == 0) return table_full(call);
  scope->callee = instance;
  ++scope->borrows;
  return true;
}

bool check_borrows(CanonCall& call) {
  const CallScope* const scope = detail::CanonCallAccess::scope(call);
  return scope == nullptr || scope->borrows == 0 || call.fail(TrapCode::BorrowsRemain);
}

// ---- the end of a resource

namespace {

Result<void> find_destructor(RtResource* resource) {
  if (resource->dtor_object != nullptr) return {};
  return resolve_func(resource->impl->tree, resource->destructor, 1, false, &resource->dtor,
                      &resource->dtor_object);
}

}  // namespace

Result<void> destroy(StoreRef store, RtResource* resource, uint64_t rep, RtInstance* from) {
  if (resource->host != nullptr) {
    resource->host->destroy(reinterpret_cast<void*>(rep));
    return {};
  }
  RtInstance* const impl = resource->impl;
  if (impl == nullptr || (resource->destructor.from == CoreItem::From::Nothing && impl == from)) return {};
  if (!enter(impl, from)) return Error::trap(TrapCode::CannotEnter);
  if (resource->destructor.from != CoreItem::From::Nothing) {
    WHERRY_RETURN_IF_ERROR(find_destructor(resource));
    uint64_t slots[1] = {static_cast<uint32_t>(rep)};
    detail::CanonOptions options;
    options.instance = impl;
    CanonCall call(store, &options);
    const uint64_t context[2] = {impl->context[0], impl->context[1]};
    impl->context[0] = impl->context[1] = 0;
    if (!call_core(call, resource->dtor, resource->dtor_object, slots)) return call.take_error();
    impl->context[0] = context[0];
    impl->context[1] = context[1];
  }
  leave(impl, from);
  return {};
}

// ---- the host's own

Handle* find_host_handle(StoreRef store, ComponentResource resource) {
  const detail::Handle handle = ComponentHandleAccess::of(resource);
  RtStore* const found = RtStore::find(store);
  if (found == nullptr || handle.store != found->id) return nullptr;
  Handle* const entry = found->host_handles.find(handle.index);
  return entry != nullptr && entry->generation == handle.generation ? entry : nullptr;
}

Result<ComponentResource> add_host_handle(RtStore* store, const Handle& handle) {
  Handle made = handle;
  made.generation = ++store->next_generation;
  const uint32_t index = store->host_handles.add(made, store->handle_count);
  if (index == 0) return Error::trap(TrapCode::TooManyHandles);
  return ComponentHandleAccess::make<ComponentResource>({store->id, index, made.generation});
}

void drop_host_handles(RtStore* store, std::span<const ComponentResource> resources) {
  for (const ComponentResource resource : resources) {
    const detail::Handle place = ComponentHandleAccess::of(resource);
    const Handle* const found = store->host_handles.find(place.index);
    if (found == nullptr || found->generation != place.generation) continue;
    const Handle dropped = *found;
    store->host_handles.remove(place.index);
    if (dropped.resource->host != nullptr) {
      dropped.resource->host->destroy(reinterpret_cast<void*>(dropped.rep));
    }
  }
}

void remove_host_handle(RtStore* store, ComponentResource resource) {
  store->host_handles.remove(ComponentHandleAccess::of(resource).index);
}

}  // namespace component

Result<void> limit_component_handles(StoreRef store, uint32_t most) {
  WHERRY_ASSIGN_OR_RETURN(component::RtStore* const found, component::RtStore::of(store));
  found->handle_count.most = most;
  return {};
}

namespace {

Error no_resource() { return Error::make(ErrorKind::InvalidHandle, "no resource of this store"); }

}  // namespace

Result<bool> ComponentResource::is_owned(StoreRef store) const {
  const component::Handle* const handle = component::find_host_handle(store, *this);
  if (handle == nullptr) return no_resource();
  return handle->is_own;
}

Result<void> ComponentResource::drop(StoreRef store) const {
  component::Handle* const handle = component::find_host_handle(store, *this);
  if (handle == nullptr) return no_resource();
  if (!handle->is_own) return Error::usage("a resource that is not owned cannot be dropped");
  if (handle->lends != 0) return Error::trap(TrapCode::ResourceLent);
  const component::Handle dropped = *handle;
  component::remove_host_handle(component::RtStore::find(store), *this);
  return component::destroy(store, dropped.resource, dropped.rep, nullptr);
}

// ---- typed functions

namespace detail {

using component::RtResource;

void CanonCallAccess::forget_host_borrows(CanonCall& call) {
  component::CallScope* const found = scope(call);
  if (found == nullptr) return;
  for (const ComponentResource resource : found->host_borrows) {
    if (component::find_host_handle(call.store_, resource) != nullptr)
      component::remove_host_handle(call.options_->store, resource);
  }
  found->host_borrows = {};
}

bool CanonCall::lift_own(uint32_t index, const ResourceClass* resource, void** object) {
  component::Handle* const handle = options_->instance->handles.find(index);
  if (handle == nullptr) return component::unknown(*this, index);
  if (handle->resource->host != resource)
    return component::wrong_type(*this, index, nullptr, handle->resource);
  if (!component::check_own(*this, *handle)) return false;
  *object = reinterpret_cast<void*>(handle->rep);
  options_->instance->handles.remove(index);
  return true;
}

bool CanonCall::lift_borrow(uint32_t index, const ResourceClass* resource, void** object) {
  component::Handle* const handle = options_->instance->handles.find(index);
  if (handle == nullptr) return component::unknown(*this, index);
  if (handle->resource->host != resource)
    return component::wrong_type(*this, index, nullptr, handle->resource);
  uint64_t rep = 0;
  if (!component::lend_entry(*this, options_->instance, index, handle, &rep)) return false;
  *object = reinterpret_cast<void*>(rep);
  return true;
}

bool CanonCall::lower_own(void* object, const ResourceClass* resource, uint32_t* handle) {
  if (object == nullptr) return fail(Error::usage("an Own that owns nothing"));
  RtResource* const found = options_->store->host_resource(resource);
  if (found == nullptr) return fail(Error::out_of_memory());
  return component::give_own(*this, found, reinterpret_cast<uint64_t>(object), handle);
}

bool CanonCall::lower_borrow(void* object, const ResourceClass* resource, uint32_t* handle) {
  if (object == nullptr) return fail(Error::usage("a Borrow of nothing"));
  RtResource* const found = options_->store->host_resource(resource);
  if (found == nullptr) return fail(Error::out_of_memory());
  return component::give_borrow(*this, found, reinterpret_cast<uint64_t>(object), handle);
}

namespace {

RtResource* find_tag(const CanonOptions& options, const ResourceClass* tag) {
  for (const auto& [known, resource] : options.tags) {
    if (known == tag) return resource;
  }
  return nullptr;
}

}  // namespace

bool CanonCall::lift_resource(uint32_t index, ComponentKind kind, const ResourceClass* tag,
                              ComponentResource* resource) {
  RtResource* const expected = find_tag(*options_, tag);
  if (expected == nullptr) return fail(Error::usage("a resource of a guest that no type names"));
  if (kind != ComponentKind::Own) return fail(Error::usage("a borrow of a guest's resource for the host"));
  return component::move_own_to_host(*this, index, expected, resource);
}

bool CanonCall::lower_resource(ComponentResource resource, ComponentKind kind, const ResourceClass* tag,
                               uint32_t* index) {
  RtResource* const expected = find_tag(*options_, tag);
  component::Handle* const handle = component::find_host_handle(store_, resource);
  if (handle == nullptr) return fail(no_resource());
  if (handle->resource != expected) return fail(Error::usage("a resource of another type"));
  if (kind == ComponentKind::Own) return component::move_own_from_host(*this, resource, *handle, index);
  uint64_t rep = 0;
  return component::lend_entry(*this, nullptr, ComponentHandleAccess::of(resource).index, handle, &rep) &&
         component::give_borrow(*this, expected, rep, index);
}

}  // namespace detail

}  // namespace wherry
