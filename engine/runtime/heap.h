#pragma once

#include <cstdint>
#include <memory>

#include "engine/abi/context.h"
#include "engine/abi/heap.h"
#include "engine/base/vector.h"
#include "engine/runtime/heap_space.h"
#include "engine/runtime/roots.h"
#include "engine/wasm/type_registry.h"

namespace wherry::runtime {

class Heap;
class Marker;
class Store;
class Tag;

// What a store's heap has done so far; the fields of the public GcStatistics.
struct HeapStatistics {
  uint64_t collections = 0;
  uint64_t allocated_bytes = 0;  // In all; cells are rounded up, and handed out a few at a time.
  uint64_t live_bytes = 0;       // Found by the last collection.
  uint64_t heap_bytes = 0;       // Of blocks in use.
  uint64_t last_pause_ns = 0;
  uint64_t longest_pause_ns = 0;
  uint64_t total_pause_ns = 0;
};

struct HeapSetup {
  uint64_t limit_bytes = uint64_t{1} << 30;
  bool stress = false;  // Collects at every allocation, so that a root nobody knew of is noticed.
  size_t mark_stack_entries = size_t{1} << 19;
};

// Words of C++ code that may be references, while it lives: for those in memory of malloc. Newest first out.
class ScannedWords {
 public:
  explicit ScannedWords(Heap& heap);
  ~ScannedWords();
  ScannedWords(const ScannedWords&) = delete;
  ScannedWords& operator=(const ScannedWords&) = delete;

  void set(const void* begin, size_t size_bytes) {
    begin_ = static_cast<const uint64_t*>(begin);
    end_ = begin_ + size_bytes / sizeof(uint64_t);
  }

 private:
  friend class Heap;
  Heap& heap_;
  ScannedWords* outer_;
  const uint64_t* begin_ = nullptr;
  const uint64_t* end_ = nullptr;
};

// The objects of one store: structures, arrays, exceptions, values of the host. Belongs to the store and its thread.
//
// Objects never move and die when nothing refers to them. Roots are the value stack, the native stack and registers
// below the innermost entry of a guest (all three read conservatively: whatever looks like an object's address is one),
// globals, tables, element segments, the pending exception, scanned words, and what the host holds (roots). Only allocating and
// collect() collect. So a Ref in a variable of C++ code that a guest's instruction calls is safe; in memory of malloc,
// or in a function of the host, it needs a root.
//
// Takes no memory until the first object is made.
class Heap {
 public:
  Heap(Store& store, const HeapSetup& setup) : store_(store), setup_(setup) {}
  ~Heap();  // Finalises nothing: see finalize_all.
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // --- making: null when the heap is at its limit or the system has no memory, after a collection that did not help.
  // Everything behind the header is zero.

  abi::ObjectHeader* allocate(uint32_t type_id, uint32_t length, uint64_t size_bytes);
  // Free cells for the run of a class, which is empty. False: as above.
  [[nodiscard]] bool refill(uint32_t size_class);
  abi::Ref allocate_struct(const wasm::CanonType& type);
  abi::Ref allocate_array(const wasm::CanonType& type, uint32_t length);
  // `slots`: the arguments, as many as the tag's type has parameter slots. The caller keeps them alive.
  abi::Ref allocate_exception(const Tag& tag, const uint64_t* slots);
  // `finalize`, unless null, is called with `object` once: on the store's thread, when the object has died, at the
  // next of these: a call into the store from outside returns, the host makes a value here, the host collects, the
  // store ends. Never inside a collection, nor between two instructions of a guest.
  abi::Ref allocate_extern(void* object, void (*finalize)(void*));

  Roots& roots() { return roots_; }

  // --- collecting

  // Marks everything that can be reached. The memory of what died is found as it is needed.
  void collect();
  // For the end of a run that found no memory: what it kept may be garbage now, so the next allocation collects, though
  // little was allocated since the last time.
  void expect_garbage();
  // Runs the finalizers of those that have died.
  void finalize_dead();
  bool has_dead() const { return !dead_.empty(); }
  // Runs the finalizers of all, newest first; the store ends.
  void finalize_all();
  HeapStatistics statistics() const;

  // Whether a word is the address of an object of this heap.
  bool is_object(uint64_t word) const { return space_ != nullptr && space_->is_object(word); }

  abi::HeapFront* front() { return &front_; }

 private:
  friend class ScannedWords;

  bool begin();
  bool make_room();
  bool fill_run(uint32_t size_class);
  uint8_t* take(uint64_t size_bytes);
  void mark_roots(Marker& marker);
  void mark_stacks(Marker& marker);
  void mark_native_stack(Marker& marker, uintptr_t end);
  void mark_instances(Marker& marker);
  void sort_out_externs();

  Store& store_;
  HeapSetup setup_;
  abi::HeapFront front_{};
  std::unique_ptr<HeapSpace> space_;
  abi::Ref* mark_stack_ = nullptr;
  uint64_t since_bytes_ = 0;      // Allocated since the last collection.
  uint64_t threshold_bytes_ = 0;  // Collects when that much was.
  HeapStatistics statistics_;
  ScannedWords* scanned_ = nullptr;
  Roots roots_;
  base::Vector<abi::Ref> externs_;        // Those with a finalizer, by age.
  base::Vector<abi::ExternObject> dead_;  // Died, to be finalised.
  size_t extern_room_ = 0;                // How many both together have room for, each.
};

}  // namespace wherry::runtime
