#pragma once

#include <expected>
#include <utility>

#include "engine/base/result.h"
#include "engine/wasm/traps.h"

namespace wherry::runtime {

// Why something that may run guest code did not end well. Exactly one of three:
//   - an error of ours (`trap` None): the module, a limit, memory; `error` says which;
//   - a trap of the guest (`trap` set);
//   - the host's own failure: `trap` is HostError and Store::take_host_failure() has the embedder's object.
struct Stop {
  wasm::TrapCode trap = wasm::TrapCode::None;
  // For Interrupted: whether it was the deadline rather than a request.
  bool is_deadline = false;
  base::Error error{};  // Meaningful while `trap` is None.

  bool is_trap() const { return trap != wasm::TrapCode::None; }

  static std::unexpected<Stop> trapped(wasm::TrapCode code, bool is_deadline = false) {
    return std::unexpected<Stop>(Stop{code, is_deadline, {}});
  }
  static std::unexpected<Stop> failed(base::Error error) {
    return std::unexpected<Stop>(Stop{wasm::TrapCode::None, false, std::move(error)});
  }
};

template <class T>
using Outcome = std::expected<T, Stop>;

}  // namespace wherry::runtime

// The value of a base::Result inside a function that returns an Outcome.
#define WHERRY_TRY_STOP(...)                                                     \
  ({                                                                             \
    auto wherry_result_ = (__VA_ARGS__);                                         \
    if (!wherry_result_) [[unlikely]] {                                          \
      return ::wherry::runtime::Stop::failed(std::move(wherry_result_).error()); \
    }                                                                            \
    *std::move(wherry_result_);                                                  \
  })

// The value of an Outcome inside a function that returns one.
#define WHERRY_TRY_OUTCOME(...)                                                            \
  ({                                                                                       \
    auto wherry_outcome_ = (__VA_ARGS__);                                                  \
    if (!wherry_outcome_) [[unlikely]] {                                                   \
      return std::unexpected<::wherry::runtime::Stop>(std::move(wherry_outcome_).error()); \
    }                                                                                      \
    *std::move(wherry_outcome_);                                                           \
  })
