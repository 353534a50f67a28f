// Numbers of preview 1: errors, rights, layouts.
#include "wasi/p1/types.h"

#include <errno.h>
#include <stddef.h>

#include <catch2/catch.hpp>

#include "wasi/p1/descriptors.h"

namespace wherry::wasi::p1 {
namespace {

TEST_CASE("errno: numbers are those of the witx file") {
  CHECK(static_cast<uint32_t>(Errno::Success) == 0);
  CHECK(static_cast<uint32_t>(Errno::TooBig) == 1);
  CHECK(static_cast<uint32_t>(Errno::Badf) == 8);
  CHECK(static_cast<uint32_t>(Errno::Exist) == 20);
  CHECK(static_cast<uint32_t>(Errno::Ilseq) == 25);
  CHECK(static_cast<uint32_t>(Errno::Inval) == 28);
  CHECK(static_cast<uint32_t>(Errno::Noent) == 44);
  CHECK(static_cast<uint32_t>(Errno::Notdir) == 54);
  CHECK(static_cast<uint32_t>(Errno::Perm) == 63);
  CHECK(static_cast<uint32_t>(Errno::Spipe) == 70);
  CHECK(static_cast<uint32_t>(Errno::Xdev) == 75);
  CHECK(static_cast<uint32_t>(Errno::Notcapable) == 76);
}

TEST_CASE("errno: every error of the host becomes the one of its name") {
  struct Row {
    int host;
    Errno expected;
    const char* name;
  };
  static constexpr Row kRows[] = {
#define ERRNO(name, number, host) {host, Errno::name, #name},
#include "wasi/p1/errno.inc"
#undef ERRNO
  };
  CHECK(std::size(kRows) == 77);
  for (size_t i = 0; i < std::size(kRows); ++i) {
    INFO(kRows[i].name);
    CHECK(static_cast<size_t>(kRows[i].expected) == i);
    if (kRows[i].host != 0) CHECK(from_host(kRows[i].host) == kRows[i].expected);
  }
  CHECK(from_host(0) == Errno::Success);
  CHECK(from_host(EWOULDBLOCK) == Errno::Again);
  CHECK(from_host(ENOTSUP) == Errno::Notsup);
  CHECK(from_host(EHWPOISON) == Errno::Io);
  CHECK(from_host(-1) == Errno::Io);
}

TEST_CASE("rights: bits, and which kinds have them") {
  CHECK(rights::kFdDatasync == 1);
  CHECK(rights::kFdRead == 1u << 1);
  CHECK(rights::kFdWrite == 1u << 6);
  CHECK(rights::kPathOpen == 1u << 13);
  CHECK(rights::kPathUnlinkFile == 1u << 26);
  CHECK(rights::kPollFdReadwrite == 1u << 27);
  CHECK(rights::kSockAccept == 1u << 29);
  CHECK(rights::kAll == (1u << 30) - 1);
  CHECK((rights::kDirectory &
         (rights::kFdSeek | rights::kFdRead | rights::kFdWrite | rights::kFdFilestatSetSize)) == 0);
  CHECK((rights::kFile & (rights::kPathOpen | rights::kFdReaddir | rights::kSockAccept)) == 0);
  // A terminal is known by having neither.
  CHECK((applicable(Kind::Stdio) & (rights::kFdSeek | rights::kFdTell)) == 0);
  CHECK((applicable(Kind::Device) & (rights::kFdSeek | rights::kFdTell)) == 0);
  CHECK(applicable(Kind::Free) == 0);
}

TEST_CASE("layouts: offsets are those of the witx file") {
  CHECK(offsetof(Fdstat, flags) == 2);
  CHECK(offsetof(Fdstat, base) == 8);
  CHECK(offsetof(Filestat, type) == 16);
  CHECK(offsetof(Filestat, links) == 24);
  CHECK(offsetof(Filestat, size) == 32);
  CHECK(offsetof(Filestat, changed) == 56);
  CHECK(offsetof(UnstableFilestat, links) == 20);
  CHECK(offsetof(UnstableFilestat, size) == 24);
  CHECK(offsetof(UnstableFilestat, changed) == 48);
  CHECK(offsetof(Dirent, name_size) == 16);
  CHECK(offsetof(Dirent, type) == 20);
  CHECK(offsetof(Subscription, tag) == 8);
  CHECK(offsetof(Subscription, fd) == 16);
  CHECK(offsetof(Subscription, clock.timeout) == 24);
  CHECK(offsetof(Subscription, clock.flags) == 40);
  CHECK(offsetof(UnstableSubscription, clock.id) == 24);
  CHECK(offsetof(UnstableSubscription, clock.timeout) == 32);
  CHECK(offsetof(UnstableSubscription, clock.flags) == 48);
  CHECK(offsetof(Event, error) == 8);
  CHECK(offsetof(Event, type) == 10);
  CHECK(offsetof(Event, size) == 16);
  CHECK(offsetof(Event, flags) == 24);
}

}  // namespace
}  // namespace wherry::wasi::p1
