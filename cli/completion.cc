// Completion scripts for bash, zsh and fish, from the tables of cli/options.inc.
//
// bash and zsh get all words of the command at hand; keys complete behind -W, -S and -O, also after a comma. The scripts
// are plain lists and one function: they do not call `wherry` at every press of the key.
#include "cli/options.h"

namespace wherry::cli {

namespace {

// All words that begin with a dash in `command`.
std::string option_words(Command command) {
  std::string words;
  for (const OptionInfo& option : options()) {
    if ((option.commands & set_of(command)) == 0) continue;
    words += "--";
    words += option.long_name;
    words += ' ';
  }
  for (const GroupInfo& group : groups()) {
    if ((group.commands & set_of(command)) == 0) continue;
    words += '-';
    words += group.letter;
    words += ' ';
  }
  if (!words.empty()) words.pop_back();
  return words;
}

std::string key_words(Group group, std::string_view separator) {
  std::string words;
  for (const KeyInfo& key : keys()) {
    if (key.group != group || key.kind == KeyKind::Unsupported) continue;
    if (!words.empty()) words += separator;
    words += key.key;
    if (key.kind != KeyKind::Bool) words += '=';
  }
  return words;
}

std::string command_words() {
  std::string words;
  for (const CommandInfo& command : commands()) {
    if (command.is_inner()) continue;
    if (!words.empty()) words += ' ';
    words += command.word;
  }
  return words;
}

// Of `outer`, which has commands.
std::string inner_words(Command outer) {
  std::string words;
  for (const CommandInfo& command : commands()) {
    if (!info(outer).contains(command)) continue;
    if (!words.empty()) words += ' ';
    words += command.last_word();
  }
  return words;
}

// `case` arms, common to both shells: which words a command, or a group of keys, has.
std::string option_arms() {
  std::string text;
  for (size_t i = 0; i < commands().size(); ++i) {
    text += "    \"";
    text += commands()[i].word;
    text += "\") flags=\"";
    text += option_words(static_cast<Command>(i));
    text += "\" ;;\n";
  }
  return text;
}

std::string key_arms() {
  std::string text;
  for (size_t i = 0; i < groups().size(); ++i) {
    text += "    -";
    text += groups()[i].letter;
    text += "|--";
    text += groups()[i].long_name;
    text += ") keys=\"";
    text += key_words(static_cast<Group>(i), " ");
    text += " help help-long\" ;;\n";
  }
  return text;
}

std::string bash_script() {
  std::string text = R"(_wherry() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} flags= keys=
  if [ "$COMP_CWORD" = 1 ] && [[ $word != -* ]]; then
    COMPREPLY=($(compgen -W ")";
  text += command_words();
  text += R"(" -- "$word") $(compgen -f -- "$word"))
    return
  fi
  if [ "$command" = component ]; then
    if [ "$COMP_CWORD" = 2 ]; then
      COMPREPLY=($(compgen -W ")";
  text += inner_words(Command::Component);
  text += R"(" -- "$word"))
      return
    fi
    command="component ${COMP_WORDS[2]}"
  fi
  case $before in
)";
  text += key_arms();
  text += R"(    --dir|--mapdir) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  if [ -n "$keys" ]; then
    local prefix=
    [[ $word == *,* ]] && prefix=${word%,*},
    COMPREPLY=($(compgen -P "$prefix" -W "$keys" -- "${word##*,}"))
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return
  fi
  case $command in
)";
  text += option_arms();
  text += "    *) flags=\"";
  text += option_words(Command::Run);
  text += R"(" ;;
  esac
  case $command in
    completion) flags+=" bash zsh fish" ;;
    help) flags+=" )";
  text += command_words();
  text += R"(" ;;
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$word"))
  [[ $word == -* ]] || COMPREPLY+=($(compgen -f -- "$word"))
}
complete -o filenames -F _wherry wherry
)";
  return text;
}

std::string zsh_script() {
  std::string text = R"(#compdef wherry
_wherry() {
  local before=${words[CURRENT-1]} command=${words[2]} keys=
  local current=${words[CURRENT]}
  if (( CURRENT == 2 )) && [[ $current != -* ]]; then
    compadd -- )";
  text += command_words();
  text += R"(
    _files
    return
  fi
  if [[ $command == component ]]; then
    if (( CURRENT == 3 )); then
      compadd -- )";
  text += inner_words(Command::Component);
  text += R"(
      return
    fi
    command="component ${words[3]}"
  fi
  case $before in
)";
  text += key_arms();
  text += R"(    --dir|--mapdir) _files -/; return ;;
  esac
  if [[ -n $keys ]]; then
    compset -P '*,'
    compadd -S '' -- ${=keys}
    return
  fi
  local flags=
  case $command in
)";
  text += option_arms();
  text += "    *) flags=\"";
  text += option_words(Command::Run);
  text += R"(" ;;
  esac
  case $command in
    completion) compadd -- bash zsh fish; return ;;
    help) compadd -- )";
  text += command_words();
  text += R"( ;;
  esac
  compadd -- ${=flags}
  [[ $current == -* ]] || _files
}
compdef _wherry wherry
)";
  return text;
}

// In single quotes, as fish reads them.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  out += '\'';
  return out;
}

// The condition under which a word of these commands fits; `run` is meant when there is no command.
std::string fish_condition(CommandSet set) {
  std::string in, other;
  for (size_t i = 0; i < commands().size(); ++i) {
    std::string& list = (set >> i & 1) != 0 ? in : other;
    list += ' ';
    list += commands()[i].last_word();
  }
  if (other.empty()) return {};
  if ((set & kRun) != 0) return " -n 'not __fish_seen_subcommand_from" + other + "'";
  return " -n '__fish_seen_subcommand_from" + in + "'";
}

std::string fish_script() {
  std::string text;
  for (const CommandInfo& command : commands()) {
    const std::string_view word = command.word;
    text += command.is_inner() ? "complete -c wherry -n '__fish_seen_subcommand_from " +
                                     std::string(word.substr(0, word.find(' '))) + "' -a "
                               : "complete -c wherry -n __fish_use_subcommand -a ";
    text += command.last_word();
    text += " -d " + fish_quoted(command.summary) + "\n";
  }
  for (const OptionInfo& option : options()) {
    text += "complete -c wherry" + fish_condition(option.commands) + " -l ";
    text += option.long_name;
    if (option.letter != 0) text += std::string(" -s ") + option.letter;
    if (!option.value.empty()) text += " -r";
    text += " -d " + fish_quoted(option.summary) + "\n";
  }
  for (size_t i = 0; i < groups().size(); ++i) {
    const GroupInfo& group = groups()[i];
    text += "complete -c wherry" + fish_condition(group.commands) + " -s ";
    text += group.letter;
    text += " -l ";
    text += group.long_name;
    text += " -x -a '(__fish_append , " + key_words(static_cast<Group>(i), " ") + " help help-long)' -d " +
            fish_quoted(group.title) + "\n";
  }
  text += "complete -c wherry -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'\n";
  text += "complete -c wherry -n '__fish_seen_subcommand_from help' -x -a '" + command_words() + "'\n";
  return text;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return {};
}

}  // namespace wherry::cli
