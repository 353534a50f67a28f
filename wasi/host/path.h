// Paths beneath a directory: the one place where a guest's text becomes a name of the host.
//
// Errors of all functions are errno values, 0 for success; a path that leads out of the directory is EPERM. Any thread.
#pragma once

#include <limits.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wasi/host/handle.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi::host {

// Whether a link in the last component is followed. Elsewhere, and before a trailing slash, links always are.
enum class Follow : uint8_t { No, Yes };

// A guest's path in memory of the host, as a C string. Checked once, here: relative, without NUL, valid UTF-8, neither
// empty nor longer than the host can take.
class Path {
 public:
  // Copies `text`. Errors: ENOENT for an empty path, ENAMETOOLONG, EINVAL for a NUL, EILSEQ, EPERM for an absolute one.
  [[nodiscard]] int assign(std::string_view text);

  // The same for the contents of a link, which are not followed now: also relative.
  [[nodiscard]] int assign_link_target(std::string_view text) { return assign(text); }

  char* text() { return text_; }
  const char* text() const { return text_; }
  size_t length() const { return length_; }
  bool trailing_slash() const { return length_ != 0 && text_[length_ - 1] == '/'; }

 private:
  size_t length_ = 0;
  char text_[PATH_MAX];
};

// Opens what `path` leads to from the directory `root`, without leaving it. `flags` are those of open(2) without
// O_NOFOLLOW; O_CLOEXEC is added. Never opens a link itself except with O_PATH and Follow::No.
[[nodiscard]] int open_beneath(PathResolution resolver, int root, const char* path, int flags, mode_t mode,
                               Follow follow, Handle& out);

// The directory that holds the last component of a path, and that component: what mkdirat and its kin are given.
// The component is "." where the path ends in "." or "..". Points into the Path, which must outlive it.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  int parent() const { return parent_.fd(); }
  // The last component alone.
  const char* name();
  // The same with a slash behind it if the path had one: only for calls that never follow the last component's link.
  const char* slashed();
  bool slash() const { return slash_; }

 private:
  friend int locate(PathResolution, int, Path&, Place&);
  Handle parent_;
  char* name_ = nullptr;  // Within the Path.
  size_t length_ = 0;
  bool slash_ = false;
};

// Splits `path`, which is changed, and opens the parent, without leaving `root`.
[[nodiscard]] int locate(PathResolution resolver, int root, Path& path, Place& out);

// The two ways of open_beneath, for it and for tests.
namespace detail {
[[nodiscard]] int open_by_kernel(int root, const char* path, int flags, mode_t mode, Follow follow,
                                 Handle& out);
[[nodiscard]] int open_by_walk(int root, const char* path, int flags, mode_t mode, Follow follow,
                               Handle& out);
}  // namespace detail

}  // namespace wherry::wasi::host
