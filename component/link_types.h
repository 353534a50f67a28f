#pragma once

#include <span>
#include <string>

#include "component/linker_state.h"
#include "component/state.h"

// Whether what is supplied has the type that is asked for.
namespace wherry::component {

struct RtTree;
struct RtResource;

// Types of one component that were found to be those of descriptions: functions of an interface mention the same few again and again.
// Forgets some of them when there are many.
class MatchedTypes {
 public:
  bool has(TypeId type, const detail::TypeDesc* desc) const {
    const Pair& known = pairs_[slot(type, desc)];
    return known.desc == desc && known.type == type.value;
  }
  void add(TypeId type, const detail::TypeDesc* desc) { pairs_[slot(type, desc)] = {desc, type.value}; }

 private:
  static constexpr size_t kPairs = 128;
  struct Pair {
    const detail::TypeDesc* desc = nullptr;
    uint32_t type = 0;
  };
  static size_t slot(TypeId type, const detail::TypeDesc* desc) {
    return ((reinterpret_cast<uintptr_t>(desc) >> 3) + type.value * 31) % kPairs;
  }
  Pair pairs_[kPairs];
};

// Whether a C++ function has a component's function type; `why` gets the first difference. Resources are looked up among the supplies
// of the component's leaves. `known` is of the same component and supplies.
bool matches_desc(const detail::ComponentState& state, TypeId func, const detail::FuncDesc& desc,
                  std::span<const Supply> supplies, MatchedTypes* known, std::string* why);

// The same for an export of an instance. Tags of guests' resources are bound in `tags`.
bool matches_export(const RtTree& tree, TypeId func, const detail::FuncDesc& desc,
                    base::Vector<std::pair<const detail::ResourceClass*, RtResource*>>* tags,
                    std::string* why);

// Whether a function that `other` exports can stand for what `tree` imports: equal types, with equal resources.
bool matches_lifted(const RtTree& tree, TypeId wanted, const RtTree& other, TypeId found, std::string* why);

}  // namespace wherry::component
