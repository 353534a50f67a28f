#pragma once

#include "engine/interpret/dispatch.h"

namespace wherry::interpret {

// HandlerTable::canonical_nan, in its order.
WHERRY_HANDLER canonical_nan_f32(WHERRY_ARGS);
WHERRY_HANDLER canonical_nan_f64(WHERRY_ARGS);
WHERRY_HANDLER canonical_nan_f32x4(WHERRY_ARGS);
WHERRY_HANDLER canonical_nan_f64x2(WHERRY_ARGS);

}  // namespace wherry::interpret
