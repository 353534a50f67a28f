// wasi:filesystem: what a guest can change where it may only look, where its paths lead, and what descriptors answer.
#include "wasi/p2/filesystem.h"

#include <errno.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "wasi/host/test_tree.h"
#include "wasi/p2/test_guest.h"

namespace wherry::wasi::p2 {
namespace {

using host::describe;
using host::get_file;
using host::plant;
using host::plant_prison;
using host::put_file;
using host::TestTree;

constexpr PathFlags kNoFollow{};
constexpr PathFlags kFollow = PathFlags::SymlinkFollow;

DescriptorFlags operator|(DescriptorFlags a, DescriptorFlags b) {
  return static_cast<DescriptorFlags>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
OpenFlags operator|(OpenFlags a, OpenFlags b) {
  return static_cast<OpenFlags>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}

// At a time, as WIT says it.
NewTimestamp at(uint64_t seconds, uint32_t nanoseconds = 0) {
  return NewTimestamp(std::in_place_index<2>, Datetime{seconds, nanoseconds});
}
NewTimestamp keep() { return NewTimestamp(std::in_place_index<0>); }

struct Setting {
  TestGuest& guest;
  Descriptor& a;
  Descriptor& b;
};

// One way to change something. `a` is the directory that is written to, `b` another.
struct Change {
  const char* name;
  std::string (*run)(Setting& s);
};

#define CALL(expression) outcome(s.guest.call([&](Caller& c) { return expression; }))

const Change kChanges[] = {
    {"create", [](Setting& s) { return CALL(s.a.open_at(c, kNoFollow, "new", OpenFlags::Create, {})); }},
    {"create what exists",
     [](Setting& s) { return CALL(s.a.open_at(c, kNoFollow, "f", OpenFlags::Create, {})); }},
    {"create alone",
     [](Setting& s) {
       return CALL(
           s.a.open_at(c, kNoFollow, "new", OpenFlags::Create | OpenFlags::Exclusive, DescriptorFlags::Read));
     }},
    {"truncate", [](Setting& s) { return CALL(s.a.open_at(c, kNoFollow, "f", OpenFlags::Truncate, {})); }},
    {"truncate for reading",
     [](Setting& s) {
       return CALL(s.a.open_at(c, kNoFollow, "f", OpenFlags::Truncate, DescriptorFlags::Read));
     }},
    {"write", [](Setting& s) { return CALL(s.a.open_at(c, kNoFollow, "f", {}, DescriptorFlags::Write)); }},
    {"write and read",
     [](Setting& s) {
       return CALL(s.a.open_at(c, kFollow, "f", {}, DescriptorFlags::Write | DescriptorFlags::Read));
     }},
    {"mutate",
     [](Setting& s) {
       return CALL(s.a.open_at(c, kNoFollow, "d", OpenFlags::Directory, DescriptorFlags::MutateDirectory));
     }},
    {"create a directory", [](Setting& s) { return CALL(s.a.create_directory_at(c, "new")); }},
    {"remove a directory", [](Setting& s) { return CALL(s.a.remove_directory_at(c, "empty")); }},
    {"unlink", [](Setting& s) { return CALL(s.a.unlink_file_at(c, "f")); }},
    {"symlink", [](Setting& s) { return CALL(s.a.symlink_at(c, "f", "new")); }},
    {"link within", [](Setting& s) { return CALL(s.a.link_at(c, kNoFollow, "f", s.a, "new")); }},
    {"link into", [](Setting& s) { return CALL(s.b.link_at(c, kNoFollow, "f", s.a, "new")); }},
    {"link out of", [](Setting& s) { return CALL(s.a.link_at(c, kNoFollow, "f", s.b, "new")); }},
    {"rename within", [](Setting& s) { return CALL(s.a.rename_at(c, "f", s.a, "new")); }},
    {"rename into", [](Setting& s) { return CALL(s.b.rename_at(c, "f", s.a, "new")); }},
    {"rename out of", [](Setting& s) { return CALL(s.a.rename_at(c, "f", s.b, "new")); }},
    {"set times by name",
     [](Setting& s) { return CALL(s.a.set_times_at(c, kNoFollow, "f", keep(), at(1))); }},
    {"set times by name, following",
     [](Setting& s) { return CALL(s.a.set_times_at(c, kFollow, "f", at(1), at(1))); }},
    {"set times of the directory",
     [](Setting& s) { return outcome(s.a.set_times(NewTimestamp(std::in_place_index<1>), keep())); }},
};

struct Trees {
  explicit Trees(bool a_is_read_only, PathResolution resolution = PathResolution::Automatic)
      : preopens{{a.path(), "/a", a_is_read_only}, {b.path(), "/b", false}} {
    plant(a.path());
    plant(b.path());
    config.preopens = preopens;
    config.path_resolution = resolution;
  }
  TestTree a, b;
  Preopen preopens[2];
  Preview2Config config;
};

Own<Descriptor> open(TestGuest& guest, Descriptor& from, std::string_view path, DescriptorFlags flags,
                     OpenFlags open_flags = {}, PathFlags path_flags = kFollow) {
  auto result = guest.call([&](Caller& c) { return from.open_at(c, path_flags, path, open_flags, flags); });
  INFO(path);
  REQUIRE(outcome(result) == "ok");
  return std::move(**result);
}

TEST_CASE("wasi:filesystem: nothing changes in a directory that is only to be read") {
  for (const PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    Trees trees(true, resolution);
    TestGuest guest(trees.config);
    const auto a = guest.directory(0);
    const auto b = guest.directory(1);
    const std::string before = describe(trees.a.path()) + describe(trees.b.path());
    const auto within = open(guest, *a, "d", DescriptorFlags::Read, OpenFlags::Directory);
    for (const Change& change : kChanges) {
      INFO(change.name);
      Setting top{guest, *a, *b};
      Setting inner{guest, *within, *b};
      CHECK(change.run(top) == "ReadOnly");
      CHECK(change.run(inner) == "ReadOnly");
    }
    const auto file = open(guest, *a, "f", DescriptorFlags::Read);
    CHECK(outcome(file->set_times(at(1), at(1))) == "ReadOnly");
    CHECK(outcome(file->set_size(0)) == "ReadOnly");
    CHECK(outcome(guest.call([&](Caller& c) { return file->write_via_stream(c, 0); })) == "BadDescriptor");
    CHECK(outcome(guest.call([&](Caller& c) { return file->append_via_stream(c); })) == "BadDescriptor");
    CHECK(outcome(guest.call([&](Caller& c) { return file->write(c, {}, 0); })) == "BadDescriptor");
    CHECK(**file->get_flags() == DescriptorFlags::Read);
    CHECK(**a->get_flags() == DescriptorFlags::Read);
    CHECK(describe(trees.a.path()) + describe(trees.b.path()) == before);
  }
}

TEST_CASE("wasi:filesystem: the same changes are possible where writing is allowed") {
  for (const Change& change : kChanges) {
    Trees trees(false);
    TestGuest guest(trees.config);
    const auto a = guest.directory(0);
    const auto b = guest.directory(1);
    Setting setting{guest, *a, *b};
    INFO(change.name);
    CHECK(change.run(setting) == "ok");
  }
}

// Every function that takes a path, with one that is as given.
struct PathUse {
  const char* name;
  std::string (*run)(Setting& s, std::string_view path);
};

const PathUse kUses[] = {
    {"open-at",
     [](Setting& s, std::string_view p) {
       return CALL(s.a.open_at(c, kFollow, p, {}, DescriptorFlags::Read));
     }},
    {"open-at nofollow",
     [](Setting& s, std::string_view p) {
       return CALL(s.a.open_at(c, kNoFollow, p, {}, DescriptorFlags::Read));
     }},
    {"open-at create",
     [](Setting& s, std::string_view p) {
       return CALL(s.a.open_at(c, kFollow, p, OpenFlags::Create, DescriptorFlags::Write));
     }},
    {"open-at directory",
     [](Setting& s, std::string_view p) {
       return CALL(s.a.open_at(c, kFollow, p, OpenFlags::Directory, {}));
     }},
    {"create-directory-at",
     [](Setting& s, std::string_view p) { return CALL(s.a.create_directory_at(c, p)); }},
    {"remove-directory-at",
     [](Setting& s, std::string_view p) { return CALL(s.a.remove_directory_at(c, p)); }},
    {"unlink-file-at", [](Setting& s, std::string_view p) { return CALL(s.a.unlink_file_at(c, p)); }},
    {"stat-at", [](Setting& s, std::string_view p) { return CALL(s.a.stat_at(c, kNoFollow, p)); }},
    {"stat-at following", [](Setting& s, std::string_view p) { return CALL(s.a.stat_at(c, kFollow, p)); }},
    {"metadata-hash-at",
     [](Setting& s, std::string_view p) { return CALL(s.a.metadata_hash_at(c, kFollow, p)); }},
    {"set-times-at",
     [](Setting& s, std::string_view p) { return CALL(s.a.set_times_at(c, kFollow, p, at(5), at(5))); }},
    {"readlink-at", [](Setting& s, std::string_view p) { return CALL(s.a.readlink_at(c, p)); }},
    {"symlink-at", [](Setting& s, std::string_view p) { return CALL(s.a.symlink_at(c, "f", p)); }},
    {"link-at from",
     [](Setting& s, std::string_view p) { return CALL(s.a.link_at(c, kNoFollow, p, s.a, "n")); }},
    {"link-at to",
     [](Setting& s, std::string_view p) { return CALL(s.a.link_at(c, kNoFollow, "f", s.a, p)); }},
    {"rename-at from", [](Setting& s, std::string_view p) { return CALL(s.a.rename_at(c, p, s.a, "n")); }},
    {"rename-at to", [](Setting& s, std::string_view p) { return CALL(s.a.rename_at(c, "f", s.a, p)); }},
};

struct Prison {
  explicit Prison(PathResolution resolution) {
    plant_prison(tree);
    root = tree / "root";
    preopen = {root, "/"};
    config.preopens = {&preopen, 1};
    config.path_resolution = resolution;
  }
  TestTree tree;
  std::string root;
  Preopen preopen;
  Preview2Config config;
};

TEST_CASE("wasi:filesystem: paths that cannot be have one answer, whatever the function") {
  struct Row {
    std::string path;
    const char* expected;
  };
  const Row rows[] = {
      {"", "NoEntry"},
      {"/", "NotPermitted"},
      {"/etc/passwd", "NotPermitted"},
      {"..", "NotPermitted"},
      {"../", "NotPermitted"},
      {"d/../..", "NotPermitted"},
      {"d/../../f", "NotPermitted"},
      {"../outside", "NotPermitted"},
      {"out/secret", "NotPermitted"},
      {"out/../f", "NotPermitted"},
      {"absolute/etc", "NotPermitted"},
      {"loop/f", "Loop"},
      {"f/f", "NotDirectory"},
      {std::string("f\0", 2), "Invalid"},
      {std::string("d\0/f", 4), "Invalid"},
      {std::string(5000, 'x'), "NameTooLong"},
      {std::string(300, 'x') + "/f", "NameTooLong"},
  };
  for (const PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    Prison prison(resolution);
    const std::string before = describe(prison.tree.path());
    TestGuest guest(prison.config);
    const auto root = guest.directory();
    Setting setting{guest, *root, *root};
    for (const PathUse& use : kUses) {
      for (const Row& row : rows) {
        INFO(use.name << " `" << row.path << "`");
        CHECK(use.run(setting, row.path) == row.expected);
      }
    }
    CHECK(describe(prison.tree.path()) == before);
  }
}

TEST_CASE("wasi:filesystem: a slash behind a link does not lead out") {
  for (const PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    Prison prison(resolution);
    const std::string before = describe(prison.tree.path());
    TestGuest guest(prison.config);
    const auto root = guest.directory();
    Setting setting{guest, *root, *root};
    for (const PathUse& use : kUses) {
      for (const char* path : {"out/", "out//", "out/.", "out/..", "out/../outside/secret", "absolute/"}) {
        INFO(use.name << " " << path);
        CHECK(use.run(setting, path) != "ok");
      }
    }
    CHECK(describe(prison.tree.path()) == before);
  }
}

TEST_CASE("wasi:filesystem: links to absolute places are neither made nor told") {
  Prison prison(PathResolution::Automatic);
  TestGuest guest(prison.config);
  const auto root = guest.directory();
  Setting s{guest, *root, *root};
  CHECK(CALL(s.a.symlink_at(c, "/etc/passwd", "new")) == "NotPermitted");
  CHECK(CALL(s.a.readlink_at(c, "absolute")) == "NotPermitted");
  const auto target = guest.call([&](Caller& c) { return root->readlink_at(c, "out"); });
  CHECK(**target == "../outside");
}

TEST_CASE("wasi:filesystem: a file has no directory's functions, and a directory no file's") {
  Trees trees(false);
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  const auto file = open(guest, *a, "f", DescriptorFlags::Read | DescriptorFlags::Write);
  Setting as_directory{guest, *file, *a};
  for (const PathUse& use : kUses) {
    INFO(use.name);
    CHECK(use.run(as_directory, "x") == "NotDirectory");
  }
  CHECK(outcome(guest.call([&](Caller& c) { return file->read_directory(c); })) == "NotDirectory");
  CHECK(outcome(guest.call([&](Caller& c) { return a->read_via_stream(c, 0); })) == "BadDescriptor");
  CHECK(outcome(guest.call([&](Caller& c) { return a->write_via_stream(c, 0); })) == "BadDescriptor");
  CHECK(outcome(guest.call([&](Caller& c) { return a->append_via_stream(c); })) == "BadDescriptor");
  CHECK(outcome(a->set_size(0)) == "BadDescriptor");
  CHECK(outcome(guest.call([&](Caller& c) { return a->read(c, 1, 0); })) == "BadDescriptor");
  CHECK(outcome(guest.call([&](Caller& c) { return a->write(c, {}, 0); })) == "BadDescriptor");
  Setting s{guest, *a, *file};
  CHECK(CALL(s.a.rename_at(c, "f", s.b, "x")) == "NotDirectory");
  CHECK(CALL(s.a.link_at(c, kNoFollow, "f", s.b, "x")) == "NotDirectory");
  CHECK(CALL(s.a.link_at(c, kFollow, "f", s.a, "x")) == "Invalid");
}

TEST_CASE("wasi:filesystem: reading and writing at a place") {
  Trees trees(false);
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  const auto file = open(guest, *a, "n", DescriptorFlags::Read | DescriptorFlags::Write, OpenFlags::Create);
  const std::string big(200'000, 'x');
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(big.data()), big.size());
  const auto read = [&](uint64_t length, uint64_t offset) {
    return guest.call([&](Caller& c) -> std::pair<std::string, size_t> {
      auto result = file->read(c, length, offset);
      if (outcome(result) != "ok") return {outcome(result), 0};
      const auto& [data, end] = **result;
      return {end ? "end" : "more", data.size()};
    });
  };
  CHECK(**guest.call([&](Caller& c) { return file->write(c, bytes, 3); }) == 200'000);
  CHECK(read(10, 0) == std::pair<std::string, size_t>("more", 10));
  CHECK(read(UINT64_MAX, 0) == std::pair<std::string, size_t>("more", host::kMostAtOnce));
  CHECK(read(10, 200'003) == std::pair<std::string, size_t>("end", 0));
  CHECK(read(0, 200'003) == std::pair<std::string, size_t>("more", 0));
  CHECK(read(1, UINT64_MAX) == std::pair<std::string, size_t>("Invalid", 0));
  CHECK(outcome(guest.call([&](Caller& c) { return file->write(c, bytes, UINT64_MAX); })) == "Invalid");
  CHECK(outcome(file->set_size(2)) == "ok");
  CHECK((**file->stat()).size == 2);
  CHECK(outcome(file->set_size(UINT64_MAX)) == "FileTooLarge");
  CHECK(outcome(file->sync()) == "ok");
  CHECK(outcome(file->sync_data()) == "ok");
  CHECK(outcome(file->advise(0, UINT64_MAX, Advice::Random)) == "Invalid");
  CHECK(outcome(file->advise(0, 10, Advice::WillNeed)) == "ok");
}

TEST_CASE("wasi:filesystem: writing beyond the limit of file sizes is an error, not the end") {
  Trees trees(false);
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  const auto file = open(guest, *a, "n", DescriptorFlags::Write, OpenFlags::Create);
  const uint8_t five[] = {'f', 'i', 'v', 'e', 's'};
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 4;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto write = [&](uint64_t offset) {
    return outcome(guest.call([&](Caller& c) { return file->write(c, five, offset); }));
  };
  const std::string across = write(0);
  const std::string beyond = write(4);
  const std::string resized = outcome(file->set_size(5));
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(across == "ok");  // As much as fits.
  CHECK(beyond == "FileTooLarge");
  CHECK(resized == "FileTooLarge");
  CHECK(get_file(trees.a / "n") == "five");
}

TEST_CASE("wasi:filesystem: times are set, and those that no clock shows are refused") {
  Trees trees(false);
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  const auto file = open(guest, *a, "f", DescriptorFlags::Read);
  CHECK(outcome(file->set_times(keep(), at(1000, 5))) == "ok");
  const DescriptorStat stat = **file->stat();
  CHECK(stat.data_modification_timestamp->seconds == 1000);
  CHECK(stat.data_modification_timestamp->nanoseconds == 5);
  CHECK(stat.link_count == 1);
  CHECK(stat.type == DescriptorType::RegularFile);
  CHECK(outcome(file->set_times(keep(), at(1, 1'000'000'000))) == "Invalid");
  CHECK(outcome(file->set_times(at(UINT64_MAX), keep())) == "Invalid");
  CHECK(outcome(guest.call([&](Caller& c) {
          return a->set_times_at(c, kFollow, "f", at(UINT64_MAX / 1'000'000'000 + 1), keep());
        })) == "Invalid");
}

TEST_CASE("wasi:filesystem: two descriptors of one file are the same object, with one hash") {
  Trees trees(false);
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  const auto one = open(guest, *a, "f", DescriptorFlags::Read);
  const auto two = open(guest, *a, "d/../f", DescriptorFlags::Read);
  const auto other = open(guest, *a, "d/f", DescriptorFlags::Read);
  CHECK(*one->is_same_object(*two));
  CHECK_FALSE(*one->is_same_object(*other));
  const auto hash = [&](Descriptor& descriptor) {
    return (**guest.call([&](Caller& c) { return descriptor.metadata_hash(c); })).upper;
  };
  CHECK(hash(*one) == hash(*two));
  CHECK(hash(*one) != hash(*other));
  CHECK((**guest.call([&](Caller& c) { return a->metadata_hash_at(c, kNoFollow, "f"); })).upper ==
        hash(*one));
}

TEST_CASE("wasi:filesystem: a directory is listed, and a name without a string is an error of its own") {
  Trees trees(false);
  put_file(trees.a / "bad\xff", "");
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  auto listing = guest.call([&](Caller& c) { return a->read_directory(c); });
  REQUIRE(outcome(listing) == "ok");
  int names = 0;
  int errors = 0;
  while (true) {
    const auto entry = (**listing)->read_directory_entry();
    if (outcome(entry) == "IllegalByteSequence") {
      ++errors;
      continue;
    }
    REQUIRE(outcome(entry) == "ok");
    if (!(**entry)) break;
    CHECK((**entry)->name != ".");
    ++names;
  }
  CHECK(names == 3);
  CHECK(errors == 1);
}

TEST_CASE("wasi:filesystem: a guest holds no more descriptors than its quota") {
  Trees trees(false);
  trees.config.max_descriptors = 4;  // Two are the preopened directories.
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  auto one = open(guest, *a, "f", DescriptorFlags::Read);
  auto stream = guest.call([&](Caller& c) { return one->read_via_stream(c, 0); });
  const auto two = open(guest, *a, "f", DescriptorFlags::Read);
  Setting s{guest, *a, *a};
  CHECK(CALL(s.a.open_at(c, kFollow, "f", {}, DescriptorFlags::Read)) == "Io");
  one.reset();  // Its stream still holds the file.
  CHECK(CALL(s.a.open_at(c, kFollow, "f", {}, DescriptorFlags::Read)) == "Io");
  (**stream).reset();
  CHECK(CALL(s.a.open_at(c, kFollow, "f", {}, DescriptorFlags::Read)) == "ok");
}

TEST_CASE("wasi:filesystem: a guest holds no more listings than its quota") {
  Trees trees(false);
  trees.config.max_descriptors = 3;  // Two are the preopened directories.
  TestGuest guest(trees.config);
  const auto a = guest.directory(0);
  const auto list = [&] { return guest.call([&](Caller& c) { return a->read_directory(c); }); };
  auto one = list();
  REQUIRE(outcome(one) == "ok");
  CHECK(outcome(list()) == "Io");
  (**one).reset();
  CHECK(outcome(list()) == "ok");
}

TEST_CASE("wasi:filesystem: an error of a stream tells which error of a file it is") {
  IoError file{ENOSPC, Origin::File};
  IoError socket{ECONNRESET, Origin::Socket};
  IoError unknown{EMFILE, Origin::File};
  CHECK(filesystem_error_code(file) == ErrorCode::InsufficientSpace);
  CHECK(filesystem_error_code(socket) == std::nullopt);
  CHECK(filesystem_error_code(unknown) == std::nullopt);
  CHECK_FALSE(file.to_debug_string().empty());
}

}  // namespace
}  // namespace wherry::wasi::p2
