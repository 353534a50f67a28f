// Whether this processor can run the handlers, which are compiled for x86-64-v2 (2009): asked once an engine, so that an older
// machine says what it lacks instead of ending with an illegal instruction. glibc has asked the processor at its start already;
// asking again costs a microsecond an instruction in a virtual machine.
#include "engine/interpret/interpreter.h"

#if defined(__x86_64__)
#include <sys/platform/x86.h>
#endif

namespace wherry::interpret {

const char* missing_processor_feature() {
#if defined(__x86_64__)
  if (!CPU_FEATURE_ACTIVE(SSSE3)) return "SSSE3";
  if (!CPU_FEATURE_ACTIVE(SSE4_1)) return "SSE4.1";
  if (!CPU_FEATURE_ACTIVE(SSE4_2)) return "SSE4.2";
  if (!CPU_FEATURE_ACTIVE(POPCNT)) return "POPCNT";
#endif
  return nullptr;
}

}  // namespace wherry::interpret
