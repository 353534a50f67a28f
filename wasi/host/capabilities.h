// What an embedder hands to guests, in the words that all versions of WASI share.
#pragma once

#include <cstdint>
#include <span>
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
  Kernel,  // by openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS only; fails with "not supported" where there is none
  ByHand,  // a component at a time, never through a link and never upwards
};

// What every version of WASI gives a guest. All views are only read during attach().
struct Capabilities {
  // The program's name first, by convention.
  std::span<const std::string_view> args;

  // No `=` in names, which are not empty. `inherit_env` adds the process's variables; where a name occurs twice, the later of
  // `env` counts.
  std::span<const EnvironmentVariable> env;
  bool inherit_env = false;

  StdioChoice in;
  StdioChoice out;
  StdioChoice err;

  std::span<const Preopen> preopens;

  // How many descriptors of the host the guest may have open, those above included. Lowered to three quarters of the process's
  // own limit, so that a guest cannot use up the host's.
  uint32_t max_descriptors = 1024;

  PathResolution path_resolution = PathResolution::Automatic;
};

}  // namespace wherry::wasi
