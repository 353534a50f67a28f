// `wherry run`: a module, its surroundings, and its start.
//
// What costs time is left out: bodies are validated when they are first called, the file is mapped and only the pages that
// are needed are read, nothing counts or watches a program that was given neither fuel nor a deadline, and the process ends
// without tearing down the store.
//
// The order is wasmtime's: preloaded modules, the program's instance, `_initialize`, and then the function that --invoke
// names or else "" or `_start`. A module with none of these has nothing to run, which is no error.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>

#include "cli/cache.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input.h"
#include "cli/invoke.h"
#include "cli/native_symbols.h"
#include "cli/run_component.h"
#include "cli/settings.h"
#include "cli/startup.h"
#include "cli/surroundings.h"
#include "cli/watch.h"
#include "engine/inspect/binary.h"
#include "engine/inspect/compiled.h"
#include "wherry/component.h"
#include "wherry/wasi.h"
#include "wherry/wasi_threads.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

// What preview 1 needs besides.
wasi::Preview1Config preview1_config(const Invocation& invocation, const Surroundings& surroundings,
                                     std::vector<std::string_view>* tcp_listen) {
  for (const KeySetting& key : invocation.keys) {
    if (key.id == KeyId::TcpListen) tcp_listen->push_back(key.text);
  }
  wasi::Preview1Config config;
  static_cast<wasi::Capabilities&>(config) = surroundings.capabilities();
  config.tcp_listen = *tcp_listen;
  config.listen_fds = invocation.is_on(KeyId::ListenFd);
  config.shared = invocation.is_on(KeyId::Threads);
  return config;
}

enum class FileKind : uint8_t { Binary, Component, Compiled, CompiledComponent, Other, NoFile };

// By how it begins.
FileKind kind_of_file(const char* path) {
  struct stat status;
  if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return FileKind::NoFile;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return FileKind::Other;
  alignas(8) uint8_t magic[inspect::kCompiledHeadBytes];
  const ssize_t count = read(file, magic, sizeof(magic));
  close(file);
  const std::span<const uint8_t> found(magic, count < 0 ? 0 : static_cast<size_t>(count));
  if (inspect::is_compiled_component(found)) return FileKind::CompiledComponent;
  if (inspect::is_compiled(found)) return FileKind::Compiled;
  if (Component::is_component(found)) return FileKind::Component;
  return inspect::is_binary(found) ? FileKind::Binary : FileKind::Other;
}

class Program {
 public:
  explicit Program(const Invocation& invocation) : invocation_(invocation) {}

  int run() {
    const char* const path = invocation_.operands[0];
    std::optional<int> status;
    Result<void> result = prepare(path, &status);
    if (status) return *status;
    if (result) result = start();
    if (watch_ != nullptr) [[unlikely]]
      end_watch(*watch_, &result);
    if (store_ && invocation_.is_on(KeyId::GcStats)) report_collections();
    return end(result ? nullptr : &result.error());
  }

 private:
  // `*status` is set when all has been said already.
  Result<void> prepare(const char* path, std::optional<int>* status) {
    const FileKind kind = kind_of_file(path);
    if (kind == FileKind::Component) {
      *status = run_component(invocation_, ComponentForm::File, {});
      return {};
    }
    if (kind == FileKind::CompiledComponent) {
      *status = run_component(invocation_, ComponentForm::Compiled, {});
      return {};
    }
    WHERRY_ASSIGN_OR_RETURN(Config config, config_of(invocation_));
    config.validation = invocation_.is_on(KeyId::LazyValidation, true) ? Validation::Lazy : Validation::Eager;
    if (is_watched(invocation_)) {
      WHERRY_ASSIGN_OR_RETURN(watch_, begin_watch(invocation_, &config));
    }
    WHERRY_ASSIGN_OR_RETURN(Engine engine, Engine::create(config));
    WHERRY_RETURN_IF_ERROR(symbols_.open(invocation_));
    WHERRY_RETURN_IF_ERROR(load(engine, path, kind, &module_, status));
    if (*status) return {};
    WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
    store_.emplace(std::move(store));
    linker_.emplace(engine);
    WHERRY_RETURN_IF_ERROR(limit_store(invocation_, *store_));
    if (invocation_.is_on(KeyId::Cli, true)) {
      WHERRY_RETURN_IF_ERROR(look_around(invocation_, &surroundings_));
      WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(*linker_));
      WHERRY_RETURN_IF_ERROR(
          wasi::attach(*store_, preview1_config(invocation_, surroundings_, &tcp_listen_)));
    }
    WHERRY_RETURN_IF_ERROR(preload(engine, status));
    if (*status) return {};
    if (invocation_.is_on(KeyId::Threads)) WHERRY_RETURN_IF_ERROR(provide_threads(engine));
    return unknown_imports();
  }

  Result<void> provide_threads(const Engine& engine) {
    wasi::ThreadsConfig config;
    if (const KeySetting* const most = invocation_.key(KeyId::MaxThreads)) {
      config.max_threads = most->number > 0xffff'ffff ? 0xffff'ffff : static_cast<uint32_t>(most->number);
    }
    config.context = this;
    config.prepare = [](void* self, StoreRef store) {
      return static_cast<Program*>(self)->prepare_thread(store);
    };
    config.failed = [](void* self, uint32_t, const Error& error) {
      _exit(static_cast<Program*>(self)->end(&error));
    };
    WHERRY_ASSIGN_OR_RETURN(threads_, wasi::Threads::create(engine, config));
    return threads_->add_to_linker(*linker_, *module_);
  }

  // On a thread of the program's own. Fuel is each thread's, time the program's.
  Result<void> prepare_thread(StoreRef store) {
    WHERRY_RETURN_IF_ERROR(limit_store(invocation_, store));
    if (const auto deadline = store_->deadline()) {
      const std::chrono::nanoseconds left = *deadline - std::chrono::steady_clock::now();
      WHERRY_RETURN_IF_ERROR(store.set_deadline(left));
    }
    return invocation_.is_on(KeyId::Cli, true) ? wasi::attach_shared(store, *store_) : Result<void>();
  }

  Result<void> load(const Engine& engine, const char* path, FileKind kind, std::optional<Module>* out,
                    std::optional<int>* status) {
    // A file is taken for binary until it turns out to be none; pipes can be read only once.
    if (kind != FileKind::NoFile) {
      if (kind == FileKind::Compiled) return load_compiled(engine, path, out);
      if (kind == FileKind::Binary && load_cached(engine, path, out)) return {};
      Result<Module> module = Module::load_file(engine, path);
      if (module) {
        out->emplace(*std::move(module));
        return {};
      }
      if (kind == FileKind::Binary) {
        *status = complain(module.error().describe());  // Names the file itself.
        return {};
      }
    }
    ModuleInput& input = inputs_.emplace_back();
    if (!read_module(path, {}, &input)) {
      *status = kFailure;
      return {};
    }
    if (input.is_component() && out == &module_) {
      *status = run_component(invocation_, ComponentForm::Bytes, input.binary);
      return {};
    }
    WHERRY_ASSIGN_OR_RETURN(Module module, Module::load_borrowed(engine, input.binary));
    out->emplace(std::move(module));
    return {};
  }

  Result<void> load_compiled(const Engine& engine, const char* path, std::optional<Module>* out) {
    if (!invocation_.has(OptionId::AllowPrecompiled)) return refuse_compiled(path);
    WHERRY_ASSIGN_OR_RETURN(Module module, Module::load_artifact_unsafe(engine, path));
    out->emplace(std::move(module));
    return symbols_.add(**out);
  }

  // From the cache, or has it compiled for the next run. Whatever is wrong there, the program runs without.
  bool load_cached(const Engine& engine, const char* path, std::optional<Module>* out) {
    std::optional<Cache> cache = Cache::open(invocation_);
    if (!cache) return false;
    if (const std::string compiled = cache->find(path); !compiled.empty()) {
      Result<Module> module = Module::load_artifact_unsafe(engine, compiled);
      if (module) {
        out->emplace(*std::move(module));
        (void)symbols_.add(**out);  // Without them it runs too.
        return true;
      }
    }
    cache->compile_in_background();
    return false;
  }

  Result<void> preload(const Engine& engine, std::optional<int>* status) {
    for (const OptionSetting& option : invocation_.options) {
      if (option.id != OptionId::Preload) continue;
      const size_t equals = option.value.find('=');
      if (equals == std::string_view::npos) {
        *status = complain("--preload is " + quoted(option.value) + ", expected NAME=FILE", kWrongUsage);
        return {};
      }
      // The rest of an argument of argv: it ends with a zero.
      const char* const path = option.value.data() + equals + 1;
      std::optional<Module> module;
      if (Result<void> loaded = load(engine, path, kind_of_file(path), &module, status); !loaded) {
        return std::move(loaded).error().with_context(quoted(path));
      }
      if (*status) return {};
      Result<Instance> instance = linker_->define_module(*store_, option.value.substr(0, equals), *module);
      if (!instance) return std::move(instance).error().with_context(quoted(path));
    }
    return {};
  }

  Result<void> unknown_imports() {
    if (invocation_.is_on(KeyId::UnknownImportsDefault)) {
      for (const ImportType& import : module_->imports()) {
        if (import.type.kind != ExternKind::Func) continue;
        WHERRY_ASSIGN_OR_RETURN(const std::optional<Extern> known,
                                linker_->get(*store_, import.module, import.name));
        if (known) continue;
        // Results hold zeros already.
        const auto zeros = [](Caller&, std::span<const Val>, std::span<Val>) -> Result<void> { return {}; };
        WHERRY_RETURN_IF_ERROR(linker_->func(import.module, import.name, import.type.func, zeros));
      }
    }
    if (invocation_.is_on(KeyId::UnknownImportsTrap))
      return linker_->define_unknown_imports_as_traps(*module_);
    return {};
  }

  Result<Instance> instantiate() {
    WHERRY_ASSIGN_OR_RETURN(const InstancePre pre, linker_->prelink(*module_));
    if (threads_ != nullptr && starts_threads()) WHERRY_RETURN_IF_ERROR(threads_->set_program(pre, *store_));
    return pre.instantiate(*store_);
  }

  bool starts_threads() const {
    for (const ImportType& import : module_->imports()) {
      if (import.module == "wasi" && import.name == "thread-spawn") return true;
    }
    return false;
  }

  Result<void> start() {
    if (watch_ != nullptr) WHERRY_RETURN_IF_ERROR(store_->set_observer(&*watch_));
    WHERRY_ASSIGN_OR_RETURN(const Instance instance, instantiate());
    if (exports_function("_initialize")) WHERRY_RETURN_IF_ERROR(invoke(*store_, instance, "_initialize", {}));
    if (const auto name = invocation_.value(OptionId::Invoke)) {
      return invoke(*store_, instance, *name, std::span(invocation_.operands).subspan(1));
    }
    for (const std::string_view name : {"", "_start"}) {
      if (exports_function(name)) return invoke(*store_, instance, name, {});
    }
    return {};
  }

  void report_collections() const {
    const GcStatistics found = store_->gc_statistics();
    const auto ms = [](std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; };
    std::fprintf(stderr,
                 "gc: %llu collections, %.1f MiB allocated, %.1f MiB live after the last, %.1f MiB in use, "
                 "pauses %.2f ms in all, %.2f ms at most\n",
                 static_cast<unsigned long long>(found.collections),
                 static_cast<double>(found.allocated_bytes) / (1 << 20),
                 static_cast<double>(found.live_bytes) / (1 << 20),
                 static_cast<double>(found.heap_bytes) / (1 << 20), ms(found.total_pause),
                 ms(found.longest_pause));
  }

  bool exports_function(std::string_view name) const {
    const std::optional<ExternType> type = module_->find_export(name);
    return type && type->kind == ExternKind::Func;
  }

  // The status of the program, with its error said. The first thread that comes here, by returning from the program's start
  // or by an error, ends the process; others wait for that.
  int end(const Error* error) {
    while (is_ending_.exchange(true)) pause();
    return error == nullptr ? kSuccess : finish_failed(invocation_.operands[0], *error);
  }

  const Invocation& invocation_;
  std::deque<ModuleInput> inputs_;  // What modules borrow.
  Surroundings surroundings_;
  std::vector<std::string_view> tcp_listen_;
  std::optional<Module> module_;
  std::optional<Store> store_;
  std::optional<Linker> linker_;
  std::unique_ptr<wasi::Threads> threads_;
  std::atomic<bool> is_ending_{false};
  std::unique_ptr<Watch> watch_;
  NativeSymbols symbols_;
};

}  // namespace

int run_command(const Invocation& invocation) {
  if (invocation.operands.empty()) return complain("'run' needs a file", kWrongUsage);
  prepare_heap();
  // Left to the system at the end: the process is over then.
  return (new Program(invocation))->run();
}

}  // namespace wherry::cli
