// wasi-threads: guests that start threads (`wasi.thread-spawn`), each an instance of the program in a store of its own,
// with the same shared memory.
//
//   auto threads = wasi::Threads::create(engine, config);
//   WHERRY_RETURN_IF_ERROR(threads->add_to_linker(linker, module));      // before everything else is instantiated
//   WHERRY_ASSIGN_OR_RETURN(const InstancePre program, linker.prelink(module));
//   WHERRY_RETURN_IF_ERROR(threads->set_program(program, store));
//   WHERRY_ASSIGN_OR_RETURN(const Instance instance, program.instantiate(store));
//
// The proposal is an old one (legacy in Wasmtime's words), but what C and C++ programs with pthread are compiled to.
#pragma once

#include <cstdint>
#include <memory>

#include "wherry/engine.h"
#include "wherry/linker.h"
#include "wherry/module.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/wasi.h"

namespace wherry::wasi {

// How threads are made. Both functions are called on any thread, also on several at once.
struct ThreadsConfig {
  // How many may be alive at once, the first one not counted. A guest that starts more is told so.
  uint32_t max_threads = 256;

  // Gives a new store what the program's has: limits of time and fuel, WASI (attach_shared, of one that is `shared`). Null: nothing. An error
  // ends the program as one of the thread would.
  Result<void> (*prepare)(void* context, StoreRef store) = nullptr;

  // A thread ended with an error: a trap, an exit, or that it could not be instantiated. That is the end of the program
  // (proc_exit ends it from any thread), so this function sees to it: it ends the process, or stops what else runs. Called
  // on that thread. Null: the first error is kept for take_failure(), and all other threads are interrupted (where
  // Config::interruption is on).
  void (*failed)(void* context, uint32_t thread, const Error& error) = nullptr;

  void* context = nullptr;
};

// The threads of one program. Must outlive the linker, and all stores whose guests start threads.
class Threads {
 public:
  static Result<std::unique_ptr<Threads>> create(const Engine& engine, const ThreadsConfig& config);
  // Interrupts threads that still run and waits for them: without Config::interruption this takes as long as they do.
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Defines `wasi.thread-spawn`, and each shared memory that the module imports, made anew. Errors: Link, Limit,
  // OutOfMemory.
  Result<void> add_to_linker(Linker& linker, const Module& module);

  // What threads are instances of, and the store of the program's first one, which is interrupted like the others when a
  // thread fails. Until then, starting one is an error of kind Usage. Error: Link if the module does not export
  // `wasi_thread_start` as a function of two i32.
  Result<void> set_program(const InstancePre& program, StoreRef store);

  // How the first thread that failed did, and forgets it; success if none has. Any thread.
  Result<void> take_failure();

 private:
  struct Impl;
  explicit Threads(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::wasi
