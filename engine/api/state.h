#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/abi/code_provider.h"
#include "engine/abi/native.h"
#include "engine/abi/tier.h"
#include "engine/api/access.h"
#include "engine/api/exceptions.h"
#include "engine/api/file.h"
#include "engine/base/vector.h"
#include "engine/lower/module_code.h"
#include "engine/native/module_code.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/interrupt.h"
#include "engine/runtime/store.h"
#include "engine/validate/typed_module.h"
#include "wherry/wherry.h"

// What stands behind the public classes. Only engine/api includes this.
namespace wherry::api {

class Watcher;
struct LoadedArtifact;

// A host function's closure, shared by linkers, prelinked modules and stores; counted.
struct Closure {
  std::atomic<uint32_t> users{1};
  HostEntry entry = nullptr;
  void* environment = nullptr;
  void (*destroy)(void* environment) = nullptr;

  void retain() { users.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      if (destroy != nullptr) {
        destroy(environment);
      }
      delete this;
    }
  }
};

// A host function in one store: the environment of its abi::HostFuncObject.
struct HostBinding {
  HostEntry entry = nullptr;
  void* environment = nullptr;
  detail::StoreState* store = nullptr;
  runtime::HostFunc* func = nullptr;
  Closure* closure = nullptr;  // Holds a count; null for functions of static tables.
};

// A call of a host function in progress, innermost first; lies on the native stack of the function that enters it.
struct HostCall {
  HostCall* outer;
  const HostBinding* binding;
  const abi::Context* caller;     // Its instance is null if the embedder called.
  const abi::Crossing* crossing;  // The innermost one when it was entered: the guest that called runs in it.
};

// The same when native code called: then the crossing says so, and the call is not among StoreState::host_calls. Its `host` is the
// HostBinding. Aligned so that the last words of the Caller, which are cleared together, lie in one line of the cache.
struct alignas(16) NativeHostCall : abi::NativeStop {
  static constexpr size_t kNoScope = ~size_t{0};

  Caller caller;
  size_t roots_scope = kNoScope;  // Opened when the function holds its first object; kNoScope: not yet.
};

// Host functions of linkers that have taken form in a store, by definition and environment, so that a module that is
// instantiated a thousand times in one store does not leave a thousand copies of its imports there.
class HostFunctions {
 public:
  // Null if there is none.
  abi::FuncObject* find(const void* definition, const void* environment) const;
  [[nodiscard]] bool add(const void* definition, const void* environment, abi::FuncObject* func);

 private:
  struct Entry {
    const void* definition = nullptr;
    const void* environment = nullptr;
    abi::FuncObject* func = nullptr;
  };
  size_t place(const void* definition, const void* environment) const;

  base::Vector<Entry> entries_;  // Open addressing; a power of two, at most half full.
  size_t count_ = 0;
};

// Where a guest was when it trapped, taken down before its frames are.
struct Backtrace {
  std::vector<Frame> frames;
  uint32_t omitted = 0;
};

// A guest's frame, or (with `host`) a call of a host function.
struct RawFrame {
  const abi::Context* context = nullptr;  // Of native code: of some instance of its module.
  const abi::Cell* cell = nullptr;
  const abi::FuncCode* code = nullptr;
  const HostBinding* host = nullptr;
  const void* native_pc = nullptr;  // Instead of `cell` and `code`.
};

// The innermost and the outermost frames of a stack, before anything is looked up for them. Means something as long as
// its store lives.
class RawBacktrace {
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

// An exception between a guest that did not catch it and whoever is told.
struct Uncaught {
  abi::Ref exception = abi::kNullRef;
  std::string tag;  // As the guest calls it; may be empty.
  RawBacktrace thrown_at;
  std::shared_ptr<const Thrown> thrown;  // Keeps it, so that its address means no other.
};

// Error: Usage for limits with which nothing could run.
Result<void> check_limits(const StoreLimits& limits);

}  // namespace wherry::api

namespace wherry::detail {

struct EngineState {
  explicit EngineState(const Config& settings) : config(settings) {}

  std::atomic<uint32_t> users{1};
  const Config config;
  wasm::Features features;
  lower::Options lowering;
  const lower::HandlerTable* handlers = nullptr;
  runtime::Guard guard = runtime::Guard::On;
  uint32_t validation_threads = 1;
  wasm::TypeRegistry types;
  runtime::InterruptClock clock;
  // The interpreter's, with the quick way to host functions (engine/api/native_host.cc) where calls are not observed.
  abi::Tier tier = {};
  abi::NativeBuiltins native_builtins = {};
};

struct SharedMemoryState {
  SharedMemoryState(Engine with, runtime::LinearMemory* held) : engine(std::move(with)), memory(held) {}
  ~SharedMemoryState() { memory->release(); }

  std::atomic<uint32_t> users{1};
  Engine engine;
  runtime::LinearMemory* memory;  // Held once.
};

class MappedSource;

struct ModuleState {
  ModuleState(Engine with, validate::TypedModule&& module);
  ~ModuleState();

  std::atomic<uint32_t> users{1};
  Engine engine;
  Blob bytes;                                     // Empty if the bytes are the embedder's or a file's.
  api::FileBytes file;                            // Empty likewise.
  const MappedSource* source = nullptr;           // Of a component's file that the bytes lie in; may be null.
  std::unique_ptr<api::LoadedArtifact> artifact;  // Null: it was not compiled.
  validate::TypedModule typed;
  std::unique_ptr<lower::ModuleCode> code;
  std::unique_ptr<native::ModuleCode> native;  // Null: none of its code is native.
  std::unique_ptr<const runtime::ModuleShape> shape;
  bool is_adapter = false;  // Made by the engine (wherry/detail/adapter.h).

  // Whether the file that the bytes lie in, if there is one, was cut short.
  bool has_shrunk() const;

  // What instances are given: makes code as `code` does, and blames the file where it is at fault.
  struct Provider : abi::CodeProvider {
    ModuleState* owner = nullptr;
    static bool prepare_code(abi::CodeProvider* self, abi::FuncCode* func, base::Error* error);
  };
  Provider provider;

  const wasm::Module& module() const { return typed.module; }
};

struct StoreState {
  StoreState(Engine with, const StoreLimits& most);
  ~StoreState();

  Engine engine;
  StoreLimits limits;
  uint64_t id = 0;
  // What identifies the thread that runs a guest of it; 0 while none does.
  std::atomic<uintptr_t> runner{0};
  api::HostCall* host_calls = nullptr;
  // How the host function that failed last did.
  Result<void> failure;
  std::optional<api::Backtrace> backtrace;  // Of the trap in progress.
  api::ThrownList thrown;
  std::unique_ptr<api::Uncaught> uncaught;  // The last one.
  api::HostFunctions host_functions;
  // The memory that an instance exports as "memory", by the instance's index; null: not looked for yet.
  base::Vector<runtime::LinearMemory*> exported_memories;

  struct Data {
    const void* key;
    void* value;
    void (*destroy)(void*);
  };
  base::Vector<Data> data;
  base::Vector<uint32_t> kept_types;  // Types of which the host has made objects, by canonical id.

  std::unique_ptr<runtime::Store> runtime;
  std::unique_ptr<api::Watcher> watcher;  // Null until an observer is set.
};

}  // namespace wherry::detail
