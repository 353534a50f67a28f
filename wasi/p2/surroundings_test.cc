// wasi:io, clocks, random, cli, sockets: what a guest is given, and what ends it.
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "wasi/host/test_tree.h"
#include "wasi/p2/interfaces.h"
#include "wasi/p2/test_guest.h"

namespace wherry::wasi::p2 {
namespace {

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// "ok", "closed", the system's words for an error, or "stopped: MESSAGE".
template <class T>
std::string outcome(const StreamResult<T>& result) {
  if (!result) return "stopped: " + std::string(result.error().message());
  if (result->ok()) return "ok";
  const auto* error = std::get_if<0>(&result->error());
  return error == nullptr ? "closed" : std::string((*error)->to_debug_string());
}

struct PipeEnds {
  PipeEnds() {
    if (pipe(ends) != 0) abort();
  }
  ~PipeEnds() {
    for (const int end : ends) close(end);
  }
  int ends[2];
};

InputStream input(int fd) {
  return {host::make_descriptor_input(
              host::make_ref<host::SharedHandle>(host::Handle::borrow(fd), host::Quota::Share())),
          Origin::File};
}
OutputStream output(int fd) {
  return {host::make_descriptor_output(
              host::make_ref<host::SharedHandle>(host::Handle::borrow(fd), host::Quota::Share())),
          Origin::File};
}

TEST_CASE("wasi:io: a write beyond what was permitted ends the guest") {
  TestGuest guest{Preview2Config()};
  OutputStream out{host::make_sink()};
  const auto write = [&](std::string_view text) {
    return outcome(guest.call([&](Caller& c) { return out.write(c, bytes(text)); }));
  };
  CHECK(write("x") == "stopped: more is written than check-write permitted");
  CHECK(**guest.call([&](Caller& c) { return out.check_write(c); }) == host::kMostAtOnce);
  CHECK(write(std::string(host::kMostAtOnce - 1, 'x')) == "ok");
  CHECK(write("xx") == "stopped: more is written than check-write permitted");
  CHECK(write("x") == "ok");
  CHECK(write("") == "ok");
  CHECK(outcome(guest.call([&](Caller& c) { return out.write_zeroes(c, 1); })) ==
        "stopped: more is written than check-write permitted");
  CHECK(outcome(guest.call([&](Caller& c) { return out.write_zeroes(c, UINT64_MAX); })) ==
        "stopped: more is written than check-write permitted");
  out.stream->close();
  CHECK(write("x") == "closed");
}

TEST_CASE("wasi:io: a blocking write takes 4096 bytes and no more") {
  TestGuest guest{Preview2Config()};
  OutputStream out{host::make_sink()};
  const std::string most(4096, 'x');
  CHECK(outcome(guest.call([&](Caller& c) { return out.blocking_write_and_flush(c, bytes(most)); })) == "ok");
  CHECK(outcome(guest.call([&](Caller& c) { return out.blocking_write_and_flush(c, bytes(most + "x")); })) ==
        "stopped: more than 4096 bytes in a blocking write");
  CHECK(outcome(guest.call([&](Caller& c) { return out.blocking_write_zeroes_and_flush(c, 4097); })) ==
        "stopped: more than 4096 bytes in a blocking write");
}

TEST_CASE("wasi:io: streams read, skip and splice, and end") {
  TestGuest guest{Preview2Config()};
  PipeEnds a;
  InputStream in = input(a.ends[0]);
  CHECK(::write(a.ends[1], "0123456789", 10) == 10);
  const auto read = [&](uint64_t length) {
    return guest.call([&](Caller& c) -> std::string {
      const auto result = in.read(c, length);
      if (outcome(result) != "ok") return outcome(result);
      return {reinterpret_cast<const char*>((**result).data()), (**result).size()};
    });
  };
  CHECK(read(3) == "012");
  CHECK(**guest.call([&](Caller& c) { return in.skip(c, 2); }) == 2);
  CHECK(**guest.call([&](Caller& c) { return in.blocking_skip(c, 1); }) == 1);
  PipeEnds b;
  OutputStream out = output(b.ends[1]);
  CHECK(**guest.call([&](Caller& c) { return out.splice(c, in, 2); }) == 2);
  CHECK(**guest.call([&](Caller& c) { return out.blocking_splice(c, in, UINT64_MAX); }) == 2);
  CHECK(**guest.call([&](Caller& c) { return out.splice(c, in, 2); }) == 0);
  char text[4];
  CHECK(::read(b.ends[0], text, 4) == 4);
  CHECK(std::string_view(text, 4) == "6789");
  CHECK(read(UINT64_MAX).empty());
  close(a.ends[1]);
  a.ends[1] = -1;
  CHECK(read(1) == "closed");
  CHECK(outcome(guest.call([&](Caller& c) { return out.splice(c, in, 2); })) == "closed");
  CHECK(outcome(guest.call([&](Caller& c) { return out.flush(c); })) == "ok");
}

TEST_CASE("wasi:io: what blocks ends at the deadline") {
  Preview2Config config;
  TestGuest guest(config, /*interruption=*/true);
  PipeEnds a;
  InputStream in = input(a.ends[0]);
  auto pollable = guest.call([&](Caller& c) { return in.subscribe(c); });
  REQUIRE(guest.store().set_deadline(std::chrono::milliseconds(20)));
  const auto is_deadline = [](const Error& error) {
    return error.kind() == ErrorKind::Trap && error.trap()->code == TrapCode::DeadlineExceeded;
  };
  // The store refuses to be called once its time has passed: all in one call.
  CHECK(guest.call([&](Caller& c) {
    const auto blocked = (*pollable)->block(c);
    const auto read = in.blocking_read(c, 1);
    const auto ready = (*pollable)->ready(c);
    return !blocked && is_deadline(blocked.error()) && !read && is_deadline(read.error()) &&
           (!ready || !*ready);
  }));
  CHECK_FALSE(in.stream->closed());
}

TEST_CASE("a guest has no more resources than it may, and a dropped one makes room") {
  Preview2Config config;
  config.max_resources = 3;
  TestGuest guest(config);
  InputStream in{host::make_empty_input()};
  const auto subscribe = [&] { return guest.call([&](Caller& c) { return in.subscribe(c); }); };
  auto one = subscribe();
  auto two = subscribe();
  auto three = subscribe();
  REQUIRE(three);
  const auto four = subscribe();
  CHECK_FALSE(four);
  CHECK(four.error().message() == "the guest has more resources than it may");
  CHECK(four.error().kind() == ErrorKind::Trap);
  two->reset();
  CHECK(subscribe());
  CHECK(subscribe());
  // What an error carries is one, too.
  OutputStream out = output(-1);
  auto held = subscribe();
  REQUIRE(held);
  CHECK(outcome(guest.call([&](Caller& c) { return out.blocking_write_and_flush(c, bytes("x")); })) ==
        "stopped: the guest has more resources than it may");
}

TEST_CASE("wasi:cli: an unconfigured guest has empty standard streams and no surroundings") {
  TestGuest guest{Preview2Config()};
  CHECK(guest.state().args.empty());
  CHECK(guest.state().env.empty());
  CHECK(guest.state().preopens.empty());
  CHECK_FALSE(guest.state().initial_cwd);
  for (const auto& handle : guest.state().stdio) CHECK_FALSE(handle);
  CHECK_FALSE(guest.state().network->tcp);
  CHECK_FALSE(guest.state().network->udp);
  CHECK_FALSE(guest.state().network->name_lookup);
  CHECK(guest.state().network->allowed.empty());
}

TEST_CASE("wasi:cli: of a variable that is set twice the later counts, also over an inherited one") {
  setenv("WHERRY_TEST_P2", "inherited", 1);
  setenv("WHERRY_TEST_BAD", "\xff", 1);
  const EnvironmentVariable variables[] = {{"A", "1"}, {"WHERRY_TEST_P2", "given"}, {"A", "2"}};
  Preview2Config config;
  config.env = variables;
  config.inherit_env = true;
  TestGuest guest(config);
  int seen = 0;
  for (const auto& [name, value] : guest.state().env) {
    if (name == "A") CHECK(value == "2");
    if (name == "WHERRY_TEST_P2") CHECK(value == "given");
    CHECK(name != "WHERRY_TEST_BAD");
    seen += name == "A" || name == "WHERRY_TEST_P2" ? 1 : 0;
  }
  CHECK(seen == 2);
}

TEST_CASE("a configuration that cannot be right is refused") {
  const auto error = [](const Preview2Config& config) {
    const auto state = make_state(config);
    return state ? std::string("none") : std::string(state.error().message());
  };
  Preview2Config config;
  CHECK(error(config) == "none");
  const std::string_view bad[] = {"\xff"};
  config.args = bad;
  CHECK(error(config) == "an argument is not UTF-8");
  config = {};
  const EnvironmentVariable variable[] = {{"", "x"}};
  config.env = variable;
  CHECK(error(config).find("must have a name") != std::string::npos);
  config = {};
  const std::string_view addresses[] = {"10.0.0.0/8", "nowhere"};
  config.allowed_addresses = addresses;
  CHECK(error(config) == "`nowhere` is no address range such as 10.0.0.0/8 or 127.0.0.1:8080");
  config = {};
  const Preopen preopens[] = {{"/nonexistent/directory", "/"}};
  config.preopens = preopens;
  CHECK(error(config).find("cannot open directory /nonexistent/directory") != std::string::npos);
  const Preopen root[] = {{"/", "/"}};
  config.preopens = root;
  config.max_descriptors = 0;
  CHECK(error(config) == "more directories are given than the guest may have descriptors");
}

TEST_CASE("wasi:sockets: the network of a configuration") {
  Preview2Config config;
  config.allow_tcp = true;
  config.inherit_network = true;
  TestGuest guest(config);
  SocketAddress v4;
  SocketAddress v6;
  REQUIRE(host::parse_socket_address("8.8.8.8:1", v4));
  REQUIRE(host::parse_socket_address("[2001:db8::1]:1", v6));
  const host::Network& network = *guest.state().network;
  CHECK(network.vet(v4, AddressUse::TcpConnect, false) == host::SocketError::None);
  CHECK(network.vet(v6, AddressUse::TcpConnect, true) == host::SocketError::None);
  CHECK(network.vet(v4, AddressUse::UdpSend, false) == host::SocketError::AccessDenied);
}

TEST_CASE("wasi:sockets: addresses keep their value on the way to the guest and back") {
  for (const char* text : {"1.2.3.4:5", "[2001:db8:1:2:3:4:5:6]:65535", "[::1]:0"}) {
    SocketAddress address;
    REQUIRE(host::parse_socket_address(text, address));
    if (address.ip.is_v6) {
      address.flow_info = 7;
      address.scope_id = 9;
    }
    CHECK(from_wit(to_wit(address)) == address);
  }
}

}  // namespace
}  // namespace wherry::wasi::p2
