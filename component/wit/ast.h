#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "component/wit/model.h"
#include "component/wit/source.h"

// WIT as written, before names are looked up. Inside of component/wit/.
namespace wherry::component::wit {

struct Id {
  std::string_view name;
  Place place;
};

// `streams`, `wasi:io/streams@0.2.0`
struct Path {
  std::string_view name_space;  // Empty: of the same package.
  std::string_view package;
  std::string_view version;
  Id name;
};

// A type as it is used; a row of Ast::types.
struct AstType {
  enum Form : uint8_t { Primitive, Named, Built };
  Form form = Primitive;
  Prim prim = Prim::Bool;
  TypeKind kind = TypeKind::Alias;  // Built
  Id name;                          // Named; the resource of Own and Borrow.
  uint32_t first = kNone;           // Into Ast::types; of a tuple, into Ast::elements.
  uint32_t second = kNone;
  uint32_t count = 0;  // Of a tuple's elements; the length of a FixedList.
  Place place;

  static constexpr uint32_t kNone = ~uint32_t{0};
};

struct AstMember {
  Id name;
  uint32_t type = AstType::kNone;
  std::string_view docs;
};

struct AstFunc {
  Id name;
  FuncKind kind = FuncKind::Free;
  bool is_async = false;
  Run params;  // Into Ast::members
  uint32_t result = AstType::kNone;
  Notes notes;
};

struct AstTypeDef {
  Id name;
  TypeKind kind = TypeKind::Alias;
  uint32_t alias = AstType::kNone;
  Run members;
  base::Vector<uint32_t> functions;  // Of a resource: into Ast::functions
  Notes notes;
};

struct AstUseName {
  Id name;
  Id as;  // The same if nothing else is said.
};

struct AstUse {
  Path path;
  base::Vector<AstUseName> names;
  Notes notes;
};

// What stands in an interface or, but for the interface's own, in a world.
struct AstScope {
  base::Vector<AstUse> uses;
  base::Vector<AstTypeDef> types;
  base::Vector<uint32_t> functions;  // Of interfaces.
};

struct AstInterface {
  Id name;
  AstScope scope;
  Notes notes;
};

// An import or export.
struct AstWorldItem {
  enum Form : uint8_t { Interface, Inline, Func };
  bool is_export = false;
  Form form = Interface;
  Id name;             // Without a name: `path` alone.
  Path path;           // Interface
  uint32_t index = 0;  // Into AstWorld::interfaces; into Ast::functions.
  Notes notes;
};

struct AstInclude {
  Path path;
  base::Vector<AstUseName> names;
  Notes notes;
};

struct AstWorld {
  Id name;
  AstScope scope;
  base::Vector<AstInterface> interfaces;
  base::Vector<AstWorldItem> items;
  base::Vector<AstInclude> includes;
  Notes notes;
};

struct AstTopUse {
  Path path;
  Id as;
};

// A package as far as one file holds it, or one that stands in braces.
struct AstPackage {
  bool has_name = false;
  bool is_nested = false;
  std::string_view name_space;
  Id name;
  std::string_view version;
  std::string_view docs;
  base::Vector<AstTopUse> uses;
  base::Vector<AstInterface> interfaces;
  base::Vector<AstWorld> worlds;
};

// Of all files that are read together.
struct Ast {
  base::Vector<AstPackage> packages;
  base::Vector<AstType> types;
  base::Vector<uint32_t> elements;
  base::Vector<AstMember> members;
  base::Vector<AstFunc> functions;
};

// Appends what a file says to `ast`; views of names point into the source, documentation into the model's arena. False:
// `message` says what is wrong, at `place`.
bool parse_source(std::string_view text, uint32_t file, Ast* ast, Model* model, Place* place,
                  std::string* message);

}  // namespace wherry::component::wit
