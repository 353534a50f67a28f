// wasi:sockets/network, instance-network and ip-name-lookup.
#include "wasi/host/resolve.h"
#include "wasi/p2/interfaces.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

namespace {

Ipv4Address to_v4(const IpAddress& address) {
  return {address.bytes[0], address.bytes[1], address.bytes[2], address.bytes[3]};
}

uint16_t word(const IpAddress& address, size_t index) {
  return static_cast<uint16_t>(address.bytes[2 * index] << 8 | address.bytes[2 * index + 1]);
}

Ipv6Address to_v6(const IpAddress& address) {
  return {word(address, 0), word(address, 1), word(address, 2), word(address, 3),
          word(address, 4), word(address, 5), word(address, 6), word(address, 7)};
}

IpAddress from_v4(const Ipv4Address& address) {
  IpAddress out;
  std::apply([&](auto... byte) { out.bytes = {byte...}; }, address);
  return out;
}

IpAddress from_v6(const Ipv6Address& address) {
  IpAddress out;
  out.is_v6 = true;
  size_t at = 0;
  const auto put = [&](uint16_t value) {
    out.bytes[at++] = static_cast<uint8_t>(value >> 8);
    out.bytes[at++] = static_cast<uint8_t>(value & 0xff);
  };
  std::apply([&](auto... value) { (put(value), ...); }, address);
  return out;
}

}  // namespace

WitIpAddress to_wit(const IpAddress& address) {
  if (address.is_v6) return to_v6(address);
  return to_v4(address);
}

IpSocketAddress to_wit(const SocketAddress& address) {
  if (!address.ip.is_v6) return Ipv4SocketAddress{address.port, to_v4(address.ip)};
  return Ipv6SocketAddress{address.port, address.flow_info, to_v6(address.ip), address.scope_id};
}

SocketAddress from_wit(const IpSocketAddress& address) {
  if (const auto* v4 = std::get_if<0>(&address)) return {.ip = from_v4(v4->address), .port = v4->port};
  const auto& v6 = *std::get_if<1>(&address);
  return {.ip = from_v6(v6.address), .port = v6.port, .flow_info = v6.flow_info, .scope_id = v6.scope_id};
}

namespace {

Result<Own<NetworkHandle>> instance_network(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  return make_own<NetworkHandle>(caller, state->network);
}

std::optional<NetworkErrorCode> network_error_code(Borrow<IoError> error) {
  if (error->origin != Origin::Socket) return std::nullopt;
  return to_code(host::to_socket_error(error->error));
}

struct ResolveAddressStream {
  host::Ref<host::NameLookup> lookup;
  Place place = {};

  SocketResult<std::optional<WitIpAddress>> resolve_next_address() {
    IpAddress address;
    bool found = false;
    const host::SocketError error = lookup->next(address, found);
    return to_expected(error, found ? std::optional(p2::to_wit(address)) : std::nullopt);
  }
  Result<Own<Pollable>> subscribe(Caller& caller) { return make_pollable(caller, lookup); }
};

SocketResult<Own<ResolveAddressStream>> resolve_addresses(Caller& caller, Borrow<NetworkHandle> network,
                                                          std::string_view name) {
  host::Ref<host::NameLookup> lookup;
  const host::SocketError error = host::NameLookup::start(network->network, name, lookup);
  if (error != host::SocketError::None) return Unexpected(to_code(error));
  WHERRY_ASSIGN_OR_RETURN(Own<ResolveAddressStream> object,
                          make_own<ResolveAddressStream>(caller, std::move(lookup)));
  return Expected<Own<ResolveAddressStream>, NetworkErrorCode>(std::move(object));
}

constexpr ComponentHostEntry kNetwork[] = {
    component_resource<NetworkHandle>("network"),
    component_function<network_error_code>("network-error-code"),
};
constexpr ComponentHostEntry kInstanceNetwork[] = {component_function<instance_network>("instance-network")};
constexpr ComponentHostEntry kNameLookup[] = {
    component_resource<ResolveAddressStream>("resolve-address-stream"),
    component_function<resolve_addresses>("resolve-addresses"),
    component_method<&ResolveAddressStream::resolve_next_address>(
        "[method]resolve-address-stream.resolve-next-address"),
    component_method<&ResolveAddressStream::subscribe>("[method]resolve-address-stream.subscribe"),
};

}  // namespace

Rows network_rows() { return kNetwork; }
Rows instance_network_rows() { return kInstanceNetwork; }
Rows name_lookup_rows() { return kNameLookup; }

}  // namespace wherry::wasi::p2
