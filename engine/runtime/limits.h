#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/result.h"

namespace wherry::runtime {

// What the guests of one store may use, all of them together; the fields of the public StoreLimits.
struct StoreLimits {
  uint64_t memory_bytes = uint64_t{4} << 30;
  uint64_t table_elements = 10'000'000;
  uint32_t instances = 10'000;
  uint32_t memories = 10'000;
  uint32_t tables = 10'000;
  uint64_t stack_bytes = 1 << 20;
  bool trap_on_grow_failure = false;
  uint64_t heap_bytes = uint64_t{1} << 30;  // Of garbage-collected objects.
};

// Bytes of linear memory in use, and how many may be. Thread-safe, because shared memories grow on any thread. Whoever
// grows takes first, and gives back what it could not use.
class MemoryAccount {
 public:
  explicit MemoryAccount(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  uint64_t limit_bytes() const { return limit_bytes_; }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

  // False: the limit would be passed, and nothing has changed.
  [[nodiscard]] bool take(uint64_t bytes);
  void give(uint64_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  // Before anybody uses it.
  void set_limit(uint64_t limit_bytes) { limit_bytes_ = limit_bytes; }

 private:
  uint64_t limit_bytes_;
  std::atomic<uint64_t> used_bytes_{0};
};

// What they use. Every growth is taken from here first, and given back if it then fails for another reason. Not
// thread-safe, but for the account of memory: belongs to the store's thread.
class Budget {
 public:
  explicit Budget(const StoreLimits& limits) : limits_(limits), own_memory_(limits.memory_bytes) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  const StoreLimits& limits() const { return limits_; }
  uint64_t memory_bytes() const { return memory_->used_bytes(); }
  uint64_t table_elements() const { return table_elements_; }

  MemoryAccount& memory() { return *memory_; }
  // Counts memory there from now on: an account that outlives this object. Before anything is taken.
  void use_account(MemoryAccount* account) { memory_ = account; }
  // False: the limit would be passed, and nothing has changed.
  [[nodiscard]] bool take_elements(uint64_t elements);
  void give_elements(uint64_t elements) { table_elements_ -= elements; }

  // One more object of a kind. Error: LimitExceeded, with the limit.
  base::Result<void> take_instance();
  base::Result<void> take_table();
  base::Result<void> take_memory_object();

 private:
  StoreLimits limits_;
  MemoryAccount own_memory_;
  MemoryAccount* memory_ = &own_memory_;
  uint64_t table_elements_ = 0;
  uint32_t instances_ = 0;
  uint32_t memories_ = 0;
  uint32_t tables_ = 0;
};

// LimitExceeded: "memory: 3 more than the 10 in use, limit 12" and the like.
base::Failure limit_exceeded(const char* what, uint64_t more, uint64_t in_use, uint64_t limit);

}  // namespace wherry::runtime
