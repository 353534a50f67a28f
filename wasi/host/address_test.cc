#include "wasi/host/address.h"

#include <catch2/catch.hpp>

#include "wasi/host/network.h"

namespace wherry::wasi::host {
namespace {

SocketAddress at(const char* text) {
  SocketAddress address;
  if (!parse_socket_address(text, address)) abort();
  return address;
}

TEST_CASE("addresses are read and written") {
  for (const char* text : {"127.0.0.1:80", "[::1]:65535", "[fe80::1]:0", "0.0.0.0:1"}) {
    INFO(text);
    const SocketAddress address = at(text);
    sockaddr_storage storage;
    CHECK(to_sockaddr(address, storage) != 0);
    SocketAddress back;
    CHECK(from_sockaddr(storage, back));
    CHECK(back == address);
  }
  SocketAddress address;
  for (const char* text : {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "::1:80", "[1.2.3.4]:80", "[::1]80",
                           "host:80", "1.2.3:80", "1.2.3.4:-1", "[fe80::1%eth0]:80"}) {
    INFO(text);
    CHECK_FALSE(parse_socket_address(text, address));
  }
}

TEST_CASE("an address range holds its network and its ports only") {
  struct Row {
    const char* range;
    const char* address;
    bool holds;
  };
  const Row rows[] = {
      {"10.0.0.0/8", "10.255.1.2:1", true},
      {"10.0.0.0/8", "11.0.0.0:1", false},
      {"10.1.2.3", "10.1.2.3:77", true},
      {"10.1.2.3", "10.1.2.4:77", false},
      {"10.1.2.3:443", "10.1.2.3:443", true},
      {"10.1.2.3:443", "10.1.2.3:444", false},
      {"0.0.0.0/0:8000-8999", "1.2.3.4:8999", true},
      {"0.0.0.0/0:8000-8999", "1.2.3.4:9000", false},
      {"0.0.0.0/0", "[::1]:80", false},
      {"::/0", "[::1]:80", true},
      {"::/0", "1.2.3.4:80", false},
      {"[fd00::]/8", "[fdff::1]:9", true},
      {"[fd00::]/8:9", "[fdff::1]:10", false},
      {"192.168.128.0/17", "192.168.129.1:1", true},
      {"192.168.128.0/17", "192.168.127.1:1", false},
      {"[2001:db8::]/33", "[2001:db8:8000::]:1", false},
  };
  for (const Row& row : rows) {
    INFO(row.range << " " << row.address);
    AddressRange range;
    REQUIRE(parse_address_range(row.range, range));
    CHECK(range.contains(at(row.address)) == row.holds);
  }
  AddressRange range;
  for (const char* text : {"", "host", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0:", "10.0.0.0:2-1", "[::1",
                           "::1/129", "1.2.3.4/8/9", "1.2.3.4:70000", "[::1]x"}) {
    INFO(text);
    CHECK_FALSE(parse_address_range(text, range));
  }
}

TEST_CASE("a network that was only made allows nothing, and each permission is its own") {
  Network network;
  const SocketAddress address = at("127.0.0.1:80");
  const AddressUse all[] = {AddressUse::TcpBind, AddressUse::TcpConnect, AddressUse::UdpBind,
                            AddressUse::UdpConnect, AddressUse::UdpSend};
  for (AddressUse use : all) CHECK(network.vet(address, use, false) == SocketError::AccessDenied);
  network.tcp = network.udp = true;
  for (AddressUse use : all) CHECK(network.vet(address, use, false) == SocketError::AccessDenied);
  AddressRange range;
  REQUIRE(parse_address_range("127.0.0.0/8", range));
  REQUIRE(network.allowed.push_back(range));
  for (AddressUse use : all) CHECK(network.vet(address, use, false) == SocketError::None);
  network.tcp = false;
  CHECK(network.vet(address, AddressUse::TcpConnect, false) == SocketError::AccessDenied);
  CHECK(network.vet(address, AddressUse::UdpSend, false) == SocketError::None);
  // A callback sees what it is for.
  AddressUse seen{};
  network.tcp = true;
  network.check_context = &seen;
  network.check = [](void* context, const SocketAddress& asked, AddressUse use) {
    *static_cast<AddressUse*>(context) = use;
    return asked.port == 7;
  };
  CHECK(network.vet(at("8.8.8.8:7"), AddressUse::TcpConnect, false) == SocketError::None);
  CHECK(seen == AddressUse::TcpConnect);
  CHECK(network.vet(at("8.8.8.8:8"), AddressUse::UdpBind, false) == SocketError::AccessDenied);
  CHECK(seen == AddressUse::UdpBind);
}

TEST_CASE("addresses that could deceive a filter are refused before it") {
  Network network;
  network.tcp = network.udp = true;
  network.check = [](void*, const SocketAddress&, AddressUse) { return true; };
  const AddressUse remote = AddressUse::TcpConnect;
  CHECK(network.vet(at("[::ffff:127.0.0.1]:80"), remote, true) == SocketError::InvalidArgument);
  CHECK(network.vet(at("[::ffff:0.0.0.0]:0"), AddressUse::TcpBind, true) == SocketError::InvalidArgument);
  CHECK(network.vet(at("127.0.0.1:80"), remote, true) == SocketError::InvalidArgument);
  CHECK(network.vet(at("[::1]:80"), remote, false) == SocketError::InvalidArgument);
  CHECK(network.vet(at("224.0.0.1:80"), remote, false) == SocketError::InvalidArgument);
  CHECK(network.vet(at("255.255.255.255:80"), AddressUse::UdpSend, false) == SocketError::InvalidArgument);
  CHECK(network.vet(at("[ff02::1]:80"), AddressUse::UdpBind, true) == SocketError::InvalidArgument);
  CHECK(network.vet(at("0.0.0.0:80"), remote, false) == SocketError::InvalidArgument);
  CHECK(network.vet(at("[::]:80"), remote, true) == SocketError::InvalidArgument);
  CHECK(network.vet(at("127.0.0.1:0"), AddressUse::UdpConnect, false) == SocketError::InvalidArgument);
  CHECK(network.vet(at("0.0.0.0:0"), AddressUse::TcpBind, false) == SocketError::None);
}

}  // namespace
}  // namespace wherry::wasi::host
