#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/abi/cell.h"
#include "engine/runtime/heap.h"
#include "wherry/result.h"
#include "wherry/value.h"

// Exceptions between guest and host. Inside of engine/api.
namespace wherry::detail {
struct StoreState;
}

namespace wherry::api {

// A root of the store that Errors share: it is given up when none of them is left. Immutable, so that Errors may end on
// any thread.
struct Thrown {
  runtime::RootId root;
};

// The roots that Errors hold. The store looks now and then which of them nobody has any more.
class ThrownList {
 public:
  // Roots `ref` for as long as the result has users elsewhere; null without memory.
  std::shared_ptr<const Thrown> add(runtime::Heap& heap, abi::Ref ref);
  // Takes over a root, for as long as the result has users elsewhere.
  std::shared_ptr<const Thrown> adopt(runtime::Heap& heap, runtime::RootId root);

 private:
  void sweep(runtime::Heap& heap);

  std::vector<std::shared_ptr<const Thrown>> all_;
  size_t sweep_at_ = 8;
};

// Takes down where the pending exception, which a guest has not caught, was thrown; while the frames are there.
void note_exception(detail::StoreState& state);

// The Error for it; takes the runtime's pending exception.
Error uncaught(detail::StoreState& state);

// If a host function failed with an exception of this store: makes it the pending one, so that the function throws it.
// False: it is an error like others.
bool pass_on(detail::StoreState& state, const Error& failure);

}  // namespace wherry::api
