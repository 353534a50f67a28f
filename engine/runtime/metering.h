#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/runtime/builtins.h"
#include "engine/runtime/store.h"

// What builtins whose work grows with a size have in common: bounds, fuel, pieces between which the deadline is looked at.
namespace wherry::runtime {

inline bool is_within(uint64_t at, uint64_t size, uint64_t end) { return size <= end && at <= end - size; }

constexpr uint64_t ceil_divide(uint64_t value, uint64_t divisor) {
  return value / divisor + (value % divisor != 0);
}

inline wasm::TrapCode charge(abi::Context* context, uint64_t units) {
  if (!Store::of(context).setup().counts_fuel) return wasm::TrapCode::None;
  context->store->fuel -= static_cast<int64_t>(units);  // Below 2^58: no overflow.
  return context->store->fuel < 0 ? context->builtins->out_of_fuel(context) : wasm::TrapCode::None;
}

// Between pieces of work.
inline wasm::TrapCode pause(abi::Context* context) {
  if (!Store::of(context).setup().interruption) return wasm::TrapCode::None;
  const uint64_t deadline = context->store->deadline_epoch.load(std::memory_order_relaxed);
  if (context->interrupt->load(std::memory_order_relaxed) < deadline) [[likely]]
    return wasm::TrapCode::None;
  return context->builtins->interrupted(context);
}

// Calls `work(offset, size)` for pieces of a range, from its end if `backwards`.
template <class Work>
wasm::TrapCode in_pieces(abi::Context* context, uint64_t size_bytes, bool backwards, Work work) {
  uint64_t done = 0;
  while (true) {
    const uint64_t piece = std::min(size_bytes - done, kInterruptChunkBytes);
    work(backwards ? size_bytes - done - piece : done, piece);
    done += piece;
    if (done == size_bytes) return wasm::TrapCode::None;
    if (const wasm::TrapCode trap = pause(context); trap != wasm::TrapCode::None) return trap;
  }
}

// As memmove: `backwards` when the target lies above the source, so that no piece is overwritten before it was read.
inline wasm::TrapCode move_bytes(abi::Context* context, void* to, const void* from, uint64_t size_bytes) {
  if (size_bytes == 0) return wasm::TrapCode::None;
  auto* const target = static_cast<uint8_t*>(to);
  const auto* const source = static_cast<const uint8_t*>(from);
  const bool backwards = reinterpret_cast<uintptr_t>(to) > reinterpret_cast<uintptr_t>(from);
  return in_pieces(context, size_bytes, backwards, [=](uint64_t offset, uint64_t piece) {
    std::memmove(target + offset, source + offset, piece);
  });
}

}  // namespace wherry::runtime
