#pragma once

#include <cstdint>
#include <memory>

#include "engine/abi/context.h"
#include "engine/base/result.h"
#include "engine/runtime/limits.h"
#include "engine/wasm/types.h"

namespace wherry::runtime {

// A table (core spec 4.2.7). Nulls cost no memory until they are touched. Belongs to a store and its thread.
class Table {
 public:
  abi::TableObject object;  // First: what Context::table0 and the tables of a Context point to.

  // `type` has its element type in canonical space. Elements are `init`. Errors: LimitExceeded, OutOfMemory.
  static base::Result<std::unique_ptr<Table>> create(const wasm::TableType& type, abi::Ref init,
                                                     Budget& budget);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const wasm::TableType& type() const { return type_; }
  // Its type with the present size as minimum, which is what import matching compares.
  wasm::TableType current_type() const;
  uint64_t size() const { return object.size; }

  // The elements from `at` on; null if not all of `count` are there.
  abi::Ref* range(uint64_t at, uint64_t count) {
    return count <= object.size && at <= object.size - count ? object.entries + at : nullptr;
  }

  enum class Growth : uint8_t { Done, Refused, OutOfMemory };
  // Adds elements; `*previous` is the size before, also on failure. Nothing changes unless Done. Amortised constant
  // time an element.
  Growth grow(uint64_t delta, abi::Ref init, uint64_t* previous);

  uint32_t index() const { return index_; }  // In its store.

 private:
  friend class Store;
  Table(const wasm::TableType& type, Budget& budget) : object{}, type_(type), budget_(budget) {}

  wasm::TableType type_;
  Budget& budget_;
  uint64_t capacity_ = 0;
  uint32_t index_ = 0;
};

}  // namespace wherry::runtime
