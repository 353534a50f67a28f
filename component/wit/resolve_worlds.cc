// Worlds: imports, exports, types of their own, and `include` (WIT.md, "WIT Worlds", "Union of Worlds with include").
//
// What a world includes becomes its own: interfaces under their names once, whatever has a plain name copied, with another
// name if the `include` says so. Types of the included world are copied with it and everything that was made of them is
// made anew of the copies, since a type belongs to one world.
#include "component/names.h"
#include "component/wit/resolver.h"

namespace wherry::component::wit {

bool Resolver::resolve_world(const Unit& unit, WorldId* id) {
  const AstWorld& source = *unit.world;
  *id = WorldId(static_cast<uint32_t>(model_.worlds.size()));
  World world;
  world.name = source.name.name;
  world.package = unit.package;
  world.notes = source.notes;
  base::Vector<TypeId> types;
  Names names;
  names.owner = {Owner::World, id->value};
  names.package = unit.package;
  names.types = &types;
  if (!resolve_scope(source.scope, unit.ast, &names)) return false;
  for (const TypeId type : types) {
    const WorldItem item{
        .kind = WorldItem::Type, .name = model_[type].name, .index = type.value, .notes = {}};
    if (!add_item(item, source.name.place, &world.imports)) return false;
  }
  base::Vector<FuncId> functions;
  if (!resource_functions(names, &functions, &names)) return false;
  for (const FuncId function : functions) {
    const std::string_view name = full_name(model_, model_[function]);
    const WorldItem item{.kind = WorldItem::Func, .name = name, .index = function.value, .notes = {}};
    if (!add_item(item, source.name.place, &world.imports)) return false;
  }
  for (const AstWorldItem& item : source.items) {
    if (!resolve_item(item, source, unit.ast, &names, &world)) return false;
  }
  for (const AstInclude& include : source.includes) {
    if (!resolve_include(include, unit.ast, &names, &world)) return false;
  }
  model_.push(model_.worlds, std::move(world));
  if (!model_.ok) return false;
  InterfaceId culprit;
  if (elaborate(model_, *id, &culprit)) return model_.ok;
  const std::string_view name = model_[culprit].name;
  return fail(source.name.place, "the export " + component::quoted(name.empty() ? "of an interface" : name) +
                                     " needs an interface both as an import and as an export");
}

bool Resolver::resolve_item(const AstWorldItem& source, const AstWorld& world, uint32_t ast, Names* names,
                            World* out) {
  const Place place = source.name.name.empty() ? source.path.name.place : source.name.place;
  bool open = false;
  if (!is_open(source.notes.gate, names->package, place, &open)) return false;
  if (!open) return true;
  WorldItem item;
  item.name = source.name.name;
  item.notes = source.notes;
  if (source.form == AstWorldItem::Func) {
    FuncId function;
    if (!resolve_function(source.index, nullptr, names, &function, &open)) return false;
    item.kind = WorldItem::Func;
    item.index = function.value;
  } else if (source.form == AstWorldItem::Inline) {
    const AstInterface& interface = world.interfaces[source.index];
    InterfaceId id;
    if (!resolve_interface(interface, ast, names->package, {}, &id)) return false;
    item.index = id.value;
  } else {
    uint32_t unit = 0;
    if (!find(source.path, ast, &unit)) return false;
    item.index = units_[unit].index;
  }
  return add_item(item, place, source.is_export ? &out->exports : &out->imports);
}

bool Resolver::add_item(const WorldItem& item, Place place, base::Vector<WorldItem>* items) {
  if (items->size() >= kMostItems) return fail(place, "too many imports or exports");
  for (const WorldItem& other : *items) {
    const bool is_same =
        item.name.empty() ? other.name.empty() && other.index == item.index : other.name == item.name;
    if (!is_same) continue;
    const std::string_view name = item.name.empty() ? model_[InterfaceId(item.index)].name : item.name;
    return fail(place, component::quoted(name) + " stands in the world twice");
  }
  model_.push(*items, item);
  return model_.ok;
}

bool Resolver::resolve_include(const AstInclude& include, uint32_t ast, Names* names, World* out) {
  bool open = false;
  if (!is_open(include.notes.gate, names->package, include.path.name.place, &open)) return false;
  if (!open) return true;
  uint32_t unit = 0;
  if (!find(include.path, ast, &unit)) return false;
  const World& from = model_[WorldId(units_[unit].index)];
  base::Vector<uint8_t> used;
  base::Vector<TypeId> clones;
  model_.ok = used.resize(include.names.size()) && clones.resize(model_.types.size()) && model_.ok;
  if (!model_.ok) return false;
  for (TypeId& clone : clones) clone = TypeId(kNone);
  for (const bool are_exports : {false, true}) {
    if (!include_items(include, from, are_exports, &used, &clones, names, out)) return false;
  }
  for (size_t i = 0; i < used.size(); ++i) {
    const Id& name = include.names[i].name;
    if (used[i] == 0) {
      return fail(name.place, "the world " + component::quoted(from.name) + " has no import or export " +
                                  component::quoted(name.name));
    }
  }
  return model_.ok;
}

bool Resolver::include_items(const AstInclude& include, const World& from, bool are_exports,
                             base::Vector<uint8_t>* used, base::Vector<TypeId>* clones, Names* names,
                             World* out) {
  // A version in a gate is one of the package where it stands.
  const bool is_foreign = from.package != names->package;
  const uint32_t from_index = static_cast<uint32_t>(&from - model_.worlds.data());
  base::Vector<WorldItem>* const into = are_exports ? &out->exports : &out->imports;
  for (const WorldItem& item : are_exports ? from.exports : from.imports) {
    if (item.name.empty()) {
      bool is_there = false;
      for (const WorldItem& other : *into)
        is_there = is_there || (other.name.empty() && other.index == item.index);
      if (is_there) continue;
      model_.push(*into, item);
      if (is_foreign) into->back().notes.gate.since = {};
      continue;
    }
    WorldItem copy = item;
    for (size_t i = 0; i < include.names.size(); ++i) {
      if (include.names[i].name.name != item.name) continue;
      copy.name = include.names[i].as.name;
      (*used)[i] = 1;
    }
    copy.index = clone(item, copy.name, {Owner::World, from_index}, names->owner, clones);
    if (copy.kind == WorldItem::Func) copy.name = full_name(model_, model_[FuncId(copy.index)]);
    if (!add_item(copy, include.path.name.place, into)) return false;
  }
  return model_.ok;
}

uint32_t Resolver::clone(const WorldItem& item, std::string_view name, Owner from, Owner to,
                         base::Vector<TypeId>* clones) {
  if (item.kind == WorldItem::Interface) return item.index;
  if (item.kind == WorldItem::Type) {
    const TypeId made = clone_definition(TypeId(item.index), from, to, clones);
    model_.types[made.value].name = name;
    return made.value;
  }
  Function function = model_[FuncId(item.index)];
  if (function.kind == FuncKind::Free) {
    function.name = name;
  } else {
    function.resource = (*clones)[function.resource.value];
  }
  function.params = clone(function.params, from, to, clones);
  function.result = clone(function.result, from, to, clones);
  const auto made = static_cast<uint32_t>(model_.functions.size());
  model_.push(model_.functions, function);
  return made;
}

// Anonymous types are made anew, those of interfaces stay.
Type Resolver::clone(Type type, Owner from, Owner to, base::Vector<TypeId>* clones) {
  if (!type.is_id() || type.id().value >= clones->size()) return type;
  const TypeDef& def = model_[type.id()];
  if (def.owner.kind != Owner::None && def.owner != from) return type;
  if ((*clones)[type.id().value].value != kNone) return (*clones)[type.id().value];
  return clone_definition(type.id(), from, to, clones);
}

TypeId Resolver::clone_definition(TypeId id, Owner from, Owner to, base::Vector<TypeId>* clones) {
  TypeDef def = model_[id];
  if (def.owner == from) def.owner = to;
  def.first = clone(def.first, from, to, clones);
  def.second = clone(def.second, from, to, clones);
  def.members = clone(def.members, from, to, clones);
  const TypeId made = model_.add_type(def);
  (*clones)[id.value] = made;
  return made;
}

Run Resolver::clone(Run run, Owner from, Owner to, base::Vector<TypeId>* clones) {
  if (run.count == 0) return run;
  base::Vector<Member> members;
  for (uint32_t i = 0; i < run.count; ++i) {
    Member member = model_.members[run.first + i];
    member.type = clone(member.type, from, to, clones);
    model_.push(members, member);
  }
  const Run made{static_cast<uint32_t>(model_.members.size()), run.count};
  for (const Member& member : members) model_.push(model_.members, member);
  return made;
}

}  // namespace wherry::component::wit
