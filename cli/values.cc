// Values of options, and near misses of words.
//
// Sizes take K, M and G (powers of 1024, with or without `iB` or `B`) beyond wasmtime's plain numbers; times take a
// fraction and a unit, a bare number being seconds as there. Nothing here depends on a locale.
#include <algorithm>
#include <vector>

#include "cli/options.h"

namespace wherry::cli {

namespace {

// Digits from the beginning of `*text`, which moves on; false if there are none or too many.
bool take_digits(std::string_view* text, uint64_t* value) {
  size_t at = 0;
  *value = 0;
  for (; at < text->size() && (*text)[at] >= '0' && (*text)[at] <= '9'; ++at) {
    if (__builtin_mul_overflow(*value, uint64_t{10}, value) ||
        __builtin_add_overflow(*value, static_cast<uint64_t>((*text)[at] - '0'), value)) {
      return false;
    }
  }
  text->remove_prefix(at);
  return at > 0;
}

// Damerau-Levenshtein distance with adjacent transpositions; words are short.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

bool read_bool(std::string_view text, uint64_t* value) {
  if (text == "y" || text == "yes" || text == "true") return *value = 1, true;
  if (text == "n" || text == "no" || text == "false") return *value = 0, true;
  return false;
}

bool read_count(std::string_view text, uint64_t* value) { return take_digits(&text, value) && text.empty(); }

bool read_size(std::string_view text, uint64_t* value) {
  if (!take_digits(&text, value)) return false;
  if (text.empty()) return true;
  constexpr std::string_view kUnits = "KMGT";
  const char unit = text[0] >= 'a' && text[0] <= 'z' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
  const size_t power = kUnits.find(unit);
  text.remove_prefix(1);
  if (power == std::string_view::npos || (!text.empty() && text != "B" && text != "iB")) return false;
  return !__builtin_mul_overflow(*value, uint64_t{1} << (10 * (power + 1)), value);
}

bool read_duration(std::string_view text, uint64_t* nanoseconds) {
  uint64_t whole = 0;
  if (!take_digits(&text, &whole)) return false;
  uint64_t fraction = 0, scale = 1;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    const size_t digits = text.size();
    if (!take_digits(&text, &fraction)) return false;
    if (digits - text.size() > 9) return false;
    for (size_t i = text.size(); i < digits; ++i) scale *= 10;
  }
  struct Unit {
    std::string_view name;
    uint64_t nanoseconds;
  };
  constexpr Unit kUnits[] = {
      {"", 1'000'000'000}, {"s", 1'000'000'000},  {"ms", 1'000'000},       {"us", 1'000},
      {"ns", 1},           {"m", 60'000'000'000}, {"min", 60'000'000'000}, {"h", 3'600'000'000'000}};
  for (const Unit& unit : kUnits) {
    if (unit.name != text) continue;
    uint64_t product;
    if (__builtin_mul_overflow(whole, unit.nanoseconds, &product)) return false;
    const auto part =
        static_cast<uint64_t>(static_cast<unsigned __int128>(fraction) * unit.nanoseconds / scale);
    return !__builtin_add_overflow(product, part, nanoseconds);
  }
  return false;
}

void Nearest::consider(std::string_view candidate) {
  if (word_.size() > 64) return;
  const size_t found = distance(word_, candidate);
  const size_t bearable = std::max<size_t>(1, std::min(word_.size(), candidate.size()) / 3 + 1);
  // What was cut short is near, too: `inherit` for `inherit-env`.
  const bool is_beginning = word_.size() >= 3 && candidate.starts_with(word_);
  if ((found <= bearable || is_beginning) && found < distance_) {
    distance_ = found;
    best_ = candidate;
  }
}

std::string Nearest::hint(std::string_view prefix) const {
  if (best_.empty()) return {};
  return "; did you mean '" + std::string(prefix) + std::string(best_) + "'?";
}

}  // namespace wherry::cli
