// ComponentVal: 16 bytes, with what is larger behind a pointer. A long list of numbers so costs 16 bytes an element and one allocation.
#include "wherry/component_value.h"

#include <algorithm>

namespace wherry {

namespace {

using List = ComponentVal::List;

template <class T>
uint64_t keep(T value) {
  return reinterpret_cast<uint64_t>(new T(std::move(value)));
}
template <class T>
T* held(uint64_t bits) {
  return reinterpret_cast<T*>(bits);
}

List one(ComponentVal value) {
  List list;
  list.push_back(std::move(value));
  return list;
}

}  // namespace

ComponentVal::ComponentVal(ComponentKind kind, List items) : kind_(kind) {
  if (!items.empty()) bits_ = keep(std::move(items));
}
ComponentVal ComponentVal::with_index(ComponentKind kind, uint32_t index, List payload) {
  ComponentVal made(kind, std::move(payload));
  made.index_ = index;
  return made;
}

ComponentVal ComponentVal::string(std::string text) {
  ComponentVal made;
  made.kind_ = ComponentKind::String;
  if (!text.empty()) made.bits_ = keep(std::move(text));
  return made;
}
ComponentVal ComponentVal::variant(uint32_t index, ComponentVal payload) {
  return with_index(ComponentKind::Variant, index, one(std::move(payload)));
}
ComponentVal ComponentVal::some(ComponentVal value) {
  return with_index(ComponentKind::Option, 1, one(std::move(value)));
}
ComponentVal ComponentVal::ok(ComponentVal value) {
  return with_index(ComponentKind::Result, 0, one(std::move(value)));
}
ComponentVal ComponentVal::error(ComponentVal value) {
  return with_index(ComponentKind::Result, 1, one(std::move(value)));
}
ComponentVal ComponentVal::flags(uint32_t bits) {
  ComponentVal made;
  made.kind_ = ComponentKind::Flags;
  made.bits_ = bits;
  return made;
}
ComponentVal ComponentVal::own(ComponentResource resource) {
  ComponentVal made;
  made.kind_ = ComponentKind::Own;
  made.bits_ = keep(resource);
  return made;
}
ComponentVal ComponentVal::borrow(ComponentResource resource) {
  ComponentVal made;
  made.kind_ = ComponentKind::Borrow;
  made.bits_ = keep(resource);
  return made;
}

ComponentVal::ComponentVal(const ComponentVal& other)
    : kind_(other.kind_), index_(other.index_), bits_(other.bits_) {
  if (!other.owns()) return;
  if (kind_ == ComponentKind::String) {
    bits_ = keep(*held<std::string>(bits_));
  } else if (has_items()) {
    bits_ = keep(*held<List>(bits_));
  } else {
    bits_ = keep(*held<ComponentResource>(bits_));
  }
}

void ComponentVal::release() noexcept {
  if (kind_ == ComponentKind::String) {
    delete held<std::string>(bits_);
  } else if (has_items()) {
    delete held<List>(bits_);
  } else {
    delete held<ComponentResource>(bits_);
  }
}

uint64_t ComponentVal::integer() const {
  switch (kind_) {
    case ComponentKind::S8: return static_cast<uint64_t>(static_cast<int64_t>(get<int8_t>()));
    case ComponentKind::S16: return static_cast<uint64_t>(static_cast<int64_t>(get<int16_t>()));
    case ComponentKind::S32: return static_cast<uint64_t>(static_cast<int64_t>(get<int32_t>()));
    case ComponentKind::Bool:
    case ComponentKind::U8:
    case ComponentKind::U16:
    case ComponentKind::U32:
    case ComponentKind::S64:
    case ComponentKind::U64:
    case ComponentKind::Char: return bits_;
    default: return 0;
  }
}

std::string_view ComponentVal::text() const {
  return kind_ == ComponentKind::String && bits_ != 0 ? std::string_view(*held<std::string>(bits_))
                                                      : std::string_view();
}
std::span<const ComponentVal> ComponentVal::items() const {
  return has_items() && bits_ != 0 ? std::span<const ComponentVal>(*held<List>(bits_))
                                   : std::span<const ComponentVal>();
}
const ComponentVal* ComponentVal::payload() const {
  const bool has_payload =
      kind_ == ComponentKind::Variant || kind_ == ComponentKind::Option || kind_ == ComponentKind::Result;
  return has_payload && bits_ != 0 ? held<List>(bits_)->data() : nullptr;
}
ComponentResource ComponentVal::resource() const {
  const bool is_handle = kind_ == ComponentKind::Own || kind_ == ComponentKind::Borrow;
  return is_handle && bits_ != 0 ? *held<ComponentResource>(bits_) : ComponentResource();
}

bool operator==(const ComponentVal& a, const ComponentVal& b) {
  if (a.kind_ != b.kind_ || a.index_ != b.index_) return false;
  if (a.kind_ == ComponentKind::String) return a.text() == b.text();
  if (a.has_items()) return std::ranges::equal(a.items(), b.items());
  if (a.kind_ == ComponentKind::Own || a.kind_ == ComponentKind::Borrow) return a.resource() == b.resource();
  return a.bits_ == b.bits_;
}

}  // namespace wherry
