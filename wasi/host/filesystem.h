// Files and directories as capabilities: what may be done with something of the host, decided in one place.
//
// Errors are errno values, 0 for success. Nothing here owns a descriptor (see handle.h); nothing blocks except as the
// host's disks do. Any thread, each descriptor on one at a time.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wasi/host/handle.h"
#include "wasi/host/path.h"

namespace wherry::wasi::host {

// What may be done in a directory and all that is reached through it. Kept by what is opened there.
enum class Access : uint8_t {
  Read,   // look only: every change fails with EPERM
  Write,  // everything the host's own permissions allow
};

enum class FileType : uint8_t {
  Unknown,
  BlockDevice,
  CharacterDevice,
  Directory,
  Regular,
  Datagram,
  Stream,
  Link,
  Fifo
};

// The type in the mode of a struct stat.
FileType file_type(mode_t mode);

// A time to set: leave it, take the host's, or this one.
struct SetTime {
  enum class Kind : uint8_t { Keep, Now, At };
  Kind kind = Kind::Keep;
  uint64_t nanoseconds = 0;  // since 1970
};

struct OpenOptions {
  bool read = false;
  bool write = false;
  bool append = false;
  bool sync = false;
  bool data_sync = false;
  bool create = false;
  bool exclusive = false;
  bool truncate = false;
  bool directory = false;
  Follow follow = Follow::Yes;
};

// What was opened, with its type.
struct Opened {
  Handle handle;
  FileType type = FileType::Unknown;
};

// One entry of a directory. `name` lies in a buffer of the listing and is not checked to be UTF-8.
struct DirectoryEntry {
  uint64_t next;  // the cookie of what follows it
  uint64_t inode;
  FileType type;
  std::string_view name;
};

// A directory of the host, open: a view that owns nothing. All paths are relative to it and stay beneath it.
class Directory {
 public:
  Directory(int fd, Access access, PathResolution resolver) : fd_(fd), access_(access), resolver_(resolver) {}

  // Opens a file or directory. Never waits for the other end of a FIFO: what is not a regular file comes out in
  // non-blocking mode. Errors also: EINVAL for `directory` with create, exclusive or truncate.
  [[nodiscard]] int open(std::string_view path, const OpenOptions& options, Opened& out) const;

  [[nodiscard]] int create_directory(std::string_view path) const;
  [[nodiscard]] int remove_directory(std::string_view path) const;
  [[nodiscard]] int unlink(std::string_view path) const;
  [[nodiscard]] int stat(std::string_view path, Follow follow, struct stat& out) const;
  [[nodiscard]] int set_times(std::string_view path, Follow follow, SetTime access, SetTime modified) const;

  // A link to `target`, which must be a relative path; it may lead anywhere, since following it is checked. Reading
  // one with an absolute target fails with EPERM: it says where things are on the host.
  [[nodiscard]] int symlink(std::string_view target, std::string_view path) const;
  [[nodiscard]] int read_link(std::string_view path, std::span<char> out, size_t& length) const;

  // Both need Access::Write on both sides: a second name for a file that is only to be read, in a place where
  // writing is allowed, would make it writable.
  [[nodiscard]] int rename(std::string_view path, const Directory& to, std::string_view new_path) const;
  [[nodiscard]] int link(std::string_view path, const Directory& to, std::string_view new_path) const;

  Access access() const { return access_; }

 private:
  [[nodiscard]] int prepare(std::string_view text, Path& path, Place& place) const;
  [[nodiscard]] int expect_directory(std::string_view text) const;

  int fd_;
  Access access_;
  PathResolution resolver_;
};

// Lists a directory from `cookie` on (0: from the start) in the host's order, `.` and `..` among the entries. One that is not
// owned is opened once more for it: where it stands in its listing is also the business of others.
// Cookies are the file system's own and stay valid while other entries come and go. Stops when `visit` returns false.
// Costs a bounded amount of memory whatever the directory's size.
using VisitEntry = bool (*)(void* context, const DirectoryEntry& entry);
[[nodiscard]] int list_directory(const Handle& directory, uint64_t cookie, void* context, VisitEntry visit);

// An open file of the host: a view that owns nothing.
class File {
 public:
  File(int fd, Access access) : fd_(fd), access_(access) {}

  [[nodiscard]] int stat(struct stat& out) const;
  [[nodiscard]] int set_size(uint64_t size) const;
  [[nodiscard]] int set_times(SetTime access, SetTime modified) const;
  // Makes sure that the range has room, growing the file. EOPNOTSUPP where the file system cannot.
  [[nodiscard]] int allocate(uint64_t offset, uint64_t length) const;
  // `advice` is one of POSIX_FADV_*.
  [[nodiscard]] int advise(uint64_t offset, uint64_t length, int advice) const;
  [[nodiscard]] int sync() const;
  [[nodiscard]] int sync_data() const;
  [[nodiscard]] int seek(int64_t offset, int whence, uint64_t& position) const;
  [[nodiscard]] int set_append(bool append) const;

 private:
  int fd_;
  Access access_;
};

}  // namespace wherry::wasi::host
