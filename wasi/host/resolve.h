// From names to addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "wasi/host/network.h"
#include "wasi/host/poll.h"

namespace wherry::wasi::host {

// A question to the name service, and its answer as it comes. Asks the servers of /etc/resolv.conf, after /etc/hosts.
class NameLookup : public Source {
 public:
  // Begins to look up `name`; an address written as text is its own answer, a name that is not in ASCII is converted by
  // IDNA. Does not wait. Errors: InvalidArgument for what is no host name; NotSupported where there is no resolver, or no
  // converter for such a name; PermanentResolverFailure if the network allows no look-up; NewSocketLimit, OutOfMemory.
  static SocketError start(Ref<Network> network, std::string_view name, Ref<NameLookup>& out);

  // The next address in `out` and `found`, or none. Errors: WouldBlock, NameUnresolvable, TemporaryResolverFailure,
  // PermanentResolverFailure.
  virtual SocketError next(IpAddress& out, bool& found) = 0;
};

// Whether a text may be the name of a host: labels of letters, digits, `-` and `_`, 1 to 63 long and 253 together; a dot at
// the end is allowed.
bool is_host_name(std::string_view text);

namespace detail {

// By c-ares, or, where it is not there, NotSupported.
SocketError ask(Ref<Network> network, std::string_view name, Ref<NameLookup>& out);

}  // namespace detail
}  // namespace wherry::wasi::host
