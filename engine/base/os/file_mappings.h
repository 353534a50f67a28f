#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// Mappings of files that other processes may shorten. Touching a page behind the new end is a SIGBUS; of a mapping that
// is registered here the fault handler (engine/base/os/fault.h) puts a page of zeros in that place, notes it down, and
// lets the read go on. So whoever reads such a mapping gets wrong bytes at worst, and finds out afterwards.
namespace wherry::base {

// `*has_shrunk` is set when the handler had to replace a page; it must live until the mapping is unregistered.
// Thread-safe. False: no memory to note it down. The handler must be installed by somebody.
[[nodiscard]] bool register_file_mapping(const void* base, size_t size_bytes, std::atomic<bool>* has_shrunk);
// By the base that was registered; before it is unmapped.
void unregister_file_mapping(const void* base);

// For the fault handler: whether the address lies in a registered mapping, whose page is then replaced.
// Async-signal-safe.
bool replace_lost_page(uintptr_t address);

}  // namespace wherry::base
