// Instance: a module that has been given its imports and is ready to run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "wherry/extern.h"
#include "wherry/func.h"
#include "wherry/memory.h"
#include "wherry/module.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/value.h"

namespace wherry {

// One instance in one store. A handle: trivially copyable, valid as long as its store.
//
// Errors of all functions: InvalidHandle; others are listed. Corresponds to spec 4.2.5 "Module instances" and 4.7.3
// "Instantiation", JS-API `WebAssembly.Instance`, wasm-c-api `wasm_instance_t`.
class Instance {
 public:
  // The null handle.
  Instance() = default;

  // Instantiates a module with its imports in their order, and runs its start function. Linker is the convenient way
  // to the same.
  //
  // Errors: Link for a wrong number or type of imports, with the import's name; Limit; a trap from an element or data
  // segment or the start function, after which what was written to imported memories and tables stays written; Usage
  // if the store is of another engine; all that a call can fail with.
  static Result<Instance> create(StoreRef store, const Module& module, std::span<const Extern> imports);

  bool is_null() const { return handle_.store == 0; }

  // The module it was made from.
  Result<Module> module(StoreRef store) const;

  // The export called `name`. Error: Link if there is none, with the name in the message.
  Result<Extern> get(StoreRef store, std::string_view name) const;

  // The export at an index of the module's list. Error: Usage if the index is too large.
  Result<Extern> get_at(StoreRef store, size_t index) const;

  // The export called `name` of one kind. Error: Link if there is none or it is of another kind.
  Result<Func> func(StoreRef store, std::string_view name) const;
  Result<Table> table(StoreRef store, std::string_view name) const;
  Result<Memory> memory(StoreRef store, std::string_view name) const;
  Result<Global> global(StoreRef store, std::string_view name) const;
  Result<Tag> tag(StoreRef store, std::string_view name) const;

  // func() and Func::typed() in one; errors of both.
  template <class Signature>
  Result<TypedFunc<Signature>> typed(StoreRef store, std::string_view name) const {
    WHERRY_ASSIGN_OR_RETURN(Func found, func(store, name));
    return found.typed<Signature>(store);
  }

  friend bool operator==(const Instance&, const Instance&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

}  // namespace wherry
