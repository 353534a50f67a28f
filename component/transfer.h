#pragma once

#include "component/canon_call.h"

namespace wherry::component {

// Values from one guest to another, lifted and lowered in one walk over the plan: no copy of them is made in between. Every
// function fails by answering false; the reason is with one of the two calls.
class Transfer {
 public:
  // `tree` names the resources of the plan's nodes.
  Transfer(const RtTree& tree, CanonCall& from, CanonCall& to)
      : plan_(tree.flat().plan), tree_(tree), from_(from), to_(to) {}

  // All values of a sequence, or one: from slots to slots, or from memory to memory if they are more than `most` slots. `address` in and out: where
  // they lie in the memory of `from`, in that of `to`.
  [[nodiscard]] bool slots(uint32_t node, const uint64_t*& from, uint64_t*& to);
  [[nodiscard]] bool bytes(uint32_t node, const uint8_t* from, uint8_t* to);

 private:
  [[nodiscard]] bool string(uint32_t address, uint32_t length, uint32_t* to_address, uint32_t* to_length);
  [[nodiscard]] bool list(const canon::Node& node, uint32_t address, uint32_t count, uint32_t* to_address);
  [[nodiscard]] bool elements(uint32_t element, const uint8_t* from, uint8_t* to, uint32_t count);
  [[nodiscard]] bool handle(const canon::Node& node, uint32_t index, uint32_t* to);

  const canon::Plan& plan_;
  const RtTree& tree_;
  CanonCall& from_;
  CanonCall& to_;
};

// Whether these bits are a character. Fails in `call` if not.
[[nodiscard]] bool check_char(CanonCall& call, uint32_t bits);

}  // namespace wherry::component
