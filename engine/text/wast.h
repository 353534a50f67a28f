#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/types.h"

// The script format of the official test suite: a module, something done to it, what must come of that.
namespace wherry::text {

enum class WastKind : uint8_t {
  Module,                 // `module`: define and instantiate it; the instance becomes the current one
  ModuleDefinition,       // `module`: define only
  ModuleInstance,         // instantiate the definition called `definition` (or the last one) as `name`
  Register,               // make instance `name` (or the current one) importable as `text`
  Action,                 // `action`; results are dropped
  AssertReturn,           // `action`, `results`
  AssertTrap,             // `action`, or, if `has_module`, instantiating `module`; `text` begins the message
  AssertExhaustion,       // `action`, `text`
  AssertException,        // `action`
  AssertMalformed,        // `module` is refused by parser or decoder
  AssertInvalid,          // `module` is refused by the validator
  AssertUnlinkable,       // `module` is refused when linking
  AssertUninstantiable,   // as AssertTrap with a module
  AssertMalformedCustom,  // as AssertMalformed, for an annotation or custom section
  AssertInvalidCustom,
  Thread,  // run `script` beside this one, as thread `name`, with `shared` instances visible
  Wait,    // until thread `name` has ended
};

constexpr bool is_assertion(WastKind kind) {
  return kind >= WastKind::AssertReturn && kind <= WastKind::AssertInvalidCustom;
}

enum class WastNan : uint8_t { None, Canonical, Arithmetic };

enum class WastModuleForm : uint8_t { Text, Binary, Quote };

// A module or component inside a script.
struct WastModule {
  WastModuleForm form = WastModuleForm::Text;
  bool is_component = false;  // What is said of modules goes for components too; the parser is another.
  std::string_view name;      // Without the dollar; empty: none.
  // Text: the source slice from `(module` to its parenthesis (or the whole file, when fields stand alone), to be
  // given to parse_module. Binary: the module's bytes. Quote: text, to be given to parse_module.
  base::ByteSpan bytes;
  uint64_t offset = 0;  // Of the slice in the script.
};

enum class WastValueKind : uint8_t {
  I32,
  I64,
  F32,
  F64,
  V128,
  RefNull,    // `heap` if has_heap, else any null
  RefExtern,  // `bits` if has_number, else any
  RefHost,    // the same, converted to an internal reference
  RefFunc,    // Any function reference: `bits` if has_number (function index); the rest likewise.
  RefAny,
  RefEq,
  RefI31,
  RefStruct,
  RefArray,
  RefExn,
  Component,  // A component's: `bits` is the place of its first part in WastCommand::parts.
};

// One part of a component value. A value is written as a list of parts, each followed by the `count` values inside it.
enum class WastPartKind : uint8_t {
  Bool,  // `bits`, as the next ones
  S8,
  U8,
  S16,
  U16,
  S32,
  U32,
  S64,
  U64,
  F32,
  F64,
  Char,     // `text`, one character
  Str,      // `text`
  List,     // `count` elements
  Record,   // `count` fields, each a Field
  Field,    // `text`, and one value
  Tuple,    // `count` elements
  Variant,  // `text`, and its payload if `count` is 1
  Enum,     // `text`
  None,
  Some,   // one value
  Ok,     // `count` 0 or 1
  Err,    // `count` 0 or 1
  Flags,  // `count` labels, each a Label
  Label,  // `text`
};

struct WastPart {
  WastPartKind kind = WastPartKind::Bool;
  WastNan nan = WastNan::None;
  uint32_t count = 0;
  uint64_t bits = 0;
  std::string_view text;
};

enum class WastShape : uint8_t { I8x16, I16x8, I32x4, I64x2, F32x4, F64x2 };

// An argument, or a pattern for a result.
struct WastValue {
  WastValueKind kind = WastValueKind::I32;
  bool has_heap = false;
  bool has_number = false;
  WastShape shape = WastShape::I8x16;  // Of a V128.
  WastNan nan[4] = {};  // Results: of F32 and F64 the first, of a V128 one a lane of f32x4 or f64x2.
  wasm::HeapType heap;
  uint64_t bits = 0;
  uint8_t vector[16] = {};  // Little-endian, as in memory.
};

// One result that is expected: any of the alternatives `first .. first + count` of WastCommand::values.
struct WastResult {
  uint32_t first = 0;
  uint32_t count = 1;
};

enum class WastActionKind : uint8_t { Invoke, Get };

struct WastAction {
  WastActionKind kind = WastActionKind::Invoke;
  std::string_view instance;  // Without the dollar; empty: the current one.
  std::string_view field;
  base::Vector<WastValue> arguments;
};

// One command. Strings and spans point into the source or into `storage`: they live as long as both.
struct WastCommand {
  WastKind kind = WastKind::Module;
  uint64_t line = 1;    // Where its parenthesis opens.
  uint64_t offset = 0;  // The same in bytes.
  bool has_module = false;
  bool is_component = false;  // A ModuleInstance of a component.
  WastModule module;
  WastAction action;
  base::Vector<WastValue> values;
  base::Vector<WastResult> results;
  base::Vector<WastPart> parts;  // Of component values, arguments and results.
  std::string_view name;         // See WastKind.
  std::string_view definition;
  std::string_view text;
  base::Vector<std::string_view> shared;
  base::ByteSpan script;     // Of a Thread: commands, for a WastReader of their own,
  uint64_t script_line = 1;  // which begins on this line.
  base::Arena storage;
};

// Steps through a script. A text module inside is only skipped, by balanced parentheses, so that a malformed one
// stops nothing but itself. The source must outlive reader and commands. Not thread-safe.
class WastReader {
 public:
  // `first_line` is that of the source's first byte (for the script of a thread).
  explicit WastReader(base::ByteSpan source, uint64_t first_line = 1) : source_(source), line_(first_line) {}

  // The next command, or nothing at the end. After an Error (its offset counts bytes of the source) the script
  // cannot be read on, and the same Error comes again.
  base::Result<std::optional<WastCommand>> next();

 private:
  void count_lines(uint64_t offset);  // Up to there.

  base::ByteSpan source_;
  uint64_t offset_ = 0;
  uint64_t line_;
  uint64_t line_offset_ = 0;  // Up to where `line_` is counted.
  bool started_ = false;
  std::optional<base::Error> error_;
};

}  // namespace wherry::text
