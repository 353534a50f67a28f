#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"

// Address space, as the operating system gives it: the one door to mmap. Addresses and sizes are in bytes and
// multiples of page_size_bytes() unless said otherwise. Thread-safe, as the calls of the system are.
namespace wherry::base {

// Size of a page of this machine: 4 KiB to 64 KiB.
size_t page_size_bytes();

// `size_bytes` up to the next whole page; 0 if that overflows (or `size_bytes` is 0).
size_t round_up_to_pages(size_t size_bytes);

// A range of address space of which nothing can be touched until it is committed, and which takes no memory until
// then. Null if the system refuses (its limits on address space, or on the number of mappings).
void* reserve_pages(size_t size_bytes);

// Makes part of a reservation readable and writable; it holds zeros, and takes memory where it is touched. False:
// the system refuses, and nothing has changed.
[[nodiscard]] bool commit_pages(void* address, size_t size_bytes);

// Gives the memory of a committed part back and makes it untouchable again. False: the system refuses, and nothing has changed.
[[nodiscard]] bool decommit_pages(void* address, size_t size_bytes);

// Gives the memory of a committed part back; it stays committed and holds zeros. False: the system refuses, and nothing
// has changed.
[[nodiscard]] bool discard_pages(void* address, size_t size_bytes);

// Says that all of these bytes, which are committed, are about to be written: the system then makes their pages in one
// go, at half the price of a fault each. Any bounds; only advice.
void prefault_pages(void* address, size_t size_bytes);

// Puts a private copy of a file's pages in place of a committed part, made page by page where it is written (or read by whoever never
// writes it: then shared with the page cache). `file_offset` is a multiple of the page size. The file must not change. False: the system
// refuses, and nothing has changed.
[[nodiscard]] bool map_private_copy(void* address, size_t size_bytes, int descriptor, uint64_t file_offset);

// Ends a reservation of exactly these bounds. Null is ignored.
void release_pages(void* address, size_t size_bytes);

// Memory of zeros, owned; null if the system refuses. For arrays that are large and hardly touched; ended with
// release_pages. `size_bytes` need not be whole pages.
void* map_zeros(size_t size_bytes);

// A file's bytes, read-only and shared with the page cache. Move-only; unmaps at the end of its life.
//
// The file may change, or shrink, under the mapping: what is read twice may differ, and touching what was cut off is a
// SIGBUS. Users copy what they check before they use it.
class MappedFile {
 public:
  // Why a file could not be mapped, in `*error_number` (errno); EFBIG beyond `max_size_bytes`, EISDIR for a folder,
  // ENODEV for what is neither a file nor mappable (a pipe, a terminal). An empty file has no bytes and is no error.
  static bool open(const char* path, uint64_t max_size_bytes, MappedFile* out, int* error_number);
  // The same of a file that is open already; takes the descriptor over, also when it fails.
  static bool adopt(int descriptor, uint64_t max_size_bytes, MappedFile* out, int* error_number);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteSpan bytes() const { return {static_cast<const uint8_t*>(address_), size_bytes_}; }

  // Belongs to the mapping; negative without a file.
  int descriptor() const { return descriptor_; }

  // Whether the file is still as long as it was: asked before and after a long read.
  bool is_intact() const;

 private:
  void close();

  void* address_ = nullptr;
  size_t size_bytes_ = 0;
  int descriptor_ = -1;
};

}  // namespace wherry::base
