// Dynamic values: slower than typed functions by boxes, allocations and looking at types, and bounded: what a guest makes the
// host keep is charged before it is allocated, 16 bytes a value at least.
//
// Everything here calls itself to the depth of the type (kMaxTypeDepth). A host's value is compared with its type before anything of the
// guest's is touched (is_of_type), so that lowering need not doubt it.
#include "component/values.h"

#include <cstring>

#include "component/transfer.h"
#include "engine/base/bytes.h"
#include "engine/base/utf8.h"

namespace wherry::component {

using canon::Node;
using canon::Op;
using canon::Part;
using List = ComponentVal::List;

namespace {

// What parts of a value a type has, whichever kind it is. Element i of a sequence; what case i carries.
ComponentType part_of(ComponentType type, size_t index) {
  switch (type.kind()) {
    case ComponentKind::List:
    case ComponentKind::FixedList: return type.first();
    case ComponentKind::Option: return index == 0 ? ComponentType() : type.first();
    case ComponentKind::Result: return index == 0 ? type.first() : type.second();
    default: return type.type(index);
  }
}

ComponentVal make_list(ComponentKind kind, List items) {
  switch (kind) {
    case ComponentKind::List: return ComponentVal::list(std::move(items));
    case ComponentKind::FixedList: return ComponentVal::fixed_list(std::move(items));
    case ComponentKind::Map: return ComponentVal::map(std::move(items));
    case ComponentKind::Record: return ComponentVal::record(std::move(items));
    default: return ComponentVal::tuple(std::move(items));
  }
}

ComponentVal make_case(ComponentKind kind, uint32_t index, ComponentVal* payload) {
  switch (kind) {
    case ComponentKind::Enum: return ComponentVal::enumeration(index);
    case ComponentKind::Option:
      return payload == nullptr ? ComponentVal::none() : ComponentVal::some(std::move(*payload));
    case ComponentKind::Result:
      if (index == 0) return payload == nullptr ? ComponentVal::ok() : ComponentVal::ok(std::move(*payload));
      return payload == nullptr ? ComponentVal::error() : ComponentVal::error(std::move(*payload));
    default:
      return payload == nullptr ? ComponentVal::variant(index)
                                : ComponentVal::variant(index, std::move(*payload));
  }
}

template <class T>
ComponentVal from_bits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return ComponentVal(value);
}

// Bits of a number as they stand in a slot.
uint64_t slot_of(const ComponentVal& value) {
  switch (value.kind()) {
    case ComponentKind::F32: {
      const auto number = value.get<float>();
      uint32_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      return bits;
    }
    case ComponentKind::F64: {
      const auto number = value.get<double>();
      uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      return bits;
    }
    case ComponentKind::S64:
    case ComponentKind::U64: return value.integer();
    case ComponentKind::Flags: return value.bits();
    default: return static_cast<uint32_t>(value.integer());
  }
}

}  // namespace

// ---- from the guest

bool ValueCodec::scalar(const Node& node, uint64_t bits, ComponentVal* value) {
  switch (node.op) {
    case Op::Bool: *value = ComponentVal(static_cast<uint32_t>(bits) != 0); return true;
    case Op::S8: *value = from_bits<int8_t>(bits); return true;
    case Op::U8: *value = from_bits<uint8_t>(bits); return true;
    case Op::S16: *value = from_bits<int16_t>(bits); return true;
    case Op::U16: *value = from_bits<uint16_t>(bits); return true;
    case Op::S32: *value = from_bits<int32_t>(bits); return true;
    case Op::U32: *value = from_bits<uint32_t>(bits); return true;
    case Op::S64: *value = from_bits<int64_t>(bits); return true;
    case Op::U64: *value = from_bits<uint64_t>(bits); return true;
    case Op::F32: *value = from_bits<float>(bits); return true;
    case Op::F64: *value = from_bits<double>(bits); return true;
    case Op::Char:
      *value = ComponentVal(static_cast<char32_t>(bits));
      return check_char(call_, static_cast<uint32_t>(bits));
    case Op::Flags: *value = ComponentVal::flags(static_cast<uint32_t>(bits) & node.number); return true;
    case Op::Own:
    case Op::Borrow: return handle(node, static_cast<uint32_t>(bits), value);
    default: return call_.fail(TrapCode::AsyncUnsupported);
  }
}

bool ValueCodec::lift(ComponentType type, uint32_t id, const uint64_t*& slots, ComponentVal* value) {
  const Node& node = plan_[id];
  switch (node.op) {
    case Op::String:
    case Op::List: {
      const auto address = static_cast<uint32_t>(slots[0]);
      const auto length = static_cast<uint32_t>(slots[1]);
      slots += 2;
      return pair(type, node, address, length, value);
    }
    case Op::FixedList:
    case Op::Sequence: {
      const uint32_t count = node.op == Op::FixedList ? node.number : node.count;
      if (!call_.charge(uint64_t{count} * sizeof(ComponentVal))) return false;
      List items(count);
      for (uint32_t i = 0; i < count; ++i) {
        const Part part = plan_.parts_of(node)[node.op == Op::FixedList ? 0 : i];
        if (!lift(part_of(type, i), part.node, slots, &items[i])) return false;
      }
      *value = make_list(type.kind(), std::move(items));
      return true;
    }
    case Op::Choice: {
      const auto index = static_cast<uint32_t>(slots[0]);
      if (index >= node.count) return call_.fail(TrapCode::InvalidDiscriminant);
      const uint64_t* payload_slots = slots + 1;
      slots += node.flat;
      const Part part = plan_.parts_of(node)[index];
      ComponentVal payload;
      const bool has_payload = part.node != Part::kNothing;
      if (has_payload && !lift(part_of(type, index), part.node, payload_slots, &payload)) return false;
      *value = make_case(type.kind(), index, has_payload ? &payload : nullptr);
      return !has_payload || call_.charge(sizeof(List) + sizeof(ComponentVal));
    }
    default: return scalar(node, *slots++, value);
  }
}

bool ValueCodec::load(ComponentType type, uint32_t id, const uint8_t* from, ComponentVal* value) {
  const Node& node = plan_[id];
  switch (node.op) {
    case Op::String:
    case Op::List: {
      uint32_t words[2];
      std::memcpy(words, from, sizeof words);
      return pair(type, node, words[0], words[1], value);
    }
    case Op::FixedList:
    case Op::Sequence: {
      const uint32_t count = node.op == Op::FixedList ? node.number : node.count;
      if (!call_.charge(uint64_t{count} * sizeof(ComponentVal))) return false;
      List items(count);
      for (uint32_t i = 0; i < count; ++i) {
        const bool is_fixed = node.op == Op::FixedList;
        const Part part = plan_.parts_of(node)[is_fixed ? 0 : i];
        const size_t offset = is_fixed ? size_t{i} * plan_[part.node].size : part.offset;
        if (!load(part_of(type, i), part.node, from + offset, &items[i])) return false;
      }
      *value = make_list(type.kind(), std::move(items));
      return true;
    }
    case Op::Choice: {
      uint32_t index = 0;
      std::memcpy(&index, from, node.tag_size);
      if (index >= node.count) return call_.fail(TrapCode::InvalidDiscriminant);
      const Part part = plan_.parts_of(node)[index];
      ComponentVal payload;
      const bool has_payload = part.node != Part::kNothing;
      if (has_payload && !load(part_of(type, index), part.node, from + node.number, &payload)) return false;
      *value = make_case(type.kind(), index, has_payload ? &payload : nullptr);
      return !has_payload || call_.charge(sizeof(List) + sizeof(ComponentVal));
    }
    default: {
      uint64_t bits = 0;
      std::memcpy(&bits, from, node.size);
      return scalar(node, bits, value);
    }
  }
}

bool ValueCodec::pair(ComponentType type, const Node& node, uint32_t address, uint32_t length,
                      ComponentVal* value) {
  if (node.op == Op::String) {
    std::string_view text;
    if (!call_.lift_string(address, length, &text) || !call_.charge(text.size())) return false;
    *value = ComponentVal::string(std::string(text));
    return true;
  }
  const uint32_t element = plan_.parts_of(node)[0].node;
  const Node& part = plan_[element];
  const uint8_t* const from = call_.elements(address, length, part.size, part.align);
  if (from == nullptr || !call_.charge(uint64_t{length} * sizeof(ComponentVal))) return false;
  List items(length);
  for (uint32_t i = 0; i < length; ++i) {
    const uint8_t* const at = from + size_t{i} * part.size;
    if (type.kind() != ComponentKind::Map) {
      if (!load(type.first(), element, at, &items[i])) return false;
      continue;
    }
    const std::span<const Part> entry = plan_.parts_of(part);
    List both(2);
    if (!call_.charge(2 * sizeof(ComponentVal)) ||
        !load(type.first(), entry[0].node, at + entry[0].offset, &both[0]) ||
        !load(type.second(), entry[1].node, at + entry[1].offset, &both[1])) {
      return false;
    }
    items[i] = ComponentVal::tuple(std::move(both));
  }
  *value = make_list(type.kind(), std::move(items));
  return true;
}

bool ValueCodec::handle(const Node& node, uint32_t index, ComponentVal* value) {
  if (node.number == kNone) return call_.fail(Error::usage("a handle of a resource that nothing names"));
  RtResource* const resource = tree_.resources[node.number];
  if (!call_.charge(sizeof(ComponentResource))) return false;
  ComponentResource made;
  if (node.op == Op::Own) {
    CallScope* const scope = detail::CanonCallAccess::open_scope(call_);
    if (scope == nullptr) return false;
    if (!scope->host_owns.push_back({})) return call_.fail(Error::out_of_memory());
    if (!move_own_to_host(call_, index, resource, &made)) return false;
    scope->host_owns.back() = made;
    *value = ComponentVal::own(made);
    return true;
  }
  Handle lent;
  lent.resource = resource;
  lent.is_own = false;
  if (!lend(call_, index, resource, &lent.rep)) return false;
  base::Vector<ComponentResource>& borrows = detail::CanonCallAccess::scope(call_)->host_borrows;
  if (!borrows.push_back({})) return call_.fail(Error::out_of_memory());
  Result<ComponentResource> added = add_host_handle(options_of(call_).store, lent);
  if (!added) return call_.fail(std::move(added).error());
  borrows.back() = *added;
  *value = ComponentVal::borrow(*added);
  return true;
}

// ---- into the guest

bool ValueCodec::lower(ComponentType type, uint32_t id, const ComponentVal& value, uint64_t*& slots) {
  const Node& node = plan_[id];
  switch (node.op) {
    case Op::String:
    case Op::List: {
      uint32_t address = 0;
      uint32_t length = 0;
      if (!store_pair(type, node, value, &address, &length)) return false;
      *slots++ = address;
      *slots++ = length;
      return true;
    }
    case Op::FixedList:
    case Op::Sequence: {
      const std::span<const ComponentVal> items = value.items();
      for (uint32_t i = 0; i < items.size(); ++i) {
        const Part part = plan_.parts_of(node)[node.op == Op::FixedList ? 0 : i];
        if (!lower(part_of(type, i), part.node, items[i], slots)) return false;
      }
      return true;
    }
    case Op::Choice: {
      uint64_t* at = slots + 1;
      uint64_t* const end = slots + node.flat;
      slots[0] = value.index();
      slots = end;
      const Part part = plan_.parts_of(node)[value.index()];
      if (part.node != Part::kNothing &&
          !lower(part_of(type, value.index()), part.node, *value.payload(), at))
        return false;
      while (at < end) *at++ = 0;
      return true;
    }
    case Op::Own:
    case Op::Borrow: {
      uint32_t index = 0;
      if (!store_handle(node, value, &index)) return false;
      *slots++ = index;
      return true;
    }
    case Op::Stream:
    case Op::Future:
    case Op::ErrorContext: return call_.fail(TrapCode::AsyncUnsupported);
    default: *slots++ = slot_of(value); return true;
  }
}

bool ValueCodec::store(ComponentType type, uint32_t id, const ComponentVal& value, uint8_t* to) {
  const Node& node = plan_[id];
  switch (node.op) {
    case Op::String:
    case Op::List: {
      uint32_t words[2] = {};
      if (!store_pair(type, node, value, &words[0], &words[1])) return false;
      std::memcpy(to, words, sizeof words);
      return true;
    }
    case Op::FixedList:
    case Op::Sequence: {
      const std::span<const ComponentVal> items = value.items();
      for (uint32_t i = 0; i < items.size(); ++i) {
        const bool is_fixed = node.op == Op::FixedList;
        const Part part = plan_.parts_of(node)[is_fixed ? 0 : i];
        const size_t offset = is_fixed ? size_t{i} * plan_[part.node].size : part.offset;
        if (!store(part_of(type, i), part.node, items[i], to + offset)) return false;
      }
      return true;
    }
    case Op::Choice: {
      const uint32_t index = value.index();
      std::memcpy(to, &index, node.tag_size);
      const Part part = plan_.parts_of(node)[index];
      return part.node == Part::kNothing ||
             store(part_of(type, index), part.node, *value.payload(), to + node.number);
    }
    case Op::Own:
    case Op::Borrow: {
      uint32_t index = 0;
      if (!store_handle(node, value, &index)) return false;
      std::memcpy(to, &index, sizeof index);
      return true;
    }
    case Op::Stream:
    case Op::Future:
    case Op::ErrorContext: return call_.fail(TrapCode::AsyncUnsupported);
    default: {
      const uint64_t bits = slot_of(value);
      std::memcpy(to, &bits, node.size);
      return true;
    }
  }
}

bool ValueCodec::store_pair(ComponentType type, const Node& node, const ComponentVal& value,
                            uint32_t* address, uint32_t* length) {
  if (node.op == Op::String) return call_.lower_string(value.text(), address, length);
  const std::span<const ComponentVal> items = value.items();
  const uint32_t element = plan_.parts_of(node)[0].node;
  const Node& part = plan_[element];
  uint8_t* to = nullptr;
  if (uint64_t{items.size()} * part.size > canon::kMaxBytes) return call_.fail(TrapCode::ListTooLong);
  if (!call_.allocate(items.size() * part.size, part.align, address, &to)) return false;
  *length = static_cast<uint32_t>(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    uint8_t* const at = to + i * part.size;
    if (type.kind() != ComponentKind::Map) {
      if (!store(type.first(), element, items[i], at)) return false;
      continue;
    }
    const std::span<const Part> entry = plan_.parts_of(part);
    if (!store(type.first(), entry[0].node, items[i].items()[0], at + entry[0].offset) ||
        !store(type.second(), entry[1].node, items[i].items()[1], at + entry[1].offset)) {
      return false;
    }
  }
  return true;
}

bool ValueCodec::store_handle(const Node& node, const ComponentVal& value, uint32_t* index) {
  Handle* const handle = find_host_handle(call_.store(), value.resource());
  if (node.number == kNone || handle == nullptr) {
    return call_.fail(Error::make(ErrorKind::InvalidHandle, "no resource of this store"));
  }
  RtResource* const resource = tree_.resources[node.number];
  if (handle->resource != resource) return call_.fail(Error::usage("a resource of another type"));
  if (node.op == Op::Borrow) {
    return lend_host(call_, value.resource()) && give_borrow(call_, resource, handle->rep, index);
  }
  return move_own_from_host(call_, value.resource(), *handle, index);
}

// ---- types

bool is_of_type(const ComponentVal& value, ComponentType type, std::string* why) {
  const auto fail = [&] {
    *why = "found a " + std::string(to_string(value.kind())) + ", expected " + type.to_string();
    return false;
  };
  if (value.kind() != type.kind()) return fail();
  switch (type.kind()) {
    case ComponentKind::String:
      if (base::is_utf8(base::as_bytes(value.text()))) return true;
      *why = "a string that is no UTF-8";
      return false;
    case ComponentKind::Char: {
      const auto bits = static_cast<uint32_t>(value.get<char32_t>());
      return (bits < 0xd800 || (bits > 0xdfff && bits < 0x110000)) || fail();
    }
    case ComponentKind::FixedList:
      if (value.items().size() != type.length()) return fail();
      [[fallthrough]];
    case ComponentKind::List:
      for (const ComponentVal& item : value.items()) {
        if (!is_of_type(item, type.first(), why)) return false;
      }
      return true;
    case ComponentKind::Map:
      for (const ComponentVal& item : value.items()) {
        if (item.items().size() != 2) return fail();
        if (!is_of_type(item.items()[0], type.first(), why) ||
            !is_of_type(item.items()[1], type.second(), why))
          return false;
      }
      return true;
    case ComponentKind::Record:
    case ComponentKind::Tuple:
      if (value.items().size() != type.count()) return fail();
      for (size_t i = 0; i < type.count(); ++i) {
        if (!is_of_type(value.items()[i], type.type(i), why)) return false;
      }
      return true;
    case ComponentKind::Enum: return value.index() < type.count() || fail();
    case ComponentKind::Flags: return type.count() == 32 || value.bits() >> type.count() == 0 || fail();
    case ComponentKind::Variant:
    case ComponentKind::Option:
    case ComponentKind::Result: {
      const size_t cases = type.kind() == ComponentKind::Variant ? type.count() : 2;
      if (value.index() >= cases) return fail();
      const ComponentType payload = part_of(type, value.index());
      if (payload.is_empty() != (value.payload() == nullptr)) return fail();
      return payload.is_empty() || is_of_type(*value.payload(), payload, why);
    }
    default: return true;
  }
}

}  // namespace wherry::component
