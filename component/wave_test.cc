// WAVE: what is read for each type and how it is printed again (testdata/wave.txt).
#include "component/wave.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <optional>
#include <string>

#include "wherry/component.h"
#include "wherry/engine.h"

namespace {

using namespace wherry;
using namespace wherry::component;

Component load(const Engine& engine, const std::string& text) {
  auto component = Component::load_text(engine, text);
  INFO(text);
  if (!component) FAIL(component.error().message());
  return std::move(*component);
}

Engine engine() {
  auto made = Engine::create();
  REQUIRE(made.ok());
  return std::move(*made);
}

// Reading, and reading what was printed.
std::string read_and_print(const std::string& text, ComponentType type) {
  const auto value = parse_wave(text, type);
  if (!value) return "error: " + value.error();
  const std::string printed = print_wave(*value, type);
  const auto again = parse_wave(printed, type);
  if (!again) return "printed as " + printed + ", which is an " + again.error();
  if (print_wave(*again, type) != printed) return "printed as " + printed + ", then otherwise";
  return printed;
}

std::string with_newlines(std::string text) {
  for (size_t at = text.find("~"); at != std::string::npos; at = text.find("~", at)) text[at] = '\n';
  return text;
}

}  // namespace

TEST_CASE("values in WAVE are read and printed") {
  const Engine host = engine();
  std::ifstream file(std::string(WHERRY_COMPONENT_TESTDATA) + "/wave.txt");
  std::optional<Component> component;
  ComponentType type;
  uint32_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with(";")) continue;
    if (line.starts_with("--- ")) {
      component.emplace(load(host, "(component (type $t " + line.substr(4) + ") (export \"t\" (type $t)))"));
      type = component->find_export("t").type();
      continue;
    }
    const size_t arrow = line.find(" => ");
    INFO(type.to_string() + ": " + line);
    REQUIRE(arrow != std::string::npos);
    CHECK(read_and_print(with_newlines(line.substr(0, arrow)), type) == line.substr(arrow + 4));
    ++count;
  }
  CHECK(count > 100);
}

TEST_CASE("a call in WAVE is taken apart") {
  const auto check = [](std::string_view text, std::string_view interface, std::string_view function,
                        std::string_view arguments) {
    INFO(text);
    const WaveCall call = split_wave_call(text);
    CHECK(call.interface == interface);
    CHECK(call.function == function);
    CHECK(call.arguments == arguments);
  };
  check("f", "", "f", "");
  check("f(1, \"a.b(c)\")", "", "f", "(1, \"a.b(c)\")");
  check("  iface.f ()", "iface", "f", "()");
  check("ns:pkg/iface.f()", "ns:pkg/iface", "f", "()");
  check("ns:pkg/iface@1.0.0-rc.1.f(x)", "ns:pkg/iface@1.0.0-rc.1", "f", "(x)");
  check("[static]r.f()", "", "[static]r.f", "()");
  check("ns:pkg/iface@1.0.0.[static]r.f()", "ns:pkg/iface@1.0.0", "[static]r.f", "()");
  check("", "", "", "");
}

TEST_CASE("arguments in WAVE are read by the function's type") {
  const Engine host = engine();
  const Component component = load(host, R"((component
    (import "f" (func $f (param "a" u8) (param "b" string) (param "c" (option u8)) (param "d" (option u8))))
    (import "none" (func $none))
    (export "f" (func $f))
    (export "none" (func $none)))
  )");
  const ComponentFuncType type = component.find_export("f").func();
  const auto show = [&](std::string_view text) {
    const auto values = parse_wave_arguments(text, type);
    if (!values) return "error: " + values.error();
    std::string out;
    for (size_t i = 0; i < values->size(); ++i) out += print_wave((*values)[i], type.param_type(i)) + ";";
    return out;
  };
  CHECK(show("(1, \"x\", some(2), none)") == "1;\"x\";some(2);none;");
  CHECK(show("( 1 , \"x\" , 3 , )") == "1;\"x\";some(3);none;");
  CHECK(show("(1, \"x\")") == "1;\"x\";none;none;");
  CHECK(show("(1)") == "error: column 3: argument `b` of type string is missing");
  CHECK(show("(1, \"x\", 1, 2, 3)") == "error: column 16: the function takes 4 arguments, here is one more");
  CHECK(show("(1, \"x\"") == "error: column 8: expected `,`, found the end");
  CHECK(show("(1, \"x\") 2") == "error: column 10: nothing is expected here");
  CHECK(show("") == "error: column 1: expected `(`, found the end");
  CHECK(parse_wave_arguments("", component.find_export("none").func()));
  CHECK(parse_wave_arguments("()", component.find_export("none").func()));
  CHECK(!parse_wave_arguments("(1)", component.find_export("none").func()));
}
