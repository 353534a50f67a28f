// The host functions of a store by what defined them: a hash table of addresses.
#include "engine/api/state.h"

namespace wherry::api {

size_t HostFunctions::place(const void* definition, const void* environment) const {
  const size_t mask = entries_.size() - 1;
  const uint64_t key = reinterpret_cast<uintptr_t>(definition) ^ reinterpret_cast<uintptr_t>(environment)
                                                                     << 7;
  size_t at = (key * 0x9e3779b97f4a7c15u >> 32) & mask;
  while (entries_[at].func != nullptr &&
         (entries_[at].definition != definition || entries_[at].environment != environment)) {
    at = (at + 1) & mask;
  }
  return at;
}

abi::FuncObject* HostFunctions::find(const void* definition, const void* environment) const {
  return entries_.empty() ? nullptr : entries_[place(definition, environment)].func;
}

bool HostFunctions::add(const void* definition, const void* environment, abi::FuncObject* func) {
  if ((count_ + 1) * 2 > entries_.size()) {
    base::Vector<Entry> former = std::move(entries_);
    entries_ = {};
    if (!entries_.resize(former.empty() ? 16 : former.size() * 2)) {
      entries_ = std::move(former);
      return false;
    }
    for (const Entry& entry : former) {
      if (entry.func != nullptr) {
        entries_[place(entry.definition, entry.environment)] = entry;
      }
    }
  }
  entries_[place(definition, environment)] = {definition, environment, func};
  ++count_;
  return true;
}

}  // namespace wherry::api
