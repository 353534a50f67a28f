#pragma once

#include <cstdint>
#include <string>

#include "engine/abi/context.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/table.h"
#include "engine/wasm/module.h"
#include "engine/wasm/type_registry.h"

namespace wherry::runtime {

class Store;

// A global variable (core spec 4.2.9). Its value lies in the Context of the instance that defined it, or here for
// those that the host made. Belongs to a store and its thread.
class Global {
 public:
  abi::GlobalSlots slots() const { return slots_; }
  wasm::ValType content() const { return type_.content; }  // In canonical space.
  const wasm::GlobalType& type() const { return type_; }
  uint32_t index() const { return index_; }  // In its store.

 private:
  friend class Store;
  abi::GlobalSlots slots_ = nullptr;
  wasm::GlobalType type_;
  uint32_t index_ = 0;
  alignas(16) uint64_t own_[2] = {};
};

// The identity of a kind of exception (core spec 4.2.10).
class Tag {
 public:
  const wasm::CanonType& type() const { return *type_; }
  uint32_t index() const { return index_; }  // In its store.

 private:
  friend class Store;
  const wasm::CanonType* type_ = nullptr;
  uint32_t index_ = 0;
};

// One of the things that modules import and export (core spec 4.2.13): a pointer into a store.
struct ExternValue {
  wasm::ExternKind kind = wasm::ExternKind::Func;
  union {
    abi::FuncObject* func;  // Made: its type_id is not 0.
    Table* table;
    LinearMemory* memory;
    Global* global;
    Tag* tag;
    void* object;
  };

  ExternValue() : object(nullptr) {}
  explicit ExternValue(abi::FuncObject* value) : kind(wasm::ExternKind::Func), func(value) {}
  explicit ExternValue(Table* value) : kind(wasm::ExternKind::Table), table(value) {}
  explicit ExternValue(LinearMemory* value) : kind(wasm::ExternKind::Memory), memory(value) {}
  explicit ExternValue(Global* value) : kind(wasm::ExternKind::Global), global(value) {}
  explicit ExternValue(Tag* value) : kind(wasm::ExternKind::Tag), tag(value) {}
  bool is_null() const { return object == nullptr; }
};

// The type of such a thing, everything in canonical space. Only the member that `kind` names has a meaning.
struct ExternType {
  wasm::ExternKind kind = wasm::ExternKind::Func;
  const wasm::CanonType* func = nullptr;  // Of functions and tags.
  wasm::TableType table;
  wasm::MemoryType memory;
  wasm::GlobalType global;
};

// Memories and tables: with the present size as minimum.
ExternType type_of(const ExternValue& value);

// Whether a thing of type `found` may be imported as `wanted` (core spec 3.3, "matching": limits, mutability, canonical
// subtyping).
bool matches(const wasm::TypeRegistry& registry, const ExternType& found, const ExternType& wanted);

// For messages: "(func (param i32) (result i64))", "(memory 1 2)", "(global (mut i32))". At most a few hundred bytes.
std::string to_text(const ExternType& type);

}  // namespace wherry::runtime
