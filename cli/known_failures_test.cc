#include "cli/known_failures.h"

#include <catch2/catch.hpp>

using wherry::cli::KnownFailures;

TEST_CASE("known failures are met, or named") {
  KnownFailures known;
  CHECK(known.read("# comment\n\nsimd/a.wast:12 lanes\nb.wast all of it\nc.wast:3 gone\n").empty());
  CHECK(known.excuses("/suite/simd/a.wast", 12));
  CHECK(!known.excuses("/suite/simd/a.wast", 13));
  CHECK(!known.excuses("/suite/other-simd/a.wast", 12));
  CHECK(known.excuses("b.wast", 1));
  CHECK(known.excuses("x/b.wast", 2));
  CHECK(!known.excuses("x/bb.wast", 2));
  CHECK(known.unmet("x/b.wast").empty());
  CHECK(known.unmet("x/c.wast") == std::vector<std::string>{"c.wast:3 gone"});
}

TEST_CASE("a list of known failures without reasons is refused") {
  CHECK(KnownFailures().read("a.wast:1\n") == "line 1: no reason is given");
  CHECK(KnownFailures().read("\na.wast:x why\n") ==
        "line 2: expected FILE.wast:LINE or FILE.wast=N, and a reason");
}

TEST_CASE("a count of known failures is exact") {
  KnownFailures known;
  CHECK(known.read("a.wast=2 vectors\na.wast:9 other\n").empty());
  CHECK(known.excuses("a.wast", 9));
  CHECK(known.excuses("a.wast", 1));
  CHECK(known.unmet("a.wast") == std::vector<std::string>{"a.wast=2 vectors (found 1)"});
  CHECK(known.excuses("a.wast", 2));
  CHECK(known.unmet("a.wast").empty());
  CHECK(known.excuses("a.wast", 3));
  CHECK(known.unmet("a.wast") == std::vector<std::string>{"a.wast=2 vectors (found 3)"});
}
