// WIT: what is refused and with which words (testdata/wit/errors.txt), what each construct becomes (testdata/wit/*.wit with
// what is printed of them behind `-----`; BLESS=1 rewrites it), that what is printed is read as the same model, and that
// the whole of WASI is read.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "component/decode.h"
#include "component/text.h"
#include "component/validate.h"
#include "component/wit/decode.h"
#include "component/wit/encode.h"
#include "component/wit/load.h"
#include "component/wit/package_docs.h"
#include "component/wit/print.h"
#include "component/wit/resolve.h"
#include "engine/base/test_file.h"
#include "engine/text/string_sink.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
using namespace wherry::component;
namespace fs = std::filesystem;

fs::path folder() { return fs::path(WHERRY_COMPONENT_TESTDATA) / "wit"; }

std::string print(wit::Model& model) {
  text::StringSink sink;
  REQUIRE(wit::print(model, {}, sink));
  return sink.text;
}

// Without what the order of names decides: types and functions of an interface are printed one after the other.
std::string json(wit::Model& model) {
  text::StringSink sink;
  REQUIRE(wit::print_json(model, sink));
  return sink.text;
}

template <class T>
std::string error_of(const std::expected<T, std::string>& result) {
  return result ? "" : result.error();
}

wit::Source source(std::string path, std::string_view text, uint32_t group = 0) {
  wit::Source made;
  made.path = std::move(path);
  made.group = group;
  REQUIRE(made.bytes.append(base::as_bytes(text)));
  return made;
}

// Files of a case: `== path` begins one; paths in `deps/` are of packages of their own. Without one: a single file.
base::Vector<wit::Source> files_of(const std::string& text) {
  base::Vector<wit::Source> files;
  std::istringstream lines(text);
  std::string path = "a.wit";
  std::string content;
  uint32_t group = 0;
  uint32_t next_group = 0;
  const auto finish = [&] {
    if (!content.empty()) REQUIRE(files.push_back(source(path, content, group)));
    content.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("== ")) {
      content += line + "\n";
      continue;
    }
    finish();
    path = line.substr(3);
    group = path.starts_with("deps/") ? ++next_group : 0;
  }
  finish();
  return files;
}

// The model of what was printed says the same, and is printed the same.
void check_round_trip(wit::Model& model) {
  const std::string first = print(model);
  base::Vector<wit::Source> again;
  REQUIRE(again.push_back(source("printed.wit", first)));
  auto second = wit::resolve(again.span(), {.all = true, .features = {}});
  REQUIRE(error_of(second) == "");
  CHECK(print(*second) == first);
  base::Vector<wit::Source> once_more;
  REQUIRE(once_more.push_back(source("printed.wit", print(*second))));
  auto third = wit::resolve(once_more.span(), {.all = true, .features = {}});
  REQUIRE(error_of(third) == "");
  CHECK(json(*third) == json(*second));
}

}  // namespace

TEST_CASE("WIT is printed as expected, and read again as the same") {
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() != ".wit") continue;
    INFO(entry.path());
    const std::string text = base::read_file(entry.path());
    const size_t bar = text.find("-----\n");
    const std::string input = text.substr(0, bar);
    const base::Vector<wit::Source> files = files_of(input);
    const bool is_open = input.starts_with("// open");
    auto model = wit::resolve(files.span(), {.all = is_open, .features = {}});
    CHECK(error_of(model) == "");
    if (!model) continue;
    const std::string printed = print(*model);
    if (std::getenv("BLESS") != nullptr) {
      std::ofstream(entry.path()) << input << "-----\n" << printed;
    } else {
      CHECK(printed == (bar == std::string::npos ? "" : text.substr(bar + 6)));
    }
    check_round_trip(*model);
  }
}

TEST_CASE("what is no WIT is refused with its place and its line") {
  std::istringstream lines(base::read_file(folder() / "errors.txt"));
  std::string name, text, expected;
  uint32_t count = 0;
  const auto check = [&] {
    if (name.empty()) return;
    INFO(name);
    ++count;
    const base::Vector<wit::Source> files = files_of(text);
    const auto model = wit::resolve(files.span());
    const std::string error = error_of(model);
    // The line with the place and the message; that the line itself and a caret follow is checked once below.
    CHECK(error.substr(0, error.find('\n')) + "\n" == expected);
    text.clear();
    expected.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("--- ")) {
      check();
      name = line.substr(4);
    } else if (line.starts_with("=> ")) {
      expected = line.substr(3) + "\n";
    } else if (!name.empty()) {
      text += line + "\n";
    }
  }
  check();
  CHECK(count > 40);
}

TEST_CASE("an error of WIT shows the line") {
  base::Vector<wit::Source> files;
  REQUIRE(files.push_back(source("x/a.wit", "package a:b;\ninterface i {\n  f: func(a: nope);\n}\n")));
  CHECK(error_of(wit::resolve(files.span())) ==
        "x/a.wit:3:14: no type `nope` here\n    f: func(a: nope);\n               ^");
}

TEST_CASE("types may be nested as deep as the limit and no deeper") {
  for (const auto& [depth, good] : {std::pair(99, true), std::pair(100, false), std::pair(100'000, false)}) {
    std::string type = "u8";
    std::string open, close;
    for (int i = 0; i < depth; ++i) {
      open += "list<";
      close += ">";
    }
    type = open + type + close;
    base::Vector<wit::Source> files;
    REQUIRE(files.push_back(source("a.wit", "package a:b; interface i { type t = " + type + "; }")));
    CHECK(wit::resolve(files.span()).has_value() == good);
  }
}

TEST_CASE("long chains of aliases and uses need no native stack") {
  std::string text = "package a:b;\ninterface i0 { type t0 = u8;\n";
  for (int i = 0; i < 20'000; ++i)
    text += "type t" + std::to_string(i + 1) + " = t" + std::to_string(i) + ";\n";
  text += "}\n";
  for (int i = 0; i < 500; ++i) {
    text += "interface i" + std::to_string(i + 1) + " { use i" + std::to_string(i) + ".{t0}; }\n";
  }
  text += "world w { export i500; }\n";
  base::Vector<wit::Source> files;
  REQUIRE(files.push_back(source("a.wit", text)));
  const auto model = wit::resolve(files.span());
  REQUIRE(model);
  CHECK(model->worlds[0].imports.size() == 500);
  CHECK(model->worlds[0].exports.size() == 1);
}

TEST_CASE("every beginning of a text ends in an answer") {
  const std::string text = base::read_file(folder() / "everything.wit");
  const std::string input = text.substr(0, text.find("-----\n"));
  for (size_t size = 0; size < input.size(); ++size) {
    base::Vector<wit::Source> files;
    REQUIRE(files.push_back(source("a.wit", input.substr(0, size))));
    const auto model = wit::resolve(files.span());
    if (!model) CHECK(!model.error().empty());
  }
}

TEST_CASE("all of WASI is read, printed and read again") {
  uint32_t count = 0;
  for (const std::string version : {"wasi-0.2.12", "wasi-0.3.0"}) {
    const fs::path root = fs::path(WHERRY_WASI_WIT) / version;
    if (!fs::exists(root)) continue;
    std::vector<fs::path> packages;
    for (const auto& entry : fs::directory_iterator(root)) packages.push_back(entry.path() / "wit");
    std::sort(packages.begin(), packages.end());
    for (const fs::path& main : packages) {
      INFO(main);
      base::Vector<wit::Source> files;
      uint32_t group = 0;
      for (const fs::path& package : packages) {
        auto loaded = wit::load(package);
        REQUIRE(error_of(loaded) == "");
        const uint32_t number = package == main ? 0 : ++group;
        for (wit::Source& file : *loaded) {
          file.group = number;
          REQUIRE(files.push_back(std::move(file)));
        }
      }
      auto model = wit::resolve(files.span(), {.all = true, .features = {}});
      REQUIRE(error_of(model) == "");
      check_round_trip(*model);
      ++count;
    }
  }
  CHECK((count == 13 || count == 0));
}

TEST_CASE("the drafts of WASI are read") {
  const fs::path root = fs::path(WHERRY_WASI_WIT) / "drafts";
  if (!fs::exists(root)) return;
  for (const std::string name : {"config", "keyvalue", "logging", "messaging", "nn", "tls", "blobstore"}) {
    INFO(name);
    auto files = wit::load(root / name / (name == "tls" ? "wit-0.3.0-draft" : "wit"));
    REQUIRE(error_of(files) == "");
    if (name == "blobstore") {
      // What it takes from wasi:io, whose version of that time is not at hand.
      const char* const io =
          "package wasi:io@0.2.2; interface streams { resource input-stream; resource output-stream; }";
      REQUIRE(files->push_back(source("deps/io.wit", io, 1)));
    }
    auto model = wit::resolve(files->span(), {.all = true, .features = {}});
    CHECK(error_of(model) == "");
    if (model) check_round_trip(*model);
  }
}

namespace {

// The WIT of a component that is given as text.
std::string wit_of(std::string_view text) {
  auto binary = parse_component(base::as_bytes(text));
  REQUIRE(binary);
  wasm::TypeRegistry registry;
  auto decoded = component::decode(binary->binary.span(), Features::all());
  REQUIRE(decoded);
  auto valid = component::validate(std::move(*decoded), registry);
  if (!valid) return wasm::describe(valid.error());
  auto model = wit::decode(*valid);
  if (!model) return wasm::describe(model.error());
  return print(*model);
}

}  // namespace

// testdata/wit/components.txt: the text of a component, and what is printed of it behind `-----` (BLESS=1 rewrites it).
TEST_CASE("the WIT of components") {
  std::istringstream lines(base::read_file(folder() / "components.txt"));
  std::string out, name, text, expected;
  bool in_expected = false;
  const auto check = [&] {
    if (name.empty()) return;
    INFO(name);
    std::string found = wit_of(text);
    if (!found.ends_with('\n')) found += '\n';
    if (std::getenv("BLESS") == nullptr) CHECK(found == expected);
    out += "--- " + name + "\n" + text + "-----\n" + found;
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("--- ")) {
      check();
      name = line.substr(4);
      text.clear();
      expected.clear();
      in_expected = false;
    } else if (line == "-----") {
      in_expected = true;
    } else {
      (in_expected ? expected : text) += line + "\n";
    }
  }
  check();
  if (std::getenv("BLESS") != nullptr) std::ofstream(folder() / "components.txt") << out;
}

namespace {

constexpr std::string_view kDocumented = R"(/// Package docs.
package demo:docs@1.0.0;

/// An interface.
@since(version = 0.9.0)
interface one {
  /// A record.
  record r {
    /// the a
    a: u8,
    b: string,
  }
  /// A variant.
  @unstable(feature = x)
  variant v {
    /// no
    no,
    /// yes "quoted" \ and	tab
    yes(u32),
  }
  type plain = u8;
  resource file {
    /// makes
    constructor(name: string);
    /// reads
    /// two lines
    read: func() -> r;
    /// opens
    @since(version = 1.0.0)
    open: static func() -> file;
  }
  /// A function ünï.
  @deprecated(version = 1.0.0)
  @since(version = 0.9.1)
  f: func();
  g: func();
}
interface two { use one.{r}; }
/// The world.
world w {
  /// imported
  @since(version = 1.0.0)
  import one;
  /// inline
  import in: interface {
    /// h
    h: func();
  }
  /// shout
  import shout: func();
  /// shout too
  export shout2: func();
  /// a type
  type t = u32;
  /// x out
  export out: interface {
    /// h2
    h2: func();
  }
  /// exported
  export two;
}
)";

// What wasm-tools 1.263 writes for the same text.
constexpr std::string_view kDocsOfIt =
    R"({"docs":"Package docs.","worlds":{"w":{"docs":"The world.","interfaces":{"in":{"docs":"inline","funcs":{"h":{"docs":"h"}}}},)"
    R"("types":{"t":{"docs":"a type"}},"funcs":{"shout":{"docs":"shout"}},"interface_exports":{"out":{"docs":"x out","funcs":)"
    R"({"h2":{"docs":"h2"}}}},"func_exports":{"shout2":{"docs":"shout too"}},"interface_import_stability":{"demo:docs/one@1.0.0":)"
    R"({"stable":{"since":"1.0.0"}}},"interface_import_docs":{"demo:docs/one@1.0.0":"imported"},"interface_export_docs":)"
    R"({"demo:docs/two@1.0.0":"exported"}}},"interfaces":{"one":{"docs":"An interface.","stability":{"stable":{"since":"0.9.0"}},)"
    R"("funcs":{"[constructor]file":{"docs":"makes"},"[method]file.read":{"docs":"reads\ntwo lines"},"[static]file.open":)"
    R"({"docs":"opens","stability":{"stable":{"since":"1.0.0"}}},"f":{"docs":"A function ünï.","stability":{"stable":)"
    R"({"since":"0.9.1","deprecated":"1.0.0"}}}},"types":{"r":{"docs":"A record.","items":{"a":"the a"}},"v":{"docs":"A variant.",)"
    R"("stability":{"unstable":{"feature":"x"}},"items":{"no":"no","yes":"yes \"quoted\" \\ and\ttab"}}}}}})";

// A model and what it is a view of.
struct Resolved {
  explicit Resolved(std::string_view text) : files(files_of(std::string(text))) {
    auto resolved = wit::resolve(files.span(), {.all = true, .features = {}});
    REQUIRE(error_of(resolved) == "");
    model = std::move(*resolved);
  }
  base::Vector<wit::Source> files;
  wit::Model model;
};

base::Result<void> read_docs(std::string text, wit::Model& model) {
  text.insert(0, 1, '\1');
  return wit::read_package_docs(base::as_bytes(text), model);
}

}  // namespace

TEST_CASE("documentation and gates survive the binary form of a package") {
  Resolved documented(kDocumented);
  wit::Model& model = documented.model;
  const std::string before = print(model);
  EncodeBuffer section;
  wit::write_package_docs(model, &section);
  CHECK(base::as_text(section.span()).substr(1) == kDocsOfIt);

  bool ok = false;
  const base::Vector<uint8_t> bytes = wit::encode_package(model, &ok);
  REQUIRE(ok);
  wasm::TypeRegistry registry;
  auto decoded = component::decode(bytes.span(), Features::all());
  REQUIRE(decoded);
  auto valid = component::validate(std::move(*decoded), registry);
  REQUIRE(valid);
  auto again = wit::decode(*valid);
  REQUIRE(again);
  CHECK(print(*again) == before);
}

TEST_CASE("package-docs of a package that says nothing") {
  Resolved bare("package a:b; interface i { f: func(); }");
  EncodeBuffer section;
  wit::write_package_docs(bare.model, &section);
  CHECK(base::as_text(section.span()) == "\1{}");
}

TEST_CASE("package-docs of others: what is not known is passed over, what hides or forges is not taken") {
  Resolved documented(kDocumented);
  wit::Model& model = documented.model;
  REQUIRE(read_docs(
      R"( { "docs" : "a\u00fc\ud83d\ude00\u001b[31mb\u202ec" , "new" : [ { "}" : "]\"" } , 1e9, true ] ,
    "interfaces" : { "three" : { "docs" : 5 } , "one" : { "funcs" : { "f" : "just docs" , "nope" : null } ,
      "stability" : { "stable" : { "since" : "1.0)\n@evil(" } } , "types" : { "r" : { "items" : { "b" : "the b" , "c" : [] } } } } } } )",
      model));
  CHECK(model[model.main].docs == "a\u00fc\U0001f600\ufffd[31mb\ufffdc");
  const std::string text = print(model);
  CHECK(text.find("/// just docs") != std::string::npos);
  CHECK(text.find("/// the b") != std::string::npos);
  CHECK(text.find("evil") == std::string::npos);
  CHECK(text.find("@since(version = 0.9.0)\ninterface one") != std::string::npos);
}

TEST_CASE("package-docs that is no JSON is refused, and of another version not read") {
  Resolved documented(kDocumented);
  wit::Model& model = documented.model;
  for (const char* const text : {"",
                                 "{",
                                 "}",
                                 "[]",
                                 "5",
                                 "\"\"",
                                 "{}x",
                                 "{\"docs\"",
                                 "{\"docs\":",
                                 "{\"docs\":\"a",
                                 "{\"docs\":\"\\",
                                 "{\"docs\":\"\\u12",
                                 "{\"docs\":\"\\ud800x\"}",
                                 "{\"docs\":\"\\udc00\"}",
                                 "{\"docs\":\"\\q\"}",
                                 "{\"docs\":\"a\nb\"}",
                                 "{\"docs\":\"\xff\"}",
                                 "{\"a\":[1,{\"b\":",
                                 "{\"interfaces\":5}",
                                 "{\"docs\":\"a\",}"}) {
    INFO(text);
    const auto read = read_docs(text, model);
    REQUIRE(!read);
    CHECK(wasm::describe(read.error()).find("'package-docs' is of no use") != std::string::npos);
  }
  CHECK(wit::read_package_docs(base::as_bytes("\2nonsense"), model));
  CHECK(wit::read_package_docs({}, model));
  // Depth costs nothing.
  CHECK(!read_docs("{\"a\":" + std::string(1 << 20, '['), model));
  CHECK(read_docs("{\"a\":" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}", model));
}

TEST_CASE("every beginning of package-docs ends in an answer") {
  Resolved documented(kDocumented);
  wit::Model& model = documented.model;
  for (size_t size = 0; size < kDocsOfIt.size(); ++size)
    CHECK(!read_docs(std::string(kDocsOfIt.substr(0, size)), model));
  CHECK(read_docs(std::string(kDocsOfIt), model));
}
