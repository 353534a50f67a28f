#include "wasi/host/udp.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace wherry::wasi::host {
namespace {

SocketAddress at(const char* text) {
  SocketAddress address;
  if (!parse_socket_address(text, address)) abort();
  return address;
}

Ref<Network> open_network() {
  Ref<Network> network = make_ref<Network>();
  network->udp = true;
  network->check = [](void*, const SocketAddress&, AddressUse) { return true; };
  return network;
}

struct Peer {
  explicit Peer(Ref<Network> network) {
    CHECK(UdpSocket::open(network, false, socket) == SocketError::None);
    CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::None);
    CHECK(socket->finish_bind() == SocketError::None);
    CHECK(socket->local_address(address) == SocketError::None);
    CHECK(socket->stream(std::nullopt, in, out) == SocketError::None);
  }
  SocketError send(const std::string& text, const std::optional<SocketAddress>& to) {
    uint64_t permit = 0;
    CHECK(out->check_send(permit) == SocketError::None);
    return out->send({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, to);
  }
  std::string receive(SocketAddress* from = nullptr) {
    std::vector<uint8_t> room(kMostDatagram);
    size_t size = 0;
    SocketAddress sender;
    const SocketError error = in->receive(room, size, from != nullptr ? *from : sender);
    if (error != SocketError::None) return std::string("<") + text_of(error) + ">";
    return {reinterpret_cast<const char*>(room.data()), size};
  }

  Ref<UdpSocket> socket;
  Ref<DatagramInput> in;
  Ref<DatagramOutput> out;
  SocketAddress address;
};

TEST_CASE("datagrams come with their sender") {
  const Ref<Network> network = open_network();
  Peer a(network);
  Peer b(network);
  CHECK(b.receive() == "<would-block>");
  CHECK(a.send("one", b.address) == SocketError::None);
  CHECK(a.send("", b.address) == SocketError::None);
  SocketAddress from;
  CHECK(b.receive(&from) == "one");
  CHECK(from == a.address);
  CHECK(b.receive().empty());
  CHECK(a.send("x", std::nullopt) == SocketError::InvalidArgument);
  CHECK(a.send(std::string(70'000, 'x'), b.address) == SocketError::DatagramTooLarge);
  CHECK(a.send("x", at("0.0.0.0:1")) == SocketError::InvalidArgument);
  CHECK(a.send("x", at("127.0.0.1:0")) == SocketError::InvalidArgument);
}

TEST_CASE("a socket that talks to one peer hears no other, not even what others sent before") {
  const Ref<Network> network = open_network();
  Peer a(network);
  Peer b(network);
  Peer other(network);
  CHECK(other.send("before", b.address) == SocketError::None);
  const Ref<DatagramInput> old_in = b.in;
  const Ref<DatagramOutput> old_out = b.out;
  CHECK(b.socket->stream(a.address, b.in, b.out) == SocketError::None);
  CHECK(other.send("after", b.address) == SocketError::None);
  CHECK(a.send("mine", b.address) == SocketError::None);
  CHECK(b.receive() == "mine");
  CHECK(b.receive() == "<would-block>");
  CHECK(b.send("back", std::nullopt) == SocketError::None);
  CHECK(b.send("back", a.address) == SocketError::None);
  CHECK(b.send("back", other.address) == SocketError::InvalidArgument);
  CHECK(a.receive() == "back");
  SocketAddress remote;
  CHECK(b.socket->remote_address(remote) == SocketError::None);
  CHECK(remote == a.address);
  // The streams from before are over.
  size_t size = 0;
  uint8_t room[1];
  uint64_t permit = 1;
  CHECK(old_in->receive(room, size, remote) == SocketError::InvalidState);
  CHECK(old_out->check_send(permit) == SocketError::InvalidState);
  CHECK(permit == 0);
  CHECK(old_in->interest().until == 0);
  // And it can be let go again.
  CHECK(b.socket->stream(std::nullopt, b.in, b.out) == SocketError::None);
  CHECK(b.socket->remote_address(remote) == SocketError::InvalidState);
  CHECK(other.send("free", b.address) == SocketError::None);
  CHECK(b.receive() == "free");
}

TEST_CASE("each datagram's address is asked about") {
  const Ref<Network> network = open_network();
  Peer a(network);
  Peer b(network);
  network->check = [](void*, const SocketAddress&, AddressUse use) { return use != AddressUse::UdpSend; };
  CHECK(a.send("x", b.address) == SocketError::AccessDenied);
  CHECK(a.socket->stream(b.address, a.in, a.out) == SocketError::None);
  CHECK(a.send("x", std::nullopt) == SocketError::AccessDenied);
  network->check = nullptr;
  CHECK(a.socket->stream(b.address, a.in, a.out) == SocketError::AccessDenied);
}

TEST_CASE("a UDP socket must be bound first") {
  const Ref<Network> network = open_network();
  Ref<UdpSocket> socket;
  Ref<DatagramInput> in;
  Ref<DatagramOutput> out;
  SocketAddress address;
  REQUIRE(UdpSocket::open(network, false, socket) == SocketError::None);
  CHECK(socket->stream(std::nullopt, in, out) == SocketError::InvalidState);
  CHECK(socket->local_address(address) == SocketError::InvalidState);
  CHECK(socket->finish_bind() == SocketError::NotInProgress);
  CHECK(socket->start_bind(at("[::1]:0")) == SocketError::InvalidArgument);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::None);
  CHECK(socket->stream(std::nullopt, in, out) == SocketError::InvalidState);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::ConcurrencyConflict);
  CHECK(socket->finish_bind() == SocketError::None);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::InvalidState);
  CHECK(socket->stream(at("127.0.0.1:0"), in, out) == SocketError::InvalidArgument);
}

}  // namespace
}  // namespace wherry::wasi::host
