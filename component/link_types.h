#pragma once

#include <span>
#include <string>

#include "component/linker_state.h"
#include "component/state.h"

// Whether what is supplied has the type that is asked for.
namespace wherry::component {

struct RtTree;
struct RtResource;

// Whether a C++ function has a component's function type; `why` gets the first difference. Resources are looked up among the supplies
// of the component's leaves.
bool matches_desc(const detail::ComponentState& state, TypeId func, const detail::FuncDesc& desc,
                  std::span<const Supply> supplies, std::string* why);

// The same for an export of an instance. Tags of guests' resources are bound in `tags`.
bool matches_export(const RtTree& tree, TypeId func, const detail::FuncDesc& desc,
                    base::Vector<std::pair<const detail::ResourceClass*, RtResource*>>* tags,
                    std::string* why);

// Whether a function that `other` exports can stand for what `tree` imports: equal types, with equal resources.
bool matches_lifted(const RtTree& tree, TypeId wanted, const RtTree& other, TypeId found, std::string* why);

}  // namespace wherry::component
