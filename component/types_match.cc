// When two types are the same, and when one fits where another is expected (Explainer.md, "Type Checking"; Binary.md on
// instantiation).
//
// Value and function types are the same or not; that question walks pairs on a stack of its own. Width is allowed in
// instances and components only: an instance may export more, a component may export more and import less. Bound
// resources are the difficulty. Whoever is asked for brings variables: they are given the resources that stand at the same
// place on the other side (bind), and the type is rebuilt with these before it is compared, so that no environment has to
// be carried along and no two uses of one binder can meet. What was built for a comparison is dropped after it.
//
// Matcher calls itself for instances and components inside one another. A type's depth is limited when it is made
// (kMaxTypeDepth), so that this recursion has a bound that no input can raise.
#include "component/names.h"
#include "component/types_children.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

}  // namespace

// ---- the same type

class Equality {
 public:
  Equality(Types& types, std::string* why) : types_(types), why_(why) {}

  Result<bool> run(ValType a, ValType b) {
    WHERRY_TRY(push(a, b));
    while (!work_.empty()) {
      const Pair pair = work_.back();
      work_.pop_back();
      WHERRY_TRY(types_.step());
      if (!WHERRY_TRY(compare(pair.a, pair.b))) return false;
    }
    return true;
  }

 private:
  struct Pair {
    ValType a;
    ValType b;
  };

  ValType plain(ValType type) const {
    if (type.is_id() && types_[type.id()].kind == TypeKind::Prim) return types_[type.id()].first;
    return type;
  }
  std::string text(ValType type) const {
    if (type.is_none()) return "nothing";
    return std::string(type.is_prim() ? prim_name(type.prim()) : kind_name(types_[type.id()].kind));
  }
  bool differ(ValType a, ValType b) {
    *why_ = "expected " + text(b) + ", found " + text(a);
    return false;
  }

  Result<void> push(ValType a, ValType b) {
    if (a != b && !work_.push_back({a, b})) return out_of_memory();
    return {};
  }

  Result<bool> compare(ValType x, ValType y) {
    const ValType a = plain(x);
    const ValType b = plain(y);
    if (a == b) return true;
    if (!a.is_id() || !b.is_id()) return differ(a, b);
    const TypeNode& left = types_[a.id()];
    const TypeNode& right = types_[b.id()];
    if (left.kind != right.kind) return differ(a, b);
    if (left.kind == TypeKind::Resource) {
      if (left.resource == right.resource) return true;
      *why_ = "resource types are not the same";
      return false;
    }
    if (left.kind == TypeKind::Instance || left.kind == TypeKind::Component) return differ(a, b);
    if (left.is_async != right.is_async) {
      *why_ = left.is_async ? "expected a function, found an async one"
                            : "expected an async function, found another";
      return false;
    }
    if (left.length != right.length || left.members.count != right.members.count) {
      *why_ = "expected " + std::to_string(right.members.count + right.length) + " parts of a " +
              std::string(kind_name(left.kind)) + ", found " +
              std::to_string(left.members.count + left.length);
      return false;
    }
    WHERRY_TRY(push(left.second, right.second));
    WHERRY_TRY(push(left.first, right.first));
    const std::span<const Member> left_members = types_.members(left.members);
    const std::span<const Member> right_members = types_.members(right.members);
    WHERRY_TRY(types_.step(left_members.size()));
    for (size_t i = left_members.size(); i-- > 0;) {
      if (left_members[i].name != right_members[i].name) {
        *why_ = "expected " + quoted(right_members[i].name) + " in a " + std::string(kind_name(left.kind)) +
                ", found " + quoted(left_members[i].name);
        return false;
      }
      WHERRY_TRY(push(left_members[i].type, right_members[i].type));
    }
    return true;
  }

  Types& types_;
  std::string* why_;
  base::Vector<Pair> work_;
};

Result<bool> Types::equal(ValType a, ValType b, std::string* why) { return Equality(*this, why).run(a, b); }

// ---- one for the other

class Matcher {
 public:
  Matcher(Types& types, std::string* why) : types_(types), why_(why) {}

  Result<bool> entity(Entity actual, Entity expected) {
    WHERRY_TRY(types_.step());
    if (actual.sort != expected.sort) {
      return refuse("expected " + std::string(sort_name(expected.sort)) + ", found " +
                    std::string(sort_name(actual.sort)));
    }
    if (actual.id == expected.id) return true;
    switch (expected.sort) {
      case Sort::Func: return types_.equal(actual.type(), expected.type(), why_);
      case Sort::Value:
        return types_.equal(ValType::from_bits(actual.id), ValType::from_bits(expected.id), why_);
      case Sort::Type: return types_.equal_types(actual.type(), expected.type(), why_);
      case Sort::Instance: return instance(actual.type(), expected.type());
      case Sort::Component: return component(actual.type(), expected.type());
      case Sort::CoreModule: return module(actual.id, expected.id);
      default: return refuse("a core definition");
    }
  }

  Result<bool> instance(TypeId actual, TypeId expected) {
    if (actual == expected) return true;
    const Range given = types_[actual].exports;
    Substitution bound;
    return exports(given, types_[expected].exports, types_[expected].bound, &bound);
  }

  Result<bool> component(TypeId actual, TypeId expected) {
    if (actual == expected) return true;
    const TypeNode left = types_[actual];
    const TypeNode right = types_[expected];
    base::Vector<ResourceId> imported;
    if (!imported.append(types_.resource_list(left.bound))) return out_of_memory();
    Substitution given;
    for (uint32_t i = 0; i < left.imports.count; ++i) {
      const Extern import = types_.externs(left.imports)[i];
      const Extern* const found = types_.find(right.imports, import.name);
      if (found == nullptr) return refuse("missing expected import " + quoted(import.name));
      const Entity supplied = found->entity;
      base::Vector<Substitution::Pair> pairs;
      WHERRY_TRY(types_.pair_types(import.entity, supplied, &pairs));
      WHERRY_TRY(types_.bind(pairs, imported, &given));
      const Entity asked = WHERRY_TRY(types_.substitute(import.entity, given, base::Error::kNoOffset));
      if (!WHERRY_TRY(entity(supplied, asked))) return within("import", import.name);
    }
    const Range made = WHERRY_TRY(types_.substitute(left.exports, given, base::Error::kNoOffset));
    Substitution defined;
    return exports(made, right.exports, right.defined, &defined);
  }

 private:
  bool refuse(std::string text) {
    *why_ = std::move(text);
    return false;
  }
  bool within(std::string_view what, std::string_view name) {
    *why_ = std::string(what) + " " + quoted(name) + ": " + *why_;
    return false;
  }

  // Whether `given` has all of `expected`, in which the resources `bound` may become anything.
  Result<bool> exports(Range given, Range expected, Range bound, Substitution* into) {
    base::Vector<ResourceId> variables;
    if (!variables.append(types_.resource_list(bound))) return out_of_memory();
    for (uint32_t i = 0; i < expected.count; ++i) {
      const Extern wanted = types_.externs(expected)[i];
      const Extern* const found = types_.find(given, wanted.name);
      if (found == nullptr) return refuse("missing expected export " + quoted(wanted.name));
      const Entity actual = found->entity;
      Entity asked = wanted.entity;
      if (!variables.empty()) {
        base::Vector<Substitution::Pair> pairs;
        WHERRY_TRY(types_.pair_types(asked, actual, &pairs));
        WHERRY_TRY(types_.bind(pairs, variables, into));
        asked = WHERRY_TRY(types_.substitute(asked, *into, base::Error::kNoOffset));
      }
      if (!WHERRY_TRY(entity(actual, asked))) return within("export", wanted.name);
    }
    return true;
  }

  Result<bool> module(uint32_t actual, uint32_t expected) {
    const CoreModuleType left = types_.module_type(actual);
    const CoreModuleType right = types_.module_type(expected);
    WHERRY_TRY(types_.step(left.imports.count + right.exports.count));
    for (const CoreName& import : types_.core_names(left.imports)) {
      const CoreName* const found = types_.find_core(right.imports, import.module, import.name);
      const std::string name = std::string(import.module) + "::" + std::string(import.name);
      if (found == nullptr) return refuse("missing expected import " + quoted(name));
      if (!WHERRY_TRY(
              types_.core_matches(types_.core_extern(found->item), types_.core_extern(import.item), why_))) {
        return within("module import", name);
      }
    }
    for (const CoreName& wanted : types_.core_names(right.exports)) {
      const CoreName* const found = types_.find_core(left.exports, {}, wanted.name);
      if (found == nullptr) return refuse("missing expected export " + quoted(wanted.name));
      if (!WHERRY_TRY(
              types_.core_matches(types_.core_extern(found->item), types_.core_extern(wanted.item), why_))) {
        return within("module export", wanted.name);
      }
    }
    return true;
  }

  Types& types_;
  std::string* why_;
};

Result<bool> Types::matches(Entity actual, Entity expected, std::string* why) {
  const Mark before = mark();
  auto result = Matcher(*this, why).entity(actual, expected);
  rollback(before);
  return result;
}

Result<bool> Types::equal_types(TypeId a, TypeId b, std::string* why) {
  const TypeKind kind = nodes_[a.value].kind;
  const bool are_alike = kind == nodes_[b.value].kind;
  if (!are_alike || (kind != TypeKind::Instance && kind != TypeKind::Component)) return equal(a, b, why);
  Matcher matcher(*this, why);
  const bool is_component = kind == TypeKind::Component;
  if (!WHERRY_TRY(is_component ? matcher.component(a, b) : matcher.instance(a, b))) return false;
  return is_component ? matcher.component(b, a) : matcher.instance(b, a);
}

namespace {

bool limits_match(const wasm::Limits& actual, const wasm::Limits& expected) {
  if (actual.is_64 != expected.is_64 || actual.is_shared != expected.is_shared) return false;
  if (actual.min < expected.min) return false;
  return !expected.has_max || (actual.has_max && actual.max <= expected.max);
}

}  // namespace

Result<bool> Types::core_matches(const CoreExtern& actual, const CoreExtern& expected,
                                 std::string* why) const {
  if (actual.kind != expected.kind) {
    *why = "expected " + std::string(sort_name(core_sort(expected.kind))) + ", found " +
           std::string(sort_name(core_sort(actual.kind)));
    return false;
  }
  bool fits = false;
  switch (expected.kind) {
    case wasm::ExternKind::Func:
      fits = registry_->is_subtype(registry_->type(actual.type), expected.type);
      break;
    case wasm::ExternKind::Tag: fits = actual.type == expected.type; break;
    case wasm::ExternKind::Table:
      fits = actual.table.element == expected.table.element &&
             limits_match(actual.table.limits, expected.table.limits);
      break;
    case wasm::ExternKind::Memory:
      fits = actual.memory.page_size_log2 == expected.memory.page_size_log2 &&
             limits_match(actual.memory.limits, expected.memory.limits);
      break;
    case wasm::ExternKind::Global:
      fits = actual.global.is_mutable == expected.global.is_mutable &&
             (expected.global.is_mutable
                  ? actual.global.content == expected.global.content
                  : registry_->is_subtype(actual.global.content, expected.global.content));
      break;
  }
  if (!fits) *why = std::string(sort_name(core_sort(expected.kind))) + " type mismatch";
  return fits;
}

// ---- free resources

Result<void> Types::free_resources(std::span<const Extern> entities, std::span<const ResourceId> known,
                                   base::Vector<ResourceId>* found) {
  ++epoch_;
  if (!resource_epoch_.resize(resources_.size()) || !node_epoch_.resize(nodes_.size()))
    return out_of_memory();
  for (const ResourceId id : known) resource_epoch_[id.value] = epoch_;
  base::Vector<uint32_t> work;
  base::Vector<ResourceId> met;
  const auto reach = [&](TypeId id) {
    if (!nodes_[id.value].has_resource || node_epoch_[id.value] == epoch_) return true;
    node_epoch_[id.value] = epoch_;
    return work.push_back(id.value);
  };
  bool ok = true;
  for (const Extern& item : entities) {
    TypeId type;
    if (entity_type(item.entity, &type)) ok = ok && reach(type);
  }
  while (ok && !work.empty()) {
    WHERRY_TRY(step());
    const TypeNode& node = nodes_[work.back()];
    work.pop_back();
    if (node.kind == TypeKind::Resource) ok = met.push_back(node.resource);
    for (const Range list : {node.bound, node.defined}) {
      for (const ResourceId id : resource_list(list)) resource_epoch_[id.value] = epoch_;
    }
    each_child(node, [&](TypeId child) { ok = ok && reach(child); });
  }
  for (const ResourceId id : met) {
    if (resource_epoch_[id.value] == epoch_) continue;
    resource_epoch_[id.value] = epoch_;
    ok = ok && found->push_back(id);
  }
  if (!ok) return out_of_memory();
  return {};
}

Result<bool> Types::has_free_resource(TypeId id) {
  base::Vector<ResourceId> found;
  const Extern item{{}, {Sort::Type, id.value}};
  WHERRY_TRY(free_resources({&item, 1}, {}, &found));
  return !found.empty();
}

}  // namespace wherry::component
