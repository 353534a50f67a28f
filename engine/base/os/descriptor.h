#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/vector.h"

// Whole buffers through file descriptors, which take and give what they like at a time.
namespace wherry::base {

// Goes on after interruptions and short writes. False: an error, with errno saying which, and nothing said about how much was
// written.
bool write_all(int file, const void* bytes, size_t size_bytes);

// Likewise. Answers how much there was: less than `size_bytes` at the end of the file, and after an error.
size_t read_all(int file, void* to, size_t size_bytes);

// Likewise from a place in the file, without moving where the next read begins. False: an error, or the file ends before.
[[nodiscard]] bool read_at(int file, uint64_t offset, void* to, size_t size_bytes);

// Appends all that is left of a file; of more than `most_bytes` one byte more than that. Answers 0 or an errno, ENOMEM if there is
// no room.
int read_rest(int file, uint64_t most_bytes, Vector<uint8_t>* bytes);

}  // namespace wherry::base
