// Handlers of f32 and f64 arithmetic and comparison (core spec 4.3.3).
#include "engine/interpret/binary.h"

namespace wherry::interpret {

#define FLOAT(name, kind, value)            \
  template struct BinaryRow<Op::F32##name>; \
  template struct BinaryRow<Op::F64##name>;
#include "engine/interpret/operations.inc"

}  // namespace wherry::interpret
