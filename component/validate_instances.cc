// Instances of components, and instances made of exports (Binary.md, "Instance Definitions").
#include <algorithm>

#include "component/validator.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

Result<void> Validator::instance(const InstanceDef& instance, uint64_t offset) {
  if (instance.is_instantiate) return instantiate(instance, offset);
  text::NameMap names;
  base::Vector<Extern> exports;
  for (const InstanceItem& item : instance.items) {
    if (is_core(item.sort) && item.sort != Sort::CoreModule) {
      return base::fail(ErrorCode::MismatchedSort, item.name.offset,
                        "an instance cannot export a " + std::string(sort_name(item.sort)));
    }
    const Entity exported = WHERRY_TRY(entity(item.sort, item.index, item.name.offset));
    if (item.sort == Sort::Value) WHERRY_TRY(use_value(item.index, item.name.offset));
    WHERRY_TRY(check_name(item.name, exported, Side::Export, &names, nullptr));
    if (!exports.push_back({item.name.name, exported})) return out_of_memory();
  }
  TypeNode node;
  node.kind = TypeKind::Instance;
  node.exports = WHERRY_TRY(types().add_externs(exports));
  return push(Sort::Instance, WHERRY_TRY(types().add(node, offset)).value);
}

Result<void> Validator::instantiate(const InstanceDef& instance, uint64_t offset) {
  const TypeId component(WHERRY_TRY(at(Sort::Component, instance.target, offset)));
  base::Vector<Extern> arguments;
  for (const InstanceItem& item : instance.items) {
    if (is_core(item.sort) && item.sort != Sort::CoreModule) {
      return base::fail(ErrorCode::MismatchedSort, item.name.offset,
                        "a " + std::string(sort_name(item.sort)) + " cannot be an argument");
    }
    const Entity given = WHERRY_TRY(entity(item.sort, item.index, item.name.offset));
    if (item.sort == Sort::Value) WHERRY_TRY(use_value(item.index, item.name.offset));
    if (!arguments.push_back({item.name.name, given})) return out_of_memory();
  }
  base::Vector<Extern> sorted;
  if (!sorted.append(arguments)) return out_of_memory();
  std::sort(sorted.begin(), sorted.end(), [](const Extern& a, const Extern& b) { return a.name < b.name; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].name != sorted[i - 1].name) continue;
    return base::fail(ErrorCode::NameConflict, offset,
                      "argument " + quoted(sorted[i].name) + " is there twice");
  }
  return push(Sort::Instance, WHERRY_TRY(types().instantiate(component, arguments, offset)).value);
}

}  // namespace wherry::component
