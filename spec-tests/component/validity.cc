// Every component of the suite's scripts: valid where the script does not say otherwise, refused at the right stage where it
// does; and what is valid is printed, parsed, and printed again, and must not have changed.
//
//   component_validity SCRIPT...
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "component/decode.h"
#include "component/print.h"
#include "component/text.h"
#include "component/validate.h"
#include "engine/inspect/binary.h"
#include "engine/inspect/text.h"
#include "engine/text/string_sink.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
using Binary = base::Vector<uint8_t>;

// Those that spec-tests/component/run switches on.
component::Features features_of_suite() {
  component::Features features;
  for (const component::Feature feature :
       {component::Feature::MoreAsyncBuiltins, component::Feature::Threading,
        component::Feature::AsyncStackful, component::Feature::FixedLengthLists}) {
    features.set(feature, true);
  }
  return features;
}

base::Result<Binary> binary_of(const text::WastModule& module) {
  if (module.form != text::WastModuleForm::Binary) {
    text::TextModule parsed = WHERRY_TRY(component::parse_component(module.bytes));
    return std::move(parsed.binary);
  }
  Binary binary;
  if (!binary.append(module.bytes)) return base::fail(wasm::ErrorCode::OutOfMemory);
  return binary;
}

base::Result<void> validate(base::ByteSpan binary) {
  wasm::TypeRegistry registry;
  component::Component decoded = WHERRY_TRY(component::decode(binary, features_of_suite()));
  WHERRY_TRY(component::validate(std::move(decoded), registry));
  return {};
}

class CorePrinter final : public component::ModulePrinter {
 public:
  base::Result<void> print(base::ByteSpan module, text::TextSink& sink) override {
    return inspect::print(module, {}, sink);
  }
};

base::Result<std::string> printed(base::ByteSpan binary) {
  const component::Component decoded = WHERRY_TRY(component::decode(binary, component::Features::all()));
  text::StringSink sink;
  CorePrinter modules;
  WHERRY_TRY(component::print(decoded, {}, modules, sink));
  return std::move(sink.text);
}

// Empty, or what changed.
base::Result<std::string> round_trip(base::ByteSpan binary) {
  const std::string once = WHERRY_TRY(printed(binary));
  const text::TextModule parsed = WHERRY_TRY(component::parse_component(base::as_bytes(once)));
  const std::string twice = WHERRY_TRY(printed(parsed.binary));
  return once == twice ? std::string() : std::string("printing what was printed gives something else");
}

std::string_view stage(wasm::ErrorKind kind) {
  switch (kind) {
    case wasm::ErrorKind::Malformed: return "malformed";
    case wasm::ErrorKind::Invalid: return "invalid";
    case wasm::ErrorKind::Unsupported: return "unsupported";
    default: return "other";
  }
}

// Empty: as the script says.
std::string check(const text::WastCommand& command) {
  const base::Result<Binary> binary = binary_of(command.module);
  base::Result<void> valid;
  if (!binary) {
    valid = base::Failure(binary.error());
  } else {
    valid = validate(*binary);
  }
  const std::string_view found = valid ? "valid" : stage(wasm::error_kind(valid.error().code));
  std::string_view wanted = "valid";
  if (command.kind == text::WastKind::AssertInvalid) wanted = "invalid";
  if (command.kind == text::WastKind::AssertMalformed) wanted = "malformed";
  const bool is_refused = wanted != "valid" && found == "unsupported";
  if (found != wanted && !is_refused) {
    return "expected " + std::string(wanted) + ", found " + std::string(found) +
           (valid ? "" : ": " + wasm::describe(valid.error()));
  }
  if (!valid) return {};
  const base::Result<std::string> change = round_trip(*binary);
  return change ? *change : "printing and parsing: " + wasm::describe(change.error());
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t checked = 0;
  uint64_t failed = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    std::stringstream stream;
    stream << file.rdbuf();
    const std::string source = stream.str();
    text::WastReader reader(base::as_bytes(source));
    for (;;) {
      auto command = reader.next();
      std::string problem;
      uint64_t line = 0;
      if (!command) {
        problem = wasm::describe(command.error());
      } else if (!*command) {
        break;
      } else if ((*command)->has_module && (*command)->module.is_component) {
        ++checked;
        line = (*command)->line;
        problem = check(**command);
      }
      if (!problem.empty()) {
        ++failed;
        std::printf("%s:%llu: %s\n", argv[i], static_cast<unsigned long long>(line), problem.c_str());
      }
      if (!command) break;
    }
  }
  std::printf(
      "figure: components of the suite: %llu of %llu as they should be, printing and parsing included\n",
      static_cast<unsigned long long>(checked - failed), static_cast<unsigned long long>(checked));
  return failed == 0 ? 0 : 1;
}
