#pragma once

#include "engine/abi/context.h"
#include "engine/interpret/dispatch.h"

namespace wherry::interpret {

// The global's slot: in the Context itself, or where a pointer there leads.
template <bool imported>
WHERRY_INLINE uint64_t* global_at(Context* ctx, uint32_t offset) {
  if constexpr (imported)
    return *ctx->at<abi::GlobalSlots>(offset);
  else
    return ctx->at<uint64_t>(offset);
}

}  // namespace wherry::interpret
