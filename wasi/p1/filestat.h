// Attributes of files, as both versions have them; and times to set.
#pragma once

#include <sys/stat.h>

#include "wasi/host/filesystem.h"
#include "wasi/p1/types.h"

namespace wherry::wasi::p1 {

// Either of Filestat and UnstableFilestat.
template <class Stat>
Stat to_filestat(const struct stat& status) {
  const auto nanoseconds = [](const timespec& time) {
    return time.tv_sec < 0
               ? uint64_t{0}
               : static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
  };
  Stat out = {};
  out.device = status.st_dev;
  out.inode = status.st_ino;
  out.type = from_host(host::file_type(status.st_mode));
  out.links = static_cast<decltype(out.links)>(status.st_nlink);
  out.size = static_cast<uint64_t>(status.st_size);
  out.accessed = nanoseconds(status.st_atim);
  out.modified = nanoseconds(status.st_mtim);
  out.changed = nanoseconds(status.st_ctim);
  return out;
}

// What a set of fstflags asks for. Inval for unknown flags, and for a time that is to be both given and now.
[[nodiscard]] Errno to_set_times(uint64_t accessed, uint64_t modified, uint32_t flags,
                                 host::SetTime& access_out, host::SetTime& modified_out);

}  // namespace wherry::wasi::p1
