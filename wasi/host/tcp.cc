// The states of a TCP socket, and its streams.
//
// Binding and listening are done at once by the start, and the finish says so: on this host they do not take time. The
// states are kept all the same, since a guest must not be able to tell a quick host by calls in the wrong order.
//
// A stream that sends promises at most 64 KiB, about what the kernel will take, and holds what it does not take after all: a
// stream may not wait, nor take half. While something is held nothing more is promised, so a connection whose peer does not
// read costs 64 KiB. It goes out when the guest asks for room, flushes, reads, or waits for anything of the connection. What
// is held when the guest shuts the direction down is sent before the end; what is held when all handles are gone is tried
// once more and then lost.
#include "wasi/host/tcp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace wherry::wasi::host {

namespace {

constexpr int kBacklog = 128;
constexpr uint64_t kLeastRoom = 4096;
constexpr uint64_t kSecond = 1'000'000'000;

}  // namespace

class TcpSocket::Sending final : public OutputStream {
 public:
  explicit Sending(Ref<SharedHandle> handle) : handle_(std::move(handle)) {}
  ~Sending() override { (void)send_held(); }

  // Sends what is held, then the end.
  void end() {
    close();
    ends_ = true;
    (void)send_held();
  }

  // Whether something waits to be sent.
  bool holds() const { return !held_.empty() && failure_ == 0; }

  // Sends what is held. EAGAIN: not all.
  int send_held() {
    if (failure_ != 0) return failure_;
    if (!held_.empty()) {
      size_t done = 0;
      const int error = transfer(held_.span().subspan(sent_), done);
      sent_ += done;
      if (error == EAGAIN) return error;
      failure_ = error;
      held_.clear();
      sent_ = 0;
      if (error != 0) return error;
    }
    if (ends_) shutdown(handle_->fd(), SHUT_WR);
    ends_ = false;
    return 0;
  }

  bool arrived() override { return closed() || send_held() != EAGAIN; }

 private:
  int room(Patience& patience, uint64_t& bytes) override {
    const int error = wait_for(patience, handle_->fd(), POLLOUT, /*block=*/false);
    bytes = error == EAGAIN ? 0 : likely_room();
    return error == EAGAIN ? 0 : error;
  }

  // What the kernel will probably take: half of what its buffer lacks, for it counts its own bookkeeping, too.
  uint64_t likely_room() const {
    int size = 0;
    int queued = 0;
    if (get_option(handle_->fd(), SOL_SOCKET, SO_SNDBUF, size) != SocketError::None) return kLeastRoom;
    if (ioctl(handle_->fd(), SIOCOUTQ, &queued) != 0 || queued >= size) return kLeastRoom;
    return std::max<uint64_t>(kLeastRoom, static_cast<uint64_t>(size - queued) / 2);
  }

  int put(Patience&, std::span<const uint8_t> bytes) override {
    size_t done = 0;
    if (int error = transfer(bytes, done); error != 0 && error != EAGAIN) return error;
    return held_.append(bytes.subspan(done)) ? 0 : ENOMEM;
  }

  int push(Patience&) override {
    if (failure_ != 0) return failure_;
    return send_held();
  }

  Interest when_writable() override { return Interest::out(handle_->fd()); }

  // As much as goes. EAGAIN: not all.
  int transfer(std::span<const uint8_t> bytes, size_t& done) {
    done = 0;
    while (done < bytes.size()) {
      const ssize_t count =
          ::send(handle_->fd(), bytes.data() + done, bytes.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count >= 0) {
        done += static_cast<size_t>(count);
      } else if (errno != EINTR) {
        return errno;
      }
    }
    return 0;
  }

  Ref<SharedHandle> handle_;
  base::Vector<uint8_t> held_;
  size_t sent_ = 0;  // how much of held_ has gone
  int failure_ = 0;
  bool ends_ = false;
};

class TcpSocket::Receiving final : public InputStream {
 public:
  Receiving(Ref<SharedHandle> handle, Ref<Sending> other)
      : handle_(std::move(handle)), other_(std::move(other)) {}

  bool arrived() override {
    if (closed() || !other_->holds()) return true;
    (void)other_->send_held();
    pollfd polled = {handle_->fd(), POLLIN, 0};
    return poll(&polled, 1, 0) != 0;
  }

 private:
  int fetch(Patience&, std::span<uint8_t> out, size_t& done) override {
    (void)other_->send_held();
    while (true) {
      const ssize_t count = recv(handle_->fd(), out.data(), out.size(), MSG_DONTWAIT);
      if (count >= 0) {
        done = static_cast<size_t>(count);
        return 0;
      }
      if (errno != EINTR) return errno;
    }
  }
  // A guest that waits for the answer to what it wrote need not know that a part of it is still here.
  Interest when_readable() override {
    Interest interest = Interest::in(handle_->fd());
    if (other_->holds()) interest.events |= POLLOUT;
    return interest;
  }

  Ref<SharedHandle> handle_;
  Ref<Sending> other_;
};

TcpSocket::TcpSocket(Ref<Network> network, Ref<SharedHandle> handle, bool is_v6)
    : network_(std::move(network)), handle_(std::move(handle)), is_v6_(is_v6), backlog_(kBacklog) {}

TcpSocket::~TcpSocket() = default;

SocketError TcpSocket::open(Ref<Network> network, bool is_v6, Ref<TcpSocket>& out) {
  Ref<SharedHandle> handle;
  const SocketError error = open_socket(*network, is_v6, SOCK_STREAM, handle);
  if (error != SocketError::None) return error;
  out = make_ref<TcpSocket>(std::move(network), std::move(handle), is_v6);
  return out ? SocketError::None : SocketError::OutOfMemory;
}

SocketError TcpSocket::close_with(SocketError error) {
  state_ = State::Closed;
  return error;
}

SocketError TcpSocket::start_bind(const SocketAddress& address) {
  if (state_ == State::BindStarted) return SocketError::ConcurrencyConflict;
  if (state_ != State::Unbound) return SocketError::InvalidState;
  SocketError error = network_->vet(address, AddressUse::TcpBind, is_v6_);
  // A port that was in use a minute ago can be had again.
  if (error == SocketError::None) error = set_option(fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (error == SocketError::None) error = bind_socket(fd(), address);
  if (error == SocketError::None) state_ = State::BindStarted;
  return error;
}

SocketError TcpSocket::finish_bind() {
  if (state_ != State::BindStarted) return SocketError::NotInProgress;
  state_ = State::Bound;
  return SocketError::None;
}

SocketError TcpSocket::start_connect(const SocketAddress& address) {
  if (state_ == State::Connecting || state_ == State::ConnectFailed) return SocketError::ConcurrencyConflict;
  if (state_ == State::BindStarted || state_ == State::ListenStarted) return SocketError::ConcurrencyConflict;
  if (state_ != State::Unbound && state_ != State::Bound) return SocketError::InvalidState;
  const SocketError error = network_->vet(address, AddressUse::TcpConnect, is_v6_);
  if (error != SocketError::None) return error;
  sockaddr_storage storage;
  const socklen_t size = to_sockaddr(address, storage);
  state_ = State::Connecting;
  if (connect(fd(), reinterpret_cast<const sockaddr*>(&storage), size) == 0 || errno == EINPROGRESS ||
      errno == EINTR) {
    return SocketError::None;
  }
  // No port of our own was left, which the kernel calls an address that is not available.
  failure_ = errno == EADDRNOTAVAIL ? SocketError::AddressInUse : to_socket_error(errno);
  state_ = State::ConnectFailed;
  return SocketError::None;
}

SocketError TcpSocket::make_streams(Connection& out) {
  out_ = make_ref<Sending>(handle_);
  if (!out_) return close_with(SocketError::OutOfMemory);
  in_ = make_ref<Receiving>(handle_, out_);
  if (!in_) return close_with(SocketError::OutOfMemory);
  out = {in_, out_};
  state_ = State::Connected;
  return SocketError::None;
}

SocketError TcpSocket::finish_connect(Connection& out) {
  if (state_ == State::ConnectFailed) return close_with(failure_);
  if (state_ != State::Connecting) return SocketError::NotInProgress;
  pollfd polled = {fd(), POLLOUT, 0};
  if (poll(&polled, 1, 0) == 0) return SocketError::WouldBlock;
  int failure = 0;
  if (SocketError error = get_option(fd(), SOL_SOCKET, SO_ERROR, failure); error != SocketError::None)
    return error;
  if (failure != 0) return close_with(to_socket_error(failure));
  return make_streams(out);
}

SocketError TcpSocket::start_listen() {
  if (state_ == State::ListenStarted || state_ == State::BindStarted || state_ == State::Connecting) {
    return SocketError::ConcurrencyConflict;
  }
  if (state_ != State::Bound) return SocketError::InvalidState;
  if (listen(fd(), backlog_) != 0) return to_socket_error(errno);
  state_ = State::ListenStarted;
  return SocketError::None;
}

SocketError TcpSocket::finish_listen() {
  if (state_ != State::ListenStarted) return SocketError::NotInProgress;
  state_ = State::Listening;
  return SocketError::None;
}

SocketError TcpSocket::accept(Ref<TcpSocket>& socket, Connection& streams) {
  if (state_ != State::Listening) return SocketError::InvalidState;
  Quota::Share share;
  if (network_->quota) {
    if (int error = network_->quota->take(share)) return to_socket_error(error);
  }
  Handle handle = Handle::own(accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (handle.empty()) return to_socket_error(errno == EINTR ? EAGAIN : errno);
  Ref<SharedHandle> shared = make_ref<SharedHandle>(std::move(handle), std::move(share));
  if (!shared) return SocketError::OutOfMemory;
  Ref<TcpSocket> accepted = make_ref<TcpSocket>(network_, std::move(shared), is_v6_);
  if (!accepted) return SocketError::OutOfMemory;
  const SocketError error = accepted->make_streams(streams);
  if (error == SocketError::None) socket = std::move(accepted);
  return error;
}

SocketError TcpSocket::local_address(SocketAddress& out) const {
  if (state_ == State::Unbound || state_ == State::BindStarted || state_ == State::Closed) {
    return SocketError::InvalidState;
  }
  return host::local_address(fd(), out);
}

SocketError TcpSocket::remote_address(SocketAddress& out) const {
  if (state_ != State::Connected) return SocketError::InvalidState;
  return host::remote_address(fd(), out);
}

SocketError TcpSocket::set_listen_backlog_size(uint64_t value) {
  if (value == 0) return SocketError::InvalidArgument;
  if (state_ == State::Connecting || state_ == State::ConnectFailed || state_ == State::Connected ||
      state_ == State::Closed) {
    return SocketError::InvalidState;
  }
  backlog_ = static_cast<int>(std::min<uint64_t>(value, INT32_MAX));
  if (state_ != State::Listening) return SocketError::None;
  return listen(fd(), backlog_) == 0 ? SocketError::None : to_socket_error(errno);
}

SocketError TcpSocket::keep_alive_enabled(bool& out) const {
  int value = 0;
  const SocketError error = get_option(fd(), SOL_SOCKET, SO_KEEPALIVE, value);
  out = value != 0;
  return error;
}

SocketError TcpSocket::set_keep_alive_enabled(bool value) {
  return set_option(fd(), SOL_SOCKET, SO_KEEPALIVE, value ? 1 : 0);
}

namespace {

int option_of(KeepAlive which) { return which == KeepAlive::IdleTime ? TCP_KEEPIDLE : TCP_KEEPINTVL; }

}  // namespace

SocketError TcpSocket::keep_alive_time(KeepAlive which, uint64_t& nanoseconds) const {
  int seconds = 0;
  const SocketError error = get_option(fd(), IPPROTO_TCP, option_of(which), seconds);
  nanoseconds = static_cast<uint64_t>(std::max(seconds, 0)) * kSecond;
  return error;
}

// Whole seconds, at least one, at most what Linux takes.
SocketError TcpSocket::set_keep_alive_time(KeepAlive which, uint64_t nanoseconds) {
  if (nanoseconds == 0) return SocketError::InvalidArgument;
  const uint64_t seconds = nanoseconds / kSecond + (nanoseconds % kSecond != 0 ? 1 : 0);
  return set_option(fd(), IPPROTO_TCP, option_of(which),
                    static_cast<int>(std::min<uint64_t>(seconds, INT16_MAX)));
}

SocketError TcpSocket::keep_alive_count(uint32_t& out) const {
  int value = 0;
  const SocketError error = get_option(fd(), IPPROTO_TCP, TCP_KEEPCNT, value);
  out = static_cast<uint32_t>(std::max(value, 0));
  return error;
}

SocketError TcpSocket::set_keep_alive_count(uint32_t value) {
  if (value == 0) return SocketError::InvalidArgument;
  return set_option(fd(), IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(std::min<uint32_t>(value, INT8_MAX)));
}

SocketError TcpSocket::shut_down(bool receiving, bool sending) {
  if (state_ != State::Connected) return SocketError::InvalidState;
  if (receiving) {
    in_->close();  // What waits to be read is dropped with that.
    shutdown(fd(), SHUT_RD);
  }
  if (sending && !out_->closed()) out_->end();
  return SocketError::None;
}

Interest TcpSocket::interest() {
  switch (state_) {
    case State::Connecting: return Interest::out(fd());
    case State::Listening: return Interest::in(fd());
    default: return Interest::ready();
  }
}

}  // namespace wherry::wasi::host
