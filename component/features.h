#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/result.h"
#include "engine/wasm/features.h"

namespace wherry::component {

// A row of component/features.inc.
enum class Feature : uint8_t {
#define FEATURE(name, key, default_on, description) name,
#include "component/features.inc"
  Always,  // No row: what cannot be turned off.
};

inline constexpr uint32_t kFeatureCount = static_cast<uint32_t>(Feature::Always);

// Which parts of the component model are on, and which features its core modules may use. A value type.
class Features {
 public:
  // Those that the table switches on.
  constexpr Features() {
#define FEATURE(name, key, default_on, description) set(Feature::name, default_on);
#include "component/features.inc"
  }
  static constexpr Features all() {
    Features features;
    features.bits_ = (uint32_t{1} << kFeatureCount) - 1;
    features.core = wasm::Features::all();
    return features;
  }

  constexpr bool has(Feature feature) const {
    return feature == Feature::Always || (bits_ >> static_cast<uint32_t>(feature) & 1) != 0;
  }
  constexpr void set(Feature feature, bool on) {
    const uint32_t bit = uint32_t{1} << static_cast<uint32_t>(feature);
    bits_ = on ? bits_ | bit : bits_ & ~bit;
  }

  wasm::Features core;

 private:
  uint32_t bits_ = 0;
};

struct FeatureRow {
  std::string_view key;
  std::string_view description;
  bool is_default;
};

// By feature.
inline constexpr FeatureRow kFeatureRows[] = {
#define FEATURE(name, key, default_on, description) {key, description, default_on},
#include "component/features.inc"
};

std::optional<Feature> find_feature(std::string_view key);

// FeatureDisabled, naming the switch; `form` is what needs it.
base::Failure feature_disabled(Feature feature, std::string_view form, uint64_t offset);

}  // namespace wherry::component
