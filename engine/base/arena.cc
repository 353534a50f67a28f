// Blocks double from 4 KiB to 1 MiB, so that small users stay small and large ones allocate seldom; a request
// larger than a block gets one of its own.
#include "engine/base/arena.h"

#include <cstdlib>

namespace wherry::base {

struct alignas(64) Arena::Block {
  Block* previous;
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
  size_t block_bytes = reserved_bytes_ < kFirstBlockBytes ? kFirstBlockBytes : reserved_bytes_;
  if (block_bytes > kLargestBlockBytes) block_bytes = kLargestBlockBytes;
  size_t needed_bytes;
  if (__builtin_add_overflow(size_bytes, sizeof(Block) + alignment + 64, &needed_bytes)) return nullptr;
  if (needed_bytes > block_bytes) block_bytes = needed_bytes;
  if (block_bytes > limit_bytes_ - reserved_bytes_) {
    if (needed_bytes > limit_bytes_ - reserved_bytes_) return nullptr;
    block_bytes = needed_bytes;
  }
  block_bytes = (block_bytes + 63) & ~size_t{63};
  void* memory = std::aligned_alloc(alignof(Block), block_bytes);
  if (memory == nullptr) return nullptr;
  reserved_bytes_ += block_bytes;
  blocks_ = new (memory) Block{blocks_};
  next_ = reinterpret_cast<uintptr_t>(memory) + sizeof(Block);
  end_ = reinterpret_cast<uintptr_t>(memory) + block_bytes;
  const uintptr_t start = (next_ + (alignment - 1)) & ~(alignment - 1);
  next_ = start + size_bytes;
  return reinterpret_cast<void*>(start);
}

void Arena::reset() {
  while (blocks_ != nullptr) std::free(std::exchange(blocks_, blocks_->previous));
  next_ = end_ = 0;
  reserved_bytes_ = 0;
}

}  // namespace wherry::base
