// Subtyping in canonical space (core spec 3.3) and the validity of declared supertypes (3.2.8). A declared supertype
// stands in the display of its subtypes at its own depth, so a question about defined types is one comparison;
// abstract ones are a small lattice, written as the list of what stands above each.
#include <cstdio>

#include "engine/wasm/errors.h"
#include "engine/wasm/type_store.h"

namespace wherry::wasm {

namespace {

bool is_one_of(AbstractHeap heap, std::initializer_list<AbstractHeap> list) {
  for (const AbstractHeap item : list) {
    if (heap == item) return true;
  }
  return false;
}

bool abstract_below(AbstractHeap sub, AbstractHeap super) {
  using enum AbstractHeap;
  if (sub == super) return true;
  switch (sub) {
    case I31:
    case Struct:
    case Array: return is_one_of(super, {Eq, Any});
    case Eq: return super == Any;
    case None: return is_one_of(super, {I31, Struct, Array, Eq, Any});
    case NoFunc: return super == Func;
    case NoExtern: return super == Extern;
    case NoExn: return super == Exn;
    case Any:
    case Func:
    case Extern:
    case Exn: return false;
  }
  return false;
}

AbstractHeap abstract_above(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::Func: return AbstractHeap::Func;
    case CompositeKind::Struct: return AbstractHeap::Struct;
    case CompositeKind::Array: return AbstractHeap::Array;
  }
  return AbstractHeap::Any;
}

}  // namespace

bool TypeStore::is_subtype(HeapType sub, HeapType super) const {
  if (sub == super) return true;
  if (sub.is_concrete()) {
    const CanonType& below = type(CanonId(sub.index()));
    if (!super.is_concrete()) return abstract_below(abstract_above(below.kind), super.abstract());
    const CanonType& above = type(CanonId(super.index()));
    return below.depth > above.depth && below.display[above.depth] == above.id;
  }
  if (!super.is_concrete()) return abstract_below(sub.abstract(), super.abstract());
  const AbstractHeap bottom =
      type(CanonId(super.index())).kind == CompositeKind::Func ? AbstractHeap::NoFunc : AbstractHeap::None;
  return sub.abstract() == bottom;
}

bool TypeStore::is_subtype(ValType sub, ValType super) const {
  if (sub == super || sub.kind() == ValKind::Bottom) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  return is_subtype(sub.heap(), super.heap());
}

bool TypeStore::matches(const CanonType& sub, const CanonType& super) const {
  if (sub.kind != super.kind) return false;
  if (sub.kind == CompositeKind::Func) {
    if (sub.func.params.size() != super.func.params.size()) return false;
    if (sub.func.results.size() != super.func.results.size()) return false;
    for (size_t i = 0; i < sub.func.params.size(); ++i) {
      if (!is_subtype(super.func.params[i], sub.func.params[i])) return false;
    }
    for (size_t i = 0; i < sub.func.results.size(); ++i) {
      if (!is_subtype(sub.func.results[i], super.func.results[i])) return false;
    }
    return true;
  }
  if (sub.fields.size() < super.fields.size()) return false;
  for (size_t i = 0; i < super.fields.size(); ++i) {
    const FieldType& below = sub.fields[i];
    const FieldType& above = super.fields[i];
    if (below.is_mutable != above.is_mutable) return false;
    if (above.is_mutable ? below.storage != above.storage : !is_subtype(below.storage, above.storage))
      return false;
  }
  return true;
}

base::Result<void> TypeStore::check(const GroupSource& source, const TypeGroup& group) const {
  for (size_t i = 0; i < group.types.size(); ++i) {
    const StoredType& sub = group.types[i];
    if (sub.depth == 0) continue;
    const CanonType& super = type(sub.display[sub.depth - 1u]);
    if (!super.is_final && matches(sub, super)) continue;
    char detail[96];
    std::snprintf(
        detail, sizeof detail,
        super.is_final ? "supertype %u of type %zu is final" : "type %2$zu does not match its supertype %1$u",
        source.types[i].super, source.first + i);
    return base::fail(ErrorCode::SubTypeMismatch, source.types[i].offset, detail);
  }
  return {};
}

}  // namespace wherry::wasm
