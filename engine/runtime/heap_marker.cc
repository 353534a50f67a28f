// Marking: a stack of objects that have their mark and have not been looked into.
//
// No recursion, and no allocation either, for a collection comes when there is no memory: the stack has a fixed size. When
// it is full, an object gets its mark and is forgotten; when the rest is done, all marked objects are looked through once
// more for references to unmarked ones, until nothing was forgotten. Long arrays are looked at in slices, so that one of
// them does not fill the stack alone.
//
// Marking waits for memory: objects wait in a short queue between stack and scan while their first cache line is fetched. For the
// same reason the type of the object before is tried first: that is a comparison, which the processor guesses, where reading the
// type is two loads that all that follows waits for. The figures are in docs/rationale.md.
#include "engine/runtime/heap_marker.h"

#include <bit>

#include "engine/runtime/extern.h"

namespace wherry::runtime {

// Stacks hold words of other functions, which sanitizers guard.
[[clang::no_sanitize("address")]] void Marker::mark_words(const uint64_t* begin, const uint64_t* end) {
  for (const uint64_t* word = begin; word < end; ++word) {
    const uint64_t candidate = *word;
    if (space_.is_object(candidate)) mark(candidate);
  }
}

void Marker::drain() {
  empty_stack();
  while (has_overflown_) {
    has_overflown_ = false;
    space_.for_each_marked([this](abi::Ref ref) {
      scan(ref);
      empty_stack();
    });
  }
}

void Marker::empty_stack() {
  constexpr size_t kQueue = 8;
  abi::Ref queue[kQueue];
  size_t begin = 0;
  size_t end = 0;
  // What each reference needs, in registers: stores through pointers would have it read again from this object.
  const HeapSpace::MarkView view = space_.mark_view();
  const MarkStack stack = stack_;
  size_t top = top_;
  uint32_t last_type = abi::kExternObject;
  uint64_t last_slots = 0;
  while (true) {
    while (end - begin < kQueue && top != 0) {
      const abi::Ref ref = stack.entries[--top];
      __builtin_prefetch(reinterpret_cast<const void*>(ref));
      queue[end++ % kQueue] = ref;
    }
    if (begin == end) {
      if (slice_count_ == 0) break;
      top_ = top;
      scan_slice();
      top = top_;
      continue;
    }
    const abi::Ref ref = queue[begin++ % kQueue];
    const uint32_t type = abi::header_of(ref)->type_id;
    if (type != last_type) {
      if (!has_few_slots(type, &last_slots)) {
        top_ = top;
        scan(ref);
        top = top_;
        continue;
      }
      last_type = type;
    }
    const uint64_t* const slots = abi::slots_of(ref);
    for (uint64_t bits = last_slots; bits != 0; bits &= bits - 1) {
      const uint64_t field = slots[std::countr_zero(bits)];
      if (!view.mark(field)) continue;
      if (top == stack.capacity) [[unlikely]]
        has_overflown_ = true;
      else
        stack.entries[top++] = field;
    }
  }
  top_ = top;
}

bool Marker::has_few_slots(uint32_t type_id, uint64_t* slots) const {
  if (type_id == abi::kExceptionObject) return false;
  const wasm::CanonType* const type =
      type_id == abi::kExternObject ? nullptr : &(*types_)[wasm::CanonId(type_id - 1)];
  const bool has_refs = type != nullptr && type->has_refs;
  if (has_refs && (type->kind != wasm::CompositeKind::Struct || type->object_slots > 64)) return false;
  *slots = has_refs ? type->ref_slots : 0;
  return true;
}

void Marker::scan(abi::Ref ref) {
  const uint32_t type_id = abi::header_of(ref)->type_id;
  if (type_id == abi::kExternObject) return;
  if (type_id == abi::kExceptionObject) return scan_exception(ref);
  const wasm::CanonType& type = (*types_)[wasm::CanonId(type_id - 1)];
  if (!type.has_refs) return;
  if (type.kind == wasm::CompositeKind::Struct) return scan_struct(ref, type);
  scan_array(ref);
}

void Marker::scan_struct(abi::Ref ref, const wasm::CanonType& type) {
  const uint64_t* const slots = abi::slots_of(ref);
  for (uint64_t bits = type.ref_slots; bits != 0; bits &= bits - 1) mark(slots[std::countr_zero(bits)]);
  if (type.object_slots <= 64) return;
  for (uint32_t field = 0; field < type.fields.size(); ++field) {
    if (type.fields[field].storage.is_ref()) mark(slots[type.field_slot(field)]);
  }
}

void Marker::scan_array(abi::Ref ref) {
  const uint32_t length = abi::header_of(ref)->length;
  if (length > kSliceElements) {
    if (slice_count_ == kMostSlices) {
      has_overflown_ = true;
      return;
    }
    slices_[slice_count_++] = {ref, 0};
    return;
  }
  const uint64_t* const elements = abi::slots_of(ref);
  for (uint32_t i = 0; i < length; ++i) mark(elements[i]);
}

void Marker::scan_slice() {
  Slice& slice = slices_[slice_count_ - 1];
  const uint64_t* const elements = abi::slots_of(slice.array);
  const uint32_t length = abi::header_of(slice.array)->length;
  const uint32_t end = length - slice.next > kSliceElements ? slice.next + kSliceElements : length;
  const uint32_t begin = slice.next;
  slice.next = end;
  if (end == length) --slice_count_;
  for (uint32_t i = begin; i < end; ++i) mark(elements[i]);
}

void Marker::scan_exception(abi::Ref ref) {
  const auto* const exception = reinterpret_cast<const abi::ExceptionObject*>(ref);
  const uint64_t* slot = exception->slots();
  for (const wasm::ValType type : static_cast<const Tag*>(exception->tag)->type().func.params) {
    if (type.is_ref()) mark(*slot);
    slot += wasm::slots_of(type);
  }
}

}  // namespace wherry::runtime
