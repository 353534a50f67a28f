// Error and Result<T>: how every function of this API reports failure.
//
// Nothing here throws, and nothing needs exceptions or RTTI: a function that can fail returns Result<T>, which holds
// either a T or an Error, and which the compiler will not let you ignore.
//
//   Result<Module> module = Module::load(engine, bytes);
//   if (!module) { std::fputs(module.error().describe().c_str(), stderr); return 1; }
//   use(*module);
//
// In a function that itself returns a Result, two macros pass errors on:
//
//   Result<int32_t> answer(Store& store, const Module& module) {
//     WHERRY_ASSIGN_OR_RETURN(Instance instance, Linker(engine).instantiate(store, module));
//     WHERRY_RETURN_IF_ERROR(store.set_fuel(1'000'000));
//     ...
//
// Success is cheap: an Error is one pointer, null unless something failed, and only a failure allocates.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "wherry/trap.h"

namespace wherry {

// What went wrong, by what the caller can do about it. The numbers are stable.
enum class ErrorKind : uint8_t {
  Malformed = 1,  // The bytes are no Wasm, or the text no WAT: `offset()` or `position()` says where.
  Invalid = 2,    // Well formed, but validation refuses it. With lazy validation a call can end so too.
  Unsupported =
      3,       // Valid Wasm that this build or configuration does not run; the message names the feature.
  Link = 4,    // An import is missing or has another type; or a name is defined twice.
  Limit = 5,   // A limit of StoreLimits or of the implementation (1,000,000 functions, ...) was reached.
  Trap = 6,    // The guest trapped: `trap()` has the details.
  Exit = 7,    // The guest asked to end (proc_exit): `exit_code()`.
  Host = 8,    // A host function failed with a message of its own that is no trap.
  Io = 9,      // The operating system refused: `os_error()`.
  Usage = 10,  // This API was called with arguments that cannot be right: a wrong arity, type or name.
  InvalidHandle = 11,  // A null handle, one of another store, or one whose object is gone.
  OutOfMemory = 12,    // The process has no memory left for it.
  Exception = 13,      // An exception of WebAssembly that no guest caught: `exception()`.
};

// The kind's name as messages show it: "malformed", "invalid", "unsupported", "link", "limit", "trap", "exit",
// "host", "io", "usage", "invalid handle", "out of memory", "exception".
std::string_view to_string(ErrorKind kind);

class ExnRef;

// A place in a text, both counted from 1, the column in characters.
struct TextPosition {
  uint32_t line = 0;
  uint32_t column = 0;
  friend bool operator==(const TextPosition&, const TextPosition&) = default;
};

// What went wrong, with all that is known about it.
//
// Move-only and one pointer in size. Immutable but for the `with_` functions; may be moved to another thread. It owns
// all its parts: it refers to no store, module or engine, and outlives them (an exception's handle then means nothing). If memory for an Error's details runs
// out, the Error becomes one of kind OutOfMemory instead, which needs none.
class [[nodiscard]] Error {
 public:
  // --- making one: host functions return these ---

  // Any kind with a message: lower case, no full stop, what was found, what was expected. For kinds Trap, Exit and
  // Exception use the functions below. The message is copied, and cut to 4 KiB.
  static Error make(ErrorKind kind, std::string_view message);

  // A trap. Returned from a host function, it ends the guest's call as if an instruction had trapped there, and the
  // engine adds the backtrace. `trap(message)` has the code TrapCode::HostError.
  static Error trap(TrapCode code);
  static Error trap(std::string_view message);
  static Error trap(Trap trap);

  // An orderly end. Returned from a host function, it unwinds the guest without running any more of it and comes out
  // of the outermost call as an Error of kind Exit. Code 0 is an Exit too.
  static Error exit(int32_t code);

  // Returned from a host function, it throws the exception into the guest that called, which may catch it. The handle
  // must stay valid until then. See raise() in exception.h for a new one.
  static Error exception(const ExnRef& exception);

  // An operating system's error number (errno), with what was attempted: "cannot open data.txt".
  static Error io(int os_error, std::string_view attempted);

  // Shorthands for make().
  static Error host(std::string_view message) { return make(ErrorKind::Host, message); }
  static Error usage(std::string_view message) { return make(ErrorKind::Usage, message); }

  // Allocates nothing.
  static Error out_of_memory();

  Error(Error&& other) noexcept : bits_(other.take()) {}
  Error& operator=(Error&& other) noexcept {
    if (this != &other) {
      release();
      bits_ = other.take();
    }
    return *this;
  }
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() { release(); }

  // A copy of all parts.
  Error clone() const;

  // --- reading it; of an Error that was moved from, all this is empty and the kind is Usage ---

  ErrorKind kind() const;

  // One line of text, without kind and place; for traps "unreachable" and so on, for exits "exit with code 3". Lives as
  // long as this Error is neither changed nor moved from.
  std::string_view message() const;

  // Where in the module's bytes the fault lies, from the file's beginning; empty if it lies in no file of bytes.
  std::optional<uint64_t> offset() const;

  // Where in a text (WAT) the fault lies.
  std::optional<TextPosition> position() const;

  // The trap's code and backtrace; null unless kind() is Trap or Exception. Owned by this Error. For an exception that
  // left a guest the code is UncaughtException, and the frames are those of where it was thrown.
  const Trap* trap() const;

  // The exception; null unless kind() is Exception. Valid while this Error or a clone of it exists, in its store.
  ExnRef exception() const;

  // The trap's code; empty where trap() is null.
  std::optional<TrapCode> trap_code() const;

  // The guest's exit code; empty unless kind() is Exit.
  std::optional<int32_t> exit_code() const;

  // errno, for kind Io; else 0.
  int os_error() const;

  // Everything, for people: kind, message and place on the first line, then a line for each frame of the backtrace.
  // No newline at the end. Control characters of guest names are escaped, so that it can go to a terminal.
  std::string describe() const;

  // --- completing it ---

  // Puts "`context`: " before the message: `return std::move(error).with_context(path);`
  Error with_context(std::string_view context) &&;
  Error with_offset(uint64_t offset) &&;
  Error with_position(TextPosition position) &&;

 private:
  template <class T>
  friend class Result;
  friend struct ErrorAccess;  // The engine's own way in.
  struct Body;

  // The address of a Body, or one of these. kNone means "no error" and exists only inside a Result.
  static constexpr uintptr_t kNone = 0;
  static constexpr uintptr_t kMoved = 1;
  static constexpr uintptr_t kOutOfMemory = 2;

  explicit Error(uintptr_t bits) : bits_(bits) {}
  const Body* body() const;
  uintptr_t take() {
    const uintptr_t bits = bits_;
    if (bits != kNone) [[unlikely]] {
      bits_ = kMoved;
    }
    return bits;
  }
  void release() {
    if (bits_ > kOutOfMemory) [[unlikely]] {
      destroy();
    }
  }
  void destroy() noexcept;
  template <class Change>
  Error changed(Change change) &&;

  uintptr_t bits_;
};

namespace detail {
// Ends the process with a line on stderr that names the misuse: reading the value of a failed Result, or the error of
// a successful one. It is the only way in which a mistake in using this API ends a process.
[[noreturn]] void misused_result(const Error* error);
}  // namespace detail

// A T, or the Error that stood in its way. Moves as T and Error do; copies never. Thread-safe as T is.
//
// Corresponds to std::expected<T, Error>, which C++20 does not have.
template <class T>
class [[nodiscard]] Result {
  static_assert(std::is_object_v<T> && !std::is_same_v<T, Error>,
                "Result holds a value; for none, use Result<void>");

 public:
  using Value = T;

  // Implicit from a value (or what a T can be made from implicitly) and from an Error: `return 7;`,
  // `return Error::host("no such key");`.
  template <class U = T>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : error_(Error::kNone) {  // NOLINT(google-explicit-constructor)
    std::construct_at(std::addressof(value_), std::forward<U>(value));
  }
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  Result(Result&& other) noexcept : error_(std::move(other.error_)) {
    if (ok()) {
      std::construct_at(std::addressof(value_), std::move(other.value_));
    }
  }
  Result& operator=(Result&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  ~Result() {
    if (ok()) {
      std::destroy_at(std::addressof(value_));
    }
  }

  bool ok() const { return error_.bits_ == Error::kNone; }
  explicit operator bool() const { return ok(); }

  // The value. Only when ok(); otherwise the process ends with the error's text (see detail::misused_result).
  T& value() & {
    check_value();
    return value_;
  }
  const T& value() const& {
    check_value();
    return value_;
  }
  T&& value() && {
    check_value();
    return std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return std::addressof(value()); }
  const T* operator->() const { return std::addressof(value()); }

  // The value, or `fallback` instead of an error.
  template <class U>
  T value_or(U&& fallback) && {
    return ok() ? std::move(value_) : static_cast<T>(std::forward<U>(fallback));
  }

  // The error. Only when !ok().
  Error& error() & {
    check_error();
    return error_;
  }
  const Error& error() const& {
    check_error();
    return error_;
  }
  Error&& error() && {
    check_error();
    return std::move(error_);
  }

 private:
  void check_value() const {
    if (!ok()) [[unlikely]] {
      detail::misused_result(&error_);
    }
  }
  void check_error() const {
    if (ok()) [[unlikely]] {
      detail::misused_result(nullptr);
    }
  }

  Error error_;
  union {
    T value_;
  };
};

// Success without a value, or an Error. One pointer in size.
template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;

  // Success: `return {};`.
  Result() : error_(Error::kNone) {}
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return error_.bits_ == Error::kNone; }
  explicit operator bool() const { return ok(); }

  // Does nothing when ok(); otherwise the process ends with the error's text.
  void value() const {
    if (!ok()) [[unlikely]] {
      detail::misused_result(&error_);
    }
  }

  // The error. Only when !ok().
  Error& error() & {
    check_error();
    return error_;
  }
  const Error& error() const& {
    check_error();
    return error_;
  }
  Error&& error() && {
    check_error();
    return std::move(error_);
  }

 private:
  void check_error() const {
    if (ok()) [[unlikely]] {
      detail::misused_result(nullptr);
    }
  }

  Error error_;
};

}  // namespace wherry

#define WHERRY_DETAIL_CONCAT_(a, b) a##b
#define WHERRY_DETAIL_CONCAT(a, b) WHERRY_DETAIL_CONCAT_(a, b)
#define WHERRY_DETAIL_ASSIGN(result, declaration, ...) \
  auto result = (__VA_ARGS__);                         \
  if (!result.ok()) [[unlikely]] {                     \
    return std::move(result).error();                  \
  }                                                    \
  declaration = *std::move(result)

// WHERRY_ASSIGN_OR_RETURN(declaration, expression): evaluates `expression`, a Result<T>. Declares (or assigns)
// `declaration` with its value, or returns its Error from the enclosing function, whose result must be a Result.
// Expands to several statements: not for an `if` without braces.
#define WHERRY_ASSIGN_OR_RETURN(declaration, ...) \
  WHERRY_DETAIL_ASSIGN(WHERRY_DETAIL_CONCAT(wherry_result_, __LINE__), declaration, __VA_ARGS__)

// WHERRY_RETURN_IF_ERROR(expression): evaluates `expression`, a Result of any type, and returns its Error from the
// enclosing function; a value is dropped.
#define WHERRY_RETURN_IF_ERROR(...)                                  \
  do {                                                               \
    if (auto wherry_result_ = (__VA_ARGS__); !wherry_result_.ok()) { \
      return std::move(wherry_result_).error();                      \
    }                                                                \
  } while (false)
