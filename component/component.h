#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "component/canon.h"
#include "component/features.h"
#include "engine/base/arena.h"
#include "engine/base/bytes.h"
#include "engine/base/vector.h"
#include "engine/wasm/module.h"

// The data model of a decoded component (Binary.md of the component model), made by component::decode() and nothing
// else. A component is a tree (components in components, types in types) of any depth, so it is kept as one flat list of
// definitions in the order of the file, in which what contains others opens with one entry and closes with End. Whoever
// reads it walks a list with a stack of its own, and never calls itself.
//
// Indices inside are those of the file, in the index spaces of the definition that surrounds them. Strings, modules and
// custom sections point into the component's bytes.
namespace wherry::component {

// The index spaces, core ones first.
enum class Sort : uint8_t {
  CoreFunc,
  CoreTable,
  CoreMemory,
  CoreGlobal,
  CoreTag,
  CoreType,
  CoreModule,
  CoreInstance,
  Func,
  Value,
  Type,
  Component,
  Instance,
};
inline constexpr uint32_t kSortCount = 13;

std::string_view sort_name(Sort sort);  // "core func", "instance"
constexpr bool is_core(Sort sort) { return sort <= Sort::CoreInstance; }
// Of the five that core modules have.
constexpr wasm::ExternKind extern_kind(Sort sort) { return static_cast<wasm::ExternKind>(sort); }
constexpr Sort core_sort(wasm::ExternKind kind) { return static_cast<Sort>(kind); }

enum class DefKind : uint8_t {
  CoreModule,      // Component::modules
  CoreInstance,    // Component::core_instances
  CoreType,        // Component::core_types: a recursion group, as many indices as it has types
  CoreModuleType,  // opens; no table
  CoreImport,      // Component::core_imports; inside a module type, as CoreExport
  CoreExport,      // Component::core_exports
  Component,       // opens; Component::components
  Instance,        // Component::instances
  Alias,           // Component::aliases
  Type,            // Component::types
  ComponentType,   // opens; no table
  InstanceType,    // opens; no table
  Canon,           // Component::canons
  Start,           // Component::starts
  Import,          // Component::imports
  Export,          // Component::exports
  Value,           // Component::values
  Custom,          // Component::customs
  End,             // closes what `index` (a place in Component::defs) opened
};

constexpr bool opens(DefKind kind) {
  return kind == DefKind::Component || kind == DefKind::ComponentType || kind == DefKind::InstanceType ||
         kind == DefKind::CoreModuleType;
}

struct Def {
  DefKind kind = DefKind::End;
  uint32_t index = 0;   // In the table of its kind.
  uint32_t end = 0;     // Of an opening one: the place of its End.
  uint32_t offset = 0;  // In the file; components are smaller than 4 GiB.
};

// The values are the binary codes.
enum class Prim : uint8_t {
  ErrorContext = 0x64,
  String = 0x73,
  Char = 0x74,
  F64 = 0x75,
  F32 = 0x76,
  U64 = 0x77,
  S64 = 0x78,
  U32 = 0x79,
  S32 = 0x7a,
  U16 = 0x7b,
  S16 = 0x7c,
  U8 = 0x7d,
  S8 = 0x7e,
  Bool = 0x7f,
};
std::string_view prim_name(Prim prim);
// Whether there is such a primitive type.
bool find_prim(std::string_view name, Prim* prim);

// A value type as written: a primitive one, or the index of a type.
struct ValTypeRef {
  static constexpr uint32_t kPrim = 1u << 31;

  uint32_t bits = 0;

  static constexpr ValTypeRef of(Prim prim) { return {kPrim | static_cast<uint32_t>(prim)}; }
  static constexpr ValTypeRef of_index(uint32_t index) { return {index}; }
  constexpr bool is_prim() const { return (bits & kPrim) != 0; }
  constexpr Prim prim() const { return static_cast<Prim>(bits & 0xff); }
  constexpr uint32_t index() const { return bits; }
};

// The values are the binary codes; Prim stands for all of its own.
enum class TypeForm : uint8_t {
  Prim = 0x00,
  Resource = 0x3f,
  Func = 0x40,
  AsyncFunc = 0x43,
  Map = 0x63,
  Future = 0x65,
  Stream = 0x66,
  FixedList = 0x67,
  Borrow = 0x68,
  Own = 0x69,
  Result = 0x6a,
  Option = 0x6b,
  Enum = 0x6d,
  Flags = 0x6e,
  Tuple = 0x6f,
  List = 0x70,
  Variant = 0x71,
  Record = 0x72,
};

// A field, a case, a parameter, a name of an enumeration or of flags, an element of a tuple.
struct Field {
  std::string_view name;
  ValTypeRef type;
  bool has_type = true;
  uint32_t offset = 0;
};

struct TypeDef {
  TypeForm form = TypeForm::Prim;
  // Prim: first. Result: ok is first, error second. Map: key and value. List, Option, Stream, Future: first. A function's
  // result: first.
  bool has_first = false;
  bool has_second = false;
  ValTypeRef first;
  ValTypeRef second;
  uint32_t number = 0;  // Own, Borrow: type index. FixedList: length. Resource: destructor if has_first.
  wasm::ValType rep;    // Resource.
  std::span<const Field> fields;
  uint32_t offset = 0;
};

// Of an import or export, with what is attached to it.
struct ExternName {
  std::string_view name;
  std::string_view implements;  // Without data(): absent; as the next two.
  std::string_view version_suffix;
  std::string_view external_id;
  uint32_t offset = 0;
  uint8_t form = 0;  // The first byte, as a printer must not know but an encoder repeats.
};

enum class Bound : uint8_t { None, Eq, SubResource, Value };

// What is imported or exported: a sort and its type.
struct ExternType {
  Sort sort = Sort::Func;
  Bound bound = Bound::None;  // Of sort Type: Eq or SubResource. Of sort Value: Eq or Value.
  uint32_t index = 0;         // Of a type, a core type or (Value, Eq) a value.
  ValTypeRef value;           // Bound::Value.
  uint32_t offset = 0;
};

struct Import {
  ExternName name;
  ExternType type;
};

// Of a component: what is exported is an item. Inside of a type: only a type.
struct Export {
  ExternName name;
  Sort sort = Sort::Func;
  uint32_t index = 0;
  bool has_item = false;
  bool has_type = false;
  ExternType type;
};

struct CoreExternType {
  wasm::ExternKind kind = wasm::ExternKind::Func;
  wasm::TypeIndex type;  // Func and Tag, in the core types of the surrounding module type.
  wasm::TableType table;
  wasm::MemoryType memory;
  wasm::GlobalType global;
};

struct CoreImport {
  std::string_view module;
  std::string_view name;
  CoreExternType type;
};

struct CoreExport {
  std::string_view name;
  CoreExternType type;
};

// An argument of an instantiation, or an export of an instance that is made of exports.
struct InstanceItem {
  ExternName name;  // Of core instances and of arguments only the name itself.
  Sort sort = Sort::Func;
  uint32_t index = 0;
};

struct InstanceDef {
  bool is_instantiate = false;
  uint32_t target = 0;  // The module or component.
  std::span<const InstanceItem> items;
};

enum class AliasKind : uint8_t { Export = 0, CoreExport = 1, Outer = 2 };

struct Alias {
  AliasKind kind = AliasKind::Export;
  Sort sort = Sort::Func;
  uint32_t instance = 0;  // Outer: how many scopes outward.
  uint32_t index = 0;     // Outer.
  std::string_view name;
};

enum class CanonOptionKind : uint8_t {
  Utf8 = 0,
  Utf16 = 1,
  Latin1Utf16 = 2,
  Memory = 3,
  Realloc = 4,
  PostReturn = 5,
  Async = 6,
  Callback = 7,
};
inline constexpr uint8_t kCanonOptionKinds = 8;

struct CanonOption {
  CanonOptionKind kind = CanonOptionKind::Utf8;
  uint32_t index = 0;
  uint32_t offset = 0;
};

struct Canon {
  CanonOp op = CanonOp::Lift;
  bool flag = false;        // async, cancellable or shared.
  bool has_result = false;  // task.return
  uint32_t item = 0;  // The function of lift and lower, the memory of waitable-set.*, the table of thread.*.
  uint32_t type =
      0;  // Of lift, resource.*, stream.*, future.*, thread.* (a core type); the number of context.*.
  ValTypeRef result;
  wasm::ValType context;
  std::span<const CanonOption> options;
};

struct Start {
  uint32_t func = 0;
  std::span<const uint32_t> arguments;
  uint32_t results = 0;
};

struct ValueDef {
  ValTypeRef type;
  base::ByteSpan bytes;
  uint32_t offset = 0;  // Of `bytes`.
};

struct Span {
  base::ByteSpan bytes;
  uint32_t offset = 0;
};

struct Custom {
  std::string_view name;
  base::ByteSpan bytes;  // After the name.
  uint32_t offset = 0;   // Of `bytes`.
};

// Of one of the components in the file; the outermost is the first.
struct Body {
  base::ByteSpan bytes;
  uint32_t offset = 0;
  uint32_t def = 0;  // Where it opens.
};

// Immutable once decoded; may be read by any number of threads. Move-only.
struct Component {
  base::ByteSpan bytes;               // Borrowed, or equal to `owned_bytes`.
  base::Vector<uint8_t> owned_bytes;  // Empty when the bytes are borrowed.
  base::Arena arena;                  // Holds the arrays that spans refer to.
  Features features;

  base::Vector<Def> defs;  // Begins with the outermost component and ends with its End.
  base::Vector<Body> components;
  base::Vector<Span> modules;
  base::Vector<InstanceDef> core_instances;
  base::Vector<wasm::RecGroup> core_types;  // Places in core.types.
  base::Vector<CoreImport> core_imports;
  base::Vector<CoreExport> core_exports;
  base::Vector<InstanceDef> instances;
  base::Vector<Alias> aliases;
  base::Vector<TypeDef> types;
  base::Vector<Canon> canons;
  base::Vector<Start> starts;
  base::Vector<Import> imports;
  base::Vector<Export> exports;
  base::Vector<ValueDef> values;
  base::Vector<Custom> customs;

  wasm::Module core;  // Not a module: holds the core types of all scopes, their indices as in the file.
};

}  // namespace wherry::component
