// Prints and parses every module of the scripts it is given, twice, and compares: from the first printing on, text and
// binary must be a fixed point. Modules that are meant to be invalid are printed, too, as long as they can be decoded:
// two supertypes, or an index beyond what a type can hold, are invalid and have no decoded form.
//
//   fixed_point FILE.wast...     prints what differs; ends with `N modules, N failed`
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/base/test_file.h"
#include "engine/decode/decode.h"
#include "engine/inspect/binary.h"
#include "engine/inspect/text.h"
#include "engine/text/string_sink.h"

namespace {

using namespace wherry;

struct Round {
  std::string text;
  base::Vector<uint8_t> binary;
};

// Empty: worked.
std::string go_round(base::ByteSpan binary, Round* out) {
  text::StringSink sink;
  if (const auto printed = inspect::print(binary, {}, sink); !printed) {
    return "cannot be printed: " + wasm::describe(printed.error());
  }
  out->text = std::move(sink.text);
  base::Result<text::TextModule> parsed = text::parse_module(base::as_bytes(out->text));
  if (!parsed) return text::describe_text_error(base::as_bytes(out->text), parsed.error(), "printed text");
  out->binary = std::move(parsed->binary);
  return {};
}

bool same(const base::Vector<uint8_t>& a, const base::Vector<uint8_t>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string check(base::ByteSpan binary) {
  Round first, second;
  if (std::string problem = go_round(binary, &first); !problem.empty()) return problem;
  if (std::string problem = go_round(first.binary, &second); !problem.empty())
    return "second time: " + problem;
  if (!same(first.binary, second.binary)) return "the second binary differs from the first";
  if (Round third; go_round(second.binary, &third).empty() && third.text != second.text) {
    return "the third text differs from the second";
  }
  return {};
}

bool is_decodable(base::ByteSpan binary) {
  const auto checked = inspect::validate(binary, wasm::Features::all());
  if (checked) return true;
  return wasm::error_kind(checked.error().code) == wasm::ErrorKind::Invalid &&
         decode::decode(binary, {.features = wasm::Features::all()});
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t modules = 0, failed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string source = base::read_file(argv[i]);
    text::WastReader reader(base::as_bytes(source));
    for (;;) {
      base::Result<std::optional<text::WastCommand>> command = reader.next();
      if (!command || !*command) break;
      if (!(*command)->has_module) continue;
      const text::WastModule& module = (*command)->module;
      base::Result<text::TextModule> parsed = text::TextModule{};
      base::ByteSpan binary = module.bytes;
      if (module.form != text::WastModuleForm::Binary) {
        parsed = text::parse_module(module.bytes);
        if (!parsed) continue;  // The runner of the suite says whether that is right.
        binary = {parsed->binary.data(), parsed->binary.size()};
      }
      if (!is_decodable(binary)) continue;
      ++modules;
      if (const std::string problem = check(binary); !problem.empty()) {
        ++failed;
        std::printf("%s:%llu: %s\n", argv[i], static_cast<unsigned long long>((*command)->line),
                    problem.c_str());
      }
    }
  }
  std::printf("%llu modules, %llu failed\n", static_cast<unsigned long long>(modules),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
