// Keys and descriptions of features, for options and for messages that name what is off.
#include "engine/wasm/features.h"

namespace wherry::wasm {

namespace {

struct Row {
  std::string_view key;
  std::string_view description;
};

constexpr Row kRows[] = {
#define FEATURE(name, key, default_on, description) {key, description},
#include "engine/wasm/features.inc"
};

}  // namespace

std::string_view feature_key(Feature feature) { return kRows[static_cast<uint32_t>(feature)].key; }
std::string_view feature_description(Feature feature) {
  return kRows[static_cast<uint32_t>(feature)].description;
}

std::optional<Feature> find_feature(std::string_view key) {
  for (uint32_t i = 0; i < kFeatureCount; ++i) {
    if (kRows[i].key == key) return static_cast<Feature>(i);
  }
  return std::nullopt;
}

}  // namespace wherry::wasm
