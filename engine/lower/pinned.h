#pragma once

#include <cstdint>
#include <span>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

namespace wherry::lower {

// The two integer (or reference) locals that a body uses most, a use in a loop counting eightfold a level; the two f64
// locals, where they are worth the instruction that fills their registers at the entry and behind each call; and the v128 local
// that loops read most as the turn before left it. The code need not be valid; what cannot be read ends the count.
struct PinnedLocals {
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t first = kNone;
  uint32_t second = kNone;
  uint32_t first_float = kNone;
  uint32_t second_float = kNone;
  uint32_t vector = kNone;
};

// So many bytes that choose_pinned may read behind the code; they should be zero.
inline constexpr size_t kCodePadding = 16;

// `code` is the body without its declarations of locals, and kCodePadding more bytes can be read. `counts` is scratch
// memory.
PinnedLocals choose_pinned(base::ByteSpan code, std::span<const wasm::ValType> locals,
                           wasm::Features features, base::Vector<uint64_t>* counts);

}  // namespace wherry::lower
