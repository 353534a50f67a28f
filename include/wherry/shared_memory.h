// SharedMemory: a linear memory that guests of several stores, and the host, access at the same time.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>

#include "wherry/blob.h"
#include "wherry/detail/shared.h"
#include "wherry/engine.h"
#include "wherry/memory.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"

namespace wherry {

// What can be accessed as one: an integer of 1, 2, 4 or 8 bytes.
template <class T>
concept AtomicValue = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

// How a wait ended.
enum class WaitResult : uint8_t { Woken = 0, NotEqual = 1, TimedOut = 2 };

// A shared memory of the threads proposal. A counted reference: copies are cheap and mean the same memory, which lives as
// long as a copy, or a store that knows it.
//
// Nothing hands out its bytes: whoever would look at them twice could find two different things. The host copies them
// (read, write) or accesses single integers atomically. Guests access it from their stores, each on a thread of its own:
// define it in a Linker (Linker::define with a SharedMemory serves any store), or take a handle in a store (in).
//
// Memories that modules define as shared are obtained by `of`. Their bytes count for the store whose module made them,
// also when they grow elsewhere; those that `create` makes have StoreLimits::memory_bytes of the engine's configuration
// each.
//
// Threads: safe, all of it.
//
// Corresponds to JS-API `WebAssembly.Memory` with `shared`, and to `wasmtime::SharedMemory`.
class SharedMemory {
 public:
  // A memory of zeros, at `type.limits.min` pages. Errors: Usage for a type that is not valid, or is not shared, or has
  // no maximum, as the threads proposal demands; Limit, OutOfMemory.
  static Result<SharedMemory> create(const Engine& engine, const MemoryType& type);

  // The memory of a handle. Errors: InvalidHandle; Usage if it is not shared.
  static Result<SharedMemory> of(StoreRef store, Memory memory);

  // A handle for it in a store, for what takes one (Instance::create). The store keeps the memory alive. The same
  // memory always has the same handle. Errors: Usage if the store is of another engine; Limit, OutOfMemory,
  // InvalidHandle.
  Result<Memory> in(StoreRef store) const;

  const Engine& engine() const;

  // Its type, with the present size as the minimum.
  MemoryType type() const;

  // Its size in bytes, and in its pages. It only grows.
  uint64_t size() const;
  uint64_t pages() const;

  // Adds `delta` pages of zeros and returns how many there were before: atomic, as the guests' memory.grow is. Addresses
  // stay. Errors: Limit, OutOfMemory; then nothing has changed.
  Result<uint64_t> grow(uint64_t delta) const;

  // Copies out and in, by relaxed atomic accesses of single bytes or words: bytes that others write meanwhile arrive
  // old or new, each for itself. Error: a trap MemoryOutOfBounds, and then nothing was copied.
  Result<void> read(uint64_t address, std::span<uint8_t> target) const;
  Result<void> write(uint64_t address, Bytes source) const;

  // Atomic accesses, sequentially consistent with each other and with those of guests. Errors: a trap MemoryOutOfBounds;
  // a trap UnalignedAtomic if the address is not a multiple of T's size.
  template <AtomicValue T>
  Result<T> load(uint64_t address) const {
    WHERRY_ASSIGN_OR_RETURN(uint8_t* at, word(address, sizeof(T)));
    return std::atomic_ref<T>(*reinterpret_cast<T*>(at)).load();
  }
  template <AtomicValue T>
  Result<void> store(uint64_t address, T value) const {
    WHERRY_ASSIGN_OR_RETURN(uint8_t* at, word(address, sizeof(T)));
    std::atomic_ref<T>(*reinterpret_cast<T*>(at)).store(value);
    return {};
  }
  // The former value.
  template <AtomicValue T>
  Result<T> fetch_add(uint64_t address, T value) const {
    WHERRY_ASSIGN_OR_RETURN(uint8_t* at, word(address, sizeof(T)));
    return std::atomic_ref<T>(*reinterpret_cast<T*>(at)).fetch_add(value);
  }
  template <AtomicValue T>
  Result<T> exchange(uint64_t address, T value) const {
    WHERRY_ASSIGN_OR_RETURN(uint8_t* at, word(address, sizeof(T)));
    return std::atomic_ref<T>(*reinterpret_cast<T*>(at)).exchange(value);
  }
  // Stores `desired` if the value is `expected`; the former value either way.
  template <AtomicValue T>
  Result<T> compare_exchange(uint64_t address, T expected, T desired) const {
    WHERRY_ASSIGN_OR_RETURN(uint8_t* at, word(address, sizeof(T)));
    std::atomic_ref<T>(*reinterpret_cast<T*>(at)).compare_exchange_strong(expected, desired);
    return expected;
  }

  // Wakes up to `count` of the threads that wait at the address, guests' and the host's; how many there were. Errors: as
  // of load<uint32_t>.
  Result<uint32_t> notify(uint64_t address, uint32_t count) const;

  // Waits while the integer at the address is `expected`, for a notification: what memory.atomic.wait32 and wait64 do.
  // Without `at_most` it waits for as long as it takes, and nothing but a notification ends it; a host function that
  // waits for a guest should look at its deadline now and then (StoreRef::check_interrupt). Errors: as of load.
  Result<WaitResult> wait(uint64_t address, uint32_t expected,
                          std::optional<std::chrono::nanoseconds> at_most = {}) const {
    return wait_for(address, expected, sizeof expected, at_most);
  }
  Result<WaitResult> wait(uint64_t address, uint64_t expected,
                          std::optional<std::chrono::nanoseconds> at_most = {}) const {
    return wait_for(address, expected, sizeof expected, at_most);
  }

  // Whether two references mean the same memory.
  friend bool operator==(const SharedMemory& a, const SharedMemory& b) { return a.is_same(b); }

 private:
  friend struct SharedMemoryAccess;  // The engine's own way in.
  explicit SharedMemory(detail::SharedMemoryState* state) : state_(state) {}

  Result<uint8_t*> word(uint64_t address, uint32_t size) const;
  Result<WaitResult> wait_for(uint64_t address, uint64_t expected, uint32_t size,
                              std::optional<std::chrono::nanoseconds> at_most) const;
  bool is_same(const SharedMemory& other) const;

  detail::Shared<detail::SharedMemoryState> state_;
};

}  // namespace wherry
