// What an embedder hands to guests, in the words that all versions of WASI share.
#pragma once

#include <cstdint>
#include <string_view>

namespace wherry::wasi {

// One directory of the host, and the name under which the guest finds it.
struct Preopen {
  std::string_view host_path;
  std::string_view guest_path;
  // Nothing in it can be changed: neither files nor names nor times.
  bool read_only = false;
};

struct EnvironmentVariable {
  std::string_view name;
  std::string_view value;
};

// Where one of the three standard streams leads. The default reads as empty and swallows what is written.
struct StdioChoice {
  enum class Kind : uint8_t { Null, Descriptor };
  Kind kind = Kind::Null;
  // For Kind::Descriptor: one of the host's, which stays the caller's and must stay open as long as the store; -1 is
  // the process's own stream of that number.
  int descriptor = -1;

  static constexpr StdioChoice inherit() { return {Kind::Descriptor, -1}; }
  static constexpr StdioChoice use(int host_descriptor) { return {Kind::Descriptor, host_descriptor}; }
};

// How paths are followed beneath a directory. All give the same answers.
enum class PathResolution : uint8_t {
  Automatic,  // by openat2(2) where the kernel has it, else by hand
  Kernel,     // by openat2(2) only; fails with "not supported" where there is none
  ByHand,     // a component at a time
};

}  // namespace wherry::wasi
