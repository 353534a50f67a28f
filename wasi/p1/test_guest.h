// A guest without an engine: a memory, a state, and calls into the functions of preview 1. Test code only.
#pragma once

#include <string.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/test_tree.h"
#include "wasi/p1/functions.h"
#include "wherry/wasi.h"

namespace wherry::wasi::p1 {

class TestGuest {
 public:
  // Descriptor 3 is `tree`; more as `config` says.
  explicit TestGuest(const std::string& directory, bool read_only = false,
                     PathResolution resolution = PathResolution::Automatic, uint32_t limit = 1024) {
    const Preopen preopen{directory, "/", read_only};
    Preview1Config config;
    config.preopens = {&preopen, 1};
    config.path_resolution = resolution;
    config.max_descriptors = limit;
    start(config);
  }
  explicit TestGuest(const Preview1Config& config) { start(config); }

  State& state() { return *state_; }
  std::vector<uint8_t>& memory() { return memory_; }

  // Calls a function with addresses of this memory.
  template <class... Params, class... Args>
  Errno call(Errno (*function)(Call&, Params...), Args... args) {
    Call call{*state_, MemoryView::over(memory_), host::Patience()};
    return function(call, static_cast<Params>(args)...);
  }

  // Calls one that takes a path after `before`.
  uint32_t put(std::string_view text) {
    const uint32_t address = next_;
    memcpy(memory_.data() + address, text.data(), text.size());
    next_ += static_cast<uint32_t>(text.size());
    if (next_ > memory_.size() / 2) next_ = kText;
    return address;
  }
  template <class T>
  T get(uint32_t address) const {
    T value;
    memcpy(&value, memory_.data() + address, sizeof value);
    return value;
  }
  template <class T>
  void set(uint32_t address, const T& value) {
    memcpy(memory_.data() + address, &value, sizeof value);
  }

  Errno open(uint32_t fd, std::string_view path, uint32_t oflags = 0,
             Rights base = rights::kAll & ~rights::kFdWrite, uint32_t fdflags = 0,
             uint32_t lookup = kLookupFollow) {
    const Errno error =
        call(path_open, fd, lookup, put(path), path.size(), oflags, base, rights::kAll, fdflags, 0);
    if (error == Errno::Success) opened = get<uint32_t>(0);
    return error;
  }
  Errno write(uint32_t fd, std::string_view text) {
    set(8, Iovec{put(text), static_cast<uint32_t>(text.size())});
    return call(fd_write, fd, 8, 1, 0);
  }
  Errno read(uint32_t fd, uint32_t size, std::string* out = nullptr) {
    set(8, Iovec{kBuffer, size});
    const Errno error = call(fd_read, fd, 8, 1, 0);
    if (error == Errno::Success && out != nullptr) {
      out->assign(reinterpret_cast<char*>(memory_.data()) + kBuffer, get<uint32_t>(0));
    }
    return error;
  }
  Fdstat fdstat(uint32_t fd) {
    call(fd_fdstat_get, fd, 64);
    return get<Fdstat>(64);
  }

  uint32_t opened = 0;

  static constexpr uint32_t kText = 1024;
  static constexpr uint32_t kBuffer = 128 * 1024;

 private:
  void start(const Preview1Config& config) {
    memory_.resize(256 * 1024);
    Result<std::unique_ptr<State>> state = make_state(config);
    if (!state) {
      error = state.error().describe();
      abort();
    }
    state_ = *std::move(state);
  }

  std::unique_ptr<State> state_;
  std::vector<uint8_t> memory_;
  uint32_t next_ = kText;

 public:
  std::string error;
};

}  // namespace wherry::wasi::p1
