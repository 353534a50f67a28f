#include "wasi/host/resolve.h"

#include <catch2/catch.hpp>
#include <string>

#include "wasi/host/idna.h"

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
        std::string("\xff.de")}) {
    INFO(name);
    CHECK(NameLookup::start(open_network(), name, lookup) == SocketError::InvalidArgument);
  }
  for (const char* name : {"localhost", "example.com.", "a_b.c-d.e1", "xn--mnchen-3ya.de", "1and1.com"}) {
    INFO(name);
    CHECK(is_host_name(name));
  }
}

// What a name is asked as, or nothing if it is refused. Without a converter every name is "unknown".
std::string asked_as(std::string_view name) {
  AsciiName out;
  const SocketError error = to_ascii_name(name, out);
  if (error == SocketError::NotSupported) return "unknown";
  if (error != SocketError::None) return error == SocketError::InvalidArgument ? "" : "another error";
  return is_host_name(out.view()) ? std::string(out.view()) : "";
}

bool can_convert() { return asked_as("m\u00fcnchen") != "unknown"; }

TEST_CASE("names that are not ASCII are converted by IDNA") {
  if (!can_convert()) return;
  CHECK(asked_as("m\u00fcnchen.de") == "xn--mnchen-3ya.de");
  CHECK(asked_as("M\u00dcNCHEN.DE.") == "xn--mnchen-3ya.de.");
  CHECK(asked_as("mu\u0308nchen.de") == "xn--mnchen-3ya.de");  // u and two dots
  CHECK(asked_as("fa\u00df.de") == "xn--fa-hia.de");           // Not "fass", as it was in IDNA 2003.
  CHECK(asked_as("b\u00fccher.xn--mnchen-3ya.de") == "xn--bcher-kva.xn--mnchen-3ya.de");
  CHECK(asked_as("www.\u4f8b\u3048\u3002\u30c6\u30b9\u30c8") ==
        "www.xn--r8jz45g.xn--zckzah");                                                 // another full stop
  CHECK(asked_as("\uff25\uff58\uff41\uff4d\uff50\uff4c\uff45.com") == "example.com");  // full width
  CHECK(asked_as("_m\u00fc.de") == "xn--_m-yka.de");
  CHECK(asked_as("\u05d0\u05d1.\u0627\u0628") == "xn--4dbc.xn--mgbc");  // from right to left
  CHECK(asked_as("\u05d01.de") == "xn--1-zhc.de");
}

TEST_CASE("names that IDNA does not have are refused") {
  if (!can_convert()) return;
  for (const char* name : {
           "\u2603.net",        // a snowman
           "a\u200cb.de",       // a joiner between what cannot be joined
           "\u05d0\u05d1a.de",  // both directions in a label
           "1\u05d0.de",        // begins with a digit, goes from right to left
           "\u0301a.de",        // begins with a mark
           "-\u00fc.de",
           "\u00fc-.de",
           "ab--\u00fc.de",        // looks encoded
           "xn--a.\u00fc",         // encodes nothing
           "xn--fa-hia\u00fc.de",  // encoded and not
           "\u00fc..de",
           ".\u00fc",
           "\u00ad",
           "\u00ad.de",  // nothing, once mapped
           "a b.\u00fc",
           "\u00fc/.de",
           "\u2100.de",
           "[\u00fc]",
           "\ud7ff\U0010ffff",  // no character
           "\xc3.de",
           "\xed\xa0\x80.de",
           "\xc0\xae\u00fc",  // no UTF-8
       }) {
    INFO(name);
    CHECK(asked_as(name) == "");
  }
  CHECK(asked_as(std::string_view("\u00fc\0.de", 6)) == "");
}

TEST_CASE("names that are too long are refused") {
  if (!can_convert()) return;
  const auto many = [](std::string_view piece, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += piece;
    return text;
  };
  CHECK(asked_as(many("a", 55) + "\u00fc").size() ==
        63);  // "xn--", 55 letters, and "-" with what stands for the umlaut
  CHECK(asked_as(many("a", 56) + "\u00fc") == "");
  CHECK(asked_as(many("\u00fc.", 300)) == "");
  CHECK(asked_as(many("\u00ad", 500) + "a") == "a");
  CHECK(asked_as(many("\u00ad", 506) + "a") == "");                  // More than is looked at.
  CHECK(asked_as(many("a", 60) + "." + many("\ufdfa", 300)) == "");  // Each becomes eighteen.
  CHECK(asked_as(many("a", 45) + "." + many(many("a", 49) + ".", 4) + "\u00fc").size() == 253);
  CHECK(asked_as(many("a", 46) + "." + many(many("a", 49) + ".", 4) + "\u00fc") == "");
  CHECK(asked_as(many("\U00020000", 253)) == "");
  CHECK(asked_as(many("a", 100'000) + "\u00fc") == "");
}

TEST_CASE("a name that becomes an address is that address") {
  if (!can_convert()) return;
  Ref<NameLookup> lookup;
  REQUIRE(NameLookup::start(open_network(), "\uff11\uff12\uff17.0.0.\uff11", lookup) == SocketError::None);
  IpAddress address;
  bool found = false;
  CHECK(lookup->next(address, found) == SocketError::None);
  CHECK(found);
  CHECK(address.bytes[0] == 127);
  CHECK(NameLookup::start(open_network(), "\uff11\uff12\uff17.0.0", lookup) == SocketError::InvalidArgument);
  CHECK(NameLookup::start(make_ref<Network>(), "m\u00fcnchen.de", lookup) ==
        SocketError::PermanentResolverFailure);
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
