// WASI preview 1 for modules: what a store's guests may use of the host, and the functions by which they use it.
//
//   wasi::OutputBuffer out;
//   const std::string_view args[] = {"program", "--quick"};
//   const wasi::Preopen directories[] = {{.host_path = "/srv/data", .guest_path = "/", .read_only = true}};
//   wasi::Preview1Config config;                                   // a guest has nothing that is not said
//   config.args = args;
//   config.preopens = directories;
//   config.out = wasi::Stdio::to(out);
//   WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(linker));           // once
//   WHERRY_RETURN_IF_ERROR(wasi::attach(store, config));           // for each store
//   WHERRY_ASSIGN_OR_RETURN(const Instance instance, linker.instantiate(store, module));
//   WHERRY_ASSIGN_OR_RETURN(const int32_t status, wasi::run(store, instance));
//
// WASI is a library of its own, lib/libwherry-wasi.a, in front of lib/libwherry.a when linking: it needs c-ares to look up names.
// For components: wasi_component.h. For programs with threads: wasi_threads.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wherry/instance.h"
#include "wherry/linker.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi {

// What a store's guests may use. No NUL in arguments and variables; the directories are descriptors 3, 4, ... in their order.
struct Preview1Config : Capabilities {
  // Sockets that already listen, as the descriptors after the directories: one for each address ("127.0.0.1:8080",
  // "[::1]:8080", "localhost:8080"; names are not looked up); then, with `listen_fds`, those that a service manager
  // passed on (LISTEN_FDS, see sd_listen_fds(3)). Preview 1 has no other sockets.
  std::span<const std::string_view> tcp_listen = {};
  bool listen_fds = false;

  // Other stores will get it too (attach_shared), and their guests run on other threads. A StdioReader, StdioWriter and Clocks are
  // then called on any of these, one at a time; only a reader may be in a call while the others are called, since a guest that waits for
  // input keeps none waiting but those that read too.
  bool shared = false;
};

// Defines the 46 functions of `wasi_snapshot_preview1`, and the 45 of the older `wasi_unstable`. Costs nothing for
// each: they take form in a store when a module imports them. The linker may be used with any number of stores, on any number
// of threads. Errors: Link if one of the module names is taken, OutOfMemory.
Result<void> add_to_linker(Linker& linker);

// Gives a store's guests what `config` says: opens directories and sockets, copies arguments and variables. The store
// owns all of it and closes it at its end. Without it, every function of WASI ends the guest's call with an Error of
// kind Usage. A second call replaces what the first one gave.
//
// Where SIGPIPE and SIGXFSZ have their default actions they are set to be ignored, for the whole process: otherwise a guest
// that writes to a closed pipe, or beyond the limit of file sizes (`ulimit -f`), would end the host.
//
// Errors: Io for a directory that cannot be opened or an address that cannot be bound, with its name; Usage for
// arguments, variables, streams and addresses that cannot be right; OutOfMemory; InvalidHandle.
Result<void> attach(StoreRef store, const Preview1Config& config);

// Gives a store's guests what `owner`'s have: not a copy, but the same descriptors, which one may close for all. The guests
// of both may run at the same time, also while this is called; calls that wait (reading from a terminal, sleeping) keep no
// other waiting. `owner` must not be given other surroundings meanwhile. Errors: Usage if it has none, or none that are
// `shared`; OutOfMemory, InvalidHandle.
Result<void> attach_shared(StoreRef store, StoreRef owner);

// Runs a program, a module that exports `_start`, to its end, and answers its status: 0 if it returned, or what it gave to
// proc_exit. A program is run once. Errors: those of the call (a trap, a deadline); Link if there is no such export.
Result<int32_t> run(StoreRef store, const Instance& instance);

}  // namespace wherry::wasi
