// The tables of WASI 0.2 against its WIT: names and types of every function, and versions.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "wasi/p2/preview2.h"
#include "wherry/wherry.h"

namespace wherry::wasi {
namespace {

std::string imports_text() {
  std::string text;
  FILE* const file = std::fopen("p2/testdata/imports.wat", "rb");
  if (file == nullptr) return "(no testdata)";
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
  std::fclose(file);
  return text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string link(const std::string& text) {
  const Engine engine = *Engine::create();
  const Result<Component> component = Component::load_text(engine, text);
  if (!component) return component.error().describe();
  ComponentLinker linker(engine);
  if (!add_to_linker(linker)) return "add_to_linker failed";
  const Result<ComponentPre> pre = linker.prelink(*component);
  return pre ? "ok" : pre.error().describe();
}

TEST_CASE("every import of wasi:cli/imports is there with the type that its WIT says") {
  CHECK(link(imports_text()) == "ok");
}

TEST_CASE("components made for any version from 0.2.0 to 0.2.12 link, others do not") {
  const std::string text = imports_text();
  for (const char* version : {"@0.2.0", "@0.2.3", "@0.2.11"}) {
    INFO(version);
    CHECK(link(replaced(text, "@0.2.12", version)) == "ok");
  }
  for (const char* version : {"@0.3.0", "@0.2.0-rc-2023-11-10", "@1.0.0"}) {
    INFO(version);
    CHECK(link(replaced(text, "@0.2.12", version)) != "ok");
  }
}

TEST_CASE("a function that is imported with another type does not link") {
  const std::string text = imports_text();
  const std::string changed = replaced(text, "(param \"status-code\" u8)", "(param \"status-code\" u16)");
  REQUIRE(changed != text);
  CHECK(link(changed) != "ok");
}

}  // namespace
}  // namespace wherry::wasi
