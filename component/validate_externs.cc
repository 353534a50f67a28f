// Imports and exports: their names, the types they introduce, ascription (Binary.md, "Import and Export Definitions").
//
// A component, a component type and an instance type share almost all of this. What is imported or exported is recorded
// once under its name and becomes a new entry of its index space. A type that is imported or exported is a new node
// (the same type under a new name); an instance is opened, so that its abstract resources are this scope's.
#include "component/validator.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

// ---- what is imported or exported

// The entity that is written, types of instances not opened yet. Of (sub resource) there is none.
Result<Entity> Validator::extern_type(const ExternType& type) {
  const uint64_t offset = type.offset;
  switch (type.sort) {
    case Sort::CoreModule: {
      const uint32_t item = WHERRY_TRY(at(Sort::CoreType, type.index, offset));
      if ((item & Scope::kModuleType) == 0) {
        return base::fail(ErrorCode::MismatchedSort, offset,
                          "core type " + std::to_string(type.index) + " is not a module type");
      }
      return Entity{Sort::CoreModule, item & ~Scope::kModuleType};
    }
    case Sort::Value:
      if (type.bound == Bound::Value)
        return Entity{Sort::Value, WHERRY_TRY(val_type(type.value, offset)).bits()};
      return entity(Sort::Value, type.index, offset);
    case Sort::Type: return entity(Sort::Type, type.index, offset);
    default: break;
  }
  const TypeId id(WHERRY_TRY(at(Sort::Type, type.index, offset)));
  const TypeKind kind = types()[id].kind;
  const TypeKind wanted = type.sort == Sort::Func        ? TypeKind::Func
                          : type.sort == Sort::Component ? TypeKind::Component
                                                         : TypeKind::Instance;
  if (kind != wanted) {
    return base::fail(ErrorCode::MismatchedSort, offset,
                      "type " + std::to_string(type.index) + " is not a " + std::string(kind_name(wanted)) +
                          " type but a " + std::string(kind_name(kind)));
  }
  return Entity{type.sort, id.value};
}

// What a scope gets: types under a new name, instances with resources of their own, which are appended to `made`.
Result<Entity> Validator::introduce(const ExternType& type, base::Vector<ResourceId>* made) {
  if (type.sort == Sort::Type && type.bound == Bound::SubResource) {
    const TypeId id = WHERRY_TRY(types().add_abstract_resource(type.offset));
    if (!made->push_back(types()[id].resource)) return out_of_memory();
    return Entity{Sort::Type, id.value};
  }
  const Entity written = WHERRY_TRY(extern_type(type));
  if (type.sort == Sort::Type)
    return Entity{Sort::Type, WHERRY_TRY(types().copy(written.type(), type.offset)).value};
  if (type.sort != Sort::Instance) return written;
  return Entity{Sort::Instance, WHERRY_TRY(types().open_instance(written.type(), made, type.offset)).value};
}

Result<void> Validator::import(const Import& import, uint64_t offset) {
  const Entity entity = WHERRY_TRY(introduce(import.type, &frame().imported));
  (void)offset;
  return record(import.name, entity, Side::Import);
}

Result<void> Validator::export_declaration(const Export& exported, uint64_t offset) {
  const Entity entity = WHERRY_TRY(introduce(exported.type, &frame().defined));
  (void)offset;
  return record(exported.name, entity, Side::Export);
}

// The type that an export is given instead of its own, which must fit it.
Result<Entity> Validator::ascribe(Entity actual, const ExternType& type, uint64_t offset) {
  const auto refuse = [&](const std::string& why) {
    return base::fail(ErrorCode::TypeMismatch, offset, "ascribed type of export is not compatible: " + why);
  };
  if (type.sort != actual.sort) {
    return refuse("a " + std::string(sort_name(actual.sort)) + " as a " + std::string(sort_name(type.sort)));
  }
  if (type.bound == Bound::SubResource) {
    if (types()[actual.type()].kind != TypeKind::Resource) return refuse("the type is not a resource");
    return Entity{Sort::Type, WHERRY_TRY(types().add_abstract_resource(offset)).value};
  }
  const Entity written = WHERRY_TRY(extern_type(type));
  std::string why;
  if (!WHERRY_TRY(types().matches(actual, written, &why))) return refuse(why);
  if (type.sort == Sort::Type)
    return Entity{Sort::Type, WHERRY_TRY(types().copy(written.type(), offset)).value};
  if (type.sort != Sort::Instance) return written;
  base::Vector<ResourceId> made;
  return Entity{Sort::Instance, WHERRY_TRY(types().open_instance(written.type(), &made, offset)).value};
}

Result<void> Validator::export_(const Export& exported, uint64_t offset) {
  if (is_core(exported.sort) && exported.sort != Sort::CoreModule) {
    return base::fail(ErrorCode::MismatchedSort, offset,
                      "a " + std::string(sort_name(exported.sort)) + " cannot be exported");
  }
  Entity item = WHERRY_TRY(entity(exported.sort, exported.index, offset));
  if (item.sort == Sort::Value) WHERRY_TRY(use_value(exported.index, offset));
  if (exported.has_type) {
    item = WHERRY_TRY(ascribe(item, exported.type, offset));
  } else if (item.sort == Sort::Type) {
    item.id = WHERRY_TRY(types().copy(item.type(), offset)).value;
  }
  WHERRY_TRY(record(exported.name, item, Side::Export));
  // What leaves through an export cannot be used up inside, but its new index is of no further use either.
  if (item.sort == Sort::Value) frame().used_values.back() = 1;
  return {};
}

// ---- under which name

Result<void> Validator::record(const ExternName& name, Entity entity, Side side) {
  const bool is_import = side == Side::Import;
  WHERRY_TRY(check_name(name, entity, side, is_import ? &frame().import_names : &frame().export_names,
                        is_import ? &frame().import_resources : &frame().export_resources));
  if (frame().kind != DefKind::InstanceType) WHERRY_TRY(check_visible(entity, side, name.offset));
  if (entity.sort == Sort::Value && side == Side::Export && entity.id != ValType().bits()) {
    const ValType type = ValType::from_bits(entity.id);
    if (types().has_borrow(type))
      return base::fail(ErrorCode::MisplacedBorrow, name.offset, "an exported value");
  }
  base::Vector<Extern>& list = is_import ? frame().imports : frame().exports;
  if (list.size() >= kMaxArguments) {
    return base::fail(ErrorCode::TooManyItems, name.offset, "found more than 100000 imports or exports");
  }
  if (!list.push_back({name.name, entity})) return out_of_memory();
  return push(entity.sort, entity.id);
}

Result<void> Validator::check_name(const ExternName& name, Entity entity, Side side, text::NameMap* names,
                                   text::NameMap* resources) {
  const ParsedName parsed = WHERRY_TRY(parse_name(name.name, file().features, name.offset));
  if (parsed.kind == NameKind::Dependency && side == Side::Export) {
    return base::fail(ErrorCode::InvalidName, name.offset, quoted(name.name) + " is only for imports");
  }
  WHERRY_TRY(check_attributes(name, parsed, entity));
  WHERRY_TRY(check_annotated(name, parsed, entity, resources));
  if (!WHERRY_TRY(is_new(name.name, names)))
    return base::fail(ErrorCode::NameConflict, name.offset, quoted(name.name));
  const bool is_resource = entity.sort == Sort::Type && types()[entity.type()].kind == TypeKind::Resource;
  if (is_resource && resources != nullptr && parsed.kind == NameKind::Plain &&
      resources->insert(name.name, entity.id) == text::NameMap::Insertion::OutOfMemory) {
    return out_of_memory();
  }
  return {};
}

Result<void> Validator::check_attributes(const ExternName& name, const ParsedName& parsed, Entity entity) {
  if (name.implements.data() != nullptr) {
    WHERRY_TRY(parse_interface_name(name.implements, file().features, name.offset));
    if (entity.sort != Sort::Instance) {
      return base::fail(ErrorCode::InvalidAttribute, name.offset,
                        "only instance names can have an `implements`");
    }
    if (parsed.kind != NameKind::Plain) {
      return base::fail(ErrorCode::InvalidAttribute, name.offset,
                        "name " + quoted(name.name) + " is not valid with `implements`");
    }
  }
  if (name.version_suffix.data() != nullptr) {
    const std::string version = std::string(parsed.version) + std::string(name.version_suffix);
    const bool is_short =
        parsed.kind == NameKind::Interface && !parsed.version.empty() && !is_semver(parsed.version);
    const bool is_whole =
        parsed.kind == NameKind::Interface && name.version_suffix.empty() && is_semver(parsed.version);
    if ((!is_short && !is_whole) || !is_semver(version)) {
      return base::fail(
          ErrorCode::InvalidAttribute, name.offset,
          quoted(name.name) + " and `versionsuffix` " + quoted(name.version_suffix) + " make no version");
    }
  }
  return {};
}

// [constructor], [method] and [static]: functions that fit the resource they name.
Result<void> Validator::check_annotated(const ExternName& name, const ParsedName& parsed, Entity entity,
                                        const text::NameMap* resources) {
  const bool is_annotated = parsed.kind == NameKind::Constructor || parsed.kind == NameKind::Method ||
                            parsed.kind == NameKind::Static;
  if (!is_annotated) return {};
  const auto refuse = [&](const char* why) {
    return base::fail(ErrorCode::AnnotatedName, name.offset, quoted(name.name) + " " + why);
  };
  if (entity.sort != Sort::Func) return refuse("is not a func");
  const TypeNode func = types()[entity.type()];
  ValType handle;
  TypeKind wanted = TypeKind::Own;
  if (parsed.kind == NameKind::Constructor) {
    if (func.first.is_none()) return refuse("should return one value");
    handle = func.first;
    if (handle.is_id() && types()[handle.id()].kind == TypeKind::Result) handle = types()[handle.id()].first;
    if (!handle.is_id() || types()[handle.id()].kind != wanted) {
      return refuse("should return `(own $T)` or `(result (own $T))`");
    }
  } else if (parsed.kind == NameKind::Method) {
    wanted = TypeKind::Borrow;
    if (func.members.count == 0) return refuse("should have at least one argument");
    const Member self = types().members(func.members)[0];
    if (self.name != "self") return refuse("should have a first argument called `self`");
    handle = self.type;
    if (!handle.is_id() || types()[handle.id()].kind != wanted) {
      return refuse("should take a first argument of `(borrow $T)`");
    }
  }
  const uint32_t* const resource = resources == nullptr ? nullptr : resources->find(parsed.resource);
  if (resource == nullptr) return refuse("does not match the name of a resource");
  if (parsed.kind == NameKind::Static) return {};
  if (types().resource_of(handle.id()) != types().resource_of(TypeId(*resource))) {
    return refuse("does not match expected resource name");
  }
  return {};
}

}  // namespace wherry::component
