// The driver of validation: walks the flat list of definitions with a stack of scopes (components, and types with
// declarations), fills their index spaces, and resolves aliases. What a scope amounts to is made when it closes: the type
// of a component, of an instance, of a core module.
//
// Every definition sees what stands before it and nothing else, so one pass decides. The specification is
// Explainer.md and Binary.md of the component model; each file names the part that it checks.
#include "component/validate.h"

#include "component/validator.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

Validator::Validator(Component&& component, wasm::TypeRegistry& registry, const ValidateOptions& options)
    : registry_(registry), options_(options) {
  out_.component_ = std::move(component);
}

Result<ValidComponent> Validator::run() {
  out_.types_.reset(new (std::nothrow) Types(registry_));
  if (out_.types_ == nullptr || !out_.scopes_.resize(file().components.size())) return out_of_memory();
  const std::span<const Def> defs = file().defs;
  if (!types().reserve(defs.size())) return out_of_memory();
  for (const Def& def : defs) {
    Result<void> valid = step(def);
    if (valid) continue;
    base::Error error = std::move(valid).error();
    if (error.offset == base::Error::kNoOffset && error.code != ErrorCode::OutOfMemory)
      error.offset = def.offset;
    return base::Failure(std::move(error));
  }
  return std::move(out_);
}

Result<void> Validator::step(const Def& def) {
  const Component& c = file();
  const uint64_t offset = def.offset;
  switch (def.kind) {
    case DefKind::Component:
    case DefKind::ComponentType:
    case DefKind::InstanceType:
    case DefKind::CoreModuleType: return open(def);
    case DefKind::End: return close(c.defs[def.index]);
    case DefKind::CoreModule: return core_module(c.modules[def.index]);
    case DefKind::CoreInstance: return core_instance(c.core_instances[def.index], offset);
    case DefKind::CoreType: return core_type(c.core_types[def.index], offset);
    case DefKind::CoreImport: return core_import(c.core_imports[def.index], offset);
    case DefKind::CoreExport: return core_export(c.core_exports[def.index], offset);
    case DefKind::Instance: return instance(c.instances[def.index], offset);
    case DefKind::Alias: return alias(c.aliases[def.index], offset);
    case DefKind::Type: return type(c.types[def.index], offset);
    case DefKind::Canon: return canon(c.canons[def.index], offset);
    case DefKind::Start: return start(c.starts[def.index], offset);
    case DefKind::Import: return import(c.imports[def.index], offset);
    case DefKind::Export: {
      const Export& exported = c.exports[def.index];
      return exported.has_item ? export_(exported, offset) : export_declaration(exported, offset);
    }
    case DefKind::Value: return value(c.values[def.index], offset);
    case DefKind::Custom: return {};
  }
  return {};
}

// ---- scopes

Result<void> Validator::open(const Def& def) {
  if (def.kind == DefKind::CoreModuleType && !frames_.empty() && frame().kind == DefKind::CoreModuleType) {
    return base::fail(ErrorCode::InvalidDefinedType, def.offset, "a module type inside of a module type");
  }
  Frame opened;
  opened.kind = def.kind;
  opened.scope = next_scope_;
  opened.context = wasm::ValKind::Bottom;
  next_scope_ += 2;
  opened.component = def.kind == DefKind::Component ? def.index : (frames_.empty() ? 0 : frame().component);
  if (!frames_.push_back(std::move(opened))) return out_of_memory();
  return {};
}

Result<void> Validator::close(const Def& def) {
  switch (def.kind) {
    case DefKind::Component: return close_component(def.offset);
    case DefKind::ComponentType: return close_component_type(def.offset);
    case DefKind::InstanceType: return close_instance_type(def.offset);
    default: return close_module_type(def.offset);
  }
}

Result<void> Validator::close_component(uint64_t offset) {
  for (size_t i = 0; i < frame().used_values.size(); ++i) {
    if (frame().used_values[i] != 0) continue;
    return base::fail(ErrorCode::ValueUse, offset, "value " + std::to_string(i) + " is not used");
  }
  TypeNode node;
  node.kind = TypeKind::Component;
  node.imports = WHERRY_TRY(types().add_externs(frame().imports));
  node.exports = WHERRY_TRY(types().add_externs(frame().exports));
  node.bound = WHERRY_TRY(types().add_resource_list(frame().imported));
  base::Vector<ResourceId> defined;
  WHERRY_TRY(types().free_resources(frame().exports, frame().imported, &defined));
  node.defined = WHERRY_TRY(types().add_resource_list(defined));
  const TypeId made = WHERRY_TRY(types().add(node, offset));
  frame().items.type = made;
  out_.scopes_[frame().component] = std::move(frame().items);
  frames_.pop_back();
  return frames_.empty() ? Result<void>() : push(Sort::Component, made.value);
}

Result<void> Validator::close_component_type(uint64_t offset) {
  TypeNode node;
  node.kind = TypeKind::Component;
  node.imports = WHERRY_TRY(types().add_externs(frame().imports));
  node.exports = WHERRY_TRY(types().add_externs(frame().exports));
  node.bound = WHERRY_TRY(types().add_resource_list(frame().imported));
  node.defined = WHERRY_TRY(types().add_resource_list(frame().defined));
  const TypeId made = WHERRY_TRY(types().add(node, offset));
  frames_.pop_back();
  return push(Sort::Type, made.value);
}

Result<void> Validator::close_instance_type(uint64_t offset) {
  TypeNode node;
  node.kind = TypeKind::Instance;
  node.exports = WHERRY_TRY(types().add_externs(frame().exports));
  node.bound = WHERRY_TRY(types().add_resource_list(frame().defined));
  const TypeId made = WHERRY_TRY(types().add(node, offset));
  frames_.pop_back();
  return push(Sort::Type, made.value);
}

Result<void> Validator::close_module_type(uint64_t offset) {
  CoreModuleType type;
  type.imports = WHERRY_TRY(core_names(frame().core_imports, "import", offset));
  type.exports = WHERRY_TRY(core_names(frame().core_exports, "export", offset));
  const uint32_t made = WHERRY_TRY(types().add_module_type(type));
  frames_.pop_back();
  return push(Sort::CoreType, Scope::kModuleType | made);
}

// ---- index spaces

Result<void> Validator::push(Sort sort, uint32_t item) {
  base::Vector<uint32_t>& space = frame().space(sort);
  const bool is_few = sort == Sort::CoreModule || sort == Sort::Component || sort == Sort::CoreInstance ||
                      sort == Sort::Instance;
  const uint32_t limit = is_few ? kMaxModules : kMaxItems;
  if (space.size() >= limit) {
    return base::fail(ErrorCode::TooManyItems, base::Error::kNoOffset,
                      "found more than " + std::to_string(limit) + " of " + std::string(sort_name(sort)));
  }
  if (!space.push_back(item)) return out_of_memory();
  if (sort == Sort::Value && !frame().used_values.push_back(0)) return out_of_memory();
  return {};
}

Result<uint32_t> Validator::at(const Frame& frame, Sort sort, uint32_t index, uint64_t offset) {
  const std::span<const uint32_t> space = frame.space(sort);
  if (index < space.size()) return space[index];
  return base::fail(ErrorCode::UnknownIndex, offset,
                    "found " + std::string(sort_name(sort)) + " " + std::to_string(index) +
                        ", expected less than " + std::to_string(space.size()));
}

Result<uint32_t> Validator::at(Sort sort, uint32_t index, uint64_t offset) {
  return at(frame(), sort, index, offset);
}

Result<Entity> Validator::entity(Sort sort, uint32_t index, uint64_t offset) {
  return Entity{sort, WHERRY_TRY(at(sort, index, offset))};
}

// Whether no other name in the map has the same form.
Result<bool> Validator::is_new(std::string_view name, text::NameMap* names) {
  std::string_view form;
  if (!unique_form(name, &strings_, &form)) return out_of_memory();
  const text::NameMap::Insertion inserted = names->insert(form, 0);
  if (inserted == text::NameMap::Insertion::OutOfMemory) return out_of_memory();
  return inserted == text::NameMap::Insertion::Done;
}

// ---- aliases

Result<void> Validator::alias(const Alias& alias, uint64_t offset) {
  const bool is_type_or_instance = alias.sort == Sort::Type || alias.sort == Sort::Instance;
  switch (alias.kind) {
    case AliasKind::Outer: return outer_alias(alias, offset);
    case AliasKind::CoreExport: return core_export_alias(alias, offset);
    case AliasKind::Export: break;
  }
  if (frame().is_type() && !is_type_or_instance) {
    return base::fail(ErrorCode::InvalidAlias, offset,
                      "aliases in types may only refer to types or instances");
  }
  return export_alias(alias, offset);
}

Result<void> Validator::export_alias(const Alias& alias, uint64_t offset) {
  const TypeId instance(WHERRY_TRY(at(Sort::Instance, alias.instance, offset)));
  const Extern* const found = types().find(types()[instance].exports, alias.name);
  if (found == nullptr) {
    return base::fail(
        ErrorCode::UnknownExport, offset,
        "instance " + std::to_string(alias.instance) + " has no export named " + quoted(alias.name));
  }
  const Entity entity = found->entity;
  if (entity.sort != alias.sort) {
    return base::fail(ErrorCode::MismatchedSort, offset,
                      "export " + quoted(alias.name) + " is a " + std::string(sort_name(entity.sort)) +
                          ", expected a " + std::string(sort_name(alias.sort)));
  }
  return push(alias.sort, entity.id);
}

Result<void> Validator::core_export_alias(const Alias& alias, uint64_t offset) {
  if (frame().is_type() || alias.sort > Sort::CoreTag) {
    return base::fail(ErrorCode::InvalidAlias, offset,
                      "a core instance has no export that is a " + std::string(sort_name(alias.sort)));
  }
  const uint32_t instance = WHERRY_TRY(at(Sort::CoreInstance, alias.instance, offset));
  const CoreName* const found = types().find_core(types().module_type(instance).exports, {}, alias.name);
  if (found == nullptr) {
    return base::fail(
        ErrorCode::UnknownExport, offset,
        "core instance " + std::to_string(alias.instance) + " has no export named " + quoted(alias.name));
  }
  const uint32_t item = found->item;
  const Sort sort = core_sort(types().core_extern(item).kind);
  if (sort != alias.sort) {
    return base::fail(ErrorCode::MismatchedSort, offset,
                      "export " + quoted(alias.name) + " is a " + std::string(sort_name(sort)) +
                          ", expected a " + std::string(sort_name(alias.sort)));
  }
  return push(alias.sort, item);
}

Result<void> Validator::outer_alias(const Alias& alias, uint64_t offset) {
  if (alias.instance >= frames_.size()) {
    return base::fail(ErrorCode::InvalidOuterAlias, offset,
                      "found a count of " + std::to_string(alias.instance) + ", expected less than " +
                          std::to_string(frames_.size()));
  }
  const size_t target = frames_.size() - 1 - alias.instance;
  const bool is_any_type = alias.sort == Sort::Type || alias.sort == Sort::CoreType;
  if (frame().is_type() && !is_any_type) {
    return base::fail(ErrorCode::InvalidAlias, offset,
                      "aliases in types may only refer to types or instances");
  }
  const uint32_t item = WHERRY_TRY(at(frames_[target], alias.sort, alias.index, offset));
  if (frame().kind == DefKind::CoreModuleType && (item & Scope::kModuleType) != 0) {
    return base::fail(ErrorCode::InvalidAlias, offset, "an alias of a module type inside of a module type");
  }
  bool crosses_component = false;
  for (size_t i = target + 1; i < frames_.size(); ++i) {
    crosses_component = crosses_component || frames_[i].kind == DefKind::Component;
  }
  if (crosses_component && alias.sort == Sort::Type && WHERRY_TRY(types().has_free_resource(TypeId(item)))) {
    return base::fail(ErrorCode::InvalidOuterAlias, offset, "the type transitively refers to resources");
  }
  return push(alias.sort, item);
}

Result<ValidComponent> validate(Component&& component, wasm::TypeRegistry& registry,
                                const ValidateOptions& options) {
  return Validator(std::move(component), registry, options).run();
}

}  // namespace wherry::component
