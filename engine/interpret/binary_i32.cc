// Handlers of i32 arithmetic and comparison (core spec 4.3.2).
#include "engine/interpret/binary.h"

namespace wherry::interpret {

#define INTEGER(name, kind, trap, value) template struct BinaryRow<Op::I32##name>;
#include "engine/interpret/operations.inc"

}  // namespace wherry::interpret
