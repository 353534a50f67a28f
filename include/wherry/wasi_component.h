// WASI 0.2 for components: what a store's guests may use of the host, and the interfaces by which they use it.
//
//   wasi::Preview2Config config;                              // a guest has nothing that is not said
//   config.args = args;                                       // as for modules: wasi.h
//   config.out = wasi::Stdio::to(out);
//   const std::string_view addresses[] = {"10.0.0.0/8:443"};
//   config.allow_tcp = true;
//   config.allowed_addresses = addresses;
//   WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(linker));      // a ComponentLinker; once
//   WHERRY_RETURN_IF_ERROR(wasi::attach(store, config));      // for each store
//   WHERRY_ASSIGN_OR_RETURN(const ComponentInstance instance, linker.instantiate(store, component));
//   WHERRY_ASSIGN_OR_RETURN(const int32_t status, wasi::run(store, instance));
//
// Sockets may neither be bound nor connected unless the configuration says so, and no name is looked up.
//
// The version is 0.2.12; components that were made for 0.2.0 to 0.2.12 find it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wherry/component_instance.h"
#include "wherry/component_linker.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/wasi_address.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi {

// What a store's guests may use. Of the process's own variables those that are not UTF-8 are left out.
struct Preview2Config : Capabilities {
  // What the guest is told to be its directory; nothing on the host changes by it.
  std::optional<std::string_view> initial_cwd = {};

  // --- network: a kind must be allowed, and then each address

  bool allow_tcp = false;
  bool allow_udp = false;
  bool allow_ip_name_lookup = false;
  // All addresses.
  bool inherit_network = false;
  // These, as text: "10.0.0.0/8", "127.0.0.1:8080", "[fd00::]/8:443", "0.0.0.0/0:8000-8999". See AddressRange.
  std::span<const std::string_view> allowed_addresses = {};
  // And those to which this says yes, of the rest. Asked for each address that is bound, connected or sent to. It and its
  // context must live as long as the store.
  AddressCheck address_check = nullptr;
  void* address_check_context = nullptr;

  // Let wasi:clocks/timezone tell the host's time zone; else it is UTC.
  bool inherit_timezone = false;

  // How many resources (streams, pollables, files, sockets) a guest may have at once; one more traps.
  uint32_t max_resources = 100'000;

  // How many random bytes one call may ask for; more traps.
  uint64_t max_random_bytes = uint64_t{64} << 20;
};

// Defines the interfaces of wasi:io, clocks, random, cli, filesystem and sockets, version 0.2.12. Costs nothing for each
// function: they take form when a component imports them. The linker may be used with any number of stores, on any number of
// threads. Errors: Link if one of the interfaces is defined already, OutOfMemory.
Result<void> add_to_linker(ComponentLinker& linker);

// Gives a store's guests what `config` says: opens directories, copies arguments and variables. The store owns all of it and
// closes it at its end. Without it, every function of WASI ends the guest's call with an Error of kind Usage. A second call
// replaces what the first one gave.
//
// Where SIGPIPE and SIGXFSZ have their default actions they are set to be ignored, for the whole process: otherwise a guest
// that writes to a closed pipe, or beyond the limit of file sizes (`ulimit -f`), would end the host.
//
// Errors: Io for a directory that cannot be opened, with its name; Usage for arguments, variables, streams and addresses that cannot
// be right; OutOfMemory; InvalidHandle.
Result<void> attach(StoreRef store, const Preview2Config& config);

// Runs a program, a component that exports wasi:cli/run, and answers its status: 0 or 1 by the result of its `run`, or what it
// gave to wasi:cli/exit. Errors: those of the call (a trap, a deadline); Link if there is no such export.
Result<int32_t> run(StoreRef store, const ComponentInstance& instance);

}  // namespace wherry::wasi
