// Linker: finds the imports of modules by name.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "wherry/detail/shared.h"
#include "wherry/engine.h"
#include "wherry/extern.h"
#include "wherry/host.h"
#include "wherry/instance.h"
#include "wherry/module.h"
#include "wherry/result.h"
#include "wherry/shared_memory.h"
#include "wherry/store.h"

namespace wherry {

// A module whose imports have been found and checked, so that instantiating it again and again looks up nothing.
//
// Immutable, and a counted reference: copies are cheap. It keeps the module and the host functions alive, not the
// Linker. If an import was defined from a store (Linker::define and its kin), it works with that store only.
//
// Threads: safe, for different stores.
class InstancePre {
 public:
  // A new instance in `store`; runs the start function. Errors: those of Instance::create; InvalidHandle if it has
  // imports of another store.
  Result<Instance> instantiate(StoreRef store) const;

  const Module& module() const;

 private:
  friend class Linker;
  friend struct LinkerAccess;
  explicit InstancePre(detail::PreState* state) : state_(state) {}

  detail::Shared<detail::PreState> state_;
};

// Names, each of a module and an item in it, and what they stand for: host functions, which any store can use, and
// things that live in one store. Defining something costs next to nothing; a host function takes form in a store only
// when a module that is instantiated there imports it.
//
// Defining a name twice is an error of kind Link, unless allow_shadowing was called. All names are copied, except in
// define_functions. Of every function that defines, further errors are OutOfMemory, and InvalidHandle where there is a
// store.
//
// Threads: one at a time to define; then any number at once to instantiate (const functions), with a store each. Host
// functions live until the Linker, every InstancePre and every store that uses them are gone.
//
// Corresponds to `wasmtime::Linker`, and to the import object of JS-API `WebAssembly.instantiate`.
class Linker {
 public:
  explicit Linker(const Engine& engine);
  Linker(Linker&& other) noexcept;
  Linker& operator=(Linker&& other) noexcept;
  ~Linker();

  // --- host functions, for any store ---

  // Defines a callable with a typed signature (see host.h):
  //
  //   linker.func("env", "now", [&clock]() -> int64_t { return clock.now_ns(); });
  template <class Callable>
  Result<void> func(std::string_view module, std::string_view name, Callable&& callable) {
    WHERRY_ASSIGN_OR_RETURN(detail::HostClosure closure,
                            detail::close_over(std::forward<Callable>(callable)));
    return define_closure(module, name, detail::host_signature<std::decay_t<Callable>>(), closure);
  }

  // Defines a callable for a type that is only known at run time:
  // `callable(Caller&, std::span<const Val> params, std::span<Val> results) -> Result<void>`, as Func::create.
  template <class Callable>
  Result<void> func(std::string_view module, std::string_view name, const FuncType& type,
                    Callable&& callable) {
    WHERRY_ASSIGN_OR_RETURN(detail::HostClosure closure,
                            detail::close_over_untyped(type, std::forward<Callable>(callable)));
    return define_closure(module, name, SignatureView{type.params, type.results}, closure);
  }

  // Defines all functions of a table under one module name, in constant time and without looking at them. Table, names
  // in it and `environment` (what HostEntry is given) stay the caller's, and must live as long as the host functions.
  // Of two rows with the same name the first counts. A name of the table that is defined in another way as well is an
  // error of kind Link, here or at instantiation; with allow_shadowing the later definition counts.
  Result<void> define_functions(std::string_view module, std::span<const HostFunctionEntry> functions,
                                void* environment = nullptr);

  // --- shared memories, for any store ---

  // Defines a shared memory; the linker holds it. Error also: Usage if it is of another engine.
  Result<void> define(std::string_view module, std::string_view name, const SharedMemory& memory);

  // --- things of one store ---

  // Defines one thing.
  Result<void> define(StoreRef store, std::string_view module, std::string_view name, const Extern& item);

  // Defines all exports of an instance under one module name. Of names that are defined in another way as well, the
  // error may come at instantiation, as with define_functions.
  Result<void> define_instance(StoreRef store, std::string_view module, Instance instance);

  // Instantiates a module, calls its export `_initialize` if it has that (a WASI reactor), and defines all its exports
  // under `name`. What `wherry run --preload` does. Errors also: those of instantiating and calling.
  Result<Instance> define_module(StoreRef store, std::string_view name, const Module& module);

  // --- settings ---

  // From now on a definition replaces an earlier one of the same name.
  void allow_shadowing(bool allow);

  // Functions that `module` imports and that are not defined: defines each as one that traps with
  // TrapCode::UnknownImport when called. Other imports still fail. Later definitions replace these.
  Result<void> define_unknown_imports_as_traps(const Module& module);

  // --- using it ---

  // What a name stands for, in a store; empty if nothing. A host function takes form there.
  Result<std::optional<Extern>> get(StoreRef store, std::string_view module, std::string_view name) const;

  // Finds the imports of a module and makes an instance; runs the start function. Errors: Link for an import that is
  // not defined or has another type, with names and both types; those of Instance::create.
  Result<Instance> instantiate(StoreRef store, const Module& module) const;

  // The first half of instantiate(), for many instances. Error: Link. The types of things that live in a store are
  // compared by the second half, since memories and tables grow.
  Result<InstancePre> prelink(const Module& module) const;

 private:
  friend struct LinkerAccess;  // The engine's own way in.
  // Takes over the closure, also on failure.
  Result<void> define_closure(std::string_view module, std::string_view name, SignatureView signature,
                              detail::HostClosure closure);

  detail::LinkerState* state_;
};

}  // namespace wherry
