// Golden tests of error messages. Every row of engine/wasm/errors.inc has a case here, or stands in elsewhere.txt
// with the test that shows its message, or in missing.txt, a list that may only shrink.
//
// A case of a *.txt file (STYLE: tests are mostly text):
//
//   --- what is wrong
//   features: +threads -simd
//   hex: header 01 04 01 60 00 00
//        "bytes as text" repeat 300 00
//   error: UnexpectedEnd
//   message: unexpected end: in the type section at offset 0x9
//
// `features` is optional and starts from the default set; `all` and `mvp` start from those. The input is `hex:` (bytes,
// "text", `header` for the eight first bytes, `repeat N BYTE`) or `wat:` (a module as text, up to `error:`). Lines that
// begin with `;` are comments. BLESS=1 in the environment rewrites `error` and `message`.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace {

using namespace wherry;
namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::string features;
  bool is_text = false;
  std::string input;
  std::string error;
  std::string message;
  size_t error_line = 0;  // Of the file, for blessing.
  size_t message_line = 0;
};

struct CaseFile {
  fs::path path;
  std::vector<std::string> lines;
  std::vector<Case> cases;
};

fs::path folder() { return fs::path(WHERRY_ERRORS_FOLDER); }

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

bool take(const std::string& line, const char* key, std::string* rest) {
  const std::string prefix = std::string(key) + ":";
  if (!line.starts_with(prefix)) return false;
  *rest = line.substr(std::min(line.size(), prefix.size() + 1));
  return true;
}

CaseFile parse(const fs::path& path) {
  CaseFile file{path, lines_of(path), {}};
  bool in_input = false;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (line.starts_with("--- ")) {
      file.cases.push_back({line.substr(4), {}, false, {}, {}, {}, 0, 0});
      in_input = false;
      continue;
    }
    if (file.cases.empty()) continue;
    Case& at = file.cases.back();
    std::string rest;
    if (take(line, "error", &at.error)) {
      at.error_line = i;
      in_input = false;
    } else if (take(line, "message", &at.message)) {
      at.message_line = i;
    } else if (take(line, "features", &at.features)) {
      continue;
    } else if (take(line, "hex", &rest) || take(line, "wat", &rest)) {
      at.is_text = line[0] == 'w';
      at.input = rest + "\n";
      in_input = true;
    } else if (in_input && !line.starts_with(";")) {
      at.input += line + "\n";
    }
  }
  return file;
}

std::vector<CaseFile> case_files() {
  std::vector<CaseFile> files;
  for (const auto& entry : fs::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".txt" || name == "elsewhere.txt" || name == "missing.txt") continue;
    if (name != "CMakeLists.txt") files.push_back(parse(entry.path()));
  }
  std::sort(files.begin(), files.end(), [](const CaseFile& a, const CaseFile& b) { return a.path < b.path; });
  return files;
}

wasm::Features features_of(const std::string& text) {
  wasm::Features features;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "all")
      features = wasm::Features::all();
    else if (word == "mvp")
      features = wasm::Features::mvp();
    else if (const auto feature = wasm::find_feature(word.substr(1)); feature)
      features.set(*feature, word[0] == '+');
    else
      FAIL_CHECK("unknown feature " << word);
  }
  return features;
}

std::vector<uint8_t> bytes_of(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else if (text[i] == '"') {
      const size_t end = text.find('"', i + 1);
      bytes.insert(bytes.end(), text.begin() + static_cast<ptrdiff_t>(i) + 1,
                   text.begin() + static_cast<ptrdiff_t>(end));
      i = end + 1;
    } else if (text.compare(i, 6, "header") == 0) {
      for (const uint8_t byte : {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00}) bytes.push_back(byte);
      i += 6;
    } else if (text.compare(i, 7, "repeat ") == 0) {
      char* next = nullptr;
      const unsigned long count = std::strtoul(text.c_str() + i + 7, &next, 10);
      bytes.insert(bytes.end(), count, static_cast<uint8_t>(std::strtoul(next, &next, 16)));
      i = static_cast<size_t>(next - text.c_str());
    } else {
      bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
      i += 2;
    }
  }
  return bytes;
}

// From input to a valid module, or the first error on the way.
base::Result<void> check(const Case& at) {
  const wasm::Features features = features_of(at.features);
  std::vector<uint8_t> bytes;
  if (at.is_text) {
    const text::TextModule parsed =
        WHERRY_TRY(text::parse_module(base::as_bytes(at.input), {.features = features}));
    bytes.assign(parsed.binary.begin(), parsed.binary.end());
  } else {
    bytes = bytes_of(at.input);
  }
  wasm::TypeRegistry registry;
  wasm::Module module = WHERRY_TRY(decode::decode(base::ByteSpan(bytes.data(), bytes.size()), {features}));
  validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(module), registry));
  WHERRY_TRY(validate::validate(std::move(typed), 0));
  return {};
}

void bless(CaseFile& file) {
  for (const Case& at : file.cases) {
    const auto result = check(at);
    if (result || at.error_line == 0 || at.message_line == 0) continue;
    file.lines[at.error_line] = "error: " + std::string(wasm::error_name(result.error().code));
    file.lines[at.message_line] = "message: " + wasm::describe(result.error());
  }
  std::ofstream out(file.path);
  for (const std::string& line : file.lines) out << line << "\n";
}

// First words of the lines of a list, comments left out.
std::vector<std::pair<std::string, std::string>> rows_of(const char* list) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const std::string& line : lines_of(folder() / list)) {
    if (line.empty() || line[0] == ';') continue;
    std::istringstream words(line);
    std::pair<std::string, std::string> row;
    words >> row.first >> row.second;
    rows.push_back(row);
  }
  return rows;
}

std::string message_of(const std::string& name) {
  for (uint32_t i = 0; i < wasm::kErrorCount; ++i) {
    const auto code = static_cast<wasm::ErrorCode>(i);
    if (wasm::error_name(code) == name) return std::string(wasm::error_message(code));
  }
  return {};
}

}  // namespace

TEST_CASE("every case has its error and its message") {
  const bool blesses = std::getenv("BLESS") != nullptr;
  size_t count = 0;
  for (CaseFile& file : case_files()) {
    if (blesses) bless(file);
    for (const Case& at : blesses ? parse(file.path).cases : file.cases) {
      ++count;
      INFO(file.path.filename().string() << ": " << at.name);
      const auto result = check(at);
      CHECK(std::string(result ? "none" : wasm::error_name(result.error().code)) == at.error);
      CHECK((result ? "none" : wasm::describe(result.error())) == at.message);
    }
  }
  CHECK(count > 0);
}

TEST_CASE("every row of the error table has its message tested") {
  std::set<std::string> tested;
  for (const CaseFile& file : case_files()) {
    for (const Case& at : file.cases) tested.insert(at.error);
  }
  for (const auto& [name, path] : rows_of("elsewhere.txt")) {
    INFO(name << " in " << path);
    const std::vector<std::string> lines = lines_of(fs::path(WHERRY_ROOT_FOLDER) / path);
    const std::string message = message_of(name);
    CHECK_FALSE(message.empty());
    CHECK(std::any_of(lines.begin(), lines.end(),
                      [&](const std::string& line) { return line.find(message) != std::string::npos; }));
    tested.insert(name);
  }
  std::set<std::string> missing;
  for (const auto& [name, reason] : rows_of("missing.txt")) {
    INFO(name << " stands in missing.txt");
    CHECK_FALSE(tested.contains(name));
    CHECK_FALSE(message_of(name).empty());
    missing.insert(name);
  }
  for (uint32_t i = 0; i < wasm::kErrorCount; ++i) {
    const std::string name(wasm::error_name(static_cast<wasm::ErrorCode>(i)));
    INFO(name << " has no case in tests/errors");
    CHECK((tested.contains(name) || missing.contains(name)));
  }
}
