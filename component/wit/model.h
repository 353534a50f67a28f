#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "component/component.h"
#include "engine/base/arena.h"
#include "engine/base/index.h"
#include "engine/base/vector.h"

// WIT (WIT.md of the component model) once all names are resolved: packages, their interfaces and worlds, types and
// functions. Made from text by wit::resolve(), from a component by wit::decode(); read by the printers and encoders.
//
// Everything lies in tables of the Model; what refers to something holds its number. Types are made of types with smaller
// numbers, so that they can be walked in order. `include` is carried out and imports that follow from others are there,
// as a world that is read from a component has nothing else either.
namespace wherry::component::wit {

using PackageId = base::Index<struct PackageTag>;
using InterfaceId = base::Index<struct InterfaceTag>;
using WorldId = base::Index<struct WorldTag>;
using TypeId = base::Index<struct TypeTag>;
using FuncId = base::Index<struct FuncTag>;

// A primitive type, a row of Model::types, or none where one may be missing.
class Type {
 public:
  constexpr Type() = default;
  constexpr Type(Prim prim) : bits_(kPrim | static_cast<uint32_t>(prim)) {}
  constexpr Type(TypeId id) : bits_(id.value) {}

  constexpr bool is_none() const { return bits_ == kNone; }
  constexpr bool is_prim() const { return bits_ != kNone && (bits_ & kPrim) != 0; }
  constexpr bool is_id() const { return (bits_ & kPrim) == 0; }
  constexpr Prim prim() const { return static_cast<Prim>(bits_ & 0xff); }
  constexpr TypeId id() const { return TypeId(bits_); }
  friend constexpr bool operator==(Type, Type) = default;

 private:
  static constexpr uint32_t kPrim = 1u << 31;
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t bits_ = kNone;
};

enum class TypeKind : uint8_t {
  Alias,  // `type a = b`, and what `use` brings
  Resource,
  Record,
  Flags,
  Variant,
  Enum,
  Tuple,
  List,
  FixedList,
  Option,
  Result,
  Map,
  Future,
  Stream,
  Own,
  Borrow,
};

// @since, @unstable and @deprecated in front of an item. Views without data() are absent.
struct Gate {
  std::string_view since;       // A version.
  std::string_view feature;     // Of @unstable.
  std::string_view deprecated;  // A version.

  friend bool operator==(const Gate&, const Gate&) = default;
};

// What may stand in front of every item. Documentation is without its slashes, lines separated by \n.
struct Notes {
  std::string_view docs;
  Gate gate;
  std::string_view external_id;  // Without data(): absent.
};

// A run of Model::members.
struct Run {
  uint32_t first = 0;
  uint32_t count = 0;
};

// A field, case, flag, parameter or element.
struct Member {
  std::string_view name;  // Empty: an element of a tuple.
  Type type;
  std::string_view docs;
};

// Whose name a type has.
struct Owner {
  enum Kind : uint8_t { None, Interface, World };
  Kind kind = None;
  uint32_t index = 0;

  friend bool operator==(const Owner&, const Owner&) = default;
};

struct TypeDef {
  std::string_view name;  // Empty: it has none and is written where it is used.
  TypeKind kind = TypeKind::Alias;
  Type first;           // Target of an alias; element; ok; key; resource of a handle.
  Type second;          // Error; value of a map.
  uint32_t length = 0;  // FixedList
  Run members;          // Record, Flags, Variant, Enum, Tuple
  Owner owner;
  Notes notes;
};

enum class FuncKind : uint8_t { Free, Method, Static, Constructor };

struct Function {
  std::string_view name;  // As written: "read" of "[method]file.read"; "constructor" of a constructor.
  FuncKind kind = FuncKind::Free;
  bool is_async = false;
  TypeId resource;  // Unless Free.
  Run params;       // `self` of methods included.
  Type result;
  Notes notes;
};

struct Interface {
  std::string_view name;  // Empty: written inside of a world.
  PackageId package;
  base::Vector<TypeId> types;
  base::Vector<FuncId> functions;
  Notes notes;
};

struct WorldItem {
  enum Kind : uint8_t { Interface, Type, Func };
  Kind kind = Interface;
  std::string_view name;  // Empty: an interface under its own name.
  uint32_t index = 0;     // An InterfaceId, TypeId or FuncId.
  Notes notes;
};

struct World {
  std::string_view name;
  PackageId package;
  base::Vector<WorldItem> imports;
  base::Vector<WorldItem> exports;
  Notes notes;
};

struct Package {
  std::string_view name_space;
  std::string_view name;
  std::string_view version;  // Empty: none.
  base::Vector<InterfaceId> interfaces;
  base::Vector<WorldId> worlds;
  std::string_view docs;
};

// Owns nothing of the texts or the component that it was made from: names are views of them, which must live as long.
// Lack of memory sticks, as in text::ByteBuffer: `ok` turns false, and whoever makes a model asks for it at the end.
// Immutable once made; move-only.
struct Model {
  base::Arena arena;
  base::Vector<Package> packages;
  base::Vector<PackageId> order;  // All packages, those that others use in front of these.
  base::Vector<Interface> interfaces;
  base::Vector<World> worlds;
  base::Vector<TypeDef> types;
  base::Vector<Function> functions;
  base::Vector<Member> members;
  PackageId main;  // What was asked for; the others are what it depends on.
  bool ok = true;

  const Package& operator[](PackageId id) const { return packages[id.value]; }
  const Interface& operator[](InterfaceId id) const { return interfaces[id.value]; }
  const World& operator[](WorldId id) const { return worlds[id.value]; }
  const TypeDef& operator[](TypeId id) const { return types[id.value]; }
  const Function& operator[](FuncId id) const { return functions[id.value]; }
  std::span<const Member> run(Run run) const { return members.span().subspan(run.first, run.count); }

  template <class T>
  void push(base::Vector<T>& list, T item) {
    ok = list.push_back(std::move(item)) && ok;
  }
  // A copy that lives as long as the model.
  std::string_view keep(std::string_view text);
  std::string_view keep(std::string_view a, std::string_view b, std::string_view c = {},
                        std::string_view d = {}, std::string_view e = {});

  TypeId add_type(const TypeDef& type);
  // Behind aliases.
  Type target(Type type) const;
  TypeId target(TypeId type) const;
  bool is_resource(Type type) const;
};

// "[method]file.read": the name by which a component knows a function. Lives as long as the model.
std::string_view full_name(Model& model, const Function& function);
// "wasi:io/streams@0.2.0".
std::string_view full_name(Model& model, InterfaceId id);
std::string_view full_name(Model& model, WorldId id);

// The interface that a type is taken from, if `id` is an alias of another interface's; else none.
bool borrowed_from(const Model& model, TypeId id, InterfaceId* from);

// Appends the interfaces whose types an interface uses, each once, in the order of use.
void direct_dependencies(Model& model, InterfaceId id, base::Vector<InterfaceId>* out);

// Adds to a world the imports that follow from what is there: interfaces whose types are used. Exports use exports where
// there are. False, with the culprit, if an export needs the same interface as an export and as an import.
bool elaborate(Model& model, WorldId id, InterfaceId* culprit);

}  // namespace wherry::component::wit
