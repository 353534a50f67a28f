// ComponentVal: any value of the component model, for code that learns types only at run time (tools, test scripts,
// `--invoke`); and ComponentResource: a resource of a guest that the host holds. Code that knows its types uses C++ types
// instead (component_func.h, component_host.h), which are several times as fast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wherry/component_types.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/value.h"

namespace wherry {

// A resource that the host holds: owned, or lent to it for the time of one call. A handle: trivially copyable.
//
// One that is owned stays the host's until it is passed to a guest as `own`, or dropped here; whoever forgets it leaves it
// to the end of the store, where a guest's destructor does not run any more. One that was lent (a parameter of type `borrow`)
// is valid until the host function returns. Using one that is gone is an Error of kind InvalidHandle.
class ComponentResource {
 public:
  // The null handle.
  ComponentResource() = default;
  bool is_null() const { return handle_.store == 0; }

  // Whether the host owns it. Error: InvalidHandle.
  Result<bool> is_owned(StoreRef store) const;

  // Gives it up, which calls the destructor of the component that defined it. Errors: InvalidHandle; Usage for one that
  // is not owned; all that a call can fail with.
  Result<void> drop(StoreRef store) const;

  friend bool operator==(const ComponentResource&, const ComponentResource&) = default;

 private:
  friend struct ComponentHandleAccess;  // The engine's own way in.
  detail::Handle handle_;
};

// A value. What it means is said by a type that it does not carry: a record is its fields in the type's order, a case is
// its number, flags are bits. 16 bytes; owns what it holds; copies are deep. Two are equal if they hold the same (floats by their bits).
//
//   ComponentVal point = ComponentVal::record({ComponentVal(int32_t{1}), ComponentVal(int32_t{2})});
//
// Depth: a value that comes from a guest is at most 100 deep, as types are.
class ComponentVal {
 public:
  using List = std::vector<ComponentVal>;

  // false.
  ComponentVal() = default;

  // bool, the eight integers by width and sign, float, double, char32_t.
  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_same_v<T, char32_t>)
  explicit ComponentVal(T value) : kind_(kind_of<T>()) {
    std::memcpy(&bits_, &value, sizeof value);
  }
  static ComponentVal string(std::string text);
  static ComponentVal list(List elements) { return ComponentVal(ComponentKind::List, std::move(elements)); }
  static ComponentVal fixed_list(List elements) {
    return ComponentVal(ComponentKind::FixedList, std::move(elements));
  }
  // Entries in order, each a tuple of key and value.
  static ComponentVal map(List entries) { return ComponentVal(ComponentKind::Map, std::move(entries)); }
  static ComponentVal record(List fields) { return ComponentVal(ComponentKind::Record, std::move(fields)); }
  static ComponentVal tuple(List elements) { return ComponentVal(ComponentKind::Tuple, std::move(elements)); }
  // A case by its number, with what it carries.
  static ComponentVal variant(uint32_t index) { return with_index(ComponentKind::Variant, index, {}); }
  static ComponentVal variant(uint32_t index, ComponentVal payload);
  static ComponentVal enumeration(uint32_t index) { return with_index(ComponentKind::Enum, index, {}); }
  static ComponentVal none() { return with_index(ComponentKind::Option, 0, {}); }
  static ComponentVal some(ComponentVal value);
  static ComponentVal ok() { return with_index(ComponentKind::Result, 0, {}); }
  static ComponentVal ok(ComponentVal value);
  static ComponentVal error() { return with_index(ComponentKind::Result, 1, {}); }
  static ComponentVal error(ComponentVal value);
  // Bit i is the type's flag i.
  static ComponentVal flags(uint32_t bits);
  static ComponentVal own(ComponentResource resource);
  static ComponentVal borrow(ComponentResource resource);

  ComponentVal(const ComponentVal& other);
  ComponentVal(ComponentVal&& other) noexcept
      : kind_(std::exchange(other.kind_, ComponentKind::Bool)),
        index_(other.index_),
        bits_(std::exchange(other.bits_, 0)) {}
  ComponentVal& operator=(ComponentVal other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(index_, other.index_);
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~ComponentVal() {
    if (owns()) release();
  }

  ComponentKind kind() const { return kind_; }

  // The number, character or bool, if it is of exactly that type; else 0.
  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_same_v<T, char32_t>)
  T get() const {
    T value{};
    if (kind_ == kind_of<T>()) std::memcpy(&value, &bits_, sizeof value);
    return value;
  }
  // Any integer, sign-extended if it is signed; the code point of a character; 0 or 1 of a bool; 0 of others.
  uint64_t integer() const;

  // String; else empty.
  std::string_view text() const;
  // List, FixedList, Map, Record, Tuple; else empty.
  std::span<const ComponentVal> items() const;
  // Variant, Enum, Option (1: some), Result (1: error): which case.
  uint32_t index() const { return index_; }
  // Variant, Option, Result: what the case carries; null for nothing.
  const ComponentVal* payload() const;
  // Flags.
  uint32_t bits() const { return kind_ == ComponentKind::Flags ? static_cast<uint32_t>(bits_) : 0; }
  // Own, Borrow; else null.
  ComponentResource resource() const;

  friend bool operator==(const ComponentVal& a, const ComponentVal& b);

 private:
  template <class T>
  static constexpr ComponentKind kind_of() {
    if constexpr (std::is_same_v<T, bool>) {
      return ComponentKind::Bool;
    } else if constexpr (std::is_same_v<T, char32_t>) {
      return ComponentKind::Char;
    } else if constexpr (std::is_floating_point_v<T>) {
      static_assert(sizeof(T) == 4 || sizeof(T) == 8, "float or double");
      return sizeof(T) == 4 ? ComponentKind::F32 : ComponentKind::F64;
    } else {
      constexpr uint8_t shift = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 2 : sizeof(T) == 4 ? 4 : 6;
      return static_cast<ComponentKind>(static_cast<uint8_t>(ComponentKind::S8) + shift +
                                        (std::is_signed_v<T> ? 0 : 1));
    }
  }
  ComponentVal(ComponentKind kind, List items);
  static ComponentVal with_index(ComponentKind kind, uint32_t index, List payload);
  bool has_items() const {
    return (kind_ >= ComponentKind::List && kind_ <= ComponentKind::Variant) ||
           kind_ == ComponentKind::Option || kind_ == ComponentKind::Result;
  }
  bool owns() const {
    return bits_ != 0 && (has_items() || kind_ == ComponentKind::String || kind_ == ComponentKind::Own ||
                          kind_ == ComponentKind::Borrow);
  }
  void release() noexcept;

  ComponentKind kind_ = ComponentKind::Bool;
  uint32_t index_ = 0;
  uint64_t bits_ =
      0;  // The number; or the address of a std::string, a List or a ComponentResource, 0 for an empty one.
};

}  // namespace wherry
