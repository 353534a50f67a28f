// Stores: settings, fuel, time, and the host's data. What lives in one is engine/runtime's.
#include "wherry/store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>

#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/observe.h"
#include "engine/api/state.h"
#include "engine/base/os/clock.h"
#include "engine/interpret/interpreter.h"

namespace wherry {

namespace {

constexpr StoreLimits kUnlimited{
    .memory_bytes = ~uint64_t{0},
    .table_elements = ~uint64_t{0},
    .instances = ~uint32_t{0},
    .memories = ~uint32_t{0},
    .tables = ~uint32_t{0},
    .stack_bytes = ~uint64_t{0},
    .heap_bytes = ~uint64_t{0},
    .trap_on_grow_failure = false,
    .host_call_bytes = ~uint64_t{0},
};

runtime::StoreSetup setup_of(detail::EngineState& engine, const StoreLimits& limits) {
  runtime::StoreSetup setup;
  setup.tier = &engine.tier;
  setup.clock = &engine.clock;
  setup.limits.memory_bytes = limits.memory_bytes;
  setup.limits.table_elements = limits.table_elements;
  setup.limits.instances = limits.instances;
  setup.limits.memories = limits.memories;
  setup.limits.tables = limits.tables;
  setup.limits.stack_bytes = limits.stack_bytes;
  setup.limits.trap_on_grow_failure = limits.trap_on_grow_failure;
  setup.limits.heap_bytes = limits.heap_bytes;
  setup.guard = engine.guard;
  setup.gc_stress = engine.config.advanced.gc_stress;
  setup.counts_fuel = engine.config.fuel;
  setup.interruption = engine.config.interruption;
  return setup;
}

runtime::InterruptState* engine_state(detail::InterruptState* state) {
  return reinterpret_cast<runtime::InterruptState*>(state);
}

}  // namespace

// ---- Store

Result<Store> Store::create(const Engine& engine) { return create(engine, engine.config().limits); }

Result<Store> Store::create(const Engine& engine, const StoreLimits& limits) {
  WHERRY_RETURN_IF_ERROR(api::check_limits(limits));
  auto* state = new (std::nothrow) detail::StoreState(engine, limits);
  if (state == nullptr) {
    return Error::out_of_memory();
  }
  Store store(state);
  state->runtime = WHERRY_TRY_PUBLIC(runtime::Store::create(setup_of(*EngineAccess::state(engine), limits)));
  state->id = state->runtime->id();
  state->runtime->embedder = state;
  state->runtime->on_trap = &api::take_backtrace;
  return store;
}

Store::Store(Store&& other) noexcept : StoreRef(std::exchange(other.state_, nullptr)) {}

Store& Store::operator=(Store&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Store::~Store() {
  if (state_ != nullptr && state_->runner.load(std::memory_order_relaxed) != 0) {
    std::fputs("wherry: a Store was destroyed while one of its guests was running\n", stderr);
    std::abort();
  }
  delete state_;
}

// ---- StoreRef

const Engine& StoreRef::engine() const {
  // The engine of no store: a null reference, without a destructor that would run at the end of the process.
  alignas(Engine) static constexpr unsigned char kNoEngine[sizeof(Engine)] = {};
  return state_ != nullptr ? state_->engine : *reinterpret_cast<const Engine*>(kNoEngine);
}

const StoreLimits& StoreRef::limits() const { return state_ != nullptr ? state_->limits : kUnlimited; }

Result<void> StoreRef::set_fuel(uint64_t instructions) const {
  if (state_ == nullptr) {
    return api::no_store();
  }
  if (!state_->engine.config().fuel) {
    return Error::usage("fuel was set, but Config::fuel is off");
  }
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  state_->runtime->state().fuel = static_cast<int64_t>(std::min(instructions, kMost));
  return {};
}

Result<uint64_t> StoreRef::fuel() const {
  if (state_ == nullptr) {
    return api::no_store();
  }
  if (!state_->engine.config().fuel) {
    return Error::usage("fuel was asked for, but Config::fuel is off");
  }
  return static_cast<uint64_t>(std::max<int64_t>(state_->runtime->state().fuel, 0));
}

Result<void> StoreRef::set_deadline(std::chrono::nanoseconds from_now) const {
  if (state_ == nullptr) {
    return api::no_store();
  }
  if (!state_->engine.config().interruption) {
    return Error::usage("a deadline was set, but Config::interruption is off");
  }
  const uint64_t now = base::monotonic_ns();
  const uint64_t delay_ns = from_now.count() > 0 ? static_cast<uint64_t>(from_now.count()) : 0;
  // At most 2^63 nanoseconds: the sum does not overflow, and is not kNever.
  WHERRY_TRY_PUBLIC(state_->runtime->set_deadline(now + delay_ns));
  return {};
}

void StoreRef::clear_deadline() const {
  if (state_ != nullptr) {
    (void)state_->runtime->set_deadline(runtime::Store::kNever);  // Cannot fail: nothing is started.
  }
}

std::optional<std::chrono::steady_clock::time_point> StoreRef::deadline() const {
  if (state_ == nullptr || state_->runtime->deadline_ns() == runtime::Store::kNever) {
    return std::nullopt;
  }
  const uint64_t most = std::numeric_limits<int64_t>::max();
  const auto since =
      std::chrono::nanoseconds(static_cast<int64_t>(std::min(state_->runtime->deadline_ns(), most)));
  return std::chrono::steady_clock::time_point(since);
}

Result<InterruptHandle> StoreRef::interrupt_handle() const {
  if (state_ == nullptr) {
    return api::no_store();
  }
  if (!state_->engine.config().interruption) {
    return Error::usage("an interrupt handle was asked for, but Config::interruption is off");
  }
  runtime::InterruptState* interrupts = state_->runtime->interrupts();
  interrupts->retain();
  return InterruptHandle(reinterpret_cast<detail::InterruptState*>(interrupts));
}

Result<void> StoreRef::check_interrupt() const {
  if (state_ == nullptr) {
    return api::no_store();
  }
  if (state_->runtime->check_interrupt() == wasm::TrapCode::None) [[likely]] {
    return {};
  }
  return Error::trap(state_->runtime->was_deadline() ? TrapCode::DeadlineExceeded : TrapCode::Interrupted);
}

Result<void> StoreRef::set_data_erased(const void* key, void* value, void (*destroy)(void*)) const {
  if (state_ == nullptr) {
    return api::no_store();
  }
  base::Vector<detail::StoreState::Data>& data = state_->data;
  if (!data.reserve(data.size() + 1)) {
    return Error::out_of_memory();
  }
  for (size_t i = 0; i < data.size(); ++i) {
    if (data[i].key == key) {
      const detail::StoreState::Data former = data[i];
      std::move(data.begin() + i + 1, data.end(), data.begin() + i);
      data.pop_back();
      if (former.destroy != nullptr) {
        former.destroy(former.value);
      }
      break;
    }
  }
  if (value != nullptr) {
    (void)data.push_back({key, value, destroy});  // There is room.
  }
  return {};
}

void* StoreRef::data_erased(const void* key) const {
  if (state_ != nullptr) {
    for (const detail::StoreState::Data& entry : state_->data) {
      if (entry.key == key) {
        return entry.value;
      }
    }
  }
  return nullptr;
}

// ---- InterruptHandle

void InterruptHandle::interrupt() const noexcept {
  if (state_.get() != nullptr) {
    engine_state(state_.get())->interrupt();
  }
}

namespace detail {

StoreState::StoreState(Engine with, const StoreLimits& most) : engine(std::move(with)), limits(most) {}

StoreState::~StoreState() {
  watcher.reset();
  runtime.reset();
  while (!data.empty()) {
    const Data last = data.back();
    data.pop_back();
    if (last.destroy != nullptr) {
      last.destroy(last.value);
    }
  }
}

InterruptState* retain(InterruptState* state) noexcept {
  if (state != nullptr) {
    engine_state(state)->retain();
  }
  return state;
}

void release(InterruptState* state) noexcept {
  if (state != nullptr) {
    engine_state(state)->release();
  }
}

}  // namespace detail

}  // namespace wherry
