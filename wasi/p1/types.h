// Numbers and layouts of preview 1, as typenames.witx has them.
//
// Structures are laid out as in the guest's memory and copied as a whole; padding is zero.
#pragma once

#include <cstdint>

#include "wasi/host/filesystem.h"

namespace wherry::wasi::p1 {

// What every function returns. Numbers in errno.inc.
enum class Errno : uint32_t {
#define ERRNO(name, number, host) name = number,
#include "wasi/p1/errno.inc"
#undef ERRNO
};

// The code for an errno of the host, 0 included; Io for one that has none.
Errno from_host(int error);

// A set of rights. Numbers in rights.inc.
using Rights = uint64_t;

namespace rights {
#define RIGHT(name, bit, kinds) inline constexpr Rights k##name = Rights{1} << bit;
#include "wasi/p1/rights.inc"
#undef RIGHT

// What rights a kind of descriptor can have.
enum Kinds : uint32_t {
  kForFile = 1,
  kForDevice = 2,
  kForDirectory = 4,
  kForConnection = 8,
  kForListener = 16,
};
constexpr Rights for_kinds(uint32_t wanted) {
  Rights set = 0;
#define RIGHT(name, bit, kinds) \
  if (((kinds) & wanted) != 0) set |= k##name;
#include "wasi/p1/rights.inc"
#undef RIGHT
  return set;
}
inline constexpr Rights kAll = for_kinds(~0u);
inline constexpr Rights kFile = for_kinds(kForFile);
inline constexpr Rights kDevice = for_kinds(kForDevice);
inline constexpr Rights kDirectory = for_kinds(kForDirectory);
inline constexpr Rights kConnection = for_kinds(kForConnection);
inline constexpr Rights kListener = for_kinds(kForListener);
}  // namespace rights

enum class Filetype : uint8_t {
  Unknown = 0,
  BlockDevice = 1,
  CharacterDevice = 2,
  Directory = 3,
  RegularFile = 4,
  SocketDgram = 5,
  SocketStream = 6,
  SymbolicLink = 7,
};
Filetype from_host(host::FileType type);

// fdflags
inline constexpr uint32_t kFdAppend = 1, kFdDsync = 2, kFdNonblock = 4, kFdRsync = 8, kFdSync = 16,
                          kFdAll = 31;
// lookupflags
inline constexpr uint32_t kLookupFollow = 1;
// oflags
inline constexpr uint32_t kOpenCreate = 1, kOpenDirectory = 2, kOpenExclusive = 4, kOpenTruncate = 8,
                          kOpenAll = 15;
// fstflags
inline constexpr uint32_t kSetAtim = 1, kSetAtimNow = 2, kSetMtim = 4, kSetMtimNow = 8, kSetAll = 15;
// riflags, roflags, sdflags
inline constexpr uint32_t kRecvPeek = 1, kRecvWaitall = 2, kRecvTruncated = 1;
inline constexpr uint32_t kShutRead = 1, kShutWrite = 2;
// clockid
inline constexpr uint32_t kClockRealtime = 0, kClockMonotonic = 1, kClockProcess = 2, kClockThread = 3;
// whence
inline constexpr uint32_t kSeekSet = 0, kSeekCur = 1, kSeekEnd = 2;
// eventtype
inline constexpr uint8_t kEventClock = 0, kEventRead = 1, kEventWrite = 2;
// subclockflags, eventrwflags
inline constexpr uint16_t kClockAbsolute = 1, kEventHangup = 1;

struct Iovec {
  uint32_t buffer;
  uint32_t size;
};
static_assert(sizeof(Iovec) == 8);

struct Fdstat {
  Filetype type;
  uint8_t padding0;
  uint16_t flags;
  uint32_t padding1;
  Rights base;
  Rights inheriting;
};
static_assert(sizeof(Fdstat) == 24);

struct Filestat {
  uint64_t device;
  uint64_t inode;
  Filetype type;
  uint8_t padding[7];
  uint64_t links;
  uint64_t size;
  uint64_t accessed;
  uint64_t modified;
  uint64_t changed;
};
static_assert(sizeof(Filestat) == 64);

// The same in `wasi_unstable`, where a count of links had 32 bits.
struct UnstableFilestat {
  uint64_t device;
  uint64_t inode;
  Filetype type;
  uint8_t padding[3];
  uint32_t links;
  uint64_t size;
  uint64_t accessed;
  uint64_t modified;
  uint64_t changed;
};
static_assert(sizeof(UnstableFilestat) == 56);

struct Prestat {
  uint32_t tag;  // 0: a directory, the only kind
  uint32_t name_size;
};
static_assert(sizeof(Prestat) == 8);

struct Dirent {
  uint64_t next;
  uint64_t inode;
  uint32_t name_size;
  Filetype type;
  uint8_t padding[3];
};
static_assert(sizeof(Dirent) == 24);

struct Subscription {
  uint64_t userdata;
  uint8_t tag;
  uint8_t padding0[7];
  union {
    struct {
      uint32_t id;
      uint32_t padding0;
      uint64_t timeout;
      uint64_t precision;
      uint16_t flags;
      uint8_t padding1[6];
    } clock;
    uint32_t fd;
  };
};
static_assert(sizeof(Subscription) == 48);

// The same in `wasi_unstable`, where a clock had a name of the guest's choice.
struct UnstableSubscription {
  uint64_t userdata;
  uint8_t tag;
  uint8_t padding0[7];
  union {
    struct {
      uint64_t identifier;
      uint32_t id;
      uint32_t padding0;
      uint64_t timeout;
      uint64_t precision;
      uint16_t flags;
      uint8_t padding1[6];
    } clock;
    uint32_t fd;
  };
};
static_assert(sizeof(UnstableSubscription) == 56);

struct Event {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint8_t padding0[5];
  uint64_t size;
  uint16_t flags;
  uint8_t padding1[6];
};
static_assert(sizeof(Event) == 32);

}  // namespace wherry::wasi::p1
