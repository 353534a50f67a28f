// How typed values travel: 64-bit slots. Not part of the API, but what its templates compile to, and what
// HostEntry functions written by hand rely on.
//
// A call passes an array of slots. The parameters stand in it from slot 0, in order; the results are written over them
// from slot 0. The array is as long as the longer of the two. Encodings:
//
//   i32        low half; the upper half is zero
//   i64        the whole slot
//   f32        its bits in the low half; the upper half is zero
//   f64        its bits
//   v128       two slots, the low one first
//   references one slot, 0 for null; otherwise the engine's business (convert with the functions below)
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry::detail {

// References to and from slots. Errors: InvalidHandle for a reference of another store, OutOfMemory.
Result<uint64_t> func_to_slot(StoreRef store, Func func);
Result<Func> func_from_slot(StoreRef store, uint64_t slot);
Result<uint64_t> extern_to_slot(StoreRef store, ExternRef reference);
Result<ExternRef> extern_from_slot(StoreRef store, uint64_t slot);
Result<uint64_t> any_to_slot(StoreRef store, AnyRef reference);
Result<AnyRef> any_from_slot(StoreRef store, uint64_t slot);
Result<uint64_t> exn_to_slot(StoreRef store, ExnRef reference);
Result<ExnRef> exn_from_slot(StoreRef store, uint64_t slot);

template <class T>
inline constexpr size_t kSlots = std::is_same_v<T, V128> ? 2 : 1;

// Whether passing it can fail.
template <class T>
inline constexpr bool kIsReference = std::is_same_v<T, Func> || std::is_same_v<T, ExternRef> ||
                                     std::is_same_v<T, AnyRef> || std::is_same_v<T, ExnRef>;

// Reads the T that begins at `slot`.
template <WasmValue T>
Result<void> load_slot(StoreRef store, const uint64_t* slot, T& value) {
  if constexpr (std::is_same_v<T, Func>) {
    WHERRY_ASSIGN_OR_RETURN(value, func_from_slot(store, *slot));
  } else if constexpr (std::is_same_v<T, ExternRef>) {
    WHERRY_ASSIGN_OR_RETURN(value, extern_from_slot(store, *slot));
  } else if constexpr (std::is_same_v<T, AnyRef>) {
    WHERRY_ASSIGN_OR_RETURN(value, any_from_slot(store, *slot));
  } else if constexpr (std::is_same_v<T, ExnRef>) {
    WHERRY_ASSIGN_OR_RETURN(value, exn_from_slot(store, *slot));
  } else {
    std::memcpy(static_cast<void*>(&value), slot, sizeof value);
  }
  return {};
}

// Writes `value` from `slot` on.
template <WasmValue T>
Result<void> store_slot(StoreRef store, uint64_t* slot, const T& value) {
  if constexpr (std::is_same_v<T, Func>) {
    WHERRY_ASSIGN_OR_RETURN(*slot, func_to_slot(store, value));
  } else if constexpr (std::is_same_v<T, ExternRef>) {
    WHERRY_ASSIGN_OR_RETURN(*slot, extern_to_slot(store, value));
  } else if constexpr (std::is_same_v<T, AnyRef>) {
    WHERRY_ASSIGN_OR_RETURN(*slot, any_to_slot(store, value));
  } else if constexpr (std::is_same_v<T, ExnRef>) {
    WHERRY_ASSIGN_OR_RETURN(*slot, exn_to_slot(store, value));
  } else {
    *slot = 0;
    std::memcpy(slot, &value, sizeof value);
  }
  return {};
}

// A list of value types: the parameters or results of a C++ signature.
template <class... Types>
struct TypeList {
  static constexpr size_t kCount = sizeof...(Types);
  static constexpr size_t kSlotCount = (size_t{0} + ... + kSlots<Types>);

  // The list as ValTypes, in static storage. One element too long, since arrays have at least one.
  static constexpr ValType kTypes[kCount + 1] = {val_type(value_kind<Types>())..., ValType::i32()};
  static constexpr std::span<const ValType> types() { return {kTypes, kCount}; }

  static Result<void> load(StoreRef store, const uint64_t* slots, std::tuple<Types...>& values) {
    Result<void> result;
    size_t at = 0;
    if constexpr (!(kIsReference<Types> || ...)) {  // Nothing but copies: no Result on the way.
      std::apply(
          [&](Types&... value) {
            ((std::memcpy(static_cast<void*>(&value), slots + at, sizeof value), at += kSlots<Types>), ...);
          },
          values);
      return result;
    }
    std::apply(
        [&](Types&... value) {
          (void)((result = load_slot(store, slots + at, value), at += kSlots<Types>, result.ok()) && ...);
        },
        values);
    return result;
  }

  static Result<void> store(StoreRef store_ref, uint64_t* slots, const std::tuple<Types...>& values) {
    Result<void> result;
    size_t at = 0;
    if constexpr (!(kIsReference<Types> || ...)) {
      std::apply(
          [&](const Types&... value) {
            ((slots[at] = 0, std::memcpy(slots + at, &value, sizeof value), at += kSlots<Types>), ...);
          },
          values);
      return result;
    }
    std::apply(
        [&](const Types&... value) {
          (void)((result = store_slot(store_ref, slots + at, value), at += kSlots<Types>, result.ok()) &&
                 ...);
        },
        values);
    return result;
  }
};

// What a C++ result type means: void is no result, a tuple several, a Result<T> the results of T.
template <class R>
struct ResultTraits {
  static_assert(
      WasmValue<R>,
      "a result must be an integer or enumeration of 4 or 8 bytes, float, double, V128, a reference, "
      "a std::tuple of those, void, or a Result of one of them");
  using List = TypeList<R>;
  using Plain = R;
  static std::tuple<R> to_tuple(R value) { return {value}; }
  static R from_tuple(const std::tuple<R>& values) { return std::get<0>(values); }
};
template <>
struct ResultTraits<void> {
  using List = TypeList<>;
  using Plain = void;
};
template <WasmValue... Types>
struct ResultTraits<std::tuple<Types...>> {
  using List = TypeList<Types...>;
  using Plain = std::tuple<Types...>;
  static std::tuple<Types...> to_tuple(std::tuple<Types...> values) { return values; }
  static std::tuple<Types...> from_tuple(const std::tuple<Types...>& values) { return values; }
};

template <class T>
inline constexpr bool kIsResult = false;
template <class T>
inline constexpr bool kIsResult<Result<T>> = true;

}  // namespace wherry::detail
