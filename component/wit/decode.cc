// WIT out of a component's types: the way back of the specification's "Package Format" (WIT.md) and of worlds.
//
// All of it is in the types that validation made. An import or export whose name is that of an interface is this interface,
// as far as the component mentions it; where it is there twice (as an import and an export, or in several worlds of a
// package) the two are put together by names. A type that was exported as another's equal knows which one (`origin`), and
// so `use` and `type a = b` are found again; a resource that comes along without one is known by its ResourceId.
//
// What has no name in WIT is written where it is used, hence types call each other here: as deep as kMaxTypeDepth.
#include "component/wit/decode.h"

#include "component/names.h"
#include "component/wit/package_docs.h"
#include "engine/text/name_map.h"
#include "engine/wasm/errors.h"

namespace wherry::component::wit {

using base::Result;
using wasm::ErrorCode;

namespace {

constexpr uint32_t kNone = ~uint32_t{0};
constexpr uint32_t kFunction = kNone - 1;  // In names of an interface: not a type.

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }
base::Failure no_wit(std::string_view name, std::string_view why) {
  return base::fail(ErrorCode::InvalidDefinedType, base::Error::kNoOffset,
                    "no WIT says " + quoted(name) + ": " + std::string(why));
}

class Decoder {
 public:
  Result<Model> run(const ValidComponent& component) {
    WHERRY_TRY(begin(component));
    const component::TypeNode& node = types()[component.type()];
    if (is_package(component)) {
      WHERRY_TRY(read_package(node));
      for (const Custom& custom : file().customs) {
        if (custom.name == kPackageDocs) WHERRY_TRY(read_package_docs(custom.bytes, model_));
      }
    } else {
      model_.main = add_package("root", "component", {});
      WHERRY_TRY(read_world(node, "root", model_.main));
    }
    return finish();
  }

  Result<Model> run(std::span<const ValidComponent* const> packages) {
    World world = begin_root();
    text::NameMap names;
    text::NameMap export_names;
    base::Vector<TypeId> owned;
    const Place place{.owner = {Owner::World, 0}, .names = &names, .types = &owned};
    const Place export_place{.owner = {Owner::World, 0}, .names = &export_names, .types = &owned};
    for (const ValidComponent* const package : packages) {
      WHERRY_TRY(begin(*package));
      const component::TypeNode* const node = only_world();
      if (node == nullptr) return no_wit("", "a package with one world is expected");
      for (const Extern& item : types().externs(node->imports)) {
        WHERRY_TRY(read_import(item, true, place, &world));
      }
      for (const Extern& item : types().externs(node->exports)) {
        WHERRY_TRY(read_export(item, export_place, &world));
      }
    }
    return finish_root(std::move(world));
  }

  Result<Model> run(std::span<const SomeImports> components) {
    World world = begin_root();
    text::NameMap names;
    base::Vector<TypeId> owned;
    const Place place{.owner = {Owner::World, 0}, .names = &names, .types = &owned};
    for (const SomeImports& some : components) {
      WHERRY_TRY(begin(*some.component));
      const std::span<const Extern> imports = types().externs(types()[some.component->type()].imports);
      for (size_t i = 0; i < imports.size(); ++i) {
        WHERRY_TRY(read_import(imports[i], some.wanted[i] != 0, place, &world));
      }
    }
    return finish_root(std::move(world));
  }

 private:
  // Whose items are being read.
  struct Place {
    Owner owner;
    text::NameMap* names;  // Of its types and functions.
    base::Vector<TypeId>* types;
  };

  Result<void> begin(const ValidComponent& component) {
    component_ = &component;
    named_.clear();
    unnamed_.clear();
    resources_.clear();
    attributes_.clear();
    if (!named_.resize(types().size()) || !unnamed_.resize(types().size()) ||
        !resources_.resize(types().resource_count())) {
      return out_of_memory();
    }
    for (base::Vector<uint32_t>* const map : {&named_, &unnamed_, &resources_}) {
      for (uint32_t& entry : *map) entry = kNone;
    }
    collect_attributes();
    return {};
  }

  World begin_root() {
    model_.main = add_package("root", "component", {});
    World world;
    world.name = "root";
    world.package = model_.main;
    return world;
  }

  Result<Model> finish_root(World world) {
    model_.push(model_.worlds, std::move(world));
    InterfaceId culprit;
    if (model_.ok && !elaborate(model_, WorldId(0), &culprit)) {
      return no_wit(model_[culprit].name, "an export needs it as an export and as an import");
    }
    return finish();
  }

  Result<Model> finish() {
    for (uint32_t i = 0; i < model_.packages.size(); ++i) {
      if (PackageId(i) != model_.main) model_.push(model_.order, PackageId(i));
    }
    model_.push(model_.order, model_.main);
    if (!model_.ok) return out_of_memory();
    return std::move(model_);
  }

  // Into a world that others import into too.
  Result<void> read_import(const Extern& item, bool is_wanted, const Place& place, World* world) {
    WorldItem made;
    made.name = item.name;
    const uint32_t* const known = place.names->find(item.name);
    if (item.entity.sort == Sort::Instance) {
      if (known != nullptr) {
        if (world->imports[*known].kind != WorldItem::Interface)
          return no_wit(item.name, "imported as two things");
        return read_items(types()[item.entity.type()], InterfaceId(world->imports[*known].index));
      }
      WHERRY_TRY(read_instance(item, model_.main, &made));
      if (!is_wanted) return {};
      for (const WorldItem& other : world->imports) {
        if (made.name.empty() && other.name.empty() && other.index == made.index) return {};
      }
      if (!made.name.empty()) note(place.names, item.name, static_cast<uint32_t>(world->imports.size()));
      model_.push(world->imports, made);
      return {};
    }
    if (item.entity.sort == Sort::Type) {
      if (known != nullptr) {
        remember(item.entity.type(), TypeId(*known));
        return {};
      }
      made.kind = WorldItem::Type;
      made.index = WHERRY_TRY(read_type(item, place)).value;
    } else if (item.entity.sort == Sort::Func) {
      if (known != nullptr || !is_wanted) return {};
      made.kind = WorldItem::Func;
      made.index = WHERRY_TRY(read_function(item, place)).value;
    } else {
      return no_wit(item.name, "a " + std::string(sort_name(item.entity.sort)) + " is imported");
    }
    model_.push(world->imports, made);
    return {};
  }

  // Into a world that others export from too: what is exported already is left as it is.
  Result<void> read_export(const Extern& item, const Place& place, World* world) {
    WorldItem made;
    made.name = item.name;
    if (item.entity.sort == Sort::Instance) {
      if (place.names->find(item.name) != nullptr) return {};
      WHERRY_TRY(read_instance(item, model_.main, &made));
      note(place.names, item.name, 0);
    } else if (item.entity.sort == Sort::Func) {
      if (place.names->find(item.name) != nullptr) return {};
      made.kind = WorldItem::Func;
      made.index = WHERRY_TRY(read_function(item, place)).value;
    } else {
      return no_wit(item.name, "a " + std::string(sort_name(item.entity.sort)) + " is exported");
    }
    model_.push(world->exports, made);
    return {};
  }

  // The type of the world of a package that has nothing else; null for others.
  const component::TypeNode* only_world() const {
    const std::span<const Extern> outer = types().externs(types()[component_->type()].exports);
    if (!is_package(*component_) || outer.size() != 1) return nullptr;
    const std::span<const Extern> inner = types().externs(types()[outer[0].entity.type()].exports);
    if (inner.size() != 1 || inner[0].entity.sort != Sort::Component) return nullptr;
    return &types()[inner[0].entity.type()];
  }

  PackageId add_package(std::string_view name_space, std::string_view name, std::string_view version) {
    const std::string_view key = model_.keep(name_space, ":", name, "@", version);
    if (const uint32_t* const found = packages_.find(key)) return PackageId(*found);
    const PackageId id(static_cast<uint32_t>(model_.packages.size()));
    Package package;
    package.name_space = name_space;
    package.name = name;
    package.version = version;
    model_.push(model_.packages, std::move(package));
    note(&packages_, key, id.value);
    return id;
  }
  PackageId package_of(const ParsedName& name) {
    const size_t colon = name.package.find(':');
    return add_package(name.package.substr(0, colon), name.package.substr(colon + 1), name.version);
  }

  void note(text::NameMap* map, std::string_view name, uint32_t value) {
    model_.ok = map->insert(name, value) != text::NameMap::Insertion::OutOfMemory && model_.ok;
  }

  InterfaceId add_interface(std::string_view name, PackageId package) {
    const InterfaceId id(static_cast<uint32_t>(model_.interfaces.size()));
    Interface interface;
    interface.name = name;
    interface.package = package;
    model_.push(model_.interfaces, std::move(interface));
    model_.push(interface_names_, text::NameMap());
    return id;
  }

  // ---- packages

  Result<void> read_package(const component::TypeNode& root) {
    bool is_first = true;
    for (const Extern& item : types().externs(root.exports)) {
      if (item.entity.sort != Sort::Type ||
          types()[item.entity.type()].kind != component::TypeKind::Component) {
        return no_wit(item.name, "a package in binary form holds types of components");
      }
      const component::TypeNode& outer = types()[item.entity.type()];
      const std::span<const Extern> exports = types().externs(outer.exports);
      if (exports.size() != 1) return no_wit(item.name, "one export is expected");
      const ParsedName name = WHERRY_TRY(parse_name(exports[0].name, Features::all(), 0));
      if (name.kind != NameKind::Interface)
        return no_wit(exports[0].name, "not the name of an interface or world");
      const PackageId package = package_of(name);
      if (is_first) model_.main = package;
      is_first = false;
      if (exports[0].entity.sort == Sort::Component) {
        WHERRY_TRY(read_world(types()[exports[0].entity.type()], name.interface, package));
        continue;
      }
      if (exports[0].entity.sort != Sort::Instance)
        return no_wit(exports[0].name, "neither interface nor world");
      for (const Extern& import : types().externs(outer.imports)) {
        WorldItem ignored;
        WHERRY_TRY(read_instance(import, model_.main, &ignored));
      }
      WorldItem ignored;
      WHERRY_TRY(read_instance(exports[0], package, &ignored));
    }
    if (is_first) return no_wit("", "the package is empty");
    return {};
  }

  // ---- worlds

  Result<void> read_world(const component::TypeNode& node, std::string_view name, PackageId package) {
    const WorldId id(static_cast<uint32_t>(model_.worlds.size()));
    World world;
    world.name = name;
    world.package = package;
    text::NameMap names;
    base::Vector<TypeId> owned;
    const Place place{.owner = {Owner::World, id.value}, .names = &names, .types = &owned};
    for (const bool are_exports : {false, true}) {
      for (const Extern& item : types().externs(are_exports ? node.exports : node.imports)) {
        WorldItem made;
        made.name = item.name;
        if (item.entity.sort == Sort::Instance) {
          WHERRY_TRY(read_instance(item, package, &made));
        } else if (item.entity.sort == Sort::Func) {
          made.kind = WorldItem::Func;
          made.index = WHERRY_TRY(read_function(item, place)).value;
        } else if (item.entity.sort == Sort::Type && !are_exports) {
          made.kind = WorldItem::Type;
          made.index = WHERRY_TRY(read_type(item, place)).value;
        } else {
          return no_wit(item.name, "a " + std::string(sort_name(item.entity.sort)) + " is " +
                                       (are_exports ? "exported" : "imported"));
        }
        if (const ExternName* const attached = attributes_of(item.name)) {
          made.notes.external_id = attached->external_id;
          if (made.kind == WorldItem::Func)
            model_.functions[made.index].notes.external_id = attached->external_id;
        }
        model_.push(are_exports ? world.exports : world.imports, made);
      }
    }
    model_.push(model_.worlds, std::move(world));
    model_.push(model_.packages[package.value].worlds, id);
    return {};
  }

  // Names with something attached, which types know nothing of: found again by where the name lies.
  void collect_attributes() {
    const auto collect = [this](const ExternName& name) {
      if (name.implements.data() != nullptr || name.external_id.data() != nullptr)
        model_.push(attributes_, &name);
    };
    for (const Import& import : file().imports) collect(import.name);
    for (const Export& exported : file().exports) collect(exported.name);
  }
  const ExternName* attributes_of(std::string_view name) const {
    for (const ExternName* const item : attributes_) {
      if (item->name.data() == name.data()) return item;
    }
    return nullptr;
  }

  // ---- interfaces

  Result<void> read_instance(const Extern& item, PackageId inner_package, WorldItem* made) {
    ParsedName name = WHERRY_TRY(parse_name(item.name, Features::all(), 0));
    InterfaceId id;
    std::string_view full_name = item.name;
    const ExternName* const attached = attributes_of(item.name);
    if (attached != nullptr && attached->implements.data() != nullptr) {
      full_name = attached->implements;
      name = WHERRY_TRY(parse_interface_name(full_name, Features::all(), 0));
    } else if (name.kind == NameKind::Interface) {
      made->name = {};
    }
    if (name.kind == NameKind::Interface) {
      if (const uint32_t* const found = interfaces_.find(full_name)) {
        id = InterfaceId(*found);
      } else {
        id = add_interface(name.interface, package_of(name));
        model_.push(model_.packages[model_[id].package.value].interfaces, id);
        note(&interfaces_, full_name, id.value);
      }
    } else if (name.kind == NameKind::Plain) {
      id = add_interface({}, inner_package);
    } else {
      return no_wit(item.name, "the name of an interface is expected");
    }
    made->kind = WorldItem::Interface;
    made->index = id.value;
    return read_items(types()[item.entity.type()], id);
  }

  // Adds what the interface does not have yet; of what it has, the types are the same by their names.
  Result<void> read_items(const component::TypeNode& node, InterfaceId id) {
    text::NameMap names = std::move(interface_names_[id.value]);
    base::Vector<TypeId> known_types = std::move(model_.interfaces[id.value].types);
    const Place place{.owner = {Owner::Interface, id.value}, .names = &names, .types = &known_types};
    base::Vector<FuncId> functions;
    for (const Extern& item : types().externs(node.exports)) {
      const uint32_t* const known = names.find(item.name);
      if (item.entity.sort == Sort::Type) {
        if (known != nullptr && *known != kFunction) {
          remember(item.entity.type(), TypeId(*known));
        } else {
          WHERRY_TRY(read_type(item, place));
        }
      } else if (item.entity.sort == Sort::Func) {
        if (known == nullptr) model_.push(functions, WHERRY_TRY(read_function(item, place)));
      } else {
        return no_wit(item.name,
                      "not a function or type but of sort " + std::string(sort_name(item.entity.sort)));
      }
    }
    Interface& interface = model_.interfaces[id.value];
    interface_names_[id.value] = std::move(names);
    interface.types = std::move(known_types);
    for (const FuncId function : functions) model_.push(interface.functions, function);
    return {};
  }

  void remember(component::TypeId node, TypeId type) {
    named_[node.value] = type.value;
    if (types()[node].kind == component::TypeKind::Resource)
      resources_[types()[node].resource.value] = type.value;
  }

  // ---- types

  Result<TypeId> read_type(const Extern& item, const Place& place) {
    const component::TypeId node = item.entity.type();
    TypeDef type;
    const uint32_t origin = named_origin(node);
    if (origin != kNone) {
      type.kind = TypeKind::Alias;
      type.first = TypeId(origin);
    } else {
      WHERRY_TRY(read_definition(node, item.name, &type));
    }
    type.name = item.name;
    type.owner = place.owner;
    const TypeId made = model_.add_type(type);
    note(place.names, item.name, made.value);
    model_.push(*place.types, made);
    remember(node, made);
    return made;
  }

  // The type with a name of which this one is another name.
  uint32_t named_origin(component::TypeId node) const {
    for (ValType at = types()[node].origin; at.is_id(); at = types()[at.id()].origin) {
      if (named_[at.id().value] != kNone) return named_[at.id().value];
    }
    const component::TypeNode& at = types()[node];
    return at.kind == component::TypeKind::Resource ? resources_[at.resource.value] : kNone;
  }

  // All but the name.
  Result<void> read_definition(component::TypeId id, std::string_view name, TypeDef* type) {
    const component::TypeNode& node = types()[id];
    switch (node.kind) {
      case component::TypeKind::Prim: type->first = node.first.prim(); return {};
      case component::TypeKind::Resource: type->kind = TypeKind::Resource; return {};
      case component::TypeKind::Record: return read_members(node, TypeKind::Record, type);
      case component::TypeKind::Variant: return read_members(node, TypeKind::Variant, type);
      case component::TypeKind::Tuple: return read_members(node, TypeKind::Tuple, type);
      case component::TypeKind::Flags: return read_members(node, TypeKind::Flags, type);
      case component::TypeKind::Enum: return read_members(node, TypeKind::Enum, type);
      case component::TypeKind::Own: return read_handle(node, TypeKind::Own, type);
      case component::TypeKind::Borrow: return read_handle(node, TypeKind::Borrow, type);
      case component::TypeKind::List: return read_parts(node, TypeKind::List, type);
      case component::TypeKind::FixedList: return read_parts(node, TypeKind::FixedList, type);
      case component::TypeKind::Option: return read_parts(node, TypeKind::Option, type);
      case component::TypeKind::Result: return read_parts(node, TypeKind::Result, type);
      case component::TypeKind::Map: return read_parts(node, TypeKind::Map, type);
      case component::TypeKind::Stream: return read_parts(node, TypeKind::Stream, type);
      case component::TypeKind::Future: return read_parts(node, TypeKind::Future, type);
      default: return no_wit(name, "a type of a " + std::string(kind_name(node.kind)));
    }
  }

  Result<void> read_members(const component::TypeNode& node, TypeKind kind, TypeDef* type) {
    base::Vector<Member> made;
    for (const component::Member& member : types().members(node.members)) {
      const Type of = WHERRY_TRY(read_value(member.type));
      const std::string_view name = kind == TypeKind::Tuple ? std::string_view() : member.name;
      model_.push(made, Member{.name = name, .type = of, .docs = {}});
    }
    type->kind = kind;
    type->members = {static_cast<uint32_t>(model_.members.size()), static_cast<uint32_t>(made.size())};
    for (const Member& member : made) model_.push(model_.members, member);
    return {};
  }

  Result<void> read_parts(const component::TypeNode& node, TypeKind kind, TypeDef* type) {
    type->kind = kind;
    type->length = node.length;
    type->first = WHERRY_TRY(read_value(node.first));
    type->second = WHERRY_TRY(read_value(node.second));
    return {};
  }

  Result<void> read_handle(const component::TypeNode& node, TypeKind kind, TypeDef* type) {
    type->kind = kind;
    const component::TypeId resource = node.first.id();
    uint32_t found = named_[resource.value];
    if (found == kNone) found = named_origin(resource);
    if (found == kNone) return no_wit("", "a handle of a resource without a name");
    type->first = TypeId(found);
    return {};
  }

  Result<Type> read_value(ValType type) {
    if (type.is_none()) return Type();
    if (type.is_prim()) return Type(type.prim());
    const component::TypeId node = type.id();
    if (named_[node.value] != kNone) return Type(TypeId(named_[node.value]));
    const uint32_t origin = named_origin(node);
    if (origin != kNone) return Type(TypeId(origin));
    if (types()[node].kind == component::TypeKind::Prim) return Type(types()[node].first.prim());
    if (unnamed_[node.value] != kNone) return Type(TypeId(unnamed_[node.value]));
    const component::TypeKind kind = types()[node].kind;
    if (kind == component::TypeKind::Record || kind == component::TypeKind::Variant ||
        kind == component::TypeKind::Flags || kind == component::TypeKind::Enum) {
      return no_wit("", "a " + std::string(kind_name(kind)) + " without a name");
    }
    TypeDef made;
    WHERRY_TRY(read_definition(node, {}, &made));
    const TypeId id = model_.add_type(made);
    unnamed_[node.value] = id.value;
    return Type(id);
  }

  // ---- functions

  Result<FuncId> read_function(const Extern& item, const Place& place) {
    const component::TypeNode& node = types()[item.entity.type()];
    const ParsedName name = WHERRY_TRY(parse_name(item.name, Features::all(), 0));
    Function function;
    function.name = name.kind == NameKind::Constructor ? std::string_view("constructor") : name.member;
    function.is_async = node.is_async;
    switch (name.kind) {
      case NameKind::Plain: function.kind = FuncKind::Free; break;
      case NameKind::Constructor: function.kind = FuncKind::Constructor; break;
      case NameKind::Method: function.kind = FuncKind::Method; break;
      case NameKind::Static: function.kind = FuncKind::Static; break;
      default: return no_wit(item.name, "the name of a function is expected");
    }
    if (name.kind != NameKind::Plain) {
      const uint32_t* const resource = place.names->find(name.resource);
      if (resource == nullptr || *resource == kFunction) return no_wit(item.name, "no such resource");
      function.resource = TypeId(*resource);
    }
    base::Vector<Member> params;
    for (const component::Member& param : types().members(node.members)) {
      const Type type = WHERRY_TRY(read_value(param.type));
      model_.push(params, Member{.name = param.name, .type = type, .docs = {}});
    }
    function.params = {static_cast<uint32_t>(model_.members.size()), static_cast<uint32_t>(params.size())};
    for (const Member& param : params) model_.push(model_.members, param);
    function.result = WHERRY_TRY(read_value(node.first));
    note(place.names, item.name, kFunction);
    const FuncId id(static_cast<uint32_t>(model_.functions.size()));
    model_.push(model_.functions, function);
    return id;
  }

  const Types& types() const { return component_->types(); }
  const Component& file() const { return component_->component(); }

  const ValidComponent* component_ = nullptr;
  base::Vector<const ExternName*> attributes_;
  Model model_;
  text::NameMap packages_;                       // "ns:name@version"
  text::NameMap interfaces_;                     // By full name.
  base::Vector<text::NameMap> interface_names_;  // By interface.
  base::Vector<uint32_t> named_;                 // By node: what has this name.
  base::Vector<uint32_t> unnamed_;               // By node: its type without a name.
  base::Vector<uint32_t> resources_;             // By ResourceId: its last name.
};

}  // namespace

bool is_package(const ValidComponent& component) {
  const Types& types = component.types();
  const component::TypeNode& root = types[component.type()];
  for (const Extern& item : types.externs(root.exports)) {
    if (item.entity.sort != Sort::Type || types[item.entity.type()].kind != component::TypeKind::Component)
      return false;
  }
  return root.imports.count == 0 && root.exports.count > 0;
}

Result<Model> decode(const ValidComponent& component) { return Decoder().run(component); }

Result<Model> decode_imports(std::span<const SomeImports> components) { return Decoder().run(components); }

Result<Model> decode_worlds(std::span<const ValidComponent* const> packages) {
  return Decoder().run(packages);
}

}  // namespace wherry::component::wit
