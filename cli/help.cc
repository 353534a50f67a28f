// Help and the manual page, both written from the tables of cli/options.inc, so that they cannot be out of date.
//
// The texts are made when asked for rather than at compile time: nobody waits for them, and tables are smaller.
#include "cli/options.h"
#include "wherry/version.h"

namespace wherry::cli {

namespace {

constexpr size_t kWidth = 100;
constexpr size_t kColumn = 32;  // Where explanations begin.

void pad(std::string* out, size_t line_begin, size_t column) {
  const size_t used = out->size() - line_begin;
  out->append(used < column ? column - used : 1, ' ');
}

// A line `  left   right`, the right part wrapped.
void row(std::string* out, std::string_view left, std::string_view right, size_t column) {
  size_t begin = out->size();
  *out += "  ";
  *out += left;
  if (out->size() - begin + 1 > column) {
    *out += '\n';
    begin = out->size();
  }
  pad(out, begin, column);
  while (!right.empty()) {
    const size_t space = right.find(' ');
    const std::string_view word = right.substr(0, space);
    if (out->size() - begin + word.size() > kWidth && out->size() - begin > column) {
      out->back() = '\n';
      begin = out->size();
      pad(out, begin, column);
    }
    *out += word;
    if (space == std::string_view::npos) break;
    *out += ' ';
    right.remove_prefix(space + 1);
  }
  *out += '\n';
}

std::string spelling(const OptionInfo& option) {
  std::string text;
  if (option.letter != 0) {
    text += '-';
    text += option.letter;
    text += ", ";
  }
  text += "--";
  text += option.long_name;
  if (!option.value.empty()) {
    text += ' ';
    text += option.value;
  }
  return text;
}

std::string spelling(const GroupInfo& group) {
  std::string text = "-";
  text += group.letter;
  text += ", --";
  text += group.long_name;
  text += " KEY[=VALUE],...";
  return text;
}

std::string explanation(const GroupInfo& group) {
  std::string text(group.title);
  text += "; `-";
  text += group.letter;
  text += " help` lists the keys";
  return text;
}

std::string spelling(const KeyInfo& key) {
  std::string text(key.key);
  if (key.kind == KeyKind::Bool) {
    text += "[=y|n]";
  } else if (!key.value.empty()) {
    text += '=';
    text += key.value;
  }
  return text;
}

std::string explanation(const KeyInfo& key) {
  std::string text(key.summary);
  if (!key.default_value.empty()) {
    text += " (default: ";
    text += key.default_value;
    text += ')';
  }
  return text;
}

std::string usage(Command command) {
  std::string text = "wherry ";
  text += command == Command::Run ? "[run]" : std::string(info(command).word);
  text += " [OPTIONS] ";
  text += info(command).operands;
  return text;
}

std::string_view kind_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::Bool: return "y|n";
    case KeyKind::Count: return "a number";
    case KeyKind::Size: return "bytes: 65536, 64K, 16M, 4G";
    case KeyKind::Duration: return "a time: 2s, 500ms, 1.5m; a bare number is seconds";
    case KeyKind::Text: return "text";
    case KeyKind::Unsupported: break;
  }
  return "not supported";
}

constexpr std::string_view kExitStatus =
    "The status of `run` is the program's own; 134 after a trap; 1 when the program could not be read or "
    "started; 2 "
    "when the command line is wrong.";

// What troff would take for its own.
void troff(std::string* out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\') {
      *out += "\\e";
    } else if (c == '-') {
      *out += "\\-";
    } else if ((c == '.' || c == '\'') && (out->empty() || out->back() == '\n')) {
      *out += "\\&";
      *out += c;
    } else if (c != '`') {
      *out += c;
    }
  }
}

void man_item(std::string* out, std::string_view term, std::string_view text) {
  *out += ".TP\n.B ";
  troff(out, term);
  *out += '\n';
  troff(out, text);
  *out += '\n';
}

}  // namespace

std::string version_text() {
  std::string text = "wherry " WHERRY_VERSION_STRING " (";
#if defined(__x86_64__)
  text += "x86_64";
#elif defined(__aarch64__)
  text += "aarch64";
#else
  text += "other";
#endif
#ifdef WHERRY_DISPATCH_LOOP
  text += ", interpreter: loop";
#else
  text += ", interpreter: tail calls";
#endif
  text += ", compiled code, components, wasi: preview 1 and 0.2)\n";
  return text;
}

std::string help_text() {
  std::string out = "wherry runs WebAssembly programs.\n\nusage:\n  ";
  out += usage(Command::Run);
  out += "\n  wherry COMMAND [OPTIONS] ...\n\ncommands:\n";
  for (const CommandInfo& command : commands()) {
    if (!command.is_inner()) row(&out, command.word, command.summary, 16);
  }
  out += "\noptions of run:\n";
  for (const OptionInfo& option : options()) {
    if ((option.commands & kRun) != 0) row(&out, spelling(option), option.summary, kColumn);
  }
  for (const GroupInfo& group : groups()) row(&out, spelling(group), explanation(group), kColumn);
  out += "\n`wherry help COMMAND` explains the others, `wherry help --man` prints the manual page.\n";
  return out;
}

namespace {

// Of a command that has commands: their list.
std::string inner_commands(Command command) {
  std::string out;
  for (const CommandInfo& other : commands()) {
    if (!info(command).contains(other)) continue;
    if (out.empty()) out = "\n\ncommands:\n";
    row(&out, other.last_word(), other.summary, 16);
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

std::string help_text(Command command) {
  std::string out(info(command).word);
  out += ": ";
  out += info(command).summary;
  out += "\n\nusage:\n  ";
  out += usage(command);
  out += inner_commands(command);
  out += "\n\noptions:\n";
  for (const OptionInfo& option : options()) {
    if ((option.commands & set_of(command)) != 0) row(&out, spelling(option), option.summary, kColumn);
  }
  for (const GroupInfo& group : groups()) {
    if ((group.commands & set_of(command)) != 0) row(&out, spelling(group), explanation(group), kColumn);
  }
  if (command == Command::Run) {
    out +=
        "\nFILE is a binary or text module; - is standard input. What follows it belongs to the program.\n";
    out += "The program sees nothing that is not given to it: no directory, no variable, no socket.\n";
    out +=
        "Exit status: the program's own; 134 after a trap; 1 if it could not start; 2 for wrong options.\n";
  }
  return out;
}

std::string group_text(Group group, bool is_long) {
  const GroupInfo& own = groups()[static_cast<size_t>(group)];
  std::string out = "keys of -";
  out += own.letter;
  out += ": ";
  out += own.title;
  out += "\n\n";
  for (const KeyInfo& key : keys()) {
    if (key.group != group) continue;
    if (key.kind == KeyKind::Unsupported && !is_long) continue;
    if (!is_long) {
      row(&out, spelling(key), explanation(key), kColumn);
      continue;
    }
    out += "  ";
    out += spelling(key);
    out += "\n      ";
    out += explanation(key);
    out += "\n      value: ";
    out += kind_name(key.kind);
    out += "\n\n";
  }
  return out;
}

std::string man_page() {
  std::string out = ".TH WHERRY 1 \"\" \"wherry " WHERRY_VERSION_STRING "\"\n.SH NAME\n";
  out += "wherry \\- runs WebAssembly programs\n.SH SYNOPSIS\n";
  for (size_t i = 0; i < commands().size(); ++i) {
    out += i == 0 ? ".B " : ".br\n.B ";
    troff(&out, usage(static_cast<Command>(i)));
    out += '\n';
  }
  out += ".SH COMMANDS\n";
  for (const CommandInfo& command : commands()) man_item(&out, command.word, command.summary);
  out += ".SH OPTIONS\n";
  for (const OptionInfo& option : options()) man_item(&out, spelling(option), option.summary);
  for (const GroupInfo& group : groups()) man_item(&out, spelling(group), group.title);
  for (size_t i = 0; i < groups().size(); ++i) {
    out += ".SH KEYS OF ";
    troff(&out, std::string("-") + groups()[i].letter);
    out += '\n';
    for (const KeyInfo& key : keys()) {
      if (key.group == static_cast<Group>(i)) man_item(&out, spelling(key), explanation(key));
    }
  }
  out += ".SH EXIT STATUS\n";
  troff(&out, kExitStatus);
  out += '\n';
  return out;
}

}  // namespace wherry::cli
