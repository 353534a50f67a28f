// What an embedder hands over, looked at before a guest gets it; and the ready-made ends of standard streams.
//
// A preopened directory may be a path, which each store opens for itself, or a descriptor of the embedder's, which any number of
// stores share: a thousand stores with three directories each would otherwise be three thousand descriptors.
#include "wasi/host/preopen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>

namespace wherry::wasi {

namespace host {

Result<Handle> open_preopen(const Preopen& preopen) {
  if (preopen.descriptor >= 0) {
    struct stat status;
    if (fstat(preopen.descriptor, &status) != 0)
      return Error::io(errno, "cannot use a directory's descriptor");
    if (!S_ISDIR(status.st_mode)) return Error::io(ENOTDIR, "cannot use a directory's descriptor");
    return Handle::borrow(preopen.descriptor);
  }
  const std::string path(preopen.host_path);
  if (path.find('\0') != path.npos) return Error::usage("the path of a directory contains a NUL");
  Handle handle = Handle::own(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.empty()) return Error::io(errno, "cannot open directory " + path);
  return handle;
}

Result<void> check_stdio(const Stdio& choice, int number) {
  const bool is_input = number == STDIN_FILENO;
  if ((choice.kind == Stdio::Kind::Reader && (!is_input || choice.reader == nullptr)) ||
      (choice.kind == Stdio::Kind::Writer && (is_input || choice.writer == nullptr))) {
    return Error::usage("a standard input comes from a reader and an output goes to a writer");
  }
  return {};
}

}  // namespace host

size_t BytesReader::read(std::span<uint8_t> room) {
  const size_t size = std::min(room.size(), rest_.size());
  if (size != 0) memcpy(room.data(), rest_.data(), size);
  rest_ = rest_.subspan(size);
  return size;
}

size_t OutputBuffer::write(Bytes bytes) {
  const size_t wanted = std::min(bytes.size(), most_ - size_);
  if (wanted < bytes.size()) overflowed_ = true;
  if (wanted > capacity_ - size_) {
    constexpr size_t kFirst = 256;
    const size_t capacity = std::min(most_, std::max({kFirst, 2 * capacity_, size_ + wanted}));
    std::unique_ptr<uint8_t[]> larger(new (std::nothrow) uint8_t[capacity]);
    if (larger == nullptr) {
      overflowed_ = true;
      return 0;
    }
    if (size_ != 0) memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }
  if (wanted != 0) memcpy(bytes_.get() + size_, bytes.data(), wanted);
  size_ += wanted;
  return wanted;
}

void OutputBuffer::clear() {
  size_ = 0;
  overflowed_ = false;
}

}  // namespace wherry::wasi
