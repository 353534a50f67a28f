#pragma once

#include "component/types.h"

namespace wherry::component {

// The node that an entity is of, if it is of one.
inline bool entity_type(const Entity& entity, TypeId* type) {
  switch (entity.sort) {
    case Sort::Func:
    case Sort::Type:
    case Sort::Component:
    case Sort::Instance: *type = entity.type(); return true;
    case Sort::Value: {
      const ValType value = ValType::from_bits(entity.id);
      if (value.is_id()) *type = value.id();
      return value.is_id();
    }
    default: return false;
  }
}

// Calls `visit` with every node that `node` is made of.
template <class Visit>
void Types::each_child(const TypeNode& node, Visit visit) const {
  if (node.first.is_id()) visit(node.first.id());
  if (node.second.is_id()) visit(node.second.id());
  for (const Member& member : members(node.members)) {
    if (member.type.is_id()) visit(member.type.id());
  }
  for (const Range range : {node.imports, node.exports}) {
    for (const Extern& item : externs(range)) {
      TypeId type;
      if (entity_type(item.entity, &type)) visit(type);
    }
  }
}

}  // namespace wherry::component
