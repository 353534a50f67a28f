// A list of slots that a signal handler can read while other threads change it (slot_list.h), each a pair of atomics.
// Registering takes a lock and a free slot, ending it the lock and, nearly always, one look (a walk over those of a hundred memories
// took 50 ns each time); a handler walks all slots, which is paid by a guest that traps.
//
// A slot is published by its base, written last and cleared first, so that a reader sees a base only with its size. A
// reader that races with unregistering may still say yes: the fault is then in address space that somebody is
// releasing, and the program counter decides (only guest code is turned into traps).
//
// State of the process, since signals belong to the process: constant-initialised, so no code runs at start-up.
#include "engine/base/os/reservations.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "engine/base/os/slot_list.h"

namespace wherry::base {
namespace {

struct Slot {
  std::atomic<uintptr_t> base{0};
  std::atomic<size_t> size_bytes{0};
  bool has_file = false;  // This and the next are of those who change slots.
  Slot* next_free = nullptr;
};

constinit SlotList<Slot, 255> g_slots;
constinit std::mutex g_changing;
constinit Slot* g_free = nullptr;  // Slots that were used before.

// Which slot was last given to one of many bases: a guess. Guarded memories lie 4 GiB + 32 MiB apart, 129 times this grain.
constexpr size_t kGuesses = 256;
constinit Slot* g_guesses[kGuesses];
Slot*& guess_of(const void* base) { return g_guesses[(reinterpret_cast<uintptr_t>(base) >> 25) % kGuesses]; }

Slot* find(const void* base) {
  Slot* const guess = guess_of(base);
  if (guess != nullptr && guess->base.load(std::memory_order_relaxed) == reinterpret_cast<uintptr_t>(base)) {
    return guess;
  }
  return g_slots.find([base](const Slot& it) {
    return it.base.load(std::memory_order_relaxed) == reinterpret_cast<uintptr_t>(base);
  });
}

}  // namespace

bool register_reservation(const void* base, size_t size_bytes) {
  const std::lock_guard lock(g_changing);
  Slot* slot = g_free;
  if (slot != nullptr) {
    g_free = slot->next_free;
  } else {
    slot = g_slots.find([](const Slot& it) { return it.base.load(std::memory_order_relaxed) == 0; });
  }
  if (slot == nullptr) slot = g_slots.append();
  if (slot == nullptr) return false;
  slot->has_file = false;
  slot->size_bytes.store(size_bytes, std::memory_order_relaxed);
  slot->base.store(reinterpret_cast<uintptr_t>(base), std::memory_order_release);
  guess_of(base) = slot;
  return true;
}

bool unregister_reservation(const void* base) {
  const std::lock_guard lock(g_changing);
  Slot* const slot = find(base);
  if (slot == nullptr) return false;
  slot->base.store(0, std::memory_order_release);
  slot->next_free = std::exchange(g_free, slot);
  return !slot->has_file;
}

void note_mapped_file(const void* base) {
  const std::lock_guard lock(g_changing);
  if (Slot* const slot = find(base)) slot->has_file = true;
}

bool is_in_reservation(uintptr_t address) {
  return g_slots.find([address](const Slot& it) {
    const uintptr_t base = it.base.load(std::memory_order_acquire);
    return base != 0 && address - base < it.size_bytes.load(std::memory_order_relaxed);
  }) != nullptr;
}

}  // namespace wherry::base
