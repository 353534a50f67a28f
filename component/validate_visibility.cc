// The names that types need in imports and exports (Explainer.md, "External Visibility of Types"). A resource, record,
// variant, enumeration or set of flags that a signature mentions must have been introduced by an import or an export: not
// one of equal structure, but that very name (node) of it. Imports may only lean on imports.
//
// The exported types of an instance are names for what is said in the same instance; for an instance that is itself
// imported or exported, for the whole scope. An exported instance keeps its types' nodes, so what was aliased out of it
// before has a name from then on; the official suite relies on that (async/big-interleaving-test).
#include "component/types_children.h"
#include "component/validator.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

// ---- the set

size_t NamedTypes::slot_of(uint64_t key) const {
  size_t slot = (key * 0x9e3779b97f4a7c15) >> 20;
  for (;; ++slot) {
    const uint64_t found = slots_[slot & (slots_.size() - 1)];
    if (found == 0 || found == key) return slot & (slots_.size() - 1);
  }
}

bool NamedTypes::rehash() {
  base::Vector<uint64_t> old = std::move(slots_);
  slots_ = {};
  if (!slots_.resize(old.empty() ? 64 : old.size() * 2)) return false;
  for (const uint64_t key : old) {
    if (key != 0) slots_[slot_of(key)] = key;
  }
  return true;
}

bool NamedTypes::insert(uint32_t scope, TypeId type) {
  if ((count_ + 1) * 2 > slots_.size() && !rehash()) return false;
  const uint64_t key = uint64_t{scope} << 32 | type.value;
  uint64_t& slot = slots_[slot_of(key)];
  if (slot == 0) ++count_;
  slot = key;
  return true;
}

bool NamedTypes::contains(uint32_t scope, TypeId type) const {
  if (slots_.empty()) return false;
  const uint64_t key = uint64_t{scope} << 32 | type.value;
  return slots_[slot_of(key)] == key;
}

// ---- the rule

bool Validator::is_named(TypeId type, Side side, uint32_t inner) const {
  const uint32_t scope = frames_.back().scope;
  if (named_.contains(inner, type) || named_.contains(scope, type)) return true;
  return side == Side::Export && named_.contains(scope + 1, type);
}

// Whether everything that `type` is made of has a name; `type` itself is not asked for one.
Result<bool> Validator::are_parts_named(TypeId type, Side side, uint32_t inner) {
  base::Vector<uint32_t>& work = work_;
  work.clear();
  if (seen_.size() < types().size() && !seen_.resize(types().size() + types().size() / 2))
    return out_of_memory();
  ++questions_;
  if (!work.push_back(type.value)) return out_of_memory();
  bool is_first = true;
  while (!work.empty()) {
    const TypeId id(work.back());
    work.pop_back();
    const TypeNode& node = types()[id];
    if (node.kind == TypeKind::Resource) {
      if (!is_first && !is_named(id, side, inner)) return false;
      is_first = false;
      continue;
    }
    const bool needs_name = node.kind == TypeKind::Record || node.kind == TypeKind::Variant ||
                            node.kind == TypeKind::Enum || node.kind == TypeKind::Flags;
    if (needs_name && !is_first) {
      if (!is_named(id, side, inner)) return false;
      continue;
    }
    is_first = false;
    if (seen_[id.value] == questions_) continue;
    seen_[id.value] = questions_;
    bool ok = true;
    types().each_child(node, [&](TypeId child) { ok = ok && work.push_back(child.value); });
    if (!ok) return out_of_memory();
  }
  return true;
}

// `inner`: the scope for names that instances inside introduce.
Result<bool> Validator::is_visible(Entity entity, Side side, uint32_t inner) {
  struct List {
    Range range;
    uint32_t next = 0;
  };
  base::Vector<List> lists;
  const auto check = [&](Entity item) -> Result<bool> {
    TypeId type;
    if (!entity_type(item, &type)) return true;
    const TypeNode node = types()[type];
    if (node.kind == TypeKind::Component || node.kind == TypeKind::Instance) {
      // The imports are said first, so they go on top.
      if (!lists.push_back({node.exports}) || !lists.push_back({node.imports})) return out_of_memory();
      return true;
    }
    if (item.sort == Sort::Value) {
      return is_named(type, side, inner) || WHERRY_TRY(are_parts_named(type, side, inner));
    }
    return are_parts_named(type, side, inner);
  };
  if (!WHERRY_TRY(check(entity))) return false;
  while (!lists.empty()) {
    List& list = lists.back();
    if (list.next == list.range.count) {
      lists.pop_back();
      continue;
    }
    const Entity item = types().externs(list.range)[list.next++].entity;
    if (!WHERRY_TRY(check(item))) return false;
    if (item.sort == Sort::Type && !named_.insert(inner, item.type())) return out_of_memory();
  }
  return true;
}

Result<void> Validator::check_visible(Entity entity, Side side, uint64_t offset) {
  const uint32_t scope = frame().scope + (side == Side::Import ? 0 : 1);
  // The names of an instance's types are good for what comes after it; those inside of types and components are not.
  uint32_t inner = scope;
  if (entity.sort != Sort::Instance) {
    inner = next_scope_;
    next_scope_ += 2;
  }
  if (!WHERRY_TRY(is_visible(entity, side, inner))) {
    const char* const what = side == Side::Import ? "import" : "export";
    return base::fail(ErrorCode::NotExternallyVisible, offset,
                      std::string(sort_name(entity.sort)) + " not valid to be used as " + what);
  }
  if (entity.sort == Sort::Type && !named_.insert(scope, entity.type())) return out_of_memory();
  return {};
}

}  // namespace wherry::component
