// How a run begins and ends: the tier's `enter`.
//
// A run is one chain of handlers on one native frame. Handlers preserve no registers, and a C++ function with a realigned frame
// (ASan, -O1 and up) keeps its base in one that they overwrite. So sanitizers' builds enter the chain through a function that has
// no locals; in others it is a part of its caller, which has none that need more alignment than the frame, and saves all registers
// once instead of twice. In the loop build a fault arrives by longjmp, because handlers have native frames there.
#include <cstdint>
#include <cstring>

#ifdef WHERRY_DISPATCH_LOOP
#include <csetjmp>
#endif

#include "engine/base/os/fault.h"
#include "engine/interpret/cold.h"
#include "engine/interpret/interpreter.h"
#include "engine/interpret/native.h"
#include "engine/native/enter.h"
#include "engine/wasm/type_registry.h"

// Bounds of the section that memory_guarded.cc fills; made by the linker.
extern "C" {
extern const char __start_wherry_guarded[];
extern const char __stop_wherry_guarded[];
}

namespace wherry::interpret {

using wasm::TrapCode;

namespace {

constexpr bool is_host(const FuncObject* func) { return func->func_index == FuncObject::kHostFunction; }

#ifdef WHERRY_DISPATCH_LOOP

// The innermost loop of this thread, where a fault goes.
thread_local jmp_buf* t_fault_exit = nullptr;

[[noreturn]] void leave_by_fault() { std::longjmp(*t_fault_exit, 1); }

[[gnu::noinline]] uint64_t loop(State& state) {
  uint64_t result;
  do {
    result = reinterpret_cast<HandlerFn>(*state.pc)(state);
  } while (result == kGoOn);
  return result;
}

[[gnu::noinline]] uint64_t run(Context* context, const FuncCode* code, uint64_t* frame,
                               const abi::StoreState* store) {
  const Cell* entry = code->entry.load(std::memory_order_relaxed);
  State state{.pc = entry,
              .fp = frame,
              .mem = context->memory0_base,
              .acc = 0,
              .pin0 = frame[code->pinned0],
              .pin1 = frame[code->pinned1],
              .ctx = context,
              .hand = reinterpret_cast<uint64_t>(code),
              .meter = static_cast<uint64_t>(store->fuel),
              .fa = 0,
              .da = 0,
              .va = {},
              .dpin0 = 0,
              .dpin1 = 0,
              .vpin = {}};
  jmp_buf fault_exit;
  jmp_buf* const outer = t_fault_exit;
  t_fault_exit = &fault_exit;
  const uint64_t result = setjmp(fault_exit) == 0 ? loop(state) : trap_fault(state);
  t_fault_exit = outer;
  return result;
}

base::FaultingCode faulting_code() {
  return {reinterpret_cast<uintptr_t>(__start_wherry_guarded),
          reinterpret_cast<uintptr_t>(__stop_wherry_guarded), reinterpret_cast<uintptr_t>(&leave_by_fault),
          false};
}

#else

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
[[gnu::noinline]]
#else
[[gnu::always_inline]] inline
#endif
uint64_t run(Context* context, const FuncCode* code, uint64_t* frame, const abi::StoreState* store) {
  const Cell* const entry = code->entry.load(std::memory_order_relaxed);
  // Nobody reads the accumulators before they are written, so they are whatever the registers hold.
  uint64_t acc;
  float fa;
  double da, dpin0, dpin1;
  V128 va, vpin;
#if defined(__x86_64__)
  asm("" : "=r"(acc), "=x"(fa), "=x"(da), "=x"(va), "=x"(dpin0), "=x"(dpin1), "=x"(vpin));
#else
  asm("" : "=r"(acc), "=w"(fa), "=w"(da), "=w"(va), "=w"(dpin0), "=w"(dpin1), "=w"(vpin));
#endif
  return reinterpret_cast<HandlerFn>(*entry)(
      entry, frame, context->memory0_base, acc, frame[code->pinned0], frame[code->pinned1], context,
      reinterpret_cast<uint64_t>(code), static_cast<uint64_t>(store->fuel), fa, da, va, dpin0, dpin1, vpin);
}

base::FaultingCode faulting_code() {
  return {reinterpret_cast<uintptr_t>(__start_wherry_guarded),
          reinterpret_cast<uintptr_t>(__stop_wherry_guarded), reinterpret_cast<uintptr_t>(&trap_fault), true};
}

#endif

bool fits(const abi::StoreState* store, const uint64_t* frame, uint32_t slots) {
  return frame <= store->stack_limit && static_cast<uint64_t>(store->stack_limit - frame) >= slots;
}

bool is_native_stack_low(const abi::Activation* activation) {
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < activation->native_stack_limit;
}

TrapCode refuse(abi::StoreState* store, TrapCode trap) {
  store->trap = trap;
  return trap;
}

// With the crossing in place: makes the frame and runs it.
[[gnu::always_inline]] inline TrapCode run_frame(Context* context, const FuncCode* code, uint32_t header,
                                                 uint64_t* frame, const abi::StoreState* store) {
  frame[header + abi::kHeaderReturn] = reinterpret_cast<uint64_t>(exit_cell());
  // Nobody reads these two, but the collector takes what an earlier run left in a slot for a reference.
  frame[header + abi::kHeaderCallerContext] = 0;
  frame[header + abi::kHeaderCallerCell] = 0;
  clear_locals(frame + code->zero_begin, code->zero_count);
  return static_cast<TrapCode>(run(context, code, frame, store));
}

// Native code needs no frame here: only its thunk touches the slots. It counts on the room that frames of its shape have.
TrapCode run_native(FuncObject* func, const FuncCode* code, uint64_t* frame, abi::StoreState* store) {
  const uint32_t slots = code->frame_slots.load(std::memory_order_relaxed);
  if (!fits(store, frame, slots)) [[unlikely]]
    return refuse(store, TrapCode::CallStackExhausted);
  return native::enter(func->context, code, frame, frame + slots);
}

// What is not a function of a guest, ready, on a stack with room.
[[gnu::noinline]] TrapCode start_slowly(FuncObject* func, uint64_t* frame, abi::StoreState* store) {
  Context* context = func->context;
  if (is_native_stack_low(store->activation)) return refuse(store, TrapCode::CallStackExhausted);
  if (!is_host(func) && func->code->frame_slots.load(std::memory_order_acquire) == 0 &&
      !context->builtins->prepare_code(context, func->code)) {
    return refuse(store, TrapCode::HostError);
  }
  if (abi::has_native_code(func->code)) return run_native(func, func->code, frame, store);
  const FrameShape shape = shape_of_frame(func);
  if (!fits(store, frame, shape.slots)) return refuse(store, TrapCode::CallStackExhausted);
  store->callee = func;
  return run_frame(context, func->code, shape.header, frame, store);
}

// Native code of `func` ended by a tail call, with the arguments behind its frame.
[[gnu::noinline]] TrapCode go_on_calling(const FuncObject* func, uint64_t* frame, abi::StoreState* store) {
  TrapCode trap;
  do {
    const uint64_t* const arguments = frame + func->code->frame_slots.load(std::memory_order_relaxed);
    FuncObject* const callee = store->callee;
    std::memmove(frame, arguments, uint64_t{callee->type->param_slots} * 8);
    store->activation->stack_top = store->stack_limit;  // Code that is prepared needs no stack.
    trap = start_slowly(callee, frame, store);
    func = callee;
  } while (trap == native::kTailCall);
  return trap;
}

void link_crossing(abi::Activation* activation, FuncObject* func, uint64_t* slots, abi::Crossing* crossing) {
  *crossing = {.outer = activation->crossings,
               .first_frame = slots,
               .cell = nullptr,
               .frame = slots,
               .context = func->context};
  activation->crossings = crossing;
}

// The short way of `enter`: native code has a crossing of its own, and `crossing` only tells of what went wrong.
[[gnu::noinline]] TrapCode enter_native_code(FuncObject* func, uint64_t* slots, abi::Crossing* crossing) {
  abi::StoreState* const store = func->context->store;
  abi::Activation* const activation = store->activation;
  uint64_t* const top = activation->stack_top;
  store->trap = TrapCode::None;
  TrapCode trap = run_native(func, func->code, slots, store);
  if (trap != TrapCode::None) [[unlikely]] {
    link_crossing(activation, func, slots, crossing);
    if (trap == native::kTailCall) trap = go_on_calling(func, slots, store);
    activation->crossings = crossing->outer;
  }
  activation->stack_top = top;
  return trap;
}

[[gnu::noinline]] TrapCode enter_other(FuncObject* func, uint64_t* slots, abi::Crossing* crossing) {
  const FuncCode* const code = func->code;
  Context* const context = func->context;
  abi::StoreState* const store = context->store;
  abi::Activation* const activation = store->activation;
  const bool is_quick =
      is_ready_and_fits(code, slots, context) && !is_host(func) && !is_native_stack_low(activation);
  uint64_t* const top = activation->stack_top;
  link_crossing(activation, func, slots, crossing);
  store->trap = TrapCode::None;
  TrapCode trap;
  if (!is_quick) [[unlikely]] {
    trap = start_slowly(func, slots, store);
    if (trap == native::kTailCall) trap = go_on_calling(func, slots, store);
  } else {
    trap = run_frame(context, code, code->param_slots, slots, store);
  }
  activation->crossings = crossing->outer;
  activation->stack_top = top;
  return trap;
}

// Only chooses, so that neither way saves registers twice.
TrapCode enter(FuncObject* func, uint64_t* slots, abi::Crossing* crossing) {
  const FuncCode* const code = func->code;
  const bool is_ready = code->frame_slots.load(std::memory_order_acquire) != 0;
  if (is_ready && abi::has_native_code(code)) return enter_native_code(func, slots, crossing);
  return enter_other(func, slots, crossing);
}

constinit const Cell kHostCells[2] = {word_of(&enter_host), 0};
constinit const Cell kStubCells[2] = {word_of(&enter_stub), 0};

constinit FuncCode g_host_code = {
    .entry = kHostCells,
    .frame_slots = abi::kFrameHeaderSlots,
    .zero_count = 0,
    .zero_begin = 0,
    .param_slots = 0,
    .pinned0 = 0,
    .pinned1 = 0,
    .flags = 0,
    .func_index = FuncObject::kHostFunction,
    .native = {},
};  // Never written, but for the type of those who may replace code.

constinit const abi::Tier kTier = {.stub_entry = kStubCells,
                                   .host_code = &g_host_code,
                                   .enter = enter,
                                   .native = &native::kBuiltins,
                                   .native_entry = word_of(&enter_native)};

}  // namespace

const abi::Tier& tier() { return kTier; }

bool use_faults() {
  static const bool registered = base::register_faulting_code(faulting_code());
  return registered && base::install_fault_handler();
}

uint64_t dispatch_count() {
#ifdef WHERRY_COUNT_DISPATCHES
  return dispatches;
#else
  return 0;
#endif
}

}  // namespace wherry::interpret
