#pragma once

#include <cstdint>

#include "engine/abi/tier.h"
#include "engine/lower/handler_table.h"

// The interpreter as others see it: the table of handlers that lowering writes into slot code, and the tier that
// runs it.
namespace wherry::interpret {

// How accesses to memory 0 find out that they are out of bounds. Guarded: by a fault; needs use_faults(), and that
// every memory 0 of such code has MemoryObject::has_guard and is a registered reservation (engine/base/os/fault.h).
enum class MemoryMode : uint8_t { Guarded, Checked };

// The handlers for lowering. Constant; any thread.
const lower::HandlerTable& handlers(MemoryMode mode);

// The interpreter's entries. Constant; any thread, each with an activation of its own.
const abi::Tier& tier();

// Makes faults in the handlers of guarded accesses traps: registers them and installs the process's fault handler, once.
// False where the handler cannot be installed: use Checked. Any thread.
[[nodiscard]] bool use_faults();

// Null, or what this processor lacks to run the interpreter. Any thread.
const char* missing_processor_feature();

// Instructions of slot code run by this thread so far, in builds that count them (WHERRY_COUNT_DISPATCHES); else 0.
uint64_t dispatch_count();

}  // namespace wherry::interpret
