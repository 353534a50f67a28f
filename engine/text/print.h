#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/module.h"

// A decoded module to the text format (core spec chapter 6).
namespace wherry::text {

// The name of item `index`, or of item `inner` of item `outer` (a local or label of a function, a field of a type).
struct Name {
  uint32_t index = 0;
  std::string_view text;
};
struct InnerName {
  uint32_t outer = 0;
  uint32_t inner = 0;
  std::string_view text;
};

// What a name section says, as the printer takes it: lists in ascending order (whatever is out of order is passed
// over). Names need be neither unique nor valid identifiers. Labels are counted within their function in the order in
// which blocks open. The texts are borrowed.
struct Names {
  bool has_module = false;
  std::string_view module;
  base::Vector<Name> funcs, types, tables, memories, globals, elements, data, tags;
  base::Vector<InnerName> locals, labels, fields;
};

struct PrintOptions {
  const Names* names =
      nullptr;            // Null: everything goes by its index. Else the custom section "name" is left out.
  bool skeleton = false;  // `...` for function bodies, data and custom sections.
  bool offsets = false;   // A comment with the offset in the file before every line that has one.
};

// Where text goes, piece by piece.
class TextSink {
 public:
  // False ends the printing with OutOfMemory.
  virtual bool write(std::string_view text) = 0;

 protected:
  ~TextSink() = default;
};

// Writes `module` so that text::parse_module makes an equal module of it: the same types, items, instructions, custom
// sections in their places, and names. Identifiers are made unique, and quoted where they must be. Bodies need not be
// valid; at one that cannot be read printing ends with its Error, and what came before it has been written, with a
// comment in the place of the fault. Memory besides the sink's does not depend on the length of the text.
base::Result<void> print(const wasm::Module& module, const PrintOptions& options, TextSink& sink);

// The same into memory. Limit error when the text exceeds 32 MiB + 24 x the module's size (run-length forms of the
// binary format, such as 50,000 locals in six bytes, have no short text).
base::Result<base::Vector<char>> print(const wasm::Module& module, const PrintOptions& options = {});

}  // namespace wherry::text
