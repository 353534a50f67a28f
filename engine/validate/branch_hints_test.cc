#include "engine/validate/branch_hints.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace wherry::validate {
namespace {

// "" when the module's hints are fine, else the message.
std::string problem(const std::string& source) {
  auto text = text::parse_module(base::as_bytes(source));
  if (!text) return wasm::describe(text.error());
  auto module = decode::decode(std::move(text->binary), {.features = wasm::Features::all()});
  if (!module) return wasm::describe(module.error());
  const auto checked = check_branch_hints(*module);
  return checked ? "" : std::string(wasm::error_name(checked.error().code));
}

}  // namespace

TEST_CASE("branch hints belong to branches") {
  CHECK(problem("(module (func (param i32) (local i64) (if (local.get 0) (then))))").empty());
  CHECK(problem("(module (func) (func (param i32) local.get 0 (@metadata.code.branch_hint \"\\01\") if end))")
            .empty());
  CHECK(
      problem("(module (func (param i32) (block local.get 0 (@metadata.code.branch_hint \"\\00\") br_if 0)))")
          .empty());
  CHECK(problem("(module (func (param i32) (@metadata.code.branch_hint \"\\00\") local.get 0 if end))") ==
        "MisplacedAnnotation");
}

TEST_CASE("branch hints are read with care") {
  const auto section = [](const std::string& bytes) {
    return problem("(module (func (param i32) local.get 0 if end) (@custom \"metadata.code.branch_hint\" \"" +
                   bytes + "\"))");
  };
  CHECK(section("\\01\\00\\01\\03\\01\\00").empty());
  CHECK(section("\\01\\00\\01\\04\\01\\00") == "MisplacedAnnotation");  // Inside no instruction's start.
  CHECK(section("\\01\\00\\01\\03\\02\\00") == "MalformedAnnotation");  // Two bytes long.
  CHECK(section("\\01\\00\\01\\03\\01\\02") == "MalformedAnnotation");  // Neither 0 nor 1.
  CHECK(section("\\01\\01\\01\\03\\01\\00") == "MisplacedAnnotation");  // No such function.
  CHECK(section("\\02\\00\\00\\00\\00") == "MisplacedAnnotation");      // The same function twice.
  CHECK(section("\\01\\00\\01\\03\\01") == "UnexpectedEnd");
  CHECK(section("\\00\\00") == "MalformedAnnotation");
}

}  // namespace wherry::validate
