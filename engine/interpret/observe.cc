// The one handler that watches: it stands in code that was lowered for tracing, before each instruction, behind each
// function's entry and before each return, and calls the runtime with the frame as it is. Code that was not asked for it
// holds none, so that watching costs nothing where nobody watches.
//
// Rejected: a second set of handlers that trace (twice the text), and a flag tested by each.
#include "engine/interpret/observe.h"

#include "engine/abi/observe.h"
#include "engine/interpret/runtime_call.h"

namespace wherry::interpret {

WHERRY_COLD WHERRY_HANDLER observe(WHERRY_ARGS) {
  WHERRY_STATE;
  leave(ctx, pc, fp, meter);
  ctx->builtins->observe(ctx, std::bit_cast<abi::Observed>(*reinterpret_cast<const Cell(*)[2]>(pc + 1)), fp);
  WHERRY_TAKE_METER();
  WHERRY_NEXT(3);
}

}  // namespace wherry::interpret
