// Fuzz target: any text is a value in WAVE of some type or is refused, with a message; and what is read is printed as text that is
// read as the same value. The first byte chooses the type.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "component/wave.h"
#include "wherry/component.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;

constexpr const char* kComponent = R"((component
  (type $record' (record (field "a" u8) (field "some" (option string)) (field "c" (list f32))))
  (import "record" (type $record (eq $record')))
  (type $variant' (variant (case "none") (case "number" u8) (case "text" string) (case "x" $record)))
  (import "variant" (type $variant (eq $variant')))
  (type $flags' (flags "a" "b" "inf"))
  (import "flags" (type $flags (eq $flags')))
  (type $enum' (enum "yes" "no" "true"))
  (import "enum" (type $enum (eq $enum')))
  (import "f" (func $f
    (param "a" bool) (param "b" s8) (param "c" u64) (param "d" f32) (param "e" f64) (param "f" char) (param "g" string)
    (param "h" (list (tuple u8 string))) (param "i" (option (option u8))) (param "j" (result (result u8) (error string)))
    (param "k" (tuple char (option s64))) (param "l" $record) (param "m" $variant) (param "n" $flags) (param "o" $enum)))
  (export "f" (func $f))))";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const Engine engine = Engine::create().value();
  static const Component component = Component::load_text(engine, kComponent).value();
  const ComponentFuncType func = component.find_export("f").func();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto arguments = component::parse_wave_arguments(text, func);
  if (!arguments && arguments.error().empty()) std::abort();
  const component::WaveCall call = component::split_wave_call(text);
  if (call.function.size() + call.arguments.size() > text.size()) std::abort();
  const ComponentType type = func.param_type(data[0] % func.param_count());
  const auto value = component::parse_wave(text, type);
  if (!value) {
    if (value.error().empty()) std::abort();
    return 0;
  }
  const std::string printed = component::print_wave(*value, type);
  const auto again = component::parse_wave(printed, type);
  if (!again || component::print_wave(*again, type) != printed) std::abort();
  // All bits but those of a NaN, which has no text of its own.
  if (printed.find("nan") == std::string::npos && !(*again == *value)) std::abort();
  return 0;
}
