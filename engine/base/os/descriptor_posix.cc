// read(2) and write(2) in loops: pipes, sockets and signals split what is asked for.
#include "engine/base/os/descriptor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

bool read_at(int file, uint64_t offset, void* to, size_t size_bytes) {
  size_t done = 0;
  while (done < size_bytes) {
    const ssize_t count =
        pread(file, static_cast<char*>(to) + done, size_bytes - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

int read_rest(int file, uint64_t most_bytes, Vector<uint8_t>* bytes) {
  constexpr uint64_t kLeast = 1 << 14;
  struct stat status;
  const bool is_sized = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  uint64_t left = most_bytes + 1;
  // A byte more than a file has, so that the end shows itself.
  uint64_t room = is_sized ? static_cast<uint64_t>(status.st_size) + 1 : kLeast;
  while (left != 0) {
    const size_t begin = bytes->size();
    room = std::min(room, left);
    if (!bytes->resize(begin + room)) return ENOMEM;
    size_t done = 0;
    ssize_t count = 0;
    while (done < room) {
      count = read(file, bytes->data() + begin + done, room - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      done += static_cast<size_t>(count);
    }
    const int error_number = count < 0 ? errno : 0;
    (void)bytes->resize(begin + done);  // It becomes smaller.
    if (error_number != 0 || done < room) return error_number;
    left -= done;
    room = std::max<uint64_t>(bytes->size(), kLeast);
  }
  return 0;
}

}  // namespace wherry::base
