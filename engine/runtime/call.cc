// Calls from the host into a store, and what stops them: limits of both stacks, interrupts, traps, errors and the host's
// own failures.
//
// A call copies its arguments to the top of the activation's value stack, where the callee's frame begins, and lets the
// tier run. Host functions called by the host itself skip the tier: they get the caller's slots. The value stack is
// mapped at the first call, so that a store in which nothing runs has none.
#include <algorithm>
#include <cstring>

#include "engine/abi/native.h"
#include "engine/base/os/clock.h"
#include "engine/base/os/thread.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/runtime/store.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/limits.h"

namespace wherry::runtime {
namespace {

constexpr uint64_t kMinStackBytes = 16 << 10;
static_assert(kMinStackBytes >= 2 * sizeof(uint64_t) * std::max(wasm::kMaxParams, wasm::kMaxResults));
constexpr uint64_t kMaxStackBytes = (uint64_t{4} << 30) - (64 << 10);  // StoreState::stack_limit says why.
constexpr size_t kStackGuardBytes = 64 << 10;
// What a host function and the C library below it may need.
constexpr size_t kNativeMarginBytes = 128 << 10;

// Few slots, as nearly all calls have: calling memcpy would take longer. The empty asm keeps it a loop.
inline void copy_slots(uint64_t* to, const uint64_t* from, uint32_t count) {
  for (size_t left = count; left != 0; --left) {
    asm volatile("" : "+r"(left));
    to[left - 1] = from[left - 1];
  }
}

// At the end of a call that ended well. Finalizers may make objects, and results are in nobody's frame any more. What a call failed
// with is in the store until its caller has taken it, and a finalizer that calls a guest would take it instead: so they wait for him.
void finalize(Heap& heap, const wasm::CanonType& type, const uint64_t* results) {
  for (const wasm::ValType result : type.func.results) {
    if (!result.is_ref()) continue;
    ScannedWords scanned(heap);
    scanned.set(results, type.result_slots * sizeof(uint64_t));
    return heap.finalize_dead();
  }
  heap.finalize_dead();
}

}  // namespace

bool Store::map_stack() {
  const size_t guard = base::round_up_to_pages(kStackGuardBytes);
  const size_t size =
      base::round_up_to_pages(std::clamp(budget_.limits().stack_bytes, kMinStackBytes, kMaxStackBytes));
  size_t mapping;
  if (size == 0 || __builtin_add_overflow(size, guard, &mapping)) return false;
  void* const base = base::reserve_pages(mapping);
  if (base == nullptr) return false;
  if (!base::commit_pages(base, size)) {
    base::release_pages(base, mapping);
    return false;
  }
  stack_mapping_ = base;
  stack_mapping_bytes_ = mapping;
  activation_.stack_base = static_cast<uint64_t*>(base);
  activation_.stack_end = activation_.stack_base + size / sizeof(uint64_t);
  activation_.stack_top = activation_.stack_base;
  state().stack_limit = activation_.stack_end;
  arm_looks();
  return true;
}

// Native code may use as much of the native stack as the interpreter may use of its own, if the thread has that much. Calls that
// begin where the last one did, as those of a loop do, find the bounds as they are. Nor do they arm anything then: what is to make
// native code look stays until it has looked, so a word that has the limit in it still is what arming would write; and a store
// that all threads see at once takes as long as fifty instructions. Calls that begin elsewhere also look whether there is a value stack
// at all, and whether enough of the native one is left.
[[gnu::always_inline]] inline wasm::TrapCode Store::bound_stacks() {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (depth_ == 0) [[likely]] {
    const NativeBounds bounds{here, base::t_stack_bounds.low, base::t_stack_bounds.high};
    if (bounds == native_bounds_ &&
        state().native_look.load(std::memory_order_relaxed) == state().native_stack_limit) [[likely]]
      return wasm::TrapCode::None;
    if (stack_mapping_ == nullptr && !map_stack()) {
      pending_error_ = base::Error{wasm::ErrorCode::OutOfMemory, base::Error::kNoOffset, "value stack"};
      return wasm::TrapCode::HostError;
    }
    native_bounds_ = {};
    find_native_bounds(here);
  }
  if (here < activation_.native_stack_limit) return wasm::TrapCode::CallStackExhausted;
  if (depth_ == 0) native_bounds_ = {here, base::t_stack_bounds.low, base::t_stack_bounds.high};
  return wasm::TrapCode::None;
}

[[gnu::noinline]] void Store::find_native_bounds(uintptr_t here) {
  const uintptr_t limit = base::native_stack_limit(kNativeMarginBytes);
  const uint64_t most = budget_.limits().stack_bytes;
  activation_.native_stack_limit = limit;
  state().native_stack_limit = here > limit && here - limit > most ? here - most : limit;
  if (setup_.interruption) return arm_looks();
  state().native_look.store(state().native_stack_limit, std::memory_order_relaxed);
}

// As rearm(), for the words that calls and native code look at.
void Store::arm_looks() {
  state().call_limit.store(reinterpret_cast<uintptr_t>(state().stack_limit));
  state().native_look.store(state().native_stack_limit);
  const bool is_due = setup_.clock->epoch()->load() >= state().deadline_epoch.load();
  if (is_due || interrupts_->requested.load()) interrupts_->make_look();
}

Outcome<void> Store::call(abi::FuncObject* func, uint64_t* slots) {
  // Without a deadline, a pause and a request there is no epoch to wait for.
  if (state().deadline_epoch.load(std::memory_order_relaxed) != InterruptClock::kNever && setup_.interruption)
      [[unlikely]] {
    if (const wasm::TrapCode trap = check_interrupt(); trap != wasm::TrapCode::None) return stop(trap);
  }
  if (const wasm::TrapCode trap = bound_stacks(); trap != wasm::TrapCode::None) [[unlikely]]
    return stop(trap);
  host_trap_ = wasm::TrapCode::None;
  ++depth_;
  if (func->func_index == abi::FuncObject::kHostFunction) [[unlikely]] {
    Outcome<void> outcome = call_host(func, slots);
    if (--depth_ == 0 && outcome && heap_.has_dead()) finalize(heap_, *func->type, slots);
    return outcome;
  }
  const wasm::TrapCode trap = call_guest(func, slots);
  --depth_;
  if (trap != wasm::TrapCode::None) [[unlikely]]
    return stop(trap);
  if (depth_ == 0 && heap_.has_dead()) [[unlikely]]
    finalize(heap_, *func->type, slots);
  return {};
}

// Where a frame may begin while a function of the host runs. For one that native code called, nobody has opened the value stack.
[[gnu::noinline]] void Store::open_stack() {
  const abi::NativeEntry* const entry = state().native_entry;
  if (entry == nullptr || activation_.crossings != &entry->crossing) return;
  const abi::NativeStop* const stop = entry->crossing.native_stop;
  if (stop != nullptr && stop->host != nullptr) activation_.stack_top = entry->stack_top;
}

[[gnu::always_inline]] inline wasm::TrapCode Store::call_guest(abi::FuncObject* func, uint64_t* slots) {
  if (depth_ != 1) [[unlikely]]
    open_stack();
  const uint32_t params = func->type->param_slots;
  const uint32_t results = func->type->result_slots;
  uint64_t* const base = activation_.stack_top;
  // The first call has the whole stack, which has room for any (kMinStackBytes).
  if (depth_ != 1 && std::max(params, results) > static_cast<size_t>(state().stack_limit - base))
      [[unlikely]] {
    return wasm::TrapCode::CallStackExhausted;
  }
  copy_slots(base, slots, params);
  abi::Crossing crossing;
  const wasm::TrapCode trap = setup_.tier->enter(func, base, &crossing);  // Leaves the activation as it was.
  if (trap == wasm::TrapCode::None) [[likely]] {
    copy_slots(slots, base, results);
    return trap;
  }
  abi::Crossing* const outer = activation_.crossings;
  crossing.outer = outer;
  activation_.crossings = &crossing;
  note_trap(trap);
  activation_.crossings = outer;
  is_trap_noted_ = false;
  activation_.stack_top = base;
  return trap;
}

// Of exceptions the embedder is told each time, since nobody knows here which of them are caught later. A host function's
// failure carries what it needs, and is what the call ends with: looking at the stack for every host function it passes
// would take quadratic time.
void Store::note_trap(wasm::TrapCode trap) {
  if (is_trap_noted_ || on_trap == nullptr || host_failure_ != nullptr) return;
  is_trap_noted_ = trap != wasm::TrapCode::UncaughtException;
  on_trap(*this, trap);
}

Outcome<void> Store::call_host(abi::FuncObject* func, uint64_t* slots) {
  // SAFETY: an object with this func_index is the first member of a HostFuncObject.
  const auto& host = *reinterpret_cast<abi::HostFuncObject*>(func);
  state().callee = func;
  switch (host.entry(host.environment, &host_context_, slots)) {
    case abi::HostStatus::Ok: return {};
    case abi::HostStatus::Trap: return stop(wasm::TrapCode::HostError);
    case abi::HostStatus::Throw: return stop(wasm::TrapCode::UncaughtException);
    case abi::HostStatus::Pending: break;
  }
  return Stop::failed(pending_is_unsupported());
}

base::Error Store::pending_is_unsupported() {
  return {wasm::ErrorCode::NotYetExecutable, base::Error::kNoOffset, "a host function that answers later"};
}

// What is pending wins over the code that the tier reports: a host function that called back and passes the failure on
// finds the inner run's code in StoreState::trap. An exception is left pending only for who is told of one.
std::unexpected<Stop> Store::stop(wasm::TrapCode trap) {
  if (pending_error_.has_value() || host_failure_ != nullptr || trap != wasm::TrapCode::UncaughtException) {
    state().pending_exception = abi::kNullRef;
  }
  if (pending_error_.has_value()) {
    base::Error error = std::move(*pending_error_);
    pending_error_.reset();
    return Stop::failed(std::move(error));
  }
  if (host_failure_ != nullptr) return Stop::trapped(wasm::TrapCode::HostError);
  if (trap == wasm::TrapCode::OutOfMemory) heap_.expect_garbage();
  if (trap == wasm::TrapCode::HostError && host_trap_ != wasm::TrapCode::None) trap = host_trap_;
  return Stop::trapped(trap, trap == wasm::TrapCode::Interrupted && was_deadline_);
}

void Store::set_host_failure(void* failure, void (*destroy)(void*)) {
  if (host_failure_ != nullptr && destroy_host_failure_ != nullptr) destroy_host_failure_(host_failure_);
  host_failure_ = failure;
  destroy_host_failure_ = destroy;
}

void* Store::take_host_failure() { return std::exchange(host_failure_, nullptr); }

void Store::set_trap(wasm::TrapCode trap) {
  host_trap_ = trap;
  state().trap = trap;
}

void Store::set_pending_error(base::Error error) { pending_error_ = std::move(error); }

// ---- time

base::Result<void> Store::set_deadline(uint64_t time_ns) {
  const bool had = deadline_ns_ != kNever;
  const bool has = time_ns != kNever;
  if (has && !had && !setup_.clock->hold(*interrupts_)) {
    return base::fail(wasm::ErrorCode::OutOfMemory, base::Error::kNoOffset, "no thread for deadlines");
  }
  if (had && !has) setup_.clock->release(*interrupts_);
  deadline_ns_ = time_ns;
  rearm();
  return {};
}

// Writes the epoch at which code is to look here, then makes sure that a request that came in between is not lost: the
// other thread writes its flag first and the epoch second, so that one of the two sees the other.
void Store::rearm() {
  const uint64_t next_ns = std::min(deadline_ns_, pause_ns_);
  const uint64_t epoch = next_ns == kNever ? InterruptClock::kNever : InterruptClock::epoch_after(next_ns);
  state().deadline_epoch.store(epoch);
  if (epoch != InterruptClock::kNever) setup_.clock->expect(epoch);
  if (interrupts_->requested.load()) state().deadline_epoch.store(0);
  arm_looks();
}

wasm::TrapCode Store::check_interrupt() {
  if (interrupts_->requested.load(std::memory_order_relaxed) && interrupts_->requested.exchange(false)) {
    was_deadline_ = false;
    rearm();
    return wasm::TrapCode::Interrupted;
  }
  if (deadline_ns_ == kNever || base::monotonic_ns() < deadline_ns_) return wasm::TrapCode::None;
  was_deadline_ = true;
  return wasm::TrapCode::Interrupted;
}

wasm::TrapCode Store::look_at_interrupts() {
  const wasm::TrapCode trap = check_interrupt();
  if (trap != wasm::TrapCode::None) return trap;
  pause_if_due();
  rearm();
  return trap;
}

void Store::pause_if_due() {
  if (pause_ns_ == kNever) return;
  if (setup_.clock->epoch()->load(std::memory_order_relaxed) < InterruptClock::epoch_after(pause_ns_)) return;
  on_pause_(*this);
  pause_ns_ = base::monotonic_ns() + pause_interval_ns_;
  rearm();
}

base::Result<void> Store::set_pauses(uint64_t interval_ns, void (*on_pause)(Store& store)) {
  const bool had = pause_ns_ != kNever;
  const bool has = interval_ns != 0;
  if (has && !had && !setup_.clock->hold(*interrupts_)) {
    return base::fail(wasm::ErrorCode::OutOfMemory, base::Error::kNoOffset, "no thread for pauses");
  }
  if (had && !has) setup_.clock->release(*interrupts_);
  on_pause_ = on_pause;
  pause_interval_ns_ = interval_ns;
  pause_ns_ = has ? base::monotonic_ns() + interval_ns : kNever;
  rearm();
  return {};
}

}  // namespace wherry::runtime
