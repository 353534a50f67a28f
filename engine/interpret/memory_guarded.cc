// Handlers of memories behind guard pages: no check, a fault is the check. They lie in a section of their own, by
// which the fault handler knows them, and are never instrumented by sanitizers, which would give them frames.
#include "engine/interpret/memory_access.h"

namespace wherry::interpret {

#define LOAD(op, Memory, Out, kind) template struct LoadRow<Op::op, Access::Guarded>;
#define STORE(op, In, Memory, kind) template struct StoreRow<Op::op, Access::Guarded>;
#include "engine/interpret/operations.inc"

}  // namespace wherry::interpret
