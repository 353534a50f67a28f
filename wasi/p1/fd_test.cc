// Descriptors of preview 1: the table, rights, flags, reading and writing, directories.
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <set>

#include "wasi/p1/test_guest.h"

namespace wherry::wasi::p1 {
namespace {

using host::get_file;
using host::open_host_descriptors;
using host::put_file;
using host::TestTree;

constexpr Rights kReadWrite = rights::kAll;

TEST_CASE("fd: a guest that was given nothing has three streams that lead nowhere") {
  TestGuest guest((Preview1Config()));
  std::string text = "x";
  CHECK(guest.read(0, 10, &text) == Errno::Success);
  CHECK(text.empty());
  CHECK(guest.write(1, "swallowed") == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 9);
  CHECK(guest.write(2, "swallowed") == Errno::Success);
  CHECK(guest.write(0, "x") == Errno::Badf);
  CHECK(guest.read(1, 1) == Errno::Badf);
  CHECK(guest.call(fd_prestat_get, 3, 0) == Errno::Badf);
  CHECK(guest.open(3, "etc") == Errno::Badf);
  CHECK(guest.call(args_sizes_get, 0, 4) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 0);
  CHECK(guest.call(environ_sizes_get, 0, 4) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 0);
}

TEST_CASE("fd: numbers are the lowest free ones, renumbering moves, closing frees") {
  TestTree tree;
  put_file(tree / "f", "text");
  put_file(tree / "g", "other");
  const size_t before = open_host_descriptors();
  {
    TestGuest guest(tree.path());
    CHECK(guest.open(3, "f") == Errno::Success);
    CHECK(guest.opened == 4);
    CHECK(guest.open(3, "g") == Errno::Success);
    CHECK(guest.opened == 5);
    CHECK(guest.call(fd_close, 4) == Errno::Success);
    CHECK(guest.call(fd_close, 4) == Errno::Badf);
    CHECK(guest.open(3, "f") == Errno::Success);
    CHECK(guest.opened == 4);

    CHECK(guest.call(fd_renumber, 4, 4) == Errno::Success);
    CHECK(guest.call(fd_renumber, 4, 99) == Errno::Badf);
    CHECK(guest.call(fd_renumber, 99, 4) == Errno::Badf);
    CHECK(guest.call(fd_renumber, 4, 0xffffffff) == Errno::Badf);
    const size_t open = open_host_descriptors();
    CHECK(guest.call(fd_renumber, 5, 4) == Errno::Success);
    CHECK(open_host_descriptors() == open - 1);
    std::string text;
    CHECK(guest.read(4, 10, &text) == Errno::Success);
    CHECK(text == "other");
    CHECK(guest.read(5, 10) == Errno::Badf);
    CHECK(guest.call(fd_renumber, 5, 4) == Errno::Badf);

    // Over a standard stream and a preopened directory, which is then none any more.
    CHECK(guest.call(fd_renumber, 4, 0) == Errno::Success);
    CHECK(guest.open(3, ".", kOpenDirectory) == Errno::Success);
    CHECK(guest.opened == 4);
    CHECK(guest.call(fd_renumber, 4, 3) == Errno::Success);
    CHECK(guest.call(fd_prestat_get, 3, 0) == Errno::Badf);
    CHECK(guest.open(3, "f") == Errno::Success);
    CHECK(guest.call(fd_close, 3) == Errno::Success);
    CHECK(guest.open(3, "f") == Errno::Badf);
    for (uint32_t fd : {0u, 1u, 2u}) CHECK(guest.call(fd_close, fd) == Errno::Success);
  }
  CHECK(open_host_descriptors() == before);
}

TEST_CASE("fd: a guest cannot have more descriptors than its limit") {
  TestTree tree;
  put_file(tree / "f", "text");
  const size_t before = open_host_descriptors();
  {
    TestGuest guest(tree.path(), false, PathResolution::Automatic, 20);
    int opened = 0;
    while (guest.open(3, "f") == Errno::Success && opened < 100) ++opened;
    CHECK(opened == 16);
    CHECK(guest.open(3, "f") == Errno::Mfile);
    CHECK(guest.open(3, "new", kOpenCreate) == Errno::Mfile);
    CHECK(get_file(tree / "new") == "<No such file or directory>");
    CHECK(guest.call(fd_close, 10) == Errno::Success);
    CHECK(guest.open(3, "f") == Errno::Success);
    CHECK(guest.opened == 10);
  }
  CHECK(open_host_descriptors() == before);
}

TEST_CASE("fd: rights are narrowed by directory and kind, can be given up, and never come back") {
  TestTree tree;
  put_file(tree / "f", "text");
  mkdir((tree / "d").c_str(), 0777);
  TestGuest guest(tree.path());
  CHECK(guest.fdstat(3).base == rights::kDirectory);

  CHECK(guest.open(3, "f", 0, kReadWrite) == Errno::Success);
  const uint32_t file = guest.opened;
  CHECK(guest.fdstat(file).base == rights::kFile);
  CHECK(guest.open(3, "d", 0, rights::kAll & ~rights::kFdWrite) == Errno::Success);
  const uint32_t directory = guest.opened;
  CHECK(guest.fdstat(directory).base == rights::kDirectory);
  CHECK(guest.open(3, "d", kOpenDirectory, kReadWrite) == Errno::Isdir);

  CHECK(guest.call(fd_fdstat_set_rights, file, rights::kFile & ~rights::kFdWrite, 0) == Errno::Success);
  CHECK(guest.write(file, "x") == Errno::Badf);
  CHECK(guest.call(fd_fdstat_set_rights, file, rights::kFile, 0) == Errno::Notcapable);
  CHECK(guest.call(fd_fdstat_set_rights, file, 0, rights::kFdRead) == Errno::Notcapable);
  CHECK(guest.call(fd_fdstat_set_rights, file, rights::kFdRead, 0) == Errno::Success);
  CHECK(guest.read(file, 4) == Errno::Success);
  CHECK(guest.call(fd_seek, file, 0, kSeekSet, 0) == Errno::Notcapable);
  CHECK(guest.call(fd_filestat_get, file, 0) == Errno::Notcapable);
  CHECK(guest.call(fd_fdstat_set_flags, file, 0) == Errno::Notcapable);
  CHECK(guest.call(fd_sync, file) == Errno::Notcapable);
  CHECK(guest.call(fd_close, file) == Errno::Success);

  // What is opened through a directory has no more than it hands on.
  CHECK(guest.call(fd_fdstat_set_rights, 3, rights::kDirectory, rights::kFdRead | rights::kFdSeek) ==
        Errno::Success);
  CHECK(guest.open(3, "f", 0, kReadWrite) == Errno::Success);
  CHECK(guest.fdstat(guest.opened).base == (rights::kFdRead | rights::kFdSeek));
  CHECK(guest.write(guest.opened, "x") == Errno::Badf);

  struct Row {
    Rights right;
    Errno (*use)(TestGuest& guest);
  };
  const Row rows[] = {
      {rights::kPathOpen, [](TestGuest& g) { return g.open(3, "f"); }},
      {rights::kPathCreateFile, [](TestGuest& g) { return g.open(3, "n1", kOpenCreate); }},
      {rights::kPathFilestatSetSize, [](TestGuest& g) { return g.open(3, "f", kOpenTruncate); }},
      {rights::kPathCreateDirectory,
       [](TestGuest& g) { return g.call(path_create_directory, 3, g.put("n2"), 2); }},
      {rights::kPathRemoveDirectory,
       [](TestGuest& g) { return g.call(path_remove_directory, 3, g.put("n2"), 2); }},
      {rights::kPathSymlink,
       [](TestGuest& g) { return g.call(path_symlink, g.put("f"), 1, 3, g.put("n3"), 2); }},
      {rights::kPathReadlink,
       [](TestGuest& g) { return g.call(path_readlink, 3, g.put("n3"), 2, 0, 10, 16); }},
      {rights::kPathLinkSource,
       [](TestGuest& g) { return g.call(path_link, 3, 0, g.put("f"), 1, 3, g.put("n4"), 2); }},
      {rights::kPathLinkTarget,
       [](TestGuest& g) { return g.call(path_link, 3, 0, g.put("f"), 1, 3, g.put("n5"), 2); }},
      {rights::kPathRenameSource,
       [](TestGuest& g) { return g.call(path_rename, 3, g.put("f"), 1, 3, g.put("f"), 1); }},
      {rights::kPathRenameTarget,
       [](TestGuest& g) { return g.call(path_rename, 3, g.put("f"), 1, 3, g.put("f"), 1); }},
      {rights::kPathFilestatGet,
       [](TestGuest& g) { return g.call(path_filestat_get, 3, 0, g.put("f"), 1, 0); }},
      {rights::kPathFilestatSetTimes,
       [](TestGuest& g) { return g.call(path_filestat_set_times, 3, 0, g.put("f"), 1, 0, 0, kSetMtimNow); }},
      {rights::kPathUnlinkFile, [](TestGuest& g) { return g.call(path_unlink_file, 3, g.put("n4"), 2); }},
      {rights::kFdReaddir, [](TestGuest& g) { return g.call(fd_readdir, 3, 1024, 1024, 0, 0); }},
      {rights::kFdFilestatGet, [](TestGuest& g) { return g.call(fd_filestat_get, 3, 0); }},
      {rights::kFdFilestatSetTimes,
       [](TestGuest& g) { return g.call(fd_filestat_set_times, 3, 0, 0, kSetMtimNow); }},
  };
  for (const Row& row : rows) {
    INFO("right " << row.right);
    CHECK(row.use(guest) == Errno::Success);
    TestGuest without(tree.path());
    CHECK(without.call(fd_fdstat_set_rights, 3, rights::kDirectory & ~row.right,
                       rights::kAll & rights::kFile) == Errno::Success);
    CHECK(row.use(without) == Errno::Notcapable);
  }
}

TEST_CASE("fd: what a kind can never do has the error that programs expect") {
  TestTree tree;
  put_file(tree / "f", "text");
  TestGuest guest(tree.path());
  CHECK(guest.call(fd_seek, 0, 0, kSeekCur, 0) == Errno::Spipe);
  CHECK(guest.call(fd_tell, 1, 0) == Errno::Spipe);
  CHECK(guest.call(fd_pread, 0, 8, 0, 0, 0) == Errno::Spipe);
  CHECK(guest.call(fd_pwrite, 1, 8, 0, 0, 0) == Errno::Spipe);
  CHECK(guest.call(fd_sync, 1) == Errno::Badf);
  CHECK(guest.read(3, 1) == Errno::Badf);
  CHECK(guest.write(3, "x") == Errno::Badf);
  CHECK(guest.call(fd_seek, 3, 0, kSeekCur, 0) == Errno::Badf);
  CHECK(guest.call(fd_allocate, 3, 0, 1) == Errno::Badf);
  CHECK(guest.call(fd_filestat_set_size, 3, 1) == Errno::Badf);
  CHECK(guest.call(sock_shutdown, 1, kShutRead) == Errno::Notsock);
  CHECK(guest.call(sock_accept, 3, 0, 0) == Errno::Notsock);
  CHECK(guest.call(sock_recv, 1, 8, 0, 0, 0, 4) == Errno::Notsock);
  CHECK(guest.call(sock_shutdown, 77, kShutRead) == Errno::Badf);
  CHECK(guest.open(3, "f") == Errno::Success);
  const uint32_t file = guest.opened;
  CHECK(guest.open(file, "f") == Errno::Notdir);
  CHECK(guest.open(1, "f") == Errno::Badf);
  CHECK(guest.call(path_unlink_file, file, guest.put("f"), 1) == Errno::Badf);
  CHECK(guest.call(fd_prestat_dir_name, file, 0, 10) == Errno::Notdir);
  CHECK(guest.call(fd_readdir, file, 0, 100, 0, 1000) == Errno::Badf);
}

TEST_CASE("fd: addresses and lists of a guest that lie outside its memory are Fault, and nothing happens") {
  TestTree tree;
  put_file(tree / "f", "text");
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "f", 0, kReadWrite) == Errno::Success);
  const uint32_t file = guest.opened;
  const auto end = static_cast<uint32_t>(guest.memory().size());
  guest.set(8, Iovec{end - 4, 8});
  CHECK(guest.call(fd_write, file, 8, 1, 0) == Errno::Fault);
  guest.set(8, Iovec{0xffffffff, 0xffffffff});
  CHECK(guest.call(fd_write, file, 8, 1, 0) == Errno::Fault);
  guest.set(8, Iovec{TestGuest::kText, 4});
  CHECK(guest.call(fd_write, file, end - 4, 1, 0) == Errno::Fault);
  CHECK(guest.call(fd_write, file, 8, 0xffffffff, 0) == Errno::Fault);
  CHECK(guest.call(fd_write, file, 8, 1, end - 3) == Errno::Fault);
  CHECK(guest.call(fd_read, file, 8, 1, end) == Errno::Fault);
  CHECK(guest.call(path_open, 3, 0, end - 1, 2, kOpenCreate, 0, 0, 0, 0) == Errno::Fault);
  CHECK(guest.call(path_open, 3, 0, guest.put("new"), 3, kOpenCreate, 0, 0, 0, end - 2) == Errno::Fault);
  CHECK(guest.call(path_open, 3, 0, 4, 0xffffffff, 0, 0, 0, 0, 0) == Errno::Fault);
  CHECK(guest.call(fd_filestat_get, file, end - 63) == Errno::Fault);
  CHECK(guest.call(fd_fdstat_get, file, end - 23) == Errno::Fault);
  CHECK(guest.call(fd_readdir, 3, end - 10, 11, 0, 0) == Errno::Fault);
  CHECK(guest.call(random_get, end - 1, 2) == Errno::Fault);
  CHECK(guest.call(clock_time_get, 0, 0, end - 7) == Errno::Fault);
  CHECK(guest.call(args_sizes_get, 0, end) == Errno::Fault);
  CHECK(get_file(tree / "f") == "text");
  CHECK(get_file(tree / "new") == "<No such file or directory>");
}

TEST_CASE("fd: long lists of buffers are cut, empty buffers passed over") {
  TestTree tree;
  put_file(tree / "f", "");
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "f", 0, kReadWrite) == Errno::Success);
  const uint32_t file = guest.opened;
  constexpr uint32_t kList = 16 * 1024;
  constexpr uint32_t kCount = 5000;
  guest.set(TestGuest::kBuffer, uint8_t{'y'});
  for (uint32_t i = 0; i < kCount; ++i) {
    guest.set(kList + i * 8, Iovec{TestGuest::kBuffer, i < kCount - 300 ? 0u : 1u});
  }
  CHECK(guest.call(fd_write, file, kList, kCount, 0) == Errno::Success);
  const auto written = guest.get<uint32_t>(0);
  CHECK(written > 0);
  CHECK(written <= 300);
  CHECK(get_file(tree / "f") == std::string(written, 'y'));
  CHECK(guest.call(fd_seek, file, 0, kSeekSet, 0) == Errno::Success);
  CHECK(guest.call(fd_read, file, kList, kCount, 0) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) > 0);
  CHECK(guest.call(fd_read, file, kList, 0, 0) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 0);
}

TEST_CASE("fd: positions, appending, sizes beyond the reach of the host") {
  TestTree tree;
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "f", kOpenCreate, kReadWrite, kFdAppend) == Errno::Success);
  const uint32_t file = guest.opened;
  CHECK(guest.fdstat(file).flags == kFdAppend);
  CHECK(guest.write(file, "one") == Errno::Success);
  CHECK(guest.call(fd_seek, file, 0, kSeekSet, 0) == Errno::Success);
  CHECK(guest.write(file, "two") == Errno::Success);
  CHECK(get_file(tree / "f") == "onetwo");
  CHECK(guest.call(fd_fdstat_set_flags, file, 0) == Errno::Success);
  CHECK(guest.call(fd_fdstat_set_flags, file, kFdSync) == Errno::Inval);
  CHECK(guest.call(fd_fdstat_set_flags, file, 0x100) == Errno::Inval);
  CHECK(guest.call(fd_seek, file, 1, kSeekSet, 0) == Errno::Success);
  CHECK(guest.write(file, "NE") == Errno::Success);
  CHECK(get_file(tree / "f") == "oNEtwo");
  CHECK(guest.call(fd_tell, file, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 3);
  CHECK(guest.call(fd_seek, file, int64_t{-4}, kSeekCur, 0) == Errno::Inval);
  CHECK(guest.call(fd_seek, file, int64_t{-1}, kSeekEnd, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 5);
  CHECK(guest.call(fd_seek, file, 0, 3, 0) == Errno::Inval);

  // The older numbering: current, end, set.
  CHECK(guest.call(unstable_fd_seek, file, 2, 2, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 2);
  CHECK(guest.call(unstable_fd_seek, file, 1, 0, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 3);
  CHECK(guest.call(unstable_fd_seek, file, 0, 1, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) == 6);

  CHECK(guest.call(fd_filestat_set_size, file, ~uint64_t{0}) == Errno::Fbig);
  CHECK(guest.call(fd_allocate, file, ~uint64_t{0}, 1) == Errno::Inval);
  CHECK(guest.call(fd_allocate, file, uint64_t{1} << 62, uint64_t{1} << 62) == Errno::Fbig);
  CHECK(guest.call(fd_advise, file, ~uint64_t{0}, 1, 0) == Errno::Inval);
  CHECK(guest.call(fd_advise, file, 0, 1, 6) == Errno::Inval);
  CHECK(guest.call(fd_advise, file, 0, 1, 3) == Errno::Success);
  guest.set(8, Iovec{TestGuest::kText, 1});
  CHECK(guest.call(fd_pread, file, 8, 1, ~uint64_t{0}, 0) == Errno::Inval);
  CHECK(guest.call(fd_pwrite, file, 8, 1, uint64_t{1} << 63, 0) == Errno::Inval);
}

TEST_CASE("fd: attributes in both layouts, times") {
  TestTree tree;
  put_file(tree / "f", "12345");
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "f") == Errno::Success);
  const uint32_t file = guest.opened;
  CHECK(guest.call(fd_filestat_set_times, file, 7, 8, kSetAtim | kSetMtim) == Errno::Success);
  CHECK(guest.call(fd_filestat_set_times, file, 0, 0, kSetAtim | kSetAtimNow) == Errno::Inval);
  CHECK(guest.call(fd_filestat_set_times, file, 0, 0, kSetMtim | kSetMtimNow) == Errno::Inval);
  CHECK(guest.call(fd_filestat_set_times, file, 0, 0, 16) == Errno::Inval);
  CHECK(guest.call(fd_filestat_get, file, 0) == Errno::Success);
  const auto status = guest.get<Filestat>(0);
  CHECK(status.size == 5);
  CHECK(status.links == 1);
  CHECK(status.accessed == 7);
  CHECK(status.modified == 8);
  CHECK(status.type == Filetype::RegularFile);
  CHECK(guest.call(unstable_fd_filestat_get, file, 0) == Errno::Success);
  const auto older = guest.get<UnstableFilestat>(0);
  CHECK(older.size == 5);
  CHECK(older.links == 1);
  CHECK(older.modified == 8);
  CHECK(older.inode == status.inode);
  CHECK(guest.call(unstable_path_filestat_get, 3, 0, guest.put("f"), 1, 0) == Errno::Success);
  CHECK(guest.get<UnstableFilestat>(0).inode == status.inode);
  // Standard streams tell nothing.
  CHECK(guest.call(fd_filestat_get, 0, 0) == Errno::Success);
  CHECK(guest.get<Filestat>(0).inode == 0);
}

// Where trees are made: most likely on file systems of several kinds, with small cookies and large ones.
const char* const kBases[] = {nullptr, "/tmp", "/var/tmp"};

// All entries of descriptor 3, read with a buffer of `size` bytes.
std::multiset<std::string> list(TestGuest& guest, uint32_t size, int& calls) {
  std::multiset<std::string> names;
  uint64_t cookie = 0;
  for (calls = 0; calls < 10'000; ++calls) {
    if (guest.call(fd_readdir, 3, TestGuest::kBuffer, size, cookie, 0) != Errno::Success) break;
    const auto used = guest.get<uint32_t>(0);
    const uint8_t* buffer = guest.memory().data() + TestGuest::kBuffer;
    uint32_t at = 0;
    while (at + sizeof(Dirent) <= used) {
      Dirent entry;
      memcpy(&entry, buffer + at, sizeof entry);
      if (at + sizeof entry + entry.name_size > used) break;
      names.emplace(reinterpret_cast<const char*>(buffer) + at + sizeof entry, entry.name_size);
      cookie = entry.next;
      at += static_cast<uint32_t>(sizeof entry) + entry.name_size;
    }
    if (used < size) break;
  }
  return names;
}

TEST_CASE("fd: listings are whole in pieces of any size, and cookies outlive changes") {
  for (const char* base : kBases) {
    TestTree tree(base);
    std::multiset<std::string> expected = {".", ".."};
    for (int i = 0; i < 300; ++i) {
      expected.insert("entry" + std::to_string(i));
      put_file(tree / ("entry" + std::to_string(i)), "");
    }
    const std::string raw = "latin1-\xe4";  // Names are bytes here.
    expected.insert(raw);
    put_file(tree / raw, "");
    TestGuest guest(tree.path());
    int calls = 0;
    for (uint32_t size : {64u, 100u, 4096u, 65536u}) {
      INFO("size " << size);
      CHECK(list(guest, size, calls) == expected);
    }
  }
}

TEST_CASE("fd: cookies fit 31 bits, and removing what was read loses nothing") {
  for (const char* base : kBases) {
    TestTree tree(base);
    for (int i = 0; i < 500; ++i) put_file(tree / ("entry" + std::to_string(i)), "");
    TestGuest guest(tree.path());
    uint64_t cookie = 0;
    int removed = 0;
    while (true) {
      CHECK(guest.call(fd_readdir, 3, TestGuest::kBuffer, 200, cookie, 0) == Errno::Success);
      const auto used = guest.get<uint32_t>(0);
      for (uint32_t at = 0; at + sizeof(Dirent) <= used;) {
        const auto entry = guest.get<Dirent>(TestGuest::kBuffer + at);
        const uint32_t name = TestGuest::kBuffer + at + sizeof(Dirent);
        at += sizeof(Dirent) + entry.name_size;
        if (at > used) break;
        CHECK(entry.next < (uint64_t{1} << 31));
        cookie = entry.next;
        removed += guest.call(path_unlink_file, 3, name, entry.name_size) == Errno::Success ? 1 : 0;
      }
      if (used < 200) break;
    }
    CHECK(removed == 500);
  }
}

TEST_CASE("fd: cookies that were never given are refused") {
  Cookies cookies;
  uint64_t host = 1;
  CHECK(cookies.begin(0, host));
  CHECK(host == 0);
  CHECK(cookies.next(7) == 7);
  const uint64_t large = (uint64_t{1} << 62) + 5;
  const uint64_t given = cookies.next(large);
  CHECK(given < (uint64_t{1} << 31));
  CHECK(cookies.next(large + 1) == given + 1);
  CHECK(cookies.begin(given, host));
  CHECK(host == large);
  CHECK(cookies.next(large + 1) == given + 1);  // The same again, and nothing more is kept.
  CHECK(cookies.begin(given, host));
  CHECK(cookies.next(large + 9) == given + 2);  // Something else stands there now.
  CHECK(!cookies.begin(given + 3, host));
  CHECK(!cookies.begin(uint64_t{1} << 40, host));
  CHECK(cookies.begin(0, host));
  CHECK(!cookies.begin(given, host));
  CHECK(cookies.begin(0, host));
  uint64_t last = 0;
  for (uint64_t i = 0; i < 20'000; ++i) last = cookies.next(large + i);
  CHECK(cookies.begin(last, host));
  CHECK(host == large + 19'999);
}

TEST_CASE("fd: listings into buffers that hold nothing") {
  TestTree tree;
  TestGuest guest(tree.path());
  CHECK(guest.call(fd_readdir, 3, TestGuest::kBuffer, 10, 0, 0) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 10);
  CHECK(guest.call(fd_readdir, 3, TestGuest::kBuffer, 0, 0, 0) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 0);
  CHECK(guest.call(fd_readdir, 3, TestGuest::kBuffer, 100, uint64_t{1} << 40, 0) == Errno::Inval);
}

TEST_CASE("fd: preopened directories have names") {
  TestTree tree;
  const Preopen preopens[] = {{tree.path(), "/first", false}, {tree.path(), "second", true}};
  Preview1Config config;
  config.preopens = preopens;
  TestGuest guest(config);
  CHECK(guest.call(fd_prestat_get, 4, 0) == Errno::Success);
  CHECK(guest.get<Prestat>(0).tag == 0);
  CHECK(guest.get<Prestat>(0).name_size == 6);
  CHECK(guest.call(fd_prestat_dir_name, 4, 0, 5) == Errno::Nametoolong);
  CHECK(guest.call(fd_prestat_dir_name, 4, 0, 60) == Errno::Success);
  CHECK(memcmp(guest.memory().data(), "second", 6) == 0);
  CHECK(guest.call(fd_prestat_get, 5, 0) == Errno::Badf);
  CHECK(guest.call(fd_prestat_get, 2, 0) == Errno::Badf);
}

}  // namespace
}  // namespace wherry::wasi::p1
