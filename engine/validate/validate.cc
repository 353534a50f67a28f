// Validation of all bodies, in parallel where it pays. Bodies are dealt out in chunks of about kChunkBytes, in the
// order of the file. A worker that finds an error notes its place and takes no more chunks; the others finish what
// they hold and stop at chunks behind the earliest error. As chunks are taken in order, all in front of an error
// have been validated when the workers are done, so the earliest error is the one that a single thread finds.
//
// A thread that the system refuses is done without: the caller's thread works too, and would do everything.
#include <mutex>

#include "engine/base/os/thread.h"
#include "engine/validate/function_validator.h"

namespace wherry::validate {

namespace {

constexpr uint64_t kChunkBytes = 64 << 10;
constexpr uint32_t kMaxThreads = 64;

class Bodies {
 public:
  explicit Bodies(const TypedModule& module) : module_(module) {}

  // Takes chunks until none is left.
  void work() {
    ValidatorBuffers<NullSink> buffers;
    NullSink sink;
    FunctionValidator<NullSink> validator(module_, buffers, sink);
    uint32_t first;
    uint32_t end;
    while (take(&first, &end)) {
      for (uint32_t i = first; i < end; ++i) {
        const wasm::FuncIndex func(module_.module.imported_funcs + i);
        base::Result<void> valid = validator.run(func, module_.module.body_bytes(func));
        if (valid) continue;
        note(i, std::move(valid).error());
        return;
      }
    }
  }

  bool has_error() const { return error_at_ != kNone; }
  base::Error take_error() { return std::move(error_); }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  bool take(uint32_t* first, uint32_t* end) {
    const std::lock_guard lock(mutex_);
    const std::span<const wasm::CodeBody> bodies = module_.module.bodies;
    if (next_ >= bodies.size() || next_ > error_at_) return false;
    *first = next_;
    for (uint64_t size_bytes = 0; next_ < bodies.size() && size_bytes < kChunkBytes; ++next_) {
      size_bytes += bodies[next_].size_bytes;
    }
    *end = next_;
    return true;
  }

  void note(uint32_t at, base::Error&& error) {
    const std::lock_guard lock(mutex_);
    if (at >= error_at_) return;
    error_at_ = at;
    error_ = std::move(error);
  }

  const TypedModule& module_;
  std::mutex mutex_;
  uint32_t next_ = 0;
  uint32_t error_at_ = kNone;
  base::Error error_{};
};

uint64_t code_bytes(const wasm::Module& module) {
  uint64_t total = 0;
  for (const wasm::CodeBody& body : module.bodies) total += body.size_bytes;
  return total;
}

}  // namespace

base::Result<ValidModule> validate(TypedModule&& typed, uint32_t threads) {
  Bodies bodies(typed);
  const uint64_t useful = code_bytes(typed.module) / (2 * kChunkBytes);
  uint32_t helpers = 0;
  base::Thread pool[kMaxThreads];
  while (helpers + 1 < threads && helpers < useful && helpers < kMaxThreads) {
    const auto work = [](void* argument) { static_cast<Bodies*>(argument)->work(); };
    if (!pool[helpers].start(work, &bodies)) break;
    ++helpers;
  }
  bodies.work();
  for (uint32_t i = 0; i < helpers; ++i) pool[i].join();
  if (bodies.has_error()) return base::Failure(bodies.take_error());
  return ValidModule(std::move(typed));
}

}  // namespace wherry::validate
