#pragma once

#include <cstdint>

#include "engine/abi/heap.h"
#include "engine/runtime/heap_space.h"
#include "engine/wasm/type_registry.h"

// Finds what can be reached. Not for other folders.
namespace wherry::runtime {

// Where a marker notes down what it still has to look at: memory that the heap owns, of a size that nothing changes.
struct MarkStack {
  abi::Ref* entries = nullptr;
  size_t capacity = 0;
};

// One marking. `types` may be null if no structure or array was ever made.
class Marker {
 public:
  Marker(HeapSpace& space, const wasm::TypeDirectory* types, MarkStack stack)
      : space_(space), types_(types), stack_(stack) {}

  // A reference: null, an i31, a function, or an object.
  void mark(abi::Ref ref) {
    if (!space_.mark(ref)) return;
    if (top_ == stack_.capacity) [[unlikely]] {
      has_overflown_ = true;  // It has its mark; drain() will come across it.
      return;
    }
    stack_.entries[top_++] = ref;
  }
  // Words of which some may be references.
  void mark_words(const uint64_t* begin, const uint64_t* end);
  // Marks all that can be reached from what was marked.
  void drain();

 private:
  // A long array in the middle of being looked at.
  struct Slice {
    abi::Ref array = abi::kNullRef;
    uint32_t next = 0;
  };
  static constexpr uint32_t kSliceElements = 512;
  static constexpr size_t kMostSlices = 256;

  // Whether all references of an object lie in its first 64 slots, whatever its length; and where: a bit a slot.
  bool has_few_slots(uint32_t type_id, uint64_t* slots) const;
  void scan(abi::Ref ref);
  void scan_struct(abi::Ref ref, const wasm::CanonType& type);
  void scan_array(abi::Ref ref);
  void scan_exception(abi::Ref ref);
  void scan_slice();
  void empty_stack();

  HeapSpace& space_;
  const wasm::TypeDirectory* types_;
  MarkStack stack_;
  size_t top_ = 0;
  bool has_overflown_ = false;
  size_t slice_count_ = 0;
  Slice slices_[kMostSlices];
};

}  // namespace wherry::runtime
