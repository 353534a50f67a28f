// The resources that several interfaces speak of, and the types of wasi:io and wasi:sockets/network.
#pragma once

#include <cstdint>
#include <tuple>
#include <variant>

#include "wasi/host/byte_stream.h"
#include "wasi/host/network.h"
#include "wasi/p2/state.h"
#include "wherry/component_host.h"

namespace wherry::wasi::p2 {

// ---- wasi:io

// Where an error of a stream comes from, and so, what can be made of it.
enum class Origin : uint8_t { Other, File, Socket };

// wasi:io/error's error.
struct IoError {
  int error = 0;  // an errno
  Origin origin = Origin::Other;
  Place place = {};

  std::string_view to_debug_string() const;
};

struct StreamError : std::variant<Own<IoError>, std::monostate> {
  using variant::variant;
};
WHERRY_VARIANT(StreamError, last_operation_failed, closed)

template <class T>
using StreamResult = Result<Expected<T, StreamError>>;

struct Pollable {
  host::Ref<host::Source> source;
  Place place = {};

  Result<bool> ready(Caller& caller);
  Result<void> block(Caller& caller);
};

// A pollable for something that can be waited for.
Result<Own<Pollable>> make_pollable(const StoreRef& store, host::Ref<host::Source> source);

struct OutputStream;

struct InputStream {
  host::Ref<host::InputStream> stream;
  Origin origin = Origin::Other;
  Place place = {};

  StreamResult<std::span<const uint8_t>> read(Caller& caller, uint64_t length);
  StreamResult<std::span<const uint8_t>> blocking_read(Caller& caller, uint64_t length);
  StreamResult<uint64_t> skip(Caller& caller, uint64_t length);
  StreamResult<uint64_t> blocking_skip(Caller& caller, uint64_t length);
  Result<Own<Pollable>> subscribe(Caller& caller);
};

struct OutputStream {
  host::Ref<host::OutputStream> stream;
  Origin origin = Origin::Other;
  Place place = {};

  StreamResult<uint64_t> check_write(Caller& caller);
  StreamResult<void> write(Caller& caller, std::span<const uint8_t> contents);
  StreamResult<void> blocking_write_and_flush(Caller& caller, std::span<const uint8_t> contents);
  StreamResult<void> flush(Caller& caller);
  StreamResult<void> blocking_flush(Caller& caller);
  Result<Own<Pollable>> subscribe(Caller& caller);
  StreamResult<void> write_zeroes(Caller& caller, uint64_t length);
  StreamResult<void> blocking_write_zeroes_and_flush(Caller& caller, uint64_t length);
  StreamResult<uint64_t> splice(Caller& caller, Borrow<InputStream> source, uint64_t length);
  StreamResult<uint64_t> blocking_splice(Caller& caller, Borrow<InputStream> source, uint64_t length);
};

// ---- wasi:clocks

struct Datetime {
  uint64_t seconds = 0;
  uint32_t nanoseconds = 0;
};
WHERRY_RECORD(Datetime, seconds, nanoseconds)

// ---- wasi:sockets

enum class NetworkErrorCode : uint8_t {
#define SOCKET_ERROR(name, text, error) name,
#include "wasi/host/socket_errors.inc"
#undef SOCKET_ERROR
};
WHERRY_ENUM(NetworkErrorCode, Unknown, AccessDenied, NotSupported, InvalidArgument, OutOfMemory, Timeout,
            ConcurrencyConflict, NotInProgress, WouldBlock, InvalidState, NewSocketLimit, AddressNotBindable,
            AddressInUse, RemoteUnreachable, ConnectionRefused, ConnectionReset, ConnectionAborted,
            DatagramTooLarge, NameUnresolvable, TemporaryResolverFailure, PermanentResolverFailure)

enum class IpAddressFamily : uint8_t { Ipv4, Ipv6 };
WHERRY_ENUM(IpAddressFamily, Ipv4, Ipv6)

using Ipv4Address = std::tuple<uint8_t, uint8_t, uint8_t, uint8_t>;
using Ipv6Address =
    std::tuple<uint16_t, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t, uint16_t>;

struct WitIpAddress : std::variant<Ipv4Address, Ipv6Address> {
  using variant::variant;
};
WHERRY_VARIANT(WitIpAddress, ipv4, ipv6)

struct Ipv4SocketAddress {
  uint16_t port = 0;
  Ipv4Address address;
};
WHERRY_RECORD(Ipv4SocketAddress, port, address)

struct Ipv6SocketAddress {
  uint16_t port = 0;
  uint32_t flow_info = 0;
  Ipv6Address address;
  uint32_t scope_id = 0;
};
WHERRY_RECORD(Ipv6SocketAddress, port, flow_info, address, scope_id)

struct IpSocketAddress : std::variant<Ipv4SocketAddress, Ipv6SocketAddress> {
  using variant::variant;
};
WHERRY_VARIANT(IpSocketAddress, ipv4, ipv6)

WitIpAddress to_wit(const IpAddress& address);
IpSocketAddress to_wit(const SocketAddress& address);
SocketAddress from_wit(const IpSocketAddress& address);

// wasi:sockets/network's network: what the guest may reach.
struct NetworkHandle {
  host::Ref<host::Network> network;
  Place place = {};
};

template <class T>
using SocketResult = Result<Expected<T, NetworkErrorCode>>;

inline NetworkErrorCode to_code(host::SocketError error) {
  return static_cast<NetworkErrorCode>(static_cast<uint8_t>(error) - 1);
}
// What a call without a value answers.
inline Expected<void, NetworkErrorCode> to_expected(host::SocketError error) {
  if (error == host::SocketError::None) return {};
  return Unexpected(to_code(error));
}
// What a call with one answers.
template <class T>
Expected<T, NetworkErrorCode> to_expected(host::SocketError error, T value) {
  if (error == host::SocketError::None) return value;
  return Unexpected(to_code(error));
}
// What a socket says when it is asked by `get(value)`.
template <class T, class Get>
Expected<T, NetworkErrorCode> asked(Get get) {
  T value{};
  const host::SocketError error = get(value);
  return to_expected(error, value);
}
template <class Get>
Expected<IpSocketAddress, NetworkErrorCode> asked_address(Get get) {
  SocketAddress address;
  const host::SocketError error = get(address);
  return to_expected(error, to_wit(address));
}

// A new socket of the guest's: a Guest around a HostSocket.
template <class Guest, class HostSocket>
SocketResult<Own<Guest>> create_socket(Caller& caller, IpAddressFamily family) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  host::Ref<HostSocket> socket;
  const host::SocketError error = HostSocket::open(state->network, family == IpAddressFamily::Ipv6, socket);
  if (error != host::SocketError::None) return Unexpected(to_code(error));
  WHERRY_ASSIGN_OR_RETURN(Own<Guest> object, make_own<Guest>(caller, std::move(socket)));
  return Expected<Own<Guest>, NetworkErrorCode>(std::move(object));
}

}  // namespace wherry::wasi::p2
