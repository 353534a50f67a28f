// Threads by pthread itself. std::thread would work as well; this is smaller in a static program, tells failure by a
// value (std::thread throws), and starts threads with the embedder's signals blocked, so that a ticker never runs a
// handler that was not written for it.
//
// The limit of the native stack comes from what the system knows, cached a thread. For the main thread glibc's
// pthread_getattr_np reads /proc/self/maps (30 us, and the file may not be there): RLIMIT_STACK and __libc_stack_end
// say the same.
#include "engine/base/os/thread.h"

#include <csignal>
#include <ctime>
#include <initializer_list>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/os/clock.h"

extern "C" void* __libc_stack_end;  // Of glibc: where the main thread's stack begins.

namespace wherry::base {

uint32_t hardware_concurrency() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count < 1 ? 1 : static_cast<uint32_t>(count);
}

constinit thread_local StackBounds t_stack_bounds;

namespace {

constexpr uintptr_t kUnlimitedStackBytes = 8 << 20;

StackBounds main_thread_bounds() {
  const uintptr_t high = reinterpret_cast<uintptr_t>(__libc_stack_end);
  rlimit limit{};
  uintptr_t size_bytes = kUnlimitedStackBytes;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) size_bytes = limit.rlim_cur;
  if (size_bytes > high) size_bytes = high;
  // Arguments and environment lie above __libc_stack_end and count too: at most a quarter of the limit.
  return {high - size_bytes + size_bytes / 4, high};
}

StackBounds other_thread_bounds() {
  pthread_attr_t attributes;
  StackBounds bounds{0, 1};
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return bounds;
  void* address = nullptr;
  size_t size_bytes = 0;
  if (pthread_attr_getstack(&attributes, &address, &size_bytes) == 0) {
    bounds = {reinterpret_cast<uintptr_t>(address), reinterpret_cast<uintptr_t>(address) + size_bytes};
  }
  pthread_attr_destroy(&attributes);
  return bounds;
}

}  // namespace

uintptr_t find_native_stack_limit(size_t margin_bytes) {
  StackBounds& bounds = t_stack_bounds;
  if (bounds.high == 0) {
    bounds = syscall(SYS_gettid) == getpid() ? main_thread_bounds() : other_thread_bounds();
  }
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (here < bounds.low || here >= bounds.high) return here < margin_bytes ? 0 : here - margin_bytes;
  const uintptr_t quarter = (bounds.high - bounds.low) / 4;  // Of a small stack.
  return bounds.low + (margin_bytes < quarter ? margin_bytes : quarter);
}

void* Thread::enter(void* self) {
  auto* thread = static_cast<Thread*>(self);
  thread->body_(thread->argument_);
  return nullptr;
}

bool Thread::start(void (*body)(void*), void* argument, size_t stack_bytes) {
  body_ = body;
  argument_ = argument;
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) sigdelset(&blocked, fault);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int result = stack_bytes == 0 ? 0 : pthread_attr_setstacksize(&attributes, stack_bytes);
  if (result == 0) result = pthread_create(&handle_, &attributes, enter, this);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (result != 0) {
    body_ = nullptr;
    return false;
  }
  return true;
}

void Thread::join() {
  if (body_ == nullptr) return;
  pthread_join(handle_, nullptr);
  body_ = nullptr;
}

Ticker::Ticker(uint64_t (*tick)(void*), void* argument) : tick_(tick), argument_(argument) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&changed_, &attributes);
  pthread_condattr_destroy(&attributes);
}

Ticker::~Ticker() {
  pthread_mutex_lock(&mutex_);
  is_ending_ = true;
  pthread_cond_signal(&changed_);
  pthread_mutex_unlock(&mutex_);
  thread_.join();
  pthread_cond_destroy(&changed_);
  pthread_mutex_destroy(&mutex_);
}

bool Ticker::hold() {
  pthread_mutex_lock(&mutex_);
  const bool is_running = thread_.is_running() || thread_.start(run, this);
  if (is_running && holders_++ == 0) pthread_cond_signal(&changed_);
  pthread_mutex_unlock(&mutex_);
  return is_running;
}

void Ticker::release() {
  pthread_mutex_lock(&mutex_);
  --holders_;
  pthread_mutex_unlock(&mutex_);
}

void Ticker::wake() {
  pthread_mutex_lock(&mutex_);
  pthread_cond_signal(&changed_);
  pthread_mutex_unlock(&mutex_);
}

void Ticker::run(void* self) {
  auto* ticker = static_cast<Ticker*>(self);
  pthread_mutex_lock(&ticker->mutex_);
  while (!ticker->is_ending_) {
    if (ticker->holders_ == 0) {
      pthread_cond_wait(&ticker->changed_, &ticker->mutex_);
      continue;
    }
    const uint64_t until_ns = monotonic_ns() + ticker->tick_(ticker->argument_);
    const timespec until{static_cast<time_t>(until_ns / 1'000'000'000),
                         static_cast<long>(until_ns % 1'000'000'000)};
    pthread_cond_timedwait(&ticker->changed_, &ticker->mutex_, &until);
  }
  pthread_mutex_unlock(&ticker->mutex_);
}

}  // namespace wherry::base
