// Addresses of the internet, and filters for them. Plain values, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wherry::wasi {

// An address of IPv4 (the first four bytes) or IPv6, in the order of the network.
struct IpAddress {
  bool is_v6 = false;
  std::array<uint8_t, 16> bytes = {};

  bool operator==(const IpAddress&) const = default;
};

// An address with its port, as sockets are bound and connected to.
struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;
  uint32_t flow_info = 0;  // of IPv6
  uint32_t scope_id = 0;   // the same

  bool operator==(const SocketAddress&) const = default;
};

// Addresses of a network, and ports: "10.0.0.0/8" and "[fd00::]/8" stand for all ports, "10.1.2.3:443" for one,
// "0.0.0.0/0:8000-8999" for a range.
struct AddressRange {
  IpAddress network;
  uint8_t prefix = 0;  // how many of its bits count
  uint16_t first_port = 0;
  uint16_t last_port = 65535;

  bool contains(const SocketAddress& address) const;
};

// What an address is wanted for.
enum class AddressUse : uint8_t {
  TcpBind,     // to listen there, or to connect from there
  TcpConnect,  // to connect to
  UdpBind,     // to receive there, and to send from there
  UdpConnect,  // to be the only one that datagrams come from and go to
  UdpSend,     // to send a datagram to
};

// Whether a guest may use an address. Called for each bind, connection and datagram, on the guest's thread; must not call
// the guest.
using AddressCheck = bool (*)(void* context, const SocketAddress& address, AddressUse use);

// Reads the forms of AddressRange; false if the text is none of them. No names are looked up.
bool parse_address_range(std::string_view text, AddressRange& out);

}  // namespace wherry::wasi
