// The list is built like that of reservations (engine/base/os/reservations.cc): slots of atomics in blocks that are
// never freed, so that a signal handler can read it at any moment.
//
// Rejected: reading whole files (a program of 20 MB of which a tenth runs would wait for all of it), and siglongjmp out
// of the reader (who may hold locks and memory).
#include "engine/base/os/file_mappings.h"

#include <sys/mman.h>

#include <mutex>
#include <new>

#include "engine/base/os/virtual_memory.h"

namespace wherry::base {
namespace {

struct Slot {
  std::atomic<uintptr_t> base{0};
  std::atomic<size_t> size_bytes{0};
  std::atomic<std::atomic<bool>*> has_shrunk{nullptr};
};

struct Block {
  static constexpr size_t kSlots = 31;
  Slot slots[kSlots];
  std::atomic<Block*> next{nullptr};
};

constinit Block g_first;
constinit std::mutex g_changing;
constinit std::atomic<size_t> g_page_bytes{0};  // Asked for before a handler needs it.

Slot* find(uintptr_t base) {
  for (Block* block = &g_first; block != nullptr; block = block->next.load(std::memory_order_acquire)) {
    for (Slot& slot : block->slots) {
      if (slot.base.load(std::memory_order_relaxed) == base) return &slot;
    }
  }
  return nullptr;
}

bool add_block() {
  Block* last = &g_first;
  while (Block* next = last->next.load(std::memory_order_relaxed)) last = next;
  auto* added = new (std::nothrow) Block;
  if (added == nullptr) return false;
  last->next.store(added, std::memory_order_release);
  return true;
}

}  // namespace

bool register_file_mapping(const void* base, size_t size_bytes, std::atomic<bool>* has_shrunk) {
  g_page_bytes.store(page_size_bytes());
  const std::lock_guard lock(g_changing);
  Slot* slot = find(0);
  if (slot == nullptr) {
    if (!add_block()) return false;
    slot = find(0);
  }
  slot->size_bytes.store(size_bytes, std::memory_order_relaxed);
  slot->has_shrunk.store(has_shrunk, std::memory_order_relaxed);
  slot->base.store(reinterpret_cast<uintptr_t>(base), std::memory_order_release);
  return true;
}

void unregister_file_mapping(const void* base) {
  const std::lock_guard lock(g_changing);
  if (Slot* slot = find(reinterpret_cast<uintptr_t>(base))) slot->base.store(0, std::memory_order_release);
}

bool replace_lost_page(uintptr_t address) {
  for (Block* block = &g_first; block != nullptr; block = block->next.load(std::memory_order_acquire)) {
    for (Slot& slot : block->slots) {
      const uintptr_t base = slot.base.load(std::memory_order_acquire);
      if (base == 0 || address - base >= slot.size_bytes.load(std::memory_order_relaxed)) continue;
      // SAFETY: the page lies in a mapping of ours, which is private and read-only; its content is gone.
      const size_t page = g_page_bytes.load(std::memory_order_relaxed);
      void* const at = reinterpret_cast<void*>(address & ~(page - 1));
      if (mmap(at, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        return false;
      slot.has_shrunk.load(std::memory_order_relaxed)->store(true);
      return true;
    }
  }
  return false;
}

}  // namespace wherry::base
