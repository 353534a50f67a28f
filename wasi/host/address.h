// Addresses of the internet, as numbers and as the system has them. Their types are public: wherry/wasi_address.h.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string_view>

#include "wherry/wasi_address.h"

namespace wherry::wasi::host {

bool is_unspecified(const IpAddress& address);  // 0.0.0.0, ::
// Not multicast, and not the broadcast address of IPv4.
bool is_unicast(const IpAddress& address);
// ::ffff:a.b.c.d: another spelling of an IPv4 address, by which a filter could be deceived.
bool is_mapped_v4(const IpAddress& address);

socklen_t to_sockaddr(const SocketAddress& address, sockaddr_storage& out);
bool from_sockaddr(const sockaddr_storage& storage, SocketAddress& out);

// "127.0.0.1", "::1"; without brackets.
bool parse_ip(std::string_view text, IpAddress& out);
// "127.0.0.1:80", "[::1]:80".
bool parse_socket_address(std::string_view text, SocketAddress& out);
// A decimal number of at most nine digits.
bool parse_number(std::string_view text, uint32_t most, uint32_t& out);

}  // namespace wherry::wasi::host
