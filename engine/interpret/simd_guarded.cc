// Vectors of memories behind guard pages: these handlers lie where the fault handler knows them (memory_guarded.cc).
#define WHERRY_ACCESS_GUARDED
#include "engine/interpret/simd_access.h"

namespace wherry::interpret {

template struct VectorAccess<Access::Guarded>;

}  // namespace wherry::interpret
