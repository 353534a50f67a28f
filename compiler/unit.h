#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/options.h"
#include "engine/base/result.h"
#include "engine/validate/typed_module.h"

namespace wherry::compiler {

// What is known of the module as a whole.
struct ModuleFacts {
  // Some body throws or catches: its code tests for exceptions after calls (docs/abi.md, "Native code").
  bool is_flagged = false;
  // By defined index: how much work its body makes (compiler/weigh.h).
  std::vector<uint32_t> weights;
  // Some body has a tail call: all functions of the module have the convention for them.
  bool has_tail_calls = false;
  // Which functions, by defined index, may leave an exception behind. Empty unless the module is flagged.
  std::vector<bool> may_throw;
  // What is in tables that never change, by table and entry; see find_constant_tables.
  std::vector<std::vector<uint32_t>> constant_tables;
  // By defined index: something beside calls in bodies refers to the function (exports, tables, references).
  std::vector<bool> is_exposed;
  // Calls of defined functions in bodies.
  struct Edge {
    uint32_t callee;  // By defined index.
    uint32_t caller;
  };
  std::vector<Edge> calls;
};
// Reads all bodies. Those that are malformed count as throwing; compiling them says what is wrong.
ModuleFacts scan_module(const validate::TypedModule& module);

// A part of a module that is compiled by itself: which functions, by defined index.
struct Unit {
  std::span<const uint32_t> functions;
  bool with_thunks = false;            // This unit has the module's enter and leave thunks.
  bool is_whole = false;               // There is no other unit.
  const ModuleFacts* facts = nullptr;  // Of scan_module; null: it is called.
  std::span<const uint32_t>
      internal;  // Those of `functions` that nothing outside of the unit refers to. Ascending.
  // Functions of other units that this one gets copies of, to inline.
  std::span<const uint32_t> imported;
  // Those of `functions` that only get the code by which others call them in the interpreter. Ascending.
  std::span<const uint32_t> left_out;
};

// An ELF object. Symbols: functions `f<defined index>`, thunks `enter<type index>` and `leave<type index>`, by the first of
// the module's type indices that has the same canonical type. What another unit has is undefined here.
struct UnitObject {
  std::vector<char> elf;
  // Functions, by defined index, that the interpreter has to run. Each has a symbol all the same: code that calls it there.
  std::vector<uint32_t> left_out;
};

// The text forms that `--emit` shows.
enum class TextKind : uint8_t { EmittedIr, OptimizedIr, Assembly };

// Compiles a unit. Errors: those of validation, OutOfMemory, and Internal ones of LLVM. The same input gives the same bytes. Any
// number of threads may do this at a time, for the same module too.
base::Result<UnitObject> compile_unit(const validate::TypedModule& module, const Options& options,
                                      const Unit& unit);

// The same, as text; for people and tests.
base::Result<std::string> compile_unit_to_text(const validate::TypedModule& module, const Options& options,
                                               const Unit& unit, TextKind kind);

}  // namespace wherry::compiler
