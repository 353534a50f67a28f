// ComponentLinker: what the host gives to components, by interface and name.
#pragma once

#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "wherry/component.h"
#include "wherry/component_host.h"
#include "wherry/component_instance.h"
#include "wherry/component_value.h"
#include "wherry/detail/shared.h"
#include "wherry/engine.h"
#include "wherry/module.h"
#include "wherry/result.h"
#include "wherry/store.h"

namespace wherry {

namespace detail {
struct ComponentLinkerState;
struct ComponentPreState;
ComponentPreState* retain(ComponentPreState* state) noexcept;
void release(ComponentPreState* state) noexcept;

using DynamicHostFunction = Result<void> (*)(void* callable, Caller& caller, const ComponentFuncType& type,
                                             std::span<const ComponentVal> arguments, ComponentVal& result);
struct DynamicHost {
  DynamicHostFunction function = nullptr;
  void* callable = nullptr;
  void (*destroy)(void* callable) = nullptr;
};
}  // namespace detail

// A component whose imports have been found and whose types have been checked, so that instantiating it again and again
// looks up nothing. Immutable, a counted reference; keeps the component and host functions alive, not the linker. If an import was
// defined from a store, it works with that store only. Threads: safe, for different stores.
class ComponentPre {
 public:
  // A new instance in `store`; runs the start functions of the core modules inside. Errors: those of Instance::create;
  // InvalidHandle if it has imports of another store.
  Result<ComponentInstance> instantiate(StoreRef store) const;

  const Component& component() const;

 private:
  friend class ComponentLinker;
  friend struct ComponentHandleAccess;
  explicit ComponentPre(detail::ComponentPreState* state) : state_(state) {}

  detail::Shared<detail::ComponentPreState> state_;
};

// Names, each of an interface and an item in it, and what they stand for. Items that a component imports by themselves
// have the interface "".
//
// Versions. "wasi:io/streams@0.2.4" is found under exactly that name, or else under the highest version defined that is compatible:
// the same major version; of 0.x the same minor version; none for 0.0.x and pre-releases. It may be an older one: what decides is
// that everything that the component imports is there and has the right type.
//
// Defining something costs next to nothing: types are compared, and functions take form, only for what a component that is
// linked imports. Defining a name twice is an error of kind Link, unless allow_shadowing was called. Of every function that
// defines, another error is OutOfMemory. Names are copied, except those in tables.
//
// Threads: one at a time to define; then any number at once to link and instantiate (const functions), with a store each.
// Host functions live until the linker, every ComponentPre and every store that uses them are gone.
//
// Corresponds to `wasmtime::component::Linker`.
class ComponentLinker {
 public:
  explicit ComponentLinker(const Engine& engine);
  ComponentLinker(ComponentLinker&& other) noexcept;
  ComponentLinker& operator=(ComponentLinker&& other) noexcept;
  ~ComponentLinker();

  // Defines all rows of a table under one interface, in constant time and without looking at them. The table, names in it
  // and `environment` stay the caller's, and must live as long as the host functions. Two tables may share an interface; of rows
  // with the same name the first counts.
  Result<void> define_interface(std::string_view interface, std::span<const ComponentHostEntry> rows,
                                void* environment = nullptr);

  // Defines one callable with a typed signature (component_host.h):
  //
  //   linker.func("wasi:random/random@0.2.12", "get-random-u64", [&]() -> uint64_t { return next(); });
  template <class Callable>
  Result<void> func(std::string_view interface, std::string_view name, Callable&& callable) {
    using Signature = typename detail::ComponentTraits<std::decay_t<Callable>>::Signature;
    WHERRY_ASSIGN_OR_RETURN(detail::HostClosure closure,
                            detail::close_over_component(std::forward<Callable>(callable)));
    return define_closure(interface, name, &Signature::kDesc, closure);
  }

  // Defines one callable that takes whatever type the component imports it with, any that is not asynchronous:
  // `callable(Caller&, const ComponentFuncType&, std::span<const ComponentVal> arguments, ComponentVal& result) ->
  // Result<void>`. A result that is not of the type is an Error of kind Usage, which ends the guest's call.
  template <class Callable>
  Result<void> dynamic_func(std::string_view interface, std::string_view name, Callable&& callable) {
    using F = std::decay_t<Callable>;
    detail::DynamicHost host;
    host.function = [](void* object, Caller& caller, const ComponentFuncType& type,
                       std::span<const ComponentVal> arguments, ComponentVal& result) -> Result<void> {
      return (*static_cast<F*>(object))(caller, type, arguments, result);
    };
    host.callable = new (std::nothrow) F(std::forward<Callable>(callable));
    host.destroy = [](void* object) { delete static_cast<F*>(object); };
    if (host.callable == nullptr) return Error::out_of_memory();
    return define_dynamic(interface, name, host);
  }

  // Defines a resource whose objects are the host's T; `delete` destroys one whose owner drops it.
  template <class T>
  Result<void> resource(std::string_view interface, std::string_view name) {
    return define_resource(interface, name, &detail::kResourceClass<T>);
  }

  // Defines a core module, for components that import one.
  Result<void> module(std::string_view interface, std::string_view name, const Module& module);

  // Defines what an instance exports: as the interface `name`, and if `name` is empty, each export by its own name
  // (functions, and the interfaces among them). Links components to one another. Errors: InvalidHandle.
  Result<void> define_instance(StoreRef store, std::string_view name, ComponentInstance instance);

  // From now on a definition replaces an earlier one of the same name.
  void allow_shadowing(bool allow);

  // From now on functions that a component imports and that are not defined are ones that trap with
  // TrapCode::UnknownImport when called, and resources that are not defined are ones that nobody has.
  void unknown_imports_trap(bool trap);

  // Whether an import of this interface is looked for in one that is defined, of its own or of a compatible version.
  bool has_interface(std::string_view interface) const;

  // Finds the imports of a component and compares their types. Error: Link for one that is not defined or of another
  // type, with names and both types; Usage for a component of another engine; Unsupported for one that is valid and
  // cannot be instantiated (values, imported components, interfaces inside of imported interfaces); Limit for one of more than
  // 10,000 instances.
  Result<ComponentPre> prelink(const Component& component) const;

  // prelink() and ComponentPre::instantiate in one; errors of both.
  Result<ComponentInstance> instantiate(StoreRef store, const Component& component) const;

 private:
  friend struct ComponentHandleAccess;  // The engine's own way in.
  // These take over the closure, also on failure.
  Result<void> define_closure(std::string_view interface, std::string_view name, const detail::FuncDesc* type,
                              detail::HostClosure closure);
  Result<void> define_dynamic(std::string_view interface, std::string_view name, detail::DynamicHost host);
  Result<void> define_resource(std::string_view interface, std::string_view name,
                               const detail::ResourceClass* resource);

  detail::ComponentLinkerState* state_;
};

}  // namespace wherry
