// Frames have no link to their caller: the caller is found as a return finds it. The word before the return cell says how
// far below the caller's frame begins; a shared return cell of a call between instances says in the header who called.
#include "engine/interpret/frames.h"

#include "engine/interpret/cold.h"
#include "engine/interpret/wide.h"

namespace wherry::interpret {

void walk_frames(const abi::Crossing& crossing, void* environment, FindCode find, VisitFrame visit) {
  Frame frame{crossing.context, crossing.cell, crossing.frame, nullptr};
  while (frame.cell != nullptr && frame.base >= crossing.first_frame) {
    frame.code = find(environment, frame.context, frame.cell);
    if (frame.code == nullptr || !visit(environment, frame)) return;
    const uint64_t* header = frame.base + frame.code->param_slots;
    const auto* return_cell = reinterpret_cast<const Cell*>(header[abi::kHeaderReturn]);
    if (leaves_wide_frame(return_cell)) {
      const SlotsOffset slots = slots_offset_at(return_cell + 1);
      frame.base -= slots.offset;
      header = frame.base + slots.a;
      return_cell = reinterpret_cast<const Cell*>(header[abi::kHeaderReturn]);
    }
    if (return_cell == cross_cell()) {
      frame.context = reinterpret_cast<Context*>(header[abi::kHeaderCallerContext]);
      return_cell = reinterpret_cast<const Cell*>(header[abi::kHeaderCallerCell]);
    }
    if (return_cell == exit_cell()) return;
    frame.cell = return_cell - 1;
    frame.base -= slots_at(frame.cell).a;
  }
}

}  // namespace wherry::interpret
