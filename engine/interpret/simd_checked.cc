// Vectors of memories without guard pages.
#include "engine/interpret/simd_access.h"

namespace wherry::interpret {

template struct VectorAccess<Access::Checked>;

}  // namespace wherry::interpret
