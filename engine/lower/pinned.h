#pragma once

#include <cstdint>
#include <span>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

namespace wherry::lower {

// The two integer (or reference) locals that a body uses most, a use in a loop counting eightfold a level. The
// body need not be valid; what cannot be read ends the count.
struct PinnedLocals {
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t first = kNone;
  uint32_t second = kNone;
};

// `body` holds declarations and code. `counts` is scratch memory.
PinnedLocals choose_pinned(base::ByteSpan body, std::span<const wasm::ValType> locals,
                           wasm::Features features, base::Vector<uint64_t>* counts);

}  // namespace wherry::lower
