// `wherry compile`: finds wherryc and becomes it. LLVM is in that program and in no other, so that this one starts in half a
// millisecond and is there without it.
//
// A module that is text is turned into a binary one first, in a file without a name that wherryc inherits. Components are put together here
// (compile_component.cc).
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/compile_component.h"
#include "cli/compiler.h"
#include "cli/console.h"
#include "cli/input.h"
#include "cli/settings.h"
#include "engine/inspect/compiled.h"

namespace wherry::cli {

namespace {

bool is_program(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

// wherryc takes a list of features from the smallest set on.
std::string features_setting(const Invocation& invocation) {
  const wasm::Features features = features_of(invocation);
  std::string text = "--features=mvp";
  for (uint32_t i = 0; i < wasm::kFeatureCount; ++i) {
    const auto feature = static_cast<wasm::Feature>(i);
    if (features.has(feature)) text += "," + std::string(wasm::feature_key(feature));
  }
  return text;
}

int verify(const char* path) {
  Result<Blob> file = read_input(path);
  if (!file) return complain(file.error().message());
  const auto sound = inspect::verify_compiled(file->bytes());
  return sound ? kSuccess : complain(quoted(path) + ": " + wasm::describe(sound.error()));
}

// What is to be compiled, in binary form; false, having said why, without it.
bool read_source(const char* path, ModuleInput* out) {
  Result<Blob> source = read_input(path);
  if (!source) return complain(source.error().message()), false;
  if (inspect::is_compiled(source->bytes())) return complain(quoted(path) + " is compiled already"), false;
  out->source = std::move(*source);
  return to_binary(path, {}, out);
}

// A name by which the next program can open the module: its own, or that of a copy. Empty, having said why, without one.
std::string module_path(const char* path, const ModuleInput& input) {
  if (!input.is_text && std::string_view(path) != "-") return path;
  const int copy = memfd_create("module", 0);  // Inherited.
  if (copy < 0 || !write_all(copy, base::as_text(input.binary)))
    return complain("cannot copy the module: " + system_message(errno)), std::string();
  return "/proc/self/fd/" + std::to_string(copy);
}

// hello.wasm -> hello.wherry
std::string default_output(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  for (const std::string_view suffix : {".wasm", ".wat"}) {
    if (path.ends_with(suffix)) path.remove_suffix(suffix.size());
  }
  return std::string(path) + ".wherry";
}

int compile_whole_component(const Invocation& invocation, const std::string& compiler,
                            const ModuleInput& input, const std::string& output) {
  const char* const path = invocation.operands[0];
  if (const auto emit = invocation.value(OptionId::Emit); emit && *emit != "artifact") {
    return complain(
        "--emit=" + std::string(*emit) + " is for modules, and " + quoted(path) + " is a component",
        kWrongUsage);
  }
  const auto made = compile_component_by(compiler, compiler_settings(invocation), path,
                                         Bytes(input.binary.data(), input.binary.size()),
                                         component_features_of(invocation));
  if (!made && made.error().kind() == ErrorKind::Exit) return kFailure;  // The compiler has said it.
  if (!made) return complain(quoted(path) + ": " + made.error().describe());
  if (write_file(output, Bytes(made->data(), made->size()))) return kSuccess;
  return complain("cannot write " + quoted(output) + ": " + system_message(errno));
}

}  // namespace

std::string find_compiler() {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
  if (length > 0) {
    const std::string_view path(self, static_cast<size_t>(length));
    const std::string folder(path.substr(0, path.rfind('/')));
    for (const char* const place : {"/wherryc", "/../libexec/wherry/wherryc"}) {
      if (is_program(folder + place)) return folder + place;
    }
  }
  const char* const path = getenv("PATH");
  std::string_view folders = path == nullptr ? "" : path;
  while (!folders.empty()) {
    const size_t colon = folders.find(':');
    const std::string_view folder = folders.substr(0, colon);
    folders = colon == std::string_view::npos ? std::string_view() : folders.substr(colon + 1);
    // Relative entries would run what happens to lie here.
    if (!folder.starts_with('/')) continue;
    if (std::string program = std::string(folder) + "/wherryc"; is_program(program)) return program;
  }
  return {};
}

std::vector<std::string> compiler_settings(const Invocation& invocation) {
  std::vector<std::string> arguments = {features_setting(invocation)};
  for (const KeySetting& key : invocation.keys) {
    const std::string flag = key.number != 0 ? "=y" : "=n";
    switch (key.id) {
      case KeyId::Fuel: arguments.emplace_back("--fuel=y"); break;
      case KeyId::Timeout: arguments.emplace_back("--interruption=y"); break;
      case KeyId::NanCanonicalization: arguments.push_back("--nan-canonicalization" + flag); break;
      case KeyId::SignalsBasedTraps: arguments.push_back("--guard-pages" + flag); break;
      case KeyId::OptLevel: arguments.push_back("--optimization=" + std::to_string(key.number)); break;
      default: break;
    }
  }
  for (const OptionSetting& option : invocation.options) {
    switch (option.id) {
      case OptionId::Target:
      case OptionId::TargetCpu:
      case OptionId::TrapPrecision:
      case OptionId::CompileThreads:
      case OptionId::Emit:
        arguments.push_back("--" + std::string(options()[static_cast<size_t>(option.id)].long_name) + "=" +
                            std::string(option.value));
        break;
      case OptionId::TimePasses: arguments.emplace_back("--time-passes"); break;
      default: break;
    }
  }
  return arguments;
}

std::vector<char*> pointers_to(std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  return pointers;
}

int compile_command(const Invocation& invocation) {
  if (invocation.operands.size() != 1) return complain("'compile' needs one file", kWrongUsage);
  const char* const path = invocation.operands[0];
  if (invocation.has(OptionId::Verify)) return verify(path);
  const std::string compiler = find_compiler();
  if (compiler.empty()) {
    return complain(
        "the compiler is not installed: there is no program 'wherryc' beside this one, in ../libexec/wherry "
        "or in PATH");
  }
  ModuleInput input;
  if (!read_source(path, &input)) return kFailure;
  const auto chosen = invocation.value(OptionId::Output);
  const std::string output = chosen ? std::string(*chosen) : default_output(path);
  if (input.is_component()) return compile_whole_component(invocation, compiler, input, output);
  const std::string module = module_path(path, input);
  if (module.empty()) return kFailure;
  std::vector<std::string> arguments = compiler_settings(invocation);
  arguments.insert(arguments.begin(), compiler);
  arguments.insert(arguments.end(), {"--name=" + std::string(path), module, "-o", output});
  execv(compiler.c_str(), pointers_to(arguments).data());
  return complain("cannot run " + quoted(compiler) + ": " + system_message(errno));
}

}  // namespace wherry::cli
