// Keys of the command line to settings of the engine.
#include "cli/settings.h"

#include <chrono>
#include <string>

namespace wherry::cli {

namespace {

uint32_t clamped(uint64_t number) {
  return number > 0xffff'ffff ? 0xffff'ffff : static_cast<uint32_t>(number);
}

void set_optimization(Config* config, Optimization optimization, uint64_t on) {
  const auto bit = static_cast<uint32_t>(optimization);
  uint32_t& disabled = config->advanced.disabled_optimizations;
  disabled = on != 0 ? disabled & ~bit : disabled | bit;
}

void set_limit(const KeySetting& setting, Config* config) {
  StoreLimits& limits = config->limits;
  switch (setting.id) {
    case KeyId::MaxWasmStack: limits.stack_bytes = setting.number; break;
    case KeyId::MaxMemorySize: limits.memory_bytes = setting.number; break;
    case KeyId::MaxGcHeapSize: limits.heap_bytes = setting.number; break;
    case KeyId::MaxTableElements: limits.table_elements = setting.number; break;
    case KeyId::MaxInstances: limits.instances = clamped(setting.number); break;
    case KeyId::MaxTables: limits.tables = clamped(setting.number); break;
    case KeyId::MaxMemories: limits.memories = clamped(setting.number); break;
    case KeyId::TrapOnGrowFailure: limits.trap_on_grow_failure = setting.number != 0; break;
    case KeyId::HostcallFuel: limits.host_call_bytes = setting.number; break;
    default: break;
  }
}

}  // namespace

wasm::Features features_of(const Invocation& invocation) {
  wasm::Features features;
  for (const KeySetting& setting : invocation.keys) {
    if (setting.id == KeyId::AllProposals) {
      features = setting.number != 0 ? wasm::Features::all() : wasm::Features::mvp();
    } else if (setting.id == KeyId::Feature) {
      if (const auto feature = wasm::find_feature(setting.info->key))
        features.set(*feature, setting.number != 0);
    }
  }
  return features;
}

component::Features component_features_of(const Invocation& invocation) {
  component::Features features;
  for (const KeySetting& setting : invocation.keys) {
    if (setting.id == KeyId::AllProposals && setting.number != 0) features = component::Features::all();
    if (setting.id != KeyId::ComponentFeature) continue;
    if (const auto feature = component::find_feature(setting.info->key))
      features.set(*feature, setting.number != 0);
  }
  features.core = features_of(invocation);
  return features;
}

Result<Config> config_of(const Invocation& invocation) {
  Config config;
  config.fuel = invocation.key(KeyId::Fuel) != nullptr;
  config.interruption = invocation.key(KeyId::Timeout) != nullptr;
  // As in wasmtime, wasi-threads brings along the proposal that it stands on.
  const KeySetting* const threads = invocation.key(KeyId::Threads);
  if (threads != nullptr && threads->number != 0)
    WHERRY_RETURN_IF_ERROR(config.features.set("threads", true));
  for (const KeySetting& setting : invocation.keys) {
    switch (setting.id) {
      case KeyId::Feature:
        WHERRY_RETURN_IF_ERROR(config.features.set(setting.info->key, setting.number != 0));
        break;
      case KeyId::AllProposals:
        WHERRY_RETURN_IF_ERROR(config.features.set("all", setting.number != 0));
        break;
      case KeyId::NanCanonicalization: config.nan_canonicalization = setting.number != 0; break;
      case KeyId::SignalsBasedTraps: config.advanced.signals_based_traps = setting.number != 0; break;
      case KeyId::Tiers: {
        constexpr std::string_view kRandom = "random:";
        if (!setting.text.starts_with(kRandom) ||
            !read_count(setting.text.substr(kRandom.size()), &config.advanced.tier_seed)) {
          return Error::usage("-D tiers is '" + std::string(setting.text) + "', expected random:SEED");
        }
        break;
      }
      case KeyId::GcStress: config.advanced.gc_stress = setting.number != 0; break;
      case KeyId::ValidationThreads: config.advanced.validation_threads = clamped(setting.number); break;
      case KeyId::Accumulators: set_optimization(&config, Optimization::Accumulators, setting.number); break;
      case KeyId::DestinationFolding:
        set_optimization(&config, Optimization::DestinationFolding, setting.number);
        break;
      case KeyId::AddressFolding:
        set_optimization(&config, Optimization::AddressFolding, setting.number);
        break;
      case KeyId::CompareAndBranch:
        set_optimization(&config, Optimization::CompareAndBranch, setting.number);
        break;
      case KeyId::BranchTableIndex:
        set_optimization(&config, Optimization::BranchTableIndex, setting.number);
        break;
      case KeyId::PinnedLocals: set_optimization(&config, Optimization::PinnedLocals, setting.number); break;
      case KeyId::JoinedHandlers:
        set_optimization(&config, Optimization::JoinedHandlers, setting.number);
        break;
      case KeyId::PinnedFloats: set_optimization(&config, Optimization::PinnedFloats, setting.number); break;
      case KeyId::UnreadLocals: set_optimization(&config, Optimization::UnreadLocals, setting.number); break;
      case KeyId::NearHeaders: set_optimization(&config, Optimization::NearHeaders, setting.number); break;
      case KeyId::RepeatedDispatch:
        set_optimization(&config, Optimization::RepeatedDispatch, setting.number);
        break;
      default: set_limit(setting, &config); break;
    }
  }
  return config;
}

Result<void> limit_store(const Invocation& invocation, StoreRef store) {
  if (const KeySetting* fuel = invocation.key(KeyId::Fuel)) {
    WHERRY_RETURN_IF_ERROR(store.set_fuel(fuel->number));
  }
  if (const KeySetting* timeout = invocation.key(KeyId::Timeout)) {
    const uint64_t most = static_cast<uint64_t>(std::chrono::nanoseconds::max().count());
    WHERRY_RETURN_IF_ERROR(store.set_deadline(
        std::chrono::nanoseconds(static_cast<int64_t>(timeout->number < most ? timeout->number : most))));
  }
  return {};
}

}  // namespace wherry::cli
