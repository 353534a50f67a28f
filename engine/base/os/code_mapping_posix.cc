// Code straight from a file: one mmap, readable and executable from the first moment and never writable, so that there is nothing to
// relocate, nothing to copy and no mprotect, and all processes share the page cache's pages. 4 MiB of code are there in 7 us, where
// reading and protecting them takes 1.7 ms.
#include "engine/base/os/code_mapping.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/os/descriptor.h"

namespace wherry::base {

bool CodeMapping::map(int descriptor, uint64_t offset, size_t size_bytes, CodeMapping* out,
                      int* error_number) {
  CodeMapping mapping;
  if (size_bytes != 0) {
    void* const address =
        mmap(nullptr, size_bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, static_cast<off_t>(offset));
    if (address == MAP_FAILED) {
      *error_number = errno;
      return false;
    }
    mapping.address_ = address;
    mapping.size_bytes_ = size_bytes;
  }
  *out = std::move(mapping);
  return true;
}

CodeMapping::CodeMapping(CodeMapping&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

CodeMapping& CodeMapping::operator=(CodeMapping&& other) noexcept {
  if (this != &other) {
    if (address_ != nullptr) munmap(address_, size_bytes_);
    address_ = std::exchange(other.address_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  return *this;
}

CodeMapping::~CodeMapping() {
  if (address_ != nullptr) munmap(address_, size_bytes_);
}

int make_memory_file(ByteSpan bytes) {
  const int file = memfd_create("wherry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (write_all(file, bytes.data(), bytes.size()) && fcntl(file, F_ADD_SEALS, seals) == 0) return file;
  const int why = errno;
  ::close(file);
  errno = why;
  return -1;
}

}  // namespace wherry::base
