// A file descriptor of the host with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace wherry::wasi::host {

// Holds a descriptor of the host, and closes it at its end if it owns it. -1 holds nothing. Move-only.
class Handle {
 public:
  Handle() = default;
  static Handle own(int fd) { return Handle(fd, true); }
  static Handle borrow(int fd) { return Handle(fd, false); }
  Handle(Handle&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), owned_(std::exchange(other.owned_, false)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  Handle(const Handle&) = delete;
  ~Handle() {
    if (owned_) ::close(fd_);
  }

  int fd() const { return fd_; }
  bool owned() const { return owned_; }
  bool empty() const { return fd_ < 0; }

 private:
  Handle(int fd, bool owned) : fd_(fd), owned_(owned && fd >= 0) {}

  int fd_ = -1;
  bool owned_ = false;
};

}  // namespace wherry::wasi::host
