// A module's text as one unit of compilation, and what is asked of the text that comes out: for the tests of this folder.
#ifndef WHERRY_COMPILER_TEST_UNIT_H
#define WHERRY_COMPILER_TEST_UNIT_H

#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "compiler/unit.h"
#include "engine/decode/decode.h"
#include "engine/text/parse.h"

namespace wherry::compiler {

// A unit of all functions of a module.
struct Fixture {
  explicit Fixture(const std::string& source) {
    auto text = text::parse_module(base::as_bytes(source));
    if (!text) {
      problem = text::describe_text_error(base::as_bytes(source), text.error(), "test");
      return;
    }
    auto decoded = decode::decode(std::move(text->binary), {.features = wasm::Features::all()});
    if (!decoded) {
      problem = "not decoded";
      return;
    }
    auto typed = validate::type_module(std::move(*decoded), registry);
    if (!typed) {
      problem = "not typed";
      return;
    }
    module = std::make_unique<validate::TypedModule>(std::move(*typed));
    std::vector<uint32_t> all(module->module.bodies.size());
    std::iota(all.begin(), all.end(), 0);
    consists_of(std::move(all));
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  // The unit has these functions alone, instead of all; nobody else calls these of its functions; it has copies of these others.
  void consists_of(std::vector<uint32_t> functions) { unit.functions = own = std::move(functions); }
  void keeps_to_itself(std::vector<uint32_t> functions) { unit.internal = internal = std::move(functions); }
  void imports(std::vector<uint32_t> functions) { unit.imported = imported = std::move(functions); }

  std::string text(TextKind kind) {
    if (module == nullptr) return problem;
    auto made = compile_unit_to_text(*module, options, unit, kind);
    return made ? *made : "error: " + made.error().detail;
  }

  // The text of one function.
  std::string function(TextKind kind, const std::string& name) {
    const std::string all = text(kind);
    const std::string head = kind == TextKind::Assembly ? "\n" + name + ":" : "@" + name + "(";
    size_t at = all.find(kind == TextKind::Assembly ? head : "define");
    while (kind != TextKind::Assembly && at != std::string::npos) {
      const std::string line = all.substr(at, all.find('\n', at) - at);
      if (line.find(head) != std::string::npos) break;
      at = all.find("\ndefine", at + 1);
      if (at != std::string::npos) ++at;
    }
    if (at == std::string::npos) return "no function " + name + "\n" + all;
    return all.substr(at, all.find(kind == TextKind::Assembly ? ".Lfunc_end" : "\n}\n", at) - at);
  }

  std::string optimized(const std::string& name = "f0") { return function(TextKind::OptimizedIr, name); }
  std::string assembly(const std::string& name = "f0") { return function(TextKind::Assembly, name); }

  wasm::TypeRegistry registry;
  std::unique_ptr<validate::TypedModule> module;
  std::vector<uint32_t> own, internal, imported;  // What `unit` points to.
  Options options;
  Unit unit;
  std::string problem;
};

inline constexpr const char* kAdd =
    "(module (func (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))";

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Memory operations that a function has left, in assembly: those of the guest begin at the base in a register and an index.
inline size_t guest_loads(const std::string& assembly) {
  size_t found = 0;
  for (size_t at = 0; at < assembly.size();) {
    const size_t end = assembly.find('\n', at);
    const std::string line = assembly.substr(at, end - at);
    if (has(line, "(%r") && has(line, ",%r") && !has(line, "lea")) ++found;
    at = end == std::string::npos ? assembly.size() : end + 1;
  }
  return found;
}

}  // namespace wherry::compiler

#endif
