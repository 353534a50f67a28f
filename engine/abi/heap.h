#pragma once

#include <cstdint>

#include "engine/abi/cell.h"

// Objects of a store's garbage-collected heap, and the part of the heap that running code reads and writes itself:
// the runs from which it allocates. docs/gc.md explains the heap; engine/runtime/heap.h is the rest of it.
namespace wherry::abi {

// Every object begins with this, at an address that is a multiple of 16. `type_id` says what it is: a structure or an
// array (wasm::CanonId + 1), or one of the two below; 0 is a cell that holds no object.
struct ObjectHeader {
  uint32_t type_id;
  uint32_t length;  // Arrays: elements. Exceptions: slots of arguments. Otherwise 0.
};

inline constexpr uint32_t kFreeCell = 0;
inline constexpr uint32_t kExceptionObject = 0xffff'fffe;
inline constexpr uint32_t kExternObject = 0xffff'ffff;

// A structure: its fields in order, each in slots of 8 bytes (v128: two) as a frame would hold it; a packed field has
// its value in the lowest bits and zeros above. Field i is at slot CanonType::field_slot(i), so that a subtype's
// fields lie where its supertype's do, and making one is copying slots.
// An array: its elements, packed, from the same offset on. Neither is aligned to more than 8 bytes.
inline constexpr uint32_t kPayloadOffset = sizeof(ObjectHeader);

// A value of the host behind an externref. `finalize`, unless null, is called with `object` when nothing refers to it
// any more; never while a guest runs (see runtime::Heap).
struct ExternObject {
  ObjectHeader header;
  void* object;
  void (*finalize)(void*);
};

// An exception: the identity of its tag (a runtime::Tag*, which knows the types of the arguments), then
// `header.length` slots of arguments.
struct ExceptionObject {
  ObjectHeader header;
  const void* tag;

  uint64_t* slots() { return reinterpret_cast<uint64_t*>(this + 1); }
  const uint64_t* slots() const { return reinterpret_cast<const uint64_t*>(this + 1); }
};
static_assert(sizeof(ExceptionObject) == 16);

inline ObjectHeader* header_of(Ref ref) { return reinterpret_cast<ObjectHeader*>(ref); }
inline uint8_t* payload_of(Ref ref) { return reinterpret_cast<uint8_t*>(ref) + kPayloadOffset; }
inline uint64_t* slots_of(Ref ref) { return reinterpret_cast<uint64_t*>(payload_of(ref)); }

// An i31 of the lowest 31 bits.
constexpr Ref i31_of(uint32_t value) { return Ref{value & 0x7fff'ffff} << 1 | 1; }
constexpr uint32_t i31_unsigned(Ref ref) { return static_cast<uint32_t>(ref >> 1); }
constexpr int32_t i31_signed(Ref ref) { return static_cast<int32_t>(static_cast<uint32_t>(ref)) >> 1; }

// Cells come in sizes: by 16 bytes up to 128, then four to a doubling up to 8 KiB, then a third and a half of a block.
// What is larger lies in blocks of its own.
inline constexpr uint32_t kSizeClasses = 34;
inline constexpr uint32_t kBlockBytes = 32 << 10;
inline constexpr uint32_t kMaxCellBytes = kBlockBytes / 2;

// The class for an object of 1 to kMaxCellBytes bytes.
constexpr uint32_t size_class_of(uint32_t size_bytes) {
  if (size_bytes <= 128) return (size_bytes - 1) / 16;
  if (size_bytes > 8192) return size_bytes <= 10912 ? 32 : 33;
  const uint32_t last = size_bytes - 1;
  const auto top = static_cast<uint32_t>(31 - __builtin_clz(last));
  return 8 + (top - 7) * 4 + (last >> (top - 2) & 3);
}

constexpr uint32_t cell_bytes_of(uint32_t size_class) {
  if (size_class < 8) return (size_class + 1) * 16;
  if (size_class >= 32) return size_class == 32 ? 10912 : kMaxCellBytes;
  const uint32_t top = 7 + (size_class - 8) / 4;
  return (1u << top) + (((size_class - 8) % 4 + 1) << (top - 2));
}

// Free cells of one size, one behind the other, all zeros: allocating is taking the first. [cursor, end) is a multiple
// of the cell's size long. Empty: both null, or equal.
struct Run {
  uint8_t* cursor;
  uint8_t* end;
};

// Where running code allocates: StoreState::heap. When a run is empty, Builtins::allocate makes the object.
struct HeapFront {
  Run runs[kSizeClasses];
};

// An object's memory, all zeros but for the header, from the run of its class; null if that is empty.
inline ObjectHeader* take_cell(HeapFront* front, uint32_t size_class, uint32_t cell_bytes, uint32_t type_id,
                               uint32_t length) {
  Run& run = front->runs[size_class];
  uint8_t* const cell = run.cursor;
  if (cell == run.end) [[unlikely]]
    return nullptr;
  run.cursor = cell + cell_bytes;
  auto* const header = reinterpret_cast<ObjectHeader*>(cell);
  *header = {type_id, length};
  return header;
}

}  // namespace wherry::abi
