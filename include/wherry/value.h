// Values that pass between host and guest: numbers, vectors, functions and references.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"

namespace wherry {

class AnyRef;
class Caller;
class Tag;
class Val;
template <class Signature>
class TypedFunc;

namespace detail {
// What all handles are: an object's place in one store. A handle costs nothing to copy and owns nothing; every use
// checks that the store is the one it came from and that the object still exists, so that a stale or foreign one is an
// Error of kind InvalidHandle. `store` 0 is the null handle.
struct Handle {
  uint64_t store = 0;
  uint32_t index = 0;
  uint32_t generation = 0;
  friend bool operator==(const Handle&, const Handle&) = default;
};
}  // namespace detail

// 128 bits of a SIMD vector. Lane 0 of every shape is in the lowest bits of `low`.
struct V128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const V128&, const V128&) = default;
};

// A function, of a guest or of the host; or null, as a funcref may be.
//
// A handle: trivially copyable, valid as long as its store. Corresponds to spec 4.2.6 "Function instances" and
// wasm-c-api `wasm_func_t`.
class Func {
 public:
  // The null function. Everything but passing it on as a value fails with kind InvalidHandle.
  Func() = default;

  // Makes a function of the host from a callable with a typed signature; see host.h for what those are. The store
  // owns a copy of the callable. Errors: OutOfMemory, InvalidHandle. Defined in func.h.
  template <class Callable>
  static Result<Func> wrap(StoreRef store, Callable&& callable);

  // The same for a type that is only known at run time: `callable(Caller&, std::span<const Val> params,
  // std::span<Val> results) -> Result<void>`. `results` has the type's length and holds zeros and nulls; a result of
  // the wrong type is an Error of kind Usage, which ends the guest's call. Defined in func.h.
  template <class Callable>
  static Result<Func> create(StoreRef store, const FuncType& type, Callable&& callable);

  bool is_null() const { return handle_.store == 0; }

  // Its type. Error: InvalidHandle.
  Result<FuncType> type(StoreRef store) const;

  // Calls it. `params` and `results` must have the lengths of the type, and `params` its types; `results` are
  // overwritten when the call succeeds, and otherwise keep what they held.
  //
  // Errors: Usage for values that do not fit, InvalidHandle; Unsupported for types that no Val can hold; Trap, Exit,
  // Exception and Host from the guest and its imports; Invalid when lazy validation meets such a body, and Unsupported
  // for a body that this version cannot execute; Io for a file that was truncated; OutOfMemory.
  Result<void> call(StoreRef store, std::span<const Val> params, std::span<Val> results) const;

  // The same with the results as a value: `func.call(store, {Val(1), Val(2.5)})`.
  Result<std::vector<Val>> call(StoreRef store, std::initializer_list<Val> params) const;

  // This function with a C++ signature: `func.typed<int32_t(int32_t, int64_t)>(store)`. Errors: Usage if the types
  // differ, with both in the message; InvalidHandle. Defined in func.h, which says what signatures there are.
  template <class Signature>
  Result<TypedFunc<Signature>> typed(StoreRef store) const;

  // Whether two handles mean the same function: ref.eq of the two.
  friend bool operator==(const Func&, const Func&) = default;

 private:
  friend struct HandleAccess;  // The engine's own way in.
  detail::Handle handle_;
};

// References to objects of the garbage-collected heap: ExternRef, AnyRef, ExnRef, and in gc.h StructRef and ArrayRef.
//
// Handles: trivially copyable. Each keeps its object alive as long as it is valid, which is until the host function
// returns, or the RootScope ends (gc.h), in which it was obtained; outside of both, as long as its store. What shall live
// longer belongs into an Owned (gc.h). Afterwards it is stale, and using it is an Error of kind InvalidHandle. Two
// handles that are valid are equal exactly if they mean the same object.

// A reference to an object of the host, which guests can keep and hand back but not look into; or null. A guest may also
// turn one of its own objects into such a reference (extern.convert_any).
//
// Corresponds to spec 4.2.1 "host addresses" and wasm-c-api `wasm_foreign_t`.
class ExternRef {
 public:
  // The null reference.
  ExternRef() = default;

  // A new reference to `object`, which may be any pointer or number; the engine never follows it. `finalize`, unless
  // null, is called with it once nothing refers to it any more: on the store's thread, when a call into the store
  // returns, another reference is made, StoreRef::collect_garbage is called, or the store is destroyed; never while a
  // guest runs. Two references are equal only if they come from the same call. Errors: OutOfMemory, InvalidHandle.
  static Result<ExternRef> create(StoreRef store, void* object, void (*finalize)(void*) = nullptr);

  bool is_null() const { return handle_.store == 0; }

  // What `create` was given. Errors: InvalidHandle, also for null; Usage for a guest's own object.
  Result<void*> object(StoreRef store) const;

  // The same reference as a guest's any.convert_extern gives it. Error: InvalidHandle.
  Result<AnyRef> to_any(StoreRef store) const;

  friend bool operator==(const ExternRef&, const ExternRef&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

// A structure, an array, an i31 or, turned into one, a value of the host; or null. What it is, is asked here; structures and
// arrays are made and looked into with gc.h.
//
// Corresponds to spec 2.3.3 "any" and what is below it.
class AnyRef {
 public:
  AnyRef() = default;

  // An i31 of the lowest 31 bits of `value`. Needs no memory and never goes stale. Error: InvalidHandle.
  static Result<AnyRef> i31(StoreRef store, int32_t value);

  bool is_null() const { return handle_.store == 0; }

  // The most exact type: (ref i31), (ref $t) with the engine's number of the type, or (ref any) for a value of the
  // host. Errors: InvalidHandle, also for null.
  Result<ValType> type(StoreRef store) const;

  // Whether a value of `type` may be this reference (ref.test). Error: InvalidHandle.
  Result<bool> is(StoreRef store, ValType type) const;

  // The value of an i31, sign-extended; empty for anything else. Error: InvalidHandle.
  Result<std::optional<int32_t>> as_i31(StoreRef store) const;

  // The same reference as a guest's extern.convert_any gives it. Error: InvalidHandle.
  Result<ExternRef> to_extern(StoreRef store) const;

  friend bool operator==(const AnyRef&, const AnyRef&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

// An exception: a tag and values of the types that it names; or null, as an exnref may be. Immutable.
//
// A handle: trivially copyable. One made by `create` keeps the exception until `release`, or the store's end; one that an
// Error gives is valid while that Error, or a clone of it, exists. Handles of one exception are equal. Corresponds to spec
// 4.2.11 "Exception instances", JS-API `WebAssembly.Exception`.
class ExnRef {
 public:
  // The null reference.
  ExnRef() = default;

  // A new exception. `arguments` are values of the tag's parameters, in order. Errors: Usage for values that do not fit,
  // InvalidHandle, OutOfMemory.
  static Result<ExnRef> create(StoreRef store, Tag tag, std::span<const Val> arguments);

  bool is_null() const { return handle_.store == 0; }

  // Its tag, equal to the handle of the same tag from elsewhere. Error: InvalidHandle.
  Result<Tag> tag(StoreRef store) const;

  // Its values. Errors: InvalidHandle; Unsupported for a reference that no Val can hold.
  Result<std::vector<Val>> arguments(StoreRef store) const;

  // Keeps the exception until one more `release`. Error: InvalidHandle.
  Result<void> keep(StoreRef store) const;

  // Gives up what `create` or `keep` has kept: when the last one did, and no Error has it, the handle means nothing any
  // more, and the exception can be collected when no guest refers to it. Errors: InvalidHandle, Usage.
  Result<void> release(StoreRef store) const;

  friend bool operator==(const ExnRef&, const ExnRef&) = default;

 private:
  friend struct HandleAccess;  // The engine's own way in.
  detail::Handle handle_;
};

// Which member a Val holds.
enum class ValueKind : uint8_t { I32, I64, F32, F64, V128, FuncRef, ExternRef, AnyRef, ExnRef };

// C++ types that are WebAssembly values: integers and enumerations of 4 and 8 bytes, signed or not (i32, i64), float
// and double (f32, f64), V128, Func, ExternRef, AnyRef and ExnRef. WebAssembly has no booleans and no smaller integers, so those are
// not converted silently.
template <class T>
concept WasmInteger =
    (std::integral<T> || std::is_enum_v<T>) && (sizeof(T) == 4 || sizeof(T) == 8) &&
    !std::is_same_v<std::remove_cv_t<T>, wchar_t> && !std::is_same_v<std::remove_cv_t<T>, char32_t>;
template <class T>
concept WasmValue =
    WasmInteger<T> || std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, V128> ||
    std::same_as<T, Func> || std::same_as<T, ExternRef> || std::same_as<T, AnyRef> || std::same_as<T, ExnRef>;

namespace detail {
template <WasmValue T>
constexpr ValueKind value_kind() {
  if constexpr (std::same_as<T, float>) {
    return ValueKind::F32;
  } else if constexpr (std::same_as<T, double>) {
    return ValueKind::F64;
  } else if constexpr (std::same_as<T, V128>) {
    return ValueKind::V128;
  } else if constexpr (std::same_as<T, Func>) {
    return ValueKind::FuncRef;
  } else if constexpr (std::same_as<T, ExternRef>) {
    return ValueKind::ExternRef;
  } else if constexpr (std::same_as<T, AnyRef>) {
    return ValueKind::AnyRef;
  } else if constexpr (std::same_as<T, ExnRef>) {
    return ValueKind::ExnRef;
  } else {
    return sizeof(T) == 4 ? ValueKind::I32 : ValueKind::I64;
  }
}
}  // namespace detail

// The type of values of a kind.
constexpr ValType val_type(ValueKind kind) {
  switch (kind) {
    case ValueKind::I32: return ValType::i32();
    case ValueKind::I64: return ValType::i64();
    case ValueKind::F32: return ValType::f32();
    case ValueKind::F64: return ValType::f64();
    case ValueKind::V128: return ValType::v128();
    case ValueKind::FuncRef: return ValType::funcref();
    case ValueKind::AnyRef: return ValType::anyref();
    case ValueKind::ExnRef: return ValType::exnref();
    case ValueKind::ExternRef: break;
  }
  return ValType::externref();
}

// Any value, for functions whose types are only known at run time. Always initialised; 24 bytes, trivially copyable.
// Floats keep all bits of a NaN. References in it follow the rules of their handles.
//
// Corresponds to wasm-c-api `wasm_val_t`.
class Val {
 public:
  // The i32 0.
  Val() : bits_{} {}  // Written out: GCC deletes a defaulted one.

  // The value of the C++ type's kind: Val(1) is an i32, Val(int64_t{1}) an i64, Val(1.0) an f64, Val(Func()) a null
  // funcref.
  template <WasmValue T>
  Val(T value) : kind_(detail::value_kind<T>()), bits_{} {  // NOLINT(google-explicit-constructor)
    if constexpr (std::same_as<T, Func>) {
      func_ = value;
    } else if constexpr (std::same_as<T, ExternRef>) {
      extern_ = value;
    } else if constexpr (std::same_as<T, AnyRef>) {
      any_ = value;
    } else if constexpr (std::same_as<T, ExnRef>) {
      exn_ = value;
    } else if constexpr (std::same_as<T, V128>) {
      bits_ = value;
    } else {
      std::memcpy(&bits_.low, &value, sizeof value);
    }
  }

  // The zero or null of a type; empty for types that have none (non-null references) or that no Val can hold.
  static std::optional<Val> zero(ValType type);

  ValueKind kind() const { return kind_; }

  // funcref, externref, anyref and exnref for references, whatever more is known about what they point to.
  ValType type() const { return val_type(kind_); }

  // The value if it has that kind, else nothing: `val.get<int32_t>()`. Signed and unsigned are the same kind.
  template <WasmValue T>
  std::optional<T> get() const {
    if (kind_ != detail::value_kind<T>()) {
      return std::nullopt;
    }
    if constexpr (std::same_as<T, Func>) {
      return func_;
    } else if constexpr (std::same_as<T, ExternRef>) {
      return extern_;
    } else if constexpr (std::same_as<T, AnyRef>) {
      return any_;
    } else if constexpr (std::same_as<T, ExnRef>) {
      return exn_;
    } else if constexpr (std::same_as<T, V128>) {
      return bits_;
    } else {
      T value;
      std::memcpy(&value, &bits_.low, sizeof value);
      return value;
    }
  }

 private:
  ValueKind kind_ = ValueKind::I32;
  union {
    V128 bits_;
    Func func_;
    ExternRef extern_;
    AnyRef any_;
    ExnRef exn_;
  };
};

static_assert(std::endian::native == std::endian::little, "Wherry runs on little-endian machines");

}  // namespace wherry
