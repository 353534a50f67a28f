// What the programs that measure calls share: a clock, the best of several rounds, answers that must be there, and Wasmtime's C
// API as far as they need it (its 48.0), whose library is loaded at run time. Everything that Wasmtime owns is leaked.
#pragma once

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "wherry/result.h"

namespace bench {

[[noreturn]] inline void die(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::exit(1);
}

template <class T>
T take(wherry::Result<T> result) {
  if (!result) die(result.error().describe());
  return *std::move(result);
}

inline double now_ns() {
  using namespace std::chrono;
  return static_cast<double>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

// The best of at least so many rounds of `body`, which does something `count` times: nanoseconds for one of them. What else the machine
// does comes in stretches of many milliseconds and makes a call twice as long (12 ns became 21), so rounds are short and spread over a
// while, half of which is slept: then some of them are alone.
template <class Body>
double best(int rounds, int count, Body body) {
  constexpr double kSpreadNs = 400e6;
  constexpr double kStretchNs = 3e6;
  double least = 1e18;
  const double begin = now_ns();
  double woken = begin;
  for (int round = 0; round < rounds || now_ns() - begin < kSpreadNs; ++round) {
    const double start = now_ns();
    body();
    least = std::min(least, (now_ns() - start) / count);
    if (now_ns() - woken < kStretchNs) continue;
    std::this_thread::sleep_for(std::chrono::nanoseconds(static_cast<int64_t>(kStretchNs)));
    woken = now_ns();
  }
  return least;
}

// ---- Wasmtime

struct WasmtimeBytes {
  size_t size = 0;
  char* data = nullptr;
};

class Wasmtime {
 public:
  explicit Wasmtime(const char* path) : library_(dlopen(path, RTLD_NOW)) {
    if (library_ == nullptr) die(dlerror());
    engine = symbol<void*()>("wasm_engine_new")();
    void* const store = symbol<void*(void*, void*, void*)>("wasmtime_store_new")(engine, nullptr, nullptr);
    context = symbol<void*(void*)>("wasmtime_store_context")(store);
  }

  template <class Signature>
  Signature* symbol(const char* name) const {
    void* const found = dlsym(library_, name);
    if (found == nullptr) die(std::string("wasmtime lacks ") + name);
    return reinterpret_cast<Signature*>(found);
  }
  // A module's or component's text as its binary.
  WasmtimeBytes parse(std::string_view text) const {
    WasmtimeBytes bytes;
    must(symbol<void*(const char*, size_t, WasmtimeBytes*)>("wasmtime_wat2wasm")(text.data(), text.size(),
                                                                                 &bytes));
    return bytes;
  }
  static void must(const void* error) {
    if (error != nullptr) die("wasmtime failed");
  }

  void* engine;
  void* context;

 private:
  void* library_;
};

}  // namespace bench
