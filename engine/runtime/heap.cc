// The heap: when to collect, what to do when memory is short, values of the host, roots by handle. What can be reached is
// in heap_roots.cc and heap_marker.cc, the memory in heap_space.cc.
//
// It is a mark-sweep collector whose objects never move, since then every reader of a reference (interpreter, compiled
// code, C++ below both, the host) may keep it in a register, and stacks may be read without a map of what lies where. A
// collection comes when as much was allocated as the last one left alive, but at least kLeastThreshold: so memory
// is at most about twice what lives, and the work of marking stays in proportion to that of allocating.
#include "engine/runtime/heap.h"

#include <algorithm>

#include "engine/base/os/clock.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/runtime/extern.h"
#include "engine/runtime/heap_marker.h"
#include "engine/runtime/store.h"

namespace wherry::runtime {
namespace {

constexpr uint64_t kLeastThreshold = 4 << 20;
// A full heap is not collected again before this part of its limit was allocated: the next collection would find hardly
// more than the last, and the guest would run no further than from one to the next.
constexpr uint64_t kLeastGainShare = 64;

}  // namespace

ScannedWords::ScannedWords(Heap& heap) : heap_(heap), outer_(heap.scanned_) { heap.scanned_ = this; }
ScannedWords::~ScannedWords() { heap_.scanned_ = outer_; }

Heap::~Heap() { base::release_pages(mark_stack_, setup_.mark_stack_entries * sizeof(abi::Ref)); }

// At the first object. False: no memory.
bool Heap::begin() {
  if (mark_stack_ == nullptr) {
    mark_stack_ = static_cast<abi::Ref*>(base::map_zeros(setup_.mark_stack_entries * sizeof(abi::Ref)));
    if (mark_stack_ == nullptr) return false;
  }
  space_ = HeapSpace::create(setup_.limit_bytes);
  threshold_bytes_ = kLeastThreshold;
  return space_ != nullptr;
}

// ---- allocation

// Before an allocation. False: no memory for the heap itself.
bool Heap::make_room() {
  if (space_ == nullptr && !begin()) return false;
  if (setup_.stress || since_bytes_ >= threshold_bytes_) collect();
  return true;
}

bool Heap::fill_run(uint32_t size_class) {
  abi::Run& run = front_.runs[size_class];
  if (!space_->refill(size_class, &run)) return false;
  since_bytes_ += static_cast<uint64_t>(run.end - run.cursor);
  // Under stress the next one comes here again.
  if (setup_.stress) run.end = run.cursor + abi::cell_bytes_of(size_class);
  return true;
}

bool Heap::refill(uint32_t size_class) {
  if (!make_room()) return false;
  if (fill_run(size_class)) return true;
  if (since_bytes_ >= space_->limit_bytes() / kLeastGainShare) {
    collect();
    return fill_run(size_class);
  }
  return false;
}

void Heap::expect_garbage() {
  if (space_ != nullptr) since_bytes_ = std::max(threshold_bytes_, space_->limit_bytes());
}

uint8_t* Heap::take(uint64_t size_bytes) {
  if (size_bytes > abi::kMaxCellBytes) {
    uint8_t* const memory = space_->allocate_large(size_bytes);
    if (memory != nullptr) since_bytes_ += size_bytes;
    return memory;
  }
  const uint32_t size_class = abi::size_class_of(static_cast<uint32_t>(size_bytes));
  abi::Run& run = front_.runs[size_class];
  if (run.cursor == run.end && !fill_run(size_class)) return nullptr;
  uint8_t* const cell = run.cursor;
  run.cursor += abi::cell_bytes_of(size_class);
  return cell;
}

abi::ObjectHeader* Heap::allocate(uint32_t type_id, uint32_t length, uint64_t size_bytes) {
  if (!make_room()) return nullptr;
  uint8_t* memory = take(size_bytes);
  if (memory == nullptr && since_bytes_ >= space_->limit_bytes() / kLeastGainShare) {
    collect();
    memory = take(size_bytes);
  }
  if (memory == nullptr) return nullptr;
  auto* const header = reinterpret_cast<abi::ObjectHeader*>(memory);
  *header = {type_id, length};
  return header;
}

abi::Ref Heap::allocate_struct(const wasm::CanonType& type) {
  const uint64_t size_bytes = abi::kPayloadOffset + uint64_t{type.object_slots} * 8;
  return reinterpret_cast<abi::Ref>(allocate(abi::type_id_of(type.id), 0, size_bytes));
}

abi::Ref Heap::allocate_array(const wasm::CanonType& type, uint32_t length) {
  const uint64_t size_bytes = abi::kPayloadOffset + (uint64_t{length} << type.element_shift);
  return reinterpret_cast<abi::Ref>(allocate(abi::type_id_of(type.id), length, size_bytes));
}

abi::Ref Heap::allocate_exception(const Tag& tag, const uint64_t* slots) {
  const uint32_t count = tag.type().param_slots;
  const uint64_t size_bytes = sizeof(abi::ExceptionObject) + uint64_t{count} * 8;
  auto* const made =
      reinterpret_cast<abi::ExceptionObject*>(allocate(abi::kExceptionObject, count, size_bytes));
  if (made == nullptr) return abi::kNullRef;
  made->tag = &tag;
  std::copy_n(slots, count, made->slots());
  return reinterpret_cast<abi::Ref>(made);
}

abi::Ref Heap::allocate_extern(void* object, void (*finalize)(void*)) {
  finalize_dead();
  if (finalize != nullptr && externs_.size() + dead_.size() == extern_room_) {
    const size_t room = std::max(size_t{64}, extern_room_ * 2);
    if (!externs_.reserve(room) || !dead_.reserve(room)) return abi::kNullRef;
    extern_room_ = room;
  }
  auto* const made =
      reinterpret_cast<abi::ExternObject*>(allocate(abi::kExternObject, 0, sizeof(abi::ExternObject)));
  if (made == nullptr) return abi::kNullRef;
  made->object = object;
  made->finalize = finalize;
  const auto ref = reinterpret_cast<abi::Ref>(made);
  if (finalize != nullptr) (void)externs_.push_back(ref);  // It has room.
  return ref;
}

// ---- values of the host

// Takes those that died out of the list, with what is to be done for them, before their memory is given away.
void Heap::sort_out_externs() {
  size_t kept = 0;
  for (const abi::Ref ref : externs_) {
    if (space_->is_marked(ref)) {
      externs_[kept++] = ref;
    } else {
      (void)dead_.push_back(*reinterpret_cast<const abi::ExternObject*>(ref));  // It has room.
    }
  }
  externs_.truncate(kept);
}

// One by one: a finalizer may make values itself.
void Heap::finalize_dead() {
  while (!dead_.empty()) {
    const abi::ExternObject dead = dead_.back();
    dead_.pop_back();
    dead.finalize(dead.object);
  }
}

void Heap::finalize_all() {
  finalize_dead();
  while (!externs_.empty()) {
    const abi::ExternObject last = *reinterpret_cast<const abi::ExternObject*>(externs_.back());
    externs_.pop_back();
    last.finalize(last.object);
  }
}

// ---- collecting

void Heap::collect() {
  if (space_ == nullptr) return;
  const uint64_t begin_ns = base::monotonic_ns();
  front_ = {};
  space_->begin_marking();
  Marker marker(*space_, store_.state().types, {mark_stack_, setup_.mark_stack_entries});
  mark_roots(marker);
  marker.drain();
  sort_out_externs();
  space_->end_marking();
  statistics_.allocated_bytes += since_bytes_;
  since_bytes_ = 0;
  threshold_bytes_ = std::max(kLeastThreshold, space_->live_bytes());
  const uint64_t pause_ns = base::monotonic_ns() - begin_ns;
  ++statistics_.collections;
  statistics_.last_pause_ns = pause_ns;
  statistics_.longest_pause_ns = std::max(statistics_.longest_pause_ns, pause_ns);
  statistics_.total_pause_ns += pause_ns;
}

HeapStatistics Heap::statistics() const {
  HeapStatistics now = statistics_;
  if (space_ == nullptr) return now;
  now.allocated_bytes += since_bytes_;
  now.live_bytes = space_->live_bytes();
  now.heap_bytes = space_->used_bytes();
  return now;
}

}  // namespace wherry::runtime
