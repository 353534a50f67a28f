// wasi:sockets/udp. The states are in host/udp.cc.
//
// What one call receives lies in the store's state until the guest has copied it: at most 16 datagrams, 64 KiB each.
#include "wasi/host/udp.h"

#include <algorithm>

#include "wasi/p2/interfaces.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

namespace {

struct IncomingDatagram {
  std::span<const uint8_t> data;
  IpSocketAddress remote_address;
};
WHERRY_RECORD(IncomingDatagram, data, remote_address)

struct OutgoingDatagram {
  std::span<const uint8_t> data;
  std::optional<IpSocketAddress> remote_address;
};
WHERRY_RECORD(OutgoingDatagram, data, remote_address)

struct IncomingDatagramStream {
  host::Ref<host::DatagramInput> stream;
  Place place = {};

  SocketResult<std::vector<IncomingDatagram>> receive(Caller& caller, uint64_t most);
  Result<Own<Pollable>> subscribe(Caller& caller) { return make_pollable(caller, stream); }
};

// An error is said only if nothing came before it; it is then there for the next call, or gone.
SocketResult<std::vector<IncomingDatagram>> IncomingDatagramStream::receive(Caller& caller, uint64_t most) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  const size_t count = std::min<uint64_t>(most, host::kMostDatagrams);
  std::vector<IncomingDatagram> all;
  if (count == 0) return Expected<std::vector<IncomingDatagram>, NetworkErrorCode>(std::move(all));
  if (!state->bytes.resize(host::kMostDatagrams * host::kMostDatagram)) return Error::out_of_memory();
  std::span<uint8_t> room = state->bytes.span();
  all.reserve(count);
  while (all.size() < count) {
    size_t size = 0;
    SocketAddress from;
    const host::SocketError error = stream->receive(room.first(host::kMostDatagram), size, from);
    if (error == host::SocketError::WouldBlock) break;
    if (error != host::SocketError::None) {
      if (all.empty()) return Unexpected(to_code(error));
      break;
    }
    all.push_back({room.first(size), to_wit(from)});
    room = room.subspan(size);
  }
  return Expected<std::vector<IncomingDatagram>, NetworkErrorCode>(std::move(all));
}

struct OutgoingDatagramStream {
  host::Ref<host::DatagramOutput> stream;
  Place place = {};

  SocketResult<uint64_t> check_send() {
    return asked<uint64_t>([&](uint64_t& permit) { return stream->check_send(permit); });
  }
  SocketResult<uint64_t> send(const std::vector<OutgoingDatagram>& datagrams);
  Result<Own<Pollable>> subscribe(Caller& caller) { return make_pollable(caller, stream); }
};

SocketResult<uint64_t> OutgoingDatagramStream::send(const std::vector<OutgoingDatagram>& datagrams) {
  if (datagrams.size() > stream->permit())
    return Error::trap("more datagrams are sent than check-send permitted");
  uint64_t sent = 0;
  for (const OutgoingDatagram& one : datagrams) {
    std::optional<SocketAddress> to;
    if (one.remote_address) to = from_wit(*one.remote_address);
    const host::SocketError error = stream->send(one.data, to);
    if (error != host::SocketError::None) {
      if (sent == 0 && error != host::SocketError::WouldBlock) return Unexpected(to_code(error));
      break;
    }
    ++sent;
  }
  return Expected<uint64_t, NetworkErrorCode>(sent);
}

using DatagramStreams = std::tuple<Own<IncomingDatagramStream>, Own<OutgoingDatagramStream>>;

struct UdpSocket {
  host::Ref<host::UdpSocket> socket;
  Place place = {};

  SocketResult<void> start_bind(Borrow<NetworkHandle>, IpSocketAddress address) {
    return to_expected(socket->start_bind(from_wit(address)));
  }
  SocketResult<void> finish_bind() { return to_expected(socket->finish_bind()); }
  SocketResult<DatagramStreams> stream(Caller& caller, std::optional<IpSocketAddress> remote);
  SocketResult<IpSocketAddress> local_address() {
    return asked_address([&](SocketAddress& address) { return socket->local_address(address); });
  }
  SocketResult<IpSocketAddress> remote_address() {
    return asked_address([&](SocketAddress& address) { return socket->remote_address(address); });
  }
  IpAddressFamily address_family() { return socket->is_v6() ? IpAddressFamily::Ipv6 : IpAddressFamily::Ipv4; }
  SocketResult<uint8_t> hop_limit() {
    return asked<uint8_t>([&](uint8_t& value) { return socket->hop_limit(value); });
  }
  SocketResult<void> set_hop_limit(uint8_t value) { return to_expected(socket->set_hop_limit(value)); }
  template <host::BufferKind kind>
  SocketResult<uint64_t> buffer_size() {
    return asked<uint64_t>([&](uint64_t& value) { return socket->buffer_size(kind, value); });
  }
  template <host::BufferKind kind>
  SocketResult<void> set_buffer_size(uint64_t value) {
    return to_expected(socket->set_buffer_size(kind, value));
  }
  Result<Own<Pollable>> subscribe(Caller& caller) { return make_pollable(caller, socket); }
};

SocketResult<DatagramStreams> UdpSocket::stream(Caller& caller, std::optional<IpSocketAddress> remote) {
  std::optional<SocketAddress> peer;
  if (remote) peer = from_wit(*remote);
  host::Ref<host::DatagramInput> in;
  host::Ref<host::DatagramOutput> out;
  const host::SocketError error = socket->stream(peer, in, out);
  if (error != host::SocketError::None) return Unexpected(to_code(error));
  WHERRY_ASSIGN_OR_RETURN(Own<IncomingDatagramStream> incoming,
                          make_own<IncomingDatagramStream>(caller, std::move(in)));
  WHERRY_ASSIGN_OR_RETURN(Own<OutgoingDatagramStream> outgoing,
                          make_own<OutgoingDatagramStream>(caller, std::move(out)));
  return Expected<DatagramStreams, NetworkErrorCode>(
      DatagramStreams(std::move(incoming), std::move(outgoing)));
}

constexpr ComponentHostEntry kUdp[] = {
    component_resource<UdpSocket>("udp-socket"),
    component_resource<IncomingDatagramStream>("incoming-datagram-stream"),
    component_resource<OutgoingDatagramStream>("outgoing-datagram-stream"),
    component_method<&UdpSocket::start_bind>("[method]udp-socket.start-bind"),
    component_method<&UdpSocket::finish_bind>("[method]udp-socket.finish-bind"),
    component_method<&UdpSocket::stream>("[method]udp-socket.stream"),
    component_method<&UdpSocket::local_address>("[method]udp-socket.local-address"),
    component_method<&UdpSocket::remote_address>("[method]udp-socket.remote-address"),
    component_method<&UdpSocket::address_family>("[method]udp-socket.address-family"),
    component_method<&UdpSocket::hop_limit>("[method]udp-socket.unicast-hop-limit"),
    component_method<&UdpSocket::set_hop_limit>("[method]udp-socket.set-unicast-hop-limit"),
    component_method<&UdpSocket::buffer_size<host::BufferKind::Receive>>(
        "[method]udp-socket.receive-buffer-size"),
    component_method<&UdpSocket::set_buffer_size<host::BufferKind::Receive>>(
        "[method]udp-socket.set-receive-buffer-size"),
    component_method<&UdpSocket::buffer_size<host::BufferKind::Send>>("[method]udp-socket.send-buffer-size"),
    component_method<&UdpSocket::set_buffer_size<host::BufferKind::Send>>(
        "[method]udp-socket.set-send-buffer-size"),
    component_method<&UdpSocket::subscribe>("[method]udp-socket.subscribe"),
    component_method<&IncomingDatagramStream::receive>("[method]incoming-datagram-stream.receive"),
    component_method<&IncomingDatagramStream::subscribe>("[method]incoming-datagram-stream.subscribe"),
    component_method<&OutgoingDatagramStream::check_send>("[method]outgoing-datagram-stream.check-send"),
    component_method<&OutgoingDatagramStream::send>("[method]outgoing-datagram-stream.send"),
    component_method<&OutgoingDatagramStream::subscribe>("[method]outgoing-datagram-stream.subscribe"),
};
constexpr ComponentHostEntry kCreate[] = {
    component_function<create_socket<UdpSocket, host::UdpSocket>>("create-udp-socket")};

}  // namespace

Rows udp_rows() { return kUdp; }
Rows udp_create_socket_rows() { return kCreate; }

}  // namespace wherry::wasi::p2
