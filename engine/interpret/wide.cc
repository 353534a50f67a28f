// Frames of functions with more locals than operands reach (only vectors are so many: 51,200 slots and more). The caller
// makes the frame as any other: parameters, header, locals. The function's first instruction then makes a second one
// behind the locals, with the parameters again and a header of its own, and runs there: operands, calls and their frames
// are near, the locals are at negative distances. The second header's return cell lies in the function's own code; it
// goes back to the first frame, with the results, and returns from there.
// Rejected: distances of 32 bits in return cells (a wider word for every call); refusing calls in such functions.
#include "engine/interpret/wide.h"

#include <cstring>

#include "engine/interpret/cold.h"

namespace wherry::interpret {

// SlotsOffset{a: the header's slot, d: slots of results, offset: distance of the frames}, the word that returns read
// before their cell, and that cell: wide_leave with the same operands.
WHERRY_COLD WHERRY_HANDLER wide_enter(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsOffset slots = slots_offset_at(pc + 1);
  uint64_t* const frame = fp + slots.offset;
  std::memcpy(frame, fp, uint64_t{slots.a} * 8);
  frame[slots.a + abi::kHeaderReturn] = reinterpret_cast<uint64_t>(pc + 3);
  fp = frame;
  WHERRY_NEXT(5);
}

// The results may cover the first header, so it is read before.
WHERRY_COLD WHERRY_HANDLER wide_leave(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsOffset slots = slots_offset_at(pc + 1);
  const uint64_t* const results = fp;
  fp -= slots.offset;
  const uint64_t* const header = fp + slots.a;
  pc = reinterpret_cast<const Cell*>(header[abi::kHeaderReturn]);
  if (pc == cross_cell()) {
    ctx = reinterpret_cast<Context*>(header[abi::kHeaderCallerContext]);
    pc = reinterpret_cast<const Cell*>(header[abi::kHeaderCallerCell]);
    mem = ctx->memory0_base;
  }
  std::memcpy(fp, results, uint64_t{slots.d} * 8);
  WHERRY_RETURN();
}

// Before a tail call: back to the first frame, with what the call needs. SlotsOffset{a: first slot, d: slots, offset}.
// The locals that it covers are not needed any more.
WHERRY_COLD WHERRY_HANDLER wide_shrink(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsOffset slots = slots_offset_at(pc + 1);
  const uint64_t* const from = fp + slots.a;
  fp -= slots.offset;
  std::memmove(fp + slots.a, from, uint64_t{slots.d} * 8);
  WHERRY_NEXT(2);
}

bool leaves_wide_frame(const Cell* cell) { return *cell == word_of(&wide_leave); }

}  // namespace wherry::interpret
