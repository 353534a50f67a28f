// wasi:sockets/tcp. The states are in host/tcp.cc.
#include "wasi/host/tcp.h"

#include "wasi/p2/interfaces.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

namespace {

enum class ShutdownType : uint8_t { Receive, Send, Both };
WHERRY_ENUM(ShutdownType, Receive, Send, Both)

using Streams = std::tuple<Own<InputStream>, Own<OutputStream>>;

Result<Streams> make_streams(Caller& caller, const host::Connection& connection) {
  WHERRY_ASSIGN_OR_RETURN(Own<InputStream> in, make_own<InputStream>(caller, connection.in, Origin::Socket));
  WHERRY_ASSIGN_OR_RETURN(Own<OutputStream> out,
                          make_own<OutputStream>(caller, connection.out, Origin::Socket));
  return Streams(std::move(in), std::move(out));
}

struct TcpSocket;
using Accepted = std::tuple<Own<TcpSocket>, Own<InputStream>, Own<OutputStream>>;

struct TcpSocket {
  host::Ref<host::TcpSocket> socket;
  Place place = {};

  SocketResult<void> start_bind(Borrow<NetworkHandle>, IpSocketAddress address) {
    return to_expected(socket->start_bind(from_wit(address)));
  }
  SocketResult<void> finish_bind() { return to_expected(socket->finish_bind()); }
  SocketResult<void> start_connect(Borrow<NetworkHandle>, IpSocketAddress address) {
    return to_expected(socket->start_connect(from_wit(address)));
  }
  SocketResult<Streams> finish_connect(Caller& caller) {
    host::Connection connection;
    const host::SocketError error = socket->finish_connect(connection);
    if (error != host::SocketError::None) return Unexpected(to_code(error));
    WHERRY_ASSIGN_OR_RETURN(Streams streams, make_streams(caller, connection));
    return Expected<Streams, NetworkErrorCode>(std::move(streams));
  }
  SocketResult<void> start_listen() { return to_expected(socket->start_listen()); }
  SocketResult<void> finish_listen() { return to_expected(socket->finish_listen()); }
  SocketResult<Accepted> accept(Caller& caller);
  SocketResult<IpSocketAddress> local_address() {
    return asked_address([&](SocketAddress& address) { return socket->local_address(address); });
  }
  SocketResult<IpSocketAddress> remote_address() {
    return asked_address([&](SocketAddress& address) { return socket->remote_address(address); });
  }
  bool is_listening() { return socket->is_listening(); }
  IpAddressFamily address_family() { return socket->is_v6() ? IpAddressFamily::Ipv6 : IpAddressFamily::Ipv4; }
  SocketResult<void> set_listen_backlog_size(uint64_t value) {
    return to_expected(socket->set_listen_backlog_size(value));
  }
  SocketResult<bool> keep_alive_enabled() {
    return asked<bool>([&](bool& value) { return socket->keep_alive_enabled(value); });
  }
  SocketResult<void> set_keep_alive_enabled(bool value) {
    return to_expected(socket->set_keep_alive_enabled(value));
  }
  template <host::KeepAlive which>
  SocketResult<uint64_t> keep_alive() {
    return asked<uint64_t>([&](uint64_t& value) { return socket->keep_alive_time(which, value); });
  }
  template <host::KeepAlive which>
  SocketResult<void> set_keep_alive(uint64_t value) {
    return to_expected(socket->set_keep_alive_time(which, value));
  }
  SocketResult<uint32_t> keep_alive_count() {
    return asked<uint32_t>([&](uint32_t& value) { return socket->keep_alive_count(value); });
  }
  SocketResult<void> set_keep_alive_count(uint32_t value) {
    return to_expected(socket->set_keep_alive_count(value));
  }
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
  SocketResult<void> shutdown(ShutdownType type) {
    return to_expected(socket->shut_down(type != ShutdownType::Send, type != ShutdownType::Receive));
  }
};

SocketResult<Accepted> TcpSocket::accept(Caller& caller) {
  host::Ref<host::TcpSocket> accepted;
  host::Connection connection;
  const host::SocketError error = socket->accept(accepted, connection);
  if (error != host::SocketError::None) return Unexpected(to_code(error));
  WHERRY_ASSIGN_OR_RETURN(Own<TcpSocket> object, make_own<TcpSocket>(caller, std::move(accepted)));
  WHERRY_ASSIGN_OR_RETURN(Streams streams, make_streams(caller, connection));
  auto& [in, out] = streams;
  return Expected<Accepted, NetworkErrorCode>(Accepted(std::move(object), std::move(in), std::move(out)));
}

constexpr ComponentHostEntry kTcp[] = {
    component_resource<TcpSocket>("tcp-socket"),
    component_method<&TcpSocket::start_bind>("[method]tcp-socket.start-bind"),
    component_method<&TcpSocket::finish_bind>("[method]tcp-socket.finish-bind"),
    component_method<&TcpSocket::start_connect>("[method]tcp-socket.start-connect"),
    component_method<&TcpSocket::finish_connect>("[method]tcp-socket.finish-connect"),
    component_method<&TcpSocket::start_listen>("[method]tcp-socket.start-listen"),
    component_method<&TcpSocket::finish_listen>("[method]tcp-socket.finish-listen"),
    component_method<&TcpSocket::accept>("[method]tcp-socket.accept"),
    component_method<&TcpSocket::local_address>("[method]tcp-socket.local-address"),
    component_method<&TcpSocket::remote_address>("[method]tcp-socket.remote-address"),
    component_method<&TcpSocket::is_listening>("[method]tcp-socket.is-listening"),
    component_method<&TcpSocket::address_family>("[method]tcp-socket.address-family"),
    component_method<&TcpSocket::set_listen_backlog_size>("[method]tcp-socket.set-listen-backlog-size"),
    component_method<&TcpSocket::keep_alive_enabled>("[method]tcp-socket.keep-alive-enabled"),
    component_method<&TcpSocket::set_keep_alive_enabled>("[method]tcp-socket.set-keep-alive-enabled"),
    component_method<&TcpSocket::keep_alive<host::KeepAlive::IdleTime>>(
        "[method]tcp-socket.keep-alive-idle-time"),
    component_method<&TcpSocket::set_keep_alive<host::KeepAlive::IdleTime>>(
        "[method]tcp-socket.set-keep-alive-idle-time"),
    component_method<&TcpSocket::keep_alive<host::KeepAlive::Interval>>(
        "[method]tcp-socket.keep-alive-interval"),
    component_method<&TcpSocket::set_keep_alive<host::KeepAlive::Interval>>(
        "[method]tcp-socket.set-keep-alive-interval"),
    component_method<&TcpSocket::keep_alive_count>("[method]tcp-socket.keep-alive-count"),
    component_method<&TcpSocket::set_keep_alive_count>("[method]tcp-socket.set-keep-alive-count"),
    component_method<&TcpSocket::hop_limit>("[method]tcp-socket.hop-limit"),
    component_method<&TcpSocket::set_hop_limit>("[method]tcp-socket.set-hop-limit"),
    component_method<&TcpSocket::buffer_size<host::BufferKind::Receive>>(
        "[method]tcp-socket.receive-buffer-size"),
    component_method<&TcpSocket::set_buffer_size<host::BufferKind::Receive>>(
        "[method]tcp-socket.set-receive-buffer-size"),
    component_method<&TcpSocket::buffer_size<host::BufferKind::Send>>("[method]tcp-socket.send-buffer-size"),
    component_method<&TcpSocket::set_buffer_size<host::BufferKind::Send>>(
        "[method]tcp-socket.set-send-buffer-size"),
    component_method<&TcpSocket::subscribe>("[method]tcp-socket.subscribe"),
    component_method<&TcpSocket::shutdown>("[method]tcp-socket.shutdown"),
};
constexpr ComponentHostEntry kCreate[] = {
    component_function<create_socket<TcpSocket, host::TcpSocket>>("create-tcp-socket")};

}  // namespace

Rows tcp_rows() { return kTcp; }
Rows tcp_create_socket_rows() { return kCreate; }

}  // namespace wherry::wasi::p2
