// `wherry run` of a component: its surroundings by WASI 0.2, and its `wasi:cli/run`.
//
// As for modules, bodies are validated when they are first called, and the process ends without tearing down the store.
#include "cli/run_component.h"

#include <algorithm>

#include "cli/cache.h"
#include "cli/console.h"
#include "cli/invoke_component.h"
#include "cli/settings.h"
#include "cli/startup.h"
#include "cli/surroundings.h"
#include "wasi/p2/preview2.h"
#include "wherry/component.h"
#include "wherry/component_instance.h"
#include "wherry/component_linker.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

constexpr std::string_view kRun = "wasi:cli/run@0.2.12";

wasi::Preview2Config preview2_config(const Invocation& invocation, const Surroundings& surroundings,
                                     std::vector<std::string_view>* addresses) {
  wasi::Preview2Config config;
  static_cast<wasi::Capabilities&>(config) = surroundings.capabilities();
  for (const KeySetting& key : invocation.keys) {
    if (key.id == KeyId::AllowAddress) addresses->push_back(key.text);
    if (key.id == KeyId::Cwd) config.initial_cwd = key.text;
    if (key.id == KeyId::MaxRandomSize) config.max_random_bytes = key.number;
    if (key.id == KeyId::MaxResources) {
      config.max_resources = static_cast<uint32_t>(std::min<uint64_t>(key.number, UINT32_MAX));
    }
  }
  config.inherit_network = invocation.is_on(KeyId::InheritNetwork);
  config.allowed_addresses = *addresses;
  const bool reaches_something = config.inherit_network || !addresses->empty();
  config.allow_tcp = invocation.is_on(KeyId::Tcp, reaches_something);
  config.allow_udp = invocation.is_on(KeyId::Udp, reaches_something);
  config.allow_ip_name_lookup = invocation.is_on(KeyId::AllowIpNameLookup);
  config.inherit_timezone = invocation.is_on(KeyId::InheritTimezone);
  return config;
}

Result<ComponentFeatures> features(const Invocation& invocation) {
  ComponentFeatures features;
  for (const KeySetting& setting : invocation.keys) {
    if (setting.id == KeyId::AllProposals && setting.number != 0)
      WHERRY_RETURN_IF_ERROR(features.set("all", true));
    if (setting.id == KeyId::ComponentFeature)
      WHERRY_RETURN_IF_ERROR(features.set(setting.info->key, setting.number != 0));
  }
  return features;
}

// What only modules have.
Result<void> refuse(const Invocation& invocation) {
  for (const OptionSetting& option : invocation.options) {
    if (option.id == OptionId::Preload)
      return Error::usage("--preload is for modules; a component imports no modules by name");
  }
  for (const KeySetting& key : invocation.keys) {
    const bool is_on = key.info->kind != KeyKind::Bool || key.number != 0;
    const bool is_for_modules = key.info->group == Group::Debug || key.id == KeyId::Threads ||
                                key.id == KeyId::TcpListen || key.id == KeyId::ListenFd ||
                                key.id == KeyId::UnknownImportsDefault;
    if (is_on && is_for_modules) {
      return Error::usage("'" + std::string(key.info->key) +
                          "' is for modules, and the program is a component");
    }
  }
  return {};
}

class ComponentProgram {
 public:
  explicit ComponentProgram(const Invocation& invocation) : invocation_(invocation) {}

  Result<void> run(ComponentForm form, Bytes bytes) {
    WHERRY_RETURN_IF_ERROR(refuse(invocation_));
    WHERRY_ASSIGN_OR_RETURN(Config config, config_of(invocation_));
    config.validation = invocation_.is_on(KeyId::LazyValidation, true) ? Validation::Lazy : Validation::Eager;
    WHERRY_ASSIGN_OR_RETURN(const Engine engine, Engine::create(config));
    WHERRY_ASSIGN_OR_RETURN(const Component component, load(engine, form, bytes));
    WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
    store_.emplace(std::move(store));
    WHERRY_RETURN_IF_ERROR(limit_store(invocation_, *store_));
    linker_.emplace(engine);
    linker_->unknown_imports_trap(invocation_.is_on(KeyId::UnknownImportsTrap));
    if (invocation_.is_on(KeyId::Cli, invocation_.is_on(KeyId::Common, true))) {
      WHERRY_RETURN_IF_ERROR(look_around(invocation_, &surroundings_));
      std::vector<std::string_view> addresses;
      WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(*linker_));
      WHERRY_RETURN_IF_ERROR(wasi::attach(*store_, preview2_config(invocation_, surroundings_, &addresses)));
    }
    return start(component);
  }

 private:
  Result<Component> load(const Engine& engine, ComponentForm form, Bytes bytes) const {
    WHERRY_ASSIGN_OR_RETURN(const ComponentFeatures chosen, features(invocation_));
    const char* const path = invocation_.operands[0];
    switch (form) {
      case ComponentForm::Bytes: return Component::load(engine, bytes, chosen);
      case ComponentForm::File: return load_file(engine, path, chosen);
      case ComponentForm::Compiled: break;
    }
    if (!invocation_.has(OptionId::AllowPrecompiled)) return refuse_compiled(path);
    return Component::load_artifact_unsafe(engine, path, chosen);
  }

  // As Program does it for modules.
  Result<Component> load_file(const Engine& engine, const char* path, const ComponentFeatures& chosen) const {
    std::optional<Cache> cache = Cache::open(invocation_);
    if (cache) {
      if (const std::string compiled = cache->find(path); !compiled.empty()) {
        Result<Component> component = Component::load_artifact_unsafe(engine, compiled, chosen);
        if (component) return component;
      }
      cache->compile_in_background();
    }
    return Component::load_file(engine, path, chosen);
  }

  Result<void> start(const Component& component) {
    const auto call = invocation_.value(OptionId::Invoke);
    if (!call && !is_command(component)) {
      return Error::usage(quoted(invocation_.operands[0]) +
                          " exports no wasi:cli/run; --invoke calls another function");
    }
    WHERRY_ASSIGN_OR_RETURN(const ComponentInstance instance, linker_->instantiate(*store_, component));
    if (call) return invoke_component(*store_, instance, *call, std::span(invocation_.operands).subspan(1));
    using Run = Expected<void, void>();
    WHERRY_ASSIGN_OR_RETURN(const TypedComponentFunc<Run> run, instance.typed<Run>(*store_, kRun, "run"));
    WHERRY_ASSIGN_OR_RETURN(const auto result, run.call(*store_));
    return result.ok() ? Result<void>() : Error::exit(kFailure);
  }

  static bool is_command(const Component& component) {
    constexpr std::string_view kAnyVersion = "wasi:cli/run@0.2.";
    for (size_t i = 0; i < component.export_count(); ++i) {
      if (component.export_at(i).name().starts_with(kAnyVersion)) return true;
    }
    return false;
  }

  const Invocation& invocation_;
  Surroundings surroundings_;
  std::optional<Store> store_;
  std::optional<ComponentLinker> linker_;
};

}  // namespace

int run_component(const Invocation& invocation, ComponentForm form, Bytes bytes) {
  prepare_heap_for_component();
  // Left to the system at the end: the process is over then.
  const Result<void> result = (new ComponentProgram(invocation))->run(form, bytes);
  return result ? kSuccess : finish_failed(invocation.operands[0], result.error());
}

}  // namespace wherry::cli
