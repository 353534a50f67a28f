#pragma once

#include "engine/interpret/cold.h"

// What a handler does around a call of the runtime (abi::Builtins): leave(), the call, WHERRY_TAKE_METER() or, where the call
// answers with a trap's code, WHERRY_OR_TRAP of the call.
namespace wherry::interpret {

// The runtime may look at the frames and at the fuel, and may neither use the stack nor enter guest code.
inline void leave(Context* ctx, const Cell* pc, uint64_t* fp, uint64_t meter) {
  keep_meter(ctx, meter);
  record_position(ctx, pc, fp);
  ctx->store->activation->stack_top = ctx->store->stack_limit;
}

#define WHERRY_OR_TRAP(...)                         \
  do {                                              \
    const wasm::TrapCode code_ = (__VA_ARGS__);     \
    WHERRY_TAKE_METER();                            \
    if (code_ != wasm::TrapCode::None) [[unlikely]] \
      WHERRY_TRAP(code_);                           \
  } while (0)

}  // namespace wherry::interpret
