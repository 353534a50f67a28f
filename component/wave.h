#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/component_types.h"
#include "wherry/component_value.h"

// WAVE, the text of component values (wasm-wave's README): what `--invoke` reads and prints. Which text a value has follows
// from its type, so reading needs the type, and printing too, as values know positions and not names.
//
// Everything here is stateless, for any thread.
namespace wherry::component {

// A call as it is typed: `ns:pkg/iface@1.0.0.func(1, "x")`, `iface.func()`, `func(true)`.
struct WaveCall {
  std::string_view interface;  // Empty: a function of the component itself.
  std::string_view function;
  std::string_view arguments;  // With the parentheses; empty if there are none.
};

// Takes a call apart; of `text` without parentheses all is the name.
WaveCall split_wave_call(std::string_view text);

// One value, and nothing behind it. Lists, strings and records may hold anything their type allows; of a record, fields that
// are options may be left out; a bare value stands for `some(...)` or `ok(...)` where these carry neither option nor
// result. Handles, streams and futures have no text. Fails with a text for people that says where: "column 7: ...".
std::expected<ComponentVal, std::string> parse_wave(std::string_view text, ComponentType type);

// `(1, "x")`, or nothing for no arguments: one value a parameter; options at the end may be left out.
std::expected<std::vector<ComponentVal>, std::string> parse_wave_arguments(std::string_view text,
                                                                           ComponentFuncType type);

// The text of a value of that type; parse_wave() reads it as the same value. What has no text is shown as `<own>` and the
// like; a value that does not fit its type as `<?>`.
std::string print_wave(const ComponentVal& value, ComponentType type);

}  // namespace wherry::component
