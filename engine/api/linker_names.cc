// What names stand for.
//
// Single definitions lie in a hash table; static tables and instances are kept as they were given and searched when a
// module imports from them: an embedder defines hundreds of functions for a module that imports five. A table is
// searched from its beginning, which for the 46 functions of WASI preview 1 takes less time than hashing the name.
#include "engine/api/linker.h"

namespace wherry {

namespace api {

namespace {

uint64_t hash_of(std::string_view module, std::string_view name) {
  uint64_t hash = 14695981039346656037u;
  for (const std::string_view part : {module, std::string_view("\0", 1), name}) {
    for (const char c : part) {
      hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
    }
  }
  return hash ^ hash >> 32;
}

Definition find_in(const Group& group, std::string_view name) {
  Definition found;
  if (group.exporter) {
    const int64_t position = ModuleAccess::state(*group.exporter)->shape->find_export(name);
    if (position >= 0) {
      found.kind = Definition::Kind::Export;
      found.exporter = group.instance;
      found.position = static_cast<uint32_t>(position);
    }
    return found;
  }
  for (const HostFunctionEntry& row : group.functions) {
    if (row.name == name) {
      found.kind = Definition::Kind::Host;
      found.identity = &row;
      found.entry = row.entry;
      found.environment = group.environment;
      found.signature = row.signature;
      return found;
    }
  }
  return found;
}

}  // namespace

size_t NameTable::place(std::string_view module, std::string_view name) const {
  const size_t mask = places_.size() - 1;
  size_t at = hash_of(module, name) & mask;
  while (places_[at] != 0) {
    const Name& there = *names_[places_[at] - 1];
    if (there.module == module && there.name == name) {
      break;
    }
    at = (at + 1) & mask;
  }
  return at;
}

Name* NameTable::find(std::string_view module, std::string_view name) const {
  if (places_.empty()) {
    return nullptr;
  }
  const uint32_t index = places_[place(module, name)];
  return index == 0 ? nullptr : names_[index - 1].get();
}

bool NameTable::add(std::unique_ptr<Name> name) {
  if ((names_.size() + 1) * 2 > places_.size()) {
    base::Vector<uint32_t> wider;
    if (!wider.resize(places_.empty() ? 32 : places_.size() * 2)) {
      return false;
    }
    places_ = std::move(wider);
    for (uint32_t i = 0; i < names_.size(); ++i) {
      places_[place(names_[i]->module, names_[i]->name)] = i + 1;
    }
  }
  const size_t at = place(name->module, name->name);
  if (!names_.push_back(std::move(name))) {
    return false;
  }
  places_[at] = static_cast<uint32_t>(names_.size());
  return true;
}

}  // namespace api

namespace detail {

Result<api::Definition> LinkerState::find(std::string_view module, std::string_view name) const {
  api::Definition best;
  uint64_t sequence = 0;
  bool shadows = false;
  uint32_t count = 0;
  const api::Name* single = names.find(module, name);
  if (single != nullptr && !single->is_fallback) {
    best = single->definition;
    sequence = single->sequence;
    shadows = single->shadows;
    count = 1;
  }
  for (const api::Group& group : groups) {
    if (group.module != module) {
      continue;
    }
    const api::Definition found = api::find_in(group, name);
    if (found.kind == api::Definition::Kind::Nothing) {
      continue;
    }
    ++count;
    if (group.sequence > sequence) {
      best = found;
      sequence = group.sequence;
      shadows = group.shadows;
    }
  }
  if (count > 1 && !shadows) {
    return Error::make(ErrorKind::Link, "'" + std::string(module.substr(0, 256)) + "." +
                                            std::string(name.substr(0, 256)) + "' is defined twice");
  }
  if (count == 0 && single != nullptr) {
    return single->definition;
  }
  return best;
}

}  // namespace detail

}  // namespace wherry
