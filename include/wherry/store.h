// Store: a world of instances and all that belongs to them, with its limits, its fuel and its deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "wherry/config.h"
#include "wherry/detail/shared.h"
#include "wherry/engine.h"
#include "wherry/result.h"

namespace wherry {

class Observer;

// Stops a guest from another thread, or from a signal handler. A counted reference: copies are cheap, and may outlive
// the store, where they do nothing.
//
// Threads: safe, and `interrupt` is async-signal-safe.
class InterruptHandle {
 public:
  // The call into a guest that the store is running, or else the next one, traps with TrapCode::Interrupted at its
  // next look: in a loop, at a call, a step of a bulk operation, or Caller::check_interrupt. The request is used up
  // by that. Takes effect within microseconds in guest code; a host function that blocks is not woken.
  void interrupt() const noexcept;

 private:
  friend class StoreRef;
  explicit InterruptHandle(detail::InterruptState* state) : state_(state) {}

  detail::Shared<detail::InterruptState> state_;
};

// Names a piece of host data that travels with a store (see StoreRef::set_data). The object's address is the key, its
// type gives the data's. Make one constant for each use:
//
//   inline constexpr DataKey<Session> kSession{"session"};
template <class T>
struct DataKey {
  const char* name;  // For error messages; static storage.
};

// What a store's garbage-collected heap has done so far.
struct GcStatistics {
  uint64_t collections = 0;
  uint64_t allocated_bytes = 0;  // In all.
  uint64_t live_bytes = 0;       // That the last collection found.
  uint64_t heap_bytes = 0;       // In use now; at most StoreLimits::heap_bytes.
  std::chrono::nanoseconds last_pause{};
  std::chrono::nanoseconds longest_pause{};
  std::chrono::nanoseconds total_pause{};
};

// A view of a Store: one pointer, passed by value. Every operation on a store's objects takes one, and both Store and
// Caller convert to it, so that `memory.size(store)` and, in a host function, `memory.size(caller)` read the same.
//
// Valid as long as the Store exists (moving the Store is harmless), and inside host functions as long as the call.
//
// Threads: like its Store: one at a time.
class StoreRef {
 public:
  const Engine& engine() const;
  const StoreLimits& limits() const;

  // --- fuel ---

  // Sets how many instructions guests may still execute. They are paid for in runs of instructions that have no branch
  // or call between them: the call traps with TrapCode::OutOfFuel before the first run that they do not suffice for,
  // and then none are left. A new store has none: with Config::fuel on, fuel must be set before anything runs. More
  // than 2^63 - 1 counts as that many. Error: Usage if Config::fuel is off.
  Result<void> set_fuel(uint64_t instructions) const;

  // What is left. Inside a host function, exact to the call instruction. Error: Usage if Config::fuel is off.
  Result<uint64_t> fuel() const;

  // --- time ---

  // From `from_now` on, calls into guests trap with TrapCode::DeadlineExceeded: running ones within about a
  // millisecond, new ones at once. Stays until it is set anew or cleared; zero or less has passed already. Error:
  // Usage if Config::interruption is off.
  Result<void> set_deadline(std::chrono::nanoseconds from_now) const;
  void clear_deadline() const;

  // The deadline, for host functions that wait: they should not wait beyond it. Empty if there is none.
  std::optional<std::chrono::steady_clock::time_point> deadline() const;

  // A handle by which other threads stop this store's guests. Error: Usage if Config::interruption is off.
  Result<InterruptHandle> interrupt_handle() const;

  // Whether a guest should stop: an error of kind Trap (Interrupted or DeadlineExceeded) if an interrupt is pending or
  // the deadline has passed. A host function that works or waits long calls it every few milliseconds and returns its
  // error. Costs a few nanoseconds while there is nothing.
  Result<void> check_interrupt() const;

  // --- watching ---

  // Tells `observer`, from now on, what guests of the store do, as far as AdvancedConfig::observations says. The caller
  // keeps it alive until the store is gone or another one is set; null: nobody. Errors: Usage if the engine observes
  // nothing, OutOfMemory.
  Result<void> set_observer(Observer* observer) const;

  // --- garbage collection ---

  // Guests' structures, arrays and exceptions, and the objects behind references, are collected when as much was
  // allocated as the last collection left alive.
  GcStatistics gc_statistics() const;

  // Collects now, and finalises what has died. Not needed, but for tests and before a long wait.
  void collect_garbage() const;

  // --- host data ---

  // Associates `value` with the key, replacing what was there. The caller keeps it alive until the store is gone or
  // the association is replaced. Null removes. Error: OutOfMemory.
  template <class T>
  Result<void> set_data(const DataKey<T>& key, T* value) const {
    return set_data_erased(&key, value, nullptr);
  }

  // The same, and the store owns the value: it is deleted when replaced or, in reverse order of attaching, when the
  // store is destroyed, after all instances.
  template <class T>
  Result<void> attach(const DataKey<T>& key, std::unique_ptr<T> value) const {
    WHERRY_RETURN_IF_ERROR(
        set_data_erased(&key, value.get(), [](void* object) { delete static_cast<T*>(object); }));
    (void)value.release();
    return {};
  }

  // What is associated with the key; null if nothing. A few nanoseconds: stores have few keys.
  template <class T>
  T* data(const DataKey<T>& key) const {
    return static_cast<T*>(data_erased(&key));
  }

 protected:
  StoreRef() = default;
  explicit StoreRef(detail::StoreState* state) : state_(state) {}
  detail::StoreState* state_ = nullptr;

 private:
  friend struct StoreAccess;  // The engine's own way in.
  Result<void> set_data_erased(const void* key, void* value, void (*destroy)(void*)) const;
  void* data_erased(const void* key) const;
};

// Owns instances, functions, memories, tables and globals, until it is destroyed: all at once, and not before. A
// program that runs many guests one after the other gives each a store of its own.
//
// A Store is its own StoreRef. Handles (Func, Memory, ...) are numbers that mean something in one store: a handle of
// another store is recognised, and the operation fails with kind InvalidHandle. So do all operations on a store that
// was moved from; its settings then read as those of a store without limits, fuel, deadline and data.
//
// Threads: one at a time. A store may move to another thread between calls. A call into a store that another thread is
// running fails with kind Usage; do not rely on that, it is there to find the mistake.
//
// Corresponds to spec 4.2.3 "Store" and wasm-c-api `wasm_store_t`.
class Store : public StoreRef {
 public:
  // An empty store; `limits` default to the engine's. Takes less than a microsecond. Errors: OutOfMemory, Usage for a
  // stack below 16 KiB.
  static Result<Store> create(const Engine& engine);
  static Result<Store> create(const Engine& engine, const StoreLimits& limits);

  Store(Store&& other) noexcept;
  Store& operator=(Store&& other) noexcept;
  // Destroys everything in it. Not allowed while one of its guests runs (from within a host function): that ends the
  // process with a message.
  ~Store();

 private:
  explicit Store(detail::StoreState* state) : StoreRef(state) {}
};

}  // namespace wherry
