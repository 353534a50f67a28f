// TCP sockets: their states, and connections within this machine.
#include "wasi/host/tcp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace wherry::wasi::host {
namespace {

Ref<Network> open_network(uint32_t descriptors = 64) {
  Ref<Network> network = make_ref<Network>();
  network->tcp = network->udp = true;
  network->check = [](void*, const SocketAddress&, AddressUse) { return true; };
  network->quota = make_ref<Quota>(descriptors);
  return network;
}

SocketAddress at(const char* text) {
  SocketAddress address;
  if (!parse_socket_address(text, address)) abort();
  return address;
}

Ref<TcpSocket> open(const Ref<Network>& network, bool is_v6 = false) {
  Ref<TcpSocket> socket;
  CHECK(TcpSocket::open(network, is_v6, socket) == SocketError::None);
  return socket;
}

Ref<TcpSocket> listener(const Ref<Network>& network, SocketAddress& address) {
  Ref<TcpSocket> socket = open(network);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::None);
  CHECK(socket->finish_bind() == SocketError::None);
  CHECK(socket->start_listen() == SocketError::None);
  CHECK(socket->finish_listen() == SocketError::None);
  CHECK(socket->local_address(address) == SocketError::None);
  return socket;
}

struct Pair {
  explicit Pair(Ref<Network> network = open_network()) {
    server = listener(network, address);
    client = open(network);
    CHECK(client->start_connect(address) == SocketError::None);
    CHECK(wait_for_source(patience, *client) == 0);
    CHECK(client->finish_connect(here) == SocketError::None);
    CHECK(wait_for_source(patience, *server) == 0);
    CHECK(server->accept(accepted, there) == SocketError::None);
  }
  Patience patience;
  SocketAddress address;
  Ref<TcpSocket> server, client, accepted;
  Connection here, there;
};

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string read_all(Patience& patience, InputStream& in) {
  std::string all;
  std::vector<uint8_t> room(kMostAtOnce);
  while (true) {
    size_t done = 0;
    const int error = in.blocking_read(patience, room, done);
    all.append(reinterpret_cast<const char*>(room.data()), done);
    if (error != 0) return error == kStreamClosed ? all : "error " + std::to_string(error);
  }
}

TEST_CASE("a connection carries bytes both ways and ends") {
  Pair pair;
  SocketAddress address;
  CHECK(pair.client->remote_address(address) == SocketError::None);
  CHECK(address == pair.address);
  CHECK(pair.accepted->local_address(address) == SocketError::None);
  CHECK(address == pair.address);
  CHECK(pair.here.out->blocking_write_and_flush(pair.patience, bytes("question")) == 0);
  CHECK(pair.client->shut_down(false, true) == SocketError::None);
  CHECK(read_all(pair.patience, *pair.there.in) == "question");
  CHECK(pair.there.out->blocking_write_and_flush(pair.patience, bytes("answer")) == 0);
  CHECK(pair.accepted->shut_down(true, true) == SocketError::None);
  CHECK(read_all(pair.patience, *pair.here.in) == "answer");
  uint64_t permit = 1;
  CHECK(pair.here.out->check_write(pair.patience, permit) == kStreamClosed);
  CHECK(pair.client->shut_down(false, true) == SocketError::None);  // Once more does nothing.
}

TEST_CASE("a peer that does not read costs 64 KiB, and gets all of it in the end") {
  Pair pair;
  CHECK(pair.client->set_buffer_size(BufferKind::Send, 8192) == SocketError::None);
  CHECK(pair.accepted->set_buffer_size(BufferKind::Receive, 8192) == SocketError::None);
  std::string sent;
  uint64_t permit = 0;
  for (int i = 0;; ++i) {
    REQUIRE(i < 100'000);
    CHECK(pair.here.out->check_write(pair.patience, permit) == 0);
    if (permit == 0) break;
    CHECK(permit <= kMostAtOnce);
    const std::string piece(permit, static_cast<char>('a' + i % 26));
    CHECK(pair.here.out->write(pair.patience, bytes(piece)) == 0);
    sent += piece;
  }
  bool ready = true;
  CHECK(is_ready(pair.patience, *pair.here.out, ready) == 0);
  CHECK_FALSE(ready);
  CHECK(pair.client->shut_down(false, true) == SocketError::None);
  // What is held goes out while the client waits for an answer, not before.
  std::string received;
  std::vector<uint8_t> room(kMostAtOnce);
  while (true) {
    size_t done = 0;
    const int error = pair.there.in->read(pair.patience, room, done);
    if (error != 0) {
      CHECK(error == kStreamClosed);
      break;
    }
    received.append(reinterpret_cast<const char*>(room.data()), done);
    CHECK(is_ready(pair.patience, *pair.here.in, ready) == 0);
    CHECK_FALSE(ready);
  }
  CHECK(received == sent);
}

// Takes away the room that a stream has just been promised, as a kernel may that counts otherwise; answers how much that was.
size_t fill_behind(Connection& connection) {
  const int fd = connection.out->interest().fd;
  const std::string piece(16384, '-');
  size_t all = 0;
  while (true) {
    const ssize_t count = ::send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return all;
    all += static_cast<size_t>(count);
  }
}

// Whether something has come within a millisecond.
bool wait_briefly(int fd, short events) {
  pollfd polled = {fd, events, 0};
  return poll(&polled, 1, 1) != 0;
}

struct Held : Pair {
  Held() {
    CHECK(client->set_buffer_size(BufferKind::Send, 8192) == SocketError::None);
    CHECK(accepted->set_buffer_size(BufferKind::Receive, 8192) == SocketError::None);
    uint64_t permit = 0;
    CHECK(here.out->check_write(patience, permit) == 0);
    REQUIRE(permit != 0);
    before = fill_behind(here);
    held.assign(permit, 'h');
    CHECK(here.out->write(patience, bytes(held)) == 0);
  }
  bool is_ready(Source& source) {
    bool ready = true;
    CHECK(host::is_ready(patience, source, ready) == 0);
    return ready;
  }
  // What the peer can read at present.
  size_t receive() {
    std::vector<uint8_t> room(kMostAtOnce);
    size_t all = 0;
    while (true) {
      size_t done = 0;
      if (there.in->read(patience, room, done) != 0 || done == 0) return all;
      all += done;
    }
  }
  // Has the peer read until it has all of it. The kernel delivers when it likes, and nothing but asking whether one of `asked` is ready,
  // in turn, sends what is held.
  size_t receive_all(std::initializer_list<Source*> asked) {
    size_t received = 0;
    for (size_t i = 0; i < 10'000 && received < before + held.size(); ++i) {
      (void)is_ready(*asked.begin()[i % asked.size()]);
      (void)wait_briefly(there.in->interest().fd, POLLIN);
      received += receive();
    }
    return received;
  }
  size_t before = 0;
  std::string held;
};

TEST_CASE("what the kernel did not take after all is held, and nothing more is promised") {
  Held held;
  uint64_t permit = 1;
  CHECK(held.here.out->check_write(held.patience, permit) == 0);
  CHECK(permit == 0);
  CHECK_FALSE(held.is_ready(*held.here.out));
  CHECK_FALSE(held.is_ready(*held.here.in));
  CHECK(held.receive_all({held.here.out.get(), held.here.in.get()}) == held.before + held.held.size());
  CHECK(held.is_ready(*held.here.out));
  CHECK(held.here.out->check_write(held.patience, permit) == 0);
  CHECK(permit != 0);
}

TEST_CASE("what is held is sent before the end of the direction") {
  Held held;
  CHECK(held.client->shut_down(false, true) == SocketError::None);
  CHECK(held.receive_all({held.here.in.get()}) == held.before + held.held.size());
  CHECK(read_all(held.patience, *held.there.in).empty());  // And then it is closed.
}

TEST_CASE("what is held is lost with the connection, which is an error once and then the end") {
  Held held;
  // A connection that is closed with something unread is reset.
  held.accepted = {};
  held.there = {};
  held.server = {};
  size_t done = 0;
  std::vector<uint8_t> room(16);
  int error = 0;
  for (int i = 0; i < 10'000 && error == 0; ++i) {
    (void)wait_briefly(held.here.in->interest().fd, POLLIN);
    error = held.here.in->read(held.patience, room, done);
  }
  CHECK(error != 0);
  uint64_t permit = 1;
  error = held.here.out->check_write(held.patience, permit);
  CHECK(error != 0);
  CHECK(held.here.out->check_write(held.patience, permit) == kStreamClosed);
}

TEST_CASE("what is held when all handles are gone is tried once more") {
  Held held;
  size_t received = 0;
  for (int i = 0; i < 10'000; ++i) {
    received += held.receive();
    if (wait_briefly(held.here.out->interest().fd, POLLOUT)) break;
  }
  held.here = {};
  held.client = {};
  const std::string rest = read_all(held.patience, *held.there.in);
  received += rest.size();
  CHECK(received <= held.before + held.held.size());
  CHECK(received > held.before);
}

TEST_CASE("calls in the wrong order are told so") {
  const Ref<Network> network = open_network();
  const Ref<TcpSocket> socket = open(network);
  Connection streams;
  SocketAddress address;
  Ref<TcpSocket> accepted;
  CHECK(socket->finish_bind() == SocketError::NotInProgress);
  CHECK(socket->finish_connect(streams) == SocketError::NotInProgress);
  CHECK(socket->finish_listen() == SocketError::NotInProgress);
  CHECK(socket->start_listen() == SocketError::InvalidState);
  CHECK(socket->accept(accepted, streams) == SocketError::InvalidState);
  CHECK(socket->local_address(address) == SocketError::InvalidState);
  CHECK(socket->remote_address(address) == SocketError::InvalidState);
  CHECK(socket->shut_down(true, true) == SocketError::InvalidState);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::None);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::ConcurrencyConflict);
  CHECK(socket->start_connect(at("127.0.0.1:1")) == SocketError::ConcurrencyConflict);
  CHECK(socket->local_address(address) == SocketError::InvalidState);
  CHECK(socket->finish_bind() == SocketError::None);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::InvalidState);
  CHECK(socket->local_address(address) == SocketError::None);
  CHECK(address.port != 0);
  CHECK(socket->start_listen() == SocketError::None);
  CHECK(socket->start_connect(at("127.0.0.1:1")) == SocketError::ConcurrencyConflict);
  CHECK_FALSE(socket->is_listening());
  CHECK(socket->finish_listen() == SocketError::None);
  CHECK(socket->is_listening());
  CHECK(socket->start_connect(at("127.0.0.1:1")) == SocketError::InvalidState);
  CHECK(socket->start_listen() == SocketError::InvalidState);
  CHECK(socket->accept(accepted, streams) == SocketError::WouldBlock);
  bool ready = true;
  Patience patience;
  CHECK(is_ready(patience, *socket, ready) == 0);
  CHECK_FALSE(ready);
}

TEST_CASE("a refused connection closes the socket") {
  const Ref<Network> network = open_network();
  SocketAddress address;
  { const Ref<TcpSocket> gone = listener(network, address); }
  const Ref<TcpSocket> socket = open(network);
  Patience patience;
  Connection streams;
  CHECK(socket->start_connect(address) == SocketError::None);
  CHECK(socket->start_connect(address) == SocketError::ConcurrencyConflict);
  CHECK(wait_for_source(patience, *socket) == 0);
  CHECK(socket->finish_connect(streams) == SocketError::ConnectionRefused);
  CHECK(socket->finish_connect(streams) == SocketError::NotInProgress);
  CHECK(socket->start_connect(address) == SocketError::InvalidState);
  CHECK(socket->set_listen_backlog_size(3) == SocketError::InvalidState);
  CHECK(socket->local_address(address) == SocketError::InvalidState);
}

TEST_CASE("nothing is bound or connected to that is not allowed") {
  const Ref<Network> network = open_network();
  network->check = nullptr;
  const Ref<TcpSocket> socket = open(network);
  CHECK(socket->start_bind(at("127.0.0.1:0")) == SocketError::AccessDenied);
  CHECK(socket->start_connect(at("127.0.0.1:80")) == SocketError::AccessDenied);
  CHECK(socket->finish_bind() == SocketError::NotInProgress);
  CHECK(socket->start_connect(at("0.0.0.0:80")) == SocketError::InvalidArgument);
}

TEST_CASE("a guest has no more sockets than its quota, accepted ones among them") {
  const Ref<Network> network = open_network(2);
  SocketAddress address;
  const Ref<TcpSocket> server = listener(network, address);
  const Ref<TcpSocket> client = open(network);
  Ref<TcpSocket> more;
  CHECK(TcpSocket::open(network, false, more) == SocketError::NewSocketLimit);
  CHECK(client->start_connect(address) == SocketError::None);
  Connection streams;
  CHECK(server->accept(more, streams) == SocketError::NewSocketLimit);
}

TEST_CASE("options are bent to what the host can, and zero is refused") {
  const Ref<Network> network = open_network();
  for (const bool is_v6 : {false, true}) {
    Ref<TcpSocket> socket;
    const SocketError opened = TcpSocket::open(network, is_v6, socket);
    if (is_v6 && opened != SocketError::None) continue;
    uint8_t hops = 0;
    uint64_t value = 0;
    uint32_t count = 0;
    bool on = true;
    CHECK(socket->set_hop_limit(0) == SocketError::InvalidArgument);
    CHECK(socket->set_hop_limit(42) == SocketError::None);
    CHECK(socket->hop_limit(hops) == SocketError::None);
    CHECK(hops == 42);
    CHECK(socket->keep_alive_enabled(on) == SocketError::None);
    CHECK_FALSE(on);
    CHECK(socket->set_keep_alive_enabled(true) == SocketError::None);
    CHECK(socket->keep_alive_enabled(on) == SocketError::None);
    CHECK(on);
    for (const KeepAlive which : {KeepAlive::IdleTime, KeepAlive::Interval}) {
      CHECK(socket->set_keep_alive_time(which, 0) == SocketError::InvalidArgument);
      CHECK(socket->set_keep_alive_time(which, 1) == SocketError::None);
      CHECK(socket->keep_alive_time(which, value) == SocketError::None);
      CHECK(value == 1'000'000'000);
      CHECK(socket->set_keep_alive_time(which, UINT64_MAX) == SocketError::None);
    }
    CHECK(socket->set_keep_alive_count(0) == SocketError::InvalidArgument);
    CHECK(socket->set_keep_alive_count(UINT32_MAX) == SocketError::None);
    CHECK(socket->keep_alive_count(count) == SocketError::None);
    CHECK(count == 127);
    for (const BufferKind kind : {BufferKind::Receive, BufferKind::Send}) {
      CHECK(socket->set_buffer_size(kind, 0) == SocketError::InvalidArgument);
      CHECK(socket->set_buffer_size(kind, UINT64_MAX) == SocketError::None);
      CHECK(socket->set_buffer_size(kind, 16384) == SocketError::None);
      CHECK(socket->buffer_size(kind, value) == SocketError::None);
      CHECK(value == 16384);
    }
    CHECK(socket->set_listen_backlog_size(0) == SocketError::InvalidArgument);
    CHECK(socket->set_listen_backlog_size(UINT64_MAX) == SocketError::None);
  }
}

}  // namespace
}  // namespace wherry::wasi::host
