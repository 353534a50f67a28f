#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/lower/handler_table.h"

namespace wherry::lower {

// Says in words what cells do: for `objdump --slots`, and for tests. One line an instruction:
//
//     4: i32.add s1, 7 -> s3          a handler's operands by class: sN slots, numbers constants,
//     7: br_if.i32.lt_s acc, p0 @4    acc, p0, p1 registers; "-> s3" also leaves acc, "-> acc" only that;
//                                     @N the word that a branch leads to
//
// Immutable once made; any thread.
class Listing {
 public:
  explicit Listing(const HandlerTable& handlers);
  ~Listing();

  // All instructions of a function.
  std::string list(std::span<const Cell> cells) const;
  // The words that the instruction at `position` takes; 0 for a word that is no handler.
  uint32_t length(std::span<const Cell> cells, uint32_t position) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::lower
