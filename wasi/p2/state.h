// What a store knows of its guests' surroundings, and what every function of WASI 0.2 begins with.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/vector.h"
#include "wasi/host/byte_stream.h"
#include "wasi/host/clocks.h"
#include "wasi/host/filesystem.h"
#include "wasi/host/metadata.h"
#include "wasi/host/network.h"
#include "wasi/host/wait.h"
#include "wherry/component_host.h"
#include "wherry/wasi_component.h"

namespace wherry::wasi::p2 {

// One of the directories that a guest finds.
struct PreopenedDirectory {
  host::Ref<host::SharedHandle> handle;
  host::Access access = host::Access::Read;
  std::string name;
};

struct State {
  explicit State(const Capabilities& capabilities) : circumstances(capabilities) {}

  // Of the embedder's making, and as many as it gave: these may live in containers of the standard library.
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::optional<std::string> initial_cwd;
  std::vector<PreopenedDirectory> preopens;

  host::Ref<host::SharedHandle> stdio[3];  // empty: leads nowhere, or to the embedder's own
  StdioReader* reader = nullptr;           // instead of stdio[0], if not null
  StdioWriter* writers[3] = {};            // instead of stdio[1] and [2]
  host::Ref<host::Quota> quota;            // of descriptors
  host::Ref<host::Quota> resources;        // of everything that a guest has a handle for
  host::Ref<host::Network> network;
  PathResolution resolver = PathResolution::Automatic;
  host::HashKey hash_key = {};
  host::Circumstances circumstances;
  uint64_t max_random_bytes = 0;
  bool inherits_timezone = false;

  // What results are views of: good until the next call.
  base::Vector<uint8_t> bytes;
  base::Vector<uint32_t> ready;

  // Room for host::kMostAtOnce bytes and no more; empty if memory runs out.
  std::span<uint8_t> room();
};

// Where a store keeps it.
inline constexpr DataKey<State> kState{"WASI 0.2"};

// The state of a guest's store. Error: Usage if it has none.
Result<State*> state_of(const StoreRef& store);

// What a configuration describes, with everything in it open. Errors: those of attach().
Result<std::unique_ptr<State>> make_state(const Preview2Config& config);

// What each resource holds of State::resources, as its last member.
using Place = host::Quota::Share;

// A resource for a guest. Errors: a trap if it has too many; OutOfMemory; Usage if the store has no state.
template <class T, class... Args>
Result<Own<T>> make_own(const StoreRef& store, Args&&... args) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(store));
  Place place;
  if (state->resources->take(place) != 0) return Error::trap("the guest has more resources than it may");
  Own<T> object(new (std::nothrow) T{std::forward<Args>(args)...});
  if (object == nullptr) return Error::out_of_memory();
  object->place = std::move(place);
  return object;
}

// `WHERRY_TRAP_IF_STOPPED(error, patience)`: leaves the function if the guest has to stop, or the host has no memory.
inline Result<void> check_stopped(int error, host::Patience& patience) {
  if (error == ECANCELED) [[unlikely]]
    return std::move(patience.failure);
  return {};
}

}  // namespace wherry::wasi::p2
