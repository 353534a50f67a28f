// Blocks double from 4 KiB to 1 MiB, so that small users stay small and large ones allocate seldom. A request for more than half a
// block gets one of its own, and what is left of the last one is still used: blocks as large as all before them, which were left for
// every large request, took a command of WASI 0.2 twice the pages that its instances fill.
#include "engine/base/arena.h"

#include <algorithm>
#include <cstdlib>

namespace wherry::base {

// The first of the list is the one that pieces are cut off.
struct alignas(64) Arena::Block {
  Block* previous;
  size_t size_bytes;  // 0: it is a request's own.
};

namespace {
constexpr size_t kFirstBlockBytes = 4096;
constexpr size_t kLargestBlockBytes = size_t{1} << 20;
}  // namespace

Arena::Arena(Arena&& other) noexcept
    : blocks_(std::exchange(other.blocks_, nullptr)),
      next_(std::exchange(other.next_, 0)),
      end_(std::exchange(other.end_, 0)),
      reserved_bytes_(std::exchange(other.reserved_bytes_, 0)),
      limit_bytes_(other.limit_bytes_) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  if (this != &other) {
    reset();
    blocks_ = std::exchange(other.blocks_, nullptr);
    next_ = std::exchange(other.next_, 0);
    end_ = std::exchange(other.end_, 0);
    reserved_bytes_ = std::exchange(other.reserved_bytes_, 0);
    limit_bytes_ = other.limit_bytes_;
  }
  return *this;
}

Arena::~Arena() { reset(); }

void* Arena::allocate_bytes(size_t size_bytes, size_t alignment) {
  const uintptr_t start = (next_ + (alignment - 1)) & ~(alignment - 1);
  if (start >= next_ && start <= end_ && size_bytes <= end_ - start && start != 0) [[likely]] {
    next_ = start + size_bytes;
    return reinterpret_cast<void*>(start);
  }
  return allocate_in_new_block(size_bytes, alignment);
}

void* Arena::allocate_in_new_block(size_t size_bytes, size_t alignment) {
  size_t needed_bytes;
  if (__builtin_add_overflow(size_bytes, sizeof(Block) + alignment + 64, &needed_bytes)) return nullptr;
  needed_bytes &= ~size_t{63};
  const size_t left_bytes = limit_bytes_ - reserved_bytes_;
  if (needed_bytes > left_bytes) return nullptr;
  const size_t last_bytes = blocks_ == nullptr ? 0 : blocks_->size_bytes;
  const size_t block_bytes = std::clamp(last_bytes * 2, kFirstBlockBytes, kLargestBlockBytes);
  const bool is_own = needed_bytes > block_bytes / 2 || block_bytes > left_bytes;
  const size_t taken_bytes = is_own ? needed_bytes : block_bytes;
  void* const memory = std::aligned_alloc(alignof(Block), taken_bytes);
  if (memory == nullptr) return nullptr;
  reserved_bytes_ += taken_bytes;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(memory) + sizeof(Block);
  const uintptr_t start = (begin + (alignment - 1)) & ~(alignment - 1);
  if (is_own) {
    Block** const place = last_bytes == 0 ? &blocks_ : &blocks_->previous;
    *place = new (memory) Block{*place, 0};
  } else {
    blocks_ = new (memory) Block{blocks_, block_bytes};
    next_ = start + size_bytes;
    end_ = reinterpret_cast<uintptr_t>(memory) + block_bytes;
  }
  return reinterpret_cast<void*>(start);
}

void Arena::reset() {
  while (blocks_ != nullptr) std::free(std::exchange(blocks_, blocks_->previous));
  next_ = end_ = 0;
  reserved_bytes_ = 0;
}

}  // namespace wherry::base
