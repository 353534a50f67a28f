// Engines: settings, canonical types, and the clock of deadlines.
//
// What a setting means for lowering and for memories is worked out once, here; modules and stores copy it.
#include "wherry/engine.h"

#include <new>

#include "engine/api/calls.h"
#include "engine/api/state.h"
#include "engine/base/os/thread.h"
#include "engine/interpret/interpreter.h"

namespace wherry {

namespace {

constexpr uint64_t kMinStackBytes = 16 << 10;

bool is_on(const Config& config, Optimization optimization) {
  return (config.advanced.disabled_optimizations & static_cast<uint32_t>(optimization)) == 0;
}

bool observes(const Config& config, Observation what) {
  return (config.advanced.observations & static_cast<uint32_t>(what)) != 0;
}

lower::Options lowering_of(const Config& config, runtime::Guard guard) {
  lower::Options options;
  options.accumulators = is_on(config, Optimization::Accumulators);
  options.destination_folding = is_on(config, Optimization::DestinationFolding);
  options.address_folding = is_on(config, Optimization::AddressFolding);
  options.compare_branch = is_on(config, Optimization::CompareAndBranch);
  options.branch_table_index = is_on(config, Optimization::BranchTableIndex);
  options.pinned_locals = is_on(config, Optimization::PinnedLocals);
  options.joined_handlers = is_on(config, Optimization::JoinedHandlers);
  options.pinned_floats = is_on(config, Optimization::PinnedFloats);
  options.unread_locals = is_on(config, Optimization::UnreadLocals);
  options.near_headers = is_on(config, Optimization::NearHeaders);
  options.repeated_dispatch = is_on(config, Optimization::RepeatedDispatch);
  options.guard_pages = guard == runtime::Guard::On;
  options.nan_canonicalization = config.nan_canonicalization;
  options.fuel = config.fuel;
  options.interruption = config.interruption;
  options.observe_calls = observes(config, Observation::Calls);
  options.observe_instructions = observes(config, Observation::Instructions);
  options.pause_at_returns = observes(config, Observation::Samples);
  return options;
}

Result<void> check(const Config& config) {
  if (const char* const missing = interpret::missing_processor_feature()) {
    return Error::make(ErrorKind::Unsupported,
                       std::string("this processor has no ") + missing + ", but Wherry needs x86-64-v2");
  }
  WHERRY_RETURN_IF_ERROR(api::check_limits(config.limits));
  if ((config.advanced.disabled_optimizations & ~kAllOptimizations) != 0) {
    return Error::usage("disabled_optimizations holds bits that are no Optimization");
  }
  if (config.advanced.observations >= static_cast<uint32_t>(Observation::Samples) * 2) {
    return Error::usage("observations holds bits that are no Observation");
  }
  if (observes(config, Observation::Samples) && !config.interruption) {
    return Error::usage("samples are to be observed, but Config::interruption is off");
  }
  return {};
}

}  // namespace

Result<void> api::check_limits(const StoreLimits& limits) {
  if (limits.stack_bytes < kMinStackBytes) {
    return Error::usage("a stack of " + std::to_string(limits.stack_bytes) + " bytes, expected at least " +
                        std::to_string(kMinStackBytes));
  }
  return {};
}

Result<Engine> Engine::create(const Config& config) {
  WHERRY_RETURN_IF_ERROR(check(config));
  auto* state = new (std::nothrow) detail::EngineState(config);
  if (state == nullptr) {
    return Error::out_of_memory();
  }
  Engine engine(state);
  state->features = FeatureAccess::of(config.features);
  const bool uses_faults = config.advanced.signals_based_traps && interpret::use_faults();
  state->guard = uses_faults ? runtime::Guard::On : runtime::Guard::Off;
  state->lowering = lowering_of(config, state->guard);
  state->handlers = &interpret::handlers(state->lowering.guard_pages ? interpret::MemoryMode::Guarded
                                                                     : interpret::MemoryMode::Checked);
  state->validation_threads = config.advanced.validation_threads != 0 ? config.advanced.validation_threads
                                                                      : base::hardware_concurrency();
  state->tier = interpret::tier();
  if (state->tier.native != nullptr && config.advanced.observations == 0) {
    state->native_builtins = *state->tier.native;
    state->native_builtins.call = &api::call_from_native;
    state->tier.native = &state->native_builtins;
  }
  return engine;
}

const Config& Engine::config() const { return state_.get()->config; }

namespace detail {

EngineState* retain(EngineState* state) noexcept {
  if (state != nullptr) {
    state->users.fetch_add(1, std::memory_order_relaxed);
  }
  return state;
}

void release(EngineState* state) noexcept {
  if (state != nullptr && state->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete state;
  }
}

}  // namespace detail

}  // namespace wherry
