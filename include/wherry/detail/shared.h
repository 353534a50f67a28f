// A counted pointer to one of the engine's own objects. Not part of the API: its users are.
#pragma once

#include <utility>

namespace wherry::detail {

// The objects behind the public classes; defined by the engine.
struct EngineState;
struct ModuleState;
struct StoreState;
struct LinkerState;
struct PreState;
struct InterruptState;
struct SharedMemoryState;

// Counting up and down, atomically. retain returns its argument; both accept null.
EngineState* retain(EngineState* state) noexcept;
ModuleState* retain(ModuleState* state) noexcept;
PreState* retain(PreState* state) noexcept;
InterruptState* retain(InterruptState* state) noexcept;
SharedMemoryState* retain(SharedMemoryState* state) noexcept;
void release(EngineState* state) noexcept;
void release(ModuleState* state) noexcept;
void release(PreState* state) noexcept;
void release(InterruptState* state) noexcept;
void release(SharedMemoryState* state) noexcept;

// Owns one count. Copying counts up, destruction counts down. Different copies may be used on different threads; one
// copy is not to be assigned and read at once.
template <class State>
class Shared {
 public:
  Shared() = default;
  // Takes over a count that the caller holds.
  explicit Shared(State* adopted) : state_(adopted) {}
  Shared(const Shared& other) : state_(retain(other.state_)) {}
  Shared(Shared&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Shared() {
    if (state_ != nullptr) {
      release(state_);
    }
  }

  State* get() const { return state_; }

 private:
  State* state_ = nullptr;
};

}  // namespace wherry::detail
