// Calls across a component's border: into an export from the host, out of a guest to the host or to another guest; and the
// canonical built-ins.
//
// Entering marks the callee and what is around it, up to what is around the caller too; leaving takes the marks away. A call
// that fails does not leave: what trapped is never entered again, which is all that poisoning takes. A component and one
// inside of it cannot call one another at all: the specification would let them, its test suite has it trap "for now", as Wasmtime does.
//
// Asynchronous execution does not exist yet: built-ins that need it trap with a code of their own, after the checks that they
// share with the rest.
#include "component/link_types.h"
#include "component/transfer.h"
#include "component/values.h"

namespace wherry {

namespace component {

namespace {

// The innermost instance that is around both, or null. Each is around itself.
const RtInstance* around_both(const RtInstance* a, const RtInstance* b) {
  while (a != b) {
    if (a == nullptr || b == nullptr) return nullptr;
    if (a->depth > b->depth) {
      a = a->parent;
    } else if (b->depth > a->depth) {
      b = b->parent;
    } else {
      a = a->parent;
      b = b->parent;
    }
  }
  return a;
}

}  // namespace

bool enter(RtInstance* callee, const RtInstance* caller) {
  const RtInstance* const stop = caller == nullptr ? nullptr : around_both(callee, caller);
  for (const RtInstance* i = callee; i != stop; i = i->parent) {
    if (*i->is_entered != 0) return false;
  }
  for (RtInstance* i = callee; i != stop; i = i->parent) *i->is_entered = 1;
  return true;
}

void leave(RtInstance* callee, const RtInstance* caller) {
  const RtInstance* const stop = caller == nullptr ? nullptr : around_both(callee, caller);
  for (RtInstance* i = callee; i != stop; i = i->parent) *i->is_entered = 0;
}

namespace {

// The parts of a call of a lifted function that do not depend on who calls.
class Callee {
 public:
  Callee(detail::LiftedFunc* lifted, const RtInstance* caller) : lifted_(*lifted), caller_(caller) {}

  [[nodiscard]] bool enter(CanonCall& call) {
    if (lifted_.object == nullptr) [[unlikely]] {
      if (Result<void> resolved = resolve_lift(&lifted_); !resolved)
        return call.fail(std::move(resolved).error());
    }
    RtInstance& instance = *lifted_.instance;
    if (!component::enter(&instance, caller_)) [[unlikely]]
      return call.fail(TrapCode::CannotEnter);
    context_[0] = instance.context[0];
    context_[1] = instance.context[1];
    instance.context[0] = instance.context[1] = 0;
    return true;
  }
  [[nodiscard]] bool invoke(CanonCall& call, uint64_t* slots) {
    if (!call_core(call, lifted_.func, lifted_.object, slots)) return false;
    flat_result_ = slots[0];
    return true;
  }
  // Nothing that was lent may be left.
  [[nodiscard]] bool finish(CanonCall& call) { return check_borrows(call); }
  [[nodiscard]] bool leave(CanonCall& call) {
    RtInstance& instance = *lifted_.instance;
    if (lifted_.post_return_object != nullptr) {
      uint64_t slots[1] = {flat_result_};
      *instance.may_leave = 0;
      if (!call_core(call, lifted_.post_return, lifted_.post_return_object, slots)) return false;
      *instance.may_leave = 1;
    }
    instance.context[0] = context_[0];
    instance.context[1] = context_[1];
    component::leave(&instance, caller_);
    return true;
  }

 private:
  detail::LiftedFunc& lifted_;
  const RtInstance* caller_;
  uint64_t context_[2] = {};
  uint64_t flat_result_ = 0;
};

// ---- from guest to guest

// The walk over one call: parameters one way, results the other.
bool call_guest(const RtCanon& canon, CanonCall& caller, CanonCall& callee, Callee& target, uint64_t* slots) {
  const FlatSignature& signature = canon.flat->signature;
  const canon::Plan& plan = canon.tree().flat().plan;
  const canon::Node& params = plan[signature.params];
  uint64_t arguments[canon::kMaxFlatParams + 1] = {};
  Transfer there(canon.tree(), caller, callee);
  const bool is_flat = params.flat <= canon::kMaxFlatParams;
  if (is_flat) {
    const uint64_t* from = slots;
    uint64_t* to = arguments;
    if (!there.slots(signature.params, from, to)) return false;
  } else {
    const uint8_t* const from = caller.range(static_cast<uint32_t>(slots[0]), params.size, params.align);
    uint32_t address = 0;
    uint8_t* to = nullptr;
    if (from == nullptr || !callee.allocate(params.size, params.align, &address, &to) ||
        !there.bytes(signature.params, from, to)) {
      return false;
    }
    arguments[0] = address;
  }
  if (!target.invoke(callee, arguments) || !target.finish(callee)) return false;
  if (signature.result == kNone) return target.leave(callee);
  const canon::Node& result = plan[signature.result];
  Transfer back(canon.tree(), callee, caller);
  if (result.flat <= canon::kMaxFlatResults) {
    const uint64_t* from = arguments;
    uint64_t* to = slots;
    return back.slots(signature.result, from, to) && target.leave(callee);
  }
  const uint8_t* const from = callee.range(static_cast<uint32_t>(arguments[0]), result.size, result.align);
  uint8_t* const to =
      caller.range(static_cast<uint32_t>(slots[is_flat ? params.flat : 1]), result.size, result.align);
  return from != nullptr && to != nullptr && back.bytes(signature.result, from, to) && target.leave(callee);
}

HostStatus fail(Caller& caller, CanonCall& first, CanonCall& second) {
  return caller.fail(detail::CanonCallAccess::has_error(first) ? first.take_error() : second.take_error());
}

}  // namespace

HostStatus lowered_entry(void* environment, Caller& caller, uint64_t* slots) {
  const auto& canon = *static_cast<const RtCanon*>(environment);
  if (*canon.instance->may_leave == 0) [[unlikely]]
    return caller.fail(Error::trap(TrapCode::CannotLeave));
  CanonCall from(caller, canon.binding.options);
  CanonCall to(static_cast<StoreRef>(caller), &canon.callee->options);
  Callee target(canon.callee, canon.instance);
  if (!target.enter(to) || !call_guest(canon, from, to, target, slots)) [[unlikely]]
    return fail(caller, from, to);
  return HostStatus::Ok;  // What was lent comes back with the end of `from`.
}

// ---- from a guest to a host function of dynamic type

namespace {

bool call_dynamic(const RtCanon& canon, Caller& caller, CanonCall& call, uint64_t* slots) {
  const FlatSignature& signature = canon.flat->signature;
  const canon::Plan& plan = canon.tree().flat().plan;
  const canon::Node& params = plan[signature.params];
  const ComponentFuncType type = ComponentTypeAccess::func(&canon.tree().component(), signature.type);
  const bool is_flat = params.flat <= canon::kMaxFlatParams;
  const uint64_t* from_slots = slots;
  const uint8_t* from = nullptr;
  if (!is_flat) {
    from = call.range(static_cast<uint32_t>(slots[0]), params.size, params.align);
    if (from == nullptr) return false;
  }
  ValueCodec codec(canon.tree(), call);
  std::vector<ComponentVal> arguments(params.count);
  for (uint32_t i = 0; i < params.count; ++i) {
    const canon::Part part = plan.parts_of(params)[i];
    const bool is_lifted = is_flat
                               ? codec.lift(type.param_type(i), part.node, from_slots, &arguments[i])
                               : codec.load(type.param_type(i), part.node, from + part.offset, &arguments[i]);
    if (!is_lifted) return false;
  }
  const Supply& supply = canon.tree().pre.get()->supplies[canon.flat->callee.index];
  detail::CanonCallAccess::hand_over(call);
  ComponentVal result;
  Result<void> called = supply.dynamic(supply.environment, caller, type, arguments, result);
  if (!called) return call.fail(std::move(called).error());
  detail::CanonCallAccess::forget_host_borrows(call);
  call.end_borrows();
  if (signature.result == kNone) return true;
  std::string why;
  if (!is_of_type(result, type.result(), &why))
    return call.fail(Error::usage("the result of a host function: " + why));
  const canon::Node& node = plan[signature.result];
  if (node.flat <= canon::kMaxFlatResults) return codec.lower(type.result(), signature.result, result, slots);
  uint8_t* const to =
      call.range(static_cast<uint32_t>(slots[is_flat ? params.flat : 1]), node.size, node.align);
  return to != nullptr && codec.store(type.result(), signature.result, result, to);
}

}  // namespace

HostStatus dynamic_entry(void* environment, Caller& caller, uint64_t* slots) {
  const auto& canon = *static_cast<const RtCanon*>(environment);
  if (*canon.instance->may_leave == 0) return caller.fail(Error::trap(TrapCode::CannotLeave));
  CanonCall call(caller, canon.binding.options);
  return call_dynamic(canon, caller, call, slots) ? HostStatus::Ok : caller.fail(call.take_error());
}

HostStatus barred_entry(void* environment, Caller& caller, uint64_t*) {
  const auto& canon = *static_cast<const RtCanon*>(environment);
  return caller.fail(
      Error::trap(*canon.instance->may_leave == 0 ? TrapCode::CannotLeave : TrapCode::CannotEnter));
}

HostStatus unknown_entry(void* environment, Caller& caller, uint64_t*) {
  const auto& canon = *static_cast<const RtCanon*>(environment);
  if (*canon.instance->may_leave == 0) return caller.fail(Error::trap(TrapCode::CannotLeave));
  return caller.fail(Error::trap(TrapCode::UnknownImport));
}

// ---- built-ins

namespace {

// resource.new, resource.drop and resource.rep (CanonicalABI.md, "canon resource.new").
bool resource_builtin(const RtCanon& canon, CanonCall& call, uint64_t* slots) {
  RtResource* const resource = canon.tree().resources[canon.flat->resource];
  const auto index = static_cast<uint32_t>(slots[0]);
  switch (canon.flat->op) {
    case CanonOp::ResourceNew: {
      uint32_t made = 0;
      if (!give_own(call, resource, index, &made)) return false;
      slots[0] = made;
      return true;
    }
    case CanonOp::ResourceRep: {
      const Handle* const handle = find_handle(call, index, resource);
      if (handle == nullptr) return false;
      slots[0] = static_cast<uint32_t>(handle->rep);
      return true;
    }
    default: break;
  }
  Handle* const handle = find_handle(call, index, resource);
  if (handle == nullptr) return false;
  if (handle->lends != 0) return call.fail(TrapCode::ResourceLent);
  const Handle dropped = *handle;
  canon.instance->handles.remove(index);
  if (!dropped.is_own) {
    if (dropped.scope != nullptr) --dropped.scope->borrows;
    return true;
  }
  Result<void> ended = destroy(call.store(), resource, dropped.rep, canon.instance);
  return ended.ok() || call.fail(std::move(ended).error());
}

bool builtin(const RtCanon& canon, CanonCall& call, uint64_t* slots) {
  RtInstance& instance = *canon.instance;
  switch (canon.flat->op) {
    case CanonOp::ResourceRep: return resource_builtin(canon, call, slots);
    case CanonOp::ContextGet: slots[0] = instance.context[canon.flat->number & 1]; return true;
    case CanonOp::ContextSet: instance.context[canon.flat->number & 1] = slots[0]; return true;
    case CanonOp::BackpressureInc:
      return ++instance.backpressure < (1u << 16) || call.fail(TrapCode::AsyncUnsupported);
    case CanonOp::BackpressureDec:
      return instance.backpressure-- > 0 || call.fail(TrapCode::AsyncUnsupported);
    default: break;
  }
  if (*instance.may_leave == 0) return call.fail(TrapCode::CannotLeave);
  switch (canon.flat->op) {
    case CanonOp::ResourceNew:
    case CanonOp::ResourceDrop: return resource_builtin(canon, call, slots);
    default: return call.fail(TrapCode::AsyncUnsupported);
  }
}

}  // namespace

HostStatus builtin_entry(void* environment, Caller& caller, uint64_t* slots) {
  const auto& canon = *static_cast<const RtCanon*>(environment);
  detail::CanonOptions options;
  options.instance = canon.instance;
  options.store = canon.tree().store;
  CanonCall call(caller, &options);
  return builtin(canon, call, slots) ? HostStatus::Ok : caller.fail(call.take_error());
}

}  // namespace component

// ---- exports, called by the host

namespace {

Error no_func() { return Error::make(ErrorKind::InvalidHandle, "no component function of this store"); }

}  // namespace

namespace detail {

ExportCall::ExportCall(StoreRef store, Handle handle)
    : lifted_(component::find_lift(store, handle)),
      canon_(store, lifted_ == nullptr ? nullptr : &lifted_->options) {}

bool ExportCall::enter() {
  if (lifted_ == nullptr) return canon_.fail(no_func());
  component::Callee callee(lifted_, nullptr);
  return callee.enter(canon_);
}

bool ExportCall::invoke(uint64_t* slots) {
  if (!component::call_core(canon_, lifted_->func, lifted_->object, slots)) return false;
  flat_result_ = slots[0];
  return true;
}

// What was lent before the fault is in the guest's table and refers to this call, which ends: such an instance stays as it is.
Error ExportCall::refused() {
  Error error = canon_.take_error();
  const component::CallScope* const scope = CanonCallAccess::scope(canon_);
  const bool is_ours = error.kind() == ErrorKind::Usage || error.kind() == ErrorKind::InvalidHandle;
  if (is_ours && (scope == nullptr || scope->borrows == 0)) component::leave(lifted_->instance, nullptr);
  return error;
}

bool ExportCall::leave() {
  component::RtInstance& instance = *lifted_->instance;
  if (!component::check_borrows(canon_)) return false;
  canon_.end_borrows();
  if (lifted_->post_return_object != nullptr) {
    uint64_t slots[1] = {flat_result_};
    *instance.may_leave = 0;
    if (!component::call_core(canon_, lifted_->post_return, lifted_->post_return_object, slots)) return false;
    *instance.may_leave = 1;
  }
  component::leave(&instance, nullptr);
  return true;
}

namespace {

// With everything that a call may need, for one that needs some of it.
[[gnu::noinline]] Result<void> call_with_all(StoreRef store, Handle handle, uint64_t* slots) {
  ExportCall call(store, handle);
  if (!call.enter() || !call.invoke(slots)) return call.failed();
  const uint64_t result = slots[0];
  if (!call.leave()) return call.failed();
  slots[0] = result;
  return {};
}

[[gnu::noinline]] Error cannot_enter() { return Error::trap(TrapCode::CannotEnter); }

}  // namespace

Result<void> call_plain(StoreRef store, Handle handle, uint64_t* slots) {
  LiftedFunc* const lifted = component::follow_quick(store, handle);
  if (lifted == nullptr || lifted->object == nullptr || lifted->post_return_object != nullptr) [[unlikely]]
    return call_with_all(store, handle, slots);
  component::RtInstance* const instance = lifted->instance;
  // The outermost one, which most exports are of, has nothing around it.
  const bool is_outermost = instance->parent == nullptr;
  uint32_t* const flag = instance->is_entered;
  if (is_outermost ? *flag != 0 : !component::enter(instance, nullptr)) [[unlikely]]
    return cannot_enter();
  *flag = 1;
  instance->context[0] = instance->context[1] = 0;
  // Its handle was of this store, so the function is too.
  if (Result<void> called = call_known(store, lifted->object, slots); !called) [[unlikely]] {
    return component::as_trap(std::move(called).error());
  }
  *flag = 0;
  if (!is_outermost) component::leave(instance, nullptr);
  return {};
}

Result<Handle> check_component_type(StoreRef store, Handle handle, const FuncDesc& desc) {
  LiftedFunc* const lifted = component::find_lift(store, handle);
  if (lifted == nullptr) return no_func();
  const component::TypeId type = lifted->tree->flat().exports[handle.generation].type;
  std::string why;
  if (component::matches_export(*lifted->tree, type, desc, &lifted->options.tags, &why)) {
    return component::quick_handle(lifted);
  }
  return Error::usage("a function of type " +
                      ComponentTypeAccess::func(&lifted->tree->component(), type).to_string() +
                      " is asked for as another: " + why);
}

}  // namespace detail

Result<ComponentFuncType> ComponentFunc::type(StoreRef store) const {
  component::RtTree* const tree = component::find_tree(store, handle_);
  if (tree == nullptr || handle_.generation >= tree->flat().exports.size()) return no_func();
  return ComponentTypeAccess::func(&tree->component(), tree->flat().exports[handle_.generation].type);
}

namespace {

using component::ValueCodec;

bool lower_arguments(ValueCodec& codec, detail::CanonCall& call, const component::RtTree& tree,
                     const component::FlatSignature& signature, ComponentFuncType type,
                     std::span<const ComponentVal> arguments, uint64_t* slots) {
  const canon::Plan& plan = tree.flat().plan;
  const canon::Node& params = plan[signature.params];
  uint32_t address = 0;
  uint8_t* bytes = nullptr;
  const bool is_flat = params.flat <= canon::kMaxFlatParams;
  if (!is_flat && !call.allocate(params.size, params.align, &address, &bytes)) return false;
  uint64_t* to = slots;
  for (uint32_t i = 0; i < params.count; ++i) {
    const canon::Part part = plan.parts_of(params)[i];
    const bool is_done = is_flat
                             ? codec.lower(type.param_type(i), part.node, arguments[i], to)
                             : codec.store(type.param_type(i), part.node, arguments[i], bytes + part.offset);
    if (!is_done) return false;
  }
  if (!is_flat) slots[0] = address;
  return true;
}

}  // namespace

Result<std::optional<ComponentVal>> ComponentFunc::call(StoreRef store,
                                                        std::span<const ComponentVal> arguments) const {
  WHERRY_ASSIGN_OR_RETURN(const ComponentFuncType type, this->type(store));
  detail::LiftedFunc* const lifted = component::find_lift(store, handle_);
  if (lifted == nullptr)
    return Error::make(ErrorKind::Unsupported,
                       "calling an exported function that is one of the component's imports");
  if (arguments.size() != type.param_count()) {
    return Error::usage("found " + std::to_string(arguments.size()) + " arguments, expected " +
                        std::to_string(type.param_count()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string why;
    if (!component::is_of_type(arguments[i], type.param_type(i), &why)) {
      return Error::usage("argument '" + std::string(type.param_name(i)) + "': " + why);
    }
  }
  const component::RtTree& tree = *lifted->tree;
  const component::FlatSignature& signature = lifted->flat->signature;
  detail::ExportCall call(store, handle_);
  if (!call.enter()) return call.failed();
  ValueCodec codec(tree, call.canon());
  uint64_t slots[canon::kMaxFlatParams + 1] = {};
  if (!lower_arguments(codec, call.canon(), tree, signature, type, arguments, slots)) return call.refused();
  if (!call.invoke(slots)) return call.failed();
  std::optional<ComponentVal> result;
  if (signature.result != component::kNone) {
    const canon::Node& node = tree.flat().plan[signature.result];
    result.emplace();
    if (node.flat <= canon::kMaxFlatResults) {
      const uint64_t* from = slots;
      if (!codec.lift(type.result(), signature.result, from, &*result)) return call.failed();
    } else {
      const uint8_t* const from = call.canon().range(static_cast<uint32_t>(slots[0]), node.size, node.align);
      if (from == nullptr || !codec.load(type.result(), signature.result, from, &*result))
        return call.failed();
    }
  }
  if (!call.leave()) return call.failed();
  detail::CanonCallAccess::hand_over(call.canon());
  return result;
}

// ---- instances

Result<Component> ComponentInstance::component(StoreRef store) const {
  component::RtTree* const tree = component::find_tree(store, handle_);
  if (tree == nullptr) return Error::make(ErrorKind::InvalidHandle, "no component instance of this store");
  return tree->pre.get()->component;
}

Result<ComponentFunc> ComponentInstance::func(StoreRef store, std::string_view interface,
                                              std::string_view name) const {
  component::RtTree* const tree = component::find_tree(store, handle_);
  if (tree == nullptr) return Error::make(ErrorKind::InvalidHandle, "no component instance of this store");
  const auto& exports = tree->flat().exports;
  const component::VersionedName wanted = component::VersionedName::parse(interface);
  uint32_t best = component::kNone;
  component::VersionedName best_version;
  for (uint32_t i = 0; i < exports.size(); ++i) {
    if (exports[i].kind != component::FlatExport::Kind::Func || exports[i].name != name) continue;
    if (exports[i].interface == interface) {
      best = i;
      break;
    }
    const component::VersionedName version = component::VersionedName::parse(exports[i].interface);
    if (!wanted.is_compatible(version)) continue;
    if (best != component::kNone &&
        std::lexicographical_compare(version.version, version.version + 3, best_version.version,
                                     best_version.version + 3)) {
      continue;
    }
    best = i;
    best_version = version;
  }
  if (best != component::kNone)
    return ComponentHandleAccess::make<ComponentFunc>({tree->store->id, tree->index, best});
  std::string text = "no function called '";
  if (!interface.empty()) text += std::string(interface) + "' '";
  return Error::make(ErrorKind::Link, text + std::string(name) + "' is exported");
}

}  // namespace wherry
