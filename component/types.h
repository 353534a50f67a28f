#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "component/component.h"
#include "engine/base/index.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/type_registry.h"

// The types of a component once indices are resolved (Explainer.md, "Type Checking").
//
// A type is a node; what it is made of are nodes with smaller numbers, so that any set of types can be walked without
// recursion, in the order of numbers. A node is a *name* of a type: two definitions of the same record are two nodes, as
// the rules about external visibility ask which of them an import or export introduced. Whether two nodes are the same
// *type* is a question of structure (equal()), down to resources, which are the same only if their ResourceId is.
//
// Resources are generative: a definition, an import, an instantiation makes new ones. Component and instance types bind
// those that they introduce (`bound` of an instance type; `imported` and `defined` of a component type); using such a type
// replaces the bound resources by substitute().
namespace wherry::component {

using TypeId = base::Index<struct TypeIdTag>;
using ResourceId = base::Index<struct ResourceIdTag>;

// A value type: a primitive one or a node; or none, where one may be missing.
class ValType {
 public:
  constexpr ValType() = default;
  constexpr ValType(Prim prim) : bits_(kPrim | static_cast<uint32_t>(prim)) {}
  constexpr ValType(TypeId id) : bits_(id.value) {}
  static constexpr ValType from_bits(uint32_t bits) {
    ValType type;
    type.bits_ = bits;
    return type;
  }

  constexpr bool is_none() const { return bits_ == kNone; }
  constexpr bool is_prim() const { return bits_ != kNone && (bits_ & kPrim) != 0; }
  constexpr bool is_id() const { return (bits_ & kPrim) == 0; }
  constexpr Prim prim() const { return static_cast<Prim>(bits_ & 0xff); }
  constexpr TypeId id() const { return TypeId(bits_); }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  static constexpr uint32_t kPrim = 1u << 31;
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t bits_ = kNone;
};

enum class TypeKind : uint8_t {
  Prim,
  Record,
  Variant,
  List,
  FixedList,
  Tuple,
  Flags,
  Enum,
  Option,
  Result,
  Map,
  Own,
  Borrow,
  Stream,
  Future,
  Func,
  Resource,
  Instance,
  Component,
};
constexpr bool is_value_kind(TypeKind kind) { return kind <= TypeKind::Future; }
std::string_view kind_name(TypeKind kind);

// A run of one of the pools of Types.
struct Range {
  uint32_t first = 0;
  uint32_t count = 0;
};

// A field, case, parameter, element or label.
struct Member {
  std::string_view name;
  ValType type;  // None: a case without one, a label.
};

// Something with a type in an index space. `id` is by sort a TypeId (Func, Type, Component, Instance), the bits of a ValType
// (Value), a place in Types::module_types (CoreModule) or in Types::core_externs (the core sorts).
struct Entity {
  Sort sort = Sort::Func;
  uint32_t id = 0;

  TypeId type() const { return TypeId(id); }
};

// Of an import or export.
struct Extern {
  std::string_view name;
  Entity entity;
};

// Core types that a value is flattened to (CanonicalABI.md, "Flattening"): two bits each, at most kMost of them; `count`
// says kMost also when there are more.
struct Flat {
  static constexpr uint32_t kMost = 17;  // One more than may be passed without memory.
  enum Kind : uint8_t { I32, I64, F32, F64 };

  uint64_t kinds = 0;
  uint8_t count = 0;

  Kind at(uint32_t index) const { return static_cast<Kind>(kinds >> (2 * index) & 3); }
  void push(Kind kind) {
    if (count == kMost) return;
    kinds |= uint64_t{kind} << (2 * count++);
  }
  void append(const Flat& other) {
    for (uint32_t i = 0; i < other.count; ++i) push(other.at(i));
  }
  // What can hold either.
  static Flat join(const Flat& a, const Flat& b);
};

// Size and alignment in memory.
struct Layout {
  uint64_t size = 0;
  uint32_t align = 1;
};

// By width of pointers: 0 for 32 bits, 1 for 64.
struct TypeFigures {
  Layout layout[2];
  Flat flat[2];
};

struct TypeNode {
  TypeKind kind = TypeKind::Prim;
  bool is_async = false;
  bool has_resource = false;  // Somewhere inside, bound ones included.
  bool has_borrow = false;    // Of a value type.
  bool has_pointer = false;   // Of a value type: a list or a string.
  uint8_t depth = 1;
  uint32_t size = 1;    // Nodes once everything is written out.
  uint32_t length = 0;  // FixedList
  ResourceId resource;  // Resource
  ValType origin;       // Of which this is another name (see copy()), or none. Not part of the type.
  ValType first;   // Element, ok, key, primitive type, result of a function; of Own and Borrow the resource.
  ValType second;  // Error, value of a map.
  Range members;   // Into Types::members
  Range imports;   // Into Types::externs: Component
  Range exports;   // Component, Instance
  Range bound;     // Into Types::resource_lists. Instance: bound. Component: imported.
  Range defined;   // Component
};

struct Resource {
  bool is_local = false;  // Defined by the component `owner`, not imported or made by an instantiation.
  uint32_t owner = 0;     // Component::components
  wasm::ValType rep;
  bool has_destructor = false;
  uint32_t destructor = 0;  // In the core functions of `owner`.
};

// The type of something that core modules import or export, in canonical space.
struct CoreExtern {
  wasm::ExternKind kind = wasm::ExternKind::Func;
  wasm::CanonId type;  // Func, Tag
  wasm::TableType table;
  wasm::MemoryType memory;
  wasm::GlobalType global;
};

struct CoreName {
  std::string_view module;  // Of imports.
  std::string_view name;
  uint32_t item = 0;  // Types::core_externs
};

// Of a core module; of a core instance, which has no imports.
struct CoreModuleType {
  Range imports;  // Into Types::core_names
  Range exports;
};

// What substitute() replaces.
struct Substitution {
  struct Pair {
    uint32_t from;
    uint32_t to;
  };
  base::Vector<Pair> resources;
  base::Vector<Pair> types;  // Nodes that stand for others.
};

// Owns all types of one component. Grows while it is validated and is immutable afterwards. Everything that fails says
// TypesTooLarge (the rows TypeDepth, TypeSize, TypeNodes, TypeSteps of component/limits.inc) or OutOfMemory. Not
// thread-safe while it grows.
class Types {
 public:
  explicit Types(const wasm::TypeRegistry& registry) : registry_(&registry) {}

  // Makes room for what so many definitions usually need, so that little is moved as it grows. False: no memory.
  [[nodiscard]] bool reserve(size_t definitions);

  // ---- making nodes. `offset` is for messages.

  // Computes depth, size and flags from what the node refers to, and its figures if it is a value type.
  base::Result<TypeId> add(const TypeNode& node, uint64_t offset);
  // The same type under another name.
  base::Result<TypeId> copy(TypeId id, uint64_t offset);
  base::Result<ResourceId> add_resource(const Resource& resource);
  // A new resource that nothing is known of, and its node.
  base::Result<TypeId> add_abstract_resource(uint64_t offset);
  base::Result<Range> add_members(std::span<const Member> members);
  base::Result<Range> add_externs(std::span<const Extern> externs);
  base::Result<Range> add_resource_list(std::span<const ResourceId> list);
  base::Result<uint32_t> add_core_extern(const CoreExtern& item);
  // `twice`, if not null, becomes a name that is there more than once, or null.
  base::Result<Range> add_core_names(std::span<const CoreName> names, const CoreName** twice = nullptr);
  base::Result<uint32_t> add_module_type(const CoreModuleType& type);

  // ---- reading. References and spans end with the next addition.

  const TypeNode& operator[](TypeId id) const { return nodes_[id.value]; }
  uint32_t size() const { return static_cast<uint32_t>(nodes_.size()); }
  std::span<const Member> members(Range range) const {
    return members_.span().subspan(range.first, range.count);
  }
  std::span<const Extern> externs(Range range) const {
    return externs_.span().subspan(range.first, range.count);
  }
  std::span<const ResourceId> resource_list(Range range) const {
    return resource_lists_.span().subspan(range.first, range.count);
  }
  std::span<const CoreName> core_names(Range range) const {
    return core_names_.span().subspan(range.first, range.count);
  }
  const CoreExtern& core_extern(uint32_t index) const { return core_externs_[index]; }
  const CoreModuleType& module_type(uint32_t index) const { return module_types_[index]; }
  const Resource& resource(ResourceId id) const { return resources_[id.value]; }
  Resource& resource(ResourceId id) { return resources_[id.value]; }
  uint32_t resource_count() const { return static_cast<uint32_t>(resources_.size()); }
  // By name, in logarithmic time; null if there is none.
  const Extern* find(Range range, std::string_view name) const;
  const CoreName* find_core(Range range, std::string_view module, std::string_view name) const;

  // The resource that Own or Borrow is a handle of, and that a Resource is.
  ResourceId resource_of(TypeId id) const;
  TypeFigures figures(ValType type) const;
  bool has_borrow(ValType type) const { return type.is_id() && (*this)[type.id()].has_borrow; }
  bool has_pointer(ValType type) const {
    return type.is_id() ? (*this)[type.id()].has_pointer : type.is_prim() && type.prim() == Prim::String;
  }

  // Calls `visit` with the TypeId of every node that `node` is made of (component/types_children.h).
  template <class Visit>
  void each_child(const TypeNode& node, Visit visit) const;

  // ---- questions about structure

  // Whether the two are the same type. `why` gets the first difference.
  base::Result<bool> equal(ValType a, ValType b, std::string* why);
  base::Result<bool> equal_types(TypeId a, TypeId b, std::string* why);
  // Whether what has type `actual` can stand where `expected` is asked for.
  base::Result<bool> matches(Entity actual, Entity expected, std::string* why);
  base::Result<bool> core_matches(const CoreExtern& actual, const CoreExtern& expected,
                                  std::string* why) const;
  // Whether a resource occurs in the type that the type itself does not bind.
  base::Result<bool> has_free_resource(TypeId id);
  // Appends the resources that occur in `entities` and are bound neither there nor in `known`.
  base::Result<void> free_resources(std::span<const Extern> entities, std::span<const ResourceId> known,
                                    base::Vector<ResourceId>* found);

  // ---- substitution

  // The exports with everything replaced, as a new list.
  base::Result<Range> substitute(Range externs, const Substitution& substitution, uint64_t offset);
  base::Result<Entity> substitute(Entity entity, const Substitution& substitution, uint64_t offset);
  // An instance of an instance type: the bound resources are new ones, which are appended to `made`.
  base::Result<TypeId> open_instance(TypeId type, base::Vector<ResourceId>* made, uint64_t offset);
  // What a component gives when its imports are supplied; `find` answers what is given for a name, or null.
  base::Result<TypeId> instantiate(TypeId component, std::span<const Extern> arguments, uint64_t offset);

 private:
  friend class Substituter;
  friend class Matcher;
  friend class Equality;

  struct Mark {
    size_t nodes, members, externs, lists, parts;
  };
  Mark mark() const;
  void rollback(const Mark& mark);
  base::Result<void> step(uint64_t count = 1);
  base::Result<void> grow(size_t parts);
  base::Result<void> measure(TypeNode* node, TypeFigures* figures, uint64_t offset) const;
  // The types that `expected` introduces, itself or as exports of instances, with those that `actual` has there.
  base::Result<void> pair_types(Entity expected, Entity actual, base::Vector<Substitution::Pair>* pairs);
  // Records what must be given for the resources of `bound` so that the pairs agree.
  base::Result<void> bind(std::span<const Substitution::Pair> pairs, std::span<const ResourceId> bound,
                          Substitution* into);
  const wasm::TypeRegistry* registry_;
  base::Vector<TypeNode> nodes_;
  base::Vector<TypeFigures> figures_;  // By node; of value types.
  base::Vector<Member> members_;
  base::Vector<Extern> externs_;
  base::Vector<uint32_t> sorted_;  // Beside externs_: places in the list by name.
  base::Vector<ResourceId> resource_lists_;
  base::Vector<Resource> resources_;
  base::Vector<CoreExtern> core_externs_;
  base::Vector<CoreName> core_names_;
  base::Vector<uint32_t> core_sorted_;
  base::Vector<CoreModuleType> module_types_;
  size_t parts_ = 0;
  uint64_t steps_ = 0;

  // Scratch, by node and by resource: valid where the epoch is the current one.
  base::Vector<uint32_t> node_epoch_;
  base::Vector<uint32_t> node_to_;
  base::Vector<uint32_t> resource_epoch_;
  base::Vector<uint32_t> resource_to_;
  uint32_t epoch_ = 0;
};

}  // namespace wherry::component
