// Operations on names beneath a directory.
//
// Two shapes cover all of them. What acts on a name itself (mkdir, unlink, rename, stat of a link) opens the parent
// beneath the root and gives the kernel one component. What acts on the thing that a path leads to (open, stat, times)
// opens it beneath the root and works on the descriptor. No path of a guest with more than one component, and none
// whose last link might be followed, reaches any other call.
//
// Permissions of a directory are tested here, before anything is looked up, so that the answer for a directory that
// is only to be read does not depend on what is in it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wasi/host/filesystem.h"
#include "wasi/host/times.h"

namespace wherry::wasi::host {

namespace {

int last_error(int result) { return result == 0 ? 0 : errno; }

int open_flags(const OpenOptions& options) {
  // Truncating without writing is unspecified in POSIX: write then, and let the caller's rights say no.
  const bool write = options.write || options.truncate;
  int flags = write ? (options.read ? O_RDWR : O_WRONLY) : O_RDONLY;
  flags |= O_NOCTTY | O_NONBLOCK;
  if (options.append) flags |= O_APPEND;
  if (options.sync) flags |= O_SYNC;
  if (options.data_sync) flags |= O_DSYNC;
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.directory) flags |= O_DIRECTORY;
  return flags;
}

}  // namespace

FileType file_type(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK: return FileType::BlockDevice;
    case S_IFCHR: return FileType::CharacterDevice;
    case S_IFDIR: return FileType::Directory;
    case S_IFREG: return FileType::Regular;
    case S_IFSOCK: return FileType::Stream;
    case S_IFLNK: return FileType::Link;
    case S_IFIFO: return FileType::Fifo;
    default: return FileType::Unknown;
  }
}

int Directory::prepare(std::string_view text, Path& path, Place& place) const {
  if (int error = path.assign(text)) return error;
  return locate(resolver_, fd_, path, place);
}

// Whether the path leads to a directory, for paths that end in a slash.
int Directory::expect_directory(std::string_view text) const {
  Path path;
  if (int error = path.assign(text)) return error;
  Handle found;
  return open_beneath(resolver_, fd_, path.text(), O_PATH | O_DIRECTORY, 0, Follow::Yes, found);
}

int Directory::open(std::string_view text, const OpenOptions& options, Opened& out) const {
  Path path;
  if (int error = path.assign(text)) return error;
  if (options.directory && (options.create || options.exclusive || options.truncate)) return EINVAL;
  const bool changes = options.write || options.create || options.truncate;
  if (changes && access_ != Access::Write) return EPERM;
  Handle handle;
  if (int error =
          open_beneath(resolver_, fd_, path.text(), open_flags(options), 0666, options.follow, handle)) {
    return error;
  }
  struct stat status;
  if (fstat(handle.fd(), &status) != 0) return errno;
  out.type = file_type(status.st_mode);
  out.handle = std::move(handle);
  return 0;
}

int Directory::create_directory(std::string_view text) const {
  Path path;
  Place place;
  if (access_ != Access::Write) return EPERM;
  if (int error = prepare(text, path, place)) return error;
  return last_error(mkdirat(place.parent(), place.slashed(), 0777));
}

int Directory::remove_directory(std::string_view text) const {
  Path path;
  Place place;
  if (access_ != Access::Write) return EPERM;
  if (int error = prepare(text, path, place)) return error;
  return last_error(unlinkat(place.parent(), place.slashed(), AT_REMOVEDIR));
}

int Directory::unlink(std::string_view text) const {
  Path path;
  Place place;
  if (access_ != Access::Write) return EPERM;
  if (int error = prepare(text, path, place)) return error;
  return last_error(unlinkat(place.parent(), place.slashed(), 0));
}

int Directory::stat(std::string_view text, Follow follow, struct stat& out) const {
  Path path;
  if (int error = path.assign(text)) return error;
  if (follow == Follow::No && !path.trailing_slash()) {
    Place place;
    if (int error = locate(resolver_, fd_, path, place)) return error;
    return last_error(fstatat(place.parent(), place.name(), &out, AT_SYMLINK_NOFOLLOW));
  }
  Handle found;
  if (int error = open_beneath(resolver_, fd_, path.text(), O_PATH, 0, follow, found)) return error;
  return last_error(fstat(found.fd(), &out));
}

int Directory::set_times(std::string_view text, Follow follow, SetTime access, SetTime modified) const {
  Path path;
  if (access_ != Access::Write) return EPERM;
  if (int error = path.assign(text)) return error;
  const TimePair times(access, modified);
  if (follow == Follow::No && !path.trailing_slash()) {
    Place place;
    if (int error = locate(resolver_, fd_, path, place)) return error;
    return last_error(utimensat(place.parent(), place.name(), times.data(), AT_SYMLINK_NOFOLLOW));
  }
  Handle found;
  if (int error = open_beneath(resolver_, fd_, path.text(), O_PATH, 0, follow, found)) return error;
  if (syscall(SYS_utimensat, found.fd(), "", times.data(), AT_EMPTY_PATH) == 0) return 0;
  if (errno != EINVAL && errno != EBADF) return errno;
  // Before Linux 5.8 a path descriptor cannot be given: open the thing itself, for whichever is allowed.
  int error = open_beneath(resolver_, fd_, path.text(), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, follow, found);
  if (error == EACCES) {
    error = open_beneath(resolver_, fd_, path.text(), O_WRONLY | O_NONBLOCK | O_NOCTTY, 0, follow, found);
  }
  if (error != 0) return error;
  return last_error(futimens(found.fd(), times.data()));
}

int Directory::symlink(std::string_view target, std::string_view text) const {
  Path contents;
  Path path;
  Place place;
  if (access_ != Access::Write) return EPERM;
  if (int error = contents.assign_link_target(target)) return error;
  if (int error = prepare(text, path, place)) return error;
  return last_error(symlinkat(contents.text(), place.parent(), place.slashed()));
}

int Directory::read_link(std::string_view text, std::span<char> out, size_t& length) const {
  Path path;
  if (int error = path.assign(text)) return error;
  if (path.trailing_slash()) {
    const int error = expect_directory(text);
    return error != 0 ? error : EINVAL;
  }
  Place place;
  if (int error = locate(resolver_, fd_, path, place)) return error;
  char target[PATH_MAX];
  const ssize_t size = readlinkat(place.parent(), place.name(), target, sizeof target);
  if (size < 0) return errno;
  if (size > 0 && target[0] == '/') return EPERM;
  length = static_cast<size_t>(size) < out.size() ? static_cast<size_t>(size) : out.size();
  if (length != 0) memcpy(out.data(), target, length);
  return 0;
}

int Directory::rename(std::string_view text, const Directory& to, std::string_view new_text) const {
  Path path;
  Path new_path;
  Place place;
  Place new_place;
  if (access_ != Access::Write || to.access_ != Access::Write) return EPERM;
  if (int error = prepare(text, path, place)) return error;
  if (int error = to.prepare(new_text, new_path, new_place)) return error;
  return last_error(renameat(place.parent(), place.slashed(), new_place.parent(), new_place.slashed()));
}

int Directory::link(std::string_view text, const Directory& to, std::string_view new_text) const {
  Path path;
  Path new_path;
  Place place;
  Place new_place;
  if (access_ != Access::Write || to.access_ != Access::Write) return EPERM;
  if (int error = path.assign(text)) return error;
  if (path.trailing_slash()) {  // linkat would follow: only a directory can be meant, and those have one name.
    const int error = expect_directory(text);
    return error != 0 ? error : EPERM;
  }
  if (int error = locate(resolver_, fd_, path, place)) return error;
  if (int error = to.prepare(new_text, new_path, new_place)) return error;
  return last_error(linkat(place.parent(), place.name(), new_place.parent(), new_place.slashed(), 0));
}

namespace {

// As the kernel writes them (getdents64(2)).
struct KernelEntry {
  uint64_t inode;
  int64_t next;
  uint16_t size;
  uint8_t type;
  char name[1];
};

FileType type_of_entry(int fd, const KernelEntry& entry) {
  switch (entry.type) {
    case 1: return FileType::Fifo;
    case 2: return FileType::CharacterDevice;
    case 4: return FileType::Directory;
    case 6: return FileType::BlockDevice;
    case 8: return FileType::Regular;
    case 10: return FileType::Link;
    case 12: return FileType::Stream;
    default: break;  // The file system does not say.
  }
  struct stat status;
  if (fstatat(fd, entry.name, &status, AT_SYMLINK_NOFOLLOW) != 0) return FileType::Unknown;
  return file_type(status.st_mode);
}

}  // namespace

int list_directory(const Handle& directory, uint64_t cookie, void* context, VisitEntry visit) {
  if (cookie > INT64_MAX) return EINVAL;
  Handle same;
  if (!directory.owned()) {
    same = Handle::own(openat(directory.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (same.empty()) return errno;
  }
  const int fd = directory.owned() ? directory.fd() : same.fd();
  if (lseek(fd, static_cast<off_t>(cookie), SEEK_SET) < 0) return errno;
  alignas(KernelEntry) char buffer[8192];
  while (true) {
    const long size = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (size < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (size == 0) return 0;
    for (long at = 0; at < size;) {
      const auto& raw = *reinterpret_cast<const KernelEntry*>(buffer + at);
      const DirectoryEntry entry{static_cast<uint64_t>(raw.next), raw.inode, type_of_entry(fd, raw),
                                 raw.name};
      if (!visit(context, entry)) return 0;
      at += raw.size;
    }
  }
}

}  // namespace wherry::wasi::host
