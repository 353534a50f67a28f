// From a configuration to a store's state.
//
// All of it is copied or opened here, so that a mistake in it is found before the guest runs, and so that a guest
// cannot have what is not there. What is not used costs nothing: a program without directories opens none, and whether a
// standard stream is a terminal is asked when the guest asks.
#include "wherry/wasi.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include "wasi/host/preopen.h"
#include "wasi/host/quota.h"
#include "wasi/host/socket.h"
#include "wasi/host/stream.h"
#include "wasi/p1/state.h"

namespace wherry::wasi {

namespace p1 {

namespace {

Error too_many(std::string_view what) {
  return Error::usage(std::string("more than 4 GiB of ").append(what));
}

Result<void> add_args(State& state, std::span<const std::string_view> args) {
  for (std::string_view arg : args) {
    if (arg.find('\0') != std::string_view::npos) return Error::usage("an argument contains a NUL");
    if (!state.args.add(arg)) return too_many("arguments");
  }
  return {};
}

bool is_set_later(std::string_view name, std::span<const EnvironmentVariable> later) {
  return std::any_of(later.begin(), later.end(),
                     [name](const EnvironmentVariable& one) { return one.name == name; });
}

Result<void> add_env(State& state, const Preview1Config& config) {
  if (config.inherit_env) {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      if (is_set_later(text.substr(0, text.find('=')), config.env)) continue;
      if (!state.env.add(text)) return too_many("environment");
    }
  }
  for (size_t i = 0; i < config.env.size(); ++i) {
    const EnvironmentVariable& one = config.env[i];
    if (one.name.empty() || one.name.find('=') != std::string_view::npos ||
        one.name.find('\0') != std::string_view::npos || one.value.find('\0') != std::string_view::npos) {
      return Error::usage(
          "an environment variable must have a name without `=`, and neither name nor value a NUL");
    }
    if (is_set_later(one.name, config.env.subspan(i + 1))) continue;
    if (!state.env.add(one.name, "=", one.value)) return too_many("environment");
  }
  return {};
}

Result<void> insert(State& state, Descriptor descriptor) {
  uint32_t number = 0;
  switch (state.descriptors.insert(std::move(descriptor), number)) {
    case Errno::Success: return {};
    case Errno::Mfile:
      return Error::usage("more directories and sockets are given than the guest may have descriptors");
    default: return Error::out_of_memory();
  }
}

Result<void> add_stdio(State& state, int number, const Stdio& choice) {
  WHERRY_RETURN_IF_ERROR(host::check_stdio(choice, number));
  Descriptor stream;
  switch (choice.kind) {
    case Stdio::Kind::Null: stream.kind = Kind::Null; break;
    case Stdio::Kind::Descriptor:
      stream.kind = Kind::Stdio;
      stream.handle = host::Handle::borrow(choice.descriptor >= 0 ? choice.descriptor : number);
      break;
    case Stdio::Kind::Reader:
    case Stdio::Kind::Writer:
      stream.kind = Kind::Embedder;
      stream.reader = choice.reader;
      stream.writer = choice.writer;
      break;
  }
  // Neither seek nor tell: by their absence C programs know a terminal.
  stream.base = (number == STDIN_FILENO ? rights::kFdRead : rights::kFdWrite) | rights::kFdFilestatGet |
                rights::kFdFdstatSetFlags | rights::kPollFdReadwrite;
  stream.inheriting = stream.base;
  return insert(state, std::move(stream));
}

Result<void> add_preopens(State& state, std::span<const Preopen> preopens) {
  size_t size = 0;
  for (const Preopen& preopen : preopens) size += preopen.guest_path.size();
  if (!state.names.reserve(size)) return Error::out_of_memory();  // Views into it stay where they are.
  for (const Preopen& preopen : preopens) {
    Descriptor directory;
    WHERRY_ASSIGN_OR_RETURN(directory.handle, host::open_preopen(preopen));
    directory.kind = Kind::Directory;
    directory.type = Filetype::Directory;
    directory.access = preopen.read_only ? host::Access::Read : host::Access::Write;
    directory.preopened = true;
    directory.base = rights::kDirectory;
    directory.inheriting = rights::kDirectory | rights::kFile | rights::kDevice;
    const size_t start = state.names.size();
    if (!state.names.append(preopen.guest_path)) return Error::out_of_memory();
    directory.name = {state.names.data() + start, preopen.guest_path.size()};
    WHERRY_RETURN_IF_ERROR(insert(state, std::move(directory)));
  }
  return {};
}

Result<void> add_listener(State& state, host::Handle handle, host::FileType type) {
  Descriptor listener;
  listener.kind = Kind::Listener;
  listener.type = from_host(type);
  listener.access = host::Access::Write;
  listener.handle = std::move(handle);
  listener.base = rights::kListener;
  listener.inheriting = rights::kConnection;
  return insert(state, std::move(listener));
}

Result<void> add_sockets(State& state, const Preview1Config& config) {
  for (std::string_view address : config.tcp_listen) {
    host::Handle handle;
    const int error = host::listen_tcp(address, handle);
    const std::string text(address);
    if (error == EINVAL) return Error::usage("`" + text + "` is no address and port such as 127.0.0.1:8080");
    if (error != 0) return Error::io(error, "cannot listen at " + text);
    WHERRY_RETURN_IF_ERROR(add_listener(state, std::move(handle), host::FileType::Stream));
  }
  if (!config.listen_fds) return {};
  constexpr int kFirst = 3;
  const int count = host::passed_sockets();
  for (int fd = kFirst; fd < kFirst + count; ++fd) {
    const host::FileType type = host::socket_type(fd);
    if (type == host::FileType::Unknown)
      return Error::usage("LISTEN_FDS names a descriptor that is no socket");
    WHERRY_RETURN_IF_ERROR(add_listener(state, host::Handle::borrow(fd), type));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<State>> make_state(const Preview1Config& config) {
  std::unique_ptr<State> state(new (std::nothrow)
                                   State(host::descriptor_limit(config.max_descriptors), config));
  if (state == nullptr) return Error::out_of_memory();
  state->resolver = config.path_resolution;
  state->is_shared = config.shared;
  WHERRY_RETURN_IF_ERROR(add_args(*state, config.args));
  WHERRY_RETURN_IF_ERROR(add_env(*state, config));
  WHERRY_RETURN_IF_ERROR(add_stdio(*state, STDIN_FILENO, config.in));
  WHERRY_RETURN_IF_ERROR(add_stdio(*state, STDOUT_FILENO, config.out));
  WHERRY_RETURN_IF_ERROR(add_stdio(*state, STDERR_FILENO, config.err));
  WHERRY_RETURN_IF_ERROR(add_preopens(*state, config.preopens));
  WHERRY_RETURN_IF_ERROR(add_sockets(*state, config));
  return state;
}

}  // namespace p1

Result<void> attach(StoreRef store, const Preview1Config& config) {
  WHERRY_ASSIGN_OR_RETURN(std::unique_ptr<p1::State> state, p1::make_state(config));
  host::ignore_write_signals();
  std::unique_ptr<p1::Surroundings> surroundings(new (std::nothrow) p1::Surroundings);
  if (surroundings == nullptr) return Error::out_of_memory();
  surroundings->state = std::move(state);
  return store.attach(p1::kSurroundings, std::move(surroundings));
}

Result<void> attach_shared(StoreRef store, StoreRef owner) {
  const p1::Surroundings* surroundings = owner.data(p1::kSurroundings);
  if (surroundings == nullptr || !surroundings->state->is_shared) {
    return Error::usage("the store has no WASI surroundings that are made to be shared");
  }
  std::unique_ptr<p1::Surroundings> same(new (std::nothrow) p1::Surroundings(*surroundings));
  if (same == nullptr) return Error::out_of_memory();
  return store.attach(p1::kSurroundings, std::move(same));
}

}  // namespace wherry::wasi
