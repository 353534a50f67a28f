// The program: reads the command line and hands over to a command.
//
// The process ends by _exit: what is still in memory then, the system takes back faster than destructors would.
#include <unistd.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"

namespace wherry::cli {

namespace {

int print_text_to_out(const std::string& text) {
  return print_out(text) ? kSuccess : complain("cannot write to standard output");
}

int completion_command(const Invocation& invocation) {
  if (invocation.operands.size() != 1)
    return complain("completion needs the name of a shell: bash, zsh or fish", kWrongUsage);
  const std::string script = completion_script(invocation.operands[0]);
  if (script.empty()) {
    return complain(
        "there is no completion for " + quoted(invocation.operands[0]) + ", only for bash, zsh and fish",
        kWrongUsage);
  }
  return print_text_to_out(script);
}

int help_command(const Invocation& invocation) {
  if (invocation.has(OptionId::Man)) return print_text_to_out(man_page());
  if (invocation.operands.empty()) return print_text_to_out(help_text());
  std::string word = invocation.operands[0];
  for (size_t i = 1; i < invocation.operands.size(); ++i) word += std::string(" ") + invocation.operands[i];
  Nearest nearest(word);
  for (size_t i = 0; i < commands().size(); ++i) {
    if (commands()[i].word == word) return print_text_to_out(help_text(static_cast<Command>(i)));
    nearest.consider(commands()[i].word);
  }
  return complain("there is no command " + quoted(word) + nearest.hint(), kWrongUsage);
}

int dispatch(const Invocation& invocation) {
  if (invocation.has(OptionId::Version)) return print_text_to_out(version_text());
  if (invocation.group_help) {
    return print_text_to_out(group_text(*invocation.group_help, invocation.group_help_is_long));
  }
  if (invocation.has(OptionId::HelpFlag)) {
    return print_text_to_out(invocation.command == Command::Run && !invocation.is_named
                                 ? help_text()
                                 : help_text(invocation.command));
  }
  switch (invocation.command) {
    case Command::Run: return run_command(invocation);
    case Command::Compile: return compile_command(invocation);
    case Command::Wast: return wast_command(invocation);
    case Command::Validate: return validate_command(invocation);
    case Command::Print: return print_command(invocation);
    case Command::Parse: return parse_command(invocation);
    case Command::Objdump: return objdump_command(invocation);
    case Command::Component:
      print_out(help_text(Command::Component));
      return complain("'component' needs a command", kWrongUsage);
    case Command::ComponentWit: return component_wit_command(invocation);
    case Command::ComponentCompose: return component_compose_command(invocation);
    case Command::ComponentTargets: return component_targets_command(invocation);
    case Command::ComponentEmbed: return component_embed_command(invocation);
    case Command::ComponentNew: return component_new_command(invocation);
    case Command::Bindgen: return bindgen_command(invocation);
    case Command::Completion: return completion_command(invocation);
    case Command::Help: return help_command(invocation);
  }
  __builtin_unreachable();
}

}  // namespace

}  // namespace wherry::cli

int main(int argc, char** argv) {
  using namespace wherry::cli;
  const ParsedOptions parsed = parse_options(argc, argv);
  _exit(parsed.error.empty() ? dispatch(parsed.invocation) : complain(parsed.error, kWrongUsage));
}
