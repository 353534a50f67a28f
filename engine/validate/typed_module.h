#pragma once

#include <cstdint>

#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/module.h"
#include "engine/wasm/type_registry.h"

namespace wherry::validate {

// What is known of a module because somebody has compiled it.
struct CompiledParts {
  std::span<const uint64_t>
      declared_refs;  // TypedModule::declared_refs; outlives the module. A word more than 64 functions each.
  bool has_data = false;  // The data segments are in a memory image: nobody will read them.
};

// A module of which everything but the function bodies is valid (core spec 3.5), with its types in canonical
// space: what validating, lowering and instantiating need. Made by type_module() only, and immutable afterwards,
// so that any number of threads may read it. Move-only.
struct TypedModule {
  wasm::Module module;
  wasm::TypeSet types;                     // By the module's type index.
  wasm::TypeRegistry* registry = nullptr;  // Outlives this.

  // In canonical space, by index; the rest of a declaration stands in `module`.
  base::Vector<wasm::ValType> global_types;
  base::Vector<wasm::ValType> table_types;    // Of the elements.
  base::Vector<wasm::ValType> element_types;  // Of element segments.

  // Whether ref.func may name it inside bodies (the spec's C.refs).
  bool is_declared(wasm::FuncIndex func) const {
    return (declared_refs[func.value / 64] >> (func.value % 64) & 1) != 0;
  }
  base::Items<uint64_t> declared_refs;  // A bit a function.

  const wasm::CanonType& func_type(wasm::FuncIndex func) const {
    return types[module.funcs[func.value].type];
  }
  const wasm::CanonType& tag_type(wasm::TagIndex tag) const { return types[module.tags[tag.value].type]; }

  TypedModule(TypedModule&&) = default;
  TypedModule& operator=(TypedModule&&) = default;

 private:
  TypedModule() = default;
  friend base::Result<TypedModule> type_module(wasm::Module&& module, wasm::TypeRegistry& registry,
                                               const CompiledParts* compiled);
};

// Enters the module's types into the registry, which must outlive the result, and validates all but the bodies:
// imports, exports, limits, tables, memories, tags, globals, constant expressions, segments, start. Reads of each
// function only its type index. Errors: Invalid, Limit, OutOfMemory; Malformed for constant expressions (which
// the decoder only scans).
//
// With `compiled`, what a compiler has validated and what takes time by the number of functions, of items of element segments and of
// data segments is taken as it is: the types of defined functions must be function types of the module.
base::Result<TypedModule> type_module(wasm::Module&& module, wasm::TypeRegistry& registry,
                                      const CompiledParts* compiled = nullptr);

// A module of which everything is valid. Move-only; immutable.
class ValidModule {
 public:
  const TypedModule& typed() const { return typed_; }
  const wasm::Module& module() const { return typed_.module; }
  TypedModule take() && { return std::move(typed_); }

 private:
  explicit ValidModule(TypedModule&& typed) : typed_(std::move(typed)) {}
  friend base::Result<ValidModule> validate(TypedModule&& typed, uint32_t threads);

  TypedModule typed_;
};

// Validates all bodies, with up to `threads` threads where the code is large enough to gain by it (0 and 1: only
// the caller's). The answer does not depend on the number of threads: of several errors, the one that stands
// first in the file is reported.
base::Result<ValidModule> validate(TypedModule&& typed, uint32_t threads);

}  // namespace wherry::validate
