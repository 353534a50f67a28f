#include "engine/base/digest.h"

#include <catch2/catch.hpp>

namespace wherry::base {

TEST_CASE("digests are BLAKE2b of 256 bits") {
  CHECK(digest_of({}).hex() == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(digest_of(as_bytes("abc")).hex() ==
        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST_CASE("a digest of pieces is that of all their bytes") {
  Hasher hasher;
  for (const char* const piece : {"ab", "", "c"}) hasher.add(as_bytes(piece));
  CHECK(hasher.finish() == digest_of(as_bytes("abc")));
  CHECK(!(digest_of(as_bytes("abd")) == digest_of(as_bytes("abc"))));
}

}  // namespace wherry::base
