// What an embedder hands to guests, in the words that all versions of WASI share. Included by wasi.h and wasi_component.h.
//
// A guest has nothing that its Capabilities do not name. Those that were only made give it no argument, no variable, no
// directory, an empty standard input and outputs that lead nowhere. The clocks and random numbers of the host are always
// there, and can be replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wherry/blob.h"

namespace wherry::wasi {

// One directory of the host, and the name under which the guest finds it. Paths of a guest stay beneath it, whatever links
// lie in it.
struct Preopen {
  std::string_view host_path = {};
  std::string_view guest_path = {};
  // Nothing in it can be changed: neither files nor names nor times.
  bool read_only = false;
  // Not negative: this open directory, and `host_path` is not looked at. It stays the caller's and must stay open as long
  // as the store; any number of stores may be given it, and none of them needs a descriptor for it.
  int descriptor = -1;
};

struct EnvironmentVariable {
  std::string_view name;
  std::string_view value;
};

// Where a guest's standard input comes from, when that is the embedder's own code. Called on the thread that runs the guest.
class StdioReader {
 public:
  virtual ~StdioReader() = default;

  // Fills the beginning of `room`, which is not empty, and answers with how many bytes it was: 0 is the end, then and for ever. May
  // wait, but a guest that should stop is not told so meanwhile. Guests of other threads that share it (Preview1Config::shared) go on.
  virtual size_t read(std::span<uint8_t> room) = 0;
};

// Where what a guest writes to a standard stream goes, when that is the embedder's own code. Called on the thread that runs the
// guest; must not call the guest.
class StdioWriter {
 public:
  virtual ~StdioWriter() = default;

  // Takes `bytes`, which are the guest's and change after the call, or a first part of them, and answers with how many that was.
  // Fewer than all: the rest is refused as by a full disk.
  virtual size_t write(Bytes bytes) = 0;
};

// Bytes to be read, once. A view of them; not to be used by two stores at once.
class BytesReader final : public StdioReader {
 public:
  explicit BytesReader(Bytes bytes) : rest_(bytes) {}
  explicit BytesReader(std::string_view text) : rest_(as_bytes(text)) {}
  size_t read(std::span<uint8_t> room) override;

 private:
  Bytes rest_;
};

// Keeps what is written, up to a bound: what is beyond it the guest is refused. One thread at a time, so for stores that run one after the
// other.
class OutputBuffer final : public StdioWriter {
 public:
  static constexpr size_t kMost = size_t{1} << 20;

  explicit OutputBuffer(size_t most = kMost) : most_(most) {}
  size_t write(Bytes bytes) override;

  // What was written, in the order in which it came. Good until more is written. Not checked to be UTF-8.
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }
  // Whether the guest wanted to write more than there was room for.
  bool overflowed() const { return overflowed_; }
  // Forgets all, and has as much room as at the beginning.
  void clear();

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t most_;
  bool overflowed_ = false;
};

// Where one of the three standard streams leads. The default reads as empty and swallows what is written.
struct Stdio {
  enum class Kind : uint8_t { Null, Descriptor, Reader, Writer };
  Kind kind = Kind::Null;
  // For Kind::Descriptor: one of the host's, which stays the caller's and must stay open as long as the store; -1 is
  // the process's own stream of that number.
  int descriptor = -1;
  // For Kind::Reader, of the input, and Kind::Writer, of an output. It stays the caller's and must live as long as the store.
  // Both outputs may have the same.
  StdioReader* reader = nullptr;
  StdioWriter* writer = nullptr;

  static constexpr Stdio inherit() { return {.kind = Kind::Descriptor}; }
  static constexpr Stdio use(int host_descriptor) {
    return {.kind = Kind::Descriptor, .descriptor = host_descriptor};
  }
  static constexpr Stdio from(StdioReader& reader) { return {.kind = Kind::Reader, .reader = &reader}; }
  static constexpr Stdio to(StdioWriter& writer) { return {.kind = Kind::Writer, .writer = &writer}; }
};

// The clocks that a guest is told, when they are not the host's: for tests and repeated runs. What a guest waits for
// passes by the host's clock all the same: an instant of these clocks is taken to come when as much time has passed as these
// clocks say it is away, at the moment in which the guest begins to wait. Called on the thread that runs the guest.
class Clocks {
 public:
  virtual ~Clocks() = default;

  // Nanoseconds since 1970.
  virtual uint64_t wall_now() = 0;
  // Nanoseconds since whenever; never less than the last time.
  virtual uint64_t monotonic_now() = 0;
};

// How paths are followed beneath a directory. All give the same answers.
enum class PathResolution : uint8_t {
  Automatic,  // by openat2(2) where the kernel has it, else by hand
  Kernel,  // by openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS only; fails with "not supported" where there is none
  ByHand,  // a component at a time, never through a link and never upwards
};

// What every version of WASI gives a guest. All views are only read during attach(), so that one of these may serve any
// number of stores.
struct Capabilities {
  // The program's name first, by convention.
  std::span<const std::string_view> args = {};

  // No `=` in names, which are not empty. `inherit_env` adds the process's variables; where a name occurs twice, the later of
  // `env` counts.
  std::span<const EnvironmentVariable> env = {};
  bool inherit_env = false;

  Stdio in = {};
  Stdio out = {};
  Stdio err = {};

  std::span<const Preopen> preopens = {};

  // Null: the host's, the monotonic one counted from attach(). Else they must live as long as the store.
  Clocks* clocks = nullptr;

  // Empty: random numbers are the host's, fit for keys. Else they are computed from this number alone, the same for every
  // store that has the same: for tests and repeated runs, and fit for nothing that is secret.
  std::optional<uint64_t> random_seed = {};

  // How many descriptors of the host the guest may have open, those above included. Lowered to three quarters of the process's
  // own limit, so that a guest cannot use up the host's.
  uint32_t max_descriptors = 1024;

  PathResolution path_resolution = PathResolution::Automatic;
};

}  // namespace wherry::wasi
