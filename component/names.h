#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "component/features.h"
#include "engine/base/arena.h"
#include "engine/base/result.h"

// Names of imports and exports, of fields and cases (Explainer.md, "Import and Export Definitions").
namespace wherry::component {

enum class NameKind : uint8_t {
  Plain,        // run-it
  Constructor,  // [constructor]file
  Method,       // [method]file.read
  Static,       // [static]file.open
  Interface,    // wasi:io/streams@0.2.0
  Dependency,   // unlocked-dep=<...>, locked-dep=<...>, url=<...>, integrity=<...>
};

// What a name is made of; views of it.
struct ParsedName {
  NameKind kind = NameKind::Plain;
  std::string_view resource;  // Of Constructor, Method, Static.
  std::string_view member;    // Of Method and Static, and of Plain the whole.
  std::string_view package;   // Of Interface: "wasi:io"; its version without the `@` in `version`.
  std::string_view interface;
  std::string_view version;
};

bool is_label(std::string_view text);

// A name for messages: in backquotes, at most 100 bytes of it, and `?` for each control character, because names are a guest's and
// messages go to terminals. Of a name that is cut no character is left in half.
std::string quoted(std::string_view name);

// Errors: InvalidName.
base::Result<ParsedName> parse_name(std::string_view name, const Features& features, uint64_t offset);
// The same for the argument of `implements`, which must be an interface.
base::Result<ParsedName> parse_interface_name(std::string_view name, const Features& features,
                                              uint64_t offset);

// The canonical form by which names of one scope must differ ("strongly-unique"): lower case, without annotations other
// than [constructor]. It is the name itself or a part of it where that is so already, else in the arena. False: out of memory.
[[nodiscard]] bool unique_form(std::string_view name, base::Arena* arena, std::string_view* form);

// Whether `text` is a version as semver.org defines it.
bool is_semver(std::string_view text);

}  // namespace wherry::component
