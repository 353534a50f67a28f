// Fuzz target: any bytes are a module, a script, or an error with a place in the text. A module that was parsed is
// parsed again, with and without names: what is no name must not depend on them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/text/number.h"
#include "engine/text/parse.h"
#include "engine/text/wast.h"

namespace {

using namespace wherry;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_error(base::ByteSpan source, const base::Error& error) {
  require(error.offset <= source.size());
  const std::string shown = text::describe_text_error(source, error, "fuzz.wat");
  require(shown.size() < 2000);
}

void run_module(base::ByteSpan source) {
  text::ParseOptions options;
  options.positions = true;
  const auto module = text::parse_module(source, options);
  if (!module) return check_error(source, module.error());
  uint32_t last = 0;
  for (const text::SourcePosition& position : module->positions) {
    require(position.binary_offset >= last && position.binary_offset <= module->binary.size());
    require(position.text_offset < source.size());
    last = position.binary_offset;
  }
  options.names = false;
  const auto bare = text::parse_module(source, options);
  require(bare.has_value() && bare->binary.size() <= module->binary.size());
  require(std::equal(bare->binary.begin(), bare->binary.end(), module->binary.begin()));
}

void run_script(base::ByteSpan source) {
  text::WastReader reader(source);
  uint64_t line = 0;
  while (true) {
    const auto command = reader.next();
    if (!command) return check_error(source, command.error());
    if (!*command) return;
    require((*command)->line >= line && (*command)->offset < source.size());
    line = (*command)->line;
    if ((*command)->has_module && (*command)->module.form != text::WastModuleForm::Binary) {
      run_module((*command)->module.bytes);
    }
  }
}

void run_number(std::string_view token) {
  if (token.size() > 100) return;
  uint64_t wide;
  if (text::parse_f64(token, &wide) == text::NumberFault::None) {
    uint64_t again = ~wide;
    require(text::parse_f64(text::format_f64(wide), &again) == text::NumberFault::None && again == wide);
  }
  uint32_t narrow;
  if (text::parse_f32(token, &narrow) == text::NumberFault::None) {
    uint32_t again = ~narrow;
    require(text::parse_f32(text::format_f32_hex(narrow), &again) == text::NumberFault::None &&
            again == narrow);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  run_number(base::as_text({data, size}));
  run_module({data, size});
  run_script({data, size});
  return 0;
}
