#pragma once

#include <string_view>

// The rows of the engine's feature table, for tables of options that are made from it.
namespace wherry::inspect {

struct FeatureKey {
  std::string_view key;
  std::string_view description;
  bool is_default;
};

inline constexpr FeatureKey kFeatureKeys[] = {
#define FEATURE(name, key, default_on, description) {key, description, default_on},
#include "engine/wasm/features.inc"
};

}  // namespace wherry::inspect
