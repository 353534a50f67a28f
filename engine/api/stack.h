#pragma once

#include <algorithm>
#include <array>

#include "engine/api/state.h"

// Who is on the stacks of a store that stands still: guests and host functions, innermost first.
namespace wherry::api {

// A guest's frame, or (with `host`) a call of a host function.
struct RawFrame {
  const abi::Context* context = nullptr;
  const abi::Cell* cell = nullptr;
  const abi::FuncCode* code = nullptr;
  const HostBinding* host = nullptr;
};

// Of a deep stack only both ends are kept: the innermost frames fill an array, later ones go round in a ring.
class RawStack {
 public:
  void add(const RawFrame& frame) {
    if (count_ < kInnermostFrames) {
      inner_[count_] = frame;
    } else {
      outer_[(count_ - kInnermostFrames) % kOutermostFrames] = frame;
    }
    ++count_;
  }

  size_t size() const { return std::min(count_, kInnermostFrames + kOutermostFrames); }
  uint32_t omitted() const { return static_cast<uint32_t>(std::min<size_t>(count_ - size(), ~uint32_t{0})); }
  const RawFrame& operator[](size_t index) const {
    if (index < kInnermostFrames) {
      return inner_[index];
    }
    const size_t first = count_ > kInnermostFrames + kOutermostFrames ? count_ - kInnermostFrames : 0;
    return outer_[(first + index - kInnermostFrames) % kOutermostFrames];
  }

 private:
  std::array<RawFrame, kInnermostFrames> inner_;
  std::array<RawFrame, kOutermostFrames> outer_;
  size_t count_ = 0;
};

// All crossings of the store, so that a guest that a host function called back shows the whole way.
void collect_stack(detail::StoreState& state, RawStack* stack);

// Name, index and kind of a host function, as its caller imported it.
void describe_host(const RawFrame& raw, Frame* frame);

inline runtime::Instance* instance_of(const abi::Context* context) {
  return static_cast<runtime::Instance*>(context->instance);
}

inline const detail::ModuleState& module_of(const abi::Context* context) {
  return *static_cast<const detail::ModuleState*>(instance_of(context)->owner());
}

}  // namespace wherry::api
