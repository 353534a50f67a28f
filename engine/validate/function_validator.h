#pragma once

#include "engine/validate/function_state.h"

namespace wherry::validate {

// Validates bodies in one pass each (core spec 3.4, algorithm of its appendix), telling `Sink` what it reads:
// validating, and validating while lowering, are this one code. See NullSink for the contract of sinks.
//
//   ValidatorBuffers<NullSink> buffers;
//   NullSink sink;
//   FunctionValidator<NullSink> validator(typed, buffers, sink);
//   Result<void> valid = validator.run(func, typed.module.body_bytes(func));
//
// Refers to all three; may run one function after the other. Not thread-safe.
template <class Sink>
class FunctionValidator {
 public:
  FunctionValidator(const TypedModule& module, ValidatorBuffers<Sink>& buffers, Sink& sink);

  // `body` holds the function's locals and code: the module's bytes, or a private copy of them. Errors:
  // Malformed, Invalid, Limit, OutOfMemory, with offsets in the file; and those of the sink.
  base::Result<void> run(wasm::FuncIndex func, base::ByteSpan body);
};

}  // namespace wherry::validate
