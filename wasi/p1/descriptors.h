// The guest's descriptors: what each number stands for and what may be done with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/vector.h"
#include "wasi/host/filesystem.h"
#include "wasi/host/handle.h"
#include "wasi/host/stream.h"
#include "wasi/p1/types.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi::p1 {

enum class Kind : uint8_t {
  Free,      // nothing: the number is not in use
  Null,      // a standard stream that leads nowhere
  Embedder,  // a standard stream of the embedder's own
  Stdio,     // a standard stream of the host; tells nothing of what is behind it but whether it is a terminal
  File,      // a regular file or block device
  Device,    // any other file: a terminal, a pipe
  Directory,
  Connection,  // a socket that was accepted
  Listener,    // a socket that accepts
};

// The rights that something of this kind can have.
constexpr Rights applicable(Kind kind) {
  switch (kind) {
    case Kind::Free: break;
    case Kind::Null:
    case Kind::Embedder:
    case Kind::Stdio: return rights::kDevice & ~rights::kFdFilestatSetTimes;
    case Kind::File: return rights::kFile;
    case Kind::Device: return rights::kDevice;
    case Kind::Directory: return rights::kDirectory;
    case Kind::Connection: return rights::kConnection;
    case Kind::Listener: return rights::kListener;
  }
  return 0;
}

// Places in a directory's listing, as numbers that fit the `long` of a 32-bit guest (telldir, seekdir).
//
// The host's cookies can have 63 bits (ext4 takes a hash). Small ones are handed out as they are; for larger ones the
// guest gets a number, kFirst and up, and the host's is kept here, up to kMost of them; beyond that, with bit 63 set,
// as they are again. So a guest can make the host keep 128 KiB for a descriptor, and only telldir in directories of
// more than 16,384 entries does not come back.
class Cookies {
 public:
  // The host's cookie for the guest's, where the listing goes on. False for one that was never given.
  [[nodiscard]] bool begin(uint64_t guest, uint64_t& host);

  // The guest's cookie for the next one of the host.
  uint64_t next(uint64_t host);

 private:
  static constexpr uint64_t kFirst = uint64_t{1} << 30;
  static constexpr size_t kMost = 1 << 14;
  static constexpr uint64_t kAsItIs = uint64_t{1} << 63;

  base::Vector<uint64_t> kept_;
  size_t expected_ = 0;  // where in kept_ the next one stands if the listing goes as it went before
};

// One open descriptor.
struct Descriptor {
  Kind kind = Kind::Free;
  host::Access access = host::Access::Read;  // of what it was opened through
  Filetype type = Filetype::Unknown;
  bool preopened = false;  // a directory that has a name
  uint16_t flags = 0;      // fdflags
  host::Handle handle;
  StdioReader* reader = nullptr;  // of Kind::Embedder: one of the two
  StdioWriter* writer = nullptr;
  Rights base = 0;
  Rights inheriting = 0;
  std::string_view name;  // of a preopened directory; owned by the State
  Cookies cookies;        // of a directory

  // Calls that wait on it while other threads may close it (Call::pin): the last of them then ends it.
  uint32_t pins = 0;
  bool is_closed = false;

  // How the host's descriptor behaves when nothing is ready.
  host::Blocking blocking() const {
    if (kind == Kind::File) return host::Blocking::Never;
    return (flags & kFdNonblock) != 0 ? host::Blocking::GiveUp : host::Blocking::Wait;
  }
};

// The numbers in use, at most `limit` of them, the lowest free one always taken next, as C programs expect. One thread
// at a time: State::mutex where there are several.
class Descriptors {
 public:
  explicit Descriptors(uint32_t limit) : limit_(limit) {}

  // The descriptor, or null if the number is not in use. Valid until it is closed.
  Descriptor* find(uint32_t fd) { return fd < table_.size() ? table_[fd].get() : nullptr; }

  // Whether there is room for one more: asked before the host opens something.
  bool full() const { return used_ >= limit_; }

  // Takes the descriptor in. Errors: Mfile at the limit, Nomem.
  [[nodiscard]] Errno insert(Descriptor descriptor, uint32_t& fd);

  // Badf if it is not in use. The host's is closed with the last of its pins.
  [[nodiscard]] Errno close(uint32_t fd);

  // `to` becomes what `from` was, and `from` is free; what `to` was is closed. Both must be in use: Badf.
  [[nodiscard]] Errno renumber(uint32_t from, uint32_t to);

  // One more than the highest number that was ever in use.
  size_t size() const { return table_.size(); }
  uint32_t used() const { return used_; }

 private:
  base::Vector<std::unique_ptr<Descriptor>> table_;  // Null: free.
  uint32_t lowest_free_ = 0;                         // No number below is free.
  uint32_t used_ = 0;
  uint32_t limit_;
};

}  // namespace wherry::wasi::p1
