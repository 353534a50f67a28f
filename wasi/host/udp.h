// UDP sockets as wasi:sockets has them. Nothing waits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "wasi/host/network.h"
#include "wasi/host/poll.h"

namespace wherry::wasi::host {

// At most this many datagrams are received, or may be sent, by one call, and none is longer than kMostDatagram.
inline constexpr size_t kMostDatagrams = 16;
inline constexpr size_t kMostDatagram = 65536;

class UdpSocket;

// Datagrams from a socket. Those that another call of UdpSocket::stream made obsolete answer InvalidState.
class DatagramInput : public Source {
 public:
  DatagramInput(Ref<UdpSocket> socket, uint64_t generation)
      : socket_(std::move(socket)), generation_(generation) {}

  // The next datagram that is there, into `room`; what does not fit is lost. WouldBlock if there is none.
  SocketError receive(std::span<uint8_t> room, size_t& size, SocketAddress& from);

  Interest interest() override;

 private:
  Ref<UdpSocket> socket_;
  uint64_t generation_;
};

// Datagrams to a socket.
class DatagramOutput : public Source {
 public:
  DatagramOutput(Ref<UdpSocket> socket, uint64_t generation)
      : socket_(std::move(socket)), generation_(generation) {}

  // How many may be sent now, which is what permit() says from then on.
  SocketError check_send(uint64_t& permit);
  uint64_t permit() const { return permit_; }

  // Sends one, which takes one from the permit. `to` empty: where the stream leads. Errors: InvalidArgument, AccessDenied,
  // DatagramTooLarge, WouldBlock, and those of the network.
  SocketError send(std::span<const uint8_t> data, const std::optional<SocketAddress>& to);

  Interest interest() override;

 private:
  Ref<UdpSocket> socket_;
  uint64_t generation_;
  uint64_t permit_ = 0;
};

class UdpSocket : public Source {
 public:
  // Errors: those of open_socket.
  static SocketError open(Ref<Network> network, bool is_v6, Ref<UdpSocket>& out);

  // Errors: InvalidState, InvalidArgument, AccessDenied, AddressInUse, AddressNotBindable, NotInProgress.
  SocketError start_bind(const SocketAddress& address);
  SocketError finish_bind();

  // Both directions, to and from `remote` only if one is given. Ends the streams that were given before. Errors:
  // InvalidState if it is not bound, InvalidArgument, AccessDenied, and those of the network.
  SocketError stream(const std::optional<SocketAddress>& remote, Ref<DatagramInput>& in,
                     Ref<DatagramOutput>& out);

  SocketError local_address(SocketAddress& out) const;
  SocketError remote_address(SocketAddress& out) const;
  bool is_v6() const { return is_v6_; }
  SocketError hop_limit(uint8_t& out) const { return host::hop_limit(fd(), is_v6_, out); }
  SocketError set_hop_limit(uint8_t value) { return host::set_hop_limit(fd(), is_v6_, value); }
  SocketError buffer_size(BufferKind kind, uint64_t& out) const { return host::buffer_size(fd(), kind, out); }
  SocketError set_buffer_size(BufferKind kind, uint64_t value) {
    return host::set_buffer_size(fd(), kind, value);
  }

  // Always ready: nothing that it does takes time.
  Interest interest() override { return Interest::ready(); }

  UdpSocket(Ref<Network> network, Ref<SharedHandle> handle, bool is_v6)
      : network_(std::move(network)), handle_(std::move(handle)), is_v6_(is_v6) {}

 private:
  friend class DatagramInput;
  friend class DatagramOutput;
  enum class State : uint8_t { Unbound, BindStarted, Bound };

  int fd() const { return handle_->fd(); }
  SocketError keep_port();
  SocketError connect_to(const std::optional<SocketAddress>& remote);

  Ref<Network> network_;
  Ref<SharedHandle> handle_;
  const bool is_v6_;
  State state_ = State::Unbound;
  SocketAddress bound_;  // before any peer
  std::optional<SocketAddress> remote_;
  uint64_t generation_ = 0;
};

}  // namespace wherry::wasi::host
