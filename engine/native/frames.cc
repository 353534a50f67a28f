// Native code keeps frame pointers: each frame begins with its caller's frame pointer and the return address, on both
// targets. The way ends below the registers that wherry_native_switch put down. A chain that does not go upwards is
// no chain.
#include "engine/native/frames.h"

#include <cstddef>
#include <cstdint>

#include "engine/abi/native.h"

namespace wherry::native {

void walk_frames(const abi::Crossing& crossing, void* environment,
                 bool (*visit)(void* environment, const void* pc)) {
  if (crossing.native_stop == nullptr) return;
  // SAFETY: a crossing without a first frame is part of a NativeEntry (enter.cc).
  const auto* const entry = reinterpret_cast<const abi::NativeEntry*>(
      reinterpret_cast<const uint8_t*>(&crossing) - offsetof(abi::NativeEntry, crossing));
  const auto* const end = static_cast<const void* const*>(entry->stack_pointer);
  const void* const* const stopped = crossing.native_stop->frame;
  const auto* frame = static_cast<const void* const*>(stopped[0]);
  const auto* pc = static_cast<const uint8_t*>(stopped[1]);
  while (visit(environment, pc - 1) && frame < end) {
    const auto* const outer = static_cast<const void* const*>(frame[0]);
    pc = static_cast<const uint8_t*>(frame[1]);
    if (outer <= frame || outer >= end) {
      // The frame of the thunk that enters: its caller is ours.
      return;
    }
    frame = outer;
  }
}

}  // namespace wherry::native
