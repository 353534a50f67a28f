// Features by name, and the version: the parts of a Config that are more than a field.
//
// Switches are kept relative to the defaults, in two sets of bits, so that a Config is a constant of the embedder's
// program and does not carry this version's defaults into the next.
#include "wherry/config.h"

#include <algorithm>
#include <string>

#include "engine/api/access.h"
#include "engine/wasm/features.h"
#include "wherry/version.h"

namespace wherry {

namespace {

// Levenshtein's distance, up to the length of a feature's name. Names that a user typed are cut to 63 characters.
size_t distance(std::string_view a, std::string_view b) {
  size_t row[64];
  a = a.substr(0, 63);
  b = b.substr(0, 63);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

Error unknown_feature(std::string_view name) {
  std::string_view nearest;
  size_t best = name.size() / 2 + 2;
  for (uint32_t i = 0; i < wasm::kFeatureCount; ++i) {
    const std::string_view key = wasm::feature_key(static_cast<wasm::Feature>(i));
    if (const size_t found = distance(name, key); found < best) {
      best = found;
      nearest = key;
    }
  }
  std::string message = "unknown feature '";
  message += name.substr(0, 63);
  message += '\'';
  if (!nearest.empty()) {
    message += ", did you mean '";
    message += nearest;
    message += "'?";
  }
  return Error::usage(message);
}

}  // namespace

wasm::Features FeatureAccess::of(const FeatureSwitches& switches) {
  wasm::Features features;
  for (uint32_t i = 0; i < wasm::kFeatureCount; ++i) {
    const auto feature = static_cast<wasm::Feature>(i);
    if ((switches.turned_on_ >> i & 1) != 0) {
      features.set(feature, true);
    } else if ((switches.turned_off_ >> i & 1) != 0) {
      features.set(feature, false);
    }
  }
  return features;
}

Result<void> FeatureSwitches::set(std::string_view name, bool enabled) {
  uint64_t bits = 0;
  if (name == "all") {
    bits = wasm::Features::all().bits() & ~wasm::Features::mvp().bits();
  } else if (const std::optional<wasm::Feature> feature = wasm::find_feature(name)) {
    if (*feature == wasm::Feature::Mvp && !enabled) {
      return Error::usage("feature 'mvp' cannot be turned off");
    }
    bits = uint64_t{1} << static_cast<uint32_t>(*feature);
  } else {
    return unknown_feature(name);
  }
  (enabled ? turned_on_ : turned_off_) |= bits;
  (enabled ? turned_off_ : turned_on_) &= ~bits;
  return {};
}

Result<bool> FeatureSwitches::enabled(std::string_view name) const {
  const std::optional<wasm::Feature> feature = wasm::find_feature(name);
  if (!feature) {
    return unknown_feature(name);
  }
  return FeatureAccess::of(*this).has(*feature);
}

std::string_view version() { return WHERRY_VERSION_STRING; }

}  // namespace wherry
