#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/types.h"

namespace wherry::wasm {

struct Module;
class TypeStore;  // engine/wasm/type_store.h: what a registry and its TypeSets share.

// Bytes of an array's element, as a power of two.
constexpr uint8_t storage_shift(ValType storage) {
  switch (storage.kind()) {
    case ValKind::I8: return 0;
    case ValKind::I16: return 1;
    case ValKind::I32:
    case ValKind::F32: return 2;
    case ValKind::V128: return 4;
    default: return 3;
  }
}

// A defined type of the engine. Everything inside is in canonical index space. Lives as long as the registry
// keeps it, which is while a TypeSet that has it is alive. Immutable.
struct CanonType {
  CanonId id;
  CompositeKind kind = CompositeKind::Func;
  bool is_final = true;
  uint16_t depth = 0;  // Number of supertypes above it.
  FuncType func;
  std::span<const FieldType> fields;
  std::span<const CanonId> display;  // display[d] is its supertype of depth d; display[depth] is itself.
  // For functions: slots (8 bytes each) that all parameters, and all results, take.
  uint32_t param_slots = 0;
  uint32_t result_slots = 0;

  // How objects of the type lie in memory (docs/gc.md). Structures: all fields' slots, one or two (v128) each.
  uint32_t object_slots = 0;
  uint8_t element_shift = 0;             // Arrays: elements are 1 << element_shift bytes.
  bool has_refs = false;                 // Whether a field or the elements hold references.
  uint64_t ref_slots = 0;                // Structures: a bit for each of the first 64 slots that hold one.
  std::span<const uint32_t> wide_slots;  // By field; empty unless some field is a v128.
  uint32_t field_slot(uint32_t field) const { return wide_slots.empty() ? field : wide_slots[field]; }
};

// Where every type of an engine is, by id. Reading it takes no lock and needs no more than that the type is alive.
class TypeDirectory {
 public:
  const CanonType& operator[](CanonId id) const {
    const uint64_t biased = uint64_t{id.value} + 256;
    const auto top = static_cast<uint32_t>(63 - __builtin_clzll(biased));
    // SAFETY: the chunk exists, since the id was given.
    return **reinterpret_cast<const CanonType* const*>(origins_[top - 8] + biased * sizeof(CanonType*));
  }

 private:
  friend class TypeStore;
  // Chunk k holds 256 << k pointers, so that a small engine stays small and no pointer ever moves.
  static constexpr uint32_t kChunks = 15;
  struct Place {
    uint32_t chunk;
    uint32_t slot;
  };
  static Place place(uint32_t id) {
    const uint32_t biased = id + 256;
    const auto top = static_cast<uint32_t>(31 - __builtin_clz(biased));
    return {top - 8, biased - (1u << top)};
  }

  const CanonType** chunks_[kChunks] = {};
  uintptr_t origins_[kChunks] =
      {};  // Where a chunk would begin if it had entries for the ids before its first too.
};

// The canonical types of one module, by the module's own indices. Keeps them alive. Move-only; immutable, so any
// thread may read it.
class TypeSet {
 public:
  TypeSet();
  TypeSet(TypeSet&&) noexcept;
  TypeSet& operator=(TypeSet&&) noexcept;
  ~TypeSet();

  uint32_t size() const { return static_cast<uint32_t>(types_.size()); }
  const CanonType& operator[](TypeIndex index) const { return *types_[index.value]; }
  // A type of the module's index space, in canonical space.
  ValType canonical(ValType type) const;
  HeapType canonical(HeapType heap) const;

 private:
  friend class TypeRegistry;
  friend class TypeStore;
  struct Hold;
  base::Vector<const CanonType*> types_;
  std::unique_ptr<Hold> hold_;  // The groups it counts as a user of; null when empty.
};

// The types of an engine, each kept once (iso-recursive equality, core spec 3.1 and 3.3): two types are equal
// exactly when their ids are. Recursion groups are hashed and counted; a group that no TypeSet and no
// registered host function uses is given back. Thread-safe: registration takes a lock, queries of ids that the
// caller keeps alive take none.
class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  // Validates a module's type section (core spec 3.2: known indices, declared supertypes match, supertypes not
  // final) and enters its groups. Errors: Invalid ones, Limit (subtyping depth, memory out of proportion to the
  // module's size), OutOfMemory. Nothing of a module that fails stays. The TypeSet may outlive the registry.
  base::Result<TypeSet> add(const Module& module);

  // A function type made by the host, in canonical space; the TypeSet holds it under index 0.
  base::Result<TypeSet> add_function(FuncType type);

  // A recursion group of types that stand alone (a component's core types). An index of `first + i` inside is the
  // group's i-th type; every other one is the canonical id of a type that is alive, and stays so while the result
  // is. The TypeSet holds the group's types under 0, 1, ... Errors: as add().
  base::Result<TypeSet> add_group(std::span<const SubType> types, uint32_t first);

  // Whether `sub` is `super` or declared below it. Constant time, from the display.
  bool is_subtype(const CanonType& sub, CanonId super) const;
  // Subtyping of value and heap types in canonical space (core spec 3.3). Bottom is below everything.
  bool is_subtype(ValType sub, ValType super) const;
  bool is_subtype(HeapType sub, HeapType super) const;

  // The type of an id that is alive.
  const CanonType& type(CanonId id) const;
  // Lives as long as the registry.
  const TypeDirectory& directory() const;

 private:
  std::shared_ptr<TypeStore> store_;
};

// For messages: "i32", "(ref null func)", "(ref 3)".
std::string to_text(ValType type);
std::string to_text(HeapType heap);

}  // namespace wherry::wasm
