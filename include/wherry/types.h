// Types of WebAssembly: of values, functions, tables, memories, globals, tags, and of imports and exports.
//
// Plain values without an owner, except that a type which a module defines itself (`(ref $t)`) is known by a number
// that the Engine gave it; such a number means something only to that Engine, and as long as a Module or Store that
// uses the type exists. Corresponds to spec 2.3 "Types" and wasm-c-api `wasm_*type_t`.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wherry {

// What a reference type refers to (spec 2.3.3 "heap types").
enum class HeapKind : uint8_t {
  Func,
  NoFunc,
  Extern,
  NoExtern,
  Any,
  Eq,
  I31,
  Struct,
  Array,
  None,
  Exn,
  NoExn,
  Defined,  // A type that a module defines, given by its number.
};

enum class ValKind : uint8_t { I32, I64, F32, F64, V128, Ref };

// The type of a value. Eight bytes, free to copy and compare; equality is equality of canonical types.
class ValType {
 public:
  static constexpr ValType i32() { return ValType(ValKind::I32); }
  static constexpr ValType i64() { return ValType(ValKind::I64); }
  static constexpr ValType f32() { return ValType(ValKind::F32); }
  static constexpr ValType f64() { return ValType(ValKind::F64); }
  static constexpr ValType v128() { return ValType(ValKind::V128); }
  static constexpr ValType funcref() { return reference(HeapKind::Func, true); }
  static constexpr ValType externref() { return reference(HeapKind::Extern, true); }
  static constexpr ValType anyref() { return reference(HeapKind::Any, true); }
  static constexpr ValType exnref() { return reference(HeapKind::Exn, true); }

  // `(ref null? heap)`. `defined` is the engine's number of the type when `heap` is Defined, otherwise 0.
  static constexpr ValType reference(HeapKind heap, bool nullable, uint32_t defined = 0) {
    ValType type(ValKind::Ref);
    type.heap_ = heap;
    type.nullable_ = nullable;
    type.defined_ = defined;
    return type;
  }

  constexpr ValKind kind() const { return kind_; }
  constexpr bool is_reference() const { return kind_ == ValKind::Ref; }

  // Only meaningful for references: what they refer to, whether they may be null, and the number of a Defined type.
  constexpr HeapKind heap() const { return heap_; }
  constexpr bool nullable() const { return nullable_; }
  constexpr uint32_t defined() const { return defined_; }

  // How many 64-bit slots a value of this type takes: 2 for v128, otherwise 1 (see detail/slots.h).
  constexpr uint32_t slots() const { return kind_ == ValKind::V128 ? 2 : 1; }

  friend constexpr bool operator==(const ValType&, const ValType&) = default;

 private:
  explicit constexpr ValType(ValKind kind) : kind_(kind) {}

  ValKind kind_;
  HeapKind heap_ = HeapKind::Func;
  bool nullable_ = false;
  uint32_t defined_ = 0;
};

// As the text format writes it: "i32", "funcref", "(ref null extern)", "(ref 7)" for a defined type.
std::string to_string(ValType type);

// A function's parameters and results. At most 1,000 of each.
struct FuncType {
  std::vector<ValType> params = {};
  std::vector<ValType> results = {};

  friend bool operator==(const FuncType&, const FuncType&) = default;
};

// "(param i32 i64) (result f32)"; empty for a function of neither.
std::string to_string(const FuncType& type);

// How small and large a table or memory may be, in its own units: elements, or pages. Without `max` only the address
// type and StoreLimits bound it.
struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max = {};
  friend bool operator==(const Limits&, const Limits&) = default;
};

// Width of a memory's or table's indices.
enum class AddressType : uint8_t { I32, I64 };

struct TableType {
  ValType element = ValType::funcref();
  Limits limits = {};  // in elements
  AddressType address = AddressType::I32;
  friend bool operator==(const TableType&, const TableType&) = default;
};

struct MemoryType {
  Limits limits = {};  // in pages
  AddressType address = AddressType::I32;
  bool shared = false;
  uint8_t page_size_log2 = 16;  // 16: pages of 64 KiB. 0: pages of one byte (custom page sizes).
  friend bool operator==(const MemoryType&, const MemoryType&) = default;
};

enum class Mutability : uint8_t { Constant, Variable };

struct GlobalType {
  ValType content = ValType::i32();
  Mutability mutability = Mutability::Constant;
  friend bool operator==(const GlobalType&, const GlobalType&) = default;
};

// The parameters of an exception's tag. Tags have no results.
struct TagType {
  std::vector<ValType> params = {};
  friend bool operator==(const TagType&, const TagType&) = default;
};

enum class ExternKind : uint8_t { Func, Table, Memory, Global, Tag };

// "function", "table", "memory", "global", "tag".
std::string_view to_string(ExternKind kind);

// The type of something imported or exported: `kind` says which one of the others holds it.
struct ExternType {
  ExternKind kind = ExternKind::Func;
  FuncType func;
  TableType table;
  MemoryType memory;
  GlobalType global;
  TagType tag;
};

// One import of a module. The names are views into the Module and live as long as it does.
struct ImportType {
  std::string_view module;
  std::string_view name;
  ExternType type;
};

// One export of a module. The name is a view into the Module and lives as long as it does.
struct ExportType {
  std::string_view name;
  ExternType type;
};

// A function type in static storage, made by the compiler from a C++ signature, so that defining a host function
// allocates nothing. Views: whoever holds one relies on arrays that live as long as the process.
struct SignatureView {
  std::span<const ValType> params;
  std::span<const ValType> results;
};

}  // namespace wherry
