// --dir, --env and -S as what a program is given, and the status it leaves.
#include "cli/surroundings.h"

#include <stdlib.h>

#include <string>

#include "cli/console.h"

namespace wherry::cli {

namespace {

constexpr int kTrapped = 134;  // As a shell shows SIGABRT.

// Parts of a --dir or --mapdir.
struct Directory {
  std::string_view first, second;
  bool read_only = false;
};

Directory split_directory(std::string_view text) {
  Directory directory;
  for (const std::string_view suffix : {"::ro", "::readonly"}) {
    if (!directory.read_only && text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      directory.read_only = true;
    }
  }
  const size_t colons = text.find("::");
  directory.first = text.substr(0, colons);
  directory.second = colons == std::string_view::npos ? directory.first : text.substr(colons + 2);
  return directory;
}

Result<void> add_variable(std::string_view text, Surroundings* out) {
  const size_t equals = text.find('=');
  if (equals != std::string_view::npos) {
    out->env.push_back({text.substr(0, equals), text.substr(equals + 1)});
    return {};
  }
  const char* const value = getenv(std::string(text).c_str());
  if (value == nullptr)
    return Error::usage("there is no environment variable " + quoted(text) + " to pass on");
  out->env.push_back({text, value});
  return {};
}

}  // namespace

Result<void> look_around(const Invocation& invocation, Surroundings* out) {
  const std::string_view path = invocation.operands[0];
  out->args.push_back(invocation.value(OptionId::Argv0).value_or(path.substr(path.rfind('/') + 1)));
  for (size_t i = 1; i < invocation.operands.size(); ++i) out->args.emplace_back(invocation.operands[i]);
  for (const OptionSetting& option : invocation.options) {
    if (option.id == OptionId::Env) WHERRY_RETURN_IF_ERROR(add_variable(option.value, out));
    if (option.id != OptionId::Dir && option.id != OptionId::MapDir) continue;
    const Directory directory = split_directory(option.value);
    const bool host_first = option.id == OptionId::Dir;
    out->preopens.push_back({.host_path = host_first ? directory.first : directory.second,
                             .guest_path = host_first ? directory.second : directory.first,
                             .read_only = directory.read_only});
  }
  out->inherit_env = invocation.is_on(KeyId::InheritEnv);
  if (invocation.is_on(KeyId::InheritStdin, true)) out->in = wasi::Stdio::inherit();
  if (invocation.is_on(KeyId::InheritStdout, true)) out->out = wasi::Stdio::inherit();
  if (invocation.is_on(KeyId::InheritStderr, true)) out->err = wasi::Stdio::inherit();
  return {};
}

Error refuse_compiled(const char* path) {
  return Error::usage(quoted(path) +
                      " is compiled code, which can do whatever you can; if you trust it, run it with "
                      "--allow-precompiled");
}

int finish_failed(const char* path, const Error& error) {
  if (error.kind() == ErrorKind::Exit) return *error.exit_code();
  const int status = error.kind() == ErrorKind::Trap ? kTrapped : kFailure;
  // Io errors name their file themselves.
  if (error.kind() == ErrorKind::Io) return complain(error.message(), status);
  if (error.kind() == ErrorKind::Usage) return complain(error.message(), status);
  return complain(quoted(path) + ": " + error.describe(), status);
}

}  // namespace wherry::cli
