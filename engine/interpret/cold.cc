// What happens rarely: traps, first calls, calls to other instances and to the host, and the returns from them.
//
// A call inside an instance writes one word of the frame header, the return cell. When the callee belongs to another
// instance, the return cell is a shared one (cross_cells) and the header's other two words say who called; the
// handler of the shared cell restores the caller's context and returns a second time. So returning needs no test, and
// calls inside an instance pay nothing for those that leave it. Host functions are reached in the same way: their code
// (Tier::host_code) is one cell whose handler calls C++.
//
// Rejected: keeping the context in every frame (a store and a load for each of 30 million calls of fib); a test on
// return whether the caller is another instance.
#include "engine/interpret/cold.h"

#include <algorithm>
#include <utility>

#include "engine/wasm/type_registry.h"

namespace wherry::interpret {

using wasm::TrapCode;

namespace {

// Nothing in the frame may be touched by what C++ calls from here (Builtins): guest code cannot be entered.
void close_stack(abi::StoreState* store) { store->activation->stack_top = store->stack_limit; }

bool prepare(Context* context, FuncCode* code) {
  close_stack(context->store);
  if (context->builtins->prepare_code(context, code)) return true;
  context->store->trap = TrapCode::HostError;
  return false;
}

bool is_host(const FuncObject* func) { return func->func_index == FuncObject::kHostFunction; }

// Makes `func` callable: the object, and for guests their code. False: an error is pending.
bool make_callable(abi::StoreState* store, const abi::Builtins* builtins, FuncObject* func) {
  if (func->type_id == 0) builtins->make_func(store, func);
  if (is_host(func) || func->code->frame_slots.load(std::memory_order_acquire) != 0) return true;
  return prepare(func->context, func->code);
}

bool fits(const abi::StoreState* store, const uint64_t* base, uint32_t slots) {
  return base <= store->stack_limit && static_cast<uint64_t>(store->stack_limit - base) >= slots;
}

// Somebody wants calls to look. Calls are all that recursion looks at, as loops have cells of their own: so each way to call a guest
// has to come here.
bool is_to_look(const abi::StoreState* store) {
  return store->call_limit.load(std::memory_order_relaxed) == 0;
}

TrapCode look_at_call(Context* context) {
  close_stack(context->store);
  return context->builtins->interrupted(context);
}

// `pc` is the call's. Leaves by a trap, or calls look no more.
#define WHERRY_LOOK_AT_CALL()                          \
  do {                                                 \
    record_position(ctx, pc, fp);                      \
    ctx->store->fuel = static_cast<int64_t>(meter);    \
    const TrapCode found_ = look_at_call(ctx);         \
    WHERRY_TAKE_METER();                               \
    if (found_ != TrapCode::None) WHERRY_TRAP(found_); \
  } while (0)

// Enters a host function; the crossing says who calls. `end` is the end of its frame.
WHERRY_INLINE abi::HostStatus call_host(abi::StoreState* store, Context* caller, FuncObject* func,
                                        uint64_t* frame, uint64_t* end) {
  auto* host = reinterpret_cast<abi::HostFuncObject*>(func);
  store->activation->stack_top = end;
  store->trap = TrapCode::None;
  return host->entry(host->environment, caller, frame);
}

// What the handlers that called a host function do when it did not end well. Of an exception that ended a run inside of it nothing is
// left but the code, which would have whoever entered this run look for that.
#define WHERRY_END_HOST_CALL(status)                                                     \
  do {                                                                                   \
    if ((status) == abi::HostStatus::Throw) [[unlikely]] {                               \
      hand = std::exchange(store->pending_exception, abi::kNullRef);                     \
      WHERRY_TAIL(unwind);                                                               \
    }                                                                                    \
    if ((status) != abi::HostStatus::Ok) [[unlikely]] {                                  \
      if (store->trap == TrapCode::None || store->trap == TrapCode::UncaughtException) { \
        store->trap = TrapCode::HostError;                                               \
      }                                                                                  \
      WHERRY_END_RUN(store->trap);                                                       \
    }                                                                                    \
  } while (0)

WHERRY_HANDLER exit_run(WHERRY_ARGS) {
  WHERRY_STATE;
  ctx->store->fuel = static_cast<int64_t>(meter);
  return static_cast<uint64_t>(TrapCode::None);
}

// hand: the slot of the header of the frame that returns. Its results do not reach the header's last two words
// (return_many looks for that), and `fp` is still its base.
WHERRY_HANDLER cross_return(WHERRY_ARGS) {
  WHERRY_STATE;
  const uint64_t* header = fp + hand;
  ctx = reinterpret_cast<Context*>(header[abi::kHeaderCallerContext]);
  pc = reinterpret_cast<const Cell*>(header[abi::kHeaderCallerCell]);
  mem = ctx->memory0_base;
  WHERRY_RETURN();
}

}  // namespace

constinit const Cell exit_cells[2] = {0, word_of(&exit_run)};
constinit const Cell cross_cells[2] = {0, word_of(&cross_return)};

FrameShape shape_of_frame(const FuncObject* func) {
  if (!is_host(func)) {
    return {func->code->param_slots, func->code->frame_slots.load(std::memory_order_acquire)};
  }
  const uint32_t header = std::max(func->type->param_slots, func->type->result_slots);
  return {header, header + abi::kFrameHeaderSlots};
}

WHERRY_COLD WHERRY_HANDLER trap_exit(WHERRY_ARGS) {
  WHERRY_STATE;
  record_position(ctx, pc, fp);
  ctx->store->fuel = static_cast<int64_t>(meter);
  ctx->store->trap = static_cast<TrapCode>(hand);
  return hand;
}

WHERRY_COLD WHERRY_HANDLER trap_fault(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
}

WHERRY_COLD WHERRY_HANDLER call_not_ready(WHERRY_ARGS) {
  WHERRY_STATE;
  auto* code = reinterpret_cast<FuncCode*>(hand);
  if (is_to_look(ctx->store)) {
    WHERRY_LOOK_AT_CALL();
    WHERRY_DISPATCH();
  }
  if (code->frame_slots.load(std::memory_order_acquire) != 0) WHERRY_TRAP(TrapCode::CallStackExhausted);
  record_position(ctx, pc, fp);
  keep_meter(ctx, meter);
  if (!prepare(ctx, code)) WHERRY_END_RUN(TrapCode::HostError);
  WHERRY_TAKE_METER();
  WHERRY_DISPATCH();
}

WHERRY_COLD WHERRY_HANDLER call_not_made(WHERRY_ARGS) {
  WHERRY_STATE;
  close_stack(ctx->store);
  ctx->builtins->make_func(ctx->store, reinterpret_cast<FuncObject*>(hand));
  WHERRY_DISPATCH();
}

// hand: FuncObject* of a host function, acc: words of the call. No frame is made, since nobody looks for it: those who
// walk the stack begin at the crossing, which names the caller's frame and where it calls.
WHERRY_COLD WHERRY_HANDLER call_host_function(WHERRY_ARGS) {
  WHERRY_STATE;
  auto* func = reinterpret_cast<FuncObject*>(hand);
  abi::StoreState* store = ctx->store;
  pc += acc;
  uint64_t* const base = fp + slots_at(pc - 1).a;
  const uint32_t slots = std::max(func->type->param_slots, func->type->result_slots) + abi::kFrameHeaderSlots;
  if (!fits(store, base, slots)) [[unlikely]] {
    pc -= acc;
    WHERRY_TRAP(TrapCode::CallStackExhausted);
  }
  record_position(ctx, pc - 1, fp);
  store->callee = func;
  keep_meter(ctx, meter);
  const abi::HostStatus status = call_host(store, ctx, func, base, base + slots);
  WHERRY_TAKE_METER();
  WHERRY_END_HOST_CALL(status);
  fp = base;
  acc = base[0];
  WHERRY_RETURN();
}

WHERRY_COLD WHERRY_HANDLER call_cross(WHERRY_ARGS) {
  WHERRY_STATE;
  auto* func = reinterpret_cast<FuncObject*>(hand);
  abi::StoreState* store = ctx->store;
  if (is_host(func)) WHERRY_TAIL(call_host_function);
  if (is_to_look(store)) WHERRY_LOOK_AT_CALL();
  record_position(ctx, pc, fp);
  ctx->store->fuel = static_cast<int64_t>(meter);
  if (!make_callable(store, ctx->builtins, func)) WHERRY_END_RUN(TrapCode::HostError);
  const Cell* return_cell = pc + acc;
  uint64_t* base = fp + slots_at(return_cell - 1).a;
  const FrameShape shape = shape_of_frame(func);
  if (!fits(store, base, shape.slots)) WHERRY_TRAP(TrapCode::CallStackExhausted);

  uint64_t* header = base + shape.header;
  header[abi::kHeaderReturn] = reinterpret_cast<uint64_t>(cross_cell());
  header[abi::kHeaderCallerContext] = reinterpret_cast<uint64_t>(ctx);
  header[abi::kHeaderCallerCell] = reinterpret_cast<uint64_t>(return_cell);
  store->callee = func;
  ctx = func->context;
  mem = ctx->memory0_base;
  WHERRY_BEGIN(func->code, base);
}

// The frame is replaced: its return cell stays, but if that leads to this instance, somebody has to come back to it.
WHERRY_COLD WHERRY_HANDLER return_call_cross(WHERRY_ARGS) {
  WHERRY_STATE;
  auto* func = reinterpret_cast<FuncObject*>(hand);
  abi::StoreState* store = ctx->store;
  if (is_to_look(store)) WHERRY_LOOK_AT_CALL();
  record_position(ctx, pc, fp);
  ctx->store->fuel = static_cast<int64_t>(meter);
  if (!make_callable(store, ctx->builtins, func)) WHERRY_END_RUN(TrapCode::HostError);
  const Slots slots = slots_at(pc + acc - 1);
  const FrameShape shape = shape_of_frame(func);
  if (!fits(store, fp, shape.slots)) WHERRY_TRAP(TrapCode::CallStackExhausted);

  uint64_t header[abi::kFrameHeaderSlots];
  std::copy_n(fp + slots.d, abi::kFrameHeaderSlots, header);
  if (header[abi::kHeaderReturn] != reinterpret_cast<uint64_t>(cross_cell())) {
    header[abi::kHeaderCallerContext] = reinterpret_cast<uint64_t>(ctx);
    header[abi::kHeaderCallerCell] = header[abi::kHeaderReturn];
    header[abi::kHeaderReturn] = reinterpret_cast<uint64_t>(cross_cell());
  }
  std::memmove(fp, fp + slots.a, uint64_t{slots.b} * 8);
  std::copy_n(header, abi::kFrameHeaderSlots, fp + shape.header);
  store->callee = func;
  if (!is_host(func)) {
    ctx = func->context;
    mem = ctx->memory0_base;
  }
  WHERRY_BEGIN(func->code, fp);
}

WHERRY_COLD WHERRY_HANDLER return_many_cross(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const uint64_t* header = fp + slots.e;
  ctx = reinterpret_cast<Context*>(header[abi::kHeaderCallerContext]);
  pc = reinterpret_cast<const Cell*>(header[abi::kHeaderCallerCell]);
  mem = ctx->memory0_base;
  std::memmove(fp, fp + slots.a, uint64_t{slots.b} * 8);
  WHERRY_RETURN();
}

WHERRY_COLD WHERRY_HANDLER out_of_fuel(WHERRY_ARGS) {
  WHERRY_STATE;
  record_position(ctx, pc, fp);
  close_stack(ctx->store);
  ctx->store->fuel = static_cast<int64_t>(meter);
  const TrapCode code = ctx->builtins->out_of_fuel(ctx);
  WHERRY_TAKE_METER();
  if (code != TrapCode::None) WHERRY_TRAP(code);
  WHERRY_NEXT(2);
}

WHERRY_COLD WHERRY_HANDLER interrupted(WHERRY_ARGS) {
  WHERRY_STATE;
  record_position(ctx, pc, fp);
  close_stack(ctx->store);
  ctx->store->fuel = static_cast<int64_t>(meter);
  const TrapCode code = ctx->builtins->interrupted(ctx);
  WHERRY_TAKE_METER();
  if (code != TrapCode::None) WHERRY_TRAP(code);
  WHERRY_NEXT(2);
}

WHERRY_HANDLER look(WHERRY_ARGS) {
  WHERRY_STATE;
  meter = lower::kLookEvery;
  const uint64_t epoch = ctx->interrupt->load(std::memory_order_relaxed);
  if (epoch >= ctx->store->deadline_epoch.load(std::memory_order_relaxed)) [[unlikely]]
    WHERRY_TAIL(interrupted);
  WHERRY_NEXT(2);
}

// The code of every host function. `fp` is its frame, `ctx` the caller's context, StoreState::callee the function.
WHERRY_COLD WHERRY_HANDLER enter_host(WHERRY_ARGS) {
  WHERRY_STATE;
  abi::StoreState* store = ctx->store;
  auto* host = reinterpret_cast<abi::HostFuncObject*>(store->callee);
  const FrameShape shape = shape_of_frame(&host->base);
  const uint64_t* header = fp + shape.header;
  const Cell* caller = nullptr;
  if (header[abi::kHeaderReturn] == reinterpret_cast<uint64_t>(cross_cell())) {
    caller = reinterpret_cast<const Cell*>(header[abi::kHeaderCallerCell]);
  }
  abi::Crossing* crossing = store->activation->crossings;
  if (caller == nullptr ||
      caller == exit_cell()) {  // The embedder called it, or a frame that it has replaced.
    crossing->cell = nullptr;
    crossing->frame = fp;
    crossing->context = ctx;
  } else {
    crossing->cell = caller - 1;
    crossing->frame = fp - slots_at(caller - 1).a;
    crossing->context = reinterpret_cast<Context*>(header[abi::kHeaderCallerContext]);
  }
  keep_meter(ctx, meter);
  const abi::HostStatus status = call_host(store, ctx, &host->base, fp, fp + shape.slots);
  WHERRY_TAKE_METER();
  WHERRY_END_HOST_CALL(status);
  acc = fp[0];
  hand = shape.header;
  pc = reinterpret_cast<const Cell*>(header[abi::kHeaderReturn]);
  WHERRY_RETURN();
}

// hand: FuncCode*. Arguments and header are in place.
WHERRY_COLD WHERRY_HANDLER enter_stub(WHERRY_ARGS) {
  WHERRY_STATE;
  auto* code = reinterpret_cast<FuncCode*>(hand);
  record_position(ctx, nullptr, fp);
  ctx->store->fuel = static_cast<int64_t>(meter);
  if (!prepare(ctx, code)) WHERRY_END_RUN(TrapCode::HostError);
  if (!fits(ctx->store, fp, code->frame_slots.load(std::memory_order_acquire))) {
    ctx->store->trap = TrapCode::CallStackExhausted;
    WHERRY_END_RUN(TrapCode::CallStackExhausted);
  }
  WHERRY_BEGIN(code, fp);
}

}  // namespace wherry::interpret
