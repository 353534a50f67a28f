// Carries out the commands of test scripts on the public API. Everything of a script lives in one store: modules import
// from one another, and references pass between them.
//
// A refusal must come at the right stage: a malformed module from parser or decoder, an invalid one from the validator,
// an unlinkable one from the linker. The texts of these are not compared, as no two engines agree on them; those of traps
// are, as prefixes. A feature that is off refuses at either of the first two stages.
//
// A thread of a script is a world of its own (with a store, on a thread of the host) that knows, of the instances it is
// told about, the shared memories they export: nothing else can be in two stores.
#include "cli/wast_world.h"

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "cli/compile_server.h"
#include "cli/settings.h"
#include "cli/spectest.h"
#include "cli/wast_components.h"
#include "cli/wast_values.h"
#include "wherry/wherry.h"

namespace wherry::cli {

using text::WastCommand;
using text::WastKind;
using text::WastModule;
using text::WastModuleForm;

namespace {

std::string first_line(const Error& error) {
  const std::string text = error.describe();
  return text.substr(0, text.find('\n'));
}

std::string expected(std::string_view text, const std::string& found) {
  return "expected \"" + std::string(text) + "\", found: " + found;
}

// Names to things; scripts have few, and a later one replaces an earlier one.
template <class T>
class Named {
 public:
  void set(std::string_view name, T value) {
    last_.emplace(value);
    if (!name.empty()) items_.emplace_back(std::string(name), std::move(value));
  }
  // The one of that name; without a name the last one.
  const T* find(std::string_view name) const {
    if (name.empty()) return last_ ? &*last_ : nullptr;
    for (size_t i = items_.size(); i-- > 0;) {
      if (items_[i].first == name) return &items_[i].second;
    }
    return nullptr;
  }
  void forget_last() { last_.reset(); }

 private:
  std::optional<T> last_;
  std::vector<std::pair<std::string, T>> items_;
};

// What a thread sees of an instance of the script's.
using SharedExports = std::vector<std::pair<std::string, SharedMemory>>;

}  // namespace

struct WastWorld::Impl {
  // A script beside this one.
  struct Thread {
    std::string name;
    std::unique_ptr<Impl> world;
    base::ByteSpan script;
    uint64_t line = 1;
    std::string failures;
    uint64_t passed = 0;
    std::thread thread;

    ~Thread() {
      if (thread.joinable()) thread.join();
    }
    void run();
  };

  Impl(const Invocation& invocation_, CompileServer* compiler_, Engine engine_, Store store_)
      : invocation(invocation_),
        compiler(compiler_),
        engine(std::move(engine_)),
        store(std::move(store_)),
        linker(engine) {}

  static Result<std::unique_ptr<Impl>> create(const Invocation& invocation, CompileServer* compiler,
                                              const Engine& engine);

  const Invocation& invocation;
  CompileServer* compiler;  // Null: everything is interpreted.
  Engine engine;
  Store store;
  Linker linker;
  wasm::Features features;
  Named<Module> modules;
  Named<Instance> instances;
  Named<SharedExports> shared;
  std::vector<std::pair<std::string, SharedExports>> registered;  // Of `shared`.
  uint64_t passed_in_threads = 0;
  std::deque<Thread> threads;
  std::unique_ptr<WastComponents> components;  // Of components everything is there.

  // The binary form of a module that is text.
  Result<base::Vector<uint8_t>> parse(const WastModule& module) const {
    base::Result<text::TextModule> parsed = text::parse_module(module.bytes, {.features = features});
    if (parsed) return std::move(parsed->binary);
    const wasm::ErrorKind found = wasm::error_kind(parsed.error().code);
    ErrorKind kind = ErrorKind::Limit;
    if (found == wasm::ErrorKind::Malformed) kind = ErrorKind::Malformed;
    if (found == wasm::ErrorKind::Unsupported) kind = ErrorKind::Unsupported;
    return Error::make(kind, wasm::describe(parsed.error()));
  }

  Result<Module> load(const WastModule& module) const {
    if (module.form == WastModuleForm::Binary) return load(module.bytes);
    WHERRY_ASSIGN_OR_RETURN(const base::Vector<uint8_t> binary, parse(module));
    return load({binary.data(), binary.size()});
  }

  // What is malformed or invalid is refused before the compiler sees it.
  Result<Module> load(Bytes bytes) const {
    Result<Module> module = Module::load(engine, bytes);
    if (!module || compiler == nullptr) return module;
    WHERRY_ASSIGN_OR_RETURN(const std::vector<uint8_t> compiled, compiler->compile(bytes));
    return Module::load_artifact_unsafe(engine, Bytes(compiled));
  }

  Result<void> instantiate(std::string_view name, const Module& module) {
    instances.forget_last();
    components->forget_last();
    WHERRY_ASSIGN_OR_RETURN(const Instance instance, linker.instantiate(store, module));
    instances.set(name, instance);
    return {};
  }

  Result<void> define(const WastCommand& command) {
    WHERRY_ASSIGN_OR_RETURN(Module module, load(command.module));
    modules.set(command.module.name, std::move(module));
    return {};
  }

  // A module of a script: define it and make an instance of the same name.
  Result<void> define_and_instantiate(const WastCommand& command) {
    instances.forget_last();
    components->forget_last();
    WHERRY_RETURN_IF_ERROR(define(command));
    return instantiate(command.module.name, *modules.find({}));
  }

  Result<void> instantiate_definition(const WastCommand& command) {
    const Module* const module = modules.find(command.definition);
    if (module == nullptr) return Error::usage("there is no module definition of that name");
    return instantiate(command.name, *module);
  }

  Result<void> define(std::string_view module, const SharedExports& exports) {
    for (const auto& [name, memory] : exports) {
      WHERRY_RETURN_IF_ERROR(linker.define(module, name, memory));
    }
    return {};
  }

  Result<void> register_instance(const WastCommand& command) {
    if (const SharedExports* const exports = command.name.empty() ? nullptr : shared.find(command.name)) {
      registered.emplace_back(std::string(command.text), *exports);
      return define(command.text, *exports);
    }
    const Instance* const instance = instances.find(command.name);
    if (instance == nullptr) return Error::usage("there is no instance of that name");
    return linker.define_instance(store, command.text, *instance);
  }

  Result<std::vector<Val>> act(const text::WastAction& action) {
    const Instance* const instance = instances.find(action.instance);
    if (instance == nullptr) return Error::usage("there is no instance");
    if (action.kind == text::WastActionKind::Get) {
      WHERRY_ASSIGN_OR_RETURN(const Global global, instance->global(store, action.field));
      WHERRY_ASSIGN_OR_RETURN(const Val value, global.get(store));
      return std::vector<Val>{value};
    }
    WHERRY_ASSIGN_OR_RETURN(const Func func, instance->func(store, action.field));
    WHERRY_ASSIGN_OR_RETURN(const FuncType type, func.type(store));
    std::vector<Val> arguments;
    for (const text::WastValue& value : action.arguments) {
      WHERRY_ASSIGN_OR_RETURN(const Val argument, argument_of(store, value));
      arguments.push_back(argument);
    }
    std::vector<Val> results(type.results.size());
    WHERRY_RETURN_IF_ERROR(func.call(store, arguments, results));
    return results;
  }

  std::string assert_return(const WastCommand& command) {
    const Result<std::vector<Val>> results = act(command.action);
    if (!results) return first_line(results.error());
    if (results->size() != command.results.size()) {
      return "expected " + std::to_string(command.results.size()) + " results, found " +
             std::to_string(results->size());
    }
    for (size_t i = 0; i < results->size(); ++i) {
      const text::WastResult& wanted = command.results[i];
      bool is_match = false;
      for (uint32_t j = 0; j < wanted.count && !is_match; ++j) {
        is_match = matches(store, (*results)[i], command.values[wanted.first + j]);
      }
      if (is_match) continue;
      return "expected " + to_text(command.values[wanted.first]) + ", found " + to_text((*results)[i]);
    }
    return {};
  }

  // What an action or an instantiation came to must be a trap whose text begins like `text` (or the other way round:
  // scripts sometimes name the element, too).
  static std::string trapped(const Error* error, std::string_view text) {
    if (error == nullptr) return expected(text, "it returned");
    if (error->kind() != ErrorKind::Trap) return expected(text, first_line(*error));
    const std::string_view message = error->message();
    return message.starts_with(text) || text.starts_with(message) ? std::string()
                                                                  : expected(text, std::string(message));
  }

  std::string assert_trap(const WastCommand& command) {
    if (!command.has_module) {
      const Result<std::vector<Val>> results = act(command.action);
      return trapped(results ? nullptr : &results.error(), command.text);
    }
    const Result<Module> module = load(command.module);
    if (!module) return expected(command.text, first_line(module.error()));
    const Result<Instance> instance = linker.instantiate(store, *module);
    return trapped(instance ? nullptr : &instance.error(), command.text);
  }

  std::string assert_exception(const WastCommand& command) {
    const Result<std::vector<Val>> results = act(command.action);
    if (results) return expected("an exception", "it returned");
    const bool is_exception = results.error().kind() == ErrorKind::Exception;
    return is_exception ? std::string() : expected("an exception", first_line(results.error()));
  }

  std::string assert_unlinkable(const WastCommand& command) {
    const Result<Module> module = load(command.module);
    if (!module) return expected(command.text, first_line(module.error()));
    const Result<Instance> instance = linker.instantiate(store, *module);
    if (instance) return expected(command.text, "it was instantiated");
    return instance.error().kind() == ErrorKind::Link ? std::string()
                                                      : expected(command.text, first_line(instance.error()));
  }

  std::string assert_refused(const WastCommand& command, ErrorKind kind) {
    const Result<Module> module = load(command.module);
    if (module) return expected(command.text, "the module was accepted");
    const ErrorKind found = module.error().kind();
    return found == kind || found == ErrorKind::Unsupported
               ? std::string()
               : expected(command.text, first_line(module.error()));
  }

  // The module is fine, but one of its custom sections is not.
  std::string assert_invalid_custom(const WastCommand& command) {
    if (command.module.form == WastModuleForm::Binary) return refused_custom(command, command.module.bytes);
    const Result<base::Vector<uint8_t>> binary = parse(command.module);
    if (!binary) return expected(command.text, first_line(binary.error()));
    return refused_custom(command, *binary);
  }

  std::string refused_custom(const WastCommand& command, base::ByteSpan binary) const {
    if (const base::Result<void> valid = inspect::validate(binary, features); !valid) {
      return expected(command.text, wasm::describe(valid.error()));
    }
    return inspect::check_custom_sections(binary, features)
               ? expected(command.text, "the module was accepted")
               : std::string();
  }

  Result<SharedExports> shared_exports(std::string_view name) {
    const Instance* const instance = instances.find(name);
    if (instance == nullptr) return Error::usage("there is no instance of that name");
    WHERRY_ASSIGN_OR_RETURN(const Module module, instance->module(store));
    SharedExports exports;
    for (const ExportType& type : module.exports()) {
      if (type.type.kind != ExternKind::Memory || !type.type.memory.shared) continue;
      WHERRY_ASSIGN_OR_RETURN(const Memory memory, instance->memory(store, type.name));
      WHERRY_ASSIGN_OR_RETURN(SharedMemory same, SharedMemory::of(store, memory));
      exports.emplace_back(std::string(type.name), std::move(same));
    }
    return exports;
  }

  Result<void> start_thread(const WastCommand& command) {
    WHERRY_ASSIGN_OR_RETURN(std::unique_ptr<Impl> world, create(invocation, compiler, engine));
    for (const std::string_view name : command.shared) {
      WHERRY_ASSIGN_OR_RETURN(SharedExports exports, shared_exports(name));
      world->shared.set(name, std::move(exports));
    }
    Thread& thread = threads.emplace_back();
    thread.name = command.name;
    thread.world = std::move(world);
    thread.script = command.script;
    thread.line = command.script_line;
    thread.thread = std::thread([&thread] { thread.run(); });
    return {};
  }

  std::string wait(std::string_view name) {
    for (Thread& thread : threads) {
      if (thread.name != name || !thread.thread.joinable()) continue;
      thread.thread.join();
      passed_in_threads += thread.passed;
      // What a thread registers is registered for the script: its modules then import it.
      for (const auto& [module, exports] : thread.world->registered) {
        if (Result<void> defined = define(module, exports); !defined) return first_line(defined.error());
      }
      return thread.failures;
    }
    return "there is no thread of that name to wait for";
  }

  static std::string reason(const Result<void>& result) {
    return result ? std::string() : first_line(result.error());
  }

  std::string run(const WastCommand& command) {
    if (std::optional<std::string> answer = components->run(command)) {
      // What follows an instance of a component is said of that.
      if (command.kind == WastKind::Module || command.kind == WastKind::ModuleInstance)
        instances.forget_last();
      return *std::move(answer);
    }
    switch (command.kind) {
      case WastKind::Module: return reason(define_and_instantiate(command));
      case WastKind::ModuleDefinition: return reason(define(command));
      case WastKind::ModuleInstance: return reason(instantiate_definition(command));
      case WastKind::Register: return reason(register_instance(command));
      case WastKind::Action: {
        const Result<std::vector<Val>> results = act(command.action);
        return results ? std::string() : first_line(results.error());
      }
      case WastKind::AssertReturn: return assert_return(command);
      case WastKind::AssertTrap:
      case WastKind::AssertExhaustion:
      case WastKind::AssertUninstantiable: return assert_trap(command);
      case WastKind::AssertException: return assert_exception(command);
      case WastKind::AssertUnlinkable: return assert_unlinkable(command);
      case WastKind::AssertMalformed:
      case WastKind::AssertMalformedCustom: return assert_refused(command, ErrorKind::Malformed);
      case WastKind::AssertInvalid: return assert_refused(command, ErrorKind::Invalid);
      case WastKind::AssertInvalidCustom: return assert_invalid_custom(command);
      case WastKind::Thread: return reason(start_thread(command));
      case WastKind::Wait: return wait(command.name);
    }
    return "unknown command";
  }
};

void WastWorld::Impl::Thread::run() {
  text::WastReader reader(script, line);
  for (;;) {
    base::Result<std::optional<WastCommand>> command = reader.next();
    std::string reason;
    uint64_t at = line;
    if (!command) {
      reason = "the thread cannot be read: " + wasm::describe(command.error());
    } else if (!*command) {
      break;
    } else {
      reason = world->run(**command);
      at = (*command)->line;
      if (reason.empty() && text::is_assertion((*command)->kind)) ++passed;
    }
    if (!reason.empty()) {
      if (!failures.empty()) failures += '\n';
      failures += "line " + std::to_string(at) + " of thread $" + name + ": " + reason;
    }
    if (!command) break;
  }
  passed += world->passed_in_threads;
}

WastWorld::WastWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WastWorld::WastWorld(WastWorld&&) noexcept = default;
WastWorld& WastWorld::operator=(WastWorld&&) noexcept = default;
WastWorld::~WastWorld() = default;

Result<WastWorld> WastWorld::create(const Invocation& invocation, CompileServer* compiler) {
  WHERRY_ASSIGN_OR_RETURN(Config config, config_of(invocation));
  // Scripts make thousands of instances, and memories of the greatest size there is.
  config.limits.memory_bytes = uint64_t{1} << 46;
  config.limits.table_elements = uint64_t{1} << 32;
  config.limits.instances = config.limits.memories = config.limits.tables = 1'000'000;
  config.advanced.validation_threads = 1;
  WHERRY_ASSIGN_OR_RETURN(const Engine engine, Engine::create(config));
  WHERRY_ASSIGN_OR_RETURN(std::unique_ptr<Impl> impl, Impl::create(invocation, compiler, engine));
  return WastWorld(std::move(impl));
}

Result<std::unique_ptr<WastWorld::Impl>> WastWorld::Impl::create(const Invocation& invocation,
                                                                 CompileServer* compiler,
                                                                 const Engine& engine) {
  WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
  WHERRY_RETURN_IF_ERROR(limit_store(invocation, store));
  auto impl = std::make_unique<Impl>(invocation, compiler, engine, std::move(store));
  impl->components = std::make_unique<WastComponents>(component_features_of(invocation), impl->engine,
                                                      impl->store, compiler);
  impl->linker.allow_shadowing(true);
  impl->features = features_of(invocation);
  const bool threads = impl->features.has(wasm::Feature::Threads);
  WHERRY_RETURN_IF_ERROR(define_spectest(impl->linker, impl->store, threads));
  return impl;
}

uint64_t WastWorld::passed_in_threads() const { return impl_->passed_in_threads; }

std::string WastWorld::run(const WastCommand& command) { return impl_->run(command); }

}  // namespace wherry::cli
