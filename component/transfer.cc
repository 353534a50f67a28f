// From guest to guest (CanonicalABI.md: "Loading" and "Flat Lifting" on one side, "Storing" and "Flat Lowering" on the other, joined).
//
// What has neither padding nor invalid bit patterns goes by memcpy, also lists of it; lists of bool are normalised and lists of char
// checked while they are copied; all else goes part by part. Padding is not copied, as it would show the callee what the
// caller never said. The specification lifts everything before it lowers anything; here a trap may come after the first
// realloc instead, which nobody can see, as neither instance runs again.
//
// The walk calls itself to the depth of the type (kMaxTypeDepth); lists and cases are loops.
#include "component/transfer.h"

#include <cstring>

namespace wherry::component {

using canon::Node;
using canon::Op;
using canon::Part;

namespace {

bool unsupported(CanonCall& call) { return call.fail(TrapCode::AsyncUnsupported); }

uint32_t load32(const uint8_t* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
void store32(uint8_t* to, uint32_t value) { std::memcpy(to, &value, sizeof value); }

}  // namespace

bool check_char(CanonCall& call, uint32_t bits) {
  return (bits < 0xd800 || (bits > 0xdfff && bits < 0x110000)) || call.fail(TrapCode::InvalidChar);
}

bool Transfer::slots(uint32_t id, const uint64_t*& from, uint64_t*& to) {
  const Node& node = plan_[id];
  switch (node.op) {
    case Op::Bool: *to++ = static_cast<uint32_t>(*from++) != 0 ? 1 : 0; return true;
    case Op::S8: *to++ = static_cast<uint32_t>(static_cast<int8_t>(*from++)); return true;
    case Op::U8: *to++ = static_cast<uint8_t>(*from++); return true;
    case Op::S16: *to++ = static_cast<uint32_t>(static_cast<int16_t>(*from++)); return true;
    case Op::U16: *to++ = static_cast<uint16_t>(*from++); return true;
    case Op::S32:
    case Op::U32:
    case Op::F32: *to++ = static_cast<uint32_t>(*from++); return true;
    case Op::S64:
    case Op::U64:
    case Op::F64: *to++ = *from++; return true;
    case Op::Char: {
      const auto bits = static_cast<uint32_t>(*from++);
      *to++ = bits;
      return check_char(from_, bits);
    }
    case Op::Flags: *to++ = static_cast<uint32_t>(*from++) & node.number; return true;
    case Op::String:
    case Op::List: {
      const auto address = static_cast<uint32_t>(from[0]);
      const auto length = static_cast<uint32_t>(from[1]);
      from += 2;
      uint32_t to_address = 0;
      uint32_t to_length = length;
      const bool is_done = node.op == Op::String ? string(address, length, &to_address, &to_length)
                                                 : list(node, address, length, &to_address);
      to[0] = to_address;
      to[1] = to_length;
      to += 2;
      return is_done;
    }
    case Op::FixedList:
      for (uint32_t i = 0; i < node.number; ++i) {
        if (!slots(plan_.parts_of(node)[0].node, from, to)) return false;
      }
      return true;
    case Op::Sequence:
      for (const Part& part : plan_.parts_of(node)) {
        if (!slots(part.node, from, to)) return false;
      }
      return true;
    case Op::Choice: {
      const auto index = static_cast<uint32_t>(from[0]);
      if (index >= node.count) return from_.fail(TrapCode::InvalidDiscriminant);
      const uint64_t* payload = from + 1;
      uint64_t* to_payload = to + 1;
      uint64_t* const end = to + node.flat;
      to[0] = index;
      const Part part = plan_.parts_of(node)[index];
      if (part.node != Part::kNothing && !slots(part.node, payload, to_payload)) return false;
      while (to_payload < end) *to_payload++ = 0;
      from += node.flat;
      to = end;
      return true;
    }
    case Op::Own:
    case Op::Borrow: {
      uint32_t made = 0;
      if (!handle(node, static_cast<uint32_t>(*from++), &made)) return false;
      *to++ = made;
      return true;
    }
    default: return unsupported(from_);
  }
}

bool Transfer::bytes(uint32_t id, const uint8_t* from, uint8_t* to) {
  const Node& node = plan_[id];
  if (node.is_plain) {
    std::memcpy(to, from, node.size);
    return true;
  }
  switch (node.op) {
    case Op::Bool: *to = *from != 0 ? 1 : 0; return true;
    case Op::Char: {
      const uint32_t bits = load32(from);
      store32(to, bits);
      return check_char(from_, bits);
    }
    case Op::Flags: {
      uint32_t bits = 0;
      std::memcpy(&bits, from, node.size);
      bits &= node.number;
      std::memcpy(to, &bits, node.size);
      return true;
    }
    case Op::String:
    case Op::List: {
      uint32_t to_address = 0;
      uint32_t length = load32(from + 4);
      const bool is_done = node.op == Op::String ? string(load32(from), length, &to_address, &length)
                                                 : list(node, load32(from), length, &to_address);
      store32(to, to_address);
      store32(to + 4, length);
      return is_done;
    }
    case Op::FixedList: return elements(plan_.parts_of(node)[0].node, from, to, node.number);
    case Op::Sequence:
      for (const Part& part : plan_.parts_of(node)) {
        if (!bytes(part.node, from + part.offset, to + part.offset)) return false;
      }
      return true;
    case Op::Choice: {
      uint32_t index = 0;
      std::memcpy(&index, from, node.tag_size);
      if (index >= node.count) return from_.fail(TrapCode::InvalidDiscriminant);
      std::memcpy(to, &index, node.tag_size);
      const Part part = plan_.parts_of(node)[index];
      return part.node == Part::kNothing || bytes(part.node, from + node.number, to + node.number);
    }
    case Op::Own:
    case Op::Borrow: {
      uint32_t made = 0;
      if (!handle(node, load32(from), &made)) return false;
      store32(to, made);
      return true;
    }
    default: return unsupported(from_);
  }
}

bool Transfer::elements(uint32_t element, const uint8_t* from, uint8_t* to, uint32_t count) {
  const Node& node = plan_[element];
  if (node.is_plain) {
    if (count != 0) std::memcpy(to, from, size_t{count} * node.size);
    return true;
  }
  if (node.op == Op::Bool) {
    for (uint32_t i = 0; i < count; ++i) to[i] = from[i] != 0 ? 1 : 0;
    return true;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (!bytes(element, from + size_t{i} * node.size, to + size_t{i} * node.size)) return false;
  }
  return true;
}

bool Transfer::string(uint32_t address, uint32_t length, uint32_t* to_address, uint32_t* to_length) {
  if (options_of(from_).encoding == Encoding::Utf8 && options_of(to_).encoding == Encoding::Utf8) {
    *to_length = length;
    return copy_utf8(from_, address, length, to_, to_address);
  }
  SourceString found;
  return find_string(from_, address, length, &found) && pay(from_, fuel_for_bytes(found.byte_length())) &&
         store_string(to_, found, to_address, to_length);
}

bool Transfer::list(const Node& node, uint32_t address, uint32_t count, uint32_t* to_address) {
  const uint32_t element = plan_.parts_of(node)[0].node;
  const Node& part = plan_[element];
  const uint8_t* const from = from_.elements(address, count, part.size, part.align);
  if (from == nullptr) return false;
  uint8_t* to = nullptr;
  const uint64_t size = uint64_t{count} * part.size;
  return pay(from_, part.is_plain ? fuel_for_bytes(size) : count) &&
         to_.allocate(size, part.align, to_address, &to) && elements(element, from, to, count);
}

bool Transfer::handle(const Node& node, uint32_t index, uint32_t* to) {
  if (node.number == kNone) return from_.fail(Error::usage("a handle of a resource that nothing names"));
  RtResource* const resource = tree_.resources[node.number];
  if (node.op == Op::Own) return move_own(from_, index, resource, to_, to);
  uint64_t rep = 0;
  return lend(from_, index, resource, &rep) && give_borrow(to_, resource, rep, to);
}

}  // namespace wherry::component
