#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/abi/activation.h"
#include "engine/abi/context.h"
#include "engine/abi/tier.h"
#include "engine/base/arena.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/runtime/exceptions.h"
#include "engine/runtime/extern.h"
#include "engine/runtime/heap.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/interrupt.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/outcome.h"
#include "engine/wasm/type_registry.h"

namespace wherry::runtime {

// How a store works; follows from the engine's configuration.
struct StoreSetup {
  const abi::Tier* tier = nullptr;  // Never null.
  InterruptClock* clock = nullptr;  // Never null; the engine's.
  StoreLimits limits;
  Guard guard = Guard::On;    // Whether memories rely on the fault handler.
  bool gc_stress = false;     // The heap collects at every allocation.
  bool counts_fuel = false;   // Then bulk operations charge it too.
  bool interruption = false;  // Whether code looks at the deadline.
};

// An object's place in a store. `generation` tells uses of one place apart; nothing is freed before its store today, so
// it is a constant for most kinds. Functions are found by computation, without a table: `generation` is 1 + the index of
// the instance that defined it and `index` counts its defined functions; for host functions kHostGeneration and the
// order of making. The same object always has the same handle.
struct HandleId {
  uint32_t index = 0;
  uint32_t generation = 0;
  friend bool operator==(const HandleId&, const HandleId&) = default;
};

// A function of the host in one store.
struct HostFunc {
  abi::HostFuncObject object;  // First: what references to it point to.
  void (*destroy)(void* environment) = nullptr;
  uint32_t index = 0;
};

// The world of core spec 4.2.3: instances, functions, memories, tables, globals, tags and external references, all of
// which live until it ends. One thread at a time.
class Store {
 public:
  // Error: OutOfMemory.
  static base::Result<std::unique_ptr<Store>> create(const StoreSetup& setup);
  // Order: values of the host are finalised, host functions destroyed (each newest first), then everything is freed and the
  // modules' owners released. No guest may be running.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // A number that no other store of this process has or had; never 0.
  uint64_t id() const { return id_; }
  const StoreSetup& setup() const { return setup_; }
  Budget& budget() { return budget_; }
  Heap& heap() { return heap_; }
  const abi::Tier& tier() const { return *setup_.tier; }
  abi::StoreState& state() { return interrupts_->state; }
  abi::Activation& activation() { return activation_; }
  static Store& of(abi::StoreState* state) { return *static_cast<Store*>(state->store); }
  static Store& of(abi::Context* context) { return of(context->store); }
  // For the embedder's own object; the store does not look at it.
  void* embedder = nullptr;

  // --- making things; all belong to the store. Errors: LimitExceeded, OutOfMemory. Types are in canonical space.

  base::Result<LinearMemory*> add_memory(const wasm::MemoryType& type);
  // Makes a shared memory known here and holds it until the store ends; nothing if it is known already.
  base::Result<void> add_shared_memory(LinearMemory* memory);
  base::Result<Table*> add_table(const wasm::TableType& type, abi::Ref init);
  // Types that a host's global or table mentions must stay alive: give the TypeSet, if any, to keep_types.
  base::Result<Global*> add_global(const wasm::GlobalType& type, const uint64_t* value);
  // One of an instance's own: its value stays where it is.
  base::Result<Global*> add_global_at(const wasm::GlobalType& type, abi::GlobalSlots slots);
  base::Result<Tag*> add_tag(const wasm::CanonType& type);
  // `type` must stay alive, too. Takes over `environment`: `destroy`, unless null, is called with it in the end, also when this
  // fails.
  base::Result<HostFunc*> add_host_func(const wasm::CanonType& type, abi::HostEntry entry, void* environment,
                                        void (*destroy)(void*));
  base::Result<void> keep_types(wasm::TypeSet types);
  // Memory for what lives as long as the store, uninitialised; null: there is none. Destructors are the caller's.
  void* allocate(size_t size_bytes, size_t alignment) { return arena_.allocate_bytes(size_bytes, alignment); }

  // --- handles: from an object, and back; null for a handle that means nothing here.

  HandleId handle_of(const abi::FuncObject* func) const;  // A made one.
  HandleId handle_of(const LinearMemory* memory) const;   // A shared one must be known here.
  static HandleId handle_of(const Table* table) { return {table->index(), 1}; }
  static HandleId handle_of(const Global* global) { return {global->index(), 1}; }
  static HandleId handle_of(const Tag* tag) { return {tag->index(), 1}; }
  static HandleId handle_of(const Instance* instance) { return {instance->index(), 1}; }
  static constexpr uint32_t kHostGeneration = ~uint32_t{0};

  abi::FuncObject* func(HandleId handle);  // Made.
  LinearMemory* memory(HandleId handle) const;
  Table* table(HandleId handle) const;
  Global* global(HandleId handle) const;
  Tag* tag(HandleId handle) const;
  Instance* instance(HandleId handle) const;
  uint32_t instance_count() const { return static_cast<uint32_t>(instances_.size()); }

  // --- references in slots, tables and globals

  // The function that a non-null funcref means, made.
  abi::FuncObject* func_of(abi::Ref ref);
  static abi::Ref ref_of(const abi::FuncObject* func) { return reinterpret_cast<abi::Ref>(func); }
  // Fills the object of a defined function of this store whose type_id is 0.
  void make_func(abi::FuncObject* func);

  // --- calls

  // Calls `func` (made). `slots` holds the arguments and takes the results; it is as long as the longer of the two,
  // in slots. On failure its contents are unspecified. Nests: a host function may call back. Looks at the deadline
  // first. Errors in Stop::error: whatever preparing code said, OutOfMemory for the value stack.
  Outcome<void> call(abi::FuncObject* func, uint64_t* slots);

  // Called when a run of guest code ended with a trap, before frames are taken down: Activation::crossings begins with
  // the crossing that trapped. For backtraces. Null: none.
  void (*on_trap)(Store& store, wasm::TrapCode trap) = nullptr;
  // For tiers whose frames are gone when a run ends: tells of its trap while they are there. The call from the host that
  // the trap ends does not tell of it again.
  void note_trap(wasm::TrapCode trap);

  // What code that was lowered for observers tells (Builtins::observe). May not enter guest code. Null: nothing.
  void (*on_observe)(Store& store, abi::Context* context, abi::Observed what,
                     const uint64_t* frame) = nullptr;

  // Called about every `interval_ns` while guests run, at the next place where code looks at its deadline; the
  // innermost crossing then says where that is. 0: no more. Error: OutOfMemory, as for set_deadline.
  base::Result<void> set_pauses(uint64_t interval_ns, void (*on_pause)(Store& store));
  // For where a host function begins or ends, which code does not look at: the same if one is due. By the clock's tick, as
  // in code: asking the time itself would find the late ones here, after the function that they belong to.
  void pause_if_due();

  // Whether a call into this store is in progress.
  bool is_running() const { return depth_ != 0; }

  // The failure of a host function, an object of the embedder that the runtime carries from where it happened to
  // who called the guest: set, then return HostStatus::Trap. A second one replaces the first. `destroy` is called if
  // nobody takes it.
  void set_host_failure(void* failure, void (*destroy)(void*));
  void* take_host_failure();  // Null if there is none; the caller's from then on.
  // A trap raised by a host function: return HostStatus::Trap afterwards.
  void set_trap(wasm::TrapCode trap);
  // An error that ends the running call as Stop::error (invalid body and the like).
  void set_pending_error(base::Error error);

  // --- time and fuel

  // Guests trap from this moment (base::monotonic_ns) on; kNever takes it away. Error: OutOfMemory when the engine's
  // ticker could not be started; then nothing has changed.
  base::Result<void> set_deadline(uint64_t time_ns);
  uint64_t deadline_ns() const { return deadline_ns_; }  // kNever: none.
  static constexpr uint64_t kNever = ~uint64_t{0};
  // None, or Interrupted when an interrupt was requested (which uses it up) or the deadline has passed.
  wasm::TrapCode check_interrupt();
  // The same for code that found its deadline's epoch reached: when there is nothing after all, it sets that anew.
  wasm::TrapCode look_at_interrupts();
  // Whether the last Interrupted was the deadline's.
  bool was_deadline() const { return was_deadline_; }
  // What other threads may hold on to; retain it for them.
  InterruptState* interrupts() const { return interrupts_; }

  // --- for the collector

  std::span<Instance* const> instances() const { return instances_; }
  std::span<Global* const> globals() const { return globals_; }
  std::span<Table* const> tables() const { return tables_; }

  // --- exceptions

  // Whether the frame of `context` that is at `cell` (a word of its instruction) catches the exception. Returns how many
  // clauses it looked at.
  uint32_t find_catch(abi::Context* context, const abi::Cell* cell, abi::Ref exception, abi::Catch* out);

  // --- for instantiation

  // The context of host functions: no instance, only `store`, `builtins` and `interrupt`.
  abi::Context* host_context() { return &host_context_; }
  // Enters an instance, which lies in memory of this store and was taken from its budget, and takes it over; its place in the store
  // becomes its index. Error: OutOfMemory; then it is not entered.
  base::Result<void> adopt(Instance* instance);

 private:
  explicit Store(const StoreSetup& setup)
      : setup_(setup),
        budget_(setup.limits),
        heap_(*this, {.limit_bytes = setup.limits.heap_bytes, .stress = setup.gc_stress}) {}
  bool initialise();
  const CatchSite& find_site(abi::Context* context, const abi::Cell* cell, CatchSite* scratch);
  [[nodiscard]] bool map_stack();
  wasm::TrapCode bound_stacks();
  void find_native_bounds(uintptr_t here);
  void rearm();
  void arm_looks();
  wasm::TrapCode call_guest(abi::FuncObject* func, uint64_t* slots);
  void open_stack();
  Outcome<void> call_host(abi::FuncObject* func, uint64_t* slots);
  std::unexpected<Stop> stop(wasm::TrapCode trap);
  static base::Error pending_is_unsupported();
  Instance* instance_of(const abi::FuncObject* func) const;

  // Where the function objects of an instance lie, ascending, so that make_func finds the instance.
  struct FuncRange {
    const abi::FuncObject* begin;
    const abi::FuncObject* end;
    Instance* instance;
  };
  static bool is_before(const FuncRange& left, const FuncRange& right);
  [[nodiscard]] bool make_room_for_range();

  StoreSetup setup_;
  base::Arena arena_;
  Budget budget_;
  Heap heap_;
  uint64_t id_ = 0;
  InterruptState* interrupts_ = nullptr;
  abi::Activation activation_;
  abi::Context host_context_{};
  void* stack_mapping_ = nullptr;
  size_t stack_mapping_bytes_ = 0;
  // Where the last call from outside began, and on what stack.
  struct NativeBounds {
    uintptr_t here = 0;
    uintptr_t low = 0;
    uintptr_t high = 0;
    bool operator==(const NativeBounds&) const = default;
  };
  NativeBounds native_bounds_;
  uint32_t depth_ = 0;
  uint64_t deadline_ns_ = kNever;
  uint64_t pause_ns_ = kNever;  // When the next one is due.
  uint64_t pause_interval_ns_ = 0;
  void (*on_pause_)(Store& store) = nullptr;
  bool was_deadline_ = false;
  bool is_trap_noted_ = false;
  wasm::TrapCode host_trap_ = wasm::TrapCode::None;
  std::optional<base::Error> pending_error_;
  std::unique_ptr<CatchSites> catch_sites_;  // Made by the first throw.
  void* host_failure_ = nullptr;
  void (*destroy_host_failure_)(void*) = nullptr;

  base::Vector<LinearMemory*> memories_;
  base::Vector<uint32_t> shared_memories_;  // Places in memories_.
  base::Vector<Table*> tables_;
  base::Vector<Global*> globals_;
  base::Vector<Tag*> tags_;
  base::Vector<HostFunc*> host_funcs_;
  base::Vector<Instance*> instances_;
  base::Vector<FuncRange> func_ranges_;
  base::Vector<FuncRange> recent_ranges_;  // Of the newest instances; likewise ascending.
  base::Vector<wasm::TypeSet> kept_types_;
};

}  // namespace wherry::runtime
