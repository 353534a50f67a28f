#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "engine/wasm/errors.h"
#include "engine/wasm/features.h"
#include "engine/wasm/limits.h"
#include "engine/wasm/traps.h"

using namespace wherry;
using namespace wherry::wasm;

TEST_CASE("errors are described by message, detail and offset") {
  CHECK(describe({ErrorCode::UnexpectedEnd, 31, ""}) == "unexpected end at offset 0x1f");
  CHECK(describe({ErrorCode::UnknownType, base::Error::kNoOffset, "found 7"}) == "unknown type: found 7");
  CHECK(describe({ErrorCode::OutOfMemory, base::Error::kNoOffset, ""}) == "out of memory");
  CHECK(error_name(ErrorCode::IllegalOpcode) == "IllegalOpcode");
  CHECK(error_kind(ErrorCode::TypeMismatch) == ErrorKind::Invalid);
}

TEST_CASE("no two errors of a kind have one message, and messages are plain") {
  std::set<std::pair<ErrorKind, std::string_view>> messages;
  uint32_t odd = 0;
  for (uint32_t i = 0; i < kErrorCount; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const std::string_view message = error_message(code);
    CHECK(messages.insert({error_kind(code), message}).second);
    odd += message.empty() || message.back() == '.';
  }
  CHECK(odd == 0);
}

TEST_CASE("features are found by key and switched one by one") {
  CHECK(find_feature("simd") == Feature::Simd);
  CHECK_FALSE(find_feature("SIMD").has_value());
  CHECK(feature_key(Feature::Memory64) == "memory64");
  CHECK_FALSE(feature_description(Feature::Gc).empty());
  Features features;
  CHECK(features.has(Feature::Gc));
  CHECK_FALSE(features.has(Feature::Threads));
  CHECK(features.with(Feature::Threads).has(Feature::Threads));
  CHECK_FALSE(Features::mvp().has(Feature::SignExtension));
  CHECK(Features::all().has(Feature::CompactImports));
}

TEST_CASE("traps have the messages of the specification's tests") {
  CHECK(trap_message(TrapCode::IntegerDivideByZero) == "integer divide by zero");
  CHECK(trap_message(TrapCode::None) == "no trap");
}
