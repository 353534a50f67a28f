// The door to the network: every address that a guest names comes through vet().
//
// The answer depends on numbers only, those that the kernel will be given: a name is looked up before, and the address that
// came of it is looked at when it is connected to, so that a name which changes its meaning gains nothing. IPv4 addresses in
// the clothes of IPv6 (::ffff:10.0.0.1) are refused before any filter sees them, and sockets of IPv6 do not carry IPv4.
#include "wasi/host/network.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace wherry::wasi::host {

namespace {

constexpr int label(int error, int row) { return error == 0 ? INT_MIN + row : error; }

enum Row : int {
#define SOCKET_ERROR(name, text, error) kRow##name,
#include "wasi/host/socket_errors.inc"
#undef SOCKET_ERROR
};

}  // namespace

SocketError to_socket_error(int error) {
  switch (error) {
    case 0: return SocketError::None;
#define SOCKET_ERROR(name, text, error) \
  case label(error, kRow##name): return SocketError::name;
#include "wasi/host/socket_errors.inc"
#undef SOCKET_ERROR
    case EPERM: return SocketError::AccessDenied;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ENOPROTOOPT: return SocketError::NotSupported;
    case EFAULT:
    case EDESTADDRREQ: return SocketError::InvalidArgument;
    case ENOBUFS: return SocketError::OutOfMemory;
    case EISCONN: return SocketError::InvalidState;
    case ENFILE: return SocketError::NewSocketLimit;
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET: return SocketError::RemoteUnreachable;
    case EPIPE: return SocketError::ConnectionReset;
    default: return SocketError::Unknown;
  }
}

const char* text_of(SocketError error) {
  switch (error) {
    case SocketError::None: break;
#define SOCKET_ERROR(name, text, error) \
  case SocketError::name: return text;
#include "wasi/host/socket_errors.inc"
#undef SOCKET_ERROR
  }
  return "none";
}

bool Network::allows(const SocketAddress& address, AddressUse use) const {
  const bool kind = use == AddressUse::TcpBind || use == AddressUse::TcpConnect ? tcp : udp;
  if (!kind) return false;
  for (const AddressRange& range : allowed) {
    if (range.contains(address)) return true;
  }
  return check != nullptr && check(check_context, address, use);
}

SocketError Network::vet(const SocketAddress& address, AddressUse use, bool is_v6) const {
  if (address.ip.is_v6 != is_v6 || is_mapped_v4(address.ip) || !is_unicast(address.ip)) {
    return SocketError::InvalidArgument;
  }
  const bool is_local = use == AddressUse::TcpBind || use == AddressUse::UdpBind;
  if (!is_local && (is_unspecified(address.ip) || address.port == 0)) return SocketError::InvalidArgument;
  return allows(address, use) ? SocketError::None : SocketError::AccessDenied;
}

SocketError open_socket(Network& network, bool is_v6, int type, Ref<SharedHandle>& out) {
  Quota::Share share;
  if (network.quota) {
    if (int error = network.quota->take(share)) return to_socket_error(error);
  }
  Handle handle = Handle::own(socket(is_v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (handle.empty()) return to_socket_error(errno);
  if (is_v6) {
    const SocketError error = set_option(handle.fd(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (error != SocketError::None) return error;
  }
  out = make_ref<SharedHandle>(std::move(handle), std::move(share));
  return out ? SocketError::None : SocketError::OutOfMemory;
}

SocketError bind_socket(int fd, const SocketAddress& address) {
  sockaddr_storage storage;
  const socklen_t size = to_sockaddr(address, storage);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0) return SocketError::None;
  return errno == EAFNOSUPPORT ? SocketError::InvalidArgument : to_socket_error(errno);
}

SocketError local_address(int fd, SocketAddress& out) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return to_socket_error(errno);
  return from_sockaddr(storage, out) ? SocketError::None : SocketError::Unknown;
}

SocketError remote_address(int fd, SocketAddress& out) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return to_socket_error(errno);
  return from_sockaddr(storage, out) ? SocketError::None : SocketError::Unknown;
}

SocketError get_option(int fd, int level, int name, int& out) {
  socklen_t size = sizeof out;
  return getsockopt(fd, level, name, &out, &size) == 0 ? SocketError::None : to_socket_error(errno);
}

SocketError set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0 ? SocketError::None : to_socket_error(errno);
}

SocketError hop_limit(int fd, bool is_v6, uint8_t& out) {
  int value = 0;
  const SocketError error = is_v6 ? get_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, value)
                                  : get_option(fd, IPPROTO_IP, IP_TTL, value);
  out = static_cast<uint8_t>(std::clamp(value, 0, 255));
  return error;
}

SocketError set_hop_limit(int fd, bool is_v6, uint8_t value) {
  if (value == 0) return SocketError::InvalidArgument;
  return is_v6 ? set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, value)
               : set_option(fd, IPPROTO_IP, IP_TTL, value);
}

// Linux keeps twice what it was asked for, for its own bookkeeping, and says so.
SocketError buffer_size(int fd, BufferKind kind, uint64_t& out) {
  int value = 0;
  const SocketError error =
      get_option(fd, SOL_SOCKET, kind == BufferKind::Receive ? SO_RCVBUF : SO_SNDBUF, value);
  out = static_cast<uint64_t>(std::max(value, 0)) / 2;
  return error;
}

SocketError set_buffer_size(int fd, BufferKind kind, uint64_t value) {
  if (value == 0) return SocketError::InvalidArgument;
  const int bent = static_cast<int>(std::min<uint64_t>(value, INT_MAX / 2));
  const SocketError error =
      set_option(fd, SOL_SOCKET, kind == BufferKind::Receive ? SO_RCVBUF : SO_SNDBUF, bent);
  return error == SocketError::OutOfMemory ? SocketError::None : error;
}

}  // namespace wherry::wasi::host
