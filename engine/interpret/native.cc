// From the interpreter into native code. The callee's frame on the value stack is where its thunk reads parameters and
// writes results, so nothing is copied. As with host functions, the crossing says who calls: no frame stays here that a
// walk could meet. Results may cover the header, which is therefore read first, also what a call between instances put
// there; the return is the one that the shared return cell would have made.
#include "engine/interpret/native.h"

#include <utility>

#include "engine/native/enter.h"

namespace wherry::interpret {

using wasm::TrapCode;

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
  const TrapCode trap = native::enter(ctx, code, fp, fp + code->frame_slots.load(std::memory_order_relaxed));
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
