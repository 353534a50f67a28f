// How many descriptors of the host a guest may hold.
#pragma once

#include <errno.h>

#include <cstdint>
#include <utility>

#include "wasi/host/handle.h"
#include "wasi/host/ref.h"

namespace wherry::wasi::host {

// `wanted`, or three quarters of what the process may open, if that is less: a guest cannot use up the host's.
uint32_t descriptor_limit(uint32_t wanted);

class Quota : public Counted {
 public:
  explicit Quota(uint32_t most) : left_(most) {}

  // One descriptor's share, given back at its end. Move-only.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept = default;
    Share& operator=(Share&& other) noexcept {
      std::swap(quota_, other.quota_);
      return *this;
    }
    ~Share() {
      if (quota_) ++quota_->left_;
    }

   private:
    friend class Quota;
    explicit Share(Ref<Quota> quota) : quota_(std::move(quota)) {}
    Ref<Quota> quota_;
  };

  // EMFILE if none is left. Take one before a descriptor is opened.
  [[nodiscard]] int take(Share& out) {
    if (left_ == 0) return EMFILE;
    --left_;
    out = Share(Ref<Quota>(this));
    return 0;
  }

  uint32_t left() const { return left_; }

 private:
  uint32_t left_;
};

// A descriptor that several objects of one guest use; closed with the last of them.
class SharedHandle : public Counted {
 public:
  SharedHandle(Handle handle, Quota::Share share) : share_(std::move(share)), handle_(std::move(handle)) {}
  int fd() const { return handle_.fd(); }
  const Handle& handle() const { return handle_; }

 private:
  Quota::Share share_;
  Handle handle_;
};

}  // namespace wherry::wasi::host
