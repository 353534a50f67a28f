// Paths by hand, for kernels without openat2 (before 5.6, qemu-user, some system call filters).
//
// The walk goes down only: each step opens one component of the directory it is in, with O_NOFOLLOW. It never opens
// `..`, since a directory may be moved out of the tree between two steps, and its parent then lies outside. Instead it
// remembers the names of the directories it came through; `..` forgets the last one, and the next step begins again
// at the root with the names that are left. Links are read and their text put before what remains of the path. So
// whatever others rename meanwhile, every directory that is held was reached from the root by plain names.
//
// Holding all directories on the way open instead would save the steps from the root, but a path has up to 2,048
// components, and a process has about as many descriptors. Comparing device and inode of `..` with what was seen on the
// way was rejected too: inode numbers are used again. The price is quadratic in the worst case, hence kMaxSteps.
//
// The answers are those of openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS; path_test.cc compares them.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "engine/base/vector.h"
#include "wasi/host/path.h"

namespace wherry::wasi::host {

namespace {

constexpr int kMaxLinks = 40;       // As Linux's MAXSYMLINKS.
constexpr int kMaxSteps = 1 << 17;  // Components opened for one path; about 0.1 s.

class Walk {
 public:
  Walk(int root, int flags, mode_t mode, Follow follow)
      : root_(root), flags_(flags | O_CLOEXEC), mode_(mode), follow_(follow) {}

  int run(const char* path, Handle& out);

 private:
  int current() const { return here_.empty() ? root_ : here_.fd(); }
  int replace_rest(const char* link, size_t length, size_t rest);
  int follow_link(int directory, const char* name, size_t rest);
  int go_up();
  int return_to_names();
  int descend(const char* name, size_t rest);
  int open_last(const char* name, bool slash, size_t rest, bool& opened, Handle& out);

  const int root_;
  const int flags_;
  const mode_t mode_;
  const Follow follow_;
  Handle here_;               // The directory that was reached; empty: the root.
  bool stale_ = false;        // `..` has shortened names_ since.
  base::Vector<char> names_;  // Names from the root to it, each with its NUL.
  base::Vector<char> path_;   // What is being followed, with its NUL.
  size_t at_ = 0;             // What remains of path_.
  int links_ = 0;
  int steps_ = 0;
};

// The path becomes `link`, then a slash if something follows, then what follows from `rest` on.
int Walk::replace_rest(const char* link, size_t length, size_t rest) {
  base::Vector<char> next;
  const size_t tail = path_.size() - 1 - rest;
  if (!next.reserve(length + tail + 2) || !next.append({link, length})) return ENOMEM;
  if (tail != 0 && (!next.push_back('/') || !next.append({path_.data() + rest, tail}))) return ENOMEM;
  if (!next.push_back(0)) return ENOMEM;
  path_ = std::move(next);
  at_ = 0;
  return 0;
}

// Reads the link `name` (or the link that `directory` itself is, for an empty name). EINVAL if it is none.
int Walk::follow_link(int directory, const char* name, size_t rest) {
  char target[PATH_MAX];
  const ssize_t length = readlinkat(directory, name, target, sizeof target);
  if (length < 0) return errno;
  if (++links_ > kMaxLinks) return ELOOP;
  if (length == 0) return ENOENT;
  if (static_cast<size_t>(length) == sizeof target) return ENAMETOOLONG;
  struct statfs filesystem;
  if (fstatfs(current(), &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC &&
      (target[0] == '/' || memchr(target, ':', static_cast<size_t>(length)) != nullptr)) {
    return ELOOP;  // A magic link; the plain ones of /proc (self, mounts) are relative.
  }
  if (target[0] == '/') return EPERM;
  return replace_rest(target, static_cast<size_t>(length), rest);
}

int Walk::go_up() {
  if (names_.empty()) return EPERM;
  size_t size = names_.size() - 1;
  while (size > 0 && names_[size - 1] != 0) --size;
  names_.truncate(size);
  stale_ = true;
  return 0;
}

int Walk::return_to_names() {
  if (!stale_) return 0;
  here_ = Handle();
  stale_ = false;
  for (size_t at = 0; at < names_.size(); at += strlen(names_.data() + at) + 1) {
    if (++steps_ > kMaxSteps) return ELOOP;
    const int fd = openat(current(), names_.data() + at, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno;
    here_ = Handle::own(fd);
  }
  return 0;
}

int Walk::descend(const char* name, size_t rest) {
  const int fd = openat(current(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno;
  Handle next = Handle::own(fd);
  struct stat status;
  if (fstat(fd, &status) != 0) return errno;
  if (S_ISLNK(status.st_mode)) return follow_link(fd, "", rest);
  if (!S_ISDIR(status.st_mode)) return ENOTDIR;
  if (!names_.append({name, strlen(name) + 1})) return ENOMEM;
  here_ = std::move(next);
  at_ = rest;
  return 0;
}

int Walk::open_last(const char* name, bool slash, size_t rest, bool& opened, Handle& out) {
  if (slash && (flags_ & O_CREAT) != 0) return EISDIR;
  const int flags = flags_ | O_NOFOLLOW | (slash ? O_DIRECTORY : 0);
  const bool follow = slash || follow_ == Follow::Yes;
  const int fd = openat(current(), name, flags, mode_);
  if (fd < 0) {
    const int error = errno;
    const bool maybe_link = error == ELOOP || (error == ENOTDIR && (flags & O_DIRECTORY) != 0);
    if (!follow || !maybe_link) return error;
    const int read = follow_link(current(), name, rest);
    return read == EINVAL ? error : read;
  }
  Handle found = Handle::own(fd);
  if (follow && (flags_ & O_PATH) != 0) {
    struct stat status;
    if (fstat(fd, &status) != 0) return errno;
    if (S_ISLNK(status.st_mode)) return follow_link(fd, "", rest);
  }
  out = std::move(found);
  opened = true;
  return 0;
}

int Walk::run(const char* path, Handle& out) {
  if (!path_.append({path, strlen(path) + 1})) return ENOMEM;
  while (true) {
    if (++steps_ > kMaxSteps) return ELOOP;
    while (path_[at_] == '/') ++at_;
    if (path_[at_] == 0) break;
    size_t end = at_;
    while (path_[end] != 0 && path_[end] != '/') ++end;
    size_t rest = end;
    while (path_[rest] == '/') ++rest;
    const bool slash = rest != end;
    const bool last = path_[rest] == 0;
    if (last) rest = end;  // Keeps the slash for what a link leads to.

    const std::string_view component(path_.data() + at_, end - at_);
    if (component == ".") {
      // `x/.` needs x, and is left by the loop as a directory.
      at_ = last ? path_.size() - 1 : rest;
      continue;
    }
    if (component == "..") {
      if (int error = go_up()) return error;
      at_ = last ? path_.size() - 1 : rest;
      continue;
    }
    if (component.size() > NAME_MAX) return ENAMETOOLONG;
    char name[NAME_MAX + 1];
    memcpy(name, component.data(), component.size());
    name[component.size()] = 0;
    if (int error = return_to_names()) return error;
    if (!last) {
      if (int error = descend(name, rest)) return error;
      continue;
    }
    bool opened = false;
    if (int error = open_last(name, slash, rest, opened, out)) return error;
    if (opened) return 0;
  }
  // The path ended in `.` or `..`, or a link did.
  if (int error = return_to_names()) return error;
  const int fd = openat(current(), ".", flags_ | O_NOFOLLOW, mode_);
  if (fd < 0) return errno;
  out = Handle::own(fd);
  return 0;
}

}  // namespace

int detail::open_by_walk(int root, const char* path, int flags, mode_t mode, Follow follow, Handle& out) {
  while (true) {
    const int error = Walk(root, flags, mode, follow).run(path, out);
    if (error != EINTR) return error;
  }
}

}  // namespace wherry::wasi::host
