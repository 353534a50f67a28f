#pragma once

#include <memory>
#include <span>

#include "engine/abi/code_provider.h"
#include "engine/base/result.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/outcome.h"
#include "engine/runtime/store.h"
#include "engine/validate/typed_module.h"

namespace wherry::instantiate {

// What all instances of a module share, worked out once. `module` and `code` must outlive it. Time grows with the
// numbers of types, globals and exports only. `image`, if any, outlives it too. Error: OutOfMemory.
base::Result<std::unique_ptr<const runtime::ModuleShape>> prepare_module(
    const validate::TypedModule& module, abi::CodeProvider* code,
    const runtime::MemoryImage* image = nullptr);

// Whether a thing of type `found` may stand for the import at a position of Module::imports. Error: IncompatibleImport
// with the names and both types.
base::Result<void> check_import(const runtime::ModuleShape& shape, uint32_t position,
                                const runtime::ExternType& found);

// UnknownImport with the names and the type of the import at a position of Module::imports.
base::Failure unknown_import(const runtime::ModuleShape& shape, uint32_t position);

// Core spec 4.7.3: makes an instance in `store` with `imports`, one for each of Module::imports in their order and all of
// that store, fills tables and memories from active segments in the order of the module, and runs the start function.
//
// `owner` keeps `shape` and what it refers to alive; the store takes it over, also on failure.
//
// Stops: IncompatibleImport (also for a wrong number of imports), LimitExceeded, OutOfMemory, NotYetExecutable (GC objects
// in constant expressions); traps of segments and of the start function. After those, what earlier segments wrote stays,
// and the instance stays alive in the store since tables may refer to its functions.
runtime::Outcome<runtime::Instance*> instantiate(runtime::Store& store, const runtime::ModuleShape& shape,
                                                 std::span<const runtime::ExternValue> imports,
                                                 runtime::ModuleOwner owner);

}  // namespace wherry::instantiate
