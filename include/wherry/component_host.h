// C++ types as component types, and host functions made of them.
//
//   bool, (u)int8_t ... (u)int64_t, float, double    bool, u8, s8, ... u64, s64, f32, f64
//   char32_t                                         char
//   std::string, std::string_view                    string
//   std::vector<T>                                   list<T>; also map<K, V> as std::vector<std::pair<K, V>>
//   std::span<const T>                               list<T> of numbers, in place
//   std::optional<T>                                 option<T>
//   Expected<T, E>                                   result<T, E>, also with void
//   std::tuple<...>                                  tuple<...>
//   a struct with WHERRY_RECORD                      record
//   an enum with WHERRY_ENUM                         enum
//   an enum with WHERRY_FLAGS                        flags, bit i for the i-th
//   a struct derived from std::variant, with WHERRY_VARIANT    variant
//   Own<T>, Borrow<T>                                own and borrow of a resource whose objects are the host's T
//   GuestOwn<Tag>, GuestBorrow<Tag>                  own and borrow of a resource that a guest defines; Tag is any class
//
// Types are compared with the component's once, when it is linked (a host function) or looked up (TypedComponentFunc):
// structure and names of fields, cases and flags. '-', '_' and the case of letters do not count: `WouldBlock` and
// `would_block` are both `would-block`.
//
// Why no std::expected and no wherry::Result for result<T, E>: the former is C++23; the latter holds an Error, which ends the
// guest. A host function returns Result<Expected<T, E>> and so says both: the guest sees the Expected, an Error (trap,
// exit) ends its call.
//
// A host function is as in host.h, with these types instead of core values:
//
//   struct InputStream { Result<Expected<std::vector<uint8_t>, StreamError>> read(Caller& caller, uint64_t length); ~InputStream(); };
//   Result<Own<InputStream>> get_stdin(Wasi& wasi, Caller& caller);          // state from define_interface
//
//   constexpr ComponentHostEntry kStreams[] = {
//       component_resource<InputStream>("input-stream"),
//       component_method<&InputStream::read>("[method]input-stream.read"),
//   };
//   constexpr ComponentHostEntry kStdin[] = {component_function<get_stdin>("get-stdin")};
//
//   linker.define_interface("wasi:io/streams@0.2.12", kStreams);
//   linker.define_interface("wasi:cli/stdin@0.2.12", kStdin, &wasi);
//
// Lifetimes. A std::string_view, a std::span and a Borrow that is a parameter are valid until the host function returns,
// and show the guest's own memory (strings of guests that use UTF-8) or handle: what the guest changes, when the function
// calls it back, is seen. As a result they are copied before the function's caller goes on. An Own that is a parameter is the function's: it destroys
// the object unless it is moved on. What a guest says a parameter needs of the host's memory is charged to
// StoreLimits::host_call_bytes; beyond that the call traps with TrapCode::HostCallBudget.
//
// Traps: everything that CanonicalABI.md has trap, each with its TrapCode, before the function is called.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "wherry/caller.h"
#include "wherry/component_types.h"
#include "wherry/detail/component_canon.h"
#include "wherry/detail/component_describe.h"
#include "wherry/result.h"

namespace wherry {

// The failure of an Expected: `return Unexpected(Errno::access);`.
template <class E>
struct Unexpected {
  E error;
  explicit Unexpected(E value) : error(std::move(value)) {}
};
template <>
struct Unexpected<void> {};
Unexpected() -> Unexpected<void>;

// A value of the type result<T, E>: success or failure, either of which may carry nothing (void). Moves and copies as
// what it holds.
template <class T, class E>
class Expected {
  using Ok = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
  using Failed = std::conditional_t<std::is_void_v<E>, std::monostate, E>;

 public:
  // Success, of nothing or of a default value.
  Expected()
    requires std::is_default_constructible_v<Ok>
      : value_(std::in_place_index<0>) {}
  template <class U = Ok>
    requires(!std::is_void_v<T> && std::is_convertible_v<U &&, Ok> &&
             !std::is_same_v<std::remove_cvref_t<U>, Expected>)
  Expected(U&& value)
      : value_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)
  template <class U>
  Expected(Unexpected<U> failure)  // NOLINT(google-explicit-constructor)
      : value_(make(std::move(failure))) {}

  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Only when ok(), and only when not.
  Ok& value() { return *std::get_if<0>(&value_); }
  const Ok& value() const { return *std::get_if<0>(&value_); }
  Ok& operator*() { return value(); }
  const Ok& operator*() const { return value(); }
  Ok* operator->() { return &value(); }
  Failed& error() { return *std::get_if<1>(&value_); }
  const Failed& error() const { return *std::get_if<1>(&value_); }
  // Replaces what it holds.
  void set_value(Ok value) { value_.template emplace<0>(std::move(value)); }
  void set_error(Failed failure) { value_.template emplace<1>(std::move(failure)); }

 private:
  template <class U>
  static std::variant<Ok, Failed> make(Unexpected<U> failure) {
    if constexpr (std::is_void_v<U>) {
      static_assert(std::is_void_v<E>, "this failure carries something");
      return std::variant<Ok, Failed>(std::in_place_index<1>);
    } else {
      return std::variant<Ok, Failed>(std::in_place_index<1>, std::move(failure.error));
    }
  }
  std::variant<Ok, Failed> value_;
};

// An object of the host that a guest has given away, or is given: a value of type own<R>, where R is the resource that
// component_resource<T> defines. Owns the T, as std::unique_ptr does. Deleting it is what a guest's dropping the handle does,
// and what the end of the store does with those that guests still have.
template <class T>
class Own : public std::unique_ptr<T> {
 public:
  using std::unique_ptr<T>::unique_ptr;
  Own(std::unique_ptr<T> object)
      : std::unique_ptr<T>(std::move(object)) {}  // NOLINT(google-explicit-constructor)
};

// An object of the host, for the time of a call: a value of type borrow<R>.
template <class T>
class Borrow {
 public:
  Borrow() = default;
  Borrow(T& object) : object_(&object) {}  // NOLINT(google-explicit-constructor)
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  T* get() const { return object_; }

 private:
  T* object_ = nullptr;
};

// A resource that a guest defines, in typed functions: owned, and lent. `Tag` is a class of the host's that stands for the
// resource, so that C++ tells two resources apart (it need not be complete). See ComponentResource for how long it is valid.
template <class Tag>
struct GuestOwn {
  ComponentResource resource;
};
template <class Tag>
struct GuestBorrow {
  ComponentResource resource;
};

// One row of a table of an interface: a function, or a resource of the host.
struct ComponentHostEntry {
  std::string_view name;  // "[method]input-stream.read"
  HostEntry entry = nullptr;
  const detail::FuncDesc* type = nullptr;
  const detail::ResourceClass* resource = nullptr;  // Of a resource; then there is no entry.
};

}  // namespace wherry

// ---- describing structures; after the type, in its namespace. At most 64 fields, 32 flags.

// struct Point { int32_t x; int32_t y; };  WHERRY_RECORD(Point, x, y)
#define WHERRY_RECORD(Type, ...)                                     \
  [[maybe_unused]] constexpr auto wherry_describe(const Type*) {     \
    return ::wherry::detail::describe_record<Type>(                  \
        WHERRY_DETAIL_EACH(WHERRY_DETAIL_FIELD, Type, __VA_ARGS__)); \
  }

// enum class Errno : uint8_t { access, would_block };  WHERRY_ENUM(Errno, access, would_block)
// The enumerators are 0, 1, ... in this order.
#define WHERRY_ENUM(Type, ...)                                                                          \
  [[maybe_unused]] constexpr auto wherry_describe(const Type*) {                                        \
    static_assert(                                                                                      \
        ::wherry::detail::counts_up({WHERRY_DETAIL_EACH(WHERRY_DETAIL_ENUMERATOR, Type, __VA_ARGS__)}), \
        "enumerators must be 0, 1, ... in the order of the list");                                      \
    return ::wherry::detail::describe_names<::wherry::ComponentKind::Enum>(                             \
        WHERRY_DETAIL_EACH(WHERRY_DETAIL_NAME, Type, __VA_ARGS__));                                     \
  }

// enum class OpenFlags : uint8_t { create = 1, directory = 2 };  WHERRY_FLAGS(OpenFlags, create, directory)
// The enumerators are 1, 2, 4, ... in this order.
#define WHERRY_FLAGS(Type, ...)                                                                       \
  [[maybe_unused]] constexpr auto wherry_describe(const Type*) {                                      \
    static_assert(                                                                                    \
        ::wherry::detail::doubles({WHERRY_DETAIL_EACH(WHERRY_DETAIL_ENUMERATOR, Type, __VA_ARGS__)}), \
        "enumerators must be 1, 2, 4, ... in the order of the list");                                 \
    return ::wherry::detail::describe_names<::wherry::ComponentKind::Flags>(                          \
        WHERRY_DETAIL_EACH(WHERRY_DETAIL_NAME, Type, __VA_ARGS__));                                   \
  }

// struct StreamError : std::variant<Own<IoError>, std::monostate> { using variant::variant; };
// WHERRY_VARIANT(StreamError, last_operation_failed, closed)
// std::monostate for a case that carries nothing; make one with std::in_place_index.
#define WHERRY_VARIANT(Type, ...)                                              \
  [[maybe_unused]] constexpr auto wherry_describe(const Type*) {               \
    return ::wherry::detail::describe_names<::wherry::ComponentKind::Variant>( \
        WHERRY_DETAIL_EACH(WHERRY_DETAIL_NAME, Type, __VA_ARGS__));            \
  }

#include "wherry/detail/component_codec.h"
#include "wherry/detail/component_thunk.h"

namespace wherry {

// A row for ComponentLinker::define_interface, made of a function that is known at compile time, in the three forms of
// host_function (host.h): R(Caller&, ...), R(Environment&, Caller&, ...), and R (Environment::*)(Caller&, ...); the Caller& may
// be left out. `name` must live as long as the table.
template <auto Function>
constexpr ComponentHostEntry component_function(std::string_view name) {
  using Static = detail::ComponentStaticFunction<Function>;
  return {name, &Static::entry, &Static::Signature::kDesc, nullptr};
}

// The same for a member of a resource's class: its object is the first parameter, a borrow.
template <auto Method>
constexpr ComponentHostEntry component_method(std::string_view name) {
  using Static = detail::ComponentMethod<Method>;
  return {name, &Static::entry, &Static::Signature::kDesc, nullptr};
}

// A row that says: the resource of this name is made of objects of class T, which `delete` destroys.
template <class T>
constexpr ComponentHostEntry component_resource(std::string_view name) {
  return {name, nullptr, nullptr, &detail::kResourceClass<T>};
}

}  // namespace wherry
