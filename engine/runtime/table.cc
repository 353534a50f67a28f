// Tables as plain arrays of references. New space comes from calloc, so that a table of ten million nulls is a mapping
// that nobody has touched; growth by one doubles the capacity, since guests push functions one by one.
#include "engine/runtime/table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

uint64_t max_size(const wasm::TableType& type) {
  if (type.limits.has_max) return type.limits.max;
  return type.limits.is_64 ? ~uint64_t{0} : ~uint32_t{0};
}

// Null without memory, and for what no array can hold.
abi::Ref* allocate(uint64_t capacity) {
  if (capacity > SIZE_MAX / sizeof(abi::Ref)) return nullptr;
  return static_cast<abi::Ref*>(std::calloc(std::max<size_t>(capacity, 1), sizeof(abi::Ref)));
}

}  // namespace

base::Result<std::unique_ptr<Table>> Table::create(const wasm::TableType& type, abi::Ref init,
                                                   Budget& budget) {
  std::unique_ptr<Table> table(new (std::nothrow) Table(type, budget));
  if (table == nullptr) return base::fail(wasm::ErrorCode::OutOfMemory);
  const uint64_t size = type.limits.min;
  if (!budget.take_elements(size)) {
    return limit_exceeded("table elements", size, budget.table_elements(), budget.limits().table_elements);
  }
  table->object.size = size;
  table->object.is_64 = type.limits.is_64;
  table->object.entries = allocate(size);
  if (table->object.entries == nullptr) return base::fail(wasm::ErrorCode::OutOfMemory);
  table->capacity_ = size;
  WHERRY_TRY(budget.take_table());
  if (init != abi::kNullRef) std::fill_n(table->object.entries, size, init);
  return table;
}

Table::~Table() {
  std::free(object.entries);
  budget_.give_elements(object.size);
}

wasm::TableType Table::current_type() const {
  wasm::TableType type = type_;
  type.limits.min = object.size;
  return type;
}

Table::Growth Table::grow(uint64_t delta, abi::Ref init, uint64_t* previous) {
  const uint64_t old_size = object.size;
  *previous = old_size;
  if (delta == 0) return Growth::Done;
  uint64_t size;
  if (__builtin_add_overflow(old_size, delta, &size) || size > max_size(type_)) return Growth::Refused;
  if (!budget_.take_elements(delta)) return Growth::Refused;
  if (size > capacity_) {
    // Not more than the store could ever use: `size` is within its limit, which fits into memory's addresses.
    const uint64_t doubled = std::min(capacity_ * 2, budget_.limits().table_elements);
    uint64_t capacity = std::max({size, std::min(doubled, max_size(type_)), uint64_t{8}});
    abi::Ref* moved = allocate(capacity);
    if (moved == nullptr) moved = allocate(capacity = size);
    if (moved == nullptr) {
      budget_.give_elements(delta);
      return Growth::OutOfMemory;
    }
    if (old_size != 0) std::memcpy(moved, object.entries, old_size * sizeof(abi::Ref));
    std::free(object.entries);
    object.entries = moved;
    capacity_ = capacity;
  }
  if (init != abi::kNullRef) std::fill_n(object.entries + old_size, delta, init);
  object.size = size;
  return Growth::Done;
}

}  // namespace wherry::runtime
