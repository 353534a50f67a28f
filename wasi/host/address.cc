#include "wasi/host/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

namespace wherry::wasi {

bool AddressRange::contains(const SocketAddress& address) const {
  if (address.ip.is_v6 != network.is_v6) return false;
  if (address.port < first_port || address.port > last_port) return false;
  const size_t whole = prefix / 8;
  if (memcmp(address.ip.bytes.data(), network.bytes.data(), whole) != 0) return false;
  if (prefix % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff00 >> (prefix % 8));
  return (address.ip.bytes[whole] & mask) == (network.bytes[whole] & mask);
}

namespace {

bool parse_ports(std::string_view text, AddressRange& out) {
  uint32_t first = 0;
  uint32_t last = 0;
  const size_t dash = text.find('-');
  if (!host::parse_number(text.substr(0, dash), 65535, first)) return false;
  last = first;
  if (dash != std::string_view::npos && !host::parse_number(text.substr(dash + 1), 65535, last)) return false;
  out.first_port = static_cast<uint16_t>(first);
  out.last_port = static_cast<uint16_t>(last);
  return first <= last;
}

}  // namespace

bool parse_address_range(std::string_view text, AddressRange& out) {
  out = {};
  std::string_view ip = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    ip = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const size_t end = text.find_first_of("/:");
    // Several colons: an IPv6 address without brackets, which then has no port.
    const bool bare_v6 =
        end != std::string_view::npos && text[end] == ':' && text.find(':', end + 1) != text.npos;
    ip = text.substr(0, bare_v6 ? text.find('/') : end);
    rest = text.substr(ip.size());
  }
  if (!host::parse_ip(ip, out.network)) return false;
  const uint32_t bits = out.network.is_v6 ? 128 : 32;
  uint32_t prefix = bits;
  if (rest.starts_with('/')) {
    const size_t end = rest.find(':');
    if (!host::parse_number(rest.substr(1, end == rest.npos ? end : end - 1), bits, prefix)) return false;
    rest = end == rest.npos ? std::string_view() : rest.substr(end);
  }
  out.prefix = static_cast<uint8_t>(prefix);
  if (rest.empty()) return true;
  return rest.starts_with(':') && parse_ports(rest.substr(1), out);
}

namespace host {

bool is_unspecified(const IpAddress& address) { return address.bytes == std::array<uint8_t, 16>{}; }

bool is_unicast(const IpAddress& address) {
  if (address.is_v6) return address.bytes[0] != 0xff;
  if ((address.bytes[0] & 0xf0) == 0xe0) return false;
  return !(address.bytes[0] == 255 && address.bytes[1] == 255 && address.bytes[2] == 255 &&
           address.bytes[3] == 255);
}

bool is_mapped_v4(const IpAddress& address) {
  constexpr uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return address.is_v6 && memcmp(address.bytes.data(), kPrefix, sizeof kPrefix) == 0;
}

socklen_t to_sockaddr(const SocketAddress& address, sockaddr_storage& out) {
  out = {};
  if (address.ip.is_v6) {
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_flowinfo = htonl(address.flow_info);
    v6.sin6_scope_id = address.scope_id;
    memcpy(&v6.sin6_addr, address.ip.bytes.data(), 16);
    memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
  }
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  memcpy(&v4.sin_addr, address.ip.bytes.data(), 4);
  memcpy(&out, &v4, sizeof v4);
  return sizeof v4;
}

bool from_sockaddr(const sockaddr_storage& storage, SocketAddress& out) {
  out = {};
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    memcpy(&v6, &storage, sizeof v6);
    out.ip.is_v6 = true;
    memcpy(out.ip.bytes.data(), &v6.sin6_addr, 16);
    out.port = ntohs(v6.sin6_port);
    out.flow_info = ntohl(v6.sin6_flowinfo);
    out.scope_id = v6.sin6_scope_id;
    return true;
  }
  if (storage.ss_family != AF_INET) return false;
  sockaddr_in v4;
  memcpy(&v4, &storage, sizeof v4);
  memcpy(out.ip.bytes.data(), &v4.sin_addr, 4);
  out.port = ntohs(v4.sin_port);
  return true;
}

bool parse_number(std::string_view text, uint32_t most, uint32_t& out) {
  if (text.empty() || text.size() > 9) return false;
  out = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + static_cast<uint32_t>(c - '0');
  }
  return out <= most;
}

bool parse_ip(std::string_view text, IpAddress& out) {
  out = {};
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != text.npos) return false;
  memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  out.is_v6 = text.find(':') != text.npos;
  return inet_pton(out.is_v6 ? AF_INET6 : AF_INET, buffer, out.bytes.data()) == 1;
}

bool parse_socket_address(std::string_view text, SocketAddress& out) {
  out = {};
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == text.npos || !parse_number(text.substr(colon + 1), 65535, port)) return false;
  std::string_view ip = text.substr(0, colon);
  const bool bracketed = ip.size() > 2 && ip.front() == '[' && ip.back() == ']';
  if (bracketed) ip = ip.substr(1, ip.size() - 2);
  out.port = static_cast<uint16_t>(port);
  return parse_ip(ip, out.ip) && out.ip.is_v6 == bracketed;
}

}  // namespace host
}  // namespace wherry::wasi
