// The grammar of names. A label is words joined by hyphens, each word all lower or all upper case, the first one beginning
// with a letter. An interface name is `namespace:package/interface@version`, in which namespace and package are of lower
// case words only.
//
// Names of dependencies (`url=<...>`, `locked-dep=<...>` and so on) are not in the specification any more, but tools made
// such imports and others read them; their frame is checked, not what the address in them says.
#include "component/names.h"

#include <algorithm>

#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

enum class Case : uint8_t { Any, LowerOnly };

bool is_kebab(std::string_view text, Case allowed) {
  if (text.empty() || is_digit(text[0])) return false;
  bool has_lower = false;
  bool has_upper = false;
  size_t length = 0;
  for (const char c : text) {
    if (c == '-') {
      if (length == 0) return false;
      has_lower = has_upper = false;
      length = 0;
      continue;
    }
    ++length;
    has_lower = has_lower || is_lower(c);
    has_upper = has_upper || is_upper(c);
    if (!is_lower(c) && !is_upper(c) && !is_digit(c)) return false;
    if (has_upper && (has_lower || allowed == Case::LowerOnly)) return false;
  }
  return length != 0;
}

base::Failure invalid(std::string_view name, uint64_t offset, std::string_view why) {
  return base::fail(ErrorCode::InvalidName, offset, quoted(name) + ": " + std::string(why));
}

// Cuts `text` at the first `separator`; the rest is empty if there is none.
std::string_view cut(std::string_view* text, char separator) {
  const size_t at = text->find(separator);
  const std::string_view head = text->substr(0, at);
  *text = at == std::string_view::npos ? std::string_view() : text->substr(at + 1);
  return head;
}

bool is_numeric(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return true;
}

bool is_identifier(std::string_view text) {
  for (const char c : text) {
    if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '-') return false;
  }
  return !text.empty();
}

// Dot-separated identifiers; those of a pre-release that are all digits have no leading zero.
bool is_identifiers(std::string_view text, bool is_prerelease) {
  for (;;) {
    const size_t dot = text.find('.');
    const std::string_view head = text.substr(0, dot);
    if (!is_identifier(head)) return false;
    const bool all_digits = head.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_prerelease && all_digits && !is_numeric(head)) return false;
    if (dot == std::string_view::npos) return true;
    text = text.substr(dot + 1);
  }
}

// What a version begins with so that compatible versions share it: `1`, `0.2`, `0.0.3`.
bool is_canonical_version(std::string_view text) {
  const std::string_view major = cut(&text, '.');
  if (!is_numeric(major)) return false;
  if (major != "0") return text.empty();
  const std::string_view minor = cut(&text, '.');
  if (!is_numeric(minor)) return false;
  if (minor != "0") return text.empty();
  return is_numeric(text);
}

bool is_dependency(std::string_view name) {
  for (const std::string_view prefix : {"url=<", "locked-dep=<", "unlocked-dep=<", "integrity=<"}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    return name.size() > 1 && name.find('>') != std::string_view::npos && name.ends_with('>') &&
           name.find('<') == std::string_view::npos;
  }
  return false;
}

// Reads `resource.member` of a method or static function.
Result<ParsedName> parse_member(std::string_view name, std::string_view rest, NameKind kind,
                                uint64_t offset) {
  ParsedName parsed;
  parsed.kind = kind;
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return invalid(name, offset, "failed to find `.` character");
  parsed.resource = rest.substr(0, dot);
  parsed.member = rest.substr(dot + 1);
  if (!is_label(parsed.resource) || !is_label(parsed.member))
    return invalid(name, offset, "not in kebab case");
  return parsed;
}

}  // namespace

std::string quoted(std::string_view name) {
  constexpr size_t kMostShown = 100;
  size_t shown = std::min(name.size(), kMostShown);
  while (shown < name.size() && shown > 0 && (static_cast<uint8_t>(name[shown]) & 0xc0) == 0x80) --shown;
  std::string text = "`";
  for (const char c : name.substr(0, shown)) text += static_cast<uint8_t>(c) < 0x20 || c == 0x7f ? '?' : c;
  text += shown < name.size() ? "...`" : "`";
  return text;
}

bool is_label(std::string_view text) { return is_kebab(text, Case::Any); }

bool is_semver(std::string_view text) {
  const size_t plus = text.find('+');
  if (plus != std::string_view::npos && !is_identifiers(text.substr(plus + 1), false)) return false;
  text = text.substr(0, plus);
  const size_t minus = text.find('-');
  if (minus != std::string_view::npos && !is_identifiers(text.substr(minus + 1), true)) return false;
  text = text.substr(0, minus);
  const std::string_view major = cut(&text, '.');
  const std::string_view minor = cut(&text, '.');
  return is_numeric(major) && is_numeric(minor) && is_numeric(text);
}

Result<ParsedName> parse_interface_name(std::string_view name, const Features& features, uint64_t offset) {
  ParsedName parsed;
  parsed.kind = NameKind::Interface;
  std::string_view path = name.substr(0, name.find('@'));
  const bool has_version = path.size() != name.size();
  if (has_version) parsed.version = name.substr(path.size() + 1);
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return invalid(name, offset, "expected `/` after package name");
  parsed.package = path.substr(0, slash);
  parsed.interface = path.substr(slash + 1);
  std::string_view package = parsed.package;
  uint32_t words = 0;
  for (; !package.empty() || words == 0; ++words) {
    const bool is_last = package.find(':') == std::string_view::npos;
    if (!is_kebab(cut(&package, ':'), Case::LowerOnly)) return invalid(name, offset, "not in kebab case");
    if (!is_last && package.empty()) return invalid(name, offset, "not in kebab case");
  }
  if (words < 2) return invalid(name, offset, "not in kebab case");
  std::string_view interface = parsed.interface;
  uint32_t labels = 0;
  for (; !interface.empty() || labels == 0; ++labels) {
    const bool is_last = interface.find('/') == std::string_view::npos;
    if (!is_label(cut(&interface, '/'))) return invalid(name, offset, "not in kebab case");
    if (!is_last && interface.empty()) return invalid(name, offset, "not in kebab case");
  }
  if (words > 2 || labels > 1) {
    if (!features.has(Feature::NestedNames)) return invalid(name, offset, "nested packages are not enabled");
  }
  if (!has_version || is_semver(parsed.version)) return parsed;
  if (features.has(Feature::CanonicalNames) && is_canonical_version(parsed.version)) return parsed;
  return invalid(name, offset, "its version is not that of a package");
}

Result<ParsedName> parse_name(std::string_view name, const Features& features, uint64_t offset) {
  constexpr std::string_view kConstructor = "[constructor]";
  constexpr std::string_view kMethod = "[method]";
  constexpr std::string_view kStatic = "[static]";
  ParsedName parsed;
  if (name.starts_with(kConstructor)) {
    parsed.kind = NameKind::Constructor;
    parsed.resource = name.substr(kConstructor.size());
    if (!is_label(parsed.resource)) return invalid(name, offset, "not in kebab case");
    return parsed;
  }
  if (name.starts_with(kMethod))
    return parse_member(name, name.substr(kMethod.size()), NameKind::Method, offset);
  if (name.starts_with(kStatic))
    return parse_member(name, name.substr(kStatic.size()), NameKind::Static, offset);
  if (is_dependency(name)) {
    parsed.kind = NameKind::Dependency;
    return parsed;
  }
  if (name.find(':') != std::string_view::npos) return parse_interface_name(name, features, offset);
  parsed.member = name;
  if (!is_label(name)) return invalid(name, offset, "not in kebab case");
  return parsed;
}

bool unique_form(std::string_view name, base::Arena* arena, std::string_view* form) {
  if (!name.starts_with("[constructor]") && name.starts_with('[')) {
    const size_t close = name.find(']');
    if (close != std::string_view::npos) name = name.substr(close + 1);
  }
  if (std::any_of(name.begin(), name.end(), is_upper)) {
    auto* const lower = static_cast<char*>(arena->allocate_bytes(name.size(), 1));
    if (lower == nullptr) return false;
    std::transform(name.begin(), name.end(), lower,
                   [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
    name = {lower, name.size()};
  }
  const size_t dot = name.find('.');
  const bool is_doubled = dot != std::string_view::npos && name.find(':') == std::string_view::npos &&
                          name.substr(0, dot) == name.substr(dot + 1);
  *form = is_doubled ? name.substr(0, dot) : name;
  return true;
}

}  // namespace wherry::component
