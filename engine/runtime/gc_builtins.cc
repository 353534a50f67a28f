// New arrays and whole ranges of arrays (core spec 4.4.3): what the handlers leave to the runtime.
//
// Every size is computed in 64 bits from a length and a shift of at most 4, so that nothing wraps. Bounds come first and
// count for the whole operation, then fuel, then the work. A new array is reachable from the caller's slots only when it
// is complete; until then it is on the native stack, which a collection reads.
#include "engine/runtime/gc_builtins.h"

#include <algorithm>
#include <cstring>

#include "engine/abi/heap.h"
#include "engine/runtime/metering.h"
#include "engine/runtime/store.h"

namespace wherry::runtime {

using wasm::TrapCode;

namespace {

const wasm::CanonType& type_of(abi::Context* context, uint32_t type_id) {
  return (*context->store->types)[wasm::CanonId(type_id - 1)];
}
const wasm::CanonType& type_of(abi::Context* context, abi::Ref array) {
  return type_of(context, abi::header_of(array)->type_id);
}

// A range of an array; the trap when there is none.
TrapCode find_range(abi::Ref array, uint32_t at, uint32_t count) {
  if (array == abi::kNullRef) return TrapCode::NullArrayReference;
  return is_within(at, count, abi::header_of(array)->length) ? TrapCode::None : TrapCode::ArrayOutOfBounds;
}

uint8_t* element_at(abi::Ref array, uint32_t at, uint32_t shift) {
  return abi::payload_of(array) + (uint64_t{at} << shift);
}

// The barrier of a whole range: the collector looks at the holder again.
void after_refs(abi::Context* context, abi::Ref holder) {
  if (context->store->gc_barrier != 0) context->builtins->barrier(context, holder, abi::kNullRef);
}

template <class Element>
void fill(uint8_t* to, uint64_t size_bytes, uint64_t value) {
  std::fill_n(reinterpret_cast<Element*>(to), size_bytes / sizeof(Element), static_cast<Element>(value));
}

TrapCode fill_elements(abi::Context* context, uint8_t* to, uint32_t shift, uint32_t count,
                       const uint64_t* value) {
  if (count == 0) return TrapCode::None;
  return in_pieces(context, uint64_t{count} << shift, false, [=](uint64_t offset, uint64_t piece) {
    switch (shift) {
      case 0: return fill<uint8_t>(to + offset, piece, value[0]);
      case 1: return fill<uint16_t>(to + offset, piece, value[0]);
      case 2: return fill<uint32_t>(to + offset, piece, value[0]);
      case 3: return fill<uint64_t>(to + offset, piece, value[0]);
      default: break;
    }
    for (uint64_t done = 0; done < piece; done += 16) std::memcpy(to + offset + done, value, 16);
  });
}

// A new array of zeros, charged by its size. The trap when there is none.
TrapCode make_array(abi::Context* context, uint32_t type_id, uint32_t length, uint64_t* live_end,
                    abi::Ref* made) {
  const uint64_t size_bytes =
      abi::kPayloadOffset + (uint64_t{length} << type_of(context, type_id).element_shift);
  if (size_bytes > Store::of(context).setup().limits.heap_bytes) return TrapCode::AllocationTooLarge;
  if (const TrapCode trap = charge(context, size_bytes / kBytesPerFuel); trap != TrapCode::None) return trap;
  abi::ObjectHeader* const header = allocate(context, type_id, length, size_bytes, live_end);
  if (header == nullptr) return TrapCode::OutOfMemory;
  *made = reinterpret_cast<abi::Ref>(header);
  return TrapCode::None;
}

// The references of an element segment. The trap when they could not be worked out: the error is pending.
TrapCode read_elements(abi::Context* context, uint32_t element, std::span<const abi::Ref>* refs) {
  base::Result<std::span<const abi::Ref>> read = Instance::of(context)->element(element);
  if (read) {
    *refs = *read;
    return TrapCode::None;
  }
  Store::of(context).set_pending_error(std::move(read).error());
  return TrapCode::HostError;
}

}  // namespace

abi::ObjectHeader* allocate(abi::Context* context, uint32_t type_id, uint32_t length, uint64_t size_bytes,
                            uint64_t* live_end) {
  abi::Activation& activation = *context->store->activation;
  activation.live_end = live_end;
  abi::ObjectHeader* const made = Store::of(context).heap().allocate(type_id, length, size_bytes);
  activation.live_end = nullptr;
  return made;
}

bool refill(abi::Context* context, uint32_t size_class, uint64_t* live_end) {
  abi::Activation& activation = *context->store->activation;
  activation.live_end = live_end;
  const bool done = Store::of(context).heap().refill(size_class);
  activation.live_end = nullptr;
  return done;
}

TrapCode array_new(abi::Context* context, uint32_t type_id, uint32_t length, const uint64_t* value,
                   uint64_t* live_end, abi::Ref* result) {
  abi::Ref made = abi::kNullRef;
  if (const TrapCode trap = make_array(context, type_id, length, live_end, &made); trap != TrapCode::None)
    return trap;
  if (value != nullptr) {
    const uint32_t shift = type_of(context, type_id).element_shift;
    if (const TrapCode trap = fill_elements(context, abi::payload_of(made), shift, length, value);
        trap != TrapCode::None)
      return trap;
  }
  *result = made;
  return TrapCode::None;
}

TrapCode array_new_data(abi::Context* context, uint32_t type_id, uint32_t data, uint32_t from,
                        uint32_t length, uint64_t* live_end, abi::Ref* result) {
  const base::ByteSpan source = Instance::of(context)->data(data);
  const uint64_t size_bytes = uint64_t{length} << type_of(context, type_id).element_shift;
  if (!is_within(from, size_bytes, source.size())) return TrapCode::MemoryOutOfBounds;
  abi::Ref made = abi::kNullRef;
  if (const TrapCode trap = make_array(context, type_id, length, live_end, &made); trap != TrapCode::None)
    return trap;
  if (const TrapCode trap = move_bytes(context, abi::payload_of(made), source.data() + from, size_bytes);
      trap != TrapCode::None)
    return trap;
  *result = made;
  return TrapCode::None;
}

TrapCode array_new_elem(abi::Context* context, uint32_t type_id, uint32_t element, uint32_t from,
                        uint32_t length, uint64_t* live_end, abi::Ref* result) {
  if (!is_within(from, length, Instance::of(context)->element_count(element)))
    return TrapCode::TableOutOfBounds;
  // Before the array is made: they may be objects that are made now.
  std::span<const abi::Ref> refs;
  if (const TrapCode trap = read_elements(context, element, &refs); trap != TrapCode::None) return trap;
  abi::Ref made = abi::kNullRef;
  if (const TrapCode trap = make_array(context, type_id, length, live_end, &made); trap != TrapCode::None)
    return trap;
  if (length != 0) std::memcpy(abi::payload_of(made), refs.data() + from, uint64_t{length} * 8);
  *result = made;
  return TrapCode::None;
}

TrapCode array_fill(abi::Context* context, abi::Ref array, uint32_t at, const uint64_t* value,
                    uint32_t count) {
  if (const TrapCode trap = find_range(array, at, count); trap != TrapCode::None) return trap;
  const wasm::CanonType& type = type_of(context, array);
  const uint64_t size_bytes = uint64_t{count} << type.element_shift;
  if (const TrapCode trap = charge(context, ceil_divide(size_bytes, kBytesPerFuel)); trap != TrapCode::None)
    return trap;
  if (type.has_refs && context->store->gc_barrier != 0) context->builtins->barrier(context, array, value[0]);
  return fill_elements(context, element_at(array, at, type.element_shift), type.element_shift, count, value);
}

TrapCode array_copy(abi::Context* context, abi::Ref to, uint32_t to_at, abi::Ref from, uint32_t from_at,
                    uint32_t count) {
  if (const TrapCode trap = find_range(to, to_at, count); trap != TrapCode::None) return trap;
  if (const TrapCode trap = find_range(from, from_at, count); trap != TrapCode::None) return trap;
  const wasm::CanonType& type = type_of(context, to);
  const uint64_t size_bytes = uint64_t{count} << type.element_shift;
  if (const TrapCode trap = charge(context, ceil_divide(size_bytes, kBytesPerFuel)); trap != TrapCode::None)
    return trap;
  if (type.has_refs) after_refs(context, to);
  return move_bytes(context, element_at(to, to_at, type.element_shift),
                    element_at(from, from_at, type.element_shift), size_bytes);
}

TrapCode array_init_data(abi::Context* context, abi::Ref array, uint32_t at, uint32_t data, uint32_t from,
                         uint32_t count) {
  if (const TrapCode trap = find_range(array, at, count); trap != TrapCode::None) return trap;
  const base::ByteSpan source = Instance::of(context)->data(data);
  const uint32_t shift = type_of(context, array).element_shift;
  const uint64_t size_bytes = uint64_t{count} << shift;
  if (!is_within(from, size_bytes, source.size())) return TrapCode::MemoryOutOfBounds;
  if (const TrapCode trap = charge(context, ceil_divide(size_bytes, kBytesPerFuel)); trap != TrapCode::None)
    return trap;
  return move_bytes(context, element_at(array, at, shift), source.data() + from, size_bytes);
}

TrapCode array_init_elem(abi::Context* context, abi::Ref array, uint32_t at, uint32_t element, uint32_t from,
                         uint32_t count) {
  if (const TrapCode trap = find_range(array, at, count); trap != TrapCode::None) return trap;
  if (!is_within(from, count, Instance::of(context)->element_count(element)))
    return TrapCode::TableOutOfBounds;
  if (const TrapCode trap = charge(context, ceil_divide(count, kElementsPerFuel)); trap != TrapCode::None)
    return trap;
  std::span<const abi::Ref> refs;
  if (const TrapCode trap = read_elements(context, element, &refs); trap != TrapCode::None) return trap;
  if (count != 0) std::memcpy(element_at(array, at, 3), refs.data() + from, uint64_t{count} * 8);
  after_refs(context, array);
  return TrapCode::None;
}

}  // namespace wherry::runtime
