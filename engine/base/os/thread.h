#pragma once

#include <cstddef>
#include <cstdint>

#include <pthread.h>

namespace wherry::base {

// How many threads can run at once, at least 1.
uint32_t hardware_concurrency();

struct StackBounds {
  uintptr_t low = 0;
  uintptr_t high = 0;  // 0: not looked at yet.
};
// Of this thread. Constant-initialised, so that reading it is one load.
extern constinit thread_local StackBounds t_stack_bounds;
uintptr_t find_native_stack_limit(size_t margin_bytes);

// The address below which this thread's native stack should not grow, `margin_bytes` (but at most a quarter of it) above
// its end. A nanosecond after the first call on a thread. On a stack that the thread did not start with (a fiber) it is
// `margin_bytes` below the caller's frame.
inline uintptr_t native_stack_limit(size_t margin_bytes) {
  const StackBounds& bounds = t_stack_bounds;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const uintptr_t size_bytes = bounds.high - bounds.low;
  if (here - bounds.low >= size_bytes) [[unlikely]]
    return find_native_stack_limit(margin_bytes);
  return bounds.low + (margin_bytes < size_bytes / 4 ? margin_bytes : size_bytes / 4);
}

// A thread that must be joined. Not movable: the thread has its address.
class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  // Joins.
  ~Thread() { join(); }

  // Runs `body(argument)`, with all signals blocked but those of faults, on a stack of `stack_bytes` (0: the system's
  // default). False if the system refuses; once only, until joined.
  [[nodiscard]] bool start(void (*body)(void*), void* argument, size_t stack_bytes = 0);
  void join();
  bool is_running() const { return body_ != nullptr; }

 private:
  static void* enter(void* self);

  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
  pthread_t handle_{};
};

// Calls `tick(argument)` from a thread of its own while at least one holder wants it, each time as many nanoseconds after the last as that
// returned, or when it is woken; sleeps without waking up otherwise. `tick` is called with the lock held: it must not call any of these functions.
// The thread is made by the first hold. All functions are thread-safe.
class Ticker {
 public:
  Ticker(uint64_t (*tick)(void*), void* argument);
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  // Ends the thread; no tick afterwards. Nobody may hold it any more.
  ~Ticker();

  // False if the thread could not be made; then there is nothing to release.
  [[nodiscard]] bool hold();
  void release();
  // Ticks soon.
  void wake();

 private:
  static void run(void* self);

  uint64_t (*tick_)(void*);
  void* argument_;
  Thread thread_;  // This and what follows: under the mutex.
  uint32_t holders_ = 0;
  bool is_ending_ = false;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_;
};

}  // namespace wherry::base
