// TCP sockets as wasi:sockets has them: what takes time is started and finished by two calls, and nothing waits.
#pragma once

#include <cstdint>

#include "wasi/host/byte_stream.h"
#include "wasi/host/network.h"

namespace wherry::wasi::host {

// Both directions of a connection.
struct Connection {
  Ref<InputStream> in;
  Ref<OutputStream> out;
};

enum class KeepAlive : uint8_t { IdleTime, Interval };

// All functions answer InvalidState where the socket's state does not allow them.
class TcpSocket : public Source {
 public:
  // An unbound one. Errors: those of open_socket.
  static SocketError open(Ref<Network> network, bool is_v6, Ref<TcpSocket>& out);

  // Errors also: InvalidArgument, AccessDenied, AddressInUse, AddressNotBindable; NotInProgress for finish without start.
  SocketError start_bind(const SocketAddress& address);
  SocketError finish_bind();
  // After an error of the network the socket is closed for good. Errors also: InvalidArgument, AccessDenied,
  // AddressInUse, Timeout, ConnectionRefused and the like; WouldBlock, NotInProgress.
  SocketError start_connect(const SocketAddress& address);
  SocketError finish_connect(Connection& out);
  SocketError start_listen();
  SocketError finish_listen();
  // A connection with the options of its listener. Errors also: WouldBlock, ConnectionAborted, NewSocketLimit.
  SocketError accept(Ref<TcpSocket>& socket, Connection& streams);

  SocketError local_address(SocketAddress& out) const;
  SocketError remote_address(SocketAddress& out) const;
  bool is_listening() const { return state_ == State::Listening; }
  bool is_v6() const { return is_v6_; }

  SocketError set_listen_backlog_size(uint64_t value);
  SocketError keep_alive_enabled(bool& out) const;
  SocketError set_keep_alive_enabled(bool value);
  SocketError keep_alive_time(KeepAlive which, uint64_t& nanoseconds) const;
  SocketError set_keep_alive_time(KeepAlive which, uint64_t nanoseconds);
  SocketError keep_alive_count(uint32_t& out) const;
  SocketError set_keep_alive_count(uint32_t value);
  SocketError hop_limit(uint8_t& out) const { return host::hop_limit(fd(), is_v6_, out); }
  SocketError set_hop_limit(uint8_t value) { return host::set_hop_limit(fd(), is_v6_, value); }
  SocketError buffer_size(BufferKind kind, uint64_t& out) const { return host::buffer_size(fd(), kind, out); }
  SocketError set_buffer_size(BufferKind kind, uint64_t value) {
    return host::set_buffer_size(fd(), kind, value);
  }

  // Ends one direction or both: nothing more is read, or what was written is sent and then the end. Idempotent.
  SocketError shut_down(bool receiving, bool sending);

  // Ready when what was started is finished, or a connection can be accepted; in other states always.
  Interest interest() override;

  TcpSocket(Ref<Network> network, Ref<SharedHandle> handle, bool is_v6);
  ~TcpSocket() override;

 private:
  class Sending;
  class Receiving;
  enum class State : uint8_t {
    Unbound,
    BindStarted,
    Bound,
    ListenStarted,
    Listening,
    Connecting,
    ConnectFailed,  // what finish_connect will say
    Connected,
    Closed
  };

  int fd() const { return handle_->fd(); }
  SocketError close_with(SocketError error);
  SocketError make_streams(Connection& out);

  Ref<Network> network_;
  Ref<SharedHandle> handle_;
  Ref<InputStream> in_;
  Ref<Sending> out_;
  const bool is_v6_;
  State state_ = State::Unbound;
  SocketError failure_ = SocketError::None;
  int backlog_;
};

}  // namespace wherry::wasi::host
