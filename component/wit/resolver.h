#pragma once

#include <string>

#include "component/wit/ast.h"
#include "component/wit/resolve.h"
#include "engine/text/name_map.h"

// Inside of component/wit/.
namespace wherry::component::wit {

// Compares versions by their first three numbers; what follows them does not count.
int compare_versions(std::string_view a, std::string_view b);

// Brings numbers into an order in which each stands behind those that it needs, and otherwise smaller ones first.
class Order {
 public:
  // False, as below: out of memory.
  bool reset(uint32_t count);
  bool add(uint32_t item, uint32_t needed);
  bool run();
  std::span<const uint32_t> sorted() const { return sorted_.span(); }
  // Whether some are missing in sorted(), as they need each other; then one of them.
  bool has_circle(uint32_t* culprit) const;

 private:
  struct Need {
    uint32_t item;
    uint32_t next;  // Of the same needed one: into needs_, plus one.
  };
  base::Vector<Need> needs_;
  base::Vector<uint32_t> first_;  // By needed one: into needs_, plus one.
  base::Vector<uint32_t> open_;   // By item: how many of those that it needs are not sorted yet.
  base::Vector<uint32_t> sorted_;
};

class Resolver {
 public:
  Resolver(std::span<const Source> files, const Gates& gates) : files_(files), gates_(gates) {}
  std::expected<Model, std::string> run();

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr size_t kMostItems =
      10'000;  // Imports and exports of a world: names are compared with all others.

  // An interface or world of a package.
  struct Unit {
    const AstInterface* interface = nullptr;
    const AstWorld* world = nullptr;
    uint32_t ast = 0;  // Into Ast::packages, for its `use`.
    PackageId package;
    bool is_excluded = false;
    uint32_t index = kNone;  // In the model, once done.

    const Id& name() const { return interface != nullptr ? interface->name : world->name; }
    const Notes& notes() const { return interface != nullptr ? interface->notes : world->notes; }
  };
  // A name of a type in an interface or world.
  struct Local {
    Id id;
    const AstTypeDef* type = nullptr;  // Null: from `use`.
    TypeId resolved;
  };
  // The names of an interface or world that is being resolved.
  struct Names {
    Owner owner;
    PackageId package;
    text::NameMap map;  // To `locals`; functions too, as kFunction.
    base::Vector<Local> locals;
    base::Vector<TypeId>* types = nullptr;  // Where finished ones go.
  };
  static constexpr uint32_t kFunction = ~uint32_t{0} - 1;
  struct Use {
    const Path* path;
    bool is_world;
  };

  // resolve.cc
  bool parse();
  bool declare_packages();
  bool package_of(const AstPackage& package, uint32_t ast, PackageId* id);
  bool declare_units();
  bool declare_unit(Unit unit);
  bool find(const Path& path, uint32_t ast, uint32_t* unit);
  bool find_in(PackageId package, const Id& name, uint32_t* unit);
  bool order();
  bool order_packages(std::span<const uint32_t> needs);
  bool find_use(const Use& use, uint32_t ast, uint32_t* unit);
  bool resolve_unit(uint32_t unit);
  bool uses_of(const Unit& unit, base::Vector<Use>* uses);
  void list_packages();
  bool is_open(const Gate& gate, PackageId package, Place place, bool* open);
  bool fail(Place place, const std::string& message);

  // resolve_interfaces.cc
  bool resolve_interface(const AstInterface& source, uint32_t ast, PackageId package, std::string_view name,
                         InterfaceId* id);
  bool declare(Names* names, const Id& id, uint32_t value);
  bool resolve_scope(const AstScope& scope, uint32_t ast, Names* names);
  bool resolve_use(const AstUse& use, uint32_t ast, Names* names);
  bool order_types(Names* names);
  bool named_in(const AstTypeDef& type, Names* names, base::Vector<uint32_t>* found);
  bool resolve_definition(Local* local, Names* names);
  bool resolve_type(uint32_t ast_type, Names* names, Type* type);
  bool resolve_named(const Id& id, Names* names, Type* type);
  bool resolve_built(const AstType& source, Names* names, TypeDef* type);
  bool resolve_handle(const Id& id, TypeKind kind, Names* names, TypeDef* type);
  bool resolve_members(Run members, bool are_typed, Names* names, Run* run);
  bool resolve_function(uint32_t function, const Local* resource, Names* names, FuncId* id, bool* open);
  bool resolve_result(const AstFunc& source, const Local* resource, Names* names, Function* function);
  bool resource_functions(const Names& names, base::Vector<FuncId>* functions, Names* mutable_names);
  bool has_borrow(Type type);

  // resolve_worlds.cc
  bool resolve_world(const Unit& unit, WorldId* id);
  bool resolve_item(const AstWorldItem& item, const AstWorld& world, uint32_t ast, Names* names, World* out);
  bool add_item(const WorldItem& item, Place place, base::Vector<WorldItem>* items);
  bool resolve_include(const AstInclude& include, uint32_t ast, Names* names, World* out);
  bool include_items(const AstInclude& include, const World& from, bool are_exports,
                     base::Vector<uint8_t>* used, base::Vector<TypeId>* clones, Names* names, World* out);
  uint32_t clone(const WorldItem& item, std::string_view name, Owner from, Owner to,
                 base::Vector<TypeId>* clones);
  Type clone(Type type, Owner from, Owner to, base::Vector<TypeId>* clones);
  TypeId clone_definition(TypeId id, Owner from, Owner to, base::Vector<TypeId>* clones);
  Run clone(Run run, Owner from, Owner to, base::Vector<TypeId>* clones);

  std::span<const Source> files_;
  const Gates& gates_;
  Ast ast_;
  Model model_;
  base::Vector<uint32_t> ast_groups_;       // By Ast::packages: the file's group.
  base::Vector<PackageId> ast_packages_;    // By Ast::packages.
  text::NameMap package_names_;             // "wasi:io@0.2.0"
  base::Vector<text::NameMap> unit_names_;  // By package.
  base::Vector<text::NameMap> top_names_;   // By Ast::packages: of its `use`.
  base::Vector<Unit> units_;
  base::Vector<uint8_t> seen_for_borrows_;  // By type.
  std::string message_;
};

}  // namespace wherry::component::wit
