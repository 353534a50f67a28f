// Blob: bytes from malloc, so that growing can stay in place and running out of memory is a value.
#include "wherry/blob.h"

#include <cstdlib>
#include <cstring>

namespace wherry {

Result<Blob> Blob::allocate(size_t size) {
  if (size == 0) {
    return Blob();
  }
  auto* data = static_cast<uint8_t*>(std::calloc(1, size));
  if (data == nullptr) {
    return Error::out_of_memory();
  }
  return Blob(data, size);
}

Result<Blob> Blob::copy(Bytes bytes) {
  if (bytes.empty()) {
    return Blob();
  }
  auto* data = static_cast<uint8_t*>(std::malloc(bytes.size()));
  if (data == nullptr) {
    return Error::out_of_memory();
  }
  std::memcpy(data, bytes.data(), bytes.size());
  return Blob(data, bytes.size());
}

Blob::~Blob() { std::free(data_); }

Result<void> Blob::resize(size_t size) {
  const size_t before = size_;
  WHERRY_RETURN_IF_ERROR(resize_for_overwrite(size));
  if (size > before) {
    std::memset(data_ + before, 0, size - before);
  }
  return {};
}

Result<void> Blob::resize_for_overwrite(size_t size) {
  if (size == 0) {
    *this = Blob();
    return {};
  }
  auto* data = static_cast<uint8_t*>(std::realloc(data_, size));
  if (data == nullptr) {
    return Error::out_of_memory();
  }
  data_ = data;
  size_ = size;
  return {};
}

}  // namespace wherry
