#pragma once

#include <memory>

#include "component/component.h"
#include "component/types.h"
#include "engine/base/result.h"
#include "engine/validate/typed_module.h"

namespace wherry::component {

enum class Bodies : uint8_t {
  Validate,  // Everything inside of core modules, too.
  Leave,     // Function bodies are left to whoever lowers them (on their first call).
};

struct ValidateOptions {
  Bodies bodies = Bodies::Validate;
  uint32_t threads = 1;  // For bodies.
  // Somebody else makes the core modules: `index` is a place in Component::modules, and the types of what is answered, which lives as long
  // as the result, are in the registry; its bodies are not looked at. Null: they are decoded.
  base::Result<const validate::TypedModule*> (*known_module)(void* context, uint32_t index,
                                                             const Span& module) = nullptr;
  void* context = nullptr;
};

// The index spaces of one of the components in the file, complete. What an entry is depends on the sort:
//   Func, Type, Component, Instance        a TypeId
//   Value                                  the bits of a ValType
//   CoreFunc, CoreTable, CoreMemory, CoreGlobal, CoreTag   a place for Types::core_extern()
//   CoreModule, CoreInstance               a place for Types::module_type()
//   CoreType                               a wasm::CanonId, or kModuleType and a place for Types::module_type()
struct Scope {
  static constexpr uint32_t kModuleType = 1u << 31;

  base::Vector<uint32_t> spaces[kSortCount];
  TypeId type;  // The component's own: its imports and exports.

  std::span<const uint32_t> space(Sort sort) const { return spaces[static_cast<uint32_t>(sort)]; }
};

// A component of which everything is valid, with its types. Made by validate() only; immutable, so that any thread may
// read it. Move-only.
class ValidComponent {
 public:
  const Component& component() const { return component_; }
  const Types& types() const { return *types_; }
  // By Component::components; the outermost first.
  std::span<const Scope> scopes() const { return scopes_; }
  // By Component::modules; of each the bodies are valid too if Bodies::Validate was asked for.
  std::span<const validate::TypedModule* const> modules() const { return modules_; }
  TypeId type() const { return scopes_[0].type; }

 private:
  friend class Validator;
  ValidComponent() = default;

  Component component_;
  std::unique_ptr<Types> types_;
  base::Vector<Scope> scopes_;
  base::Vector<const validate::TypedModule*> modules_;
  base::Vector<std::unique_ptr<const validate::TypedModule>> own_modules_;  // Those that nobody had.
  base::Vector<wasm::TypeSet> core_types_;  // Keeps the canonical types alive.
};

// Checks every rule of the specification for components, nested ones included, and for core modules inside of them, whose
// types go into the registry, which must outlive the result. Errors: Invalid, Unsupported (a feature that is off), Limit
// (also types that are small in the file and large when written out), OutOfMemory, and what validate::validate() answers;
// with offsets in the file. Time and memory are bounded by the component's size and the rows of component/limits.inc.
// Thread-safe.
base::Result<ValidComponent> validate(Component&& component, wasm::TypeRegistry& registry,
                                      const ValidateOptions& options = {});

}  // namespace wherry::component
