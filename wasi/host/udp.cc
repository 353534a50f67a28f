// UDP: a socket that is bound, and pairs of streams of which the last one counts.
//
// Each datagram's address is vetted when it is sent, each time: there is no connection that could have been looked at once.
// A socket that is told to talk to one peer is connected in the kernel, and what others had sent before that is thrown
// away when it is received.
#include "wasi/host/udp.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>

namespace wherry::wasi::host {

SocketError UdpSocket::open(Ref<Network> network, bool is_v6, Ref<UdpSocket>& out) {
  Ref<SharedHandle> handle;
  const SocketError error = open_socket(*network, is_v6, SOCK_DGRAM, handle);
  if (error != SocketError::None) return error;
  out = make_ref<UdpSocket>(std::move(network), std::move(handle), is_v6);
  return out ? SocketError::None : SocketError::OutOfMemory;
}

SocketError UdpSocket::start_bind(const SocketAddress& address) {
  if (state_ == State::BindStarted) return SocketError::ConcurrencyConflict;
  if (state_ != State::Unbound) return SocketError::InvalidState;
  SocketError error = network_->vet(address, AddressUse::UdpBind, is_v6_);
  if (error == SocketError::None) error = bind_socket(fd(), address);
  if (error == SocketError::None) state_ = State::BindStarted;
  return error;
}

SocketError UdpSocket::finish_bind() {
  if (state_ != State::BindStarted) return SocketError::NotInProgress;
  state_ = State::Bound;
  return host::local_address(fd(), bound_);
}

// Linux takes back a port that it chose itself when a socket is disconnected.
SocketError UdpSocket::keep_port() {
  SocketAddress now;
  const SocketError error = host::local_address(fd(), now);
  if (error != SocketError::None || now.port == bound_.port) return error;
  return bind_socket(fd(), bound_);
}

SocketError UdpSocket::connect_to(const std::optional<SocketAddress>& remote) {
  sockaddr_storage storage = {};
  if (remote_) {
    storage.ss_family = AF_UNSPEC;
    if (connect(fd(), reinterpret_cast<const sockaddr*>(&storage), sizeof(sockaddr)) != 0) {
      return to_socket_error(errno);
    }
    remote_.reset();
    if (SocketError error = keep_port(); error != SocketError::None) return error;
  }
  if (!remote) return SocketError::None;
  const socklen_t size = to_sockaddr(*remote, storage);
  if (connect(fd(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
    return errno == EADDRNOTAVAIL ? SocketError::AddressInUse : to_socket_error(errno);
  }
  remote_ = remote;
  return SocketError::None;
}

SocketError UdpSocket::stream(const std::optional<SocketAddress>& remote, Ref<DatagramInput>& in,
                              Ref<DatagramOutput>& out) {
  if (state_ != State::Bound) return SocketError::InvalidState;
  SocketError error = remote ? network_->vet(*remote, AddressUse::UdpConnect, is_v6_) : SocketError::None;
  if (error == SocketError::None) error = connect_to(remote);
  if (error != SocketError::None) return error;
  ++generation_;
  in = make_ref<DatagramInput>(Ref<UdpSocket>(this), generation_);
  out = make_ref<DatagramOutput>(Ref<UdpSocket>(this), generation_);
  return in && out ? SocketError::None : SocketError::OutOfMemory;
}

SocketError UdpSocket::local_address(SocketAddress& out) const {
  return state_ == State::Bound ? host::local_address(fd(), out) : SocketError::InvalidState;
}

SocketError UdpSocket::remote_address(SocketAddress& out) const {
  return remote_ ? host::remote_address(fd(), out) : SocketError::InvalidState;
}

SocketError DatagramInput::receive(std::span<uint8_t> room, size_t& size, SocketAddress& from) {
  size = 0;
  if (generation_ != socket_->generation_) return SocketError::InvalidState;
  while (true) {
    sockaddr_storage storage = {};
    socklen_t storage_size = sizeof storage;
    const ssize_t count = recvfrom(socket_->fd(), room.data(), room.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&storage), &storage_size);
    if (count < 0) {
      if (errno == EINTR) continue;
      return to_socket_error(errno);
    }
    if (!from_sockaddr(storage, from)) continue;
    if (socket_->remote_ && (from.ip != socket_->remote_->ip || from.port != socket_->remote_->port))
      continue;
    size = static_cast<size_t>(count);
    return SocketError::None;
  }
}

Interest DatagramInput::interest() {
  return generation_ == socket_->generation_ ? Interest::in(socket_->fd()) : Interest::ready();
}

SocketError DatagramOutput::check_send(uint64_t& permit) {
  permit = permit_ = 0;
  if (generation_ != socket_->generation_) return SocketError::InvalidState;
  pollfd polled = {socket_->fd(), POLLOUT, 0};
  if (poll(&polled, 1, 0) > 0) permit = permit_ = kMostDatagrams;
  return SocketError::None;
}

SocketError DatagramOutput::send(std::span<const uint8_t> data, const std::optional<SocketAddress>& to) {
  permit_ -= std::min<uint64_t>(permit_, 1);
  if (generation_ != socket_->generation_) return SocketError::InvalidState;
  const std::optional<SocketAddress>& remote = socket_->remote_;
  if (!to && !remote) return SocketError::InvalidArgument;
  if (to && remote && *to != *remote) return SocketError::InvalidArgument;
  const SocketAddress& target = to ? *to : *remote;
  if (SocketError error = socket_->network_->vet(target, AddressUse::UdpSend, socket_->is_v6_);
      error != SocketError::None) {
    return error;
  }
  sockaddr_storage storage;
  const socklen_t size = to_sockaddr(target, storage);
  const auto* address = remote ? nullptr : reinterpret_cast<const sockaddr*>(&storage);
  while (sendto(socket_->fd(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL, address,
                remote ? 0 : size) < 0) {
    if (errno != EINTR) return to_socket_error(errno);
  }
  return SocketError::None;
}

Interest DatagramOutput::interest() {
  return generation_ == socket_->generation_ ? Interest::out(socket_->fd()) : Interest::ready();
}

}  // namespace wherry::wasi::host
