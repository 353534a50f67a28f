// A guest's list of buffers, in the host's form.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "wasi/p1/state.h"

namespace wherry::wasi::p1 {

// Takes from a list of any length as many buffers that are not empty as fit here: the rest is for another call of the
// guest's, to which a short count is told. Nothing is copied but addresses.
class Iovecs {
 public:
  // Errors: Fault if the list or a buffer of it is not within the memory. Also stops for Call::patience.
  [[nodiscard]] Errno read(Call& call, uint32_t list, uint32_t count);

  std::span<iovec> buffers() { return {buffers_, size_}; }

 private:
  static constexpr size_t kMost = 128;
  iovec buffers_[kMost];
  size_t size_ = 0;
};

}  // namespace wherry::wasi::p1
