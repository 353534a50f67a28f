// Types of the component model, as a Component's imports and exports have them: to be walked by tools (printers of
// values, generators of bindings) and looked at by hosts.
//
// All classes here are views: two words, free to copy and compare, valid as long as a copy of the Component they come from
// (or, got from an instance, its store) exists. Nothing fails: indices out of range give an empty view, whose
// `is_empty()` is true and whose other answers are zero or empty. Threads: safe.
//
// Equality of views is identity of the *name*: two records that were written twice are different, the type that an
// instance exports under a name and the one that its functions mention are the same. same_type() asks for structure.
//
// Corresponds to Explainer.md of the component model, "Type Definitions".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wherry/detail/shared.h"

namespace wherry {

namespace detail {
struct ComponentState;
}

// What a value of the component model can be.
enum class ComponentKind : uint8_t {
  Bool,
  S8,
  U8,
  S16,
  U16,
  S32,
  U32,
  S64,
  U64,
  F32,
  F64,
  Char,
  String,
  List,
  FixedList,
  Map,
  Record,
  Tuple,
  Variant,
  Enum,
  Option,
  Result,
  Flags,
  Own,
  Borrow,
  Stream,
  Future,
  ErrorContext,
};

// "bool", "s8", "list", "own", ...; static storage.
std::string_view to_string(ComponentKind kind);

// The type of a value.
class ComponentType {
 public:
  ComponentType() = default;
  bool is_empty() const { return state_ == nullptr; }

  ComponentKind kind() const;

  // Fields of a record, cases of a variant or enum, names of flags, elements of a tuple; 0 for others.
  size_t count() const;
  // The name of a field, case or flag; empty for elements of a tuple.
  std::string_view name(size_t index) const;
  // The type of a field or element, or of what a case carries; empty for a case that carries nothing.
  ComponentType type(size_t index) const;
  // Which one has that name.
  std::optional<size_t> find(std::string_view name) const;

  // List, FixedList, Option: of the elements. Map: of the keys. Stream, Future: of what is sent, may be empty. Result: of
  // success, may be empty.
  ComponentType first() const;
  // Map: of the values. Result: of failure, may be empty.
  ComponentType second() const;
  // FixedList.
  uint32_t length() const;
  // Own, Borrow: a number that tells resources of one Component apart.
  uint32_t resource() const;

  // As WIT writes it, structures spelled out: "list<tuple<u8, string>>", "record { x: s32 }", "own<resource 3>".
  std::string to_string() const;

  // Whether both have the same structure, whatever they are called; false for resources of different Components.
  static bool same_type(ComponentType a, ComponentType b);

  friend bool operator==(const ComponentType&, const ComponentType&) = default;

 private:
  friend struct ComponentTypeAccess;  // The engine's own way in.
  ComponentType(const detail::ComponentState* state, uint32_t bits) : state_(state), bits_(bits) {}

  const detail::ComponentState* state_ = nullptr;
  uint32_t bits_ = 0;
};

// The type of a function.
class ComponentFuncType {
 public:
  ComponentFuncType() = default;
  bool is_empty() const { return state_ == nullptr; }

  bool is_async() const;
  size_t param_count() const;
  std::string_view param_name(size_t index) const;
  ComponentType param_type(size_t index) const;
  // Empty for a function without a result.
  ComponentType result() const;

  // As WIT writes it: "func(a: u32) -> string".
  std::string to_string() const;

  friend bool operator==(const ComponentFuncType&, const ComponentFuncType&) = default;

 private:
  friend struct ComponentTypeAccess;
  ComponentFuncType(const detail::ComponentState* state, uint32_t id) : state_(state), id_(id) {}

  const detail::ComponentState* state_ = nullptr;
  uint32_t id_ = 0;
};

enum class ComponentItemKind : uint8_t { Module, Func, Value, Type, Resource, Component, Instance };

// "module", "func", ...; static storage.
std::string_view to_string(ComponentItemKind kind);

// Something that is imported or exported, with its name: a function, a type, an instance with items of its own (an
// interface).
class ComponentItem {
 public:
  ComponentItem() = default;
  bool is_empty() const { return state_ == nullptr; }

  // "run", "wasi:io/streams@0.2.12", "[method]input-stream.read".
  std::string_view name() const { return name_; }
  ComponentItemKind kind() const;

  ComponentFuncType func() const;  // Func
  ComponentType type() const;      // Type, but not Resource; Value
  uint32_t resource() const;       // Resource: as ComponentType::resource().

  // Instance: what it exports. Component: what it exports once instantiated.
  size_t export_count() const;
  ComponentItem export_at(size_t index) const;
  // Empty if there is none of that name.
  ComponentItem find_export(std::string_view name) const;
  // Component: what it imports.
  size_t import_count() const;
  ComponentItem import_at(size_t index) const;

 private:
  friend struct ComponentTypeAccess;
  ComponentItem(const detail::ComponentState* state, std::string_view name, uint32_t sort, uint32_t id)
      : state_(state), name_(name), sort_(sort), id_(id) {}

  const detail::ComponentState* state_ = nullptr;
  std::string_view name_;
  uint32_t sort_ = 0;
  uint32_t id_ = 0;
};

}  // namespace wherry
