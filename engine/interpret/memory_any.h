#pragma once

#include "engine/abi/context.h"
#include "engine/interpret/dispatch.h"
#include "engine/interpret/operations.h"

// Accesses to memories other than the first, to 64-bit ones, and with offsets beyond the guard: everything in slots,
// always checked. Four words: handler, Slots{a, value, d}, offset, byte offset of the MemoryObject* in the Context. A
// 32-bit index has its upper half zero in its slot, so one handler serves both index types.
namespace wherry::interpret {

// The address, if all bytes of the access exist; else null.
template <class Memory>
WHERRY_INLINE uint8_t* find_bytes(const abi::MemoryObject* memory, uint64_t index, uint64_t offset) {
  uint64_t begin, end;
  if (__builtin_add_overflow(index, offset, &begin)) return nullptr;
  if (__builtin_add_overflow(begin, sizeof(Memory), &end)) return nullptr;
  return end <= memory->size_bytes.load(std::memory_order_relaxed) ? memory->base + begin : nullptr;
}

template <Op op>
WHERRY_HOT WHERRY_HANDLER load_any(WHERRY_ARGS) {
  WHERRY_STATE;
  using Memory = typename Operation<op>::Memory;
  const Slots slots = slots_at(pc + 1);
  const auto* memory = *ctx->at<const abi::MemoryObject*>(static_cast<uint32_t>(pc[3]));
  const uint8_t* bytes = find_bytes<Memory>(memory, fp[slots.a], pc[2]);
  if (bytes == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
  Memory value;
  std::memcpy(&value, bytes, sizeof value);
  WHERRY_PUT(typename Operation<op>::Out, To::Slot, slots.d, Operation<op>::value(value));
  WHERRY_NEXT(4);
}

template <Op op>
WHERRY_HOT WHERRY_HANDLER store_any(WHERRY_ARGS) {
  WHERRY_STATE;
  using Memory = typename Operation<op>::Memory;
  using In = typename Operation<op>::In;
  const Slots slots = slots_at(pc + 1);
  const auto* memory = *ctx->at<const abi::MemoryObject*>(static_cast<uint32_t>(pc[3]));
  uint8_t* bytes = find_bytes<Memory>(memory, fp[slots.a], pc[2]);
  if (bytes == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
  const Memory value = Operation<op>::value(WHERRY_GET(In, From::Slot, slots.b, 0));
  std::memcpy(bytes, &value, sizeof value);
  WHERRY_NEXT(4);
}

}  // namespace wherry::interpret
