// From the interpreter into native code. The callee's frame on the value stack is where its thunk reads parameters and
// writes results, so nothing is copied. As with host functions, the crossing says who calls: no frame stays here that a
// walk could meet. Results may cover the header, which is therefore read first, also what a call between instances put
// there; the return is the one that the shared return cell would have made.
#include "engine/interpret/native.h"

#include <cstring>
#include <utility>

#include "engine/native/enter.h"
#include "engine/wasm/type_registry.h"

namespace wherry::interpret {

using wasm::TrapCode;

namespace {

// False: an error is pending.
bool make_ready(const FuncObject* func) {
  Context* const context = func->context;
  if (func->code->frame_slots.load(std::memory_order_acquire) != 0 ||
      context->builtins->prepare_code(context, func->code)) {
    return true;
  }
  context->store->trap = TrapCode::HostError;
  return false;
}

bool fits(const abi::StoreState* store, const uint64_t* base, uint32_t slots) {
  return base <= store->stack_limit && static_cast<uint64_t>(store->stack_limit - base) >= slots;
}

}  // namespace

WHERRY_COLD WHERRY_HANDLER enter_native(WHERRY_ARGS) {
  WHERRY_STATE;
  const auto* const code = reinterpret_cast<const FuncCode*>(hand);
  const uint64_t* const header = fp + code->param_slots;
  Context* caller = ctx;
  auto* return_cell = reinterpret_cast<const Cell*>(header[abi::kHeaderReturn]);
  if (return_cell == cross_cell()) {
    caller = reinterpret_cast<Context*>(header[abi::kHeaderCallerContext]);
    return_cell = reinterpret_cast<const Cell*>(header[abi::kHeaderCallerCell]);
  }
  if (return_cell == exit_cell()) {  // The embedder called, or a frame that is replaced.
    record_position(ctx, nullptr, fp);
  } else {
    abi::Crossing* const crossing = ctx->store->activation->crossings;
    crossing->cell = return_cell - 1;
    crossing->frame = fp - slots_at(return_cell - 1).a;
    crossing->context = caller;
  }
  uint64_t* const end = fp + code->frame_slots.load(std::memory_order_relaxed);
  keep_meter(ctx, meter);
  const TrapCode trap = native::enter(ctx, code, fp, end);
  WHERRY_TAKE_METER();
  if (trap == native::kTailCall) [[unlikely]] {
    // The frame is replaced once more; what comes back has to restore the caller, whoever the callee belongs to.
    FuncObject* const callee = ctx->store->callee;
    ctx->store->activation->stack_top = ctx->store->stack_limit;
    if (!make_ready(callee)) WHERRY_END_RUN(TrapCode::HostError);
    const FrameShape shape = shape_of_frame(callee);
    if (!fits(ctx->store, fp, shape.slots)) {
      ctx->store->trap = TrapCode::CallStackExhausted;
      WHERRY_END_RUN(TrapCode::CallStackExhausted);
    }
    std::memmove(fp, end, uint64_t{callee->type->param_slots} * 8);
    uint64_t* const new_header = fp + shape.header;
    new_header[abi::kHeaderReturn] = reinterpret_cast<uint64_t>(cross_cell());
    new_header[abi::kHeaderCallerContext] = reinterpret_cast<uint64_t>(caller);
    new_header[abi::kHeaderCallerCell] = reinterpret_cast<uint64_t>(return_cell);
    ctx = callee->context;
    mem = ctx->memory0_base;
    WHERRY_BEGIN(callee->code, fp);
  }
  if (trap != TrapCode::None) [[unlikely]] {
    if (trap != TrapCode::UncaughtException) WHERRY_END_RUN(trap);
    hand = std::exchange(ctx->store->pending_exception, abi::kNullRef);
    WHERRY_TAIL(unwind);
  }
  acc = fp[0];
  ctx = caller;
  mem = ctx->memory0_base;
  pc = return_cell;
  WHERRY_RETURN();
}

}  // namespace wherry::interpret
