#pragma once

#include "component/canon_call.h"
#include "wherry/component_types.h"
#include "wherry/component_value.h"

namespace wherry::component {

// Dynamic values out of a guest and into it: by the type, which says what a value is, and the plan's node, which says where it lies.
class ValueCodec {
 public:
  // `tree` names the resources of the plan's nodes.
  ValueCodec(const RtTree& tree, CanonCall& call) : plan_(tree.flat().plan), tree_(tree), call_(call) {}

  [[nodiscard]] bool lift(ComponentType type, uint32_t node, const uint64_t*& slots, ComponentVal* value);
  [[nodiscard]] bool load(ComponentType type, uint32_t node, const uint8_t* from, ComponentVal* value);
  [[nodiscard]] bool lower(ComponentType type, uint32_t node, const ComponentVal& value, uint64_t*& slots);
  [[nodiscard]] bool store(ComponentType type, uint32_t node, const ComponentVal& value, uint8_t* to);

 private:
  [[nodiscard]] bool scalar(const canon::Node& node, uint64_t bits, ComponentVal* value);
  [[nodiscard]] bool pair(ComponentType type, const canon::Node& node, uint32_t address, uint32_t length,
                          ComponentVal* value);
  [[nodiscard]] bool store_pair(ComponentType type, const canon::Node& node, const ComponentVal& value,
                                uint32_t* address, uint32_t* length);
  [[nodiscard]] bool handle(const canon::Node& node, uint32_t index, ComponentVal* value);
  [[nodiscard]] bool store_handle(const canon::Node& node, const ComponentVal& value, uint32_t* index);

  const canon::Plan& plan_;
  const RtTree& tree_;
  CanonCall& call_;
};

// Whether a value is of a type, down to the number of its parts; resources are left for later. `why` gets the first difference.
bool is_of_type(const ComponentVal& value, ComponentType type, std::string* why);

}  // namespace wherry::component
