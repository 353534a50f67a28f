#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wherry::wasm {

// A row of engine/wasm/features.inc.
enum class Feature : uint8_t {
#define FEATURE(name, key, default_on, description) name,
#include "engine/wasm/features.inc"
};

inline constexpr uint32_t kFeatureCount = 0
#define FEATURE(name, key, default_on, description) +1
#include "engine/wasm/features.inc"
    ;

// Which features are on. A value type.
class Features {
 public:
  // Those that the table switches on.
  constexpr Features() {
#define FEATURE(name, key, default_on, description) set(Feature::name, default_on);
#include "engine/wasm/features.inc"
  }
  static constexpr Features all() {
    Features features;
    features.bits_ = (uint64_t{1} << kFeatureCount) - 1;
    return features;
  }
  // WebAssembly 1.0 and nothing more.
  static constexpr Features mvp() {
    Features features;
    features.bits_ = 1;
    return features;
  }

  constexpr bool has(Feature feature) const { return (bits_ >> static_cast<uint32_t>(feature) & 1) != 0; }
  constexpr void set(Feature feature, bool on) {
    const uint64_t bit = uint64_t{1} << static_cast<uint32_t>(feature);
    bits_ = on ? bits_ | bit : bits_ & ~bit;
  }
  constexpr Features with(Feature feature) const {
    Features features = *this;
    features.set(feature, true);
    return features;
  }
  constexpr uint64_t bits() const { return bits_; }
  friend constexpr bool operator==(Features, Features) = default;

 private:
  uint64_t bits_ = 0;
};

std::string_view feature_key(Feature feature);
std::string_view feature_description(Feature feature);
std::optional<Feature> find_feature(std::string_view key);

}  // namespace wherry::wasm
