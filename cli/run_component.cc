// `wherry run` of a component: its surroundings by WASI 0.2, and its `wasi:cli/run`.
//
// As for modules, bodies are validated when they are first called, and the process ends without tearing down the store.
#include "cli/run_component.h"

#include <algorithm>
#include <memory>

#include "cli/cache.h"
#include "cli/console.h"
#include "cli/invoke_component.h"
#include "cli/native_symbols.h"
#include "cli/settings.h"
#include "cli/startup.h"
#include "cli/surroundings.h"
#include "cli/watch.h"
#include "wherry/component.h"
#include "wherry/component_instance.h"
#include "wherry/component_linker.h"
#include "wherry/wasi_component.h"
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

// What only modules have, and what there is for components instead.
Result<void> refuse(const Invocation& invocation) {
  for (const OptionSetting& option : invocation.options) {
    if (option.id == OptionId::Preload) {
      return Error::usage(
          "--preload gives a core module the exports of another; a component gets those of others by `wherry "
          "component compose`");
    }
  }
  struct Refused {
    KeyId key;
    std::string_view instead;
  };
  constexpr std::string_view kSockets =
      "; a component opens its sockets itself, with -S inherit-network or -S allow-address";
  constexpr Refused kRefused[] = {
      {KeyId::Threads, ", which alone can share a memory with threads of wasi-threads"},
      {KeyId::TcpListen, kSockets},
      {KeyId::ListenFd, kSockets},
      {KeyId::UnknownImportsDefault, "; -W unknown-imports-trap=y is for both"},
  };
  for (const KeySetting& key : invocation.keys) {
    if (key.info->kind == KeyKind::Bool && key.number == 0) continue;
    for (const Refused& refused : kRefused) {
      if (refused.key == key.id)
        return Error::usage(quoted(key.info->key) + " is for core modules" + std::string(refused.instead));
    }
  }
  return {};
}

class ComponentProgram {
 public:
  explicit ComponentProgram(const Invocation& invocation) : invocation_(invocation) {}

  Result<void> run(ComponentForm form, Bytes bytes) {
    Result<void> result = prepare(form, bytes);
    if (watch_ != nullptr) [[unlikely]]
      end_watch(*watch_, &result);
    return result;
  }

 private:
  Result<void> prepare(ComponentForm form, Bytes bytes) {
    WHERRY_RETURN_IF_ERROR(refuse(invocation_));
    WHERRY_ASSIGN_OR_RETURN(Config config, config_of(invocation_));
    config.validation = invocation_.is_on(KeyId::LazyValidation, true) ? Validation::Lazy : Validation::Eager;
    if (is_watched(invocation_)) {
      WHERRY_ASSIGN_OR_RETURN(watch_, begin_watch(invocation_, &config));
    }
    WHERRY_ASSIGN_OR_RETURN(const Engine engine, Engine::create(config));
    WHERRY_RETURN_IF_ERROR(symbols_.open(invocation_));
    WHERRY_ASSIGN_OR_RETURN(const Component component, load(engine, form, bytes));
    WHERRY_RETURN_IF_ERROR(symbols_.add(component));
    WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
    store_.emplace(std::move(store));
    if (watch_ != nullptr) WHERRY_RETURN_IF_ERROR(store_->set_observer(&*watch_));
    WHERRY_RETURN_IF_ERROR(limit_store(invocation_, *store_));
    if (const KeySetting* const most = invocation_.key(KeyId::MaxComponentHandles)) {
      const auto count = static_cast<uint32_t>(std::min<uint64_t>(most->number, UINT32_MAX));
      WHERRY_RETURN_IF_ERROR(limit_component_handles(*store_, count));
    }
    linker_.emplace(engine);
    linker_->unknown_imports_trap(invocation_.is_on(KeyId::UnknownImportsTrap));
    if (has_wasi()) {
      WHERRY_RETURN_IF_ERROR(look_around(invocation_, &surroundings_));
      std::vector<std::string_view> addresses;
      WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(*linker_));
      WHERRY_RETURN_IF_ERROR(wasi::attach(*store_, preview2_config(invocation_, surroundings_, &addresses)));
    }
    return start(component);
  }

  bool has_wasi() const { return invocation_.is_on(KeyId::Cli, invocation_.is_on(KeyId::Common, true)); }

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
    if (!call) WHERRY_RETURN_IF_ERROR(check_command(component));
    Result<ComponentPre> pre = linker_->prelink(component);
    if (!pre && pre.error().kind() == ErrorKind::Link) {
      return Error::make(ErrorKind::Link, std::string(pre.error().message()) + what_to_do(component));
    }
    if (!pre) return std::move(pre).error();
    WHERRY_ASSIGN_OR_RETURN(const ComponentInstance instance, pre->instantiate(*store_));
    if (call) return invoke_component(*store_, instance, *call, std::span(invocation_.operands).subspan(1));
    using Run = Expected<void, void>();
    WHERRY_ASSIGN_OR_RETURN(const TypedComponentFunc<Run> run, instance.typed<Run>(*store_, kRun, "run"));
    WHERRY_ASSIGN_OR_RETURN(const auto result, run.call(*store_));
    return result.ok() ? Result<void>() : Error::exit(kFailure);
  }

  // Whether it is a program: exports wasi:cli/run in a version that there is.
  Result<void> check_command(const Component& component) const {
    constexpr std::string_view kInterface = "wasi:cli/run@";
    const std::string name = quoted(invocation_.operands[0]);
    std::string_view other;
    for (size_t i = 0; i < component.export_count(); ++i) {
      const std::string_view exported = component.export_at(i).name();
      if (!exported.starts_with(kInterface)) continue;
      if (exported.substr(kInterface.size()).starts_with("0.2.")) return {};
      other = exported;
    }
    if (!other.empty()) {
      return Error::usage(name + " exports " + quoted(other) + "; this version runs programs for WASI 0.2, " +
                          quoted(kRun) + " and older");
    }
    const std::string functions = exported_functions(component);
    if (functions.empty()) return Error::usage(name + " exports no function: there is nothing to run");
    return Error::usage(name +
                        " is no program: it exports no 'wasi:cli/run'; --invoke 'NAME(ARGUMENTS)' calls " +
                        "a function of it: " + functions);
  }

  // Behind an error of linking: how the imports could be had that are not there.
  std::string what_to_do(const Component& component) const {
    for (size_t i = 0; i < component.import_count(); ++i) {
      const ComponentItem item = component.import_at(i);
      const bool is_instance = item.kind() == ComponentItemKind::Instance;
      if (is_instance ? linker_->has_interface(item.name()) : item.kind() != ComponentItemKind::Func)
        continue;
      if (!is_instance || !item.name().starts_with("wasi:")) {
        return "; `wherry component compose` joins a component with others that export what it imports";
      }
      if (!has_wasi()) return "; -S cli=n withholds WASI";
      return "; of WASI there is version 0.2.12 of cli, clocks, filesystem, io, random and sockets";
    }
    return {};
  }

  const Invocation& invocation_;
  std::unique_ptr<Watch> watch_;  // Watches the store.
  NativeSymbols symbols_;
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
