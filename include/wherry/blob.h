// Bytes that own their memory: what text parses into, and what a Module can take over without copying.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "wherry/result.h"

namespace wherry {

// A borrowed run of bytes.
using Bytes = std::span<const uint8_t>;

// The bytes of a text or string, without copying. Lives as long as `text`'s characters.
inline Bytes as_bytes(std::string_view text) {
  return Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

// A run of bytes with an owner. Move-only; may be moved between threads. Unlike std::vector it reports lack of memory
// as an Error, since its size can come from a guest.
class Blob {
 public:
  Blob() = default;

  // `size` bytes of zero. Error: OutOfMemory.
  static Result<Blob> allocate(size_t size);

  // A copy of `bytes`. Error: OutOfMemory.
  static Result<Blob> copy(Bytes bytes);

  Blob(Blob&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Blob& operator=(Blob&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Blob();

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

  // Views that live as long as the Blob is neither changed nor destroyed; moving it keeps them.
  Bytes bytes() const { return Bytes(data_, size_); }
  std::string_view text() const { return std::string_view(reinterpret_cast<const char*>(data_), size_); }

  // Changes the size, keeping what fits; new bytes are zero. Invalidates views. Error: OutOfMemory, and then nothing
  // has changed.
  Result<void> resize(size_t size);
  // The same for bytes that are about to be written: new ones have unspecified values.
  Result<void> resize_for_overwrite(size_t size);

 private:
  Blob(uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace wherry
