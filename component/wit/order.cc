// Topological order that keeps to the order given where it may: of what is ready, the first is taken, by a heap.
#include <algorithm>

#include "component/wit/resolver.h"

namespace wherry::component::wit {

bool Order::reset(uint32_t count) { return first_.resize(count) && open_.resize(count); }

bool Order::add(uint32_t item, uint32_t needed) {
  if (!needs_.push_back({item, first_[needed]})) return false;
  first_[needed] = static_cast<uint32_t>(needs_.size());
  ++open_[item];
  return true;
}

bool Order::run() {
  base::Vector<uint32_t> ready;
  const auto later = [](uint32_t a, uint32_t b) { return a > b; };
  if (!ready.reserve(open_.size()) || !sorted_.reserve(open_.size())) return false;
  for (uint32_t i = 0; i < open_.size(); ++i) {
    if (open_[i] == 0 && !ready.push_back(i)) return false;
  }
  std::make_heap(ready.begin(), ready.end(), later);
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), later);
    const uint32_t item = ready.back();
    ready.pop_back();
    if (!sorted_.push_back(item)) return false;
    for (uint32_t at = first_[item]; at != 0; at = needs_[at - 1].next) {
      const uint32_t other = needs_[at - 1].item;
      if (--open_[other] != 0) continue;
      if (!ready.push_back(other)) return false;
      std::push_heap(ready.begin(), ready.end(), later);
    }
  }
  return true;
}

bool Order::has_circle(uint32_t* culprit) const {
  for (uint32_t i = 0; i < open_.size(); ++i) {
    if (open_[i] == 0) continue;
    *culprit = i;
    return true;
  }
  return false;
}

}  // namespace wherry::component::wit
