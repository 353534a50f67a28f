// WASI 0.2 for components: what a store may use of the host, and the interfaces by which its guests use it.
//
//   wasi::Preview2Config config;
//   config.args = args;                          // std::span<const std::string_view>
//   config.out = wasi::StdioChoice::inherit();
//   config.preopens = preopens;
//   WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(linker));      // a ComponentLinker
//   WHERRY_RETURN_IF_ERROR(wasi::attach(store, config));
//
// A guest has nothing that its configuration does not name: a Preview2Config that was only constructed gives it no
// argument, no variable, no directory, an empty standard input, outputs that lead nowhere, and sockets that may neither be
// bound nor connected. Clocks and random numbers are always there.
//
// The version is 0.2.12; components that were made for 0.2.0 to 0.2.12 find it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wasi/host/address.h"
#include "wasi/host/capabilities.h"
#include "wherry/component_linker.h"
#include "wherry/result.h"
#include "wherry/store.h"

namespace wherry::wasi {

// What a store's guests may use. Of the process's own variables those that are not UTF-8 are left out.
struct Preview2Config : Capabilities {
  // What the guest is told to be its directory; nothing on the host changes by it.
  std::optional<std::string_view> initial_cwd;

  // --- network: a kind must be allowed, and then each address

  bool allow_tcp = false;
  bool allow_udp = false;
  bool allow_ip_name_lookup = false;
  // All addresses.
  bool inherit_network = false;
  // These, as text: "10.0.0.0/8", "127.0.0.1:8080", "[fd00::]/8:443", "0.0.0.0/0:8000-8999". See AddressRange.
  std::span<const std::string_view> allowed_addresses;
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
// function: they take form when a component imports them. Errors: Link if one of the interfaces is defined already,
// OutOfMemory.
Result<void> add_to_linker(ComponentLinker& linker);

// Gives a store's guests what `config` says: opens directories, copies arguments and variables. The store owns all of it and
// closes it at its end. Without it, every function of WASI ends the guest's call with an Error of kind Usage. A second call
// replaces what the first one gave.
//
// Where SIGPIPE and SIGXFSZ have their default actions they are set to be ignored, for the whole process: otherwise a guest
// that writes to a closed pipe, or beyond the limit of file sizes (`ulimit -f`), would end the host.
//
// Errors: Io for a directory that cannot be opened, with its name; Usage for arguments, variables and addresses that cannot be
// right; OutOfMemory; InvalidHandle.
Result<void> attach(StoreRef store, const Preview2Config& config);

}  // namespace wherry::wasi
