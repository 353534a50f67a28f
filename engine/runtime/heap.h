#pragma once

#include <cstdint>
#include <memory>

#include "engine/abi/context.h"
#include "engine/abi/heap.h"
#include "engine/base/vector.h"
#include "engine/wasm/type_registry.h"

namespace wherry::runtime {

class HeapSpace;
class Store;
class Tag;

// What a store's heap has done so far; the fields of the public GcStatistics.
struct HeapStatistics {
  uint64_t collections = 0;
  uint64_t allocated_bytes = 0;  // In all, as cells: sizes rounded up.
  uint64_t live_bytes = 0;       // Found by the last collection.
  uint64_t heap_bytes = 0;       // Of blocks in use.
  uint64_t last_pause_ns = 0;
  uint64_t longest_pause_ns = 0;
  uint64_t total_pause_ns = 0;
};

struct HeapSetup {
  uint64_t limit_bytes = uint64_t{1} << 30;
  bool stress = false;  // Collects at every allocation, so that a root nobody knew of is noticed.
};

// A root: keeps an object alive until it is released. `generation` tells uses of one place apart.
struct RootId {
  uint32_t index = 0;
  uint32_t generation = 0;  // Never 0 for a root.
};

// The objects of one store: structures, arrays, exceptions, values of the host. Belongs to the store and its thread.
//
// Objects never move and die when nothing refers to them: roots are the value stack, the native stack and registers
// of the running thread (both read conservatively: whatever looks like an object's address is one), globals, tables,
// element segments, the pending exception, and the roots below. Allocating may collect; nothing else does. So a Ref in
// a variable of C++ code that is called from guest code is safe, and one in memory of malloc is not.
//
// Takes no memory until the first object is made.
class Heap {
 public:
  Heap(Store& store, const HeapSetup& setup);
  ~Heap();  // Finalises every value of the host that has not been, newest first.
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // --- making: null when the heap is at its limit or the system has no memory, after a collection that did not help.
  // Everything behind the header is zero.

  abi::ObjectHeader* allocate(uint32_t type_id, uint32_t length, uint64_t size_bytes);
  abi::Ref allocate_struct(const wasm::CanonType& type);
  abi::Ref allocate_array(const wasm::CanonType& type, uint32_t length);
  // `slots`: the arguments, as many as the tag's type has parameter slots; kept from being collected meanwhile.
  abi::Ref allocate_exception(const Tag& tag, const uint64_t* slots);
  // `finalize`, unless null, is called with `object` once: on the store's thread, when the object has died, at the
  // next of these: a call into the store from outside returns, the host makes a value here, the host collects, the
  // store ends. Never inside a collection, nor between two instructions of a guest.
  abi::Ref allocate_extern(void* object, void (*finalize)(void*));

  // --- roots; `ref` may be of any kind, null too

  // False: no memory.
  [[nodiscard]] bool add_root(abi::Ref ref, RootId* id);
  void remove_root(RootId id);                 // Ignores what is none any more.
  const abi::Ref* find_root(RootId id) const;  // Null if it is none any more.

  // --- collecting

  // Marks everything that can be reached. Objects that died are given back as their memory is needed.
  void collect();
  // Runs the finalizers of those that have died.
  void finalize_dead();
  HeapStatistics statistics() const;

  // Whether a word is the address of an object of this heap.
  bool is_object(uint64_t word) const;

  abi::HeapFront* front() { return &front_; }

 private:
  Store& store_;
  HeapSetup setup_;
  abi::HeapFront front_{};
};

}  // namespace wherry::runtime
