#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"

// Components out of core modules, as linkers and bindings generators leave them: what a module imports and exports has
// names by which it is found in a world, and the world stands in custom sections `component-type`.
namespace wherry::component::assemble {

// A module that gives others what they import by a name that is no interface's, in terms of interfaces: the one that
// makes WASI preview 1 of WASI 0.2 is the case in point.
struct Adapter {
  std::string_view name;  // The module name that it answers to.
  base::ByteSpan bytes;
};

struct Parts {
  base::ByteSpan module;
  std::span<const Adapter> adapters;
  // Whether adapters take memory by growing it even if the module exports `cabi_realloc`.
  bool grow_for_adapters = false;
};

// A component that imports and exports what the worlds of the module and of the adapters in use say; of imports, what is in
// use. An error is a text for people, without a full stop: which import or export does not fit, and what was expected.
// What is not supported and says so: functions lifted or lowered asynchronously, streams, futures and threads; modules
// that import their memory; names of the form `cm32p2`. Memory that does not suffice is an error too. Whether the result
// is valid is left to the caller to check: function bodies of the module are not looked at.
std::expected<base::Vector<uint8_t>, std::string> make_component(const Parts& parts);

}  // namespace wherry::component::assemble
