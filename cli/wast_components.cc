// Components in test scripts. A definition is parsed, decoded and validated; refusals must come from the right stage, as
// they must for modules.
//
// A component cannot be instantiated yet: what asks for an instance is a failure that says so. instantiate() is the
// place where it begins, and Instance what an action would find.
#include "cli/wast_components.h"

#include <string_view>
#include <utility>
#include <vector>

#include "component/decode.h"
#include "component/text.h"
#include "component/validate.h"
#include "engine/inspect/binary.h"

namespace wherry::cli {

using component::ValidComponent;
using text::WastCommand;
using text::WastKind;
using text::WastModule;
using text::WastModuleForm;

namespace {

constexpr std::string_view kNotInstantiable = "a component cannot be instantiated yet";

std::string expected(std::string_view text, const std::string& found) {
  return "expected \"" + std::string(text) + "\", found: " + found;
}

}  // namespace

struct WastComponents::Impl {
  // A component with what it was made from, which it refers to.
  struct Definition {
    std::string name;
    std::vector<uint8_t> binary;
    std::unique_ptr<ValidComponent> component;
  };

  component::Features features;
  wasm::TypeRegistry registry;
  std::vector<Definition> definitions;  // After the registry: goes before it.

  base::Result<std::vector<uint8_t>> binary_of(const WastModule& module) const {
    if (module.form == WastModuleForm::Binary)
      return std::vector<uint8_t>(module.bytes.begin(), module.bytes.end());
    const text::TextModule parsed =
        WHERRY_TRY(component::parse_component(module.bytes, {.features = features.core}));
    return std::vector<uint8_t>(parsed.binary.begin(), parsed.binary.end());
  }

  base::Result<Definition> load(const WastModule& module) {
    Definition definition;
    definition.name = module.name;
    definition.binary = WHERRY_TRY(binary_of(module));
    component::Component decoded = WHERRY_TRY(component::decode(base::ByteSpan(definition.binary), features));
    ValidComponent valid = WHERRY_TRY(component::validate(std::move(decoded), registry));
    definition.component = std::make_unique<ValidComponent>(std::move(valid));
    return definition;
  }

  // Null: there is none.
  const Definition* find(std::string_view name) const {
    for (size_t i = definitions.size(); i-- > 0;) {
      if (name.empty() || definitions[i].name == name) return &definitions[i];
    }
    return nullptr;
  }

  std::string define(const WastCommand& command) {
    base::Result<Definition> loaded = load(command.module);
    if (!loaded) return wasm::describe(loaded.error());
    definitions.push_back(std::move(*loaded));
    return {};
  }

  std::string instantiate(const WastCommand& command) const {
    if (find(command.definition) == nullptr) return "there is no component definition of that name";
    return std::string(kNotInstantiable);
  }

  std::string assert_refused(const WastCommand& command, wasm::ErrorKind kind) {
    const base::Result<Definition> loaded = load(command.module);
    if (loaded) return expected(command.text, "the component was accepted");
    const wasm::ErrorKind found = wasm::error_kind(loaded.error().code);
    const bool is_right = found == kind || found == wasm::ErrorKind::Unsupported;
    return is_right ? std::string() : expected(command.text, wasm::describe(loaded.error()));
  }

  // What has to be instantiated in order to be seen to fail.
  std::string assert_at_instantiation(const WastCommand& command) {
    const base::Result<Definition> loaded = load(command.module);
    if (!loaded) return expected(command.text, wasm::describe(loaded.error()));
    return expected(command.text, std::string(kNotInstantiable));
  }
};

WastComponents::WastComponents(const component::Features& features) : impl_(std::make_unique<Impl>()) {
  impl_->features = features;
}
WastComponents::~WastComponents() = default;

std::optional<std::string> WastComponents::run(const WastCommand& command) {
  if (command.kind == WastKind::ModuleInstance && command.is_component) return impl_->instantiate(command);
  if (!command.has_module || !command.module.is_component) return std::nullopt;
  switch (command.kind) {
    case WastKind::ModuleDefinition: return impl_->define(command);
    case WastKind::Module: {
      std::string problem = impl_->define(command);
      return problem.empty() ? std::string(kNotInstantiable) : problem;
    }
    case WastKind::AssertMalformed:
    case WastKind::AssertMalformedCustom: return impl_->assert_refused(command, wasm::ErrorKind::Malformed);
    case WastKind::AssertInvalid:
    case WastKind::AssertInvalidCustom: return impl_->assert_refused(command, wasm::ErrorKind::Invalid);
    default: return impl_->assert_at_instantiation(command);
  }
}

}  // namespace wherry::cli
