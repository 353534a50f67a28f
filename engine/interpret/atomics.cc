// Atomic instructions (threads proposal): any memory, shared or not, of either index type, always checked; operands in
// consecutive slots. All are sequentially consistent, as the proposal has no weaker order.
//
// An access that is not aligned traps before its bounds are looked at, as in Wasmtime and the reference interpreter. The
// size that bounds are compared with may have grown since on another thread: then the access traps that would have
// succeeded a moment later, which is one of the orders that the two may have.
//
// Plain accesses of shared memories are those of other memories (memory_access.h): moves of the machine, which race with
// accesses of other threads as the proposal allows. They are compiled one handler at a time, with nothing around them
// that the compiler could combine them with, so that a race tears or delays a value and can do no more.
// Rejected: forms with accumulators (a lock costs twenty times what the slots do), relying on the guard (every handler
// would have to be free of a native frame for a check that costs a nanosecond).
#include "engine/interpret/atomics.h"

#include "engine/interpret/runtime_call.h"

namespace wherry::interpret::atomics {

using abi::MemoryObject;
using wasm::TrapCode;

namespace {

struct Place {
  const MemoryObject* memory;
  uint64_t address;
  uint32_t index;  // Of the memory.
};

WHERRY_INLINE Place place_at(const Cell* pc, const uint64_t* operands, Context* ctx) {
  const auto* fields = reinterpret_cast<const AliasU32*>(pc + 3);
  // Wraps with a 64-bit index only; is_outside looks for that.
  return {*ctx->at<const MemoryObject*>(fields[0]), operands[0] + pc[2], fields[1]};
}

template <class Memory>
WHERRY_INLINE TrapCode check(const Place& place, uint64_t offset) {
  if (place.address % sizeof(Memory) != 0) [[unlikely]]
    return TrapCode::UnalignedAtomic;
  const uint64_t size = place.memory->size_bytes.load(std::memory_order_relaxed);
  if (place.address < offset || size < sizeof(Memory) || place.address > size - sizeof(Memory)) [[unlikely]]
    return TrapCode::MemoryOutOfBounds;
  return TrapCode::None;
}

template <class Memory>
using Shared [[gnu::may_alias]] = Memory;

template <class Memory>
WHERRY_INLINE Shared<Memory>* bytes_of(const Place& place) {
  return reinterpret_cast<Shared<Memory>*>(place.memory->base + place.address);
}

}  // namespace

// What every instruction with an address begins with.
#define WHERRY_ATOMIC(Memory)                                                                 \
  WHERRY_STATE;                                                                               \
  uint64_t* const operands = fp + slots_at(pc + 1).a;                                         \
  const Place place = place_at(pc, operands, ctx);                                            \
  if (const TrapCode code = check<Memory>(place, pc[2]); code != TrapCode::None) [[unlikely]] \
  WHERRY_TRAP(code)

#define ATOMIC_LOAD(name, Memory)                                             \
  WHERRY_HANDLER name(WHERRY_ARGS) {                                          \
    WHERRY_ATOMIC(Memory);                                                    \
    operands[0] = __atomic_load_n(bytes_of<Memory>(place), __ATOMIC_SEQ_CST); \
    WHERRY_NEXT(4);                                                           \
  }
#define ATOMIC_STORE(name, Memory)                                                                 \
  WHERRY_HANDLER name(WHERRY_ARGS) {                                                               \
    WHERRY_ATOMIC(Memory);                                                                         \
    __atomic_store_n(bytes_of<Memory>(place), static_cast<Memory>(operands[1]), __ATOMIC_SEQ_CST); \
    WHERRY_NEXT(4);                                                                                \
  }
#define ATOMIC_RMW(name, Memory, function)                                                               \
  WHERRY_HANDLER name(WHERRY_ARGS) {                                                                     \
    WHERRY_ATOMIC(Memory);                                                                               \
    operands[0] = function(bytes_of<Memory>(place), static_cast<Memory>(operands[1]), __ATOMIC_SEQ_CST); \
    WHERRY_NEXT(4);                                                                                      \
  }
#define ATOMIC_CMPXCHG(name, Memory)                                                                         \
  WHERRY_HANDLER name(WHERRY_ARGS) {                                                                         \
    WHERRY_ATOMIC(Memory);                                                                                   \
    auto expected = static_cast<Memory>(operands[1]); /* Wrapped to the width, as the proposal says. */      \
    __atomic_compare_exchange_n(bytes_of<Memory>(place), &expected, static_cast<Memory>(operands[2]), false, \
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                                         \
    operands[0] = expected;                                                                                  \
    WHERRY_NEXT(4);                                                                                          \
  }
#include "engine/interpret/atomics.inc"

// --- Waiting: the runtime's, which may look at the frames and may not use the stack ---

namespace {

TrapCode wait(Context* ctx, const Place& place, uint32_t size, uint64_t* operands) {
  uint32_t result = 0;
  const TrapCode code = ctx->builtins->memory_wait(ctx, place.index, place.address, size, operands[1],
                                                   static_cast<int64_t>(operands[2]), &result);
  operands[0] = result;
  return code;
}

}  // namespace

WHERRY_HANDLER MemoryAtomicWait32(WHERRY_ARGS) {
  WHERRY_ATOMIC(uint32_t);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(wait(ctx, place, 4, operands));
  WHERRY_NEXT(4);
}

WHERRY_HANDLER MemoryAtomicWait64(WHERRY_ARGS) {
  WHERRY_ATOMIC(uint64_t);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(wait(ctx, place, 8, operands));
  WHERRY_NEXT(4);
}

WHERRY_HANDLER MemoryAtomicNotify(WHERRY_ARGS) {
  WHERRY_ATOMIC(uint32_t);
  operands[0] =
      ctx->builtins->memory_notify(ctx, place.index, place.address, static_cast<uint32_t>(operands[1]));
  WHERRY_NEXT(4);
}

// Three words, like other instructions without an address.
WHERRY_HANDLER AtomicFence(WHERRY_ARGS) {
  WHERRY_STATE;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  WHERRY_NEXT(3);
}

}  // namespace wherry::interpret::atomics
