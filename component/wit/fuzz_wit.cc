// Fuzz target: any text is WIT or is refused, with a message; and what is read is printed as text that is read as a model which
// prints the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "component/wit/print.h"
#include "component/wit/resolve.h"
#include "engine/text/string_sink.h"

namespace {

using namespace wherry;
using namespace wherry::component;

// Empty: it was refused.
std::string print(std::string_view text, bool all) {
  base::Vector<wit::Source> files;
  wit::Source file;
  file.path = "a.wit";
  if (!file.bytes.append({reinterpret_cast<const uint8_t*>(text.data()), text.size()}) ||
      !files.push_back(std::move(file))) {
    std::abort();
  }
  std::expected<wit::Model, std::string> model = wit::resolve(files.span(), {.all = all, .features = {}});
  if (!model) {
    if (model.error().empty()) std::abort();
    return {};
  }
  text::StringSink json;
  if (!wit::print_json(*model, json)) std::abort();
  text::StringSink sink;
  if (!wit::print(*model, {}, sink)) std::abort();
  return sink.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string once = print(text, data[0] % 2 == 0);
  if (once.empty()) return 0;
  const std::string twice = print(once, true);
  // Types and functions are sorted into one order by printing; after that nothing moves any more.
  if (twice.empty() || print(twice, true) != twice) std::abort();
  return 0;
}
