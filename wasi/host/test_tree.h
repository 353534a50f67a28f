// A directory for tests, removed at their end. Test code only.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace wherry::wasi::host {

class TestTree {
 public:
  // Where `base` says, or TMPDIR, or in memory, if possible.
  explicit TestTree(const char* base = nullptr) {
    if (base == nullptr) base = getenv("TMPDIR");
    if (base == nullptr) base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    path_ = std::string(base) + "/wherry-wasi-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~TestTree() { clear(path_); }
  TestTree(const TestTree&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

  static void clear(const std::string& path) {
    nftw(
        path.c_str(), [](const char* name, const struct stat*, int, FTW*) { return remove(name); }, 16,
        FTW_DEPTH | FTW_PHYS);
  }

 private:
  std::string path_;
};

inline void put_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) abort();
  ::close(fd);
}

inline std::string get_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "<" + std::string(strerror(errno)) + ">";
  char buffer[4096];
  const ssize_t size = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  return std::string(buffer, size < 0 ? 0 : static_cast<size_t>(size));
}

// All that is below a directory, with types, targets of links and contents of files: "dir/ file=text link->target".
inline void describe(const std::string& path, const std::string& prefix, std::vector<std::string>& out) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string full = path + "/" + name;
    struct stat status;
    if (lstat(full.c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      out.push_back(prefix + name + "/");
      describe(full, prefix + name + "/", out);
    } else if (S_ISLNK(status.st_mode)) {
      char target[PATH_MAX];
      const ssize_t size = readlink(full.c_str(), target, sizeof target);
      out.push_back(prefix + name + "->" + std::string(target, size < 0 ? 0 : static_cast<size_t>(size)));
    } else if (S_ISREG(status.st_mode)) {
      out.push_back(prefix + name + "=" + get_file(full) + (status.st_nlink > 1 ? "*" : ""));
    } else {
      out.push_back(prefix + name + "?");
    }
  }
  closedir(directory);
}

inline std::string describe(const std::string& path) {
  std::vector<std::string> lines;
  describe(path, "", lines);
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + " ";
  return out;
}

// Files f and d/f, directories empty, d and d/empty, in a directory.
inline void plant(const std::string& path) {
  mkdir((path + "/empty").c_str(), 0777);
  mkdir((path + "/d").c_str(), 0777);
  for (const char* name : {"/f", "/d/f"}) put_file(path + name, "text");
  mkdir((path + "/d/empty").c_str(), 0777);
}

// A planted directory `root`, with links that lead out of it, to `outside` and to the host's root, and one that leads to itself.
inline void plant_prison(const TestTree& tree) {
  for (const char* name : {"root", "outside"}) mkdir((tree / name).c_str(), 0777);
  put_file(tree / "outside/secret", "sentinel");
  plant(tree / "root");
  const char* const links[][2] = {{"../outside", "root/out"}, {"/", "root/absolute"}, {"loop", "root/loop"}};
  for (const auto& [target, name] : links) {
    if (symlink(target, (tree / name).c_str()) != 0) abort();
  }
}

// How many this process has.
inline size_t open_host_descriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

}  // namespace wherry::wasi::host
