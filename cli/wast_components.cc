// Components in test scripts, on the public API: definitions by name, instances, calls with component values. Refusals must
// come from the right stage, as they must for modules.
//
// Messages of traps are Wasmtime's, which has several for what is one condition here (or one for several): where texts differ, a table
// says which codes are meant.
#include "cli/wast_components.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/compile_component.h"
#include "cli/compile_server.h"
#include "cli/wast_component_values.h"
#include "component/decode.h"
#include "component/text.h"
#include "component/validate.h"
#include "engine/inspect/binary.h"
#include "wherry/component_linker.h"

namespace wherry::cli {

using text::WastCommand;
using text::WastKind;
using text::WastModule;
using text::WastModuleForm;

namespace {

std::string expected(std::string_view text, const std::string& found) {
  return "expected \"" + std::string(text) + "\", found: " + found;
}

std::string first_line(const Error& error) {
  const std::string text = error.describe();
  return text.substr(0, text.find('\n'));
}

bool is_meant(std::string_view text, TrapCode code) {
  constexpr std::string_view kPrefix = "wasm trap: ";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  if (text == "list content out-of-bounds") {
    return code == TrapCode::ListOutOfBounds || code == TrapCode::ReallocOutOfBounds;
  }
  if (text == "string content out-of-bounds") {
    return code == TrapCode::StringOutOfBounds || code == TrapCode::ReallocOutOfBounds;
  }
  if (text == "unaligned pointer") {
    return code == TrapCode::UnalignedPointer || code == TrapCode::ReallocUnaligned;
  }
  if (text == "wasm `unreachable` instruction executed") return code == TrapCode::Unreachable;
  const std::string_view message = trap_message(code);
  return message.starts_with(text) || text.starts_with(message);
}

// Names to things; a later one replaces an earlier one.
template <class T>
struct Named {
  std::string name;
  T value;
};

}  // namespace

struct WastComponents::Impl {
  Impl(const Engine& in, StoreRef store_, CompileServer* compiler_)
      : engine(in), store(store_), compiler(compiler_), linker(in) {
    linker.allow_shadowing(true);
  }

  Engine engine;
  StoreRef store;
  CompileServer* compiler;
  ComponentLinker linker;
  component::Features features;
  ComponentFeatures public_features;
  std::vector<Named<Component>> definitions;
  std::vector<Named<ComponentInstance>> instances;
  std::optional<ComponentInstance> current;

  template <class T>
  static const T* find(const std::vector<Named<T>>& list, std::string_view name) {
    for (size_t i = list.size(); i-- > 0;) {
      if (name.empty() || list[i].name == name) return &list[i].value;
    }
    return nullptr;
  }

  // Null: what is meant is no component.
  const ComponentInstance* find_instance(std::string_view name) const {
    if (name.empty()) return current ? &*current : nullptr;
    return find(instances, name);
  }

  // Whether it is well-formed and valid, by the stages' own errors.
  base::Result<void> check(const WastModule& module) const {
    std::vector<uint8_t> binary;
    if (module.form == WastModuleForm::Binary) {
      binary.assign(module.bytes.begin(), module.bytes.end());
    } else {
      const text::TextModule parsed =
          WHERRY_TRY(component::parse_component(module.bytes, {.features = features.core}));
      binary.assign(parsed.binary.begin(), parsed.binary.end());
    }
    wasm::TypeRegistry registry;
    component::Component decoded = WHERRY_TRY(component::decode(base::ByteSpan(binary), features));
    WHERRY_TRY(component::validate(std::move(decoded), registry));
    return {};
  }

  Result<Component> load(const WastModule& module) const {
    Result<Component> loaded = load_interpreted(module);
    if (!loaded || compiler == nullptr) return loaded;
    base::Result<text::TextModule> parsed;
    Bytes binary = module.bytes;
    if (module.form != WastModuleForm::Binary) {
      parsed = component::parse_component(module.bytes, {.features = features.core});
      if (!parsed) return loaded;  // It was parsed a moment ago.
      binary = Bytes(parsed->binary.data(), parsed->binary.size());
    }
    const auto compile = [this](Bytes core, const std::string&) { return compiler->compile(core); };
    WHERRY_ASSIGN_OR_RETURN(const base::Vector<uint8_t> compiled,
                            compile_component(binary, features, compile));
    return Component::load_artifact_unsafe(engine, Bytes(compiled.data(), compiled.size()), public_features);
  }

  Result<Component> load_interpreted(const WastModule& module) const {
    if (module.form == WastModuleForm::Binary) {
      return Component::load(engine, Bytes(module.bytes.data(), module.bytes.size()), public_features);
    }
    const std::string_view text(reinterpret_cast<const char*>(module.bytes.data()), module.bytes.size());
    return Component::load_text(engine, text, public_features);
  }

  std::string define(const WastCommand& command) {
    Result<Component> loaded = load(command.module);
    if (!loaded) return first_line(loaded.error());
    definitions.push_back({std::string(command.module.name), *std::move(loaded)});
    return {};
  }

  std::string make(std::string_view name, const Component& from) {
    current.reset();
    Result<ComponentInstance> made = linker.instantiate(store, from);
    if (!made) return first_line(made.error());
    current = *made;
    instances.push_back({std::string(name), *made});
    return {};
  }

  std::string instantiate(const WastCommand& command) {
    const Component* const found = find(definitions, command.definition);
    return found == nullptr ? "there is no component definition of that name" : make(command.name, *found);
  }

  std::string assert_refused(const WastCommand& command, wasm::ErrorKind kind) const {
    const base::Result<void> checked = check(command.module);
    if (checked) return expected(command.text, "the component was accepted");
    const wasm::ErrorKind found = wasm::error_kind(checked.error().code);
    const bool is_right = found == kind || found == wasm::ErrorKind::Unsupported;
    return is_right ? std::string() : expected(command.text, wasm::describe(checked.error()));
  }

  static std::string trapped(const Error* error, std::string_view text) {
    if (error == nullptr) return expected(text, "it returned");
    if (error->kind() != ErrorKind::Trap) return expected(text, first_line(*error));
    const std::string_view message = error->message();
    if (is_meant(text, *error->trap_code()) || message.starts_with(text) || text.starts_with(message))
      return {};
    return expected(text, std::string(message));
  }

  // What has to be instantiated in order to be seen to fail.
  std::string assert_at_instantiation(const WastCommand& command) const {
    const Result<Component> loaded = load(command.module);
    if (!loaded) return expected(command.text, first_line(loaded.error()));
    const Result<ComponentInstance> made = linker.instantiate(store, *loaded);
    if (command.kind != WastKind::AssertUnlinkable)
      return trapped(made ? nullptr : &made.error(), command.text);
    if (made) return expected(command.text, "it was instantiated");
    return made.error().kind() == ErrorKind::Link ? std::string()
                                                  : expected(command.text, first_line(made.error()));
  }

  struct Called {
    ComponentFuncType type;
    Result<std::optional<ComponentVal>> result;
  };
  Called call(const WastCommand& command, const ComponentInstance& instance) const {
    Called called{{}, Error::usage("only functions of components can be used")};
    const text::WastAction& action = command.action;
    if (action.kind != text::WastActionKind::Invoke) return called;
    const Result<ComponentFunc> func = instance.func(store, action.field);
    if (!func) {
      called.result = func.error().clone();
      return called;
    }
    called.type = func->type(store).value();
    std::vector<ComponentVal> arguments;
    for (size_t i = 0; i < action.arguments.size(); ++i) {
      const text::WastValue& value = action.arguments[i];
      std::optional<ComponentVal> argument;
      if (value.kind == text::WastValueKind::Component && i < called.type.param_count())
        argument = component_value_of(command, value.bits, called.type.param_type(i));
      if (!argument) {
        called.result = Error::usage("argument " + std::to_string(i) + " is not of the function's type");
        return called;
      }
      arguments.push_back(*std::move(argument));
    }
    called.result = func->call(store, arguments);
    return called;
  }

  std::string assert_return(const WastCommand& command, const ComponentInstance& instance) const {
    const Called called = call(command, instance);
    if (!called.result) return first_line(called.result.error());
    if (called.result->has_value() != !command.results.empty())
      return "another number of results than expected";
    if (command.results.empty()) return {};
    const text::WastResult& wanted = command.results[0];
    for (uint32_t i = 0; i < wanted.count; ++i) {
      const text::WastValue& value = command.values[wanted.first + i];
      if (value.kind == text::WastValueKind::Component &&
          matches(command, value.bits, called.type.result(), **called.result)) {
        return {};
      }
    }
    return "the result, a " + called.type.result().to_string() + ", is not what was expected";
  }

  // Nothing: the command is about modules.
  std::optional<std::string> act(const WastCommand& command) {
    const bool is_register = command.kind == WastKind::Register;
    const ComponentInstance* const instance =
        find_instance(is_register ? command.name : command.action.instance);
    if (instance == nullptr) return std::nullopt;
    switch (command.kind) {
      case WastKind::Register: {
        const Result<void> defined = linker.define_instance(store, command.text, *instance);
        return defined ? std::string() : first_line(defined.error());
      }
      case WastKind::Action: {
        const Called called = call(command, *instance);
        return called.result ? std::string() : first_line(called.result.error());
      }
      case WastKind::AssertReturn: return assert_return(command, *instance);
      case WastKind::AssertTrap:
      case WastKind::AssertExhaustion: {
        const Called called = call(command, *instance);
        return trapped(called.result ? nullptr : &called.result.error(), command.text);
      }
      case WastKind::AssertException: return "no exception leaves a component";
      default: return std::nullopt;
    }
  }
};

WastComponents::WastComponents(const component::Features& features, const Engine& engine, StoreRef store,
                               CompileServer* compiler)
    : impl_(std::make_unique<Impl>(engine, store, compiler)) {
  impl_->features = features;
  for (uint32_t i = 0; i < component::kFeatureCount; ++i) {
    const auto feature = static_cast<component::Feature>(i);
    (void)impl_->public_features.set(component::kFeatureRows[i].key, features.has(feature));
  }
}
WastComponents::~WastComponents() = default;

void WastComponents::forget_last() { impl_->current.reset(); }

std::optional<std::string> WastComponents::run(const WastCommand& command) {
  if (command.kind == WastKind::ModuleInstance && command.is_component) return impl_->instantiate(command);
  if (!command.has_module) return impl_->act(command);
  if (!command.module.is_component) return std::nullopt;
  switch (command.kind) {
    case WastKind::ModuleDefinition: return impl_->define(command);
    case WastKind::Module: {
      std::string problem = impl_->define(command);
      return problem.empty() ? impl_->make(command.module.name, impl_->definitions.back().value) : problem;
    }
    case WastKind::AssertMalformed:
    case WastKind::AssertMalformedCustom: return impl_->assert_refused(command, wasm::ErrorKind::Malformed);
    case WastKind::AssertInvalid:
    case WastKind::AssertInvalidCustom: return impl_->assert_refused(command, wasm::ErrorKind::Invalid);
    default: return impl_->assert_at_instantiation(command);
  }
}

}  // namespace wherry::cli
