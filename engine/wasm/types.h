#pragma once

#include <cstdint>
#include <span>

#include "engine/base/index.h"

// The types of core spec 2.3 as small values. An index inside a type is a module's own (TypeIndex) as decoded, or
// an engine's (CanonId, engine/wasm/type_registry.h) once the module was typed; which of the two a place holds is
// part of its declaration, and nothing mixes them.
namespace wherry::wasm {

using TypeIndex = base::Index<struct TypeIndexTag>;
using FuncIndex = base::Index<struct FuncIndexTag>;
using TableIndex = base::Index<struct TableIndexTag>;
using MemoryIndex = base::Index<struct MemoryIndexTag>;
using GlobalIndex = base::Index<struct GlobalIndexTag>;
using TagIndex = base::Index<struct TagIndexTag>;
using ElementIndex = base::Index<struct ElementIndexTag>;
using DataIndex = base::Index<struct DataIndexTag>;
using CanonId = base::Index<struct CanonIdTag>;  // A type of the engine: equal types have equal ids.

// An abstract heap type; the values are the binary format's codes.
enum class AbstractHeap : uint8_t {
  Exn = 0x69,
  Array = 0x6a,
  Struct = 0x6b,
  I31 = 0x6c,
  Eq = 0x6d,
  Any = 0x6e,
  Extern = 0x6f,
  Func = 0x70,
  None = 0x71,
  NoExtern = 0x72,
  NoFunc = 0x73,
  NoExn = 0x74,
};

// An abstract heap type, or the index of a defined type.
class HeapType {
 public:
  constexpr HeapType() = default;
  constexpr HeapType(AbstractHeap heap) : bits_(static_cast<uint32_t>(heap)) {}
  static constexpr HeapType concrete(uint32_t index) { return HeapType(kConcrete | index); }

  constexpr bool is_concrete() const { return (bits_ & kConcrete) != 0; }
  constexpr uint32_t index() const { return bits_ & (kConcrete - 1); }
  constexpr AbstractHeap abstract() const { return static_cast<AbstractHeap>(bits_); }
  friend constexpr bool operator==(HeapType, HeapType) = default;

 private:
  friend class ValType;
  static constexpr uint32_t kConcrete = 1u << 22;  // Indices are below 2^22: the decoder allows 10^6 types.
  constexpr explicit HeapType(uint32_t bits) : bits_(bits) {}

  uint32_t bits_ = static_cast<uint32_t>(AbstractHeap::Func);
};

// Number and vector types have their binary codes. I8 and I16 occur in fields only; Bottom is the operand that
// unreachable code may assume.
enum class ValKind : uint8_t {
  Bottom = 0x00,
  Ref = 0x01,
  I16 = 0x77,
  I8 = 0x78,
  V128 = 0x7b,
  F64 = 0x7c,
  F32 = 0x7d,
  I64 = 0x7e,
  I32 = 0x7f,
};

// A value type or, in a field, a packed storage type: 4 bytes. Equal types of one index space have equal bits.
class ValType {
 public:
  constexpr ValType() = default;
  constexpr ValType(ValKind kind) : bits_(static_cast<uint32_t>(kind)) {}
  static constexpr ValType ref(HeapType heap, bool nullable) {
    return ValType(static_cast<uint32_t>(ValKind::Ref) | (nullable ? kNullable : 0) |
                   heap.bits_ << kHeapShift);
  }

  constexpr ValKind kind() const { return static_cast<ValKind>(bits_ & 0x7f); }
  constexpr bool is_ref() const { return kind() == ValKind::Ref; }
  constexpr bool nullable() const { return (bits_ & kNullable) != 0; }
  constexpr HeapType heap() const { return HeapType(bits_ >> kHeapShift); }
  // Whether a local of it begins with a value (spec 2.3.2: every type but a non-null reference).
  constexpr bool is_defaultable() const { return !is_ref() || nullable(); }
  constexpr ValType as_non_null() const { return ValType(bits_ & ~kNullable); }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  static constexpr uint32_t kNullable = 0x80;
  static constexpr uint32_t kHeapShift = 8;
  constexpr explicit ValType(uint32_t bits) : bits_(bits) {}

  uint32_t bits_ = 0;
};
static_assert(sizeof(ValType) == 4);

inline constexpr ValType kI32 = ValKind::I32;
inline constexpr ValType kI64 = ValKind::I64;
inline constexpr ValType kF32 = ValKind::F32;
inline constexpr ValType kF64 = ValKind::F64;
inline constexpr ValType kV128 = ValKind::V128;
inline constexpr ValType kFuncRef = ValType::ref(AbstractHeap::Func, true);
inline constexpr ValType kExternRef = ValType::ref(AbstractHeap::Extern, true);
inline constexpr ValType kExnRef = ValType::ref(AbstractHeap::Exn, true);

struct FuncType {
  std::span<const ValType> params;
  std::span<const ValType> results;
};

struct FieldType {
  ValType storage;
  bool is_mutable = false;
};

enum class CompositeKind : uint8_t { Func, Struct, Array };

// Core spec 2.3.10: a composite type with its place in the hierarchy of subtypes.
struct SubType {
  static constexpr uint32_t kNoSuper = ~uint32_t{0};

  CompositeKind kind = CompositeKind::Func;
  bool is_final = true;
  uint32_t super = kNoSuper;          // The single declared supertype, in the index space of this type.
  uint32_t offset = 0;                // In the file, for messages.
  FuncType func;                      // For Func.
  std::span<const FieldType> fields;  // For Struct; for Array exactly one.
};

// Consecutive types that may refer to each other (spec 2.3.9).
struct RecGroup {
  uint32_t first = 0;
  uint32_t count = 1;
};

struct Limits {
  uint64_t min = 0;
  uint64_t max = 0;  // Meaningful only when has_max.
  bool has_max = false;
  bool is_shared = false;
  bool is_64 = false;  // Indices are i64.

  constexpr ValType index_type() const { return is_64 ? kI64 : kI32; }
};

struct MemoryType {
  Limits limits;  // In pages.
  uint8_t page_size_log2 = 16;
};

struct TableType {
  ValType element;
  Limits limits;
};

struct GlobalType {
  ValType content;
  bool is_mutable = false;
};

// How many 8-byte slots a value takes in frames, globals and host calls.
constexpr uint32_t slots_of(ValType type) { return type.kind() == ValKind::V128 ? 2 : 1; }

}  // namespace wherry::wasm
