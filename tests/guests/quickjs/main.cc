// Embeds QuickJS, a WebAssembly library, through the public C++ API: `wherry-quickjs GUEST SCRIPT` evaluates a script that
// may call four functions of this program, runs what it left pending, and prints the result.
//
// The guest is a reactor: it has no `_start`, forty exports that take and give handles of JavaScript values, and four
// imports of its own beside nine of WASI. Of those it calls one, the clock, which here stands still: every run is the
// same, Math.random() included. The others are traps. Calls go both ways and nest: evaluating calls back into `host_call`,
// which reads its arguments by calling the guest again. peer.py is the same over the Wasmtime library; both must print
// the same.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wherry/wherry.h"

namespace {

using wherry::Caller;
using wherry::MemoryView;
using wherry::Result;
using wherry::StoreRef;
using wherry::TypedFunc;

constexpr int32_t kFailed = -1;
constexpr uint64_t kClockNs = 1'700'000'000'123'456'789;
constexpr std::string_view kPrelude =
    "globalThis.print = (...values) => hostPrint(values.map(String).join(' '));";
constexpr std::string_view kAfterwards = "typeof afterJobs === `function` ? afterJobs() : `-`";

// The guest's exports, looked up once, and what is made of them.
class QuickJs {
 public:
  Result<void> bind(StoreRef store, wherry::Instance instance) {
    WHERRY_ASSIGN_OR_RETURN(memory_, instance.memory(store, "memory"));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "qjs_alloc", alloc_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "qjs_last_ptr", last_ptr_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "qjs_last_len", last_len_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "qjs_result_free", result_free_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "eval_code", eval_code_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "last_exception", last_exception_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "get_prop", get_prop_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "set_prop", set_prop_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "get_string", get_string_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "get_number", get_number_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "type_of", type_of_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "new_string", new_string_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "new_number", new_number_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "new_null", new_null_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "new_undefined", new_undefined_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "new_function", new_function_));
    WHERRY_RETURN_IF_ERROR(find(store, instance, "global_object", global_object_));
    return find(store, instance, "execute_pending_jobs", execute_pending_jobs_);
  }

  // Makes a function of this name, answered by host_call, a property of the global object.
  Result<void> install(StoreRef store, std::string_view name) {
    WHERRY_ASSIGN_OR_RETURN(int32_t text, put(store, name));
    WHERRY_ASSIGN_OR_RETURN(int32_t function, new_function_->call(store, text, length(name)));
    WHERRY_ASSIGN_OR_RETURN(int32_t global, global_object_->call(store));
    WHERRY_RETURN_IF_ERROR(set_prop_->call(store, global, text, length(name), function));
    return {};
  }

  // The value of a script as text; `failed` if it threw.
  Result<std::string> evaluate(StoreRef store, std::string_view source, bool& failed) {
    WHERRY_ASSIGN_OR_RETURN(int32_t text, put(store, source));
    WHERRY_ASSIGN_OR_RETURN(int32_t slot, alloc_->call(store, 8));
    WHERRY_ASSIGN_OR_RETURN(int32_t status, eval_code_->call(store, text, length(source), slot));
    failed = status != 0;
    if (failed) {
      WHERRY_RETURN_IF_ERROR(last_exception_->call(store, slot));
      WHERRY_ASSIGN_OR_RETURN(int32_t error, at<int32_t>(store, slot));
      WHERRY_ASSIGN_OR_RETURN(std::string name, property(store, error, "name"));
      WHERRY_ASSIGN_OR_RETURN(std::string message, property(store, error, "message"));
      return "uncaught " + name + ": " + message;
    }
    WHERRY_ASSIGN_OR_RETURN(int32_t value, at<int32_t>(store, slot));
    WHERRY_ASSIGN_OR_RETURN(std::string kind, read_text(store, *type_of_, value));
    if (kind == "string") {
      WHERRY_ASSIGN_OR_RETURN(std::string found, string(store, value));
      return kind + " " + found;
    }
    if (kind != "number") {
      return kind;
    }
    WHERRY_ASSIGN_OR_RETURN(double found, number(store, value));
    char digits[32];
    std::snprintf(digits, sizeof digits, " %.17g", found);
    return kind + digits;
  }

  Result<int32_t> run_pending_jobs(StoreRef store) { return execute_pending_jobs_->call(store); }

  // What the script's host functions do: `name` is answered with the handle of a value, or kFailed.
  Result<int32_t> host_call(StoreRef store, std::string_view name, const std::vector<int32_t>& args) {
    if (name == "hostPrint" && args.size() == 1) {
      WHERRY_ASSIGN_OR_RETURN(std::string line, string(store, args[0]));
      std::printf("%s\n", line.c_str());
      return new_undefined_->call(store);
    }
    if (name == "add" && args.size() == 2) {
      WHERRY_ASSIGN_OR_RETURN(double a, number(store, args[0]));
      WHERRY_ASSIGN_OR_RETURN(double b, number(store, args[1]));
      const double sum = a + b;
      int64_t bits;
      std::memcpy(&bits, &sum, sizeof bits);
      return new_number_->call(store, bits);
    }
    if (name == "lookup" && args.size() == 1) {
      WHERRY_ASSIGN_OR_RETURN(std::string key, string(store, args[0]));
      const auto found = table_.find(key);
      if (found == table_.end()) {
        return new_null_->call(store);
      }
      WHERRY_ASSIGN_OR_RETURN(int32_t text, put(store, found->second));
      return new_string_->call(store, text, length(found->second));
    }
    return kFailed;
  }

  // A number at an address of the guest's memory.
  template <class T>
  Result<T> at(StoreRef store, int32_t address) const {
    WHERRY_ASSIGN_OR_RETURN(MemoryView view, memory_.view(store));
    return view.read<T>(static_cast<uint32_t>(address));
  }

 private:
  template <class Signature>
  using Export = std::optional<TypedFunc<Signature>>;

  template <class Signature>
  static Result<void> find(StoreRef store, wherry::Instance instance, std::string_view name,
                           Export<Signature>& into) {
    WHERRY_ASSIGN_OR_RETURN(into, instance.typed<Signature>(store, name));
    return {};
  }

  static int32_t length(std::string_view text) { return static_cast<int32_t>(text.size()); }

  // Copies text into memory that the guest allocates. The guest is dropped as a whole; nothing is given back.
  Result<int32_t> put(StoreRef store, std::string_view text) {
    WHERRY_ASSIGN_OR_RETURN(int32_t address, alloc_->call(store, length(text) + 1));
    WHERRY_ASSIGN_OR_RETURN(MemoryView view, memory_.view(store));
    WHERRY_RETURN_IF_ERROR(view.write_bytes(static_cast<uint32_t>(address),
                                            {reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
    return address;
  }

  // Calls an export that leaves text behind, and takes that.
  Result<std::string> read_text(StoreRef store, const TypedFunc<int32_t(int32_t)>& reader, int32_t handle) {
    WHERRY_ASSIGN_OR_RETURN(int32_t status, reader.call(store, handle));
    if (status != 0) {
      return std::string();
    }
    WHERRY_ASSIGN_OR_RETURN(int32_t address, last_ptr_->call(store));
    WHERRY_ASSIGN_OR_RETURN(int32_t size, last_len_->call(store));
    WHERRY_ASSIGN_OR_RETURN(MemoryView view, memory_.view(store));
    std::string text;
    if (size != 0) {
      WHERRY_ASSIGN_OR_RETURN(std::string_view found,
                              view.text(static_cast<uint32_t>(address), static_cast<uint32_t>(size)));
      text = found;
    }
    WHERRY_RETURN_IF_ERROR(result_free_->call(store));
    return text;
  }

  Result<std::string> string(StoreRef store, int32_t handle) {
    return read_text(store, *get_string_, handle);
  }

  Result<double> number(StoreRef store, int32_t handle) {
    WHERRY_ASSIGN_OR_RETURN(int32_t slot, alloc_->call(store, 8));
    WHERRY_RETURN_IF_ERROR(get_number_->call(store, handle, slot));
    return at<double>(store, slot);
  }

  Result<std::string> property(StoreRef store, int32_t object, std::string_view key) {
    WHERRY_ASSIGN_OR_RETURN(int32_t text, put(store, key));
    WHERRY_ASSIGN_OR_RETURN(int32_t slot, alloc_->call(store, 8));
    WHERRY_RETURN_IF_ERROR(get_prop_->call(store, object, text, length(key), slot));
    WHERRY_ASSIGN_OR_RETURN(int32_t handle, at<int32_t>(store, slot));
    return string(store, handle);
  }

  wherry::Memory memory_;
  Export<int32_t(int32_t)> alloc_, get_string_, type_of_, last_exception_;
  Export<int32_t()> last_ptr_, last_len_, new_null_, new_undefined_, global_object_, execute_pending_jobs_;
  Export<void()> result_free_;
  Export<int32_t(int32_t, int32_t, int32_t)> eval_code_;
  Export<int32_t(int32_t, int32_t, int32_t, int32_t)> get_prop_, set_prop_;
  Export<int32_t(int32_t, int32_t)> get_number_, new_string_, new_function_;
  Export<int32_t(int64_t)> new_number_;
  std::map<std::string, std::string> table_ = {
      {"greeting", "ahoy"}, {"unicode", "渡し舟 🚣"}, {"long", long_text()}};

  static std::string long_text() {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
      text += "0123456789";
    }
    return text;
  }
};

// The imports that the guest has beside WASI.
Result<void> define_host(wherry::Linker& linker, QuickJs& js) {
  WHERRY_RETURN_IF_ERROR(linker.func(
      "env", "host_call",
      [&js](Caller& caller, int32_t name, int32_t name_length, int32_t, int32_t argc,
            int32_t argv) -> Result<int32_t> {
        WHERRY_ASSIGN_OR_RETURN(MemoryView view, caller.memory());
        WHERRY_ASSIGN_OR_RETURN(std::string_view text,
                                view.text(static_cast<uint32_t>(name), static_cast<uint32_t>(name_length)));
        std::vector<int32_t> args;
        for (uint32_t i = 0; i < static_cast<uint32_t>(argc); ++i) {
          WHERRY_ASSIGN_OR_RETURN(int32_t handle,
                                  view.read<int32_t>(uint64_t{static_cast<uint32_t>(argv)} + 4 * i));
          args.push_back(handle);
        }
        return js.host_call(caller, std::string(text), args);
      }));
  WHERRY_RETURN_IF_ERROR(linker.func("env", "host_interrupt", [] { return int32_t{0}; }));
  WHERRY_RETURN_IF_ERROR(linker.func("env", "host_module_normalize",
                                     [](int32_t, int32_t, int32_t, int32_t, int32_t) { return int32_t{0}; }));
  return linker.func("env", "host_module_load", [](int32_t, int32_t, int32_t) { return int32_t{0}; });
}

// The one function of WASI that this guest calls.
Result<int32_t> stopped_clock(Caller& caller, int32_t, int64_t, int32_t time) {
  WHERRY_ASSIGN_OR_RETURN(MemoryView view, caller.memory());
  WHERRY_RETURN_IF_ERROR(view.write<uint64_t>(static_cast<uint32_t>(time), kClockNs));
  return 0;
}

Result<int> run(const char* guest, std::string_view script) {
  wherry::Config config;
  config.validation = wherry::Validation::Lazy;
  WHERRY_ASSIGN_OR_RETURN(wherry::Engine engine, wherry::Engine::create(config));
  WHERRY_ASSIGN_OR_RETURN(wherry::Module module, wherry::Module::load_file(engine, guest));
  QuickJs js;
  wherry::Linker linker(engine);
  WHERRY_RETURN_IF_ERROR(define_host(linker, js));
  WHERRY_RETURN_IF_ERROR(linker.func("wasi_snapshot_preview1", "clock_time_get", stopped_clock));
  WHERRY_RETURN_IF_ERROR(linker.define_unknown_imports_as_traps(module));
  WHERRY_ASSIGN_OR_RETURN(wherry::Store store, wherry::Store::create(engine));
  WHERRY_ASSIGN_OR_RETURN(wherry::Instance instance, linker.instantiate(store, module));
  WHERRY_RETURN_IF_ERROR(js.bind(store, instance));

  for (const std::string_view name : {"hostPrint", "add", "lookup", "failing"}) {
    WHERRY_RETURN_IF_ERROR(js.install(store, name));
  }
  bool failed = false, ignored = false;
  WHERRY_RETURN_IF_ERROR(js.evaluate(store, kPrelude, ignored));
  WHERRY_ASSIGN_OR_RETURN(std::string result, js.evaluate(store, script, failed));
  WHERRY_ASSIGN_OR_RETURN(int32_t jobs, js.run_pending_jobs(store));
  std::printf("jobs %" PRId32 "\n", jobs);
  WHERRY_ASSIGN_OR_RETURN(std::string after, js.evaluate(store, kAfterwards, ignored));
  std::printf("after %s\nresult %s\n", after.c_str(), result.c_str());
  return failed ? 1 : 0;
}

bool read_file(const char* path, std::string& text) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) {
    return false;
  }
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, got);
  }
  std::fclose(file);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: wherry-quickjs GUEST SCRIPT\n");
    return 2;
  }
  std::string script;
  if (!read_file(argv[2], script)) {
    std::fprintf(stderr, "wherry-quickjs: cannot read %s\n", argv[2]);
    return 2;
  }
  Result<int> code = run(argv[1], script);
  if (!code.ok()) {
    std::fflush(stdout);
    std::fprintf(stderr, "wherry-quickjs: %s\n", code.error().describe().c_str());
    return 134;
  }
  return *code;
}
