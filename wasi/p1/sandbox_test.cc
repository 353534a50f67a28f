// What a guest can change where it may only look, and where its paths lead: every function with a path, by both
// resolvers.
#include <errno.h>
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "wasi/p1/test_guest.h"

namespace wherry::wasi::p1 {
namespace {

using host::describe;
using host::plant;
using host::plant_prison;
using host::put_file;
using host::TestTree;

// One way to change something. `a` is the directory that is written to, `b` another.
struct Change {
  const char* name;
  Errno (*run)(TestGuest& guest, uint32_t a, uint32_t b);
};

const Change kChanges[] = {
    {"open to create", [](TestGuest& g, uint32_t a, uint32_t) { return g.open(a, "new", kOpenCreate); }},
    {"open to create what exists",
     [](TestGuest& g, uint32_t a, uint32_t) { return g.open(a, "f", kOpenCreate); }},
    {"open to truncate", [](TestGuest& g, uint32_t a, uint32_t) { return g.open(a, "f", kOpenTruncate); }},
    {"open to truncate, without rights",
     [](TestGuest& g, uint32_t a, uint32_t) { return g.open(a, "f", kOpenTruncate, 0); }},
    {"open to write", [](TestGuest& g, uint32_t a, uint32_t) { return g.open(a, "f", 0, rights::kFdWrite); }},
    {"open to append",
     [](TestGuest& g, uint32_t a, uint32_t) { return g.open(a, "f", 0, rights::kFdWrite, kFdAppend); }},
    {"create a directory",
     [](TestGuest& g, uint32_t a, uint32_t) { return g.call(path_create_directory, a, g.put("new"), 3); }},
    {"remove a directory",
     [](TestGuest& g, uint32_t a, uint32_t) { return g.call(path_remove_directory, a, g.put("empty"), 5); }},
    {"unlink", [](TestGuest& g, uint32_t a, uint32_t) { return g.call(path_unlink_file, a, g.put("f"), 1); }},
    {"symlink", [](TestGuest& g, uint32_t a,
                   uint32_t) { return g.call(path_symlink, g.put("f"), 1, a, g.put("new"), 3); }},
    {"link within", [](TestGuest& g, uint32_t a,
                       uint32_t) { return g.call(path_link, a, 0, g.put("f"), 1, a, g.put("new"), 3); }},
    {"link into", [](TestGuest& g, uint32_t a,
                     uint32_t b) { return g.call(path_link, b, 0, g.put("f"), 1, a, g.put("new"), 3); }},
    {"link out of", [](TestGuest& g, uint32_t a,
                       uint32_t b) { return g.call(path_link, a, 0, g.put("f"), 1, b, g.put("new"), 3); }},
    {"rename within", [](TestGuest& g, uint32_t a,
                         uint32_t) { return g.call(path_rename, a, g.put("f"), 1, a, g.put("new"), 3); }},
    {"rename into", [](TestGuest& g, uint32_t a,
                       uint32_t b) { return g.call(path_rename, b, g.put("f"), 1, a, g.put("new"), 3); }},
    {"rename out of", [](TestGuest& g, uint32_t a,
                         uint32_t b) { return g.call(path_rename, a, g.put("f"), 1, b, g.put("new"), 3); }},
    {"set times by name",
     [](TestGuest& g, uint32_t a, uint32_t) {
       return g.call(path_filestat_set_times, a, 0, g.put("f"), 1, 1, 1, kSetMtim);
     }},
    {"set times by name, following",
     [](TestGuest& g, uint32_t a, uint32_t) {
       return g.call(path_filestat_set_times, a, kLookupFollow, g.put("f"), 1, 1, 1, kSetMtim);
     }},
    {"set times of the directory",
     [](TestGuest& g, uint32_t a, uint32_t) { return g.call(fd_filestat_set_times, a, 1, 1, kSetMtim); }},
};

// Changes through a file that was opened for reading.
const Change kFileChanges[] = {
    {"set times",
     [](TestGuest& g, uint32_t f, uint32_t) { return g.call(fd_filestat_set_times, f, 1, 1, kSetMtim); }},
    {"set size", [](TestGuest& g, uint32_t f, uint32_t) { return g.call(fd_filestat_set_size, f, 0); }},
    {"allocate", [](TestGuest& g, uint32_t f, uint32_t) { return g.call(fd_allocate, f, 0, 10); }},
};

TEST_CASE("sandbox: nothing changes in a directory that is only to be read") {
  for (PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    TestTree read_only;
    TestTree writable;
    plant(read_only.path());
    plant(writable.path());
    const Preopen preopens[] = {{read_only.path(), "/ro", true}, {writable.path(), "/rw", false}};
    Preview1Config config;
    config.preopens = preopens;
    config.path_resolution = resolution;
    TestGuest guest(config);
    struct stat before;
    stat((read_only / "f").c_str(), &before);
    const std::string trees = describe(read_only.path()) + describe(writable.path());

    CHECK(guest.open(3, "d", kOpenDirectory) == Errno::Success);
    const uint32_t within = guest.opened;
    for (const Change& change : kChanges) {
      INFO(change.name);
      CHECK(change.run(guest, 3, 4) == Errno::Perm);
      CHECK(change.run(guest, within, 4) == Errno::Perm);
    }
    CHECK(guest.open(3, "f") == Errno::Success);
    const uint32_t file = guest.opened;
    for (const Change& change : kFileChanges) {
      INFO(change.name);
      CHECK(change.run(guest, file, 0) == Errno::Perm);
    }
    CHECK(guest.write(file, "x") == Errno::Badf);
    std::string text;
    CHECK(guest.read(file, 10, &text) == Errno::Success);
    CHECK(text == "text");

    CHECK(describe(read_only.path()) + describe(writable.path()) == trees);
    struct stat after;
    stat((read_only / "f").c_str(), &after);
    CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec);
    CHECK(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
  }
}

TEST_CASE("sandbox: the same changes are possible where writing is allowed") {
  for (const Change& change : kChanges) {
    TestTree a;
    TestTree b;
    plant(a.path());
    plant(b.path());
    const Preopen preopens[] = {{a.path(), "/a", false}, {b.path(), "/b", false}};
    Preview1Config config;
    config.preopens = preopens;
    TestGuest guest(config);
    INFO(change.name);
    CHECK(change.run(guest, 3, 4) == Errno::Success);
  }
}

// Every function that takes a path, with one that is as given.
struct PathUse {
  const char* name;
  Errno (*run)(TestGuest& guest, std::string_view path);
};

const PathUse kUses[] = {
    {"path_open", [](TestGuest& g, std::string_view p) { return g.open(3, p); }},
    {"path_open nofollow",
     [](TestGuest& g, std::string_view p) { return g.open(3, p, 0, rights::kFdRead, 0, 0); }},
    {"path_open create", [](TestGuest& g, std::string_view p) { return g.open(3, p, kOpenCreate); }},
    {"path_open directory", [](TestGuest& g, std::string_view p) { return g.open(3, p, kOpenDirectory); }},
    {"path_create_directory",
     [](TestGuest& g, std::string_view p) { return g.call(path_create_directory, 3, g.put(p), p.size()); }},
    {"path_remove_directory",
     [](TestGuest& g, std::string_view p) { return g.call(path_remove_directory, 3, g.put(p), p.size()); }},
    {"path_unlink_file",
     [](TestGuest& g, std::string_view p) { return g.call(path_unlink_file, 3, g.put(p), p.size()); }},
    {"path_filestat_get",
     [](TestGuest& g, std::string_view p) { return g.call(path_filestat_get, 3, 0, g.put(p), p.size(), 0); }},
    {"path_filestat_get following",
     [](TestGuest& g, std::string_view p) { return g.call(path_filestat_get, 3, 1, g.put(p), p.size(), 0); }},
    {"path_filestat_set_times",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_filestat_set_times, 3, 1, g.put(p), p.size(), 5, 5, kSetMtim | kSetAtim);
     }},
    {"path_readlink",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_readlink, 3, g.put(p), p.size(), TestGuest::kBuffer, 100, 0);
     }},
    {"path_symlink",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_symlink, g.put("f"), 1, 3, g.put(p), p.size());
     }},
    {"path_link from",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_link, 3, 0, g.put(p), p.size(), 3, g.put("n"), 1);
     }},
    {"path_link to",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_link, 3, 0, g.put("f"), 1, 3, g.put(p), p.size());
     }},
    {"path_rename from",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_rename, 3, g.put(p), p.size(), 3, g.put("n"), 1);
     }},
    {"path_rename to",
     [](TestGuest& g, std::string_view p) {
       return g.call(path_rename, 3, g.put("f"), 1, 3, g.put(p), p.size());
     }},
};

TEST_CASE("sandbox: paths that cannot be have one answer, whatever the function") {
  struct Row {
    std::string path;
    Errno expected;
  };
  const Row rows[] = {
      {"", Errno::Noent},
      {"/", Errno::Perm},
      {"/etc/passwd", Errno::Perm},
      {"..", Errno::Perm},
      {"../", Errno::Perm},
      {"d/../..", Errno::Perm},
      {"d/../../f", Errno::Perm},
      {"../outside", Errno::Perm},
      {"out/secret", Errno::Perm},
      {"out/../f", Errno::Perm},
      {"absolute/etc", Errno::Perm},
      {"loop/f", Errno::Loop},
      {"f/f", Errno::Notdir},
      {std::string("f\0", 2), Errno::Inval},
      {std::string("d\0/f", 4), Errno::Inval},
      {"\xff", Errno::Ilseq},
      {"d/\xc0\x80", Errno::Ilseq},
      {std::string(5000, 'x'), Errno::Nametoolong},
      {std::string(300, 'x') + "/f", Errno::Nametoolong},
  };
  for (PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    TestTree tree;
    plant_prison(tree);
    const std::string before = describe(tree.path());
    TestGuest guest(tree / "root", false, resolution);
    for (const PathUse& use : kUses) {
      for (const Row& row : rows) {
        INFO(use.name << " `" << row.path << "`");
        CHECK(use.run(guest, row.path) == row.expected);
      }
    }
    CHECK(describe(tree.path()) == before);
  }
}

TEST_CASE("sandbox: a slash behind a link does not lead out") {
  for (PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    TestTree tree;
    plant_prison(tree);
    const std::string before = describe(tree.path());
    TestGuest guest(tree / "root", false, resolution);
    for (const PathUse& use : kUses) {
      for (const char* path : {"out/", "out//", "out/.", "out/..", "out/../outside/secret"}) {
        INFO(use.name << " " << path);
        CHECK(use.run(guest, path) != Errno::Success);
      }
    }
    CHECK(describe(tree.path()) == before);
    struct stat status;
    CHECK(stat((tree / "outside").c_str(), &status) == 0);
    CHECK(status.st_mtim.tv_sec != 5);
  }
}

TEST_CASE("sandbox: links may be made to anywhere relative, and tell nothing of the host") {
  TestTree tree;
  plant(tree.path());
  TestGuest guest(tree.path());
  const auto link = [&](std::string_view target, std::string_view name) {
    return guest.call(path_symlink, guest.put(target), target.size(), 3, guest.put(name), name.size());
  };
  CHECK(link("/etc/passwd", "l") == Errno::Perm);
  CHECK(link("", "l") == Errno::Noent);
  CHECK(link(std::string_view("a\0b", 3), "l") == Errno::Inval);
  CHECK(link("../../../etc/passwd", "l") == Errno::Success);
  CHECK(guest.open(3, "l") == Errno::Perm);
  CHECK(symlink("/home/someone", (tree / "host").c_str()) == 0);
  CHECK(guest.call(path_readlink, 3, guest.put("host"), 4, TestGuest::kBuffer, 100, 0) == Errno::Perm);
  CHECK(guest.call(path_readlink, 3, guest.put("l"), 1, TestGuest::kBuffer, 4, 0) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 4);
  CHECK(guest.call(path_readlink, 3, guest.put("f"), 1, TestGuest::kBuffer, 4, 0) == Errno::Inval);
  CHECK(guest.call(path_link, 3, kLookupFollow, guest.put("l"), 1, 3, guest.put("n"), 1) == Errno::Inval);
}

TEST_CASE("sandbox: flags that do not exist are refused") {
  TestTree tree;
  plant(tree.path());
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "f", 16) == Errno::Inval);
  CHECK(guest.open(3, "f", 0, 0, 32) == Errno::Inval);
  CHECK(guest.open(3, "f", 0, 0, 0, 2) == Errno::Inval);
  CHECK(guest.open(3, "d", kOpenDirectory | kOpenCreate) == Errno::Inval);
  CHECK(guest.open(3, "d", kOpenDirectory | kOpenTruncate) == Errno::Inval);
  CHECK(guest.call(path_filestat_get, 3, 2, guest.put("f"), 1, 0) == Errno::Inval);
  CHECK(guest.call(path_filestat_set_times, 3, 0, guest.put("f"), 1, 0, 0, 16) == Errno::Inval);
  CHECK(guest.open(3, "f", kOpenCreate | kOpenExclusive) == Errno::Exist);
  CHECK(guest.open(3, "d", kOpenCreate) == Errno::Isdir);
  CHECK(guest.open(3, "f", kOpenDirectory) == Errno::Notdir);
}

TEST_CASE("sandbox: a pipe in a directory does not hold the host") {
  TestTree tree;
  CHECK(mkfifo((tree / "pipe").c_str(), 0666) == 0);
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "pipe", 0, rights::kFdRead, kFdNonblock) ==
        Errno::Success);  // No writer, and no waiting for one.
  const uint32_t reader = guest.opened;
  CHECK(guest.fdstat(reader).type == Filetype::Unknown);
  CHECK(guest.read(reader, 10) == Errno::Again);
  CHECK(guest.open(3, "pipe", 0, rights::kFdWrite) == Errno::Success);
  const uint32_t writer = guest.opened;
  CHECK(guest.write(writer, "text") == Errno::Success);
  std::string text;
  CHECK(guest.read(reader, 10, &text) == Errno::Success);
  CHECK(text == "text");
  CHECK(guest.call(fd_close, writer) == Errno::Success);
  CHECK(guest.read(reader, 10, &text) == Errno::Success);
  CHECK(text.empty());
}

}  // namespace
}  // namespace wherry::wasi::p1
