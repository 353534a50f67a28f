// Blocks, cells and bits.
//
// The range is cut into blocks of 32 KiB, each for cells of one size or part of one large object. Two bits a granule of
// 16 bytes, kept apart from the objects, are all that is known of a cell: `live_` says that it is allocated, `marks_` that
// the collection under way has reached it. When marking ends the two change places, and that is the whole sweep: cells
// without a bit are free, and are looked for when somebody wants one. What is found is handed out as a run, up to 4 KiB of
// neighbouring cells cleared with one memset and allocated by moving a pointer. Clearing a run just before it is filled
// brings it into the cache; free lists through the cells were rejected, because each allocation then waits for the cell's
// own memory to learn where the next one is, and every object would have to be cleared by itself.
//
// A cell that is free or not yet taken from a run begins with type id 0. So a word is an object's address exactly when it
// points to the beginning of a cell whose live bit is set and whose type id is not 0: dead objects, whose references
// may lead anywhere by now, have lost their bit.
#include "engine/runtime/heap_space.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "engine/base/os/virtual_memory.h"

namespace wherry::runtime {
namespace {

constexpr uint64_t kMostBytes = uint64_t{64} << 30;
constexpr uint64_t kLeastBytes = 1 << 20;
constexpr uint32_t kRunBytes = 4 << 10;
constexpr uint32_t kCommitBlocks = 8;
// Free memory beyond what is live and this goes back to the system, in pieces that are worth a call.
constexpr uint64_t kKeptBytes = 16 << 20;
constexpr uint32_t kGivenBlocks = 32;

constexpr uint64_t block_count(uint64_t bytes) { return (bytes + abi::kBlockBytes - 1) / abi::kBlockBytes; }

template <class T>
T* map_array(uint64_t count) {
  return static_cast<T*>(base::map_zeros(count * sizeof(T)));
}

}  // namespace

std::unique_ptr<HeapSpace> HeapSpace::create(uint64_t limit_bytes) {
  std::unique_ptr<HeapSpace> space(new (std::nothrow) HeapSpace);
  if (space == nullptr) return nullptr;
  std::fill_n(space->current_, abi::kSizeClasses, Block::kNone);
  std::fill_n(space->with_room_, abi::kSizeClasses, Block::kNone);
  uint64_t bytes = std::clamp(limit_bytes, uint64_t{abi::kBlockBytes}, kMostBytes);
  while (!space->reserve(bytes)) {
    if (bytes <= kLeastBytes) return nullptr;
    bytes /= 2;
  }
  return space;
}

bool HeapSpace::reserve(uint64_t limit_bytes) {
  block_limit_ = static_cast<uint32_t>(limit_bytes / abi::kBlockBytes);
  base_ = static_cast<uint8_t*>(base::reserve_pages(limit_bytes / abi::kBlockBytes * abi::kBlockBytes));
  blocks_ = map_array<Block>(block_limit_);
  live_ = map_array<uint64_t>(uint64_t{block_limit_} * kBlockWords);
  marks_ = map_array<uint64_t>(uint64_t{block_limit_} * kBlockWords);
  if (base_ != nullptr && blocks_ != nullptr && live_ != nullptr && marks_ != nullptr) return true;
  release();
  return false;
}

HeapSpace::~HeapSpace() { release(); }

void HeapSpace::release() {
  const uint64_t words = uint64_t{block_limit_} * kBlockWords;
  base::release_pages(base_, limit_bytes());
  base::release_pages(blocks_, block_limit_ * sizeof(Block));
  base::release_pages(live_, words * sizeof(uint64_t));
  base::release_pages(marks_, words * sizeof(uint64_t));
  base_ = nullptr;
  blocks_ = nullptr;
  live_ = nullptr;
  marks_ = nullptr;
}

bool HeapSpace::is_object_at(uint64_t granule) const {
  if ((live_[granule / 64] >> (granule % 64) & 1) == 0) return false;
  // Only beginnings of cells have a bit.
  return reinterpret_cast<const abi::ObjectHeader*>(base_ + granule * kGranuleBytes)->type_id !=
         abi::kFreeCell;
}

// ---- blocks

bool HeapSpace::commit(uint32_t block_end) {
  if (block_end <= committed_blocks_) return true;
  const uint32_t step = std::max(kCommitBlocks, committed_blocks_ / 8);
  const uint32_t wanted = std::max(block_end, std::min(block_limit_, committed_blocks_ + step));
  uint8_t* const begin = block_at(committed_blocks_);
  const uint64_t bytes = uint64_t{wanted - committed_blocks_} * abi::kBlockBytes;
  if (!base::commit_pages(begin, bytes)) return false;
  base::prefault_pages(begin, uint64_t{std::min(wanted - committed_blocks_, step)} * abi::kBlockBytes);
  committed_blocks_ = wanted;
  return true;
}

// The first of `count` neighbouring blocks that are free; kNone if there are none.
uint32_t HeapSpace::find_free(uint32_t count) {
  uint32_t found = 0;
  for (uint32_t block = free_hint_; block < block_end_; ++block) {
    if (blocks_[block].use != BlockUse::Free) {
      found = 0;
    } else if (++found == count) {
      if (count == 1) free_hint_ = block + 1;
      return block + 1 - count;
    }
  }
  if (count == 1) free_hint_ = block_end_;
  return Block::kNone;
}

// `count` blocks, for somebody to say what for; kNone if there are none under the limit.
uint32_t HeapSpace::take_blocks(uint32_t count) {
  uint32_t first = find_free(count);
  if (first == Block::kNone) {
    if (count > block_limit_ - block_end_ || !commit(block_end_ + count)) return Block::kNone;
    first = block_end_;
    block_end_ += count;
    for (uint32_t i = 0; i < count; ++i) blocks_[first + i].is_zero = true;
  }
  blocks_used_ += count;
  return first;
}

void HeapSpace::free_blocks(uint32_t first, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) blocks_[first + i] = Block{};
  blocks_used_ -= count;
  free_hint_ = std::min(free_hint_, first);
}

// ---- allocation

// The next free cells of a block, up to kRunBytes of them. False: no more.
bool HeapSpace::take_run(uint32_t block, abi::Run* run) {
  Block& info = blocks_[block];
  const uint32_t cell_bytes = abi::cell_bytes_of(info.size_class);
  const uint32_t step = cell_bytes / kGranuleBytes;
  const uint32_t end = abi::kBlockBytes / cell_bytes * step;
  uint64_t* const live = live_ + uint64_t{block} * kBlockWords;
  uint32_t at = info.swept_granule;
  while (at < end && (live[at / 64] >> (at % 64) & 1) != 0) at += step;
  if (at >= end) {
    info.swept_granule = end;
    return false;
  }
  const uint32_t most = std::max(kRunBytes / cell_bytes, 1u) * step;
  const uint32_t stop = std::min(end, at + most);
  uint32_t next = at;
  do {
    live[next / 64] |= uint64_t{1} << (next % 64);
    next += step;
  } while (next < stop && (live[next / 64] >> (next % 64) & 1) == 0);
  info.swept_granule = next;
  run->cursor = block_at(block) + uint64_t{at} * kGranuleBytes;
  run->end = block_at(block) + uint64_t{next} * kGranuleBytes;
  if (!info.is_zero) std::memset(run->cursor, 0, static_cast<size_t>(run->end - run->cursor));
  return true;
}

bool HeapSpace::refill(uint32_t size_class, abi::Run* run) {
  while (true) {
    uint32_t& current = current_[size_class];
    if (current != Block::kNone && take_run(current, run)) return true;
    current = with_room_[size_class];
    if (current != Block::kNone) {
      with_room_[size_class] = blocks_[current].next;
      continue;
    }
    const uint32_t taken = take_blocks(1);
    if (taken == Block::kNone) return false;
    blocks_[taken].use = BlockUse::Cells;
    blocks_[taken].size_class = static_cast<uint8_t>(size_class);
    current = taken;
  }
}

uint8_t* HeapSpace::allocate_large(uint64_t size_bytes) {
  const uint64_t wanted = block_count(size_bytes);
  if (size_bytes > limit_bytes() || wanted > block_limit_) return nullptr;
  const auto count = static_cast<uint32_t>(wanted);
  const uint32_t first = take_blocks(count);
  if (first == Block::kNone) return nullptr;
  for (uint32_t i = 0; i < count; ++i) {
    Block& block = blocks_[first + i];
    if (!block.is_zero) std::memset(block_at(first + i), 0, abi::kBlockBytes);
    block.use = i == 0 ? BlockUse::LargeHead : BlockUse::LargeTail;
    block.is_zero = false;
  }
  blocks_[first].span = count;
  live_[uint64_t{first} * kBlockWords] |= 1;
  return block_at(first);
}

// ---- collection

void HeapSpace::begin_marking() { std::memset(marks_, 0, word_end() * sizeof(uint64_t)); }

// Says of a block, whose live bits are the new ones, what is left of it.
void HeapSpace::settle_block(uint32_t block) {
  Block& info = blocks_[block];
  const uint64_t* const live = live_ + uint64_t{block} * kBlockWords;
  if (info.use == BlockUse::LargeHead) {
    if ((live[0] & 1) == 0) return free_blocks(block, info.span);
    live_bytes_ += uint64_t{info.span} * abi::kBlockBytes;
    return;
  }
  if (info.use != BlockUse::Cells) return;
  uint32_t cells = 0;
  for (uint32_t word = 0; word < kBlockWords; ++word) {
    cells += static_cast<uint32_t>(std::popcount(live[word]));
  }
  if (cells == 0) return free_blocks(block, 1);
  const uint32_t cell_bytes = abi::cell_bytes_of(info.size_class);
  live_bytes_ += uint64_t{cells} * cell_bytes;
  info.is_zero = false;
  info.swept_granule = 0;
  if (cells == abi::kBlockBytes / cell_bytes) return;
  info.next = with_room_[info.size_class];
  with_room_[info.size_class] = block;
}

void HeapSpace::end_marking() {
  std::swap(live_, marks_);
  std::fill_n(current_, abi::kSizeClasses, Block::kNone);
  std::fill_n(with_room_, abi::kSizeClasses, Block::kNone);
  live_bytes_ = 0;
  // Backwards, so that chains lead upwards.
  for (uint32_t block = block_end_; block-- > 0;) settle_block(block);
  give_back();
}

void HeapSpace::give_back() {
  const uint64_t free_bytes = uint64_t{block_end_ - blocks_used_} * abi::kBlockBytes;
  if (free_bytes < live_bytes_ + kKeptBytes) return;
  uint32_t first = 0;
  for (uint32_t block = 0; block <= block_end_; ++block) {
    const bool is_dirty =
        block < block_end_ && blocks_[block].use == BlockUse::Free && !blocks_[block].is_zero;
    if (is_dirty) continue;
    const uint32_t count = block - first;
    if (count >= kGivenBlocks && base::discard_pages(block_at(first), uint64_t{count} * abi::kBlockBytes)) {
      for (uint32_t i = first; i < block; ++i) blocks_[i].is_zero = true;
    }
    first = block + 1;
  }
}

}  // namespace wherry::runtime
