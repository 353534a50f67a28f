// The parser of the command line. It walks argv once against the tables, knows the spellings `--name value`,
// `--name=value`, `-Wkey=value,key`, `-W key`, and leaves meaning to the commands.
//
// A library was rejected: CLI11 costs a millisecond of start-up for this many options, twice what the whole process may
// take, and getopt_long knows neither keys nor near misses nor where help comes from.
//
// `run` needs no command word, and what follows its FILE belongs to the program. So a first argument that is neither
// a command nor an option is FILE; only if there is no such file, and it could not be a path, is it a misspelt command.
#include "cli/options.h"

#include <unistd.h>

#include <array>
#include <iterator>

#include "component/features.h"
#include "engine/inspect/feature_keys.h"

namespace wherry::cli {

namespace {

constexpr CommandInfo kCommands[] = {
#define COMMAND(name, word, operands, summary) {word, operands, summary},
#include "cli/options.inc"
};
constexpr OptionInfo kOptions[] = {
#define OPTION(name, commands, long, letter, value, summary) {commands, long, letter, value, summary},
#include "cli/options.inc"
};
constexpr GroupInfo kGroups[] = {
#define GROUP(name, commands, letter, long, title) {commands, letter, long, title},
#include "cli/options.inc"
};
constexpr ReservedWord kReserved[] = {
#define RESERVED(word, reason) {word, reason},
#include "cli/options.inc"
};

constexpr size_t kOwnKeys = 0
#define KEY(name, group, key, kind, value, default, summary) +1
#include "cli/options.inc"
    ;

// The keys of options.inc, then one for each feature but the first, which is WebAssembly 1.0 and cannot be off; then one for
// each part of the component model.
constexpr size_t kFirstComponentKey = kOwnKeys + std::size(inspect::kFeatureKeys) - 1;
constexpr auto kKeys = [] {
  std::array<KeyInfo, kFirstComponentKey + component::kFeatureCount> keys{};
  size_t at = 0;
#define KEY(name, group, key, kind, value, default, summary) \
  keys[at++] = {Group::group, key, KeyKind::kind, value, default, summary};
#include "cli/options.inc"
  for (size_t i = 1; i < std::size(inspect::kFeatureKeys); ++i) {
    const inspect::FeatureKey& feature = inspect::kFeatureKeys[i];
    keys[at++] = {Group::Wasm,        feature.key, KeyKind::Bool, "", feature.is_default ? "y" : "n",
                  feature.description};
  }
  for (const component::FeatureRow& feature : component::kFeatureRows) {
    keys[at++] = {Group::Wasm,        feature.key, KeyKind::Bool, "", feature.is_default ? "y" : "n",
                  feature.description};
  }
  return keys;
}();

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += '?';
    } else {
      out += c;
    }
  }
  out += '\'';
  return out;
}

const CommandInfo* find_command(std::string_view word, Command* command) {
  for (size_t i = 0; i < std::size(kCommands); ++i) {
    if (kCommands[i].word != word) continue;
    *command = static_cast<Command>(i);
    return &kCommands[i];
  }
  return nullptr;
}

class Parser {
 public:
  Parser(int argc, const char* const* argv) : argc_(argc), argv_(argv) {}

  ParsedOptions parse() {
    if (argc_ < 2) {
      fail("no FILE and no command is given; `wherry help` explains both");
      return std::move(out_);
    }
    choose_command();
    while (out_.error.empty() && next_ < argc_) argument();
    return std::move(out_);
  }

 private:
  Invocation& invocation() { return out_.invocation; }
  bool takes(CommandSet commands) const { return (commands & set_of(out_.invocation.command)) != 0; }

  void fail(std::string message) {
    if (out_.error.empty()) out_.error = std::move(message);
  }

  void choose_command() {
    const std::string_view word = argv_[1];
    next_ = 2;
    if (const CommandInfo* const found = find_command(word, &invocation().command)) {
      invocation().is_named = true;
      if (!found->is_inner()) return choose_inner_command(*found);
    }
    next_ = 1;
    invocation().command = Command::Run;
    if (word.empty() || word[0] == '-' || word.find_first_of("./") != std::string_view::npos) return;
    if (access(argv_[1], F_OK) == 0) return;
    for (const ReservedWord& reserved : kReserved) {
      if (reserved.word == word) {
        return fail("there is no command " + quoted(word) + ": " + std::string(reserved.reason));
      }
    }
    Nearest nearest(word);
    for (const CommandInfo& command : kCommands) {
      if (!command.is_inner()) nearest.consider(command.word);
    }
    fail("there is no command and no file " + quoted(word) + nearest.hint());
  }

  // The second word of those that have two.
  void choose_inner_command(const CommandInfo& outer) {
    Nearest nearest(next_ < argc_ ? argv_[next_] : "");
    bool has_inner = false;
    for (size_t i = 0; i < std::size(kCommands); ++i) {
      if (!outer.contains(kCommands[i])) continue;
      has_inner = true;
      nearest.consider(kCommands[i].last_word());
      if (next_ == argc_ || kCommands[i].last_word() != argv_[next_]) continue;
      ++next_;
      invocation().command = static_cast<Command>(i);
      return;
    }
    if (!has_inner || next_ == argc_ || argv_[next_][0] == '-') return;
    fail("'" + std::string(outer.word) + "' has no command " + quoted(argv_[next_]) + nearest.hint());
  }

  void argument() {
    const char* const text = argv_[next_++];
    const std::string_view word = text;
    if (only_operands_ || word.size() < 2 || word[0] != '-') return operand(text);
    if (word == "--") {
      only_operands_ = true;
      return;
    }
    if (word[1] == '-') return long_option(word.substr(2));
    short_option(word);
  }

  void operand(const char* text) {
    invocation().operands.push_back(text);
    if (invocation().command != Command::Run) return;
    while (next_ < argc_) invocation().operands.push_back(argv_[next_++]);
  }

  void long_option(std::string_view word) {
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = word.substr(equals + 1);
    for (size_t i = 0; i < std::size(kOptions); ++i) {
      if (kOptions[i].long_name == name)
        return option(static_cast<OptionId>(i), "--" + std::string(name), value);
    }
    for (size_t i = 0; i < std::size(kGroups); ++i) {
      if (kGroups[i].long_name == name) return group(static_cast<Group>(i), "--" + std::string(name), value);
    }
    Nearest nearest(name);
    for (const OptionInfo& known : kOptions) {
      if (takes(known.commands)) nearest.consider(known.long_name);
    }
    for (const GroupInfo& known : kGroups) {
      if (takes(known.commands)) nearest.consider(known.long_name);
    }
    fail("there is no option " + quoted("--" + std::string(name)) + nearest.hint("--"));
  }

  void short_option(std::string_view word) {
    const std::string name(word.substr(0, 2));
    std::optional<std::string_view> value;
    if (word.size() > 2) value = word.substr(2);
    for (size_t i = 0; i < std::size(kGroups); ++i) {
      if (kGroups[i].letter == word[1]) return group(static_cast<Group>(i), name, value);
    }
    for (size_t i = 0; i < std::size(kOptions); ++i) {
      if (kOptions[i].letter != word[1]) continue;
      if (value && kOptions[i].value.empty()) return fail("option " + quoted(name) + " takes no value");
      return option(static_cast<OptionId>(i), name, value);
    }
    fail("there is no option " + quoted(name) + "; `wherry help " +
         std::string(info(invocation().command).word) + "` lists them");
  }

  // The value behind `=`, or the next argument.
  bool take_value(const std::string& name, std::string_view what, std::optional<std::string_view>* value) {
    if (*value) return true;
    if (next_ < argc_) {
      *value = argv_[next_++];
      return true;
    }
    fail("option " + quoted(name) + " needs a value: " + name + " " + std::string(what));
    return false;
  }

  void refuse_for_command(const std::string& name, CommandSet commands) {
    std::string where;
    for (size_t i = 0; i < std::size(kCommands); ++i) {
      if ((commands & set_of(static_cast<Command>(i))) == 0) continue;
      where += where.empty() ? "" : ", ";
      where += kCommands[i].word;
    }
    fail("command '" + std::string(info(invocation().command).word) + "' has no option " + quoted(name) +
         "; it belongs to: " + where);
  }

  void option(OptionId id, const std::string& name, std::optional<std::string_view> value) {
    const OptionInfo& row = kOptions[static_cast<size_t>(id)];
    if (!takes(row.commands)) return refuse_for_command(name, row.commands);
    if (row.value.empty()) {
      if (value) return fail("option " + quoted(name) + " takes no value");
    } else if (!take_value(name, row.value, &value)) {
      return;
    }
    if (id == OptionId::Fuel) return key(Group::Wasm, "fuel", value);
    if (id == OptionId::Timeout) return key(Group::Wasm, "timeout", value);
    invocation().options.push_back({id, value.value_or(std::string_view())});
  }

  void group(Group group, const std::string& name, std::optional<std::string_view> value) {
    const GroupInfo& row = kGroups[static_cast<size_t>(group)];
    if (!takes(row.commands)) return refuse_for_command(name, row.commands);
    if (!take_value(name, "KEY[=VALUE],...", &value)) return;
    std::string_view rest = *value;
    while (!rest.empty() && out_.error.empty()) {
      const size_t comma = rest.find(',');
      const std::string_view item = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      if (item.empty()) continue;
      if (item == "help" || item == "help-long") {
        invocation().group_help = group;
        invocation().group_help_is_long = item == "help-long";
        continue;
      }
      const size_t equals = item.find('=');
      if (equals == std::string_view::npos) {
        key(group, item, std::nullopt);
      } else {
        key(group, item.substr(0, equals), item.substr(equals + 1));
      }
    }
  }

  void key(Group group, std::string_view name, std::optional<std::string_view> value) {
    for (const KeyInfo& row : kKeys) {
      if (row.group == group && row.key == name) return set_key(row, value);
    }
    Nearest nearest(name);
    for (const KeyInfo& row : kKeys) {
      if (row.group == group && row.kind != KeyKind::Unsupported) nearest.consider(row.key);
    }
    const std::string letter = std::string("-") + kGroups[static_cast<size_t>(group)].letter;
    fail("option " + letter + " has no key " + quoted(name) + nearest.hint() + " (`" + letter +
         " help` lists them)");
  }

  void set_key(const KeyInfo& row, std::optional<std::string_view> value) {
    const std::string name =
        std::string("-") + kGroups[static_cast<size_t>(row.group)].letter + " " + std::string(row.key);
    KeySetting setting{&row, id_of(row), 0, value.value_or(std::string_view())};
    if (row.kind != KeyKind::Bool && row.kind != KeyKind::Unsupported && (!value || value->empty())) {
      return fail(quoted(name) + " needs a value: " + name + "=" + std::string(row.value));
    }
    const auto wants = [&](const char* what) {
      fail(quoted(name) + " is " + quoted(setting.text) + ", expected " + what);
    };
    switch (row.kind) {
      case KeyKind::Bool:
        setting.number = 1;
        if (value && !read_bool(*value, &setting.number)) return wants("y, yes, true, n, no or false");
        break;
      case KeyKind::Count:
        if (!read_count(*value, &setting.number)) return wants("a number");
        break;
      case KeyKind::Size:
        if (!read_size(*value, &setting.number)) return wants("a number of bytes: 65536, 64K, 16M, 4G");
        break;
      case KeyKind::Duration:
        if (!read_duration(*value, &setting.number)) return wants("a time: 2s, 500ms, 1.5m");
        break;
      case KeyKind::Text: break;
      case KeyKind::Unsupported: {
        uint64_t on = 1;
        if (value && read_bool(*value, &on) && on == 0) return;  // It is off already.
        return fail(quoted(name) + " is not supported: " + std::string(row.summary));
      }
    }
    invocation().keys.push_back(setting);
  }

  int argc_;
  const char* const* argv_;
  int next_ = 1;
  bool only_operands_ = false;
  ParsedOptions out_;
};

}  // namespace

std::span<const CommandInfo> commands() { return kCommands; }
std::span<const OptionInfo> options() { return kOptions; }
std::span<const GroupInfo> groups() { return kGroups; }
std::span<const KeyInfo> keys() { return kKeys; }
std::span<const ReservedWord> reserved_words() { return kReserved; }
const CommandInfo& info(Command command) { return kCommands[static_cast<size_t>(command)]; }

KeyId id_of(const KeyInfo& key) {
  const size_t place = static_cast<size_t>(&key - kKeys.data());
  if (place >= kFirstComponentKey) return KeyId::ComponentFeature;
  return place < kOwnKeys ? static_cast<KeyId>(place) : KeyId::Feature;
}

bool Invocation::has(OptionId id) const { return value(id).has_value(); }

std::optional<std::string_view> Invocation::value(OptionId id) const {
  for (size_t i = options.size(); i-- > 0;) {
    if (options[i].id == id) return options[i].value;
  }
  return std::nullopt;
}

const KeySetting* Invocation::key(KeyId id) const {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i].id == id) return &keys[i];
  }
  return nullptr;
}

bool Invocation::is_on(KeyId id, bool otherwise) const {
  const KeySetting* const setting = key(id);
  return setting == nullptr ? otherwise : setting->number != 0;
}

ParsedOptions parse_options(int argc, const char* const* argv) { return Parser(argc, argv).parse(); }

}  // namespace wherry::cli
