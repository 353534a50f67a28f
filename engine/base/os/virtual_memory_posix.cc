// Address space by mmap and mprotect.
//
// Reservations are PROT_NONE and MAP_NORESERVE: 4 GiB of them cost 5 us and no memory, and 32,000 fit into the 47 bits
// of an x86-64 process. Committing is an mprotect (0.8 us): pages are zero because they never were anything else.
// Decommitting maps anew instead of madvise and mprotect, one call and no moment in which old bytes are readable.
// Rejected: memfd behind memories (images are pages of the compiled file itself).
#include "engine/base/os/virtual_memory.h"

#include <atomic>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wherry::base {

size_t page_size_bytes() {
  static constinit std::atomic<size_t> g_known{0};  // The C library takes 10 ns to answer.
  size_t known = g_known.load(std::memory_order_relaxed);
  if (known != 0) return known;
  known = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  g_known.store(known, std::memory_order_relaxed);
  return known;
}

size_t round_up_to_pages(size_t size_bytes) {
  const size_t mask = page_size_bytes() - 1;
  size_t up;
  if (__builtin_add_overflow(size_bytes, mask, &up)) return 0;
  return up & ~mask;
}

void* reserve_pages(size_t size_bytes) {
  void* address = mmap(nullptr, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? nullptr : address;
}

bool commit_pages(void* address, size_t size_bytes) {
  return size_bytes == 0 || mprotect(address, size_bytes, PROT_READ | PROT_WRITE) == 0;
}

bool decommit_pages(void* address, size_t size_bytes) {
  if (size_bytes == 0) return true;
  // SAFETY: the caller owns [address, address + size_bytes), so that replacing the mapping takes nothing else away.
  return mmap(address, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
              0) != MAP_FAILED;
}

bool discard_pages(void* address, size_t size_bytes) {
  if (size_bytes == 0) return true;
  // SAFETY: as in decommit_pages.
  return mmap(address, size_bytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void prefault_pages(void* address, size_t size_bytes) {
#ifdef MADV_POPULATE_WRITE  // Linux 5.14; older kernels refuse it, and the pages come by faults.
  // Below some pages the call costs more than it saves.
  constexpr size_t kWorthIt = 64 << 10;
  if (size_bytes < kWorthIt) return;
  const uintptr_t mask = page_size_bytes() - 1;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address) & ~mask;
  const uintptr_t end = reinterpret_cast<uintptr_t>(address) + size_bytes;
  madvise(reinterpret_cast<void*>(begin), ((end + mask) & ~mask) - begin, MADV_POPULATE_WRITE);
#else
  (void)address;
  (void)size_bytes;
#endif
}

bool map_private_copy(void* address, size_t size_bytes, int descriptor, uint64_t file_offset) {
  // SAFETY: as in decommit_pages.
  return mmap(address, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
              descriptor, static_cast<off_t>(file_offset)) != MAP_FAILED;
}

void release_pages(void* address, size_t size_bytes) {
  if (address != nullptr) munmap(address, size_bytes);
}

void* map_zeros(size_t size_bytes) {
  if (size_bytes == 0) return nullptr;
  void* address = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return address == MAP_FAILED ? nullptr : address;
}

namespace {

// Returns an errno, or 0.
int size_of(int descriptor, uint64_t max_size_bytes, size_t* size_bytes) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return ENODEV;
  if (static_cast<uint64_t>(status.st_size) > max_size_bytes) return EFBIG;
  *size_bytes = static_cast<size_t>(status.st_size);
  return 0;
}

}  // namespace

bool MappedFile::open(const char* path, uint64_t max_size_bytes, MappedFile* out, int* error_number) {
  int descriptor;
  do {
    // O_NONBLOCK: opening a pipe must not wait for its writer; plain files do not care.
    descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) {
    *error_number = errno;
    return false;
  }
  return adopt(descriptor, max_size_bytes, out, error_number);
}

bool MappedFile::adopt(int descriptor, uint64_t max_size_bytes, MappedFile* out, int* error_number) {
  MappedFile file;
  file.descriptor_ = descriptor;
  size_t size_bytes = 0;
  *error_number = size_of(descriptor, max_size_bytes, &size_bytes);
  if (*error_number != 0) return false;
  if (size_bytes != 0) {
    void* address = mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) {
      *error_number = errno;
      return false;
    }
    file.address_ = address;
    file.size_bytes_ = size_bytes;
  }
  *out = std::move(file);
  return true;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    close();
    address_ = std::exchange(other.address_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

MappedFile::~MappedFile() { close(); }

void MappedFile::close() {
  release_pages(address_, size_bytes_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool MappedFile::is_intact() const {
  struct stat status;
  return descriptor_ < 0 ||
         (fstat(descriptor_, &status) == 0 && static_cast<uint64_t>(status.st_size) == size_bytes_);
}

}  // namespace wherry::base
