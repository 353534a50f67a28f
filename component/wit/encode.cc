// From WIT to types (WIT.md, "Package Format"): each interface an instance type, each world a component type.
//
// A type of another interface is aliased from the instance that stands for this interface in the scope (an export before an
// import, since exports use exports where there are), once for the scope, and inside of an instance type as an outer alias.
// Types without names are defined where they are first needed; in an instance type again, as it has indices of its own.
#include "component/wit/encode.h"

#include "component/wit/package_docs.h"

namespace wherry::component::wit {

namespace {
constexpr uint32_t kNone = WorldEncoder::kNone;

void fill(base::Vector<uint32_t>* list, size_t size, bool* ok) {
  *ok = list->resize(size) && *ok;
  for (uint32_t& item : *list) item = kNone;
}
}  // namespace

WorldEncoder::WorldEncoder(Model& model, TypeScope& scope) : model_(model), scope_(scope) {
  fill(&types_, model.types.size(), &model.ok);
  fill(&imported_, model.interfaces.size(), &model.ok);
  fill(&exported_, model.interfaces.size(), &model.ok);
}

uint32_t WorldEncoder::import(const WorldItem& item) { return add(item, false); }
uint32_t WorldEncoder::declare_export(const WorldItem& item) { return add(item, true); }

uint32_t WorldEncoder::add(const WorldItem& item, bool is_export) {
  if (!model_.ok) return 0;
  EncodedName name{.name = item.name, .external_id = item.notes.external_id};
  EncodedExtern type;
  if (item.kind == WorldItem::Type) {
    return named_type(model_[TypeId(item.index)], scope_, &types_, false);
  }
  if (item.kind == WorldItem::Func) {
    const Function& function = model_[FuncId(item.index)];
    type = {Sort::Func, Bound::Eq, function_type(function, scope_, &types_)};
    name.name = full_name(model_, function);
    name.external_id = function.notes.external_id;
  } else {
    const InterfaceId id(item.index);
    type = {Sort::Instance, Bound::Eq, instance_type(id)};
    if (item.name.empty()) {
      name.name = full_name(model_, id);
    } else if (!model_[id].name.empty()) {
      name.implements = full_name(model_, id);
    }
  }
  const uint32_t index = is_export ? scope_.declare_export(name, type) : scope_.import(name, type);
  if (item.kind == WorldItem::Interface &&
      (item.name.empty() || model_[InterfaceId(item.index)].name.empty())) {
    if (is_export) {
      exported(InterfaceId(item.index), index);
    } else {
      imported_[item.index] = index;
    }
  }
  return index;
}

void WorldEncoder::exported(InterfaceId id, uint32_t instance) {
  exported_[id.value] = instance;
  for (const TypeId type : model_[id].types) types_[type.value] = kNone;
}

WorldEncoder::TypeMap WorldEncoder::no_types() {
  TypeMap map;
  fill(&map, model_.types.size(), &model_.ok);
  return map;
}

uint32_t WorldEncoder::instance_type(InterfaceId id) {
  TypeDeclarations inner(TypeDeclarations::Instance);
  TypeMap map = no_types();
  if (!model_.ok) return 0;
  for (const TypeId type : model_[id].types) {
    if (!kept_types_.empty() && kept_types_[type.value] == 0) continue;
    map[type.value] = named_type(model_[type], inner, &map, true);
  }
  for (const FuncId at : model_[id].functions) {
    if (!kept_functions_.empty() && kept_functions_[at.value] == 0) continue;
    const Function& function = model_[at];
    const EncodedExtern type{Sort::Func, Bound::Eq, function_type(function, inner, &map)};
    inner.declare_export({.name = full_name(model_, function), .external_id = function.notes.external_id},
                         type);
  }
  EncodeBuffer bytes;
  inner.finish(&bytes);
  return scope_.define_type(bytes);
}

// Gives a type its name: as an export of an instance type, as an import of a world.
uint32_t WorldEncoder::named_type(const TypeDef& type, TypeScope& scope, TypeMap* map, bool is_inner) {
  const EncodedName name{.name = type.name, .external_id = type.notes.external_id};
  EncodedExtern bound = EncodedExtern::resource();
  if (type.kind != TypeKind::Resource) {
    bound = EncodedExtern::type_eq(define_or_find(type, scope, map, is_inner));
  }
  const uint32_t made = is_inner ? scope.declare_export(name, bound) : scope.import(name, bound);
  if (!is_inner) types_[static_cast<size_t>(&type - model_.types.data())] = made;
  return made;
}

// What a name is given to: a definition, or the other type of which it is a further name.
uint32_t WorldEncoder::define_or_find(const TypeDef& type, TypeScope& scope, TypeMap* map, bool is_inner) {
  if (type.kind != TypeKind::Alias || !type.first.is_id() || model_[type.first.id()].name.empty()) {
    return define(type, scope, map);
  }
  const TypeId target = type.first.id();
  if ((*map)[target.value] != kNone) return (*map)[target.value];
  const uint32_t index = index_of(target);
  return is_inner ? scope.alias_outer_type(1, index) : index;
}

// A type with a name, in the scope itself.
uint32_t WorldEncoder::index_of(TypeId type) {
  uint32_t& known = types_[type.value];
  if (known != kNone) return known;
  const Owner owner = model_[type].owner;
  if (owner.kind != Owner::Interface) return 0;  // A world's own types come before what uses them.
  const uint32_t instance = exported_[owner.index] != kNone ? exported_[owner.index] : imported_[owner.index];
  known = scope_.alias_export(Sort::Type, instance, model_[type].name);
  return known;
}

void WorldEncoder::optional(Type type, TypeScope& scope, TypeMap* map, EncodeBuffer* out) {
  out->u8(type.is_none() ? 0 : 1);
  if (!type.is_none()) value(type, scope, map, out);
}

void WorldEncoder::value(Type type, TypeScope& scope, TypeMap* map, EncodeBuffer* out) {
  if (type.is_prim()) return out->u8(static_cast<uint8_t>(type.prim()));
  const TypeId id = type.id();
  uint32_t index = (*map)[id.value];
  if (index == kNone && !model_[id].name.empty()) {
    index = index_of(id);
    if (&scope != &scope_) index = scope.alias_outer_type(1, index);
    (*map)[id.value] = index;
  }
  if (index == kNone) {
    index = define(model_[id], scope, map);
    (*map)[id.value] = index;
  }
  out->s64(index);
}

uint32_t WorldEncoder::resource_index(Type type, TypeScope& scope, TypeMap* map) {
  const TypeId id = type.id();
  if ((*map)[id.value] == kNone) {
    const uint32_t index = index_of(id);
    (*map)[id.value] = &scope == &scope_ ? index : scope.alias_outer_type(1, index);
  }
  return (*map)[id.value];
}

// Bytes of what a type is made of are collected before its own, as they may need definitions in front of it. Calls itself by
// value(), as deep as types without names are nested.
uint32_t WorldEncoder::define(const TypeDef& type, TypeScope& scope, TypeMap* map) {
  EncodeBuffer out;
  const std::span<const Member> members = model_.run(type.members);
  switch (type.kind) {
    case TypeKind::Alias:
      if (!type.first.is_prim()) return define(model_[type.first.id()], scope, map);
      out.u8(static_cast<uint8_t>(type.first.prim()));
      break;
    case TypeKind::Record:
    case TypeKind::Variant:
    case TypeKind::Tuple:
      out.u8(static_cast<uint8_t>(type.kind == TypeKind::Record    ? TypeForm::Record
                                  : type.kind == TypeKind::Variant ? TypeForm::Variant
                                                                   : TypeForm::Tuple));
      out.u64(members.size());
      for (const Member& member : members) {
        if (type.kind != TypeKind::Tuple) out.name(member.name);
        if (type.kind == TypeKind::Variant) {
          optional(member.type, scope, map, &out);
          out.u8(0x00);
        } else {
          value(member.type, scope, map, &out);
        }
      }
      break;
    case TypeKind::Flags:
    case TypeKind::Enum:
      out.u8(static_cast<uint8_t>(type.kind == TypeKind::Flags ? TypeForm::Flags : TypeForm::Enum));
      out.u64(members.size());
      for (const Member& member : members) out.name(member.name);
      break;
    case TypeKind::List:
    case TypeKind::Option:
      out.u8(static_cast<uint8_t>(type.kind == TypeKind::List ? TypeForm::List : TypeForm::Option));
      value(type.first, scope, map, &out);
      break;
    case TypeKind::FixedList:
      out.u8(static_cast<uint8_t>(TypeForm::FixedList));
      value(type.first, scope, map, &out);
      out.u32(type.length);
      break;
    case TypeKind::Map:
      out.u8(static_cast<uint8_t>(TypeForm::Map));
      value(type.first, scope, map, &out);
      value(type.second, scope, map, &out);
      break;
    case TypeKind::Result:
      out.u8(static_cast<uint8_t>(TypeForm::Result));
      optional(type.first, scope, map, &out);
      optional(type.second, scope, map, &out);
      break;
    case TypeKind::Stream:
    case TypeKind::Future:
      out.u8(static_cast<uint8_t>(type.kind == TypeKind::Stream ? TypeForm::Stream : TypeForm::Future));
      optional(type.first, scope, map, &out);
      break;
    case TypeKind::Own:
    case TypeKind::Borrow:
      out.u8(static_cast<uint8_t>(type.kind == TypeKind::Own ? TypeForm::Own : TypeForm::Borrow));
      out.u32(resource_index(type.first, scope, map));
      break;
    case TypeKind::Resource: break;  // Has a name, and no definition.
  }
  return scope.define_type(out);
}

uint32_t WorldEncoder::function_type(const Function& function, TypeScope& scope, TypeMap* map) {
  EncodeBuffer out;
  out.u8(static_cast<uint8_t>(function.is_async ? TypeForm::AsyncFunc : TypeForm::Func));
  out.u32(function.params.count);
  for (uint32_t i = 0; i < function.params.count; ++i) {
    const Member param = model_.members[function.params.first + i];
    out.name(param.name);
    value(param.type, scope, map, &out);
  }
  if (function.result.is_none()) {
    out.u8(0x01);
    out.u8(0x00);
  } else {
    out.u8(0x00);
    value(function.result, scope, map, &out);
  }
  return scope.define_type(out);
}

void encode_world(Model& model, WorldId id, EncodeBuffer* type) {
  TypeDeclarations world(TypeDeclarations::Component);
  WorldEncoder encoder(model, world);
  for (const WorldItem& item : model[id].imports) encoder.import(item);
  for (const WorldItem& item : model[id].exports) encoder.declare_export(item);
  world.finish(type);
}

base::Vector<uint8_t> encode_package(Model& model, bool* ok) {
  ComponentEncoder out;
  const auto add = [&](std::string_view name, std::string_view full_name, TypeDeclarations& outer, Sort sort,
                       const EncodeBuffer& inner) {
    const uint32_t type = outer.define_type(inner);
    outer.declare_export({.name = full_name}, {sort, Bound::Eq, type});
    EncodeBuffer bytes;
    outer.finish(&bytes);
    const uint32_t index = out.define_type(bytes);
    out.add_export({.name = name}, Sort::Type, index);
  };
  for (const InterfaceId id : model[model.main].interfaces) {
    // The interface as a world's only export, with what it uses as imports.
    TypeDeclarations outer(TypeDeclarations::Component);
    WorldEncoder encoder(model, outer);
    World world;
    world.package = model.main;
    model.push(world.exports,
               WorldItem{.kind = WorldItem::Interface, .name = {}, .index = id.value, .notes = {}});
    const WorldId made(static_cast<uint32_t>(model.worlds.size()));
    model.push(model.worlds, std::move(world));
    InterfaceId culprit;
    if (!model.ok || !elaborate(model, made, &culprit)) break;
    for (const WorldItem& item : model[made].imports) encoder.import(item);
    for (const WorldItem& item : model[made].exports) encoder.declare_export(item);
    model.worlds.pop_back();
    EncodeBuffer bytes;
    outer.finish(&bytes);
    const uint32_t index = out.define_type(bytes);
    out.add_export({.name = model[id].name}, Sort::Type, index);
  }
  for (const WorldId id : model[model.main].worlds) {
    TypeDeclarations outer(TypeDeclarations::Component);
    EncodeBuffer inner;
    encode_world(model, id, &inner);
    add(model[id].name, full_name(model, id), outer, Sort::Component, inner);
  }
  EncodeBuffer notes;
  write_package_docs(model, &notes);
  out.add_custom(kPackageDocs, notes.span());
  *ok = out.ok() && notes.ok() && model.ok;
  return out.finish();
}

base::Vector<uint8_t> embed(Model& model, WorldId world, StringEncoding encoding, base::ByteSpan module,
                            bool* ok) {
  // A package of this world alone, which says besides how strings are encoded. 4 is the version of the form.
  constexpr uint8_t kVersion = 4;
  const uint8_t form[] = {kVersion, static_cast<uint8_t>(encoding)};
  ComponentEncoder metadata;
  metadata.add_custom("wit-component-encoding", form);
  TypeDeclarations outer(TypeDeclarations::Component);
  EncodeBuffer inner;
  encode_world(model, world, &inner);
  outer.declare_export({.name = full_name(model, world)},
                       {Sort::Component, Bound::Eq, outer.define_type(inner)});
  EncodeBuffer type;
  outer.finish(&type);
  metadata.add_export({.name = model[world].name}, Sort::Type, metadata.define_type(type));
  const base::Vector<uint8_t> bytes = metadata.finish();

  EncodeBuffer out;
  out.append(module);
  out.custom_section("component-type", bytes.span());
  *ok = metadata.ok() && out.ok() && model.ok;
  return out.take();
}

}  // namespace wherry::component::wit
