// Scripts: every form of command, and all files of the official suite where it can be found.
#include "engine/text/wast.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/test_file.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

using namespace wherry;
using text::WastCommand;
using text::WastKind;
using text::WastModuleForm;
using text::WastNan;
using text::WastValueKind;

namespace {

std::vector<WastCommand> read(std::string_view script, std::string* error = nullptr) {
  std::vector<WastCommand> commands;
  text::WastReader reader(base::as_bytes(script));
  while (true) {
    auto command = reader.next();
    if (!command) {
      const std::string message = text::describe_text_error(base::as_bytes(script), command.error(), "");
      if (error != nullptr)
        *error = message.substr(1, message.find('\n') - 1);
      else
        FAIL_CHECK(message);
      return commands;
    }
    if (!*command) return commands;
    commands.push_back(std::move(**command));
  }
}

std::string error_of(std::string_view script) {
  std::string error;
  read(script, &error);
  return error;
}

}  // namespace

TEST_CASE("modules of a script") {
  const auto commands = read(R"wast(
    (module $a (func))
    (module definition $b)
    (module binary "\00asm" "\01")
    (module $q quote "(func" ")")
    (module instance $i $b)
    (module instance)
    (module (func "not parsed here" ((())))))wast");
  CHECK(commands.size() == 7);
  CHECK(commands[0].kind == WastKind::Module);
  CHECK(commands[0].line == 2);
  CHECK(commands[0].name == "a");
  CHECK(base::as_text(commands[0].module.bytes) == "(module $a (func))");
  CHECK(commands[1].kind == WastKind::ModuleDefinition);
  CHECK(commands[1].name == "b");
  CHECK(commands[2].module.form == WastModuleForm::Binary);
  CHECK(base::as_text(commands[2].module.bytes) == std::string_view("\0asm\1", 5));
  CHECK(commands[3].module.form == WastModuleForm::Quote);
  CHECK(base::as_text(commands[3].module.bytes) == "(func)");
  CHECK(commands[3].module.name == "q");
  CHECK(commands[4].kind == WastKind::ModuleInstance);
  CHECK(commands[4].name == "i");
  CHECK(commands[4].definition == "b");
  CHECK(commands[5].definition.empty());
  CHECK(commands[6].line == 8);
}

TEST_CASE("fields alone are one module") {
  const auto commands = read("(func) (memory 0)");
  CHECK(commands.size() == 1);
  CHECK(base::as_text(commands[0].module.bytes) == "(func) (memory 0)");
  CHECK(read(" ;; nothing").empty());
}

TEST_CASE("actions and their arguments") {
  const auto commands = read(R"wast((register "r" $a) (register "s")
    (invoke $"a b" "f\22" (i32.const -1) (f32.const nan:0x200000) (ref.null func) (ref.extern 7) (ref.host 3) (ref.null))
    (get "g"))wast");
  CHECK(commands.size() == 4);
  CHECK(commands[0].kind == WastKind::Register);
  CHECK(commands[0].text == "r");
  CHECK(commands[0].name == "a");
  const text::WastAction& action = commands[2].action;
  CHECK(action.instance == "a b");
  CHECK(action.field == "f\"");
  CHECK(action.arguments.size() == 6);
  CHECK(action.arguments[0].bits == 0xffffffff);
  CHECK(action.arguments[1].bits == 0x7fa00000);
  CHECK(action.arguments[2].kind == WastValueKind::RefNull);
  CHECK((action.arguments[2].heap == wasm::AbstractHeap::Func));
  CHECK(action.arguments[3].kind == WastValueKind::RefExtern);
  CHECK(action.arguments[3].bits == 7);
  CHECK(action.arguments[4].kind == WastValueKind::RefHost);
  CHECK_FALSE(action.arguments[5].has_heap);
  CHECK(commands[3].action.kind == text::WastActionKind::Get);
}

TEST_CASE("results and their patterns") {
  const auto commands = read(R"wast(
    (assert_return (invoke "f") (f64.const nan:canonical) (either (i32.const 1) (i32.const 2)) (ref.func) (ref.i31)
      (v128.const f32x4 nan:arithmetic 1 nan:canonical 0) (v128.const i16x8 1 2 3 4 5 6 7 -1))
    (assert_return (get $m "g")))wast");
  CHECK(commands.size() == 2);
  const WastCommand& first = commands[0];
  CHECK(first.results.size() == 6);
  CHECK(first.values[first.results[0].first].nan[0] == WastNan::Canonical);
  CHECK(first.results[1].count == 2);
  CHECK(first.values[first.results[1].first + 1].bits == 2);
  CHECK(first.values[first.results[2].first].kind == WastValueKind::RefFunc);
  const text::WastValue& floats = first.values[first.results[4].first];
  CHECK(floats.shape == text::WastShape::F32x4);
  CHECK(floats.nan[0] == WastNan::Arithmetic);
  CHECK(floats.nan[1] == WastNan::None);
  CHECK(floats.vector[7] == 0x3f);
  const text::WastValue& words = first.values[first.results[5].first];
  CHECK(words.vector[2] == 2);
  CHECK(words.vector[15] == 0xff);
  CHECK(commands[1].results.empty());
}

TEST_CASE("assertions, threads and waiting") {
  const auto commands = read(R"wast(
    (assert_trap (invoke "f") "unreachable") (assert_trap (module (start 0)) "unreachable")
    (assert_exhaustion (invoke "f") "call stack exhausted") (assert_exception (invoke "f"))
    (assert_malformed (module quote "(") "unexpected") (assert_invalid (module) "x") (assert_unlinkable (module) "x")
    (assert_uninstantiable (module) "x") (assert_malformed_custom (module) "x") (assert_invalid_custom (module) "x")
    (thread $T (shared (module $Mem)) (register "mem" $Mem)
      (invoke "f"))
    (wait $T))wast");
  const WastKind kinds[] = {WastKind::AssertTrap,
                            WastKind::AssertTrap,
                            WastKind::AssertExhaustion,
                            WastKind::AssertException,
                            WastKind::AssertMalformed,
                            WastKind::AssertInvalid,
                            WastKind::AssertUnlinkable,
                            WastKind::AssertUninstantiable,
                            WastKind::AssertMalformedCustom,
                            WastKind::AssertInvalidCustom,
                            WastKind::Thread,
                            WastKind::Wait};
  CHECK(commands.size() == std::size(kinds));
  for (size_t i = 0; i < commands.size(); ++i) CHECK(commands[i].kind == kinds[i]);
  CHECK_FALSE(commands[0].has_module);
  CHECK(commands[1].has_module);
  CHECK(commands[0].text == "unreachable");
  const WastCommand& thread = commands[10];
  CHECK(thread.name == "T");
  CHECK(thread.shared[0] == "Mem");
  text::WastReader reader(thread.script, thread.line);
  CHECK((*reader.next())->kind == WastKind::Register);
  const auto invoke = reader.next();
  CHECK((*invoke)->kind == WastKind::Action);
  CHECK((*invoke)->line == thread.line + 1);
  CHECK_FALSE(*reader.next());
}

TEST_CASE("what is no script") {
  CHECK(error_of("(assert_nothing)") == "1:2: unexpected token: found 'assert_nothing', expected a command");
  CHECK(error_of("(module)\n  (invoke f)") == "2:11: unexpected token: found 'f', expected a string");
  CHECK(error_of("(module") ==
        "1:8: unexpected token: found the end of the text, expected ')' of the module");
  CHECK(error_of("(invoke \"f\" (f32.const nan:canonical))") ==
        "1:24: unexpected token: found 'nan:canonical', expected a float of 32 bits");
  CHECK(error_of("\xff") == "1:1: malformed UTF-8 encoding");
  CHECK(error_of("(assert_return (invoke \"f\") (i32.const 4294967296))") ==
        "1:40: constant out of range: found '4294967296', expected an integer of 32 bits");
}

namespace {

// True unless the file is about features that Wherry refuses by name.
bool is_tested(const std::filesystem::path& path) {
  const std::string name = path.generic_string();
  return path.extension() == ".wast" && name.find("/legacy/") == std::string::npos &&
         name.find("/custom-descriptors/") == std::string::npos;
}

// Whether a command's text module is accepted or refused as the command says.
void check_command(const std::string& path, const WastCommand& command, const text::ParseOptions& options) {
  if (!command.has_module || command.module.form == WastModuleForm::Binary) return;
  const auto module = text::parse_module(command.module.bytes, options);
  const bool is_malformed =
      command.kind == WastKind::AssertMalformed || command.kind == WastKind::AssertMalformedCustom;
  if (module && is_malformed)
    FAIL_CHECK(path << ":" << command.line << ": accepted, expected " << command.text);
  if (!module && !is_malformed) {
    FAIL_CHECK(path << ":" << command.line
                    << text::describe_text_error(command.module.bytes, module.error(), ""));
  }
}

}  // namespace

TEST_CASE("the official suite is read, and its malformed text refused") {
  const char* const given = std::getenv("WHERRY_SUITES");
  const std::filesystem::path folder = given != nullptr ? given : WHERRY_SUITES_BESIDE;
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder / "core", ignored)) {
    WARN("no suite in " << folder.string() << ": set WHERRY_SUITES to the folder that holds core/");
    return;
  }
  size_t commands = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "core")) {
    if (!is_tested(entry.path())) continue;
    const std::string source = base::read_file(entry.path());
    text::ParseOptions options;
    if (entry.path().generic_string().find("/threads/") != std::string::npos) {
      options.features.set(wasm::Feature::Memory64, false);
    }
    for (const WastCommand& command : read(source)) {
      ++commands;
      check_command(entry.path().filename().string(), command, options);
    }
  }
  CHECK(commands > 0);
}
