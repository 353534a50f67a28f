// Making types, and what is known of a type from its parts: how much it is when written out (the budget that stops types
// which double with every line), its size and alignment in memory and the core types it is flattened to
// (CanonicalABI.md, "Alignment", "Element Size", "Flattening"). All of it is computed once, when the node is made.
#include "component/types.h"

#include <algorithm>

#include "component/limits.h"
#include "component/types_children.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

constexpr uint64_t kMaxElementBytes = uint64_t{1} << 28;

uint32_t saturating_add(uint32_t a, uint32_t b) {
  const uint32_t sum = a + b;
  return sum < a ? ~uint32_t{0} : sum;
}

uint64_t align_to(uint64_t size, uint32_t align) { return (size + align - 1) / align * align; }

uint32_t discriminant_bytes(size_t cases) { return cases <= 256 ? 1 : (cases <= 65536 ? 2 : 4); }

TypeFigures scalar(uint32_t size, Flat::Kind kind) {
  TypeFigures figures;
  for (uint32_t wide = 0; wide < 2; ++wide) {
    figures.layout[wide] = {size, size};
    figures.flat[wide].push(kind);
  }
  return figures;
}

// A pointer and a length.
TypeFigures pointer_pair() {
  TypeFigures figures;
  for (uint32_t wide = 0; wide < 2; ++wide) {
    figures.layout[wide] = {wide != 0 ? 16u : 8u, wide != 0 ? 8u : 4u};
    for (uint32_t i = 0; i < 2; ++i) figures.flat[wide].push(wide != 0 ? Flat::I64 : Flat::I32);
  }
  return figures;
}

TypeFigures prim_figures(Prim prim) {
  switch (prim) {
    case Prim::Bool:
    case Prim::S8:
    case Prim::U8: return scalar(1, Flat::I32);
    case Prim::S16:
    case Prim::U16: return scalar(2, Flat::I32);
    case Prim::S64:
    case Prim::U64: return scalar(8, Flat::I64);
    case Prim::F32: return scalar(4, Flat::F32);
    case Prim::F64: return scalar(8, Flat::F64);
    case Prim::String: return pointer_pair();
    case Prim::S32:
    case Prim::U32:
    case Prim::Char:
    case Prim::ErrorContext: return scalar(4, Flat::I32);
  }
  return scalar(4, Flat::I32);
}

}  // namespace

std::string_view kind_name(TypeKind kind) {
  constexpr std::string_view kNames[] = {"primitive", "record",   "variant",  "list",     "fixed-length list",
                                         "tuple",     "flags",    "enum",     "option",   "result",
                                         "map",       "own",      "borrow",   "stream",   "future",
                                         "func",      "resource", "instance", "component"};
  return kNames[static_cast<uint32_t>(kind)];
}

Flat Flat::join(const Flat& a, const Flat& b) {
  Flat joined;
  const uint32_t most = std::max(a.count, b.count);
  for (uint32_t i = 0; i < most; ++i) {
    if (i >= a.count || i >= b.count) {
      joined.push(i < a.count ? a.at(i) : b.at(i));
      continue;
    }
    const Kind x = a.at(i);
    const Kind y = b.at(i);
    const bool are_narrow = (x == I32 && y == F32) || (x == F32 && y == I32);
    joined.push(x == y ? x : (are_narrow ? I32 : I64));
  }
  return joined;
}

TypeFigures Types::figures(ValType type) const {
  if (type.is_id()) return figures_[type.id().value];
  return type.is_prim() ? prim_figures(type.prim()) : TypeFigures{};
}

// ---- what follows from the parts

namespace {

// A record, tuple or list of a fixed length, member after member.
class Sequence {
 public:
  void add(const TypeFigures& member) {
    for (uint32_t wide = 0; wide < 2; ++wide) {
      Layout& layout = figures.layout[wide];
      layout.size = align_to(layout.size, member.layout[wide].align) + member.layout[wide].size;
      layout.align = std::max(layout.align, member.layout[wide].align);
      figures.flat[wide].append(member.flat[wide]);
    }
  }
  TypeFigures finish() {
    for (Layout& layout : figures.layout) layout.size = align_to(layout.size, layout.align);
    return figures;
  }

  TypeFigures figures;
};

// A variant, case beside case.
class Choice {
 public:
  explicit Choice(size_t cases) : discriminant_(discriminant_bytes(cases)) {}

  void add(const TypeFigures& payload) {
    for (uint32_t wide = 0; wide < 2; ++wide) {
      payload_[wide].size = std::max(payload_[wide].size, payload.layout[wide].size);
      payload_[wide].align = std::max(payload_[wide].align, payload.layout[wide].align);
      flat_[wide] = Flat::join(flat_[wide], payload.flat[wide]);
    }
  }
  TypeFigures finish() const {
    TypeFigures figures;
    for (uint32_t wide = 0; wide < 2; ++wide) {
      Layout& layout = figures.layout[wide];
      layout.align = std::max(discriminant_, payload_[wide].align);
      layout.size =
          align_to(align_to(discriminant_, payload_[wide].align) + payload_[wide].size, layout.align);
      figures.flat[wide].push(Flat::I32);
      figures.flat[wide].append(flat_[wide]);
    }
    return figures;
  }

 private:
  uint32_t discriminant_;
  Layout payload_[2];
  Flat flat_[2];
};

TypeFigures flags_figures(size_t labels) {
  return scalar(labels <= 8 ? 1 : (labels <= 16 ? 2 : 4), Flat::I32);
}

TypeFigures repeated(const TypeFigures& element, uint32_t length) {
  TypeFigures figures = element;
  for (uint32_t wide = 0; wide < 2; ++wide) {
    figures.layout[wide].size = element.layout[wide].size * length;  // Below 2^28 times below 2^32.
    figures.flat[wide] = {};
    for (uint32_t i = 0; i < length && figures.flat[wide].count < Flat::kMost; ++i) {
      figures.flat[wide].append(element.flat[wide]);
    }
  }
  return figures;
}

}  // namespace

Result<void> Types::measure(TypeNode* node, TypeFigures* figures, uint64_t offset) const {
  uint32_t depth = 0;
  node->size = 1;
  node->has_resource = node->kind == TypeKind::Resource;
  node->has_borrow = node->kind == TypeKind::Borrow;
  node->has_pointer = node->kind == TypeKind::List || node->kind == TypeKind::Map ||
                      (node->kind == TypeKind::Prim && node->first.prim() == Prim::String);
  node->size = saturating_add(node->size, node->members.count);
  node->size = saturating_add(node->size, node->imports.count + node->exports.count);
  each_child(*node, [&](TypeId child) {
    const TypeNode& part = nodes_[child.value];
    depth = std::max<uint32_t>(depth, part.depth);
    node->size = saturating_add(node->size, part.size);
    node->has_resource = node->has_resource || part.has_resource;
    node->has_borrow = node->has_borrow || part.has_borrow;
    node->has_pointer = node->has_pointer || part.has_pointer;
  });
  for (const Member& member : members(node->members))
    node->has_pointer = node->has_pointer || has_pointer(member.type);
  node->has_pointer = node->has_pointer || has_pointer(node->first) || has_pointer(node->second);
  // What goes through a stream or future is asked of its own reads and writes; the value itself is a handle.
  if (node->kind == TypeKind::Stream || node->kind == TypeKind::Future) node->has_pointer = false;
  if (depth >= kMaxTypeDepth) {
    return base::fail(ErrorCode::TypesTooLarge, offset, "expected at most 100 types inside one another");
  }
  node->depth = static_cast<uint8_t>(depth + 1);
  if (node->size > kMaxTypeSize) {
    return base::fail(ErrorCode::TypesTooLarge, offset, "expected at most 1000000 parts when written out");
  }
  if (!is_value_kind(node->kind)) return {};
  switch (node->kind) {
    case TypeKind::Prim: *figures = prim_figures(node->first.prim()); break;
    case TypeKind::Record:
    case TypeKind::Tuple: {
      Sequence sequence;
      for (const Member& member : members(node->members)) sequence.add(this->figures(member.type));
      *figures = sequence.finish();
      break;
    }
    case TypeKind::FixedList: *figures = repeated(this->figures(node->first), node->length); break;
    case TypeKind::Flags: *figures = flags_figures(node->members.count); break;
    case TypeKind::Variant:
    case TypeKind::Enum: {
      Choice choice(node->members.count);
      for (const Member& member : members(node->members)) choice.add(this->figures(member.type));
      *figures = choice.finish();
      break;
    }
    case TypeKind::Option:
    case TypeKind::Result: {
      Choice choice(2);
      choice.add(this->figures(node->first));
      choice.add(this->figures(node->second));
      *figures = choice.finish();
      break;
    }
    case TypeKind::List:
    case TypeKind::Map: *figures = pointer_pair(); break;
    default: *figures = scalar(4, Flat::I32); break;
  }
  if (figures->layout[1].size >= kMaxElementBytes) {
    return base::fail(ErrorCode::InvalidDefinedType, offset, "a value of it takes 2^28 bytes or more");
  }
  return {};
}

// ---- the pools

Result<void> Types::grow(size_t parts) {
  parts_ += parts;
  if (parts_ <= kMaxTypeNodes) return {};
  return base::fail(ErrorCode::TypesTooLarge, base::Error::kNoOffset, "the component has too many types");
}

Result<void> Types::step(uint64_t count) {
  steps_ += count;
  if (steps_ <= kMaxTypeSteps) return {};
  return base::fail(ErrorCode::TypesTooLarge, base::Error::kNoOffset, "comparing the types takes too long");
}

bool Types::reserve(size_t definitions) {
  // Of WASI's components in C, Rust and JavaScript, with 150 to 1900 definitions, each of the lists stays below its share, or grows once.
  const size_t half = definitions / 2, third = definitions * 3 / 8;
  return nodes_.reserve(half) && figures_.reserve(half) && externs_.reserve(third) &&
         sorted_.reserve(third) && core_externs_.reserve(third) && core_names_.reserve(half) &&
         core_sorted_.reserve(half);
}

Result<TypeId> Types::add(const TypeNode& node, uint64_t offset) {
  TypeNode measured = node;
  TypeFigures figures;
  WHERRY_TRY(grow(1));
  WHERRY_TRY(measure(&measured, &figures, offset));
  if (!nodes_.push_back(measured) || !figures_.push_back(figures)) return out_of_memory();
  return TypeId(static_cast<uint32_t>(nodes_.size() - 1));
}

Result<TypeId> Types::copy(TypeId id, uint64_t offset) {
  TypeNode node = nodes_[id.value];
  node.origin = id;
  return add(node, offset);
}

Result<ResourceId> Types::add_resource(const Resource& resource) {
  WHERRY_TRY(grow(1));
  if (!resources_.push_back(resource)) return out_of_memory();
  return ResourceId(static_cast<uint32_t>(resources_.size() - 1));
}

Result<TypeId> Types::add_abstract_resource(uint64_t offset) {
  TypeNode node;
  node.kind = TypeKind::Resource;
  node.resource = WHERRY_TRY(add_resource({}));
  return add(node, offset);
}

Result<Range> Types::add_members(std::span<const Member> members) {
  WHERRY_TRY(grow(members.size()));
  const Range range{static_cast<uint32_t>(members_.size()), static_cast<uint32_t>(members.size())};
  if (!members_.append(members)) return out_of_memory();
  return range;
}

Result<Range> Types::add_externs(std::span<const Extern> externs) {
  WHERRY_TRY(grow(externs.size()));
  const Range range{static_cast<uint32_t>(externs_.size()), static_cast<uint32_t>(externs.size())};
  if (!externs_.append(externs)) return out_of_memory();
  for (uint32_t i = 0; i < range.count; ++i) {
    if (!sorted_.push_back(i)) return out_of_memory();
  }
  uint32_t* const begin = sorted_.data() + range.first;
  const Extern* const list = externs_.data() + range.first;
  std::sort(begin, begin + range.count,
            [list](uint32_t a, uint32_t b) { return list[a].name < list[b].name; });
  return range;
}

Result<Range> Types::add_resource_list(std::span<const ResourceId> list) {
  WHERRY_TRY(grow(list.size()));
  const Range range{static_cast<uint32_t>(resource_lists_.size()), static_cast<uint32_t>(list.size())};
  if (!resource_lists_.append(list)) return out_of_memory();
  return range;
}

Result<uint32_t> Types::add_core_extern(const CoreExtern& item) {
  WHERRY_TRY(step());
  if (!core_externs_.push_back(item)) return out_of_memory();
  return static_cast<uint32_t>(core_externs_.size() - 1);
}

Result<Range> Types::add_core_names(std::span<const CoreName> names, const CoreName** twice) {
  WHERRY_TRY(step(names.size()));
  const Range range{static_cast<uint32_t>(core_names_.size()), static_cast<uint32_t>(names.size())};
  if (!core_names_.append(names)) return out_of_memory();
  for (uint32_t i = 0; i < range.count; ++i) {
    if (!core_sorted_.push_back(i)) return out_of_memory();
  }
  uint32_t* const begin = core_sorted_.data() + range.first;
  const CoreName* const list = core_names_.data() + range.first;
  std::sort(begin, begin + range.count, [list](uint32_t a, uint32_t b) {
    return list[a].module != list[b].module ? list[a].module < list[b].module : list[a].name < list[b].name;
  });
  if (twice == nullptr) return range;
  const uint32_t* const same = std::adjacent_find(begin, begin + range.count, [list](uint32_t a, uint32_t b) {
    return list[a].name == list[b].name && list[a].module == list[b].module;
  });
  *twice = same == begin + range.count ? nullptr : &list[*same];
  return range;
}

Result<uint32_t> Types::add_module_type(const CoreModuleType& type) {
  if (!module_types_.push_back(type)) return out_of_memory();
  return static_cast<uint32_t>(module_types_.size() - 1);
}

const Extern* Types::find(Range range, std::string_view name) const {
  const std::span<const Extern> list = externs(range);
  const std::span<const uint32_t> order = sorted_.span().subspan(range.first, range.count);
  const auto at =
      std::lower_bound(order.begin(), order.end(), name,
                       [&](uint32_t item, std::string_view wanted) { return list[item].name < wanted; });
  return at != order.end() && list[*at].name == name ? &list[*at] : nullptr;
}

const CoreName* Types::find_core(Range range, std::string_view module, std::string_view name) const {
  const std::span<const CoreName> list = core_names(range);
  const std::span<const uint32_t> order = core_sorted_.span().subspan(range.first, range.count);
  const auto at =
      std::lower_bound(order.begin(), order.end(), name, [&](uint32_t item, std::string_view wanted) {
        return list[item].module != module ? list[item].module < module : list[item].name < wanted;
      });
  const bool is_found = at != order.end() && list[*at].module == module && list[*at].name == name;
  return is_found ? &list[*at] : nullptr;
}

ResourceId Types::resource_of(TypeId id) const {
  const TypeNode& node = nodes_[id.value];
  return node.kind == TypeKind::Resource ? node.resource : nodes_[node.first.id().value].resource;
}

Types::Mark Types::mark() const {
  return {nodes_.size(), members_.size(), externs_.size(), resource_lists_.size(), parts_};
}

void Types::rollback(const Mark& mark) {
  nodes_.truncate(mark.nodes);
  figures_.truncate(mark.nodes);
  members_.truncate(mark.members);
  externs_.truncate(mark.externs);
  sorted_.truncate(mark.externs);
  resource_lists_.truncate(mark.lists);
  parts_ = mark.parts;
}

}  // namespace wherry::component
