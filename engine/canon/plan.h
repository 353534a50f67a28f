#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"

// Plans of the canonical ABI (CanonicalABI.md of the component model): how the values of a type lie in a 32-bit memory and in
// slots, worked out once for every type that a component lifts or lowers. component/ makes plans from types and runs them;
// a compiler can take the same nodes.
//
// A plan is a tree of steps in one array, parts before what they are part of. It says nothing about which memory, which
// encoding or which direction: lifting, lowering and copying from guest to guest walk the same nodes. Depth is bounded by
// that of types (component/limits.inc: 100), so walking it may recurse.
namespace wherry::canon {

inline constexpr uint32_t kMaxFlatParams = 16;
inline constexpr uint32_t kMaxFlatResults = 1;
inline constexpr uint32_t kMaxBytes = (1u << 28) - 1;  // Of a string or list.

enum class Op : uint8_t {
  Bool,
  S8,
  U8,
  S16,
  U16,
  S32,
  U32,
  S64,
  U64,
  F32,
  F64,
  Char,
  Flags,  // `number`: the mask of bits that mean something.
  String,
  List,       // Of parts[0].
  FixedList,  // `number` of parts[0].
  Sequence,   // Record, tuple, all parameters.
  Choice,  // Variant, enum, option, result: a tag of `tag_size` bytes, and at `number` what the case carries.
  Own,     // `number`: the resource.
  Borrow,
  Stream,
  Future,
  ErrorContext,
};

struct Node {
  Op op = Op::Bool;
  uint8_t align = 1;
  uint8_t tag_size = 0;
  bool is_plain = false;  // Any bytes are a value, and there is no padding: copying is lifting and lowering.
  bool has_borrow = false;
  bool has_resource = false;
  uint32_t size = 0;   // In memory.
  uint32_t flat = 0;   // Slots; kManyFlat for more than can matter.
  uint32_t first = 0;  // Into Plan::parts
  uint32_t count = 0;
  uint32_t number = 0;
};
inline constexpr uint32_t kManyFlat = 1000;

struct Part {
  static constexpr uint32_t kNothing = ~uint32_t{0};
  uint32_t node = kNothing;  // Of a case: kNothing if it carries nothing.
  uint32_t offset = 0;       // Of an element of a sequence.
};

class Plan {
 public:
  const Node& operator[](uint32_t node) const { return nodes[node]; }
  std::span<const Part> parts_of(const Node& node) const {
    return parts.span().subspan(node.first, node.count);
  }

  base::Vector<Node> nodes;
  base::Vector<Part> parts;
};

constexpr uint32_t align_up(uint32_t offset, uint32_t align) { return (offset + align - 1) & ~(align - 1); }
constexpr uint32_t tag_size(uint32_t cases) { return cases <= 256 ? 1 : cases <= 65536 ? 2 : 4; }

// Adds a node for parts that follow one another, or for a choice among them; fills in layout, flattening and flags. False: no memory. `node` gets its number.
[[nodiscard]] bool add_sequence(Plan* plan, std::span<const uint32_t> elements, uint32_t* node);
[[nodiscard]] bool add_choice(Plan* plan, std::span<const uint32_t> cases, uint32_t* node);
[[nodiscard]] bool add_list(Plan* plan, uint32_t element, uint32_t* node);
[[nodiscard]] bool add_fixed_list(Plan* plan, uint32_t element, uint32_t length, uint32_t* node);
// Flags of `count` names.
[[nodiscard]] bool add_flags(Plan* plan, uint32_t count, uint32_t* node);
// Everything without parts. `number`: the resource of a handle.
[[nodiscard]] bool add_leaf(Plan* plan, Op op, uint32_t number, uint32_t* node);

}  // namespace wherry::canon
