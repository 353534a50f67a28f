#pragma once

#include <cstddef>
#include <cstdint>

// The ranges of address space in which a fault may be a guest's access out of bounds. Memories that rely on guard pages
// register here; the fault handler (engine/base/os/fault.h) asks.
namespace wherry::base {

// Thread-safe. False: no memory to note it down; then it is not registered.
[[nodiscard]] bool register_reservation(const void* base, size_t size_bytes);
// By the base that was registered; before the address space is released. Answers whether it held nothing but anonymous pages.
bool unregister_reservation(const void* base);
// Notes down that something else is mapped in a registered one.
void note_mapped_file(const void* base);

// Whether an address lies in a registered range. Async-signal-safe, any thread.
bool is_in_reservation(uintptr_t address);

}  // namespace wherry::base
