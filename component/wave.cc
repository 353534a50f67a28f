// Reading WAVE.
//
// The reader follows the type, and so calls itself no deeper than types are nested (kMaxTypeDepth). Words that mean
// something (`true`, `nan`, `some`, ...) are names where the type has a case or field of that name; wasm-wave asks for
// a `%` in front of them, which is taken here and printed, too.
//
// Numbers are read by <charconv>, without a locale.
#include "component/wave.h"

#include <charconv>
#include <limits>

#include "component/names.h"
#include "engine/base/utf8.h"

namespace wherry::component {

namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of these a bare value could mean two things.
bool is_ambiguous(ComponentType type) {
  return type.is_empty() || type.kind() == ComponentKind::Option || type.kind() == ComponentKind::Result;
}

void append_utf8(uint32_t code, std::string* out) {
  char bytes[4];
  out->append(bytes, base::put_utf8(code, bytes));
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  const std::string& error() const { return error_; }

  bool value(ComponentType type, ComponentVal* out) {
    skip_space();
    switch (type.kind()) {
      case ComponentKind::Bool: return boolean(out);
      case ComponentKind::S8: return integer<int8_t>(out);
      case ComponentKind::U8: return integer<uint8_t>(out);
      case ComponentKind::S16: return integer<int16_t>(out);
      case ComponentKind::U16: return integer<uint16_t>(out);
      case ComponentKind::S32: return integer<int32_t>(out);
      case ComponentKind::U32: return integer<uint32_t>(out);
      case ComponentKind::S64: return integer<int64_t>(out);
      case ComponentKind::U64: return integer<uint64_t>(out);
      case ComponentKind::F32: return number<float>(out);
      case ComponentKind::F64: return number<double>(out);
      case ComponentKind::Char: return character(out);
      case ComponentKind::String: return string(out);
      case ComponentKind::List:
      case ComponentKind::FixedList:
      case ComponentKind::Map: return list(type, out);
      case ComponentKind::Record: return record(type, out);
      case ComponentKind::Tuple: return tuple(type, out);
      case ComponentKind::Variant: return variant(type, out);
      case ComponentKind::Enum: return enumeration(type, out);
      case ComponentKind::Option: return option(type, out);
      case ComponentKind::Result: return result(type, out);
      case ComponentKind::Flags: return flags(type, out);
      default:
        return fail("a value of type " + std::string(wherry::to_string(type.kind())) + " cannot be written");
    }
  }

  // Parameters by position.
  bool arguments(ComponentFuncType type, std::vector<ComponentVal>* out) {
    skip_space();
    if (at_end() && type.param_count() == 0) return true;
    if (!expect('(')) return false;
    for (size_t i = 0; i < type.param_count(); ++i) {
      ComponentVal item;
      const ComponentType param = type.param_type(i);
      skip_space();
      if (i > 0 && !at(')') && !separator()) return false;
      skip_space();
      if (at(')')) {
        // The rest, if they are options.
        if (param.kind() != ComponentKind::Option) {
          return fail("argument `" + std::string(type.param_name(i)) + "` of type " + param.to_string() +
                      " is missing");
        }
        out->push_back(ComponentVal::none());
        continue;
      }
      if (!value(param, &item)) return false;
      out->push_back(std::move(item));
    }
    skip_space();
    if (at(',')) ++at_;
    skip_space();
    if (!at(')') && !at_end()) {
      return fail("the function takes " + std::to_string(type.param_count()) +
                  " arguments, here is one more");
    }
    return expect(')') && end();
  }

  bool end() {
    skip_space();
    return at_end() || fail("nothing is expected here");
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool fail(std::string message) {
    if (error_.empty()) error_ = "column " + std::to_string(at_ + 1) + ": " + std::move(message);
    return false;
  }
  std::string shown() const {
    if (at_end()) return "the end";
    size_t size = 1;
    while (at_ + size < text_.size() && is_word_character(text_[at_]) && is_word_character(text_[at_ + size]))
      ++size;
    return quoted(text_.substr(at_, size));
  }
  bool expected(std::string_view what) {
    return fail("expected " + std::string(what) + ", found " + shown());
  }
  bool expect(char c) {
    skip_space();
    if (!at(c)) return expected(quoted({&c, 1}));
    ++at_;
    return true;
  }
  bool separator() { return expect(','); }

  void skip_space() {
    for (;;) {
      while (!at_end() &&
             (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
        ++at_;
      if (!text_.substr(at_).starts_with("//")) return;
      while (!at_end() && text_[at_] != '\n') ++at_;
    }
  }

  // The word here, without moving; `size` is with its %.
  std::string_view peek_word(size_t* size) const {
    size_t begin = at_;
    if (begin < text_.size() && text_[begin] == '%') ++begin;
    size_t end = begin;
    while (end < text_.size() && is_word_character(text_[end])) ++end;
    *size = end - at_;
    return text_.substr(begin, end - begin);
  }
  bool take_word(std::string_view word) {
    size_t size = 0;
    if (at('%') || peek_word(&size) != word) return false;
    at_ += size;
    return true;
  }

  bool boolean(ComponentVal* out) {
    const bool is_true = take_word("true");
    if (!is_true && !take_word("false")) return expected("true or false");
    *out = ComponentVal(is_true);
    return true;
  }

  template <class T>
  bool integer(ComponentVal* out) {
    size_t size = at('-') ? 1 : 0;
    while (at_ + size < text_.size() && is_digit(text_[at_ + size])) ++size;
    const std::string_view digits = text_.substr(at_, size);
    T value{};
    const auto read = std::from_chars(digits.begin(), digits.end(), value);
    if (read.ec == std::errc::result_out_of_range) {
      return fail(std::string(digits) + " is out of the range from " +
                  std::to_string(std::numeric_limits<T>::min()) + " to " +
                  std::to_string(std::numeric_limits<T>::max()));
    }
    if (read.ec != std::errc() || read.ptr != digits.end()) return expected("an integer");
    at_ += size;
    *out = ComponentVal(value);
    return true;
  }

  template <class T>
  bool number(ComponentVal* out) {
    const bool is_negative = at('-');
    if (is_negative) ++at_;
    T value{};
    if (take_word("inf")) {
      value = std::numeric_limits<T>::infinity();
    } else if (!is_negative && take_word("nan")) {
      value = std::numeric_limits<T>::quiet_NaN();
    } else {
      const std::string_view rest = text_.substr(at_);
      if (rest.empty() || !is_digit(rest[0])) return expected("a number");
      const auto read = std::from_chars(rest.begin(), rest.end(), value);
      if (read.ec != std::errc()) return fail("the number is out of range");
      at_ += static_cast<size_t>(read.ptr - rest.begin());
    }
    *out = ComponentVal(is_negative ? -value : value);
    return true;
  }

  bool character(ComponentVal* out) {
    if (!at('\'')) return expected("a character in '...'");
    ++at_;
    uint32_t code = 0;
    if (at('\'')) return fail("a character is missing");
    if (!code_point(&code)) return false;
    if (!at('\'')) return expected("`'` behind one character");
    ++at_;
    *out = ComponentVal(static_cast<char32_t>(code));
    return true;
  }

  // One of a literal's characters, escapes included.
  bool code_point(uint32_t* code) {
    if (at_end()) return fail("the literal is not closed");
    const auto first = static_cast<uint8_t>(text_[at_]);
    if (first == '\\') return escape(code);
    if (first < 0x20) return fail("a control character is written as an escape");
    const int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (at_ + static_cast<size_t>(more) >= text_.size() || (first >= 0x80 && first < 0xc2) || first > 0xf4) {
      return fail("not UTF-8");
    }
    constexpr uint8_t kMask[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t value = first & kMask[more];
    for (int i = 1; i <= more; ++i) {
      const auto next = static_cast<uint8_t>(text_[at_ + static_cast<size_t>(i)]);
      if ((next & 0xc0) != 0x80) return fail("not UTF-8");
      value = value << 6 | (next & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (value < kLeast[more] || !is_scalar(value)) return fail("not UTF-8");
    at_ += static_cast<size_t>(more) + 1;
    *code = value;
    return true;
  }
  static bool is_scalar(uint32_t code) { return code < 0xd800 || (code > 0xdfff && code < 0x110000); }

  bool escape(uint32_t* code) {
    ++at_;
    if (at_end()) return fail("the literal is not closed");
    const char c = text_[at_++];
    switch (c) {
      case 'n': *code = '\n'; return true;
      case 't': *code = '\t'; return true;
      case 'r': *code = '\r'; return true;
      case '\\':
      case '"':
      case '\'': *code = static_cast<unsigned char>(c); return true;
      case 'u': break;
      default: --at_; return fail("there is no escape \\" + std::string(1, c));
    }
    const size_t close = text_.find('}', at_);
    if (!at('{') || close == std::string_view::npos || close - at_ > 7 || close == at_ + 1) {
      return fail("an escape is \\u{...} with up to six digits");
    }
    const std::string_view digits = text_.substr(at_ + 1, close - at_ - 1);
    const auto read = std::from_chars(digits.begin(), digits.end(), *code, 16);
    if (read.ec != std::errc() || read.ptr != digits.end() || !is_scalar(*code))
      return fail("not a character");
    at_ = close + 1;
    return true;
  }

  bool string(ComponentVal* out) {
    if (text_.substr(at_).starts_with("\"\"\"")) return lines(out);
    if (!at('"')) return expected("a string in \"...\"");
    ++at_;
    std::string text;
    while (!at('"')) {
      uint32_t code = 0;
      if (!code_point(&code)) return false;
      append_utf8(code, &text);
    }
    ++at_;
    *out = ComponentVal::string(std::move(text));
    return true;
  }

  // """, a new line, lines that begin with what stands in front of the closing """; without the last line break.
  bool lines(ComponentVal* out) {
    at_ += 3;
    if (at('\r')) ++at_;
    if (!at('\n')) return expected("a new line behind \"\"\"");
    ++at_;
    const size_t close = text_.find("\"\"\"", at_);
    if (close == std::string_view::npos) return fail("the string is not closed");
    const size_t last_line = text_.rfind('\n', close) + 1;
    const std::string_view indentation = text_.substr(last_line, close - last_line);
    if (indentation.find_first_not_of(' ') != std::string_view::npos)
      return fail("in front of the closing \"\"\" only spaces");
    std::string text;
    while (at_ < last_line) {
      if (!text_.substr(at_).starts_with(indentation)) {
        if (!at('\n')) return fail("the line is indented less than the closing \"\"\"");
      } else {
        at_ += indentation.size();
      }
      while (!at('\n')) {
        uint32_t code = 0;
        if (!code_point(&code)) return false;
        append_utf8(code, &text);
      }
      ++at_;
      if (at_ < last_line) text += '\n';
    }
    at_ = close + 3;
    *out = ComponentVal::string(std::move(text));
    return true;
  }

  // The items between two brackets, of which each is read by `item`; a comma behind the last is allowed.
  template <class Item>
  bool items(char open, char close, Item item) {
    if (!expect(open)) return false;
    for (skip_space(); !at(close); skip_space()) {
      if (!item()) return false;
      skip_space();
      if (at(close)) break;
      if (!separator()) return false;
    }
    ++at_;
    return true;
  }

  bool list(ComponentType type, ComponentVal* out) {
    ComponentVal::List made;
    const bool is_map = type.kind() == ComponentKind::Map;
    const bool read = items('[', ']', [&] {
      ComponentVal item;
      if (is_map ? !entry(type, &item) : !value(type.first(), &item)) return false;
      made.push_back(std::move(item));
      return true;
    });
    if (!read) return false;
    if (type.kind() == ComponentKind::FixedList && made.size() != type.length()) {
      return fail("the list has " + std::to_string(type.length()) + " elements, not " +
                  std::to_string(made.size()));
    }
    *out = is_map                                    ? ComponentVal::map(std::move(made))
           : type.kind() == ComponentKind::FixedList ? ComponentVal::fixed_list(std::move(made))
                                                     : ComponentVal::list(std::move(made));
    return true;
  }

  // Of a map: a tuple.
  bool entry(ComponentType type, ComponentVal* out) {
    ComponentVal::List pair(2);
    if (!expect('(') || !value(type.first(), &pair[0]) || !separator() || !value(type.second(), &pair[1]) ||
        !expect(')')) {
      return false;
    }
    *out = ComponentVal::tuple(std::move(pair));
    return true;
  }

  bool tuple(ComponentType type, ComponentVal* out) {
    ComponentVal::List made(type.count());
    size_t at_item = 0;
    const bool read = items('(', ')', [&] {
      if (at_item == made.size())
        return fail("the tuple has " + std::to_string(made.size()) + " elements, here is one more");
      if (!value(type.type(at_item), &made[at_item])) return false;
      ++at_item;
      return true;
    });
    if (!read) return false;
    if (at_item != made.size()) {
      return fail("the tuple has " + std::to_string(made.size()) + " elements, not " +
                  std::to_string(at_item));
    }
    *out = ComponentVal::tuple(std::move(made));
    return true;
  }

  bool name(ComponentType type, std::string_view what, size_t* index) {
    size_t size = 0;
    const std::string_view word = peek_word(&size);
    const std::optional<size_t> found = word.empty() ? std::nullopt : type.find(word);
    if (!found) {
      std::string all;
      for (size_t i = 0; i < type.count() && i < 12; ++i)
        all += (i == 0 ? "" : ", ") + std::string(type.name(i));
      return expected(std::string(what) + (type.count() > 12 ? "" : " (" + all + ")"));
    }
    at_ += size;
    *index = *found;
    return true;
  }

  bool record(ComponentType type, ComponentVal* out) {
    ComponentVal::List made(type.count());
    std::vector<bool> seen(type.count());
    // {:} is a record of which all fields are left out, where {} would be flags.
    if (at('{') && text_.substr(at_).starts_with("{:}")) {
      at_ += 3;
    } else if (!items('{', '}', [&] {
                 size_t index = 0;
                 if (!name(type, "a field", &index)) return false;
                 if (seen[index]) return fail("the field " + quoted(type.name(index)) + " stands here twice");
                 seen[index] = true;
                 return expect(':') && value(type.type(index), &made[index]);
               })) {
      return false;
    }
    for (size_t i = 0; i < made.size(); ++i) {
      if (seen[i]) continue;
      if (type.type(i).kind() != ComponentKind::Option)
        return fail("the field " + quoted(type.name(i)) + " is missing");
      made[i] = ComponentVal::none();
    }
    *out = ComponentVal::record(std::move(made));
    return true;
  }

  bool variant(ComponentType type, ComponentVal* out) {
    size_t index = 0;
    if (!name(type, "a case", &index)) return false;
    const ComponentType payload = type.type(index);
    if (payload.is_empty()) {
      *out = ComponentVal::variant(static_cast<uint32_t>(index));
      return true;
    }
    ComponentVal inner;
    if (!expect('(') || !value(payload, &inner) || !expect(')')) return false;
    *out = ComponentVal::variant(static_cast<uint32_t>(index), std::move(inner));
    return true;
  }

  bool enumeration(ComponentType type, ComponentVal* out) {
    size_t index = 0;
    if (!name(type, "a case", &index)) return false;
    *out = ComponentVal::enumeration(static_cast<uint32_t>(index));
    return true;
  }

  bool option(ComponentType type, ComponentVal* out) {
    if (take_word("none")) {
      *out = ComponentVal::none();
      return true;
    }
    ComponentVal inner;
    if (take_word("some")) {
      if (!expect('(') || !value(type.first(), &inner) || !expect(')')) return false;
    } else if (is_ambiguous(type.first())) {
      return expected("some(...) or none");
    } else if (!value(type.first(), &inner)) {
      return false;
    }
    *out = ComponentVal::some(std::move(inner));
    return true;
  }

  bool result(ComponentType type, ComponentVal* out) {
    for (const bool is_error : {false, true}) {
      if (!take_word(is_error ? "err" : "ok")) continue;
      const ComponentType payload = is_error ? type.second() : type.first();
      if (payload.is_empty()) {
        *out = is_error ? ComponentVal::error() : ComponentVal::ok();
        return true;
      }
      ComponentVal inner;
      if (!expect('(') || !value(payload, &inner) || !expect(')')) return false;
      *out = is_error ? ComponentVal::error(std::move(inner)) : ComponentVal::ok(std::move(inner));
      return true;
    }
    if (is_ambiguous(type.first())) return expected("ok or err");
    ComponentVal inner;
    if (!value(type.first(), &inner)) return false;
    *out = ComponentVal::ok(std::move(inner));
    return true;
  }

  bool flags(ComponentType type, ComponentVal* out) {
    uint32_t bits = 0;
    const bool read = items('{', '}', [&] {
      size_t index = 0;
      if (!name(type, "a flag", &index)) return false;
      if ((bits >> index & 1) != 0)
        return fail("the flag " + quoted(type.name(index)) + " stands here twice");
      bits |= uint32_t{1} << index;
      return true;
    });
    if (!read) return false;
    *out = ComponentVal::flags(bits);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string error_;
};

}  // namespace

WaveCall split_wave_call(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const size_t open = text.find('(');
  WaveCall call;
  std::string_view name = text.substr(0, open);
  if (open != std::string_view::npos) call.arguments = text.substr(open);
  while (name.ends_with(' ')) name.remove_suffix(1);
  const size_t dot = name.rfind('.');
  call.function = name;
  // "[method]r.f" is one name.
  if (dot == std::string_view::npos || name.starts_with('[')) return call;
  call.interface = name.substr(0, dot);
  call.function = name.substr(dot + 1);
  // The method of a resource of an interface: "ns:pkg/iface.[method]r.f".
  const size_t bracket = name.find(".[");
  if (bracket != std::string_view::npos) {
    call.interface = name.substr(0, bracket);
    call.function = name.substr(bracket + 1);
  }
  return call;
}

std::expected<ComponentVal, std::string> parse_wave(std::string_view text, ComponentType type) {
  Reader reader(text);
  ComponentVal value;
  if (!reader.value(type, &value) || !reader.end()) return std::unexpected(reader.error());
  return value;
}

std::expected<std::vector<ComponentVal>, std::string> parse_wave_arguments(std::string_view text,
                                                                           ComponentFuncType type) {
  Reader reader(text);
  std::vector<ComponentVal> arguments;
  if (!reader.arguments(type, &arguments)) return std::unexpected(reader.error());
  return arguments;
}

}  // namespace wherry::component
