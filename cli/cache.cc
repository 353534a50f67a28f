// The cache of compiled code. Who could write into it could run code as the user, so trust is checked where it is used: the folder and each
// file are opened without following links, and what was opened, not what was named, must belong to this user and be writable by nobody else.
//
// The name of a file is a hash of everything its content depends on, so that nothing is ever out of date: other options, another
// version or another module are other names. The compiler hashes the module that it read again (--expect-digest): a
// file that changes between looking and compiling does not end up under the name of what it was.
//
// Rejected: an index file, which processes would have to lock; names by path and time, which anybody can set.
#include "cli/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "cli/compile_component.h"
#include "cli/compiler.h"
#include "cli/console.h"
#include "cli/settings.h"
#include "component/decode.h"
#include "engine/base/digest.h"
#include "engine/inspect/compiled.h"
#include "wherry/version.h"

namespace wherry::cli {

namespace {

constexpr uint64_t kDefaultSize = uint64_t{1} << 30;
constexpr time_t kHour = 3600;

bool is_ours(int file, mode_t kind) {
  struct stat status;
  return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == kind && status.st_uid == geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string default_folder() {
  if (const char* const cache = getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return std::string(cache) + "/wherry/compiled";
  }
  const char* const home = getenv("HOME");
  return home == nullptr || *home != '/' ? std::string() : std::string(home) + "/.cache/wherry/compiled";
}

// All folders of a path that are not there yet, for this user alone.
void make_folders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), 0700);
  }
  mkdir(path.c_str(), 0700);
}

bool hash_file(int file, base::Hasher* hasher) {
  static constexpr size_t kPiece = 256 << 10;
  uint8_t* const piece = static_cast<uint8_t*>(malloc(kPiece));
  off_t at = 0;
  ssize_t count = 0;
  while (piece != nullptr && (count = pread(file, piece, kPiece, at)) > 0) {
    hasher->add({piece, static_cast<size_t>(count)});
    at += count;
  }
  free(piece);
  return piece != nullptr && count == 0;
}

struct Entry {
  std::string name;
  timespec used;
  uint64_t size_bytes;
};

bool is_older(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

// Removes what was not used for longest until the rest is small enough, and what broken-off compilations left.
void prune(int folder, uint64_t max_bytes) {
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const list = copy < 0 ? nullptr : fdopendir(copy);
  if (list == nullptr) return;
  const time_t now = time(nullptr);
  std::vector<Entry> entries;
  uint64_t all_bytes = 0;
  while (const dirent* const item = readdir(list)) {
    struct stat status;
    if (fstatat(folder, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      continue;
    const std::string_view name = item->d_name;
    if (!name.ends_with(".wherry")) {
      if (now - status.st_mtim.tv_sec > 24 * kHour) unlinkat(folder, item->d_name, 0);
      continue;
    }
    entries.push_back({std::string(name), status.st_mtim, static_cast<uint64_t>(status.st_size)});
    all_bytes += entries.back().size_bytes;
  }
  closedir(list);
  std::ranges::sort(entries, is_older, &Entry::used);
  for (const Entry& entry : entries) {
    if (all_bytes <= max_bytes) break;
    unlinkat(folder, entry.name.c_str(), 0);
    all_bytes -= entry.size_bytes;
  }
}

}  // namespace

std::optional<std::array<uint8_t, 32>> digest_of_bytes(Bytes bytes) {
  return base::digest_of(base::ByteSpan(bytes.data(), bytes.size())).bytes;
}

std::optional<Cache> Cache::open(const Invocation& invocation) {
  const KeySetting* const wanted = invocation.key(KeyId::Cache);
  if (wanted != nullptr && wanted->number == 0) return std::nullopt;
  const bool is_watched = std::ranges::any_of(
      invocation.keys, [](const KeySetting& key) { return key.info->group == Group::Debug; });
  if (is_watched) return std::nullopt;
  const KeySetting* const named = invocation.key(KeyId::CacheDir);
  const std::string path = named != nullptr ? std::string(named->text) : default_folder();
  if (path.empty()) return std::nullopt;
  Cache cache(invocation);
  if (wanted != nullptr) make_folders(path);
  cache.folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (cache.folder_ < 0) {
    if (wanted != nullptr) complain("cannot use the cache " + quoted(path) + ": " + system_message(errno));
    return std::nullopt;
  }
  if (!is_ours(cache.folder_, S_IFDIR)) {
    complain("the cache " + quoted(path) +
             " is not used: it has to belong to you and be writable by nobody else");
    return std::nullopt;
  }
  return cache;
}

Cache::Cache(Cache&& other) noexcept
    : invocation_(other.invocation_),
      folder_(std::exchange(other.folder_, -1)),
      module_(std::exchange(other.module_, -1)),
      found_(std::exchange(other.found_, -1)),
      name_(std::move(other.name_)),
      module_digest_(std::move(other.module_digest_)) {}

Cache::~Cache() {
  for (const int file : {folder_, module_, found_}) {
    if (file >= 0) close(file);
  }
}

std::string Cache::find(const char* module_path) {
  for (int* const file : {&module_, &found_}) {
    if (*file >= 0) close(*file);
    *file = -1;
  }
  module_ = ::open(module_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  base::Hasher module;
  if (module_ < 0 || !hash_file(module_, &module)) return {};
  const base::Digest digest = module.finish();
  module_digest_ = digest.hex();
  std::string identity = "wherry " WHERRY_VERSION_STRING " " + inspect::compiled_identity();
  for (const std::string& setting : compiler_settings(invocation_)) identity += " " + setting;
  base::Hasher all;
  all.add(base::as_bytes(identity));
  all.add(digest.bytes);
  name_ = all.finish().hex() + ".wherry";
  found_ = openat(folder_, name_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (found_ < 0 || !is_ours(found_, S_IFREG)) return {};
  // When it was last used, for pruning; not at every run.
  struct stat status;
  if (fstat(found_, &status) == 0 && time(nullptr) - status.st_mtim.tv_sec > kHour) futimens(found_, nullptr);
  return "/proc/self/fd/" + std::to_string(found_);
}

void Cache::compile_in_background() {
  const KeySetting* const wanted = invocation_.key(KeyId::Cache);
  if (wanted == nullptr || wanted->number == 0 || module_ < 0 || name_.empty()) return;
  // Held by whoever compiles this, for as long as the process lives.
  const int lock =
      openat(folder_, (name_ + ".lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) return;
  if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
    const pid_t child = fork();
    if (child == 0) {
      setsid();
      // The grandchild belongs to nobody who would have to wait for it.
      if (fork() == 0) compile(lock);
      _exit(0);
    }
    if (child > 0) waitpid(child, nullptr, 0);
  }
  close(lock);
}

namespace {

bool is_component(int file) {
  uint8_t head[8] = {};
  return pread(file, head, sizeof(head), 0) == sizeof(head) && component::is_component(head);
}

}  // namespace

// As wherryc does it for a module.
bool Cache::compile_component(int input, const std::string& compiler) const {
  struct stat status;
  if (fstat(input, &status) != 0 || lseek(input, 0, SEEK_SET) != 0) return false;
  std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
  if (base::read_all(input, bytes.data(), bytes.size()) != bytes.size()) return false;
  if (base::digest_of(bytes).hex() != module_digest_) return false;
  std::vector<std::string> settings = compiler_settings(invocation_);
  settings.emplace_back("--threads=1");
  const auto made =
      compile_component_by(compiler, settings, "component", bytes, component_features_of(invocation_));
  return made && write_file(name_, Bytes(made->data(), made->size()));
}

// In a process of its own, which does not come back.
void Cache::compile(int lock) const {
  (void)lock;  // Kept open until the end.
  const std::string compiler = find_compiler();
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int input = memfd_create("module", 0);
  if (compiler.empty() || nothing < 0 || input < 0) _exit(1);
  for (const int file : {0, 1, 2}) dup2(nothing, file);
  char piece[1 << 16];
  off_t at = 0;
  for (ssize_t count; (count = pread(module_, piece, sizeof(piece), at)) > 0; at += count) {
    if (!write_all(input, {piece, static_cast<size_t>(count)})) _exit(1);
  }
  (void)!nice(19);
  constexpr int kIdle = 3 << 13;  // IOPRIO_CLASS_IDLE
  syscall(SYS_ioprio_set, 1 /* a process */, 0, kIdle);
  umask(077);
  (void)!fchdir(folder_);
  const pid_t child = fork();
  if (child == 0) {
    if (is_component(input)) _exit(compile_component(input, compiler) ? 0 : 1);
    std::vector<std::string> arguments = compiler_settings(invocation_);
    arguments.insert(arguments.begin(), compiler);
    arguments.insert(arguments.end(), {"--threads=1", "--expect-digest=" + module_digest_,
                                       "/proc/self/fd/" + std::to_string(input), "-o", name_});
    execv(compiler.c_str(), pointers_to(arguments).data());
    _exit(1);
  }
  if (child > 0) waitpid(child, nullptr, 0);
  const KeySetting* const size = invocation_.key(KeyId::CacheSize);
  prune(folder_, size != nullptr ? size->number : kDefaultSize);
  _exit(0);
}

}  // namespace wherry::cli
