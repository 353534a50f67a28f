#pragma once

#include <bit>
#include <cstdint>
#include <memory>

#include "engine/abi/heap.h"

// The memory of a heap: one reserved range of blocks, which cells are taken, and which of them a collection has reached.
// Not for other folders.
namespace wherry::runtime {

// What a block is used for. Cells: of one size class. Large: one object that begins with the first of its blocks.
enum class BlockUse : uint8_t { Free, Cells, LargeHead, LargeTail };

struct Block {
  static constexpr uint32_t kNone = ~uint32_t{0};

  BlockUse use = BlockUse::Free;
  uint8_t size_class = 0;
  bool is_zero = false;        // Free blocks: not written since the system gave it.
  uint32_t next = kNone;       // Cells: the next block of the class that has free cells.
  uint32_t span = 0;           // LargeHead: blocks of the object.
  uint32_t swept_granule = 0;  // Cells: where the search for free cells goes on.
};

class HeapSpace {
 public:
  // Reserves `limit_bytes`, or less if the system has not that much address space. Null: no memory.
  static std::unique_ptr<HeapSpace> create(uint64_t limit_bytes);
  ~HeapSpace();
  HeapSpace(const HeapSpace&) = delete;
  HeapSpace& operator=(const HeapSpace&) = delete;

  uint64_t limit_bytes() const { return uint64_t{block_limit_} * abi::kBlockBytes; }
  // Of blocks in use.
  uint64_t used_bytes() const { return uint64_t{blocks_used_} * abi::kBlockBytes; }
  // What the last collection has found, as cells.
  uint64_t live_bytes() const { return live_bytes_; }

  // Free cells for `run`, which must be used up. False: no block left.
  [[nodiscard]] bool refill(uint32_t size_class, abi::Run* run);
  // Zeros for an object that is larger than any cell. Null: no room.
  uint8_t* allocate_large(uint64_t size_bytes);

  // Whether a word is the address of an object: in the range, at the beginning of a cell, allocated.
  bool is_object(uint64_t word) const {
    uint64_t granule;
    if (!find_granule(word, &granule)) return false;
    return is_object_at(granule);
  }

  // --- a collection, in this order

  // Forgets what runs still had to give; no object may be marked yet.
  void begin_marking();
  // Marks the object that a reference means; false if it means none (null, i31, a function) or is marked already.
  bool mark(uint64_t ref) { return mark_view().mark(ref); }
  // What marking needs, for loops that keep it in registers. Valid until end_marking().
  struct MarkView {
    uintptr_t base;
    uint64_t granules;
    uint64_t* marks;

    bool mark(uint64_t ref) const {
      // One comparison for "aligned" and "in the range": low bits go to the top.
      const uint64_t granule = std::rotr(ref - base, 4);
      if (granule >= granules) return false;
      uint64_t& word = marks[granule / 64];
      const uint64_t bit = uint64_t{1} << (granule % 64);
      if ((word & bit) != 0) return false;
      word |= bit;
      return true;
    }
  };
  MarkView mark_view() const { return {base_address(), uint64_t{block_end_} * kBlockGranules, marks_}; }
  bool is_marked(uint64_t ref) const {
    const uint64_t granule = (ref - base_address()) / kGranuleBytes;
    return (marks_[granule / 64] >> (granule % 64) & 1) != 0;
  }
  // Calls `visit(Ref)` for every marked object.
  template <class Visit>
  void for_each_marked(Visit visit) const {
    for (uint64_t word = 0; word < word_end(); ++word) {
      for (uint64_t bits = marks_[word]; bits != 0; bits &= bits - 1) {
        const uint64_t granule = word * 64 + static_cast<uint64_t>(std::countr_zero(bits));
        visit(abi::Ref{base_address() + granule * kGranuleBytes});
      }
    }
  }
  // What is not marked is free from here on.
  void end_marking();

 private:
  static constexpr uint32_t kGranuleBytes = 16;
  static constexpr uint32_t kBlockGranules = abi::kBlockBytes / kGranuleBytes;
  static constexpr uint32_t kBlockWords = kBlockGranules / 64;

  HeapSpace() = default;
  bool reserve(uint64_t limit_bytes);
  void release();
  uintptr_t base_address() const { return reinterpret_cast<uintptr_t>(base_); }
  uint8_t* block_at(uint32_t block) const { return base_ + uint64_t{block} * abi::kBlockBytes; }
  uint64_t word_end() const { return uint64_t{block_end_} * kBlockWords; }

  // One comparison for "aligned" and "in the range": low bits go to the top.
  bool find_granule(uint64_t word, uint64_t* granule) const {
    *granule = std::rotr(word - base_address(), 4);
    return *granule < uint64_t{block_end_} * kBlockGranules;
  }
  bool is_object_at(uint64_t granule) const;
  [[nodiscard]] bool commit(uint32_t block_end);
  uint32_t take_blocks(uint32_t count);
  uint32_t find_free(uint32_t count);
  void free_blocks(uint32_t first, uint32_t count);
  bool take_run(uint32_t block, abi::Run* run);
  void settle_block(uint32_t block);
  void give_back();

  uint8_t* base_ = nullptr;
  uint32_t block_limit_ = 0;
  uint32_t block_end_ = 0;  // Blocks from here on have never been used.
  uint32_t committed_blocks_ = 0;
  uint32_t blocks_used_ = 0;
  uint32_t free_hint_ = 0;  // No block below it is free.
  uint64_t live_bytes_ = 0;
  Block* blocks_ = nullptr;
  uint64_t* live_ = nullptr;   // A bit a granule: an allocated cell, or one of a run, begins there.
  uint64_t* marks_ = nullptr;  // The same for what this collection has reached.
  uint32_t current_[abi::kSizeClasses] = {};    // The block that runs are taken from; kNone: none.
  uint32_t with_room_[abi::kSizeClasses] = {};  // Chain of those after it.
};

}  // namespace wherry::runtime
