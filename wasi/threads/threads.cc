// Threads of guests.
//
// What the guest calls only makes a thread of the host and returns its number; store and instance are made on the new
// thread, as in Wasmtime, so that a start function runs there too. Stores cost a microsecond and an instance some more,
// because code is the module's: a function that one thread has called is prepared for all.
//
// Numbers count up from 1 to 2^29 - 1, the greatest that the proposal allows, and are not used again. Threads that have
// ended are joined when the next one is started.
#include "wherry/wasi_threads.h"

#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/os/thread.h"
#include "engine/base/vector.h"

namespace wherry::wasi {

namespace {

constexpr uint32_t kMostThreadNumber = 0x1fff'ffff;
constexpr int32_t kAgain = -6;  // Negative: WASI's error `again`.
constexpr std::string_view kEntry = "wasi_thread_start";

}  // namespace

struct Threads::Impl {
  struct Worker {
    Impl* owner;
    uint32_t number;
    int32_t argument;
    std::optional<InterruptHandle> interrupt;  // While its guest runs.
    bool has_ended = false;                    // This and the one above: under the mutex.
    base::Thread thread;
  };

  Impl(const Engine& with, const ThreadsConfig& how) : engine(with), config(how) {}

  int32_t spawn(int32_t argument);
  static void enter(void* worker) { static_cast<Worker*>(worker)->owner->run(*static_cast<Worker*>(worker)); }
  void run(Worker& worker);
  Result<void> run_guest(Worker& worker);
  void stop_all();
  // With the mutex held: takes those that have ended out of the list.
  void take_ended(base::Vector<std::unique_ptr<Worker>>* ended);

  const Engine engine;
  const ThreadsConfig config;
  std::optional<InstancePre> program;
  std::optional<InterruptHandle> first;

  std::mutex mutex;  // What follows.
  base::Vector<std::unique_ptr<Worker>> workers;
  uint32_t last_number = 0;
  bool is_stopping = false;
  Result<void> failure;
};

void Threads::Impl::take_ended(base::Vector<std::unique_ptr<Worker>>* ended) {
  size_t kept = 0;
  for (size_t i = 0; i < workers.size(); ++i) {
    if (workers[i]->has_ended && ended->push_back(std::move(workers[i]))) continue;
    if (kept != i) workers[kept] = std::move(workers[i]);
    ++kept;
  }
  while (workers.size() > kept) workers.pop_back();
}

int32_t Threads::Impl::spawn(int32_t argument) {
  base::Vector<std::unique_ptr<Worker>>
      ended;  // Joined when the lock is free again; they are about to return.
  std::unique_ptr<Worker> worker(new (std::nothrow) Worker{this, 0, argument, {}, false, {}});
  if (worker == nullptr) return kAgain;
  const std::lock_guard lock(mutex);
  take_ended(&ended);
  if (is_stopping || workers.size() >= config.max_threads || last_number == kMostThreadNumber ||
      !workers.reserve(workers.size() + 1)) {
    return kAgain;
  }
  worker->number = last_number + 1;
  if (!worker->thread.start(enter, worker.get())) return kAgain;
  ++last_number;
  const auto number = static_cast<int32_t>(worker->number);
  (void)workers.push_back(std::move(worker));  // There is room.
  return number;
}

Result<void> Threads::Impl::run_guest(Worker& worker) {
  WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
  if (config.prepare != nullptr) WHERRY_RETURN_IF_ERROR(config.prepare(config.context, store));
  if (engine.config().interruption) {
    WHERRY_ASSIGN_OR_RETURN(InterruptHandle handle, store.interrupt_handle());
    const std::lock_guard lock(mutex);
    if (is_stopping) return {};
    worker.interrupt = std::move(handle);
  }
  WHERRY_ASSIGN_OR_RETURN(const Instance instance, program->instantiate(store));
  WHERRY_ASSIGN_OR_RETURN(const auto start, (instance.typed<void(int32_t, int32_t)>(store, kEntry)));
  return start.call(store, static_cast<int32_t>(worker.number), worker.argument);
}

void Threads::Impl::run(Worker& worker) {
  Result<void> result = run_guest(worker);
  if (!result) {
    if (config.failed != nullptr) {
      config.failed(config.context, worker.number, result.error());
    } else {
      {
        const std::lock_guard lock(mutex);
        if (failure && !is_stopping) failure = std::move(result);
      }
      stop_all();
      if (first) first->interrupt();
    }
  }
  const std::lock_guard lock(mutex);
  worker.interrupt.reset();
  worker.has_ended = true;
}

void Threads::Impl::stop_all() {
  const std::lock_guard lock(mutex);
  is_stopping = true;
  for (const std::unique_ptr<Worker>& worker : workers) {
    if (worker->interrupt) worker->interrupt->interrupt();
  }
}

Threads::Threads(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Threads::~Threads() {
  impl_->stop_all();
  base::Vector<std::unique_ptr<Impl::Worker>> workers;
  {
    const std::lock_guard lock(impl_->mutex);
    workers = std::move(impl_->workers);
  }
}

Result<std::unique_ptr<Threads>> Threads::create(const Engine& engine, const ThreadsConfig& config) {
  std::unique_ptr<Impl> impl(new (std::nothrow) Impl(engine, config));
  if (impl == nullptr) return Error::out_of_memory();
  std::unique_ptr<Threads> threads(new (std::nothrow) Threads(std::move(impl)));
  if (threads == nullptr) return Error::out_of_memory();
  return threads;
}

Result<void> Threads::add_to_linker(Linker& linker, const Module& module) {
  Impl* const impl = impl_.get();
  WHERRY_RETURN_IF_ERROR(linker.func("wasi", "thread-spawn", [impl](int32_t argument) -> Result<int32_t> {
    if (!impl->program) return Error::usage("wasi.thread-spawn was called before Threads::set_program");
    return impl->spawn(argument);
  }));
  for (const ImportType& import : module.imports()) {
    if (import.type.kind != ExternKind::Memory || !import.type.memory.shared) continue;
    WHERRY_ASSIGN_OR_RETURN(const SharedMemory memory,
                            SharedMemory::create(impl_->engine, import.type.memory));
    WHERRY_RETURN_IF_ERROR(linker.define(import.module, import.name, memory));
  }
  return {};
}

Result<void> Threads::set_program(const InstancePre& program, StoreRef store) {
  const FuncType type{{ValType::i32(), ValType::i32()}, {}};
  const std::optional<ExternType> entry = program.module().find_export(kEntry);
  if (!entry || entry->kind != ExternKind::Func || entry->func != type) {
    return Error::make(
        ErrorKind::Link,
        "the module starts threads, but exports no function 'wasi_thread_start' (param i32 i32)");
  }
  if (impl_->engine.config().interruption) {
    WHERRY_ASSIGN_OR_RETURN(InterruptHandle handle, store.interrupt_handle());
    impl_->first = std::move(handle);
  }
  impl_->program = program;
  return {};
}

Result<void> Threads::take_failure() {
  const std::lock_guard lock(impl_->mutex);
  return std::exchange(impl_->failure, Result<void>());
}

}  // namespace wherry::wasi
