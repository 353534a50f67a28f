// Paths beneath a directory: the kernel's way and the walk must give the same answers, and neither may lead out.
#include "wasi/host/path.h"

#include <errno.h>
#include <sys/syscall.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <span>
#include <thread>

#include "wasi/host/filesystem.h"
#include "wasi/host/test_tree.h"

namespace wherry::wasi::host {
namespace {

bool kernel_has_openat2() {
  Handle found;
  return detail::open_by_kernel(AT_FDCWD, ".", O_PATH, 0, Follow::Yes, found) != ENOSYS;
}

// A tree with every trap for a path, in `root`, beside files that must not be reached.
void plant(const std::string& base) {
  const std::string root = base + "/root";
  mkdir(root.c_str(), 0777);
  put_file(base + "/secret", "sentinel");
  mkdir((base + "/outside").c_str(), 0777);
  put_file(base + "/outside/secret", "sentinel");
  for (const char* name : {"/dir", "/dir/sub", "/empty"}) mkdir((root + name).c_str(), 0777);
  put_file(root + "/file", "text");
  put_file(root + "/dir/file", "more");
  const char* links[][2] = {
      {"file", "lfile"},
      {"dir", "ldir"},
      {"dir/", "ldirs"},
      {"lfile", "llfile"},
      {"loop", "loop"},
      {"loop_b", "loop_a"},
      {"loop_a", "loop_b"},
      {"/etc/passwd", "abs"},
      {"/", "absroot"},
      {"../secret", "up"},
      {"../outside", "updir"},
      {"dir/../file", "inner"},
      {"nothing", "dangling"},
      {"../nothing", "dangup"},
      {"..", "dir/up"},
      {"../..", "dir/upup"},
      {".", "dot"},
      {"../../file", "dir/sub/f"},
      {"ldir/up/../root/file", "crooked"},
      {"file/", "lfiles"},
  };
  for (const auto& [target, name] : links) {
    if (::symlink(target, (root + "/" + name).c_str()) != 0) abort();
  }
}

const char* const kComponents[] = {".",       "..",     "dir",      "sub",    "file", "ldir",    "ldirs",
                                   "lfile",   "llfile", "loop",     "loop_a", "abs",  "absroot", "up",
                                   "updir",   "inner",  "dangling", "dangup", "upup", "dot",     "f",
                                   "crooked", "lfiles", "missing",  "empty"};
const char* const kEnds[] = {"", "/", "//", "/.", "/.."};

// What may stand before the last component.
const char* const kHeads[] = {".", "..", "dir", "ldir", "ldirs", "updir", "dot", "sub", "file", "missing"};

const char* const kFewHeads[] = {"..", "dir", "ldir", "updir", "dot"};

// Every component in the last place, with every end, behind up to `depth` of those.
std::vector<std::string> corpus(int depth, std::span<const char* const> before) {
  std::vector<std::string> paths;
  std::vector<std::string> heads = {""};
  for (int level = 0;; ++level) {
    for (const std::string& head : heads) {
      for (const char* component : kComponents) {
        for (const char* end : kEnds) paths.push_back(head + component + end);
      }
    }
    if (level == depth) return paths;
    std::vector<std::string> next;
    for (const std::string& head : heads) {
      for (const char* name : before) next.push_back(head + name + (head.empty() ? "/" : "//"));
    }
    heads = next;
  }
}

// What a path opens: an error, or which file.
std::string opened(PathResolution resolver, int root, const std::string& path, int flags, Follow follow) {
  Handle found;
  const int error = open_beneath(resolver, root, path.c_str(), flags, 0, follow, found);
  if (error != 0) return strerrorname_np(error);
  struct stat status;
  fstat(found.fd(), &status);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

TEST_CASE("path: both resolvers open the same files and refuse for the same reasons") {
  if (!kernel_has_openat2()) return;
  TestTree tree;
  plant(tree.path());
  const Handle root = Handle::own(open((tree / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat secrets[2];
  stat((tree / "secret").c_str(), &secrets[0]);
  stat((tree / "outside/secret").c_str(), &secrets[1]);
  const std::string forbidden[] = {
      std::to_string(secrets[0].st_dev) + ":" + std::to_string(secrets[0].st_ino),
      std::to_string(secrets[1].st_dev) + ":" + std::to_string(secrets[1].st_ino)};
  int compared = 0;
  for (const std::string& path : corpus(2, kHeads)) {
    for (int flags : {O_RDONLY | O_NONBLOCK, O_RDONLY | O_DIRECTORY, O_PATH}) {
      for (Follow follow : {Follow::Yes, Follow::No}) {
        const std::string kernel = opened(PathResolution::Kernel, root.fd(), path, flags, follow);
        const std::string walk = opened(PathResolution::ByHand, root.fd(), path, flags, follow);
        ++compared;
        if (kernel != walk || kernel == forbidden[0] || kernel == forbidden[1]) {
          FAIL_CHECK(path << " flags " << flags << (follow == Follow::Yes ? " follow" : " nofollow")
                          << ": kernel " << kernel << ", walk " << walk);
        }
      }
    }
  }
  CHECK(compared > 80'000);
}

TEST_CASE("path: links are followed forty times and no more, in both ways") {
  TestTree tree;
  put_file(tree / "n0", "end");
  for (int i = 1; i <= 41; ++i) {
    const std::string target = "n" + std::to_string(i - 1);
    CHECK(::symlink(target.c_str(), (tree / ("n" + std::to_string(i))).c_str()) == 0);
  }
  const Handle root = Handle::own(open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (PathResolution resolver : {PathResolution::Automatic, PathResolution::ByHand}) {
    Handle found;
    CHECK(open_beneath(resolver, root.fd(), "n40", O_RDONLY, 0, Follow::Yes, found) == 0);
    CHECK(open_beneath(resolver, root.fd(), "n41", O_RDONLY, 0, Follow::Yes, found) == ELOOP);
  }
}

TEST_CASE("path: long and deep paths") {
  TestTree tree;
  mkdir((tree / "a").c_str(), 0777);
  const Handle root = Handle::own(open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::string back_and_forth;
  for (int i = 0; i < 700; ++i) back_and_forth += "a/../";
  std::string deep;
  for (int i = 0; i < 400; ++i) {
    deep += "d/";
    mkdir((tree / deep).c_str(), 0777);
  }
  std::string there_and_back = deep;
  for (int i = 0; i < 400; ++i) there_and_back += "../";
  for (PathResolution resolver : {PathResolution::Automatic, PathResolution::ByHand}) {
    Handle found;
    CHECK(open_beneath(resolver, root.fd(), (back_and_forth + "a").c_str(), O_PATH, 0, Follow::Yes, found) ==
          0);
    CHECK(open_beneath(resolver, root.fd(), (there_and_back + "a").c_str(), O_PATH, 0, Follow::Yes, found) ==
          0);
    CHECK(open_beneath(resolver, root.fd(), (there_and_back + "../a").c_str(), O_PATH, 0, Follow::Yes,
                       found) == EPERM);
    CHECK(open_beneath(resolver, root.fd(), std::string(256, 'x').c_str(), O_PATH, 0, Follow::Yes, found) ==
          ENAMETOOLONG);
  }
}

TEST_CASE("path: magic links of /proc lead nowhere, its plain links do") {
  const Handle proc = Handle::own(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (proc.empty()) return;
  for (PathResolution resolver : {PathResolution::Automatic, PathResolution::ByHand}) {
    Handle found;
    const auto error = [&](const char* path) {
      return open_beneath(resolver, proc.fd(), path, O_RDONLY | O_NONBLOCK, 0, Follow::Yes, found);
    };
    CHECK(error("self/status") == 0);
    CHECK(error("mounts") == 0);
    CHECK(error("self/cwd") == ELOOP);
    CHECK(error("self/cwd/.") == ELOOP);
    CHECK(error("self/root/etc/passwd") == ELOOP);
    CHECK(error("self/exe") == ELOOP);
    CHECK(error("self/fd/0") == ELOOP);
    CHECK(error("self/ns/mnt") == ELOOP);
    CHECK(error("self/../..") == EPERM);
  }
}

TEST_CASE("path: texts that are no path are refused before the host sees them") {
  Path path;
  CHECK(path.assign("") == ENOENT);
  CHECK(path.assign(std::string_view("a\0b", 3)) == EINVAL);
  CHECK(path.assign(std::string_view("a\0", 2)) == EINVAL);
  CHECK(path.assign("\xff") == EILSEQ);
  CHECK(path.assign("\xc0\xaf") == EILSEQ);
  CHECK(path.assign("\xed\xa0\x80") == EILSEQ);
  CHECK(path.assign("/") == EPERM);
  CHECK(path.assign("/a") == EPERM);
  CHECK(path.assign("//a") == EPERM);
  CHECK(path.assign(std::string(PATH_MAX, 'a')) == ENAMETOOLONG);
  CHECK(path.assign(std::string(PATH_MAX - 1, 'a')) == 0);
  CHECK(path.assign("a/\xc3\xa4/\xf0\x9f\x9b\xb6") == 0);
}

// One change of a tree by name; the answer is an errno.
struct Change {
  const char* name;
  int (*run)(const Directory& directory, const std::string& path);
};

const Change kChanges[] = {
    {"create_directory", [](const Directory& d, const std::string& p) { return d.create_directory(p); }},
    {"remove_directory", [](const Directory& d, const std::string& p) { return d.remove_directory(p); }},
    {"unlink", [](const Directory& d, const std::string& p) { return d.unlink(p); }},
    {"symlink", [](const Directory& d, const std::string& p) { return d.symlink("file", p); }},
    {"rename from", [](const Directory& d, const std::string& p) { return d.rename(p, d, "renamed"); }},
    {"rename to", [](const Directory& d, const std::string& p) { return d.rename("file", d, p); }},
    {"rename directory to", [](const Directory& d, const std::string& p) { return d.rename("empty", d, p); }},
    {"link from", [](const Directory& d, const std::string& p) { return d.link(p, d, "linked"); }},
    {"link to", [](const Directory& d, const std::string& p) { return d.link("file", d, p); }},
    {"set_times",
     [](const Directory& d, const std::string& p) {
       const SetTime time{SetTime::Kind::At, 5'000'000'000};
       return d.set_times(p, Follow::Yes, time, time);
     }},
    {"set_times nofollow",
     [](const Directory& d, const std::string& p) {
       const SetTime time{SetTime::Kind::At, 5'000'000'000};
       return d.set_times(p, Follow::No, time, time);
     }},
    {"create",
     [](const Directory& d, const std::string& p) {
       Opened file;
       OpenOptions options;
       options.create = options.write = true;
       return d.open(p, options, file);
     }},
    {"create exclusive",
     [](const Directory& d, const std::string& p) {
       Opened file;
       OpenOptions options;
       options.create = options.write = options.exclusive = true;
       return d.open(p, options, file);
     }},
    {"truncate",
     [](const Directory& d, const std::string& p) {
       Opened file;
       OpenOptions options;
       options.truncate = true;
       return d.open(p, options, file);
     }},
    {"truncate nofollow",
     [](const Directory& d, const std::string& p) {
       Opened file;
       OpenOptions options;
       options.truncate = options.create = true;
       options.follow = Follow::No;
       return d.open(p, options, file);
     }},
};

TEST_CASE("path: both resolvers change the same things, and nothing outside") {
  if (!kernel_has_openat2()) return;
  const std::vector<std::string> paths = corpus(1, kFewHeads);
  for (const Change& change : kChanges) {
    TestTree trees[2];
    Handle roots[2];
    std::string outside[2];
    const auto replant = [&](int i) {
      TestTree::clear(trees[i].path());
      mkdir(trees[i].path().c_str(), 0777);
      plant(trees[i].path());
      roots[i] = Handle::own(open((trees[i] / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    };
    replant(0);
    replant(1);
    const std::string planted = describe(trees[0].path());
    int changed = 0;
    for (const std::string& path : paths) {
      int errors[2];
      for (int i = 0; i < 2; ++i) {
        const Directory directory(roots[i].fd(), Access::Write,
                                  i == 0 ? PathResolution::Kernel : PathResolution::ByHand);
        errors[i] = change.run(directory, path);
      }
      if (errors[0] != errors[1]) {
        FAIL_CHECK(change.name << " " << path << ": kernel " << strerrorname_np(errors[0]) << ", walk "
                               << strerrorname_np(errors[1]));
      }
      if (errors[0] != 0 && errors[1] != 0) continue;
      ++changed;
      const std::string after = describe(trees[0].path());
      if (after != describe(trees[1].path())) FAIL_CHECK(change.name << " " << path << ": trees differ");
      if (after.find("outside/ outside/secret=sentinel root/ ") != 0 ||
          after.find(" secret=sentinel ") == std::string::npos) {
        FAIL_CHECK(change.name << " " << path << ": reached outside: " << after);
      }
      for (const char* name : {"secret", "outside", "outside/secret"}) {
        struct stat status;
        if (stat((trees[0] / name).c_str(), &status) != 0 || status.st_mtim.tv_sec == 5) {
          FAIL_CHECK(change.name << " " << path << ": changed the times of " << name);
        }
      }
      if (after == planted) continue;
      replant(0);
      replant(1);
    }
    INFO(change.name);
    CHECK(changed > 0);
  }
}

TEST_CASE("path: nothing escapes while others rename and replace directories") {
  for (PathResolution resolver : {PathResolution::Automatic, PathResolution::ByHand}) {
    TestTree tree;
    for (const char* name : {"outside", "root", "root/a", "root/a/b", "root/a/b/c"})
      mkdir((tree / name).c_str(), 0777);
    put_file(tree / "outside/target", "sentinel");
    put_file(tree / "target", "sentinel");
    const Handle root = Handle::own(open((tree / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat sentinels[2];
    stat((tree / "outside/target").c_str(), &sentinels[0]);
    stat((tree / "target").c_str(), &sentinels[1]);

    std::atomic<bool> stop = false;
    std::thread attacker([&] {
      const std::string b = tree / "root/a/b";
      const std::string aside = tree / "root/aside";
      const std::string out = tree / "outside/b";
      while (!stop.load(std::memory_order_relaxed)) {
        // A link out in the place of a directory.
        rename(b.c_str(), aside.c_str());
        if (::symlink("../../outside", b.c_str()) != 0) continue;
        unlink(b.c_str());
        rename(aside.c_str(), b.c_str());
        // The directory itself, moved out while someone may stand in it.
        rename(b.c_str(), out.c_str());
        rename(out.c_str(), b.c_str());
      }
    });
    const Directory directory(root.fd(), Access::Write, resolver);
    const char* const paths[] = {"a/b/target", "a/b/c/../../target", "a/b/../target", "a/b/c/../../../target",
                                 "a/b/c/../target"};
    int escapes = 0;
    for (int i = 0; i < 20'000; ++i) {
      Opened file;
      OpenOptions options;
      options.read = true;
      if (directory.open(paths[i % 5], options, file) == 0) {
        struct stat status;
        fstat(file.handle.fd(), &status);
        for (const struct stat& sentinel : sentinels) {
          escapes += status.st_dev == sentinel.st_dev && status.st_ino == sentinel.st_ino ? 1 : 0;
        }
      }
      struct stat status;
      if (directory.stat(paths[i % 5], Follow::Yes, status) == 0) {
        escapes += status.st_ino == sentinels[0].st_ino || status.st_ino == sentinels[1].st_ino ? 1 : 0;
      }
      escapes += directory.unlink("a/b/../../target") == 0 ? 1 : 0;
    }
    stop = true;
    attacker.join();
    CHECK(escapes == 0);
    CHECK(get_file(tree / "outside/target") == "sentinel");
    CHECK(get_file(tree / "target") == "sentinel");
  }
}

}  // namespace
}  // namespace wherry::wasi::host
