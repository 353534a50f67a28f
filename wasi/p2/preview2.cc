// From a configuration to a store's state.
//
// All of it is copied or opened here, so that a mistake in it is found before the guest runs, and so that a guest cannot have
// what is not there.
#include "wherry/wasi_component.h"

#include <unistd.h>

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/utf8.h"
#include "wasi/host/preopen.h"
#include "wasi/host/stream.h"
#include "wasi/p2/state.h"

namespace wherry::wasi {

namespace p2 {

std::span<uint8_t> State::room() {
  if (bytes.size() > host::kMostAtOnce) bytes = {};
  if (bytes.size() < host::kMostAtOnce && !bytes.resize(host::kMostAtOnce)) return {};
  return bytes.span().first(host::kMostAtOnce);
}

Result<State*> state_of(const StoreRef& store) {
  State* const state = store.data(kState);
  if (state == nullptr) return Error::usage("the store has no WASI 0.2 surroundings: call wasi::attach");
  return state;
}

namespace {

bool is_text(std::string_view text) { return base::is_utf8(base::as_bytes(text)); }

Result<void> add_args(State& state, const Preview2Config& config) {
  for (std::string_view arg : config.args) {
    if (!is_text(arg)) return Error::usage("an argument is not UTF-8");
    state.args.emplace_back(arg);
  }
  if (config.initial_cwd) {
    if (!is_text(*config.initial_cwd)) return Error::usage("the initial directory is not UTF-8");
    state.initial_cwd = std::string(*config.initial_cwd);
  }
  return {};
}

void set_variable(State& state, std::string_view name, std::string_view value) {
  for (auto& [known, text] : state.env) {
    if (known != name) continue;
    text = value;
    return;
  }
  state.env.emplace_back(name, value);
}

Result<void> add_env(State& state, const Preview2Config& config) {
  if (config.inherit_env) {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      const size_t equals = text.find('=');
      if (equals == 0 || equals == text.npos || !is_text(text)) continue;
      set_variable(state, text.substr(0, equals), text.substr(equals + 1));
    }
  }
  for (const EnvironmentVariable& one : config.env) {
    if (one.name.empty() || one.name.find('=') != one.name.npos || !is_text(one.name) ||
        !is_text(one.value)) {
      return Error::usage("an environment variable must have a name without `=`, and both must be UTF-8");
    }
    set_variable(state, one.name, one.value);
  }
  return {};
}

Result<void> add_stdio(State& state, int number, const Stdio& choice) {
  WHERRY_RETURN_IF_ERROR(host::check_stdio(choice, number));
  if (choice.kind == Stdio::Kind::Reader) state.reader = choice.reader;
  if (choice.kind == Stdio::Kind::Writer) state.writers[number] = choice.writer;
  if (choice.kind != Stdio::Kind::Descriptor) return {};
  host::Handle handle = host::Handle::borrow(choice.descriptor >= 0 ? choice.descriptor : number);
  state.stdio[number] = host::make_ref<host::SharedHandle>(std::move(handle), host::Quota::Share());
  return state.stdio[number] ? Result<void>() : Error::out_of_memory();
}

Result<void> add_preopen(State& state, const Preopen& preopen) {
  if (!is_text(preopen.guest_path)) return Error::usage("the name of a directory is not UTF-8");
  host::Quota::Share share;
  if (state.quota->take(share) != 0) {
    return Error::usage("more directories are given than the guest may have descriptors");
  }
  WHERRY_ASSIGN_OR_RETURN(host::Handle handle, host::open_preopen(preopen));
  PreopenedDirectory directory;
  directory.handle = host::make_ref<host::SharedHandle>(std::move(handle), std::move(share));
  if (!directory.handle) return Error::out_of_memory();
  directory.access = preopen.read_only ? host::Access::Read : host::Access::Write;
  directory.name = preopen.guest_path;
  state.preopens.push_back(std::move(directory));
  return {};
}

Result<void> add_network(State& state, const Preview2Config& config) {
  state.network = host::make_ref<host::Network>();
  if (!state.network) return Error::out_of_memory();
  host::Network& network = *state.network;
  network.tcp = config.allow_tcp;
  network.udp = config.allow_udp;
  network.name_lookup = config.allow_ip_name_lookup;
  network.quota = state.quota;
  network.check = config.address_check;
  network.check_context = config.address_check_context;
  for (std::string_view text : config.allowed_addresses) {
    AddressRange range;
    if (!parse_address_range(text, range)) {
      return Error::usage(std::string("`").append(text) +
                          "` is no address range such as 10.0.0.0/8 or 127.0.0.1:8080");
    }
    if (!network.allowed.push_back(range)) return Error::out_of_memory();
  }
  if (!config.inherit_network) return {};
  AddressRange everything;
  if (!network.allowed.push_back(everything)) return Error::out_of_memory();
  everything.network.is_v6 = true;
  if (!network.allowed.push_back(everything)) return Error::out_of_memory();
  return {};
}

}  // namespace

Result<std::unique_ptr<State>> make_state(const Preview2Config& config) {
  std::unique_ptr<State> state(new (std::nothrow) State(config));
  if (state == nullptr) return Error::out_of_memory();
  state->quota = host::make_ref<host::Quota>(host::descriptor_limit(config.max_descriptors));
  state->resources = host::make_ref<host::Quota>(config.max_resources);
  if (!state->quota || !state->resources) return Error::out_of_memory();
  state->resolver = config.path_resolution;
  state->max_random_bytes = config.max_random_bytes;
  state->inherits_timezone = config.inherit_timezone;
  host::Patience patience;
  const auto key = std::span(reinterpret_cast<uint8_t*>(state->hash_key.data()), sizeof state->hash_key);
  if (const int error = state->circumstances.random(patience, key))
    return Error::io(error, "cannot get random numbers");
  WHERRY_RETURN_IF_ERROR(add_args(*state, config));
  WHERRY_RETURN_IF_ERROR(add_env(*state, config));
  WHERRY_RETURN_IF_ERROR(add_stdio(*state, STDIN_FILENO, config.in));
  WHERRY_RETURN_IF_ERROR(add_stdio(*state, STDOUT_FILENO, config.out));
  WHERRY_RETURN_IF_ERROR(add_stdio(*state, STDERR_FILENO, config.err));
  for (const Preopen& preopen : config.preopens) WHERRY_RETURN_IF_ERROR(add_preopen(*state, preopen));
  WHERRY_RETURN_IF_ERROR(add_network(*state, config));
  return state;
}

}  // namespace p2

Result<void> attach(StoreRef store, const Preview2Config& config) {
  WHERRY_ASSIGN_OR_RETURN(std::unique_ptr<p2::State> state, p2::make_state(config));
  host::ignore_write_signals();
  return store.attach(p2::kState, std::move(state));
}

}  // namespace wherry::wasi
