// A list that a signal handler can read while other threads change it: blocks of slots that are appended and never
// freed, each slot a pair of atomics. Registering takes a lock and the first free slot; a handler walks all of them,
// which takes 10 us for 30,000 memories and is paid by a guest that traps.
//
// A slot is published by its base, written last and cleared first, so that a reader sees a base only with its size. A
// reader that races with unregistering may still say yes: the fault is then in address space that somebody is
// releasing, and the program counter decides (only guest code is turned into traps).
//
// State of the process, since signals belong to the process: constant-initialised, so no code runs at start-up.
#include "engine/base/os/reservations.h"

#include <atomic>
#include <mutex>
#include <new>

namespace wherry::base {
namespace {

struct Slot {
  std::atomic<uintptr_t> base{0};
  std::atomic<size_t> size_bytes{0};
};

struct Block {
  static constexpr size_t kSlots = 255;
  Slot slots[kSlots];
  std::atomic<Block*> next{nullptr};
};

constinit Block g_first;
constinit std::mutex g_changing;

Slot* find_free() {
  for (Block* block = &g_first;; block = block->next.load(std::memory_order_relaxed)) {
    for (Slot& slot : block->slots) {
      if (slot.base.load(std::memory_order_relaxed) == 0) return &slot;
    }
    if (block->next.load(std::memory_order_relaxed) != nullptr) continue;
    auto* added = new (std::nothrow) Block;
    if (added == nullptr) return nullptr;
    block->next.store(added, std::memory_order_release);
  }
}

template <class Visit>
void for_each_slot(Visit visit) {
  for (Block* block = &g_first; block != nullptr; block = block->next.load(std::memory_order_acquire)) {
    for (Slot& slot : block->slots) {
      if (!visit(slot)) return;
    }
  }
}

}  // namespace

bool register_reservation(const void* base, size_t size_bytes) {
  const std::lock_guard lock(g_changing);
  Slot* const slot = find_free();
  if (slot == nullptr) return false;
  slot->size_bytes.store(size_bytes, std::memory_order_relaxed);
  slot->base.store(reinterpret_cast<uintptr_t>(base), std::memory_order_release);
  return true;
}

void unregister_reservation(const void* base) {
  const std::lock_guard lock(g_changing);
  for_each_slot([base](Slot& slot) {
    if (slot.base.load(std::memory_order_relaxed) != reinterpret_cast<uintptr_t>(base)) return true;
    slot.base.store(0, std::memory_order_release);
    return false;
  });
}

bool is_in_reservation(uintptr_t address) {
  bool found = false;
  for_each_slot([&](const Slot& slot) {
    const uintptr_t base = slot.base.load(std::memory_order_acquire);
    found = base != 0 && address - base < slot.size_bytes.load(std::memory_order_relaxed);
    return !found;
  });
  return found;
}

}  // namespace wherry::base
