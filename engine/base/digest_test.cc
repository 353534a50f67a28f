#include "engine/base/digest.h"

#include <string>

#include <catch2/catch.hpp>

namespace wherry::base {

TEST_CASE("digests are BLAKE2b of 256 bits") {
  const auto hex = [](std::string_view text) {
    std::string out;
    for (const uint8_t byte : digest_of(as_bytes(text)).bytes) {
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
    return out;
  };
  CHECK(hex("") == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(hex("abc") == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST_CASE("a digest of parts is that of all their bytes") {
  CHECK(digest_of({as_bytes("ab"), as_bytes(""), as_bytes("c")}) == digest_of(as_bytes("abc")));
  CHECK(!(digest_of(as_bytes("abd")) == digest_of(as_bytes("abc"))));
}

}  // namespace wherry::base
