// Replacing resources (and the nodes that name them) in types: what an import, an alias of a type, an instantiation does.
//
// A node is made of nodes with smaller numbers. So the nodes that are reachable are collected, sorted, and rebuilt from
// the smallest up; those of which nothing changes stay themselves. No recursion, and each node once, however often it is
// referred to. Without nodes to rename, what mentions no resource is not even looked at.
#include <algorithm>

#include "component/limits.h"
#include "component/types_children.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {
base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }
}  // namespace

class Substituter {
 public:
  Substituter(Types& types, const Substitution& substitution, uint64_t offset)
      : types_(types), substitution_(substitution), offset_(offset) {}

  Result<void> prepare(std::span<const Entity> roots) {
    WHERRY_TRY(begin());
    for (const Entity& root : roots) {
      TypeId type;
      if (entity_type(root, &type)) WHERRY_TRY(reach(type));
    }
    for (size_t i = 0; i < reached_.size(); ++i) {
      const TypeNode node = types_[TypeId(reached_[i])];
      if (is_renamed(reached_[i])) continue;
      Result<void> result;
      types_.each_child(node, [&](TypeId child) {
        if (result) result = reach(child);
      });
      if (result && node.origin.is_id()) result = reach(node.origin.id());
      WHERRY_TRY(std::move(result));
    }
    std::sort(reached_.begin(), reached_.end());
    for (const uint32_t id : reached_) WHERRY_TRY(rebuild(id));
    return {};
  }

  Entity map(Entity entity) const {
    TypeId type;
    if (!entity_type(entity, &type)) return entity;
    const uint32_t to = map(type).value;
    return {entity.sort, entity.sort == Sort::Value ? ValType(TypeId(to)).bits() : to};
  }

 private:
  Result<void> begin() {
    ++types_.epoch_;
    if (!types_.node_epoch_.resize(types_.nodes_.size()) || !types_.node_to_.resize(types_.nodes_.size()) ||
        !types_.resource_epoch_.resize(types_.resources_.size()) ||
        !types_.resource_to_.resize(types_.resources_.size())) {
      return out_of_memory();
    }
    limit_ = static_cast<uint32_t>(types_.nodes_.size());
    for (const Substitution::Pair& pair : substitution_.resources) {
      types_.resource_epoch_[pair.from] = types_.epoch_;
      types_.resource_to_[pair.from] = pair.to;
    }
    for (const Substitution::Pair& pair : substitution_.types) {
      types_.node_epoch_[pair.from] = types_.epoch_;
      types_.node_to_[pair.from] = pair.to;
    }
    return {};
  }

  // A node stands for itself until rebuild() finds that it changes; renamed ones have their answer from the beginning.
  Result<void> reach(TypeId id) {
    if (types_.node_epoch_[id.value] == types_.epoch_) return {};
    if (substitution_.types.empty() && !types_[id].has_resource) return {};
    WHERRY_TRY(types_.step());
    types_.node_epoch_[id.value] = types_.epoch_;
    types_.node_to_[id.value] = id.value;
    if (!reached_.push_back(id.value)) return out_of_memory();
    return {};
  }
  bool is_renamed(uint32_t id) const { return types_.node_to_[id] != id; }

  TypeId map(TypeId id) const {
    if (id.value >= limit_ || types_.node_epoch_[id.value] != types_.epoch_) return id;
    return TypeId(types_.node_to_[id.value]);
  }
  ValType map(ValType type) const { return type.is_id() ? ValType(map(type.id())) : type; }

  Result<void> rebuild(uint32_t id) {
    TypeNode node = types_[TypeId(id)];
    bool has_changed = false;
    if (node.kind == TypeKind::Resource && types_.resource_epoch_[node.resource.value] == types_.epoch_) {
      node.resource = ResourceId(types_.resource_to_[node.resource.value]);
      has_changed = true;
    }
    uint64_t children = 1;
    types_.each_child(node, [&](TypeId child) {
      ++children;
      has_changed = has_changed || map(child) != child;
    });
    WHERRY_TRY(types_.step(children));
    has_changed = has_changed || map(node.origin) != node.origin;
    if (!has_changed) return {};
    node.origin = map(node.origin);
    node.first = map(node.first);
    node.second = map(node.second);
    node.members = WHERRY_TRY(map_members(node.members));
    node.imports = WHERRY_TRY(map_externs(node.imports));
    node.exports = WHERRY_TRY(map_externs(node.exports));
    const TypeId made = WHERRY_TRY(types_.add(node, offset_));
    types_.node_to_[id] = made.value;
    return {};
  }

  Result<Range> map_members(Range range) {
    bool has_changed = false;
    for (const Member& member : types_.members(range))
      has_changed = has_changed || map(member.type) != member.type;
    if (!has_changed) return range;
    base::Vector<Member> list;
    if (!list.append(types_.members(range))) return out_of_memory();
    for (Member& member : list) member.type = map(member.type);
    return types_.add_members(list);
  }

 public:
  Result<Range> map_externs(Range range) {
    base::Vector<Extern> list;
    if (!list.append(types_.externs(range))) return out_of_memory();
    bool has_changed = false;
    for (Extern& item : list) {
      const Entity to = map(item.entity);
      has_changed = has_changed || to.id != item.entity.id;
      item.entity = to;
    }
    if (!has_changed) return range;
    return types_.add_externs(list);
  }

 private:
  Types& types_;
  const Substitution& substitution_;
  uint64_t offset_;
  uint32_t limit_ = 0;  // Nodes from here on were made by this substitution.
  base::Vector<uint32_t> reached_;
};

Result<Range> Types::substitute(Range externs, const Substitution& substitution, uint64_t offset) {
  base::Vector<Entity> roots;
  for (const Extern& item : this->externs(externs)) {
    if (!roots.push_back(item.entity)) return out_of_memory();
  }
  Substituter substituter(*this, substitution, offset);
  WHERRY_TRY(substituter.prepare(roots));
  return substituter.map_externs(externs);
}

Result<Entity> Types::substitute(Entity entity, const Substitution& substitution, uint64_t offset) {
  Substituter substituter(*this, substitution, offset);
  WHERRY_TRY(substituter.prepare({&entity, 1}));
  return substituter.map(entity);
}

Result<TypeId> Types::open_instance(TypeId type, base::Vector<ResourceId>* made, uint64_t offset) {
  const TypeNode node = nodes_[type.value];
  if (node.bound.count == 0) return type;
  Substitution fresh;
  for (uint32_t i = 0; i < node.bound.count; ++i) {
    const ResourceId to = WHERRY_TRY(add_resource({}));
    const ResourceId from = resource_lists_[node.bound.first + i];
    if (!fresh.resources.push_back({from.value, to.value}) || !made->push_back(to)) return out_of_memory();
  }
  TypeNode opened;
  opened.kind = TypeKind::Instance;
  opened.exports = WHERRY_TRY(substitute(node.exports, fresh, offset));
  return add(opened, offset);
}

// ---- instantiation

Result<void> Types::pair_types(Entity expected, Entity actual, base::Vector<Substitution::Pair>* pairs) {
  struct Work {
    Entity expected;
    Entity actual;
  };
  base::Vector<Work> work;
  if (!work.push_back({expected, actual})) return out_of_memory();
  // Instances are gone through in the order of their exports, as a type is introduced before it is referred to.
  for (size_t at = 0; at < work.size(); ++at) {
    WHERRY_TRY(step());
    const Work item = work[at];
    if (item.expected.sort != item.actual.sort) continue;
    if (item.expected.sort == Sort::Type) {
      if (!pairs->push_back({item.expected.id, item.actual.id})) return out_of_memory();
    } else if (item.expected.sort == Sort::Instance) {
      const Range wanted = nodes_[item.expected.id].exports;
      const Range given = nodes_[item.actual.id].exports;
      for (const Extern& part : externs(wanted)) {
        if (part.entity.sort != Sort::Type && part.entity.sort != Sort::Instance) continue;
        const Extern* const found = find(given, part.name);
        if (found != nullptr && !work.push_back({part.entity, found->entity})) return out_of_memory();
      }
    }
  }
  return {};
}

Result<void> Types::bind(std::span<const Substitution::Pair> pairs, std::span<const ResourceId> bound,
                         Substitution* into) {
  // Which of the bound ones are still without an answer: marked by an epoch of its own.
  ++epoch_;
  if (!resource_epoch_.resize(resources_.size()) || !resource_to_.resize(resources_.size()))
    return out_of_memory();
  WHERRY_TRY(step(bound.size() + into->resources.size()));
  for (const ResourceId id : bound) resource_epoch_[id.value] = epoch_;
  for (const Substitution::Pair& pair : into->resources) resource_epoch_[pair.from] = 0;
  for (const Substitution::Pair& pair : pairs) {
    const TypeNode& wanted = nodes_[pair.from];
    const TypeNode& given = nodes_[pair.to];
    if (wanted.kind != TypeKind::Resource || given.kind != TypeKind::Resource) continue;
    if (resource_epoch_[wanted.resource.value] != epoch_) continue;
    resource_epoch_[wanted.resource.value] = 0;
    if (!into->resources.push_back({wanted.resource.value, given.resource.value})) return out_of_memory();
  }
  return {};
}

Result<TypeId> Types::instantiate(TypeId component, std::span<const Extern> arguments, uint64_t offset) {
  const TypeNode node = nodes_[component.value];
  base::Vector<uint32_t> order;
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    if (!order.push_back(i)) return out_of_memory();
  }
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return arguments[a].name < arguments[b].name; });
  base::Vector<ResourceId> imported;
  if (!imported.append(resource_list(node.bound))) return out_of_memory();
  Substitution given;
  for (uint32_t i = 0; i < node.imports.count; ++i) {
    const Extern import = externs_[node.imports.first + i];
    const auto at =
        std::lower_bound(order.begin(), order.end(), import.name,
                         [&](uint32_t item, std::string_view name) { return arguments[item].name < name; });
    if (at == order.end() || arguments[*at].name != import.name) {
      return base::fail(ErrorCode::MissingArgument, offset, "`" + std::string(import.name) + "`");
    }
    const Entity actual = arguments[*at].entity;
    base::Vector<Substitution::Pair> pairs;
    WHERRY_TRY(pair_types(import.entity, actual, &pairs));
    WHERRY_TRY(bind(pairs, imported, &given));
    const Mark before = mark();
    const Entity expected = WHERRY_TRY(substitute(import.entity, given, offset));
    std::string why;
    const bool fits = WHERRY_TRY(matches(actual, expected, &why));
    rollback(before);
    if (!fits) {
      return base::fail(ErrorCode::TypeMismatch, offset,
                        "argument `" + std::string(import.name) + "`: " + why);
    }
    // From here on the given type stands for the import, by name too. Not before: it would be compared with itself.
    if (!given.types.append(pairs)) return out_of_memory();
  }
  for (uint32_t i = 0; i < node.defined.count; ++i) {
    const ResourceId from = resource_lists_[node.defined.first + i];
    const ResourceId to = WHERRY_TRY(add_resource({}));
    if (!given.resources.push_back({from.value, to.value})) return out_of_memory();
  }
  TypeNode instance;
  instance.kind = TypeKind::Instance;
  instance.exports = WHERRY_TRY(substitute(node.exports, given, offset));
  return add(instance, offset);
}

}  // namespace wherry::component
