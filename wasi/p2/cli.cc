// wasi:cli: what a program is told, its standard streams, its end.
#include <unistd.h>

#include "wasi/p2/interfaces.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

namespace {

Result<std::vector<std::tuple<std::string_view, std::string_view>>> get_environment(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  std::vector<std::tuple<std::string_view, std::string_view>> all;
  all.reserve(state->env.size());
  for (const auto& [name, value] : state->env) all.emplace_back(name, value);
  return all;
}

Result<std::vector<std::string_view>> get_arguments(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  return std::vector<std::string_view>(state->args.begin(), state->args.end());
}

Result<std::optional<std::string_view>> initial_cwd(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  return std::optional<std::string_view>(state->initial_cwd);
}

Result<void> exit(Expected<void, void> status) { return Error::exit(status.ok() ? 0 : 1); }
Result<void> exit_with_code(uint8_t code) { return Error::exit(code); }

Result<Own<InputStream>> get_stdin(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  const auto& handle = state->stdio[STDIN_FILENO];
  host::Ref<host::InputStream> stream = state->reader != nullptr ? host::make_reader_input(*state->reader)
                                        : handle                 ? host::make_descriptor_input(handle)
                                                                 : host::make_empty_input();
  if (!stream) return Error::out_of_memory();
  return make_own<InputStream>(caller, std::move(stream), Origin::File);
}

Result<Own<OutputStream>> get_output(Caller& caller, int number) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  const auto& handle = state->stdio[number];
  StdioWriter* const writer = state->writers[number];
  host::Ref<host::OutputStream> stream = writer != nullptr ? host::make_writer_output(*writer)
                                         : handle          ? host::make_descriptor_output(handle)
                                                           : host::make_sink();
  if (!stream) return Error::out_of_memory();
  return make_own<OutputStream>(caller, std::move(stream), Origin::File);
}

Result<Own<OutputStream>> get_stdout(Caller& caller) { return get_output(caller, STDOUT_FILENO); }
Result<Own<OutputStream>> get_stderr(Caller& caller) { return get_output(caller, STDERR_FILENO); }

// ---- terminals: that there is one is all that is told of it

struct TerminalInput {
  Place place = {};
};
struct TerminalOutput {
  Place place = {};
};

template <class T>
Result<std::optional<Own<T>>> terminal(Caller& caller, int number) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  const auto& handle = state->stdio[number];
  if (!handle || isatty(handle->fd()) == 0) return std::optional<Own<T>>();
  WHERRY_ASSIGN_OR_RETURN(Own<T> object, make_own<T>(caller));
  return std::optional<Own<T>>(std::move(object));
}

Result<std::optional<Own<TerminalInput>>> terminal_stdin(Caller& caller) {
  return terminal<TerminalInput>(caller, STDIN_FILENO);
}
Result<std::optional<Own<TerminalOutput>>> terminal_stdout(Caller& caller) {
  return terminal<TerminalOutput>(caller, STDOUT_FILENO);
}
Result<std::optional<Own<TerminalOutput>>> terminal_stderr(Caller& caller) {
  return terminal<TerminalOutput>(caller, STDERR_FILENO);
}

constexpr ComponentHostEntry kEnvironment[] = {
    component_function<get_environment>("get-environment"),
    component_function<get_arguments>("get-arguments"),
    component_function<initial_cwd>("initial-cwd"),
};
constexpr ComponentHostEntry kExit[] = {
    component_function<exit>("exit"),
    component_function<exit_with_code>("exit-with-code"),
};
constexpr ComponentHostEntry kStdin[] = {component_function<get_stdin>("get-stdin")};
constexpr ComponentHostEntry kStdout[] = {component_function<get_stdout>("get-stdout")};
constexpr ComponentHostEntry kStderr[] = {component_function<get_stderr>("get-stderr")};
constexpr ComponentHostEntry kTerminalInput[] = {component_resource<TerminalInput>("terminal-input")};
constexpr ComponentHostEntry kTerminalOutput[] = {component_resource<TerminalOutput>("terminal-output")};
constexpr ComponentHostEntry kTerminalStdin[] = {component_function<terminal_stdin>("get-terminal-stdin")};
constexpr ComponentHostEntry kTerminalStdout[] = {component_function<terminal_stdout>("get-terminal-stdout")};
constexpr ComponentHostEntry kTerminalStderr[] = {component_function<terminal_stderr>("get-terminal-stderr")};

}  // namespace

Rows environment_rows() { return kEnvironment; }
Rows exit_rows() { return kExit; }
Rows stdin_rows() { return kStdin; }
Rows stdout_rows() { return kStdout; }
Rows stderr_rows() { return kStderr; }
Rows terminal_input_rows() { return kTerminalInput; }
Rows terminal_output_rows() { return kTerminalOutput; }
Rows terminal_stdin_rows() { return kTerminalStdin; }
Rows terminal_stdout_rows() { return kTerminalStdout; }
Rows terminal_stderr_rows() { return kTerminalStderr; }

}  // namespace wherry::wasi::p2
