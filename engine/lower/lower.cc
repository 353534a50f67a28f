// Lowering one function: the validator runs over a private copy of the body (the file behind a mapped module may
// change at any moment, and what was validated must be what is lowered), with Lowering as its sink.
#include "engine/lower/lower.h"

#include <cstring>

#include "engine/lower/lowering.h"
#include "engine/lower/pinned.h"
#include "engine/validate/function_validator.h"
#include "engine/wasm/errors.h"

namespace wherry::lower {

struct Buffers::Impl {
  validate::ValidatorBuffers<Lowering> validator;
  Lowering::Memory lowering;
  base::Vector<uint8_t> body;
};

Buffers::Buffers() : impl_(std::make_unique<Impl>()) {}
Buffers::Buffers(Buffers&&) noexcept = default;
Buffers& Buffers::operator=(Buffers&&) noexcept = default;
Buffers::~Buffers() = default;

base::Result<void> lower(const Environment& environment, wasm::FuncIndex func, bool with_positions,
                         Buffers& buffers, SlotCode* out) {
  Buffers::Impl& memory = buffers.impl();
  const base::ByteSpan body = environment.module.module.body_bytes(func);
  memory.body.clear();
  out->cells.clear();
  out->catch_regions.clear();
  out->catch_scopes.clear();
  out->catch_clauses.clear();
  // Code has 0.4 to 0.6 words for a byte of most bodies.
  constexpr uint8_t kZeros[kCodePadding] = {};
  if (!memory.body.reserve(body.size() + kCodePadding) || !memory.body.append(body) ||
      !memory.body.append(kZeros) || !out->cells.reserve(body.size() / 2 + 16)) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  Lowering lowering(environment, &memory.lowering, out, with_positions);
  validate::FunctionValidator<Lowering> validator(environment.module, memory.validator, lowering);
  WHERRY_TRY(validator.run(func, memory.body.span().first(body.size())));
  if (lowering.failed()) return base::Failure(lowering.take_error());
  return {};
}

}  // namespace wherry::lower
