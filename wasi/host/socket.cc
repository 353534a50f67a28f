// Sockets of preview 1: listening ones that the embedder names, accepted ones that guests get from them.
//
// Addresses are numbers: a static program cannot look up names, and which address a name stands for should not decide
// who can reach a guest. "localhost" alone is understood, as 127.0.0.1.
#include "wasi/host/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/host/address.h"

namespace wherry::wasi::host {

namespace {

constexpr int kBacklog = 128;

}  // namespace

int listen_tcp(std::string_view text, Handle& out) {
  constexpr std::string_view kLocal = "localhost:";
  SocketAddress address;
  const bool is_local = text.starts_with(kLocal);
  uint32_t port = 0;
  if (is_local) {
    if (!parse_number(text.substr(kLocal.size()), 65535, port)) return EINVAL;
    address.ip.bytes = {127, 0, 0, 1};
    address.port = static_cast<uint16_t>(port);
  } else if (!parse_socket_address(text, address)) {
    return EINVAL;
  }
  sockaddr_storage storage;
  const socklen_t size = to_sockaddr(address, storage);
  Handle socket_fd = Handle::own(socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket_fd.empty()) return errno;
  const int on = 1;
  if (setsockopt(socket_fd.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  if (bind(socket_fd.fd(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) return errno;
  if (listen(socket_fd.fd(), kBacklog) != 0) return errno;
  out = std::move(socket_fd);
  return 0;
}

int passed_sockets() {
  const char* count = getenv("LISTEN_FDS");
  const char* pid = getenv("LISTEN_PID");
  uint32_t number;
  if (count == nullptr || !parse_number(count, 1024, number)) return 0;
  uint32_t process;
  if (pid != nullptr &&
      (!parse_number(pid, 999'999'999, process) || process != static_cast<uint32_t>(getpid()))) {
    return 0;
  }
  return static_cast<int>(number);
}

FileType socket_type(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return FileType::Unknown;
  return type == SOCK_DGRAM ? FileType::Datagram : FileType::Stream;
}

int accept(Patience& patience, int fd, bool block, Handle& out) {
  while (true) {
    if (int error = wait_for(patience, fd, POLLIN, block)) return error;
    const int accepted = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) {
      out = Handle::own(accepted);
      return 0;
    }
    // Others may have taken it, or the peer has gone again.
    if (errno == EAGAIN && !block) return EAGAIN;
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) return errno;
  }
}

int receive(Patience& patience, int fd, bool block, std::span<iovec> buffers, bool peek, bool wait_all,
            Received& out) {
  out = {};
  size_t wanted = 0;
  for (const iovec& buffer : buffers) wanted += buffer.iov_len;
  while (true) {
    if (int error = wait_for(patience, fd, POLLIN, block)) return error;
    msghdr message = {};
    message.msg_iov = buffers.data();
    message.msg_iovlen = buffers.size();
    const ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
    if (count < 0) {
      if (errno == EINTR || (errno == EAGAIN && block)) continue;
      return out.size != 0 ? 0 : errno;
    }
    const auto received = static_cast<size_t>(count);
    out.truncated = (message.msg_flags & MSG_TRUNC) != 0;
    out.size += received;
    if (!wait_all || peek || received == 0 || out.size >= wanted) return 0;
    // The rest goes behind what has come.
    size_t skip = received;
    while (!buffers.empty() && skip >= buffers[0].iov_len) {
      skip -= buffers[0].iov_len;
      buffers = buffers.subspan(1);
    }
    if (buffers.empty()) return 0;
    buffers[0].iov_base = static_cast<char*>(buffers[0].iov_base) + skip;
    buffers[0].iov_len -= skip;
  }
}

int send(Patience& patience, int fd, bool block, std::span<iovec> buffers, size_t& done) {
  done = 0;
  while (true) {
    if (int error = wait_for(patience, fd, POLLOUT, block)) return error;
    msghdr message = {};
    message.msg_iov = buffers.data();
    message.msg_iovlen = buffers.size();
    const ssize_t count = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      done = static_cast<size_t>(count);
      return 0;
    }
    if (errno != EINTR && !(errno == EAGAIN && block)) return errno;
  }
}

int shut_down(int fd, bool receiving, bool sending) {
  if (!receiving && !sending) return EINVAL;
  const int how = receiving ? (sending ? SHUT_RDWR : SHUT_RD) : SHUT_WR;
  return shutdown(fd, how) == 0 ? 0 : errno;
}

}  // namespace wherry::wasi::host
