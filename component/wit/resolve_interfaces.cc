// What stands in interfaces: `use`, types, functions (WIT.md, "Item: use", "Items: type", "Handles").
//
// Types may be named before they are defined but not be made of themselves, so those of an interface are resolved behind
// what they name, as interfaces are. Where a resource is named as a type, an owning handle is meant.
#include "component/names.h"
#include "component/wit/resolver.h"

namespace wherry::component::wit {

bool Resolver::resolve_interface(const AstInterface& source, uint32_t ast, PackageId package,
                                 std::string_view name, InterfaceId* id) {
  *id = InterfaceId(static_cast<uint32_t>(model_.interfaces.size()));
  Interface interface;
  interface.name = name;
  interface.package = package;
  interface.notes = source.notes;
  Names names;
  names.owner = {Owner::Interface, id->value};
  names.package = package;
  names.types = &interface.types;
  if (!resolve_scope(source.scope, ast, &names)) return false;
  if (!resource_functions(names, &interface.functions, &names)) return false;
  for (const uint32_t function : source.scope.functions) {
    FuncId made;
    bool open = false;
    if (!resolve_function(function, nullptr, &names, &made, &open)) return false;
    if (!open) continue;
    if (!declare(&names, ast_.functions[function].name, kFunction)) return false;
    model_.push(interface.functions, made);
  }
  model_.push(model_.interfaces, std::move(interface));
  return model_.ok;
}

bool Resolver::declare(Names* names, const Id& id, uint32_t value) {
  const auto done = names->map.insert(id.name, value);
  if (done == text::NameMap::Insertion::Duplicate) {
    return fail(id.place, component::quoted(id.name) + " is defined more than once");
  }
  model_.ok = model_.ok && done == text::NameMap::Insertion::Done;
  return model_.ok;
}

bool Resolver::resolve_scope(const AstScope& scope, uint32_t ast, Names* names) {
  for (const AstUse& use : scope.uses) {
    if (!resolve_use(use, ast, names)) return false;
  }
  for (const AstTypeDef& type : scope.types) {
    bool open = false;
    if (!is_open(type.notes.gate, names->package, type.name.place, &open)) return false;
    if (!open) continue;
    if (!declare(names, type.name, static_cast<uint32_t>(names->locals.size()))) return false;
    model_.push(names->locals, Local{.id = type.name, .type = &type, .resolved = {}});
  }
  return model_.ok && order_types(names);
}

bool Resolver::resolve_use(const AstUse& use, uint32_t ast, Names* names) {
  bool open = false;
  if (!is_open(use.notes.gate, names->package, use.path.name.place, &open)) return false;
  if (!open) return true;
  uint32_t unit = 0;
  if (!find(use.path, ast, &unit)) return false;
  const InterfaceId from(units_[unit].index);
  for (const AstUseName& name : use.names) {
    const TypeId* found = nullptr;
    for (const TypeId& type : model_[from].types) {
      if (model_[type].name == name.name.name) found = &type;
    }
    if (found == nullptr) {
      return fail(name.name.place, "the interface " + component::quoted(model_[from].name) + " has no type " +
                                       component::quoted(name.name.name));
    }
    TypeDef type;
    type.name = name.as.name;
    type.kind = TypeKind::Alias;
    type.first = *found;
    type.owner = names->owner;
    type.notes = {.docs = {}, .gate = use.notes.gate, .external_id = use.notes.external_id};
    const TypeId made = model_.add_type(type);
    if (!declare(names, name.as, static_cast<uint32_t>(names->locals.size()))) return false;
    model_.push(names->locals, Local{.id = name.as, .type = nullptr, .resolved = made});
    model_.push(*names->types, made);
  }
  return model_.ok;
}

bool Resolver::order_types(Names* names) {
  Order order;
  const auto count = static_cast<uint32_t>(names->locals.size());
  if (!order.reset(count)) model_.ok = false;
  for (uint32_t i = 0; i < count && model_.ok; ++i) {
    const AstTypeDef* const type = names->locals[i].type;
    base::Vector<uint32_t> needs;
    if (type != nullptr && !named_in(*type, names, &needs)) return false;
    for (const uint32_t need : needs) model_.ok = order.add(i, need) && model_.ok;
  }
  model_.ok = order.run() && model_.ok;
  for (const uint32_t local : order.sorted()) {
    if (names->locals[local].type != nullptr && !resolve_definition(&names->locals[local], names))
      return false;
  }
  uint32_t culprit = 0;
  if (model_.ok && order.has_circle(&culprit)) {
    const Id& id = names->locals[culprit].id;
    return fail(id.place, "the type " + component::quoted(id.name) + " is made of itself");
  }
  return model_.ok;
}

// Appends the names of the interface that occur in a definition.
bool Resolver::named_in(const AstTypeDef& type, Names* names, base::Vector<uint32_t>* found) {
  base::Vector<uint32_t> open;
  if (type.alias != AstType::kNone) model_.push(open, type.alias);
  for (uint32_t i = type.members.count; i > 0; --i) {
    const AstMember& member = ast_.members[type.members.first + i - 1];
    if (member.type != AstType::kNone) model_.push(open, member.type);
  }
  while (!open.empty()) {
    const AstType& at = ast_.types[open.back()];
    open.pop_back();
    if (!at.name.name.empty()) {
      const uint32_t* const local = names->map.find(at.name.name);
      if (local == nullptr)
        return fail(at.name.place, "no type " + component::quoted(at.name.name) + " here");
      model_.push(*found, *local);
    } else if (at.form == AstType::Built && at.kind == TypeKind::Tuple) {
      for (uint32_t i = at.count; i > 0; --i) model_.push(open, ast_.elements[at.first + i - 1]);
    } else {
      if (at.second != AstType::kNone) model_.push(open, at.second);
      if (at.first != AstType::kNone) model_.push(open, at.first);
    }
  }
  return model_.ok;
}

bool Resolver::resolve_definition(Local* local, Names* names) {
  const AstTypeDef& source = *local->type;
  TypeDef type;
  type.kind = source.kind;
  bool done = true;
  if (source.kind == TypeKind::Alias) {
    const AstType& alias = ast_.types[source.alias];
    if (alias.form == AstType::Named) {
      type.first = names->locals[*names->map.find(alias.name.name)].resolved;
    } else if (alias.form == AstType::Built) {
      type.kind = alias.kind;
      done = resolve_built(alias, names, &type);
    } else {
      type.first = alias.prim;
    }
  } else if (source.kind != TypeKind::Resource) {
    done = resolve_members(source.members, true, names, &type.members);
  }
  if (!done) return false;
  type.name = source.name.name;
  type.owner = names->owner;
  type.notes = source.notes;
  local->resolved = model_.add_type(type);
  model_.push(*names->types, local->resolved);
  return model_.ok;
}

bool Resolver::resolve_members(Run members, bool are_typed, Names* names, Run* run) {
  text::NameMap seen;
  base::Vector<Member> made;
  for (uint32_t i = 0; i < members.count; ++i) {
    const AstMember& source = ast_.members[members.first + i];
    if (seen.insert(source.name.name, 0) == text::NameMap::Insertion::Duplicate) {
      return fail(source.name.place, component::quoted(source.name.name) + " stands here twice");
    }
    Member member{.name = source.name.name, .type = {}, .docs = source.docs};
    if (are_typed && source.type != AstType::kNone && !resolve_type(source.type, names, &member.type))
      return false;
    model_.push(made, member);
  }
  *run = {static_cast<uint32_t>(model_.members.size()), static_cast<uint32_t>(made.size())};
  for (const Member& member : made) model_.push(model_.members, member);
  return model_.ok;
}

// Calls itself as deep as the parser let types be nested.
bool Resolver::resolve_type(uint32_t ast_type, Names* names, Type* type) {
  const AstType& source = ast_.types[ast_type];
  if (source.form == AstType::Primitive) {
    *type = source.prim;
    return true;
  }
  if (source.form == AstType::Named) return resolve_named(source.name, names, type);
  TypeDef made;
  made.kind = source.kind;
  if (!resolve_built(source, names, &made)) return false;
  *type = model_.add_type(made);
  return model_.ok;
}

bool Resolver::resolve_named(const Id& id, Names* names, Type* type) {
  const uint32_t* const local = names->map.find(id.name);
  if (local == nullptr || *local == kFunction) {
    return fail(id.place, "no type " + component::quoted(id.name) + " here");
  }
  *type = names->locals[*local].resolved;
  if (!model_.is_resource(*type)) return true;
  TypeDef own;
  own.kind = TypeKind::Own;
  own.first = *type;
  *type = model_.add_type(own);
  return model_.ok;
}

bool Resolver::resolve_built(const AstType& source, Names* names, TypeDef* type) {
  if (source.kind == TypeKind::Own || source.kind == TypeKind::Borrow) {
    return resolve_handle(source.name, source.kind, names, type);
  }
  if (source.kind == TypeKind::Tuple) {
    base::Vector<Member> made;
    for (uint32_t i = 0; i < source.count; ++i) {
      Member member;
      if (!resolve_type(ast_.elements[source.first + i], names, &member.type)) return false;
      model_.push(made, member);
    }
    type->members = {static_cast<uint32_t>(model_.members.size()), static_cast<uint32_t>(made.size())};
    for (const Member& member : made) model_.push(model_.members, member);
    return model_.ok;
  }
  type->length = source.count;
  if (source.first != AstType::kNone && !resolve_type(source.first, names, &type->first)) return false;
  if (source.second != AstType::kNone && !resolve_type(source.second, names, &type->second)) return false;
  if (source.kind != TypeKind::Map) return true;
  const Type key = model_.target(type->first);
  const bool fits =
      key.is_prim() && key.prim() != Prim::F32 && key.prim() != Prim::F64 && key.prim() != Prim::ErrorContext;
  return fits || fail(source.place, "the keys of a map are integers, booleans, characters or strings");
}

bool Resolver::resolve_handle(const Id& id, TypeKind kind, Names* names, TypeDef* type) {
  const uint32_t* const local = names->map.find(id.name);
  if (local == nullptr || *local == kFunction) {
    return fail(id.place, "no type " + component::quoted(id.name) + " here");
  }
  type->kind = kind;
  type->first = names->locals[*local].resolved;
  return model_.is_resource(type->first) || fail(id.place, component::quoted(id.name) + " is not a resource");
}

// Those of the interface's resources, in the order of these.
bool Resolver::resource_functions(const Names& names, base::Vector<FuncId>* functions, Names* mutable_names) {
  for (uint32_t i = 0; i < names.locals.size(); ++i) {
    const AstTypeDef* const type = names.locals[i].type;
    if (type == nullptr) continue;
    text::NameMap seen;
    for (const uint32_t function : type->functions) {
      const Id& name = ast_.functions[function].name;
      FuncId made;
      bool open = false;
      if (!resolve_function(function, &names.locals[i], mutable_names, &made, &open)) return false;
      if (!open) continue;
      // A constructor has a keyword for a name, and a method may be called so too.
      const bool is_constructor = ast_.functions[function].kind == FuncKind::Constructor;
      const std::string_view key = is_constructor ? std::string_view("[constructor]") : name.name;
      if (seen.insert(key, 0) == text::NameMap::Insertion::Duplicate) {
        return fail(name.place, component::quoted(name.name) + " is defined more than once");
      }
      model_.push(*functions, made);
    }
  }
  return model_.ok;
}

bool Resolver::resolve_function(uint32_t index, const Local* resource, Names* names, FuncId* id, bool* open) {
  const AstFunc& source = ast_.functions[index];
  if (!is_open(source.notes.gate, names->package, source.name.place, open)) return false;
  if (!*open) return true;
  Function function;
  function.name = source.name.name;
  function.kind = source.kind;
  function.is_async = source.is_async;
  function.notes = source.notes;
  Run params;
  if (!resolve_members(source.params, true, names, &params)) return false;
  if (resource != nullptr) function.resource = resource->resolved;
  if (source.kind == FuncKind::Method) {
    // `self` in front of the others, which follow in the table.
    TypeDef borrow;
    borrow.kind = TypeKind::Borrow;
    borrow.first = resource->resolved;
    const Member self{.name = "self", .type = model_.add_type(borrow), .docs = {}};
    base::Vector<Member> all;
    model_.push(all, self);
    for (const Member& member : model_.run(params)) model_.push(all, member);
    params = {static_cast<uint32_t>(model_.members.size()), params.count + 1};
    for (const Member& member : all) model_.push(model_.members, member);
  }
  function.params = params;
  if (!resolve_result(source, resource, names, &function)) return false;
  *id = FuncId(static_cast<uint32_t>(model_.functions.size()));
  model_.push(model_.functions, function);
  return model_.ok;
}

bool Resolver::resolve_result(const AstFunc& source, const Local* resource, Names* names,
                              Function* function) {
  const Place place = source.name.place;
  if (source.result != AstType::kNone && !resolve_type(source.result, names, &function->result)) return false;
  if (!function->result.is_none() && has_borrow(function->result)) {
    return fail(place, "a function cannot return a borrowed handle");
  }
  if (source.kind != FuncKind::Constructor) return true;
  if (source.result == AstType::kNone) {
    TypeDef own;
    own.kind = TypeKind::Own;
    own.first = resource->resolved;
    function->result = model_.add_type(own);
    return model_.ok;
  }
  Type result = model_.target(function->result);
  if (result.is_id() && model_[result.id()].kind == TypeKind::Result)
    result = model_.target(model_[result.id()].first);
  const bool fits = result.is_id() && model_[result.id()].kind == TypeKind::Own &&
                    model_.target(model_[result.id()].first) == Type(resource->resolved);
  return fits || fail(place, "a constructor returns its resource, or a result with it");
}

// Anonymous types are nested no deeper than the parser allows, but named ones without end: a stack. What was seen for another
// function has none, or resolving would have ended there.
bool Resolver::has_borrow(Type type) {
  base::Vector<Type> open;
  model_.push(open, type);
  while (model_.ok && seen_for_borrows_.size() < model_.types.size()) {
    model_.push(seen_for_borrows_, uint8_t{0});
  }
  if (!model_.ok) return false;
  while (!open.empty()) {
    const Type at = open.back();
    open.pop_back();
    if (!at.is_id() || seen_for_borrows_[at.id().value] != 0) continue;
    seen_for_borrows_[at.id().value] = 1;
    const TypeDef& def = model_[at.id()];
    if (def.kind == TypeKind::Borrow) return true;
    if (def.kind == TypeKind::Own) continue;
    bool ok = open.push_back(def.first) && open.push_back(def.second);
    for (const Member& member : model_.run(def.members)) ok = open.push_back(member.type) && ok;
    model_.ok = ok && model_.ok;
  }
  return false;
}

}  // namespace wherry::component::wit
