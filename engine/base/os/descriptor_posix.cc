// read(2) and write(2) in loops: pipes, sockets and signals split what is asked for.
#include "engine/base/os/descriptor.h"

#include <unistd.h>
#include <cerrno>

namespace wherry::base {

bool write_all(int file, const void* bytes, size_t size_bytes) {
  const auto* at = static_cast<const char*>(bytes);
  while (size_bytes != 0) {
    const ssize_t count = write(file, at, size_bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size_bytes -= static_cast<size_t>(count);
  }
  return true;
}

size_t read_all(int file, void* to, size_t size_bytes) {
  size_t done = 0;
  while (done < size_bytes) {
    const ssize_t count = read(file, static_cast<char*>(to) + done, size_bytes - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

}  // namespace wherry::base
