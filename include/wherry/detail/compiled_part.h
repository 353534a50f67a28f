// What components have of the engine beyond its API: their core modules and canonical functions. Not part of the API itself.
#pragma once

#include <cstdint>

#include "wherry/func.h"
#include "wherry/module.h"

namespace wherry::artifact {
class ComponentFile;
}
namespace wherry::validate {
struct TypedModule;
}
namespace wherry::wasm {
struct CanonType;
class TypeRegistry;
}  // namespace wherry::wasm

namespace wherry::detail {

// The core module at `index` of a compiled component, which must outlive the last copy of the Module and the last instance of
// it. UNSAFE, as Module::load_artifact_unsafe; the same errors.
Result<Module> load_part_unsafe(const Engine& engine, const artifact::ComponentFile& file, uint32_t index);

// A file that bytes are mapped from.
class MappedSource {
 public:
  // Whether it was cut short since, so that the bytes may be wrong. Any thread.
  virtual bool has_shrunk() const = 0;

 protected:
  ~MappedSource() = default;
};

// As Module::load_borrowed, of bytes inside of a file, which is blamed for what fails once it has shrunk, and which lives as long as
// the bytes. Null: the bytes are no file's.
Result<Module> load_part(const Engine& engine, Bytes bytes, const MappedSource* source);

// What the engine knows of a module; lives as long as the last copy of it. Its types are in the engine's registry.
const validate::TypedModule& typed_module(const Module& module);
// Of all modules of an engine; lives as long as the engine.
wasm::TypeRegistry& type_registry(const Engine& engine);
// A host function of a type of the engine's. The type and the closure's environment outlive the store, nobody destroys it. Errors:
// InvalidHandle, OutOfMemory.
Result<Func> create_canon_func(StoreRef store, const wasm::CanonType& type, HostClosure closure);
// Whether files may be mapped: whether reading one that was cut short is answered by the engine's signal handler.
bool may_map_files(const Engine& engine);

}  // namespace wherry::detail
