// Shared memories of the public API: the runtime's object, counted, and the engine it is for. The engine matters because
// whether code checks addresses or relies on a guard follows from its configuration.
#include "wherry/shared_memory.h"

#include <new>

#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"
#include "engine/base/os/clock.h"
#include "engine/runtime/shared_bytes.h"

namespace wherry {

namespace {

// Takes over a hold of the memory.
Result<SharedMemory> adopt(const Engine& engine, runtime::LinearMemory* memory) {
  auto* state = new (std::nothrow) detail::SharedMemoryState(engine, memory);
  if (state == nullptr) {
    memory->release();
    return Error::out_of_memory();
  }
  return SharedMemoryAccess::adopt(state);
}

bool is_within(uint64_t address, uint64_t size, uint64_t end) { return size <= end && address <= end - size; }

Error out_of_bounds() { return Error::trap(TrapCode::MemoryOutOfBounds); }

}  // namespace

Result<SharedMemory> SharedMemory::create(const Engine& engine, const MemoryType& type) {
  if (!type.shared) {
    return Error::usage("a memory type that is not shared");
  }
  WHERRY_ASSIGN_OR_RETURN(const wasm::MemoryType wanted, api::to_engine(type));
  runtime::LinearMemory* const made = WHERRY_TRY_PUBLIC(runtime::LinearMemory::create_shared(
      wanted, EngineAccess::state(engine)->guard, nullptr, engine.config().limits.memory_bytes));
  return adopt(engine, made);
}

Result<SharedMemory> SharedMemory::of(StoreRef store, Memory memory) {
  runtime::LinearMemory* const found = WHERRY_FIND(store, memory, "memory");
  if (!found->is_shared()) {
    return Error::usage("the memory is not shared");
  }
  found->retain();
  return adopt(store.engine(), found);
}

Result<Memory> SharedMemory::in(StoreRef store) const {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  if (state->engine != engine()) {
    return Error::usage("the shared memory is of another engine than the store");
  }
  runtime::LinearMemory* const memory = state_.get()->memory;
  WHERRY_TRY_PUBLIC(state->runtime->add_shared_memory(memory));
  return api::make_handle<Memory>(*state, state->runtime->handle_of(memory));
}

const Engine& SharedMemory::engine() const { return state_.get()->engine; }
MemoryType SharedMemory::type() const { return api::to_public(state_.get()->memory->current_type()); }
uint64_t SharedMemory::size() const { return state_.get()->memory->size_bytes(); }
uint64_t SharedMemory::pages() const { return state_.get()->memory->pages(); }

Result<uint64_t> SharedMemory::grow(uint64_t delta) const {
  uint64_t previous = 0;
  switch (state_.get()->memory->grow(delta, &previous)) {
    case runtime::LinearMemory::Growth::Done: return previous;
    case runtime::LinearMemory::Growth::OutOfMemory: return Error::out_of_memory();
    case runtime::LinearMemory::Growth::Refused: break;
  }
  return Error::make(ErrorKind::Limit, "a shared memory of " + std::to_string(previous) +
                                           " pages cannot grow by " + std::to_string(delta));
}

Result<void> SharedMemory::read(uint64_t address, std::span<uint8_t> target) const {
  if (!is_within(address, target.size(), size())) {
    return out_of_bounds();
  }
  runtime::move_shared(target.data(), state_.get()->memory->base() + address, target.size());
  return {};
}

Result<void> SharedMemory::write(uint64_t address, Bytes source) const {
  if (!is_within(address, source.size(), size())) {
    return out_of_bounds();
  }
  runtime::move_shared(state_.get()->memory->base() + address, source.data(), source.size());
  return {};
}

Result<uint8_t*> SharedMemory::word(uint64_t address, uint32_t size) const {
  if (address % size != 0) {
    return Error::trap(TrapCode::UnalignedAtomic);
  }
  if (!is_within(address, size, this->size())) {
    return out_of_bounds();
  }
  return state_.get()->memory->base() + address;
}

Result<uint32_t> SharedMemory::notify(uint64_t address, uint32_t count) const {
  WHERRY_RETURN_IF_ERROR(word(address, sizeof(uint32_t)));
  return state_.get()->memory->parking_lot().notify(address, count);
}

Result<WaitResult> SharedMemory::wait_for(uint64_t address, uint64_t expected, uint32_t size,
                                          std::optional<std::chrono::nanoseconds> at_most) const {
  WHERRY_ASSIGN_OR_RETURN(const uint8_t* bytes, word(address, size));
  uint64_t until_ns = base::kNoTimeLimit;
  if (at_most) {
    until_ns = base::monotonic_ns() + (at_most->count() > 0 ? static_cast<uint64_t>(at_most->count()) : 0);
  }
  runtime::Sleeper sleeper;
  const runtime::ParkingLot::Outcome outcome =
      state_.get()->memory->parking_lot().wait({address, bytes, size, expected}, until_ns, sleeper, {});
  return static_cast<WaitResult>(outcome);
}

bool SharedMemory::is_same(const SharedMemory& other) const {
  return state_.get()->memory == other.state_.get()->memory;
}

namespace detail {

SharedMemoryState* retain(SharedMemoryState* state) noexcept {
  if (state != nullptr) {
    state->users.fetch_add(1, std::memory_order_relaxed);
  }
  return state;
}

void release(SharedMemoryState* state) noexcept {
  if (state != nullptr && state->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete state;
  }
}

}  // namespace detail

}  // namespace wherry
