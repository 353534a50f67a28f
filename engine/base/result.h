#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace wherry::wasm {
enum class ErrorCode : uint16_t;  // The rows of engine/wasm/errors.inc.
}

namespace wherry::base {

// Bad input is a value: which rule was broken, where, and what was found there.
//
// `code` names a row of engine/wasm/errors.inc. `offset` is in bytes from the beginning of the file that was
// read (for text: from the beginning of the text), or kNoOffset. `detail` completes the row's message with what
// was found and what was expected; it may be empty, and holds at most a few hundred bytes.
struct Error {
  static constexpr uint64_t kNoOffset = ~uint64_t{0};

  wasm::ErrorCode code;
  uint64_t offset = kNoOffset;
  std::string detail;
};

// A value or the Error that stood in its way. Thread-safe as T is.
template <class T>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

inline Failure fail(wasm::ErrorCode code, uint64_t offset = Error::kNoOffset, std::string detail = {}) {
  return Failure(Error{code, offset, std::move(detail)});
}

}  // namespace wherry::base

// Evaluates to the value of a Result, or returns its Error from the enclosing function.
#define WHERRY_TRY(...)                                                  \
  ({                                                                     \
    auto wherry_result_ = (__VA_ARGS__);                                 \
    if (!wherry_result_) [[unlikely]] {                                  \
      return ::wherry::base::Failure(std::move(wherry_result_).error()); \
    }                                                                    \
    *std::move(wherry_result_);                                          \
  })
