// Native code runs on the native stack. Every piece of it, from where somebody entered to where it calls somebody else
// by slots, has a NativeEntry in the frame of `enter` below: the place to leave to when it traps, and the crossing from
// which its frames are walked.
//
//     host or interpreter -> enter -> wherry_native_switch -> enter thunk -> native functions -> leave thunk -> call ->
//         host function | interpreter (Tier::enter) | enter ...
//
// Traps leave one entry at a time. Whoever is between two entries (an interpreter's run, `call` below) is C++ that ends by
// returning, so that nothing of ours is skipped but frames of native code and of the functions in this file, which own nothing.
// Rejected: unwinding by tables (native code would need them, and a trap would take microseconds), and leaving to the
// outermost entry at once (interpreters in between keep state of the activation in their frames).
//
// A backtrace has to be taken before the first native frame is given up. So the trap is told to the store here
// (Store::note_trap), and a call from the host that ends with it does not ask again.
//
// A tail call to a function that is not called natively is a jump to a leave thunk. When that finds no frame of native code
// but the enter thunk's, the entry ends instead, and whoever made it calls on (kTailCall): so functions of both tiers that
// tail-call one another for ever take no stack.
#include "engine/native/enter.h"

#include <algorithm>

#include "engine/native/switch.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/store.h"

namespace wherry::native {

using abi::Context;
using abi::FuncObject;
using abi::NativeEntry;
using abi::StoreState;
using wasm::TrapCode;

namespace {

// The innermost entry of this thread, whichever store's: all that a fault can know.
constinit thread_local NativeEntry* t_innermost = nullptr;

constexpr bool is_host(const FuncObject* func) { return func->func_index == FuncObject::kHostFunction; }

// The frame of the function that calls this.
[[gnu::always_inline]] inline const void* const* own_frame() {
  return static_cast<const void* const*>(__builtin_frame_address(0));
}

void set_position(NativeEntry* entry, Context* context, abi::NativeStop* stop) {
  entry->crossing.context = context;
  entry->crossing.native_stop = stop;
}

// What `call` does with how somebody else's run ended.
inline bool go_on(StoreState* store, NativeEntry* entry, TrapCode ended) {
  if (ended == TrapCode::None) [[likely]] {
    entry->crossing.native_stop = nullptr;
    if (store->pending_exception != abi::kNullRef) [[unlikely]]
      store->pending_exception = abi::kNullRef;
    return true;
  }
  if (ended == TrapCode::UncaughtException) {
    entry->crossing.native_stop = nullptr;
    return false;
  }
  leave_by_trap(store, ended);
}

bool has_room(const StoreState* store, const NativeEntry* entry, const FuncObject* callee) {
  const uint32_t slots = std::max(callee->type->param_slots, callee->type->result_slots);
  return entry->stack_top <= store->stack_limit &&
         slots <= static_cast<size_t>(store->stack_limit - entry->stack_top);
}

// By the tier: the callee's frame begins where the value stack is free, with its arguments in place.
TrapCode call_by_tier(StoreState* store, NativeEntry* entry, FuncObject* callee, uint64_t* slots) {
  runtime::Store& runtime = runtime::Store::of(store);
  const uint32_t results = callee->type->result_slots;
  uint64_t* const base = entry->stack_top;
  store->activation->stack_top = base;
  abi::Crossing crossing;
  const TrapCode ended = runtime.tier().enter(callee, base, &crossing);
  if (ended == TrapCode::None) [[likely]] {
    std::copy_n(base, results, slots);
    return ended;
  }
  // Nobody has overwritten the frames yet.
  abi::Activation& activation = *store->activation;
  crossing.outer = activation.crossings;
  activation.crossings = &crossing;
  runtime.note_trap(ended);
  activation.crossings = crossing.outer;
  return ended;
}

TrapCode call_guest(StoreState* store, NativeEntry* entry, FuncObject* callee, uint64_t* slots) {
  abi::FuncCode* const code = callee->code;
  if (code->frame_slots.load(std::memory_order_acquire) == 0) [[unlikely]] {
    Context* const context = callee->context;
    store->activation->stack_top = store->stack_limit;
    if (!context->builtins->prepare_code(context, code)) return TrapCode::HostError;
  }
  if (abi::has_native_code(code)) {
    const TrapCode ended = enter(callee->context, code, slots, entry->stack_top);
    return ended == kTailCall ? call_by_tier(store, entry, store->callee, slots) : ended;
  }
  if (!has_room(store, entry, callee)) return TrapCode::CallStackExhausted;
  std::copy_n(slots, callee->type->param_slots, entry->stack_top);
  return call_by_tier(store, entry, callee, slots);
}

// Whether the thunk whose frame this is has taken the place of all native code that was entered.
bool is_last_call(const NativeEntry* entry, const void* const* thunk_frame) {
  const auto* const outer = static_cast<const void* const*>(thunk_frame[0]);
  return outer < entry->stack_pointer && outer[0] >= entry->stack_pointer;
}

[[noreturn, gnu::noinline]] void leave_by_tail_call(StoreState* store, NativeEntry* entry, FuncObject* callee,
                                                    const uint64_t* slots) {
  if (!has_room(store, entry, callee)) leave_by_trap(store, TrapCode::CallStackExhausted);
  std::copy_n(slots, callee->type->param_slots, entry->stack_top);
  store->callee = callee;
  wherry_native_leave(entry, static_cast<uint32_t>(kTailCall));
}

// ---- NativeBuiltins. The caller's frame is found where the frame pointer of ours points to.

[[gnu::noinline]] bool call_other(StoreState* store, FuncObject* callee, uint64_t* slots,
                                  const void* const* thunk_frame) {
  NativeEntry* const entry = store->native_entry;
  if (is_last_call(entry, thunk_frame)) [[unlikely]]
    leave_by_tail_call(store, entry, callee, slots);
  return go_on(store, entry, call_guest(store, entry, callee, slots));
}

[[gnu::noinline]] bool end_badly(StoreState* store, abi::HostStatus status) {
  NativeEntry* const entry = store->native_entry;
  if (status == abi::HostStatus::Throw) return go_on(store, entry, TrapCode::UncaughtException);
  const bool is_known = store->trap != TrapCode::None && store->trap != TrapCode::UncaughtException;
  return go_on(store, entry, is_known ? store->trap : TrapCode::HostError);
}

// The thunk took the callee from the store, where it still is while the function runs.
bool call(Context* caller, FuncObject* callee, uint64_t* slots) {
  StoreState* const store = caller->store;
  NativeEntry* const entry = store->native_entry;
  abi::NativeStop stop{.frame = own_frame(), .host = nullptr};
  set_position(entry, caller, &stop);
  if (reinterpret_cast<uintptr_t>(stop.frame) < store->native_stack_limit) [[unlikely]] {
    leave_by_trap(store, TrapCode::CallStackExhausted);
  }
  if (!is_host(callee)) {
    return call_other(store, callee, slots, static_cast<const void* const*>(stop.frame[0]));
  }
  // SAFETY: an object with this func_index is the first member of a HostFuncObject.
  const auto* const host = reinterpret_cast<abi::HostFuncObject*>(callee);
  store->activation->stack_top = entry->stack_top;
  store->trap = TrapCode::None;
  const abi::HostStatus status = host->entry(host->environment, caller, slots);
  if (status != abi::HostStatus::Ok) [[unlikely]]
    return end_badly(store, status);
  return go_on(store, entry, TrapCode::None);
}

[[gnu::noreturn]] void trap(Context* context, uint32_t trap_code) {
  abi::NativeStop stop{.frame = own_frame(), .host = nullptr};
  set_position(context->store->native_entry, context, &stop);
  leave_by_trap(context->store, static_cast<TrapCode>(trap_code));
}

[[gnu::noreturn]] void leave_by_exception(Context* context) {
  wherry_native_leave(context->store->native_entry, static_cast<uint32_t>(TrapCode::UncaughtException));
}

// The frame of the code that looks is the one outside of its caller's.
void look(Context* context) {
  StoreState* const store = context->store;
  abi::NativeStop stop{.frame = own_frame(), .host = nullptr};
  const auto* const between = static_cast<const void* const*>(stop.frame[0]);
  set_position(store->native_entry, context, &stop);
  if (reinterpret_cast<uintptr_t>(between[0]) < store->native_stack_limit) {
    leave_by_trap(store, TrapCode::CallStackExhausted);
  }
  store->activation->stack_top = store->stack_limit;
  if (const TrapCode trap = context->builtins->interrupted(context); trap != TrapCode::None) {
    leave_by_trap(store, trap);
  }
  store->native_entry->crossing.native_stop = nullptr;
}

const void* tag_identity(Context* context, uint32_t tag) { return runtime::Instance::of(context)->tag(tag); }

// The fault handler goes on here. The byte behind the instruction stands for a return address.
[[noreturn]] void on_fault(uintptr_t instruction, uintptr_t frame) {
  NativeEntry* const entry = t_innermost;
  const void* const words[] = {reinterpret_cast<const void*>(frame),
                               reinterpret_cast<const void*>(instruction + 1)};
  abi::NativeStop stop{.frame = words, .host = nullptr};
  entry->crossing.native_stop = &stop;
  leave_by_trap(entry->crossing.context->store, TrapCode::MemoryOutOfBounds);
}

}  // namespace

constinit const abi::NativeBuiltins kBuiltins = {
    .call = call,
    .trap = trap,
    .leave_by_exception = leave_by_exception,
    .look = look,
    .tag_identity = tag_identity,
};

[[noreturn, gnu::noinline]] void leave_by_trap(StoreState* store, TrapCode trap) {
  store->trap = trap;
  runtime::Store::of(store).note_trap(trap);
  wherry_native_leave(store->native_entry, static_cast<uint32_t>(trap));
}

uintptr_t fault_landing() { return reinterpret_cast<uintptr_t>(&on_fault); }

TrapCode enter(Context* context, const abi::FuncCode* code, uint64_t* slots, uint64_t* stack_top) {
  StoreState* const store = context->store;
  if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < store->native_stack_limit) [[unlikely]] {
    store->trap = TrapCode::CallStackExhausted;
    return TrapCode::CallStackExhausted;
  }
  abi::Activation* const activation = store->activation;
  const abi::Cell* const cells = code->entry.load(std::memory_order_relaxed);
  NativeEntry entry = {.outer = store->native_entry,
                       .stack_pointer = nullptr,
                       .stack_top = stack_top,
                       .crossing = {.outer = activation->crossings,
                                    .first_frame = nullptr,
                                    .cell = nullptr,
                                    .frame = nullptr,
                                    .context = context}};
  NativeEntry* const innermost = t_innermost;
  t_innermost = &entry;
  store->native_entry = &entry;
  activation->crossings = &entry.crossing;
  store->pending_exception = abi::kNullRef;
  // SAFETY: the second cell of native code is the thunk of the function's type (ModuleCode).
  const uint32_t ended = wherry_native_switch(slots, context, abi::native_code(code),
                                              reinterpret_cast<abi::NativeEnter>(cells[1]), &entry);
  activation->crossings = entry.crossing.outer;
  store->native_entry = entry.outer;
  t_innermost = innermost;
  if (ended != 0) [[unlikely]]
    return static_cast<TrapCode>(ended);
  return store->pending_exception == abi::kNullRef ? TrapCode::None : TrapCode::UncaughtException;
}

}  // namespace wherry::native
