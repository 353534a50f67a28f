// Instances: instantiating with imports in order, and exports by name.
#include "wherry/instance.h"

#include <string>

#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/instantiate/instantiate.h"
#include "engine/wasm/errors.h"

namespace wherry {

namespace {

Error no_export(std::string_view name, const char* kind) {
  std::string message = "no ";
  message += kind;
  message += " called '";
  message += name.substr(0, 256);
  message += "' is exported";
  return Error::make(ErrorKind::Link, message);
}

// The export of one kind.
template <class T>
Result<T> get_as(StoreRef store, Instance instance, std::string_view name, const char* kind,
                 std::optional<T> (Extern::*as)() const) {
  WHERRY_ASSIGN_OR_RETURN(const Extern item, instance.get(store, name));
  if (const std::optional<T> found = (item.*as)()) {
    return *found;
  }
  return no_export(name, kind);
}

}  // namespace

Result<Instance> api::instantiate(detail::StoreState& state, const Module& module,
                                  std::span<const runtime::ExternValue> imports) {
  if (module.engine() != state.engine) {
    return Error::usage("the module is of another engine than the store");
  }
  const Running running(state);
  if (!running.is_allowed()) {
    return runs_elsewhere();
  }
  detail::ModuleState* const owner = detail::retain(ModuleAccess::state(module));
  const runtime::Outcome<runtime::Instance*> made = instantiate::instantiate(
      *state.runtime, *owner->shape, imports,
      {owner, [](void* object) { detail::release(static_cast<detail::ModuleState*>(object)); }});
  if (!made) {
    return to_public(state, made.error());
  }
  if (owner->has_shrunk()) {
    return to_public(base::Error{wasm::ErrorCode::FileChanged, base::Error::kNoOffset, {}});
  }
  return make_handle<Instance>(state, runtime::Store::handle_of(*made));
}

Result<Instance> Instance::create(StoreRef store, const Module& module, std::span<const Extern> imports) {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  base::Vector<runtime::ExternValue> values;
  if (!values.reserve(imports.size())) {
    return Error::out_of_memory();
  }
  for (const Extern& import : imports) {
    WHERRY_ASSIGN_OR_RETURN(const runtime::ExternValue value, api::to_engine(store, import));
    (void)values.push_back(value);  // There is room.
  }
  return api::instantiate(*state, module, values);
}

Result<Module> Instance::module(StoreRef store) const {
  auto* state = static_cast<detail::ModuleState*>(WHERRY_FIND(store, *this, "instance")->owner());
  return ModuleAccess::adopt(detail::retain(state));
}

Result<Extern> Instance::get(StoreRef store, std::string_view name) const {
  runtime::Instance* const instance = WHERRY_FIND(store, *this, "instance");
  const int64_t position = instance->shape().find_export(name);
  if (position < 0) {
    return no_export(name, "item");
  }
  return get_at(store, static_cast<size_t>(position));
}

Result<Extern> Instance::get_at(StoreRef store, size_t index) const {
  runtime::Instance* const instance = WHERRY_FIND(store, *this, "instance");
  if (index >= instance->module().exports.size()) {
    return Error::usage("export " + std::to_string(index) + ", expected less than " +
                        std::to_string(instance->module().exports.size()));
  }
  const runtime::ExternValue item = instance->export_at(static_cast<uint32_t>(index));
  if (item.is_null()) {
    return Error::out_of_memory();
  }
  return api::to_public(*StoreAccess::state(store), item);
}

Result<Func> Instance::func(StoreRef store, std::string_view name) const {
  return get_as(store, *this, name, "function", &Extern::func);
}
Result<Table> Instance::table(StoreRef store, std::string_view name) const {
  return get_as(store, *this, name, "table", &Extern::table);
}
Result<Memory> Instance::memory(StoreRef store, std::string_view name) const {
  return get_as(store, *this, name, "memory", &Extern::memory);
}
Result<Global> Instance::global(StoreRef store, std::string_view name) const {
  return get_as(store, *this, name, "global", &Extern::global);
}
Result<Tag> Instance::tag(StoreRef store, std::string_view name) const {
  return get_as(store, *this, name, "tag", &Extern::tag);
}

}  // namespace wherry
