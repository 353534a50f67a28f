// How C++ types lie in a guest's memory and in slots, computed by the compiler: one Codec a type, with the layout rules of
// CanonicalABI.md ("Alignment", "Element Size", "Flattening") as constants, and functions that read (load, lift) and
// write (store, lower) without a plan and without boxes. Not part of the API. Included by component_host.h.
//
// In slots (detail/slots.h) the joined payloads of variants need no conversion: an f32 in an i64 is its bits, an i32 in an
// i64 is zero-extended, and who reads a narrow type looks at the low half only.
//
//   kDesc                 the type, to be compared with a component's
//   kSize, kAlign, kFlat  layout, and how many slots it flattens to
//   load, store           from and to memory: checked already to be there
//   lift, lower           from and to slots; advance the pointer
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "wherry/detail/component_canon.h"
#include "wherry/detail/component_describe.h"

namespace wherry {
template <class T, class E>
class Expected;
template <class T>
class Own;
template <class T>
class Borrow;
template <class Tag>
struct GuestOwn;
template <class Tag>
struct GuestBorrow;
}  // namespace wherry

namespace wherry::detail {

template <class T>
struct Codec;

// Any bits of it are a value.
template <class T>
inline constexpr bool kIsNumber =
    std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char> &&
    !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> &&
    !std::is_same_v<T, char32_t>;

constexpr uint32_t align_up(uint32_t offset, uint32_t align) { return (offset + align - 1) / align * align; }

// ---- scalars

template <class T, ComponentKind kind>
struct ScalarCodec {
  static constexpr TypeDesc kDesc = {.kind = kind};
  static constexpr uint32_t kSize = sizeof(T);
  static constexpr uint32_t kAlign = sizeof(T);
  static constexpr uint32_t kFlat = 1;
  static bool load(CanonCall&, const uint8_t* from, T& to) {
    std::memcpy(&to, from, sizeof to);
    return true;
  }
  static bool store(CanonCall&, const T& from, uint8_t* to) {
    std::memcpy(to, &from, sizeof from);
    return true;
  }
  static bool lift(CanonCall&, const uint64_t*& slots, T& to) {
    std::memcpy(&to, slots++, sizeof to);
    return true;
  }
  static bool lower(CanonCall&, const T& from, uint64_t*& slots) {
    put(from, slots);
    return true;
  }
  static void put(const T& from, uint64_t*& slots) {
    if constexpr (std::is_signed_v<T> && sizeof(T) < 4) {
      *slots++ = static_cast<uint32_t>(static_cast<int32_t>(from));
    } else {
      *slots = 0;
      std::memcpy(slots++, &from, sizeof from);
    }
  }
};
template <class T>
  requires kIsNumber<T>
struct Codec<T> : ScalarCodec<T, std::is_floating_point_v<T>
                                     ? (sizeof(T) == 4 ? ComponentKind::F32 : ComponentKind::F64)
                                     : static_cast<ComponentKind>(static_cast<int>(ComponentKind::S8) +
                                                                  (sizeof(T) == 1   ? 0
                                                                   : sizeof(T) == 2 ? 2
                                                                   : sizeof(T) == 4 ? 4
                                                                                    : 6) +
                                                                  (std::is_signed_v<T> ? 0 : 1))> {};

template <>
struct Codec<bool> : ScalarCodec<bool, ComponentKind::Bool> {
  static bool load(CanonCall&, const uint8_t* from, bool& to) {
    to = *from != 0;
    return true;
  }
  static bool lift(CanonCall&, const uint64_t*& slots, bool& to) {
    to = static_cast<uint32_t>(*slots++) != 0;
    return true;
  }
};

template <>
struct Codec<char32_t> : ScalarCodec<char32_t, ComponentKind::Char> {
  static bool check(CanonCall& call, char32_t to) {
    if (to >= 0x110000 || (to >= 0xd800 && to <= 0xdfff)) [[unlikely]] {
      return call.fail(TrapCode::InvalidChar);
    }
    return true;
  }
  static bool load(CanonCall& call, const uint8_t* from, char32_t& to) {
    std::memcpy(&to, from, sizeof to);
    return check(call, to);
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, char32_t& to) {
    to = static_cast<char32_t>(*slots++);
    return check(call, to);
  }
};

// ---- what is a pointer and a length: two slots, or two words in memory

template <class T, class Self>
struct PairCodec {
 private:
  friend Self;
  PairCodec() = default;

 public:
  static constexpr uint32_t kSize = 8;
  static constexpr uint32_t kAlign = 4;
  static constexpr uint32_t kFlat = 2;
  static bool load(CanonCall& call, const uint8_t* from, T& to) {
    uint32_t pair[2];
    std::memcpy(pair, from, sizeof pair);
    return Self::read(call, pair[0], pair[1], to);
  }
  static bool store(CanonCall& call, const T& from, uint8_t* to) {
    uint32_t pair[2];
    if (!Self::write(call, from, pair[0], pair[1])) return false;
    std::memcpy(to, pair, sizeof pair);
    return true;
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, T& to) {
    const auto address = static_cast<uint32_t>(slots[0]);
    const auto length = static_cast<uint32_t>(slots[1]);
    slots += 2;
    return Self::read(call, address, length, to);
  }
  static bool lower(CanonCall& call, const T& from, uint64_t*& slots) {
    uint32_t address = 0;
    uint32_t length = 0;
    if (!Self::write(call, from, address, length)) return false;
    slots[0] = address;
    slots[1] = length;
    slots += 2;
    return true;
  }
};

template <>
struct Codec<std::string_view> : PairCodec<std::string_view, Codec<std::string_view>> {
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::String};
  static bool read(CanonCall& call, uint32_t address, uint32_t length, std::string_view& to) {
    return call.lift_string(address, length, &to);
  }
  static bool write(CanonCall& call, std::string_view from, uint32_t& address, uint32_t& length) {
    return call.lower_string(from, &address, &length);
  }
};
template <>
struct Codec<std::string> : PairCodec<std::string, Codec<std::string>> {
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::String};
  static bool read(CanonCall& call, uint32_t address, uint32_t length, std::string& to) {
    std::string_view view;
    if (!call.lift_string(address, length, &view) || !call.charge(view.size())) return false;
    to.assign(view);
    return true;
  }
  static bool write(CanonCall& call, const std::string& from, uint32_t& address, uint32_t& length) {
    return call.lower_string(from, &address, &length);
  }
};

template <class T>
inline constexpr const TypeDesc* kElement[1] = {&Codec<T>::kDesc};

template <class T>
bool write_list(CanonCall& call, const T* from, size_t count, uint32_t& address, uint32_t& length) {
  using Item = Codec<T>;
  uint8_t* bytes = nullptr;
  if (!call.allocate(uint64_t{count} * Item::kSize, Item::kAlign, &address, &bytes)) return false;
  length = static_cast<uint32_t>(count);
  if constexpr (kIsNumber<T>) {
    if (count != 0) std::memcpy(bytes, from, count * sizeof(T));
  } else {
    for (size_t i = 0; i < count; ++i) {
      if (!Item::store(call, from[i], bytes + i * Item::kSize)) return false;
    }
  }
  return true;
}

template <class T>
struct Codec<std::vector<T>> : PairCodec<std::vector<T>, Codec<std::vector<T>>> {
  using Item = Codec<T>;
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::List, .count = 1, .types = kElement<T>};
  static bool read(CanonCall& call, uint32_t address, uint32_t count, std::vector<T>& to) {
    const uint8_t* const from = call.elements(address, count, Item::kSize, Item::kAlign);
    if (from == nullptr || !call.charge(uint64_t{count} * sizeof(T))) return false;
    if constexpr (kIsNumber<T>) {
      to.resize(count);
      if (count != 0) std::memcpy(to.data(), from, count * sizeof(T));
    } else {
      to.clear();
      to.reserve(count);
      for (size_t i = 0; i < count; ++i) {
        T item{};
        if (!Item::load(call, from + i * Item::kSize, item)) return false;
        to.push_back(std::move(item));
      }
    }
    return true;
  }
  static bool write(CanonCall& call, const std::vector<T>& from, uint32_t& address, uint32_t& length) {
    if constexpr (std::is_same_v<T, bool>) {
      uint8_t* bytes = nullptr;
      if (!call.allocate(from.size(), 1, &address, &bytes)) return false;
      length = static_cast<uint32_t>(from.size());
      for (size_t i = 0; i < from.size(); ++i) bytes[i] = from[i] ? 1 : 0;
      return true;
    } else {
      return write_list(call, from.data(), from.size(), address, length);
    }
  }
};

// In place: the address is aligned, as the ABI demands it and a memory begins at a page.
template <class T>
struct Codec<std::span<const T>> : PairCodec<std::span<const T>, Codec<std::span<const T>>> {
  static_assert(kIsNumber<T>, "only lists of numbers can be seen in place; take a std::vector");
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::List, .count = 1, .types = kElement<T>};
  static bool read(CanonCall& call, uint32_t address, uint32_t count, std::span<const T>& to) {
    const uint8_t* const from = call.elements(address, count, sizeof(T), sizeof(T));
    if (from == nullptr) return false;
    to = {reinterpret_cast<const T*>(from), count};
    return true;
  }
  static bool write(CanonCall& call, std::span<const T> from, uint32_t& address, uint32_t& length) {
    return write_list(call, from.data(), from.size(), address, length);
  }
};

// ---- one after the other: tuples, records, parameters

template <class... Types>
struct Sequence {
  static constexpr uint32_t kCount = sizeof...(Types);
  static constexpr uint32_t kAlign = [] {
    uint32_t align = 1;
    ((align = align < Codec<Types>::kAlign ? Codec<Types>::kAlign : align), ...);
    return align;
  }();
  // Where each lies, and behind the last one.
  static constexpr std::array<uint32_t, kCount + 1> kOffsets = [] {
    std::array<uint32_t, kCount + 1> offsets{};
    uint32_t at = 0;
    uint32_t i = 0;
    ((at = align_up(at, Codec<Types>::kAlign), offsets[i++] = at, at += Codec<Types>::kSize), ...);
    offsets[i] = at;
    return offsets;
  }();
  static constexpr uint32_t kSize = align_up(kOffsets[kCount], kAlign);
  static constexpr uint32_t kFlat = (uint32_t{0} + ... + Codec<Types>::kFlat);
  static constexpr const TypeDesc* kTypes[kCount + 1] = {&Codec<Types>::kDesc..., nullptr};

  static bool load(CanonCall& call, const uint8_t* from, Types&... to) {
    uint32_t i = 0;
    return (Codec<Types>::load(call, from + kOffsets[i++], to) && ...);
  }
  static bool store(CanonCall& call, const Types&... from, uint8_t* to) {
    uint32_t i = 0;
    return (Codec<Types>::store(call, from, to + kOffsets[i++]) && ...);
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, Types&... to) {
    return (Codec<Types>::lift(call, slots, to) && ...);
  }
  static bool lower(CanonCall& call, const Types&... from, uint64_t*& slots) {
    return (Codec<Types>::lower(call, from, slots) && ...);
  }
};

template <class Tuple, class... Types>
struct TupleCodec {
  using Items = Sequence<Types...>;
  static_assert(sizeof...(Types) > 0, "a tuple has elements");
  static constexpr TypeDesc kDesc = {
      .kind = ComponentKind::Tuple, .count = Items::kCount, .types = Items::kTypes};
  static constexpr uint32_t kSize = Items::kSize;
  static constexpr uint32_t kAlign = Items::kAlign;
  static constexpr uint32_t kFlat = Items::kFlat;
  static bool load(CanonCall& call, const uint8_t* from, Tuple& to) {
    return std::apply([&](Types&... items) { return Items::load(call, from, items...); }, to);
  }
  static bool store(CanonCall& call, const Tuple& from, uint8_t* to) {
    return std::apply([&](const Types&... items) { return Items::store(call, items..., to); }, from);
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, Tuple& to) {
    return std::apply([&](Types&... items) { return Items::lift(call, slots, items...); }, to);
  }
  static bool lower(CanonCall& call, const Tuple& from, uint64_t*& slots) {
    return std::apply([&](const Types&... items) { return Items::lower(call, items..., slots); }, from);
  }
};
template <class... Types>
struct Codec<std::tuple<Types...>> : TupleCodec<std::tuple<Types...>, Types...> {};
template <class A, class B>
struct Codec<std::pair<A, B>> : TupleCodec<std::pair<A, B>, A, B> {};

template <class T>
concept Described = requires(const T* type) { wherry_describe(type); };
template <class T>
inline constexpr auto kDescription = wherry_describe(static_cast<const T*>(nullptr));
template <class T, ComponentKind kind>
concept DescribedAs = Described<T> && decltype(kDescription<T>)::kKind == kind;

template <class T, class... Members>
struct RecordCodec {
  using Items = Sequence<Members...>;
  static constexpr uint32_t kCount = sizeof...(Members);
  static constexpr std::array<std::string_view, kCount> kNames =
      std::apply([](const auto&... fields) { return std::array<std::string_view, kCount>{fields.name...}; },
                 kDescription<T>.fields);
  static constexpr TypeDesc kDesc = {
      .kind = ComponentKind::Record, .count = kCount, .types = Items::kTypes, .names = kNames.data()};
  static constexpr uint32_t kSize = Items::kSize;
  static constexpr uint32_t kAlign = Items::kAlign;
  static constexpr uint32_t kFlat = Items::kFlat;
  static bool load(CanonCall& call, const uint8_t* from, T& to) {
    return std::apply([&](const auto&... fields) { return Items::load(call, from, to.*fields.member...); },
                      kDescription<T>.fields);
  }
  static bool store(CanonCall& call, const T& from, uint8_t* to) {
    return std::apply([&](const auto&... fields) { return Items::store(call, from.*fields.member..., to); },
                      kDescription<T>.fields);
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, T& to) {
    return std::apply([&](const auto&... fields) { return Items::lift(call, slots, to.*fields.member...); },
                      kDescription<T>.fields);
  }
  static bool lower(CanonCall& call, const T& from, uint64_t*& slots) {
    return std::apply(
        [&](const auto&... fields) { return Items::lower(call, from.*fields.member..., slots); },
        kDescription<T>.fields);
  }
};
template <class T, class Description>
struct RecordCodecOf;
template <class T, class... Members>
struct RecordCodecOf<T, RecordDescription<Field<T, Members>...>> {
  using Type = RecordCodec<T, Members...>;
};
template <class T>
  requires DescribedAs<T, ComponentKind::Record>
struct Codec<T> : RecordCodecOf<T, std::remove_const_t<decltype(kDescription<T>)>>::Type {};

// ---- one of several

constexpr uint32_t discriminant_size(size_t cases) { return cases <= 256 ? 1 : cases <= 65536 ? 2 : 4; }

inline bool load_discriminant(CanonCall& call, const uint8_t* from, size_t cases, uint32_t& to) {
  to = 0;
  std::memcpy(&to, from, discriminant_size(cases));
  return to < cases || call.fail(TrapCode::InvalidDiscriminant);
}

template <class T>
  requires DescribedAs<T, ComponentKind::Enum>
struct Codec<T> {
  static constexpr uint32_t kCount = decltype(kDescription<T>)::kCount;
  static constexpr TypeDesc kDesc = {
      .kind = ComponentKind::Enum, .count = kCount, .names = kDescription<T>.names.data()};
  static constexpr uint32_t kSize = discriminant_size(kCount);
  static constexpr uint32_t kAlign = kSize;
  static constexpr uint32_t kFlat = 1;
  static bool load(CanonCall& call, const uint8_t* from, T& to) {
    uint32_t index = 0;
    const bool is_right = load_discriminant(call, from, kCount, index);
    to = static_cast<T>(index);
    return is_right;
  }
  static bool store(CanonCall&, const T& from, uint8_t* to) {
    const auto index = static_cast<uint32_t>(from);
    std::memcpy(to, &index, kSize);
    return true;
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, T& to) {
    const auto index = static_cast<uint32_t>(*slots++);
    to = static_cast<T>(index);
    return index < kCount || call.fail(TrapCode::InvalidDiscriminant);
  }
  static bool lower(CanonCall&, const T& from, uint64_t*& slots) {
    *slots++ = static_cast<uint32_t>(from);
    return true;
  }
};

template <class T>
  requires DescribedAs<T, ComponentKind::Flags>
struct Codec<T> {
  static constexpr uint32_t kCount = decltype(kDescription<T>)::kCount;
  static_assert(kCount <= 32, "flags have at most 32 names");
  static constexpr uint32_t kMask = static_cast<uint32_t>((uint64_t{1} << kCount) - 1);
  static constexpr TypeDesc kDesc = {
      .kind = ComponentKind::Flags, .count = kCount, .names = kDescription<T>.names.data()};
  static constexpr uint32_t kSize = kCount <= 8 ? 1 : kCount <= 16 ? 2 : 4;
  static constexpr uint32_t kAlign = kSize;
  static constexpr uint32_t kFlat = 1;
  static bool load(CanonCall&, const uint8_t* from, T& to) {
    uint32_t bits = 0;
    std::memcpy(&bits, from, kSize);
    to = static_cast<T>(bits & kMask);
    return true;
  }
  static bool store(CanonCall&, const T& from, uint8_t* to) {
    const uint32_t bits = static_cast<uint32_t>(from) & kMask;
    std::memcpy(to, &bits, kSize);
    return true;
  }
  static bool lift(CanonCall&, const uint64_t*& slots, T& to) {
    to = static_cast<T>(static_cast<uint32_t>(*slots++) & kMask);
    return true;
  }
  static bool lower(CanonCall&, const T& from, uint64_t*& slots) {
    *slots++ = static_cast<uint32_t>(from) & kMask;
    return true;
  }
};

// What a case that carries nothing has instead of a Codec.
template <>
struct Codec<std::monostate> {
  static constexpr uint32_t kSize = 0;
  static constexpr uint32_t kAlign = 1;
  static constexpr uint32_t kFlat = 0;
  static bool load(CanonCall&, const uint8_t*, std::monostate&) { return true; }
  static bool store(CanonCall&, std::monostate, uint8_t*) { return true; }
  static bool lift(CanonCall&, const uint64_t*&, std::monostate&) { return true; }
  static bool lower(CanonCall&, std::monostate, uint64_t*&) { return true; }
};
template <class T>
constexpr const TypeDesc* case_desc() {
  if constexpr (std::is_same_v<T, std::monostate>) {
    return nullptr;
  } else {
    return &Codec<T>::kDesc;
  }
}

// `Self` says which case a T is of (index), gives what case I carries (payload<I>), and makes one (make<I>).
template <class T, class Self, class... Cases>
struct CasesCodec {
 private:
  friend Self;
  CasesCodec() = default;

 public:
  static constexpr uint32_t kCount = sizeof...(Cases);
  static constexpr uint32_t kTag = discriminant_size(kCount);
  static constexpr uint32_t kPayloadAlign = Sequence<Cases...>::kAlign;
  static constexpr uint32_t kPayload = align_up(kTag, kPayloadAlign);
  static constexpr uint32_t kAlign = kPayloadAlign < kTag ? kTag : kPayloadAlign;
  static constexpr uint32_t kSize = [] {
    uint32_t most = 0;
    ((most = most < Codec<Cases>::kSize ? Codec<Cases>::kSize : most), ...);
    return align_up(kPayload + most, kAlign);
  }();
  static constexpr uint32_t kPayloadFlat = [] {
    uint32_t most = 0;
    ((most = most < Codec<Cases>::kFlat ? Codec<Cases>::kFlat : most), ...);
    return most;
  }();
  static constexpr uint32_t kFlat = 1 + kPayloadFlat;
  static constexpr const TypeDesc* kTypes[kCount] = {case_desc<Cases>()...};

  // Calls visit<I>() for the I that is `index`.
  template <class Visit, size_t... I>
  static bool dispatch(uint32_t index, Visit visit, std::index_sequence<I...>) {
    bool done = false;
    (void)((index == I && (done = visit(std::integral_constant<size_t, I>()), true)) || ...);
    return done;
  }
  template <class Visit>
  static bool dispatch(uint32_t index, Visit visit) {
    return dispatch(index, visit, std::make_index_sequence<kCount>());
  }
  template <size_t I>
  using Case = std::tuple_element_t<I, std::tuple<Cases...>>;

  static bool load(CanonCall& call, const uint8_t* from, T& to) {
    uint32_t index = 0;
    if (!load_discriminant(call, from, kCount, index)) return false;
    return dispatch(index, [&]<size_t I>(std::integral_constant<size_t, I>) {
      Case<I> payload{};
      if (!Codec<Case<I>>::load(call, from + kPayload, payload)) return false;
      Self::template make<I>(to, std::move(payload));
      return true;
    });
  }
  static bool store(CanonCall& call, const T& from, uint8_t* to) {
    const uint32_t index = Self::index(from);
    std::memcpy(to, &index, kTag);
    return dispatch(index, [&]<size_t I>(std::integral_constant<size_t, I>) {
      return Codec<Case<I>>::store(call, Self::template payload<I>(from), to + kPayload);
    });
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, T& to) {
    const auto index = static_cast<uint32_t>(slots[0]);
    const uint64_t* at = slots + 1;
    slots += kFlat;
    if (index >= kCount) return call.fail(TrapCode::InvalidDiscriminant);
    return dispatch(index, [&]<size_t I>(std::integral_constant<size_t, I>) {
      Case<I> payload{};
      if (!Codec<Case<I>>::lift(call, at, payload)) return false;
      Self::template make<I>(to, std::move(payload));
      return true;
    });
  }
  static bool lower(CanonCall& call, const T& from, uint64_t*& slots) {
    const uint32_t index = Self::index(from);
    uint64_t* at = slots + 1;
    slots[0] = index;
    for (uint32_t i = 0; i < kPayloadFlat; ++i) at[i] = 0;
    slots += kFlat;
    return dispatch(index, [&]<size_t I>(std::integral_constant<size_t, I>) {
      return Codec<Case<I>>::lower(call, Self::template payload<I>(from), at);
    });
  }
};

template <class T>
struct Codec<std::optional<T>> : CasesCodec<std::optional<T>, Codec<std::optional<T>>, std::monostate, T> {
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::Option, .count = 1, .types = kElement<T>};
  static uint32_t index(const std::optional<T>& value) { return value.has_value() ? 1 : 0; }
  template <size_t I>
  static decltype(auto) payload(const std::optional<T>& value) {
    if constexpr (I == 0) {
      return std::monostate();
    } else {
      return (*value);
    }
  }
  template <size_t I, class Payload>
  static void make(std::optional<T>& value, Payload&& payload) {
    if constexpr (I == 0) {
      value.reset();
    } else {
      value.emplace(std::forward<Payload>(payload));
    }
  }
};

template <class T>
using CaseOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T, class E>
struct Codec<Expected<T, E>> : CasesCodec<Expected<T, E>, Codec<Expected<T, E>>, CaseOf<T>, CaseOf<E>> {
  static constexpr const TypeDesc* kResults[2] = {case_desc<CaseOf<T>>(), case_desc<CaseOf<E>>()};
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::Result, .count = 2, .types = kResults};
  static uint32_t index(const Expected<T, E>& value) { return value.ok() ? 0 : 1; }
  template <size_t I>
  static const auto& payload(const Expected<T, E>& value) {
    if constexpr (I == 0) {
      return value.value();
    } else {
      return value.error();
    }
  }
  template <size_t I, class Payload>
  static void make(Expected<T, E>& value, Payload&& payload) {
    if constexpr (I == 0) {
      value.set_value(std::forward<Payload>(payload));
    } else {
      value.set_error(std::forward<Payload>(payload));
    }
  }
};

template <class T, class... Cases>
struct VariantCodec : CasesCodec<T, VariantCodec<T, Cases...>, Cases...> {
  using Base = CasesCodec<T, VariantCodec<T, Cases...>, Cases...>;
  static_assert(sizeof...(Cases) == decltype(kDescription<T>)::kCount, "a name for each case");
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::Variant,
                                     .count = sizeof...(Cases),
                                     .types = Base::kTypes,
                                     .names = kDescription<T>.names.data()};
  static uint32_t index(const T& value) { return static_cast<uint32_t>(value.index()); }
  template <size_t I>
  static const auto& payload(const T& value) {
    return *std::get_if<I>(static_cast<const std::variant<Cases...>*>(&value));
  }
  template <size_t I, class Payload>
  static void make(T& value, Payload&& payload) {
    value.template emplace<I>(std::forward<Payload>(payload));
  }
};
template <class T, class... Cases>
VariantCodec<T, Cases...> variant_codec(const std::variant<Cases...>*);
template <class T>
  requires DescribedAs<T, ComponentKind::Variant>
struct Codec<T> : decltype(variant_codec<T>(static_cast<const T*>(nullptr))) {};

// ---- resources: one word

template <class T, class Self>
struct HandleCodec {
 private:
  friend Self;
  HandleCodec() = default;

 public:
  static constexpr uint32_t kSize = 4;
  static constexpr uint32_t kAlign = 4;
  static constexpr uint32_t kFlat = 1;
  static bool load(CanonCall& call, const uint8_t* from, T& to) {
    uint32_t handle = 0;
    std::memcpy(&handle, from, sizeof handle);
    return Self::read(call, handle, to);
  }
  static bool store(CanonCall& call, const T& from, uint8_t* to) {
    uint32_t handle = 0;
    if (!Self::write(call, from, handle)) return false;
    std::memcpy(to, &handle, sizeof handle);
    return true;
  }
  static bool lift(CanonCall& call, const uint64_t*& slots, T& to) {
    return Self::read(call, static_cast<uint32_t>(*slots++), to);
  }
  static bool lower(CanonCall& call, const T& from, uint64_t*& slots) {
    uint32_t handle = 0;
    if (!Self::write(call, from, handle)) return false;
    *slots++ = handle;
    return true;
  }
};

template <class T>
struct Codec<Own<T>> : HandleCodec<Own<T>, Codec<Own<T>>> {
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::Own, .resource = &kResourceClass<T>};
  static bool read(CanonCall& call, uint32_t handle, Own<T>& to) {
    void* object = nullptr;
    if (!call.lift_own(handle, &kResourceClass<T>, &object)) return false;
    to.reset(static_cast<T*>(object));
    return true;
  }
  // The guest has it now, so the host's Own gives it up.
  static bool write(CanonCall& call, const Own<T>& from, uint32_t& handle) {
    if (!call.lower_own(from.get(), &kResourceClass<T>, &handle)) return false;
    (void)const_cast<Own<T>&>(from).release();
    return true;
  }
};
template <class T>
struct Codec<Borrow<T>> : HandleCodec<Borrow<T>, Codec<Borrow<T>>> {
  static constexpr TypeDesc kDesc = {.kind = ComponentKind::Borrow, .resource = &kResourceClass<T>};
  static bool read(CanonCall& call, uint32_t handle, Borrow<T>& to) {
    void* object = nullptr;
    if (!call.lift_borrow(handle, &kResourceClass<T>, &object)) return false;
    to = Borrow<T>(*static_cast<T*>(object));
    return true;
  }
  static bool write(CanonCall& call, const Borrow<T>& from, uint32_t& handle) {
    return call.lower_borrow(from.get(), &kResourceClass<T>, &handle);
  }
};

// Resources of guests: what the host has is a handle of its own.
template <class T, class Tag, ComponentKind kind>
struct GuestHandleCodec : HandleCodec<T, GuestHandleCodec<T, Tag, kind>> {
  static constexpr TypeDesc kDesc = {.kind = kind, .resource = &kGuestResourceClass<Tag>};
  static bool read(CanonCall& call, uint32_t handle, T& to) {
    return call.lift_resource(handle, kind, &kGuestResourceClass<Tag>, &to.resource);
  }
  static bool write(CanonCall& call, const T& from, uint32_t& handle) {
    return call.lower_resource(from.resource, kind, &kGuestResourceClass<Tag>, &handle);
  }
};
template <class Tag>
struct Codec<GuestOwn<Tag>> : GuestHandleCodec<GuestOwn<Tag>, Tag, ComponentKind::Own> {};
template <class Tag>
struct Codec<GuestBorrow<Tag>> : GuestHandleCodec<GuestBorrow<Tag>, Tag, ComponentKind::Borrow> {};

}  // namespace wherry::detail
