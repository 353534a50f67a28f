// Layout and flattening of plans, as CanonicalABI.md's "Alignment", "Element Size" and "Flattening" say. Sizes are below
// 2^28, which validation has made sure of with 64-bit pointers; so nothing here overflows.
//
// `is_plain` is what copying from guest to guest is fast by: numbers, and sequences of them without a gap. Not bool
// (whatever is not 0 becomes 1), not char, not flags that leave bits over.
#include "engine/canon/plan.h"

#include <algorithm>

namespace wherry::canon {

namespace {

bool push(Plan* plan, const Node& node, uint32_t* out) {
  *out = static_cast<uint32_t>(plan->nodes.size());
  return plan->nodes.push_back(node);
}

void take_flags(Node* node, const Node& part) {
  node->has_borrow = node->has_borrow || part.has_borrow;
  node->has_resource = node->has_resource || part.has_resource;
}

}  // namespace

bool add_sequence(Plan* plan, std::span<const uint32_t> elements, uint32_t* out) {
  Node node;
  node.op = Op::Sequence;
  node.is_plain = true;
  node.first = static_cast<uint32_t>(plan->parts.size());
  node.count = static_cast<uint32_t>(elements.size());
  uint32_t at = 0;
  for (const uint32_t element : elements) {
    const Node& part = plan->nodes[element];
    const uint32_t offset = align_up(at, part.align);
    node.is_plain = node.is_plain && part.is_plain && offset == at;
    at = offset + part.size;
    node.align = std::max(node.align, part.align);
    node.flat = std::min(node.flat + part.flat, kManyFlat);
    take_flags(&node, part);
    if (!plan->parts.push_back({element, offset})) return false;
  }
  node.size = align_up(at, node.align);
  node.is_plain = node.is_plain && node.size == at;
  return push(plan, node, out);
}

bool add_choice(Plan* plan, std::span<const uint32_t> cases, uint32_t* out) {
  Node node;
  node.op = Op::Choice;
  node.first = static_cast<uint32_t>(plan->parts.size());
  node.count = static_cast<uint32_t>(cases.size());
  node.tag_size = static_cast<uint8_t>(tag_size(node.count));
  uint8_t align = 1;
  uint32_t size = 0;
  for (const uint32_t item : cases) {
    if (!plan->parts.push_back({item, 0})) return false;
    if (item == Part::kNothing) continue;
    const Node& part = plan->nodes[item];
    align = std::max(align, part.align);
    size = std::max(size, part.size);
    node.flat = std::max(node.flat, part.flat);
    take_flags(&node, part);
  }
  node.flat = std::min(node.flat + 1, kManyFlat);
  node.number = align_up(node.tag_size, align);
  node.align = std::max(node.tag_size, align);
  node.size = align_up(node.number + size, node.align);
  return push(plan, node, out);
}

bool add_list(Plan* plan, uint32_t element, uint32_t* out) {
  Node node;
  node.op = Op::List;
  node.align = 4;
  node.size = 8;
  node.flat = 2;
  node.first = static_cast<uint32_t>(plan->parts.size());
  node.count = 1;
  take_flags(&node, plan->nodes[element]);
  return plan->parts.push_back({element, 0}) && push(plan, node, out);
}

bool add_fixed_list(Plan* plan, uint32_t element, uint32_t length, uint32_t* out) {
  const Node part = plan->nodes[element];
  Node node;
  node.op = Op::FixedList;
  node.align = part.align;
  node.is_plain = part.is_plain;
  node.size = part.size * length;
  node.flat = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{part.flat} * length, kManyFlat));
  node.first = static_cast<uint32_t>(plan->parts.size());
  node.count = 1;
  node.number = length;
  take_flags(&node, part);
  return plan->parts.push_back({element, 0}) && push(plan, node, out);
}

bool add_flags(Plan* plan, uint32_t count, uint32_t* out) {
  Node node;
  node.op = Op::Flags;
  node.size = count <= 8 ? 1 : count <= 16 ? 2 : 4;
  node.align = static_cast<uint8_t>(node.size);
  node.flat = 1;
  node.number = static_cast<uint32_t>((uint64_t{1} << count) - 1);
  node.is_plain = count == 8 * node.size;
  return push(plan, node, out);
}

bool add_leaf(Plan* plan, Op op, uint32_t number, uint32_t* out) {
  Node node;
  node.op = op;
  node.number = number;
  node.flat = 1;
  switch (op) {
    case Op::Bool:
    case Op::S8:
    case Op::U8: node.size = 1; break;
    case Op::S16:
    case Op::U16: node.size = 2; break;
    case Op::S64:
    case Op::U64:
    case Op::F64: node.size = 8; break;
    default: node.size = 4; break;
  }
  node.align = static_cast<uint8_t>(node.size);
  node.is_plain = op >= Op::S8 && op <= Op::F64;
  node.has_resource = op == Op::Own || op == Op::Borrow || op == Op::Stream || op == Op::Future;
  node.has_borrow = op == Op::Borrow;
  if (op == Op::String) {
    node.align = 4;
    node.size = 8;
    node.flat = 2;
  }
  return push(plan, node, out);
}

}  // namespace wherry::canon
