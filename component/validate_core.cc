// Core definitions in components: modules (validated as any module), their types, instances of them.
//
// Canonical types are the engine's, from the registry that modules use, so that a function type written in a component
// and the same one inside a module have one number.
#include <algorithm>

#include "component/validator.h"
#include "engine/decode/decode.h"
#include "engine/wasm/limits.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;
using wasm::ExternKind;

namespace {

// A module's offsets count from its own beginning.
base::Failure shifted(base::Error error, uint64_t by) {
  if (error.offset != base::Error::kNoOffset) error.offset += by;
  return base::Failure(std::move(error));
}

}  // namespace

Result<const validate::TypedModule*> Validator::typed_module(const Span& span) {
  if (options_.known_module != nullptr) {
    return options_.known_module(options_.context, static_cast<uint32_t>(out_.modules_.size()), span);
  }
  base::Result<wasm::Module> decoded = decode::decode(span.bytes, {file().features.core});
  if (!decoded) return shifted(std::move(decoded).error(), span.offset);
  auto typed = validate::type_module(std::move(*decoded), registry_);
  if (!typed) return shifted(std::move(typed).error(), span.offset);
  validate::TypedModule module = std::move(*typed);
  if (options_.bodies == Bodies::Validate) {
    auto valid = validate::validate(std::move(module), options_.threads);
    if (!valid) return shifted(std::move(valid).error(), span.offset);
    module = std::move(*valid).take();
  }
  std::unique_ptr<const validate::TypedModule> own(new (std::nothrow)
                                                       validate::TypedModule(std::move(module)));
  const validate::TypedModule* const made = own.get();
  if (made == nullptr || !out_.own_modules_.push_back(std::move(own))) return out_of_memory();
  return made;
}

Result<void> Validator::core_module(const Span& span) {
  const validate::TypedModule* const module = WHERRY_TRY(typed_module(span));
  const CoreModuleType type = WHERRY_TRY(type_of(*module, span.offset));
  const uint32_t made = WHERRY_TRY(types().add_module_type(type));
  if (!out_.modules_.push_back(module)) return out_of_memory();
  return push(Sort::CoreModule, made);
}

namespace {

CoreExtern extern_of(const validate::TypedModule& typed, ExternKind kind, uint32_t index) {
  const wasm::Module& module = typed.module;
  CoreExtern item;
  item.kind = kind;
  switch (kind) {
    case ExternKind::Func: item.type = typed.func_type(wasm::FuncIndex(index)).id; break;
    case ExternKind::Tag: item.type = typed.tag_type(wasm::TagIndex(index)).id; break;
    case ExternKind::Table:
      item.table = module.tables[index].type;
      item.table.element = typed.table_types[index];
      break;
    case ExternKind::Memory: item.memory = module.memories[index].type; break;
    case ExternKind::Global:
      item.global = module.globals[index].type;
      item.global.content = typed.global_types[index];
      break;
  }
  return item;
}

}  // namespace

Result<CoreModuleType> Validator::type_of(const validate::TypedModule& typed, uint64_t offset) {
  const wasm::Module& module = typed.module;
  base::Vector<CoreName> names;
  for (const wasm::Import& import : module.imports) {
    const uint32_t item = WHERRY_TRY(types().add_core_extern(extern_of(typed, import.kind, import.index)));
    if (!names.push_back({import.module, import.name, item})) return out_of_memory();
  }
  // Two imports of one name become one name of a component's.
  CoreModuleType type;
  type.imports = WHERRY_TRY(core_names(names, "import", offset));
  names.clear();
  for (const wasm::Export& exported : module.exports) {
    const uint32_t item =
        WHERRY_TRY(types().add_core_extern(extern_of(typed, exported.kind, exported.index)));
    if (!names.push_back({{}, exported.name, item})) return out_of_memory();
  }
  type.exports = WHERRY_TRY(types().add_core_names(names));
  return type;
}

// Names that all differ.
Result<Range> Validator::core_names(std::span<const CoreName> names, const char* what, uint64_t offset) {
  const CoreName* twice = nullptr;
  const Range range = WHERRY_TRY(types().add_core_names(names, &twice));
  if (twice == nullptr) return range;
  std::string name = std::string(what) + " " + quoted(twice->name);
  if (!twice->module.empty()) name += " of " + quoted(twice->module);
  return base::fail(ErrorCode::NameConflict, offset, name + " is there twice");
}

// ---- core types

// A type of the file in canonical space; what is of the group itself gets a place above all canonical ones.
Result<wasm::ValType> Validator::canonical(wasm::ValType type, uint32_t first, uint32_t count,
                                           uint64_t offset) {
  if (!type.is_ref() || !type.heap().is_concrete()) return type;
  const uint32_t index = type.heap().index();
  const auto known = static_cast<uint32_t>(frame().space(Sort::CoreType).size());
  if (index >= known && index < known + count) {
    return wasm::ValType::ref(wasm::HeapType::concrete(first + (index - known)), type.nullable());
  }
  const uint32_t item = WHERRY_TRY(at(Sort::CoreType, index, offset));
  if ((item & Scope::kModuleType) != 0) {
    return base::fail(ErrorCode::TypeMismatch, offset, "a reference to a module type");
  }
  if (item >= first && first != 0) return base::fail(ErrorCode::TypesTooLarge, offset);
  return wasm::ValType::ref(wasm::HeapType::concrete(item), type.nullable());
}

Result<void> Validator::core_type(const wasm::RecGroup& group, uint64_t offset) {
  if (group.count == 0) return {};
  constexpr uint32_t kIds = 1u << 22;  // What a HeapType can hold.
  const uint32_t first = kIds - group.count;
  const std::span<const wasm::SubType> source = file().core.types.span().subspan(group.first, group.count);
  base::Vector<wasm::SubType> list;
  base::Arena arena;
  const auto known = static_cast<uint32_t>(frame().space(Sort::CoreType).size());
  const auto convert = [&](std::span<const wasm::ValType> from) -> Result<std::span<const wasm::ValType>> {
    auto* const to = arena.allocate<wasm::ValType>(from.size());
    if (to == nullptr) return out_of_memory();
    for (size_t i = 0; i < from.size(); ++i)
      to[i] = WHERRY_TRY(canonical(from[i], first, group.count, offset));
    return std::span<const wasm::ValType>(to, from.size());
  };
  for (uint32_t i = 0; i < group.count; ++i) {
    wasm::SubType type = source[i];
    type.func.params = WHERRY_TRY(convert(type.func.params));
    type.func.results = WHERRY_TRY(convert(type.func.results));
    auto* const fields = arena.allocate<wasm::FieldType>(type.fields.size());
    if (fields == nullptr) return out_of_memory();
    for (size_t f = 0; f < type.fields.size(); ++f) {
      fields[f].is_mutable = type.fields[f].is_mutable;
      fields[f].storage = WHERRY_TRY(canonical(type.fields[f].storage, first, group.count, offset));
    }
    type.fields = {fields, type.fields.size()};
    if (type.super != wasm::SubType::kNoSuper) {
      if (type.super >= known + i) {
        return base::fail(ErrorCode::UnknownType, offset, "supertype " + std::to_string(type.super));
      }
      const auto super = wasm::ValType::ref(wasm::HeapType::concrete(type.super), true);
      type.super = WHERRY_TRY(canonical(super, first, group.count, offset)).heap().index();
    }
    if (!list.push_back(type)) return out_of_memory();
  }
  wasm::TypeSet set = WHERRY_TRY(registry_.add_group(list, first));
  for (uint32_t i = 0; i < group.count; ++i)
    WHERRY_TRY(push(Sort::CoreType, set[wasm::TypeIndex(i)].id.value));
  if (!out_.core_types_.push_back(std::move(set))) return out_of_memory();
  return {};
}

Result<wasm::CanonId> Validator::core_func_type(uint32_t index, uint64_t offset) {
  const uint32_t item = WHERRY_TRY(at(Sort::CoreType, index, offset));
  const bool is_func = (item & Scope::kModuleType) == 0 &&
                       registry_.type(wasm::CanonId(item)).kind == wasm::CompositeKind::Func;
  if (is_func) return wasm::CanonId(item);
  return base::fail(ErrorCode::NotFunctionType, offset, "core type " + std::to_string(index));
}

Result<CoreExtern> Validator::core_extern(const CoreExternType& type, uint64_t offset) {
  CoreExtern item;
  item.kind = type.kind;
  switch (type.kind) {
    case ExternKind::Func: item.type = WHERRY_TRY(core_func_type(type.type.value, offset)); return item;
    case ExternKind::Tag:
      item.type = WHERRY_TRY(core_func_type(type.type.value, offset));
      if (!registry_.type(item.type).func.results.empty()) {
        return base::fail(ErrorCode::TagWithResults, offset);
      }
      return item;
    case ExternKind::Table: {
      item.table = type.table;
      item.table.element = WHERRY_TRY(canonical(type.table.element, 0, 0, offset));
      const wasm::Limits& limits = type.table.limits;
      if (limits.has_max && limits.max < limits.min)
        return base::fail(ErrorCode::MinimumAboveMaximum, offset);
      const uint64_t most = limits.is_64 ? ~uint64_t{0} : ~uint32_t{0};
      if (limits.min > most || (limits.has_max && limits.max > most)) {
        return base::fail(ErrorCode::TableTooLarge, offset);
      }
      return item;
    }
    case ExternKind::Memory: {
      item.memory = type.memory;
      const wasm::Limits& limits = type.memory.limits;
      const uint8_t log2 = type.memory.page_size_log2;
      if (log2 != 0 && log2 != 16) return base::fail(ErrorCode::InvalidPageSize, offset);
      if (limits.has_max && limits.max < limits.min)
        return base::fail(ErrorCode::MinimumAboveMaximum, offset);
      const uint64_t bytes_log2 = limits.is_64 ? 64 : 32;
      const uint64_t most = log2 == 0 && limits.is_64 ? ~uint64_t{0} : uint64_t{1} << (bytes_log2 - log2);
      if (limits.min > most || (limits.has_max && limits.max > most)) {
        return base::fail(ErrorCode::MemoryTooLarge, offset,
                          "must be at most " + std::to_string(most) + " pages");
      }
      if (limits.is_shared && !limits.has_max) return base::fail(ErrorCode::SharedMemoryNeedsMaximum, offset);
      return item;
    }
    case ExternKind::Global:
      item.global = type.global;
      item.global.content = WHERRY_TRY(canonical(type.global.content, 0, 0, offset));
      return item;
  }
  return item;
}

Result<void> Validator::core_import(const CoreImport& import, uint64_t offset) {
  const CoreExtern type = WHERRY_TRY(core_extern(import.type, offset));
  const uint32_t item = WHERRY_TRY(types().add_core_extern(type));
  if (!frame().core_imports.push_back({import.module, import.name, item})) return out_of_memory();
  return {};
}

Result<void> Validator::core_export(const CoreExport& exported, uint64_t offset) {
  const CoreExtern type = WHERRY_TRY(core_extern(exported.type, offset));
  const uint32_t item = WHERRY_TRY(types().add_core_extern(type));
  if (!frame().core_exports.push_back({{}, exported.name, item})) return out_of_memory();
  return {};
}

// ---- core instances

Result<void> Validator::core_instance(const InstanceDef& instance, uint64_t offset) {
  if (instance.is_instantiate) return core_instantiate(instance, offset);
  base::Vector<CoreName> names;
  if (!names.reserve(instance.items.size())) return out_of_memory();
  for (const InstanceItem& item : instance.items) {
    if (item.sort > Sort::CoreTag) {
      return base::fail(ErrorCode::MismatchedSort, item.name.offset,
                        "a core instance cannot export a " + std::string(sort_name(item.sort)));
    }
    const uint32_t exported = WHERRY_TRY(at(item.sort, item.index, item.name.offset));
    if (!names.push_back({{}, item.name.name, exported})) return out_of_memory();
  }
  CoreModuleType type;
  type.exports = WHERRY_TRY(core_names(names, "export", offset));
  return push(Sort::CoreInstance, WHERRY_TRY(types().add_module_type(type)));
}

Result<void> Validator::core_instantiate(const InstanceDef& instance, uint64_t offset) {
  const CoreModuleType module =
      types().module_type(WHERRY_TRY(at(Sort::CoreModule, instance.target, offset)));
  base::Vector<CoreName> arguments;
  if (!arguments.reserve(instance.items.size())) return out_of_memory();
  for (const InstanceItem& item : instance.items) {
    const uint32_t given = WHERRY_TRY(at(Sort::CoreInstance, item.index, item.name.offset));
    if (!arguments.push_back({{}, item.name.name, given})) return out_of_memory();
  }
  std::sort(arguments.begin(), arguments.end(),
            [](const CoreName& a, const CoreName& b) { return a.name < b.name; });
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i].name != arguments[i - 1].name) continue;
    return base::fail(ErrorCode::NameConflict, offset,
                      "argument " + quoted(arguments[i].name) + " is there twice");
  }
  for (const CoreName& import : types().core_names(module.imports)) {
    const auto argument =
        std::lower_bound(arguments.begin(), arguments.end(), import.module,
                         [](const CoreName& item, std::string_view name) { return item.name < name; });
    if (argument == arguments.end() || argument->name != import.module) {
      return base::fail(ErrorCode::MissingArgument, offset,
                        "missing module instantiation argument " + quoted(import.module));
    }
    const CoreName* const found =
        types().find_core(types().module_type(argument->item).exports, {}, import.name);
    const auto name = [&] { return quoted(std::string(import.module) + "::" + std::string(import.name)); };
    if (found == nullptr)
      return base::fail(ErrorCode::MissingArgument, offset, "instance has no export for " + name());
    std::string why;
    const bool fits = WHERRY_TRY(
        types().core_matches(types().core_extern(found->item), types().core_extern(import.item), &why));
    if (!fits) {
      why.insert(0, "argument " + name() + ": ");
      return base::fail(ErrorCode::TypeMismatch, offset, std::move(why));
    }
  }
  CoreModuleType made;
  made.exports = module.exports;
  return push(Sort::CoreInstance, WHERRY_TRY(types().add_module_type(made)));
}

}  // namespace wherry::component
