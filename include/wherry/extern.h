// Table, Global and Tag, and Extern: any of the things that modules import and export.
//
// All are handles: trivially copyable, valid as long as their store, the null handle by default. All functions that
// take a store fail with kind InvalidHandle for a null handle or one of another store; other errors are listed.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "wherry/memory.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry {

// A table of references. Corresponds to spec 4.2.7 "Table instances", JS-API `WebAssembly.Table`, wasm-c-api
// `wasm_table_t`.
class Table {
 public:
  Table() = default;

  // A new table of `type.limits.min` elements, each `initial`. Errors: Usage for a type that is not valid or a value
  // that is not of the element type, Unsupported for elements that no Val can hold, Limit, OutOfMemory.
  static Result<Table> create(StoreRef store, const TableType& type, const Val& initial);

  bool is_null() const { return handle_.store == 0; }

  // Its type, with the present size as the minimum.
  Result<TableType> type(StoreRef store) const;

  // Its size in elements.
  Result<uint64_t> size(StoreRef store) const;

  // Reads or replaces an element. Errors: a trap TableOutOfBounds; Usage for a value of another type; Unsupported for
  // an element that no Val can hold.
  Result<Val> get(StoreRef store, uint64_t index) const;
  Result<void> set(StoreRef store, uint64_t index, const Val& value) const;

  // Adds `delta` elements, each `initial`, and returns how many there were before. Errors: Limit if its type or the
  // store's limits do not allow it, OutOfMemory, Usage; then nothing has changed.
  Result<uint64_t> grow(StoreRef store, uint64_t delta, const Val& initial) const;

  friend bool operator==(const Table&, const Table&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

// A global variable or constant. Corresponds to spec 4.2.9 "Global instances", JS-API `WebAssembly.Global`,
// wasm-c-api `wasm_global_t`.
class Global {
 public:
  Global() = default;

  // A new global with this value. Errors: Usage if the value is not of the type, OutOfMemory.
  static Result<Global> create(StoreRef store, const GlobalType& type, const Val& value);

  bool is_null() const { return handle_.store == 0; }

  Result<GlobalType> type(StoreRef store) const;

  // Its value. Error: Unsupported for a value that no Val can hold.
  Result<Val> get(StoreRef store) const;

  // Its value as a C++ type. Error: Usage if the global is of another type.
  template <WasmValue T>
  Result<T> get(StoreRef store) const {
    WHERRY_ASSIGN_OR_RETURN(Val value, get(store));
    if (std::optional<T> number = value.get<T>()) {
      return *number;
    }
    return Error::usage("the global is of another type than was asked for");
  }

  // Changes it. Errors: Usage for a constant, or a value of another type.
  Result<void> set(StoreRef store, const Val& value) const;

  friend bool operator==(const Global&, const Global&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

// The identity of a kind of exception. Corresponds to spec 4.2.10 "Tag instances", JS-API `WebAssembly.Tag`.
class Tag {
 public:
  Tag() = default;

  // A new tag, different from all others. Errors: Usage for a type that is not valid, OutOfMemory.
  static Result<Tag> create(StoreRef store, const TagType& type);

  bool is_null() const { return handle_.store == 0; }

  Result<TagType> type(StoreRef store) const;

  friend bool operator==(const Tag&, const Tag&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

// One of a function, table, memory, global or tag. Corresponds to spec 4.2.13 "External addresses" and wasm-c-api
// `wasm_extern_t`.
class Extern {
 public:
  // The null function.
  Extern() : func_() {}
  Extern(Func func) : kind_(ExternKind::Func), func_(func) {}       // NOLINT(google-explicit-constructor)
  Extern(Table table) : kind_(ExternKind::Table), table_(table) {}  // NOLINT(google-explicit-constructor)
  Extern(Memory memory)
      : kind_(ExternKind::Memory), memory_(memory) {}  // NOLINT(google-explicit-constructor)
  Extern(Global global)
      : kind_(ExternKind::Global), global_(global) {}     // NOLINT(google-explicit-constructor)
  Extern(Tag tag) : kind_(ExternKind::Tag), tag_(tag) {}  // NOLINT(google-explicit-constructor)

  ExternKind kind() const { return kind_; }

  // What it is, or nothing if it is something else.
  std::optional<Func> func() const { return as(ExternKind::Func, func_); }
  std::optional<Table> table() const { return as(ExternKind::Table, table_); }
  std::optional<Memory> memory() const { return as(ExternKind::Memory, memory_); }
  std::optional<Global> global() const { return as(ExternKind::Global, global_); }
  std::optional<Tag> tag() const { return as(ExternKind::Tag, tag_); }

  Result<ExternType> type(StoreRef store) const;

 private:
  template <class T>
  std::optional<T> as(ExternKind kind, const T& member) const {
    return kind_ == kind ? std::optional<T>(member) : std::nullopt;
  }

  ExternKind kind_ = ExternKind::Func;
  union {
    Func func_;
    Table table_;
    Memory memory_;
    Global global_;
    Tag tag_;
  };
};

static_assert(std::is_trivially_copyable_v<Extern> && std::is_trivially_copyable_v<Val>);

}  // namespace wherry
