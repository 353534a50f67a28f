// Identifiers from names. A name section may give two functions one name, or names with blanks and quotes; the text
// format wants identifiers that are unique in their space (labels excepted: an inner one hides an outer). Names are
// told apart by sorting: a hash table over words that a guest chose could be made to degenerate.
//
// Made-up identifiers follow wasm-tools (`#func7<name>`). Giving all names an index instead was rejected: nearly all
// are unique, and a reader looks for them as they are.
#include "engine/text/print_names.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/base/utf8.h"

namespace wherry::text {

namespace {

// "#func7<name>", with more hashes in front as long as `taken` says so. Null when out of memory.
template <class Taken>
std::string_view make_up(std::string_view kind, uint64_t index, std::string_view name, base::Arena& arena,
                         Taken taken) {
  char number[24];
  const size_t digits = static_cast<size_t>(
      std::snprintf(number, sizeof number, "%llu", static_cast<unsigned long long>(index)));
  for (size_t hashes = 1;; ++hashes) {
    const size_t size = hashes + kind.size() + digits + name.size() + 2;
    char* const text = static_cast<char*>(arena.allocate_bytes(size, 1));
    if (text == nullptr) return {};
    char* at = text;
    std::memset(at, '#', hashes);
    at = std::copy(kind.begin(), kind.end(), at + hashes);
    at = std::copy(number, number + digits, at);
    *at++ = '<';
    at = std::copy(name.begin(), name.end(), at);
    *at = '>';
    if (!taken(std::string_view(text, size))) return {text, size};
  }
}

bool is_usable(std::string_view name) { return !name.empty() && base::is_utf8(base::as_bytes(name)); }

}  // namespace

bool NameTable::build(std::span<const Name> names, uint64_t count, std::string_view kind,
                      base::Arena& arena) {
  ids_.clear();
  kept_.clear();
  order_.clear();
  uint64_t least = 0;
  for (const Name& name : names) {
    if (name.index < least || name.index >= count) continue;
    least = uint64_t{name.index} + 1;
    if (!is_usable(name.text)) continue;
    if (!order_.push_back(static_cast<uint32_t>(kept_.size())) || !kept_.push_back(name)) return false;
  }
  if (kept_.empty()) return true;
  if (!ids_.resize(count)) return false;
  const auto text = [this](uint32_t at) { return kept_[at].text; };
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    const int order = text(a).compare(text(b));
    return order != 0 ? order < 0 : a < b;
  });
  for (size_t i = 0; i < order_.size(); ++i) {
    const Name& name = kept_[order_[i]];
    std::string_view id = name.text;
    if (i > 0 && text(order_[i - 1]) == id) {
      id = make_up(kind, name.index, id, arena, [&](std::string_view made) {
        const auto found = std::lower_bound(order_.begin(), order_.end(), made,
                                            [&](uint32_t at, std::string_view t) { return text(at) < t; });
        return found != order_.end() && text(*found) == made;
      });
      if (id.empty()) return false;
    }
    ids_[name.index] = id;
  }
  return true;
}

bool FieldNames::build(std::span<const InnerName> names, std::span<const wasm::SubType> types,
                       base::Arena& arena) {
  const auto before = [](const InnerName& a, const InnerName& b) {
    return a.outer != b.outer ? a.outer < b.outer : a.inner < b.inner;
  };
  for (const InnerName& name : names) {
    if (!ids_.empty() && !before(ids_.back(), name)) continue;
    const bool is_field = name.outer < types.size() &&
                          types[name.outer].kind == wasm::CompositeKind::Struct &&
                          name.inner < types[name.outer].fields.size();
    if (is_field && is_usable(name.text) && !ids_.push_back(name)) return false;
  }
  NameTable table;
  base::Vector<Name> fields;
  for (size_t first = 0; first < ids_.size();) {
    size_t end = first;
    fields.clear();
    for (; end < ids_.size() && ids_[end].outer == ids_[first].outer; ++end) {
      // By place rather than by index, which may be any number.
      if (!fields.push_back({static_cast<uint32_t>(end - first), ids_[end].text})) return false;
    }
    if (!table.build(fields, fields.size(), "field", arena)) return false;
    for (size_t i = first; i < end; ++i) ids_[i].text = table.id(i - first);
    first = end;
  }
  return true;
}

std::string_view FieldNames::id(uint32_t type, uint32_t field) const {
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), InnerName{type, field, {}},
                                      [](const InnerName& a, const InnerName& b) {
                                        return a.outer != b.outer ? a.outer < b.outer : a.inner < b.inner;
                                      });
  return found != ids_.end() && found->outer == type && found->inner == field ? found->text
                                                                              : std::string_view();
}

bool LabelNames::begin(std::span<const InnerName> names) {
  names_ = names;
  next_ = blocks_ = 0;
  open_.clear();
  which_.clear();
  distinct_.clear();
  if (names.empty()) return true;
  base::Vector<uint32_t> order;
  if (!which_.resize(names.size())) return false;
  for (uint32_t i = 0; i < names.size(); ++i) {
    which_[i] = kNone;
    if (is_usable(names[i].text) && !order.push_back(i)) return false;
  }
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return names[a].text < names[b].text; });
  for (const uint32_t at : order) {
    if (distinct_.empty() || distinct_.back().text != names[at].text) {
      if (!distinct_.push_back({names[at].text, kNone})) return false;
    }
    which_[at] = static_cast<uint32_t>(distinct_.size() - 1);
  }
  return true;
}

bool LabelNames::push(std::string_view* name) {
  const uint32_t block = blocks_++;
  while (next_ < names_.size() && names_[next_].inner < block) ++next_;
  const bool named = next_ < names_.size() && names_[next_].inner == block && which_[next_] != kNone;
  Open open{kNone, kNone};
  *name = {};
  if (named) {
    open.text = which_[next_];
    Distinct& distinct = distinct_[open.text];
    open.shadowed = distinct.nearest;
    distinct.nearest = static_cast<uint32_t>(open_.size());
    *name = distinct.text;
  }
  return open_.push_back(open);
}

void LabelNames::pop() {
  const Open& open = open_.back();
  if (open.text != kNone) distinct_[open.text].nearest = open.shadowed;
  open_.pop_back();
}

std::string_view LabelNames::reference(uint64_t distance) const {
  if (distance >= open_.size()) return {};
  const size_t height = open_.size() - 1 - distance;
  if (open_[height].text == kNone) return {};
  const Distinct& distinct = distinct_[open_[height].text];
  return distinct.nearest == height ? distinct.text : std::string_view();
}

}  // namespace wherry::text
