#pragma once

#include "component/limits.h"
#include "component/names.h"
#include "component/validate.h"
#include "engine/text/name_map.h"
#include "engine/wasm/errors.h"

// The validator's state, of which each file does a part. Inside of component/.
namespace wherry::component {

// Which types have an externally visible name in which scope (Explainer.md, "External Visibility of Types"): a set of
// pairs. Scopes that are gone leave theirs behind, as no scope's number comes again.
class NamedTypes {
 public:
  [[nodiscard]] bool insert(uint32_t scope, TypeId type);
  bool contains(uint32_t scope, TypeId type) const;

 private:
  bool rehash();
  size_t slot_of(uint64_t key) const;

  base::Vector<uint64_t> slots_;  // Zero: free. A power of two of them, at most half full.
  size_t count_ = 0;
};

// A component or a type with declarations that is being gone through.
struct Frame {
  DefKind kind = DefKind::Component;
  uint32_t component = 0;  // Component::components
  uint32_t scope = 0;      // For NamedTypes: this for names of imports, and one more for those of exports.
  Scope items;
  base::Vector<uint8_t> used_values;  // Beside the space of values.
  text::NameMap import_names;         // By unique_form().
  text::NameMap export_names;
  text::NameMap import_resources;  // Label to TypeId.
  text::NameMap export_resources;
  base::Vector<Extern> imports;
  base::Vector<Extern> exports;
  base::Vector<ResourceId> imported;
  base::Vector<ResourceId> defined;
  base::Vector<CoreName> core_imports;  // Of a core module type.
  base::Vector<CoreName> core_exports;
  wasm::ValType context;  // Of context.get and context.set; Bottom: none yet.

  base::Vector<uint32_t>& space(Sort sort) { return items.spaces[static_cast<uint32_t>(sort)]; }
  std::span<const uint32_t> space(Sort sort) const { return items.space(sort); }
  bool is_type() const { return kind != DefKind::Component; }
};

class Validator {
 public:
  Validator(Component&& component, wasm::TypeRegistry& registry, const ValidateOptions& options);
  base::Result<ValidComponent> run();

 private:
  enum class Side : uint8_t { Import, Export };

  struct CanonOptions {
    const CanonOption* memory = nullptr;
    const CanonOption* realloc = nullptr;
    const CanonOption* post_return = nullptr;
    const CanonOption* callback = nullptr;
    const CanonOption* encoding = nullptr;
    bool is_async = false;
    bool is_wide = false;  // The memory is of 64 bits.
  };
  struct CoreSignature {
    wasm::ValType params[Flat::kMost + 4];
    uint32_t param_count = 0;
    wasm::ValType results[Flat::kMost];
    uint32_t result_count = 0;

    void param(wasm::ValType type) { params[param_count++] = type; }
    void result(wasm::ValType type) { results[result_count++] = type; }
  };

  // validate.cc
  base::Result<void> step(const Def& def);
  base::Result<void> open(const Def& def);
  base::Result<void> close(const Def& def);
  base::Result<void> close_component(uint64_t offset);
  base::Result<void> close_component_type(uint64_t offset);
  base::Result<void> close_instance_type(uint64_t offset);
  base::Result<void> close_module_type(uint64_t offset);
  Frame& frame() { return frames_.back(); }
  base::Result<void> push(Sort sort, uint32_t item);
  // What stands under an index of the innermost scope.
  base::Result<uint32_t> at(Sort sort, uint32_t index, uint64_t offset);
  static base::Result<uint32_t> at(const Frame& frame, Sort sort, uint32_t index, uint64_t offset);
  base::Result<Entity> entity(Sort sort, uint32_t index, uint64_t offset);
  base::Result<bool> is_new(std::string_view name, text::NameMap* names);
  base::Result<void> alias(const Alias& alias, uint64_t offset);
  base::Result<void> export_alias(const Alias& alias, uint64_t offset);
  base::Result<void> core_export_alias(const Alias& alias, uint64_t offset);
  base::Result<void> outer_alias(const Alias& alias, uint64_t offset);

  // validate_core.cc
  base::Result<const validate::TypedModule*> typed_module(const Span& span);
  base::Result<void> core_module(const Span& span);
  base::Result<void> core_type(const wasm::RecGroup& group, uint64_t offset);
  base::Result<void> core_instance(const InstanceDef& instance, uint64_t offset);
  base::Result<void> core_instantiate(const InstanceDef& instance, uint64_t offset);
  base::Result<void> core_import(const CoreImport& import, uint64_t offset);
  base::Result<void> core_export(const CoreExport& exported, uint64_t offset);
  base::Result<CoreExtern> core_extern(const CoreExternType& type, uint64_t offset);
  base::Result<wasm::CanonId> core_func_type(uint32_t index, uint64_t offset);
  base::Result<CoreModuleType> type_of(const validate::TypedModule& module, uint64_t offset);
  base::Result<Range> core_names(std::span<const CoreName> names, const char* what, uint64_t offset);
  base::Result<wasm::ValType> canonical(wasm::ValType type, uint32_t first, uint32_t count, uint64_t offset);

  // validate_types.cc
  base::Result<void> type(const TypeDef& type, uint64_t offset);
  base::Result<TypeId> value_type(const TypeDef& type, TypeNode* node);
  base::Result<TypeId> func_type(const TypeDef& type, TypeNode* node);
  base::Result<TypeId> resource_type(const TypeDef& type, TypeNode* node);
  base::Result<ValType> val_type(ValTypeRef type, uint64_t offset);
  base::Result<Range> fields(const TypeDef& type);
  base::Result<TypeId> resource_index(uint32_t index, uint64_t offset);

  // validate_externs.cc
  base::Result<void> import(const Import& import, uint64_t offset);
  base::Result<void> export_(const Export& exported, uint64_t offset);
  base::Result<void> export_declaration(const Export& exported, uint64_t offset);
  base::Result<Entity> extern_type(const ExternType& type);
  base::Result<Entity> introduce(const ExternType& type, base::Vector<ResourceId>* made);
  base::Result<Entity> ascribe(Entity actual, const ExternType& type, uint64_t offset);
  base::Result<void> record(const ExternName& name, Entity entity, Side side);
  // `resources`: where resources are noted by name, and looked for; null: exports of an instance made of exports, which
  // name no resources.
  base::Result<void> check_name(const ExternName& name, Entity entity, Side side, text::NameMap* names,
                                text::NameMap* resources);
  base::Result<void> check_attributes(const ExternName& name, const ParsedName& parsed, Entity entity);
  base::Result<void> check_annotated(const ExternName& name, const ParsedName& parsed, Entity entity,
                                     const text::NameMap* resources);

  // validate_visibility.cc
  base::Result<void> check_visible(Entity entity, Side side, uint64_t offset);
  base::Result<bool> is_visible(Entity entity, Side side, uint32_t inner);
  base::Result<bool> are_parts_named(TypeId type, Side side, uint32_t inner);
  bool is_named(TypeId type, Side side, uint32_t inner) const;

  // validate_instances.cc
  base::Result<void> instance(const InstanceDef& instance, uint64_t offset);
  base::Result<void> instantiate(const InstanceDef& instance, uint64_t offset);

  // validate_canon.cc
  base::Result<void> canon(const Canon& canon, uint64_t offset);
  base::Result<void> lift(const Canon& canon, uint64_t offset);
  base::Result<void> lower(const Canon& canon, uint64_t offset);
  base::Result<void> task_return(const Canon& canon, uint64_t offset);
  base::Result<void> resource_builtin(const Canon& canon, uint64_t offset);
  base::Result<void> context_builtin(const Canon& canon, uint64_t offset);
  base::Result<void> copy_builtin(const Canon& canon, uint64_t offset);
  base::Result<void> error_context_builtin(const Canon& canon, uint64_t offset);
  base::Result<void> waitable_builtin(const Canon& canon, uint64_t offset);
  base::Result<void> thread_builtin(const Canon& canon, uint64_t offset);
  base::Result<void> scalar_builtin(const Canon& canon, uint64_t offset);
  base::Result<CanonOptions> options(std::span<const CanonOption> list, uint64_t offset);
  base::Result<bool> memory_is_wide(uint32_t index, uint64_t offset);
  base::Result<TypeId> copied_type(const Canon& canon, uint64_t offset);
  base::Result<void> define_core_func(const CoreSignature& signature);
  base::Result<void> check_core_func(uint32_t index, const CoreSignature& wanted, const char* what,
                                     uint64_t offset);

  // validate_values.cc
  base::Result<void> start(const Start& start, uint64_t offset);
  base::Result<void> value(const ValueDef& value, uint64_t offset);
  base::Result<void> use_value(uint32_t index, uint64_t offset);

  Types& types() { return *out_.types_; }
  const Component& file() const { return out_.component_; }
  bool has(Feature feature) const { return file().features.has(feature); }

  ValidComponent out_;
  wasm::TypeRegistry& registry_;
  ValidateOptions options_;
  base::Vector<Frame> frames_;
  NamedTypes named_;
  uint32_t next_scope_ = 1;
  base::Arena strings_;  // Forms of names, for as long as the validator.
  // Of fields().
  text::NameMap field_names_;
  base::Vector<Member> members_;
  // Of are_parts_named().
  base::Vector<uint32_t> work_;
  base::Vector<uint32_t> seen_;  // By node: the number of the question that met it last.
  uint32_t questions_ = 0;
  base::Vector<wasm::CanonId>
      made_types_;  // Of canonical functions: the first few, kept by out_.core_types_.
};

inline base::Failure out_of_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

}  // namespace wherry::component
