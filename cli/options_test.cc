// The command line: what is understood, what is refused and how, and the texts made from the table against golden files
// in testdata/ (BLESS=1 rewrites them).
#include "cli/options.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "engine/base/test_file.h"

using namespace wherry::cli;

namespace {

ParsedOptions parse(std::initializer_list<const char*> words) {
  std::vector<const char*> argv = {"wherry"};
  argv.insert(argv.end(), words);
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

std::string error_of(std::initializer_list<const char*> words) { return parse(words).error; }

void check_golden(const std::string& name, const std::string& text) {
  const std::string path = "testdata/" + name;
  if (std::getenv("BLESS") != nullptr) wherry::base::write_file(path, text);
  CHECK(text == wherry::base::read_file(path));
}

}  // namespace

TEST_CASE("run needs no command word, and its arguments are the program's") {
  const ParsedOptions parsed = parse({"--dir", "a::b", "x.wasm", "--dir", "-W", "help"});
  CHECK(parsed.error.empty());
  CHECK(parsed.invocation.command == Command::Run);
  CHECK(parsed.invocation.operands.size() == 4);
  CHECK(parsed.invocation.value(OptionId::Dir) == "a::b");
  CHECK(parsed.invocation.keys.empty());
  CHECK(!parsed.invocation.group_help);
}

TEST_CASE("two dashes end the options") {
  const ParsedOptions parsed = parse({"run", "--", "--odd.wasm"});
  CHECK(parsed.error.empty());
  CHECK(std::string_view(parsed.invocation.operands.at(0)) == "--odd.wasm");
  CHECK(parse({"validate", "--", "-"}).invocation.operands.size() == 1);
}

TEST_CASE("options of other commands may stand behind files") {
  const ParsedOptions parsed = parse({"print", "x.wasm", "-o", "y.wat", "--skeleton"});
  CHECK(parsed.error.empty());
  CHECK(parsed.invocation.operands.size() == 1);
  CHECK(parsed.invocation.value(OptionId::Output) == "y.wat");
  CHECK(parsed.invocation.has(OptionId::Skeleton));
}

TEST_CASE("keys") {
  const ParsedOptions parsed = parse({"-W", "fuel=7,simd=n", "-Wtimeout=1.5s", "--wasm=max-memory-size=16M",
                                      "--wasi", "inherit-env", "-Othreads", "x.wasm"});
  CHECK(parsed.error == "option -O has no key 'threads' (`-O help` lists them)");
  const ParsedOptions good = parse({"-W", "fuel=7,simd=n", "-Wtimeout=1.5s", "--wasm=max-memory-size=16M",
                                    "--wasi", "inherit-env", "x.wasm"});
  CHECK(good.error.empty());
  const Invocation& invocation = good.invocation;
  CHECK(invocation.key(KeyId::Fuel)->number == 7);
  CHECK(invocation.key(KeyId::Timeout)->number == 1'500'000'000);
  CHECK(invocation.key(KeyId::MaxMemorySize)->number == uint64_t{16} << 20);
  CHECK(invocation.key(KeyId::InheritEnv)->number == 1);
  CHECK(invocation.key(KeyId::Feature)->info->key == "simd");
  CHECK(invocation.key(KeyId::Feature)->number == 0);
}

TEST_CASE("the options --fuel and --timeout are keys of -W") {
  const ParsedOptions parsed = parse({"--fuel", "12", "--timeout=20ms", "x.wasm"});
  CHECK(parsed.invocation.key(KeyId::Fuel)->number == 12);
  CHECK(parsed.invocation.key(KeyId::Timeout)->number == 20'000'000);
}

TEST_CASE("help for keys") {
  CHECK(parse({"run", "-W", "help"}).invocation.group_help == Group::Wasm);
  const ParsedOptions parsed = parse({"-S", "help-long"});
  CHECK(parsed.invocation.group_help == Group::Wasi);
  CHECK(parsed.invocation.group_help_is_long);
}

TEST_CASE("what is not understood") {
  CHECK(error_of({}) == "no FILE and no command is given; `wherry help` explains both");
  CHECK(error_of({"vlaidate"}) == "there is no command and no file 'vlaidate'; did you mean 'validate'?");
  CHECK(error_of({"qqqqq"}) == "there is no command and no file 'qqqqq'");
  CHECK(error_of({"serve"}) == "there is no command 'serve': serving HTTP is not part of this version");
  CHECK(error_of({"--drr", "x"}) == "there is no option '--drr'; did you mean '--dir'?");
  CHECK(error_of({"-x", "y"}) == "there is no option '-x'; `wherry help run` lists them");
  CHECK(error_of({"print", "--dir", "x"}) == "command 'print' has no option '--dir'; it belongs to: run");
  CHECK(error_of({"print", "-W", "simd"}) ==
        "command 'print' has no option '-W'; it belongs to: run, compile, wast, validate, objdump");
  CHECK(error_of({"--dir"}) == "option '--dir' needs a value: --dir HOST[::GUEST][::ro]");
  CHECK(error_of({"print", "--skeleton=1"}) == "option '--skeleton' takes no value");
  CHECK(error_of({"-W", "timout=3s"}) ==
        "option -W has no key 'timout'; did you mean 'timeout'? (`-W help` lists them)");
  CHECK(error_of({"-W", "timeout"}) == "'-W timeout' needs a value: -W timeout=TIME");
  CHECK(error_of({"-W", "timeout=fast"}) == "'-W timeout' is 'fast', expected a time: 2s, 500ms, 1.5m");
  CHECK(error_of({"-W", "simd=maybe"}) == "'-W simd' is 'maybe', expected y, yes, true, n, no or false");
  CHECK(error_of({"-S", "http"}) == "'-S http' is not supported: wasi-http is not part of this version");
  CHECK(error_of({"-S", "p3=y"}) == "'-S p3' is not supported: WASI 0.3 is not part of this version");
  CHECK(error_of({"-S", "http=n,preview2=y", "x.wasm"}).empty());
  CHECK(error_of({"\x1b[31m"}) == "there is no command and no file '?[31m'");
}

TEST_CASE("values") {
  uint64_t value = 0;
  CHECK((read_count("18446744073709551615", &value) && value == ~uint64_t{0}));
  CHECK(!read_count("18446744073709551616", &value));
  CHECK(!read_count("", &value));
  CHECK(!read_count("-1", &value));
  CHECK((read_size("64k", &value) && value == 65536));
  CHECK((read_size("64KiB", &value) && value == 65536));
  CHECK((read_size("2G", &value) && value == uint64_t{2} << 30));
  CHECK(!read_size("2X", &value));
  CHECK(!read_size("99999999999G", &value));
  CHECK((read_duration("250us", &value) && value == 250'000));
  CHECK((read_duration("3", &value) && value == 3'000'000'000));
  CHECK((read_duration("0.25m", &value) && value == 15'000'000'000));
  CHECK(!read_duration("1.s", &value));
  CHECK(!read_duration("1 s", &value));
  CHECK(!read_duration("99999999999h", &value));
}

TEST_CASE("texts made from the table") {
  check_golden("help.txt", help_text());
  std::string commands_text;
  for (size_t i = 0; i < commands().size(); ++i) commands_text += help_text(static_cast<Command>(i)) + "\n";
  check_golden("help_commands.txt", commands_text);
  check_golden("keys.txt", group_text(Group::Wasm, false) + "\n" + group_text(Group::Wasi, true) + "\n" +
                               group_text(Group::Debug, true) + "\n" + group_text(Group::Optimize, false));
  check_golden("wherry.1", man_page());
  check_golden("completion.bash", completion_script("bash"));
  check_golden("completion.zsh", completion_script("zsh"));
  check_golden("completion.fish", completion_script("fish"));
  CHECK(completion_script("tcsh").empty());
}

TEST_CASE("every row of the table has its words") {
  for (const OptionInfo& option : options()) CHECK(!option.summary.empty());
  for (const KeyInfo& key : keys()) {
    CHECK(!key.summary.empty());
    CHECK((key.kind == KeyKind::Bool || key.kind == KeyKind::Unsupported || !key.value.empty()));
  }
}
