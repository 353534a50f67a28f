// What a store knows of its guests' surroundings, and what a function of preview 1 is given.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/vector.h"
#include "wasi/host/clocks.h"
#include "wasi/host/filesystem.h"
#include "wasi/host/wait.h"
#include "wasi/p1/descriptors.h"
#include "wasi/p1/types.h"
#include "wherry/memory.h"
#include "wherry/wasi.h"

namespace wherry::wasi::p1 {

// Strings as guests want them: one behind the other, each with its NUL.
struct Strings {
  base::Vector<char> text;
  base::Vector<uint32_t> starts;

  // False if memory runs out or there are more than 4 GiB. No NUL in the parts, which are joined.
  [[nodiscard]] bool add(std::string_view first, std::string_view second = {}, std::string_view third = {});
};

// Everything that a store's guests have, or those of several stores that share it (Surroundings). Calls of guests that
// share it hold `mutex`, but not while they wait.
struct State {
  State(uint32_t descriptor_limit, const Capabilities& capabilities)
      : descriptors(descriptor_limit), circumstances(capabilities) {}

  Strings args;
  Strings env;
  base::Vector<char> names;  // of the preopened directories; never grows after attach()
  Descriptors descriptors;
  host::Circumstances circumstances;
  PathResolution resolver = PathResolution::Automatic;
  bool is_shared = false;  // From the beginning.
  std::mutex mutex;
  std::mutex reading;  // The embedder's reader is in use: taken without `mutex`, as it may wait.
};

// A store's hold of a State.
struct Surroundings {
  std::shared_ptr<State> state;
};

// Where a store keeps it.
inline constexpr DataKey<Surroundings> kSurroundings{"WASI preview 1"};

// What a configuration describes, with everything in it open. Errors: those of attach().
Result<std::unique_ptr<State>> make_state(const Preview1Config& config);

// One call of a function: its store's state, its memory, and how long it may take.
//
// Every function returns an Errno; where the guest has to stop instead (a trap, an exit), `patience.failure` holds the
// Error, and the Errno means nothing. All addresses are checked before anything is done: a function that fails with
// Fault has had no effect.
struct Call {
  State& state;
  MemoryView memory;
  host::Patience patience;
  // Other threads may change the memory at any moment. Then what is looked at is copied first (text), or read once.
  bool is_racing = false;
  base::Vector<Descriptor*> pinned = {};
  base::Arena copies = base::Arena();

  ~Call();

  // The code for an errno of the host.
  Errno fail(int error) { return from_host(error); }

  template <class T>
  bool has(uint32_t address) const {
    return memory.contains(address, sizeof(T));
  }

  // Stores a result whose place was checked with has().
  template <class T>
  Errno put(uint32_t address, const T& value) {
    return memory.store(address, value) ? Errno::Success : Errno::Fault;
  }

  // The guest's string, in place or copied. Not checked to be UTF-8. Errors: Fault, Nomem; Nametoolong for a copy longer
  // than any path.
  Errno text(uint32_t address, uint32_t size, std::string_view& out);

  // Keeps a descriptor open until the call ends, whatever other threads close: before waiting on it. Error: Nomem.
  Errno pin(Descriptor& descriptor);

  // The descriptor, if it is in use and has all of `needed`: else Badf, Notcapable. What a file is commonly opened
  // for has the error that C programs expect without it: Badf for reading and writing, Inval for the size.
  Errno get(uint32_t fd, Rights needed, Descriptor*& out);

  // The same for a directory: Badf for something else.
  Errno get_directory(uint32_t fd, Rights needed, Descriptor*& out);

  host::Directory directory(const Descriptor& descriptor) const {
    return {descriptor.handle.fd(), descriptor.access, state.resolver};
  }
};

}  // namespace wherry::wasi::p1
