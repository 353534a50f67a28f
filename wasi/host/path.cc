// Paths by the kernel's own resolver, and the choice between it and the walk.
//
// openat2(2) with RESOLVE_BENEATH does in one call, and without a race, what every sandbox before it did by hand and
// most got wrong at least once: `..`, links in every place, renames while the path is followed. Magic links
// (/proc/self/fd/3) are refused as well: they lead anywhere without naming it.
//
// A purely lexical check was rejected: it cannot see links. Nor is a trailing slash ever handed to a call that could
// follow a link because of it (stat, utimens, link's source): such paths go through open_beneath. Calls that act on
// names (mkdir, unlink, rename) follow no link in the last place, with or without a slash, and get it as it was given,
// since the kernel alone can say without a race whether `name/` is a directory.
#include "wasi/host/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#include "engine/base/bytes.h"
#include "engine/base/utf8.h"

namespace wherry::wasi::host {

namespace {

// openat2 reports a rename during the resolution of `..` as EAGAIN; after this many the walk decides, which has no
// such case.
constexpr int kKernelAttempts = 32;

}  // namespace

int Path::assign(std::string_view text) {
  length_ = 0;
  if (text.empty()) return ENOENT;
  if (text.size() >= sizeof text_) return ENAMETOOLONG;
  if (memchr(text.data(), 0, text.size()) != nullptr) return EINVAL;
  if (!base::is_utf8(base::as_bytes(text))) return EILSEQ;
  if (text.front() == '/') return EPERM;
  memcpy(text_, text.data(), text.size());
  length_ = text.size();
  text_[length_] = 0;
  return 0;
}

int detail::open_by_kernel(int root, const char* path, int flags, mode_t mode, Follow follow, Handle& out) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC | (follow == Follow::No ? O_NOFOLLOW : 0));
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < kKernelAttempts; ++attempt) {
    const long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) {
      out = Handle::own(static_cast<int>(fd));
      return 0;
    }
    if (errno == EXDEV) return EPERM;  // What leads out. There is no other use of it here.
    if (errno != EAGAIN && errno != EINTR) return errno;
  }
  return EAGAIN;
}

int open_beneath(PathResolution resolver, int root, const char* path, int flags, mode_t mode, Follow follow,
                 Handle& out) {
  if (resolver == PathResolution::ByHand) return detail::open_by_walk(root, path, flags, mode, follow, out);
  const int error = detail::open_by_kernel(root, path, flags, mode, follow, out);
  if (error == 0) return 0;
  if (resolver == PathResolution::Kernel) return error;
  // No such call (ENOSYS), one forbidden by a filter (EPERM, which can be the true answer too), or a race that would
  // not end: the walk gives the answer, and the same one where there was one already.
  if (error == ENOSYS || error == EPERM || error == EAGAIN) {
    return detail::open_by_walk(root, path, flags, mode, follow, out);
  }
  return error;
}

const char* Place::name() {
  name_[length_] = 0;
  return name_;
}

const char* Place::slashed() {
  if (slash_) {  // There was one behind the name, so there is room for it and the end.
    name_[length_] = '/';
    name_[length_ + 1] = 0;
  }
  return name_;
}

int locate(PathResolution resolver, int root, Path& path, Place& out) {
  char* text = path.text();
  size_t end = path.length();
  while (text[end - 1] == '/') --end;  // Not empty and not absolute: there is something else.
  size_t start = end;
  while (start > 0 && text[start - 1] != '/') --start;
  const std::string_view name(text + start, end - start);

  if (name == "." || name == "..") {
    if (int error = open_beneath(resolver, root, text, O_PATH | O_DIRECTORY, 0, Follow::Yes, out.parent_))
      return error;
    text[0] = '.';
    text[1] = 0;
    out.name_ = text;
    out.length_ = 1;
    out.slash_ = false;
    return 0;
  }
  out.name_ = text + start;
  out.length_ = name.size();
  out.slash_ = end != path.length();
  text[end] = 0;
  if (start == 0) {
    out.parent_ = Handle::borrow(root);
    return 0;
  }
  text[start - 1] = 0;
  return open_beneath(resolver, root, text, O_PATH | O_DIRECTORY, 0, Follow::Yes, out.parent_);
}

}  // namespace wherry::wasi::host
