// Memory: a guest's linear memory, and MemoryView: checked access to its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "wherry/blob.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry {

// The bytes of a memory at one moment: an address and a size, passed by value.
//
// Safe to keep as long as the store: a memory never moves and never shrinks, so that an old view is at worst too short
// for what has grown since. Take a new one after calling the guest. A span obtained from it, likewise.
//
// Every access is checked; addresses and lengths come from the guest and may be anything. Numbers are read and written
// as the machine has them, which is little-endian as WebAssembly is, at any alignment.
//
// Threads: like the store. Never a view of a shared memory, but for Caller::racing_memory.
class MemoryView {
 public:
  // An empty memory.
  MemoryView() = default;

  // A view of bytes of the host, for testing what works on guests' memories.
  static MemoryView over(std::span<uint8_t> bytes) {
    return bytes.empty() ? MemoryView() : MemoryView(bytes.data(), bytes.size());
  }

  uint64_t size() const { return size_; }

  // Whether `length` bytes from `address` lie within the memory. Never overflows.
  bool contains(uint64_t address, uint64_t length) const {
    return length <= size_ && address <= size_ - length;
  }

  // Where these bytes are, or null if they are not all within the memory. Not null for an empty range within it. For
  // hosts that answer bad addresses with a code of their own, such as WASI's EFAULT.
  uint8_t* at(uint64_t address, uint64_t length) const {
    return contains(address, length) ? base_ + address : nullptr;
  }

  // The same as a span. Error: a trap MemoryOutOfBounds, to be returned from the host function.
  Result<std::span<uint8_t>> bytes(uint64_t address, uint64_t length) const {
    if (!contains(address, length)) [[unlikely]] {
      return Error::trap(TrapCode::MemoryOutOfBounds);
    }
    return std::span<uint8_t>(base_ + address, static_cast<size_t>(length));
  }

  // The bytes as characters, in place. Not checked to be UTF-8. Error: as bytes().
  Result<std::string_view> text(uint64_t address, uint64_t length) const {
    WHERRY_ASSIGN_OR_RETURN(std::span<uint8_t> span, bytes(address, length));
    return std::string_view(reinterpret_cast<const char*>(span.data()), span.size());
  }

  // Copies a value out or in: numbers, and structures that are laid out as the guest's. False, and nothing done, if
  // it is not all within the memory.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool load(uint64_t address, T& value) const {
    const uint8_t* source = at(address, sizeof(T));
    if (source == nullptr) [[unlikely]] {
      return false;
    }
    std::memcpy(&value, source, sizeof(T));
    return true;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool store(uint64_t address, const T& value) const {
    uint8_t* target = at(address, sizeof(T));
    if (target == nullptr) [[unlikely]] {
      return false;
    }
    std::memcpy(target, &value, sizeof(T));
    return true;
  }

  // The same as Results. Error: a trap MemoryOutOfBounds.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Result<T> read(uint64_t address) const {
    T value;
    if (!load(address, value)) [[unlikely]] {
      return Error::trap(TrapCode::MemoryOutOfBounds);
    }
    return value;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Result<void> write(uint64_t address, const T& value) const {
    if (!store(address, value)) [[unlikely]] {
      return Error::trap(TrapCode::MemoryOutOfBounds);
    }
    return {};
  }

  // Copies all of `source` in. Error: a trap MemoryOutOfBounds, and then nothing was written.
  Result<void> write_bytes(uint64_t address, Bytes source) const {
    WHERRY_ASSIGN_OR_RETURN(std::span<uint8_t> target, bytes(address, source.size()));
    if (!source.empty()) {
      std::memcpy(target.data(), source.data(), source.size());
    }
    return {};
  }

 private:
  friend struct HandleAccess;  // The engine's own way in.
  MemoryView(uint8_t* base, uint64_t size) : base_(base), size_(size) {}

  // Never null, so that an empty range has an address. kNothing is never written to: it holds no byte of a guest.
  static constexpr uint8_t kNothing[1] = {};
  uint8_t* base_ = const_cast<uint8_t*>(kNothing);
  uint64_t size_ = 0;
};

// A linear memory. A handle: trivially copyable, valid as long as its store.
//
// Corresponds to spec 4.2.8 "Memory instances", JS-API `WebAssembly.Memory`, wasm-c-api `wasm_memory_t`.
class Memory {
 public:
  // The null handle.
  Memory() = default;

  // A new memory of zeros, at `type.limits.min` pages. A shared one belongs to whoever holds it; SharedMemory::of holds
  // it. Errors: Usage for a type that is not valid, Limit, OutOfMemory, InvalidHandle.
  static Result<Memory> create(StoreRef store, const MemoryType& type);

  bool is_null() const { return handle_.store == 0; }

  // Its type, with the present size as the minimum. Error of this and all below: InvalidHandle.
  Result<MemoryType> type(StoreRef store) const;

  // Its size in bytes, and in its pages.
  Result<uint64_t> size(StoreRef store) const;
  Result<uint64_t> pages(StoreRef store) const;

  // Adds `delta` pages of zeros and returns how many there were before. Addresses stay. Errors also: Limit if its
  // type or the store's limits do not allow it, OutOfMemory; then nothing has changed.
  Result<uint64_t> grow(StoreRef store, uint64_t delta) const;

  // Its bytes; see MemoryView for how long they may be used. Errors also: Usage for a shared memory, whose bytes are
  // copied by read and write.
  Result<MemoryView> view(StoreRef store) const;

  // Its bytes as one span. The same rules: after the guest has run, take a new one to see what has grown.
  Result<std::span<uint8_t>> data(StoreRef store) const;

  // Copies out and in. Errors also: a trap MemoryOutOfBounds, and then nothing was copied.
  Result<void> read(StoreRef store, uint64_t address, std::span<uint8_t> target) const;
  Result<void> write(StoreRef store, uint64_t address, Bytes source) const;

  friend bool operator==(const Memory&, const Memory&) = default;

 private:
  friend struct HandleAccess;
  detail::Handle handle_;
};

}  // namespace wherry
