#include "wasi/host/resolve.h"

#include <catch2/catch.hpp>
#include <string>

namespace wherry::wasi::host {
namespace {

Ref<Network> open_network() {
  Ref<Network> network = make_ref<Network>();
  network->name_lookup = true;
  network->quota = make_ref<Quota>(16u);
  return network;
}

TEST_CASE("an address is its own answer") {
  for (const char* text : {"127.0.0.1", "::1", "[::1]", "fe80::1"}) {
    INFO(text);
    Ref<NameLookup> lookup;
    REQUIRE(NameLookup::start(open_network(), text, lookup) == SocketError::None);
    IpAddress address;
    bool found = false;
    CHECK(lookup->next(address, found) == SocketError::None);
    CHECK(found);
    CHECK(address.is_v6 == (std::string_view(text).find(':') != std::string_view::npos));
    CHECK(lookup->next(address, found) == SocketError::None);
    CHECK_FALSE(found);
  }
}

TEST_CASE("what is no host name is refused") {
  Ref<NameLookup> lookup;
  const std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "abc.";
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a..b"), std::string(".a"), std::string("-a"),
        std::string("a-"), std::string("1.2.3"), std::string("1.2.3.4.5"), std::string("a\0b", 3), long_label,
        long_name, std::string("a/b"), std::string("[127.0.0.1]"), std::string("127.0.0.1:80"),
        std::string("m\xc3\xbcnchen.de")}) {
    INFO(name);
    CHECK(NameLookup::start(open_network(), name, lookup) == SocketError::InvalidArgument);
  }
  for (const char* name : {"localhost", "example.com.", "a_b.c-d.e1", "xn--mnchen-3ya.de", "1and1.com"}) {
    INFO(name);
    CHECK(is_host_name(name));
  }
}

TEST_CASE("without permission nothing is looked up, not even an address") {
  const Ref<Network> network = make_ref<Network>();
  Ref<NameLookup> lookup;
  CHECK(NameLookup::start(network, "localhost", lookup) == SocketError::PermanentResolverFailure);
  CHECK(NameLookup::start(network, "127.0.0.1", lookup) == SocketError::PermanentResolverFailure);
  CHECK_FALSE(lookup);
}

TEST_CASE("localhost is found without a name server") {
  Ref<NameLookup> lookup;
  const Ref<Network> network = open_network();
  const SocketError started = NameLookup::start(network, "localhost", lookup);
  if (started == SocketError::NotSupported) return;  // Built without a resolver.
  REQUIRE(started == SocketError::None);
  CHECK(network->quota->left() < 16);
  Patience patience;
  REQUIRE(wait_for_source(patience, *lookup) == 0);
  bool has_loopback = false;
  while (true) {
    IpAddress address;
    bool found = false;
    REQUIRE(lookup->next(address, found) == SocketError::None);
    if (!found) break;
    has_loopback = has_loopback || address.bytes[0] == 127 || (address.is_v6 && address.bytes[15] == 1);
  }
  CHECK(has_loopback);
  lookup = {};
  CHECK(network->quota->left() == 16);
}

}  // namespace
}  // namespace wherry::wasi::host
