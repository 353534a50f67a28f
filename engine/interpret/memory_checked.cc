// Handlers of memories without guard pages: custom page sizes, hosts that cannot take signals.
#include "engine/interpret/memory_access.h"

namespace wherry::interpret {

#define LOAD(op, Memory, Out, kind) template struct LoadRow<Op::op, Access::Checked>;
#define STORE(op, In, Memory, kind) template struct StoreRow<Op::op, Access::Checked>;
#include "engine/interpret/operations.inc"

}  // namespace wherry::interpret
