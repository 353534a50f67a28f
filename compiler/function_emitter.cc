// The sink itself: its beginning and end, its tools. Instructions are in emit_*.cc.
#include "compiler/function_emitter.h"

#include "engine/abi/native.h"
#include "engine/abi/tier.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {

void FunctionEmitter::leave_out(wasm::Op op) {
  if (failed_) return;
  failed_ = true;
  error_ = base::Error{wasm::ErrorCode::NotYetExecutable, offset_, std::string(wasm::info(op).text)};
}

}  // namespace wherry::compiler
