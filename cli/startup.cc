// What keeps the start of the program short. An empty static program takes 0.6 ms from spawn to exit here, most of it
// in the system; `wherry run` of a small program adds a page fault for nearly every page it touches, and those are what
// this file (and cli/hot_functions.txt, which puts the functions of such a run side by side) saves. Figures in
// docs/rationale.md.
#include "cli/startup.h"

#include <malloc.h>

#include <cstdint>
#include <cstdlib>

#include "engine/base/os/virtual_memory.h"

namespace wherry::cli {

namespace {

constexpr size_t kHeapBytes = 120 << 10;  // Less than what malloc() maps by itself.

void prefault(void* memory, size_t size_bytes) {
  constexpr uintptr_t kPageMask = 4095;
  const uintptr_t first = (reinterpret_cast<uintptr_t>(memory) + kPageMask) & ~kPageMask;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + size_bytes) & ~kPageMask;
  base::prefault_pages(reinterpret_cast<void*>(first), end - first);
}

}  // namespace

void prepare_heap() {
  // Of the 30 pages that a run of a small C program writes, most lie in the first 120 KiB of the heap.
  mallopt(M_TOP_PAD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);  // So that free() below gives nothing back.
  void* memory = std::malloc(kHeapBytes);
  if (memory == nullptr) return;
  prefault(memory, kHeapBytes);
  std::free(memory);
}

void prepare_heap_for_component() {
  // The smallest one of Rust's standard library writes 45 pages more: its types, and code that is lowered.
  constexpr size_t kLastBytes = 60 << 10;
  void* known = std::malloc(kHeapBytes);
  asm volatile("" : "+r"(known));  // Or the compiler sees that nobody uses it, and leaves it out.
  void* const second = std::malloc(kHeapBytes);
  void* const third = std::malloc(kLastBytes);
  if (second != nullptr && third != nullptr) {
    const size_t both = reinterpret_cast<uintptr_t>(third) + kLastBytes - reinterpret_cast<uintptr_t>(second);
    if (both < kHeapBytes + kLastBytes + 64) prefault(second, both);  // Side by side.
  }
  std::free(third);
  std::free(second);
  std::free(known);
}

}  // namespace wherry::cli

// Nothing here throws, but the C++ library reserves 72 KiB for exceptions before main() when it is linked with the code
// that allocates them (5 % of the run of a small program). These take that code's place: the library's few throwing
// functions end the process, as they would have without a handler.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier)
void* __cxa_allocate_exception(size_t) noexcept { std::abort(); }
void __cxa_free_exception(void*) noexcept {}
void* __cxa_allocate_dependent_exception() noexcept { std::abort(); }
void __cxa_free_dependent_exception(void*) noexcept {}
// NOLINTEND(bugprone-reserved-identifier)
}
