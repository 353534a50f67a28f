#pragma once

#include <string>

#include "component/print.h"
#include "engine/decode/decode.h"
#include "engine/text/string_sink.h"

// For tests: a component as text, its core modules without their names.
namespace wherry::component {

inline base::Result<std::string> print_whole(const Component& component) {
  class CorePrinter final : public ModulePrinter {
   public:
    base::Result<void> print(base::ByteSpan bytes, text::TextSink& sink) override {
      const wasm::Module module = WHERRY_TRY(decode::decode(bytes, {.features = wasm::Features::all()}));
      return text::print(module, {}, sink);
    }
  } modules;
  text::StringSink sink;
  WHERRY_TRY(print(component, {}, modules, sink));
  return std::move(sink.text);
}

}  // namespace wherry::component
