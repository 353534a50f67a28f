#pragma once

#include "engine/abi/activation.h"
#include "engine/abi/context.h"
#include "engine/abi/tier.h"
#include "engine/interpret/dispatch.h"

// Handlers and helpers that run rarely: calls between instances and to the host, code that is not ready, traps. They
// have native frames, so hot handlers leave to them by tail calls only, with arguments in `hand` and `acc`.
namespace wherry::interpret {

using abi::FuncCode;
using abi::FuncObject;

// Ends the run with a trap that has been recorded; the meter is kept.
#define WHERRY_END_RUN(code)            \
  do {                                  \
    hand = static_cast<uint64_t>(code); \
    return hand;                        \
  } while (0)

// Where a return goes that leaves the run (its value is TrapCode::None), and one that leaves the instance: cells whose
// preceding word says "same frame base", as every return cell's does for its caller.
extern const Cell exit_cells[2];
extern const Cell cross_cells[2];
inline const Cell* exit_cell() { return &exit_cells[1]; }
inline const Cell* cross_cell() { return &cross_cells[1]; }

// The header and size of a frame of `func`; host functions keep theirs behind what they may write.
struct FrameShape {
  uint32_t header;
  uint32_t slots;
};
FrameShape shape_of_frame(const FuncObject* func);

// The record that a backtrace, an exception or the collector starts from.
inline void record_position(Context* context, const Cell* cell, uint64_t* frame) {
  abi::Crossing* crossing = context->store->activation->crossings;
  crossing->cell = cell;
  crossing->frame = frame;
  crossing->context = context;
}

// The meter while C++ runs that may ask for the fuel or change it, and behind that. What was counted down to the next look is
// forgotten: C++ takes its time, so the next cell looks.
WHERRY_INLINE void keep_meter(const Context* context, uint64_t meter) {
  abi::StoreState* const store = context->store;
  store->fuel = store->counts_fuel != 0 ? static_cast<int64_t>(meter) : 0;
}
#define WHERRY_TAKE_METER() (meter = static_cast<uint64_t>(ctx->store->fuel))

// In groups of four. The empty asm keeps the loop from becoming a call of memset, which would give every call
// handler a native frame.
WHERRY_INLINE void clear_locals(uint64_t* first, uint32_t count) {
  for (auto left = static_cast<int32_t>(count); left > 0; left -= 4) {
    first[0] = first[1] = first[2] = first[3] = 0;
    first += 4;
    asm volatile("" : "+r"(first));
  }
}

// hand: FuncCode*. The frame does not fit, or the code is not ready, or calls are to look: then it is made so, or looked, and the call
// done again.
WHERRY_HANDLER call_not_ready(WHERRY_ARGS);
// hand: FuncObject*. Not made yet: it is made, and the call done again.
WHERRY_HANDLER call_not_made(WHERRY_ARGS);
// hand: FuncObject*, acc: words of the call. To another instance or the host.
WHERRY_HANDLER call_cross(WHERRY_ARGS);
WHERRY_HANDLER return_call_cross(WHERRY_ARGS);
// return_many to another instance: the results may cover the frame header.
WHERRY_HANDLER return_many_cross(WHERRY_ARGS);
WHERRY_HANDLER out_of_fuel(WHERRY_ARGS);
WHERRY_HANDLER interrupted(WHERRY_ARGS);
// The meter has counted down: looks whether the deadline is reached, and goes on.
WHERRY_HANDLER look(WHERRY_ARGS);
// hand: an exception, thrown where the crossing says. Goes on where it is caught, or ends the run.
WHERRY_HANDLER unwind(WHERRY_ARGS);
// A fault of a guarded access arrives here, with the state's registers as the access had them.
WHERRY_HANDLER trap_fault(WHERRY_ARGS);

// The handlers of exit_cells, cross_cells, and of the two entries that a Tier has.
WHERRY_HANDLER enter_host(WHERRY_ARGS);
WHERRY_HANDLER enter_stub(WHERRY_ARGS);

// Goes on at return cell `pc`, in the frame that its preceding word tells the distance to.
#define WHERRY_RETURN()                     \
  do {                                      \
    const Slots caller_ = slots_at(pc - 1); \
    fp -= caller_.a;                        \
    pin0 = fp[caller_.b];                   \
    pin1 = fp[caller_.d];                   \
    WHERRY_DISPATCH();                      \
  } while (0)

// Writes the rest of a new frame whose header is in place, and goes on in its code.
#define WHERRY_BEGIN(code, base)                                   \
  do {                                                             \
    clear_locals((base) + (code)->zero_begin, (code)->zero_count); \
    fp = (base);                                                   \
    hand = reinterpret_cast<uint64_t>(code);                       \
    pin0 = fp[(code)->pinned0];                                    \
    pin1 = fp[(code)->pinned1];                                    \
    pc = (code)->entry.load(std::memory_order_relaxed);            \
    WHERRY_DISPATCH();                                             \
  } while (0)

// Whether a frame of ready code fits at `base`, and nobody wants calls to look at the deadline. Code that is not ready has no slots:
// 0 * 8 - 1 in 32 bits, which never fits, and below a limit of 0 there is no room; so one comparison answers three questions.
WHERRY_INLINE bool is_ready_and_fits(const FuncCode* code, const uint64_t* base, const Context* ctx) {
  const auto room = static_cast<int64_t>(ctx->store->call_limit.load(std::memory_order_relaxed) -
                                         reinterpret_cast<uintptr_t>(base));
  const uint32_t last_byte = code->frame_slots.load(std::memory_order_acquire) * 8 - 1;
  return int64_t{last_byte} < room;
}

}  // namespace wherry::interpret
