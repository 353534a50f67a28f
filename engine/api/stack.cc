// Frames are taken down before the runtime takes them apart: by walking each crossing's guest frames and, between them, the
// host functions that were entered from them.
#include "engine/api/stack.h"

#include "engine/interpret/frames.h"

namespace wherry::api {

void collect_stack(detail::StoreState& state, RawBacktrace* stack) {
  const HostCall* host = state.host_calls;
  const abi::Crossing* crossing = state.runtime->activation().crossings;
  for (;; crossing = crossing->outer) {
    for (; host != nullptr && host->crossing == crossing; host = host->outer) {
      stack->add({host->caller, nullptr, nullptr, host->binding});
    }
    if (crossing == nullptr) {
      return;
    }
    interpret::walk_frames(
        *crossing, stack,
        [](void*, abi::Context* context, const abi::Cell* cell) {
          return module_of(context).code->find(cell);
        },
        [](void* environment, const interpret::Frame& frame) {
          static_cast<RawBacktrace*>(environment)->add({frame.context, frame.cell, frame.code, nullptr});
          return true;
        });
  }
}

}  // namespace wherry::api
