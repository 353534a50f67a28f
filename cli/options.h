#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The command line: cli/options.inc as types, and its parser.
namespace wherry::cli {

enum class Command : uint8_t {
#define COMMAND(name, word, operands, summary) name,
#include "cli/options.inc"
};
enum class OptionId : uint8_t {
#define OPTION(name, commands, long, letter, value, summary) name,
#include "cli/options.inc"
};
enum class Group : uint8_t {
#define GROUP(name, commands, letter, long, title) name,
#include "cli/options.inc"
};
enum class KeyId : uint8_t {
#define KEY(name, group, key, kind, value, default, summary) name,
#include "cli/options.inc"
  Feature,           // A key of -W that switches a feature.
  ComponentFeature,  // The same for a part of the component model.
};

enum class KeyKind : uint8_t {
  Bool,      // y, yes, true, n, no, false; bare: yes
  Count,     // a number
  Size,      // a number, with K, M or G for its powers of 1024
  Duration,  // 2s, 500ms, 1.5m; bare: seconds
  Text,
  Unsupported,  // known, but not in this version
};

// A set of commands.
using CommandSet = uint32_t;
#define COMMAND(name, word, operands, summary) \
  inline constexpr CommandSet k##name = 1u << static_cast<uint32_t>(Command::name);
#include "cli/options.inc"
inline constexpr CommandSet kAll = 0xffffffff;
constexpr CommandSet set_of(Command command) {
  return static_cast<CommandSet>(1u << static_cast<uint32_t>(command));
}

struct CommandInfo {
  std::string_view word, operands, summary;

  // "wit" of "component wit", "print" of "print".
  std::string_view last_word() const { return word.substr(word.find(' ') + 1); }
  // Whether `other` is a command of this one.
  bool contains(const CommandInfo& other) const {
    return other.word.size() > word.size() && other.word.starts_with(word) && other.word[word.size()] == ' ';
  }
  bool is_inner() const { return word.find(' ') != std::string_view::npos; }
};
struct OptionInfo {
  CommandSet commands;
  std::string_view long_name;
  char letter;
  std::string_view value, summary;
};
struct GroupInfo {
  CommandSet commands;
  char letter;
  std::string_view long_name, title;
};
struct KeyInfo {
  Group group;
  std::string_view key;
  KeyKind kind;
  std::string_view value, default_value, summary;
};
struct ReservedWord {
  std::string_view word, reason;
};

// The tables, in the order of options.inc.
std::span<const CommandInfo> commands();
std::span<const OptionInfo> options();
std::span<const GroupInfo> groups();
std::span<const KeyInfo> keys();  // Those of options.inc, then the features, then those of components.
std::span<const ReservedWord> reserved_words();
const CommandInfo& info(Command command);
KeyId id_of(const KeyInfo& key);

// A key that was given, with its value read.
struct KeySetting {
  const KeyInfo* info = nullptr;
  KeyId id = KeyId::Feature;
  uint64_t number = 0;  // Bool: 0 or 1. Count, Size. Duration: nanoseconds.
  std::string_view text;
};
struct OptionSetting {
  OptionId id;
  std::string_view value;
};

// A command line that has been understood. Views point into argv.
struct Invocation {
  Command command = Command::Help;
  bool is_named = false;               // By its word; `run` needs none.
  std::vector<OptionSetting> options;  // In the order given.
  std::vector<KeySetting> keys;        // The same.
  std::vector<const char*>
      operands;                     // Files; for `run` also the program's arguments. Null-terminated strings.
  std::optional<Group> group_help;  // `-W help`, or `-W help-long`
  bool group_help_is_long = false;

  bool has(OptionId id) const;
  // Of the last one given.
  std::optional<std::string_view> value(OptionId id) const;
  const KeySetting* key(KeyId id) const;
  // Of a key of kind Bool; `otherwise` if it was not given.
  bool is_on(KeyId id, bool otherwise = false) const;
};

// Either an invocation or what is wrong with the command line, in one line.
struct ParsedOptions {
  Invocation invocation;
  std::string error;  // Empty: none.
};

// Reads argv[1..]. Does not look at files, but for one question: whether an argument that is no command is one.
ParsedOptions parse_options(int argc, const char* const* argv);

// Readers of values; false if the text is not of that form, or too large.
bool read_bool(std::string_view text, uint64_t* value);
bool read_count(std::string_view text, uint64_t* value);
bool read_size(std::string_view text, uint64_t* value);
bool read_duration(std::string_view text, uint64_t* nanoseconds);

// The candidate that differs least from `word`, if it could be what was meant; else empty.
class Nearest {
 public:
  explicit Nearest(std::string_view word) : word_(word) {}
  void consider(std::string_view candidate);
  std::string_view best() const { return best_; }
  // "; did you mean 'x'?" or nothing.
  std::string hint(std::string_view prefix = {}) const;

 private:
  std::string_view word_;
  std::string_view best_;
  size_t distance_ = ~size_t{0};
};

// The texts that come from the table.
std::string help_text();                            // `wherry help`
std::string help_text(Command command);             // `wherry help run`
std::string group_text(Group group, bool is_long);  // `wherry run -W help`
std::string man_page();
std::string version_text();
// Empty for a shell that is not known.
std::string completion_script(std::string_view shell);

}  // namespace wherry::cli
