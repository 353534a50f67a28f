// What a guest may do on the network, and what sockets of all kinds have in common.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "wasi/host/address.h"
#include "wasi/host/quota.h"

namespace wherry::wasi {

namespace host {

// Success, or what a socket call failed with, in the words of wasi:sockets.
enum class SocketError : uint8_t {
  None,
#define SOCKET_ERROR(name, text, error) name,
#include "wasi/host/socket_errors.inc"
#undef SOCKET_ERROR
};

SocketError to_socket_error(int error);
// Its name in WIT; "none" for None.
const char* text_of(SocketError error);

// What the embedder allows. A Network that was only made allows nothing.
class Network : public Counted {
 public:
  bool tcp = false;
  bool udp = false;
  bool name_lookup = false;

  // An address is allowed if one of these holds it, or if `check` says so.
  base::Vector<AddressRange> allowed;
  AddressCheck check = nullptr;
  void* check_context = nullptr;

  Ref<Quota> quota;  // of descriptors

  bool allows(const SocketAddress& address, AddressUse use) const;

  // Whether an address can be used at all: of the socket's family, no other spelling of an IPv4 address, unicast. For
  // remote ones also neither 0.0.0.0 nor port 0. Then whether it is allowed. Errors: InvalidArgument, AccessDenied.
  SocketError vet(const SocketAddress& address, AddressUse use, bool is_v6) const;
};

// A socket in non-blocking mode, IPv6 without IPv4. Errors: NotSupported, NewSocketLimit, OutOfMemory.
SocketError open_socket(Network& network, bool is_v6, int type, Ref<SharedHandle>& out);
// Binds. Errors: AddressInUse, AddressNotBindable, InvalidArgument, AccessDenied.
SocketError bind_socket(int fd, const SocketAddress& address);

SocketError local_address(int fd, SocketAddress& out);
SocketError remote_address(int fd, SocketAddress& out);

// Options that TCP and UDP share. Zero is InvalidArgument everywhere; what the host cannot do is bent to what it can.
SocketError hop_limit(int fd, bool is_v6, uint8_t& out);
SocketError set_hop_limit(int fd, bool is_v6, uint8_t value);
enum class BufferKind : uint8_t { Receive, Send };
SocketError buffer_size(int fd, BufferKind kind, uint64_t& out);
SocketError set_buffer_size(int fd, BufferKind kind, uint64_t value);

// A number as an option of a socket.
SocketError get_option(int fd, int level, int name, int& out);
SocketError set_option(int fd, int level, int name, int value);

}  // namespace host
}  // namespace wherry::wasi
