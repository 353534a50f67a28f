// Rust's symbols. The legacy form is a nested name of Itanium's whose last part is a hash, with what such names cannot hold
// written as $..$; the other, v0 (RFC 2603), is a grammar of its own in which parts refer back to earlier ones.
//
// No library of Debian 12 knows v0 but LLVM, which no runner may contain. Bounds: nesting at most kDepth deep, so the recursion
// is a few KiB; at most kReadableBytes of result, after which parsing ends, so references cannot multiply work either. Left out
// of what is printed: hashes, crates' numbers, lifetimes by name (they are '_), and types of constants.
#include <cstdint>
#include <cstring>

#include "engine/base/utf8.h"
#include "engine/decode/symbol_name.h"

namespace wherry::decode {

namespace {

constexpr uint32_t kDepth = 96;
constexpr uint32_t kSteps = 8192;  // Parts that print nothing cost, too.
constexpr std::string_view kEscapes[][2] = {
    {"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"}, {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void append_utf8(std::string& out, uint32_t c) {
  char bytes[4];
  out.append(bytes, base::put_utf8(c, bytes));
}

bool is_char(uint32_t c) { return c < 0xd800 || (c >= 0xe000 && c < 0x110000); }

// $..$ at the beginning of `text`: appends what it stands for. How many bytes it took; 0: it is none.
size_t unescape(std::string_view text, std::string& out) {
  const size_t end = text.find('$', 1);
  if (end == text.npos) return 0;
  const std::string_view escape = text.substr(1, end - 1);
  for (const auto& [name, meaning] : kEscapes) {
    if (escape == name) return out += meaning, end + 1;
  }
  if (escape.size() < 2 || escape.size() > 7 || escape[0] != 'u') return 0;
  uint32_t c = 0;
  for (const char digit : escape.substr(1)) {
    if (hex_digit(digit) < 0) return 0;
    c = c * 16 + static_cast<uint32_t>(hex_digit(digit));
  }
  if (!is_char(c)) return 0;
  append_utf8(out, c);
  return end + 1;
}

void append_legacy_part(std::string_view part, std::string& out) {
  if (part.starts_with("_$")) part.remove_prefix(1);
  while (!part.empty()) {
    size_t taken = 1;
    if (part.starts_with("..")) {
      out += "::";
      taken = 2;
    } else if (part[0] == '$' && (taken = unescape(part, out)) != 0) {
    } else {
      taken = 1;
      out += part[0];
    }
    part.remove_prefix(taken);
  }
}

bool is_hash(std::string_view part) {
  if (part.size() != 17 || part[0] != 'h') return false;
  for (const char c : part.substr(1)) {
    if (hex_digit(c) < 0) return false;
  }
  return true;
}

// ---- v0

class Printer {
 public:
  explicit Printer(std::string_view symbol) : text_(symbol) {}

  std::string print() {
    path(true);
    if (!ok_ || out_.size() > kReadableBytes) return {};
    return std::move(out_);
  }

 private:
  struct Identifier {
    std::string_view ascii;
    std::string_view punycode;  // Of the rest, if there is one.
    uint64_t disambiguator = 0;
  };

  // ---- reading

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() { return at_ < text_.size() ? text_[at_++] : fail(); }
  bool eat(char c) { return peek() == c && (++at_, true); }
  char fail() {
    ok_ = false;
    at_ = text_.size();
    return '\0';
  }

  uint64_t decimal() {
    if (!is_digit(peek())) return static_cast<uint64_t>(fail());
    if (eat('0')) return 0;
    uint64_t value = 0;
    while (is_digit(peek()) && value <= kReadableBytes)
      value = value * 10 + static_cast<uint64_t>(next() - '0');
    return value;
  }

  // Digits 0-9a-zA-Z and an underscore; "_" is 0, "0_" is 1.
  uint64_t base_62() {
    if (eat('_')) return 0;
    uint64_t value = 0;
    while (ok_ && !eat('_')) {
      const char c = next();
      uint64_t digit = 0;
      if (is_digit(c)) {
        digit = static_cast<uint64_t>(c - '0');
      } else if (c >= 'a' && c <= 'z') {
        digit = static_cast<uint64_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'Z') {
        digit = static_cast<uint64_t>(c - 'A') + 36;
      } else {
        fail();
      }
      if (value > (~uint64_t{0} - digit) / 62) fail();
      value = value * 62 + digit;
    }
    return value + 1;
  }

  Identifier identifier() {
    Identifier found;
    if (eat('s')) found.disambiguator = base_62() + 1;
    const bool has_unicode = eat('u');
    const uint64_t size = decimal();
    eat('_');
    if (size > text_.size() - at_) return fail(), found;
    found.ascii = text_.substr(at_, size);
    at_ += size;
    if (!has_unicode) return found;
    const size_t split = found.ascii.rfind('_');
    found.punycode = split == found.ascii.npos ? found.ascii : found.ascii.substr(split + 1);
    found.ascii = split == found.ascii.npos ? std::string_view() : found.ascii.substr(0, split);
    return found;
  }

  // ---- writing

  void put(std::string_view text) {
    if (!is_silent_) out_ += text;
    if (out_.size() > kReadableBytes) fail();
  }
  void put_number(uint64_t value) { put(std::to_string(value)); }

  void put_identifier(const Identifier& name) {
    if (name.punycode.empty()) return put(name.ascii);
    std::string decoded;
    if (!decode_punycode(name, &decoded))
      decoded = std::string(name.ascii) + "{" + std::string(name.punycode) + "}";
    put(decoded);
  }

  // RFC 3492, with digits a-z0-9.
  static bool decode_punycode(const Identifier& name, std::string* out) {
    constexpr size_t kChars = 128;
    uint32_t chars[kChars];
    size_t count = 0;
    if (name.ascii.size() > kChars) return false;
    for (const char c : name.ascii) chars[count++] = static_cast<uint8_t>(c);
    uint64_t n = 128, i = 0, bias = 72;
    bool is_first = true;
    for (size_t at = 0; at < name.punycode.size();) {
      const uint64_t before = i;
      for (uint64_t weight = 1, k = 36;; k += 36) {
        if (at == name.punycode.size()) return false;
        const char c = name.punycode[at++];
        const int digit = c >= 'a' && c <= 'z' ? c - 'a' : is_digit(c) ? c - '0' + 26 : -1;
        if (digit < 0) return false;
        i += static_cast<uint64_t>(digit) * weight;
        const uint64_t threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (static_cast<uint64_t>(digit) < threshold) break;
        weight *= 36 - threshold;
        if (weight > 0x110000 || i > uint64_t{0x110000} * kChars) return false;
      }
      if (count == kChars) return false;
      ++count;
      uint64_t delta = (i - before) / (is_first ? 700 : 2);
      is_first = false;
      delta += delta / count;
      uint64_t k = 0;
      for (; delta > 455; k += 36) delta /= 35;
      bias = k + 36 * delta / (delta + 38);
      n += i / count;
      i %= count;
      if (n >= 0x110000 || !is_char(static_cast<uint32_t>(n))) return false;
      std::memmove(chars + i + 1, chars + i, (count - 1 - i) * sizeof chars[0]);
      chars[i++] = static_cast<uint32_t>(n);
    }
    for (size_t at = 0; at < count; ++at) append_utf8(*out, chars[at]);
    return true;
  }

  // ---- the grammar; each level counts

  class Level {
   public:
    explicit Level(Printer& printer) : printer_(printer) {
      if (++printer.depth_ > kDepth || ++printer.steps_ > kSteps) printer.fail();
    }
    ~Level() { --printer_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Printer& printer_;
  };

  // Does `print` at the earlier place that is named here.
  template <class Print>
  void back_reference(Print print) {
    const size_t here = at_ - 1;
    const uint64_t place = base_62();
    if (!ok_ || place >= here) return static_cast<void>(fail());
    if (is_silent_) return;
    const size_t after = at_;
    at_ = place;
    print();
    if (ok_) at_ = after;
  }

  // `in_value`: in an expression, where generics need "::" before them.
  void path(bool in_value) {
    const Level level(*this);
    switch (next()) {
      case 'C': put_identifier(identifier()); break;
      case 'N': nested(in_value); break;
      case 'M':
        impl_path();
        put("<");
        type();
        put(">");
        break;
      case 'X': impl_path(); [[fallthrough]];
      case 'Y':
        put("<");
        type();
        put(" as ");
        path(false);
        put(">");
        break;
      case 'I':
        path(in_value);
        if (in_value) put("::");
        put("<");
        list([this] { generic(); });
        put(">");
        break;
      case 'B': back_reference([this, in_value] { path(in_value); }); break;
      default: fail();
    }
  }

  void nested(bool in_value) {
    const char space = next();
    path(in_value);
    const Identifier name = identifier();
    if (space >= 'A' && space <= 'Z') {
      put("::{");
      put(space == 'C' ? "closure" : space == 'S' ? "shim" : std::string_view(&space, 1));
      if (!name.ascii.empty() || !name.punycode.empty()) {
        put(":");
        put_identifier(name);
      }
      put("#");
      put_number(name.disambiguator);
      put("}");
    } else if (!name.ascii.empty() || !name.punycode.empty()) {
      put("::");
      put_identifier(name);
    }
  }

  // Where an impl is written: read over.
  void impl_path() {
    if (eat('s')) base_62();
    const bool before = is_silent_;
    is_silent_ = true;
    path(false);
    is_silent_ = before;
  }

  template <class Print>
  size_t list(Print print) {
    size_t count = 0;
    for (; ok_ && !eat('E'); ++count) {
      if (count > 0) put(", ");
      print();
    }
    return count;
  }

  void generic() {
    if (eat('L')) {
      base_62();
      put("'_");
    } else if (eat('K')) {
      constant();
    } else {
      type();
    }
  }

  static std::string_view basic_type(char c) {
    constexpr std::string_view kNames[26] = {
        "i8",   "bool", "char", "f64", "str", "f32", "",    "u8", "isize", "usize", "",    "i32", "u32",
        "i128", "u128", "_",    "",    "",    "i16", "u16", "()", "...",   "",      "i64", "u64", "!"};
    return c >= 'a' && c <= 'z' ? kNames[c - 'a'] : std::string_view();
  }

  void type() {
    const Level level(*this);
    const char c = next();
    if (const std::string_view basic = basic_type(c); !basic.empty()) return put(basic);
    switch (c) {
      case 'A':
      case 'S':
        put("[");
        type();
        if (c == 'A') {
          put("; ");
          constant();
        }
        put("]");
        break;
      case 'T': {
        put("(");
        if (list([this] { type(); }) == 1) put(",");
        put(")");
        break;
      }
      case 'R':
      case 'Q':
        put("&");
        if (eat('L') && base_62() != 0) put("'_ ");
        put(c == 'Q' ? "mut " : "");
        type();
        break;
      case 'P':
      case 'O':
        put(c == 'P' ? "*const " : "*mut ");
        type();
        break;
      case 'F': function_type(); break;
      case 'D': object_type(); break;
      case 'B': back_reference([this] { type(); }); break;
      default:
        if (ok_) --at_;
        path(false);
    }
  }

  void binder() {
    if (eat('G')) base_62();
  }

  void function_type() {
    binder();
    if (eat('U')) put("unsafe ");
    if (eat('K')) {
      put("extern \"");
      if (eat('C')) {
        put("C");
      } else {
        std::string abi(identifier().ascii);
        for (char& c : abi) c = c == '_' ? '-' : c;
        put(abi);
      }
      put("\" ");
    }
    put("fn(");
    list([this] { type(); });
    put(")");
    if (eat('u')) return;
    put(" -> ");
    type();
  }

  // A trait, whose generics stay open for the types that belong to it. Whether there are any.
  bool open_path() {
    const Level level(*this);
    bool is_open = false;
    if (eat('B')) {
      back_reference([this, &is_open] { is_open = open_path(); });
    } else if (eat('I')) {
      path(false);
      put("<");
      list([this] { generic(); });
      is_open = true;
    } else {
      path(false);
    }
    return is_open;
  }

  void object_type() {
    put("dyn ");
    binder();
    for (size_t i = 0; ok_ && !eat('E'); ++i) {
      if (i > 0) put(" + ");
      bool is_open = open_path();
      for (; eat('p'); is_open = true) {
        put(is_open ? ", " : "<");
        put_identifier(identifier());
        put(" = ");
        type();
      }
      if (is_open) put(">");
    }
    if (!eat('L')) fail();
    if (base_62() != 0) put(" + '_");
  }

  void constant() {
    const Level level(*this);
    const char c = next();
    if (c == 'p') return put("_");
    if (c == 'B') return back_reference([this] { constant(); });
    const bool is_number = std::strchr("abchijlmnostxy", c) != nullptr && c != '\0';
    if (!is_number) return static_cast<void>(fail());  // Constants of other types are not in stable Rust.
    if (eat('n')) put("-");
    const size_t begin = at_;
    while (hex_digit(peek()) >= 0) ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (!eat('_')) return static_cast<void>(fail());
    if (digits.size() > 16) {
      put("0x");
      return put(digits);
    }
    uint64_t value = 0;
    for (const char digit : digits) value = value * 16 + static_cast<uint64_t>(hex_digit(digit));
    if (c == 'b') return put(value != 0 ? "true" : "false");
    if (c != 'c') return put_number(value);
    std::string quoted = "'";
    if (value < 0x110000 && is_char(static_cast<uint32_t>(value)))
      append_utf8(quoted, static_cast<uint32_t>(value));
    put(quoted + "'");
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  uint32_t depth_ = 0;
  uint32_t steps_ = 0;
  bool is_silent_ = false;
  bool ok_ = true;
};

}  // namespace

std::string legacy_rust_name(std::string_view symbol) {
  if (!symbol.starts_with("_ZN")) return {};
  symbol.remove_prefix(3);
  std::string out;
  std::string_view last;
  while (!symbol.empty() && is_digit(symbol[0])) {
    size_t size = 0;
    while (!symbol.empty() && is_digit(symbol[0]) && size <= symbol.size()) {
      size = size * 10 + static_cast<size_t>(symbol[0] - '0');
      symbol.remove_prefix(1);
    }
    if (size == 0 || size > symbol.size()) return {};
    if (!last.empty()) {
      if (!out.empty()) out += "::";
      append_legacy_part(last, out);
    }
    last = symbol.substr(0, size);
    symbol.remove_prefix(size);
  }
  if (!symbol.starts_with('E') || !is_hash(last) || out.size() > kReadableBytes) return {};
  return out;
}

std::string rust_name(std::string_view symbol) {
  if (!symbol.starts_with("_R")) return {};
  symbol.remove_prefix(2);
  if (!symbol.empty() && is_digit(symbol[0])) return {};  // A later version of the grammar.
  return Printer(symbol).print();
}

}  // namespace wherry::decode
