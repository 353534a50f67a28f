// The lexer of the text format, core spec 6.3.
//
// Tokens are cut by the longest run of identifier characters and strings (6.3.1, `reserved`) and classified
// afterwards: that is what makes `0$x` or `"a""b"` one wrong token instead of two right ones. Nothing is stored: a
// token is its place, and the parser reads the source twice instead of keeping a list of tokens that would be a
// dozen times the source's size.
//
// Annotations (appendix 7.6) are white space to most of the grammar. The lexer skips those it does not know, with
// a counter of parentheses instead of recursion, and reports the others as tokens: a parser takes them where they
// may stand, and refuses them elsewhere because no rule of its grammar expects one.
#include "engine/text/lexer.h"

#include "engine/base/utf8.h"

namespace wherry::text {

using wasm::ErrorCode;

namespace {

enum CharClass : uint8_t { kOther = 0, kIdChar = 1, kSpace = 2 };

struct CharTable {
  uint8_t classes[256] = {};
  constexpr CharTable() {
    for (int c = '0'; c <= '9'; ++c) classes[c] = kIdChar;
    for (int c = 'a'; c <= 'z'; ++c) classes[c] = kIdChar;
    for (int c = 'A'; c <= 'Z'; ++c) classes[c] = kIdChar;
    for (const char c : std::string_view("!#$%&'*+-./:<=>?@\\^_`|~"))
      classes[static_cast<uint8_t>(c)] = kIdChar;
    for (const char c : std::string_view(" \t\n\r")) classes[static_cast<uint8_t>(c)] = kSpace;
  }
};
constexpr CharTable kChars;

uint8_t class_of(char c) { return kChars.classes[static_cast<uint8_t>(c)]; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

constexpr std::string_view kKnownAnnotations[] = {"custom", "name", "metadata.code.branch_hint"};

bool is_known_annotation(std::string_view id) {
  for (const std::string_view known : kKnownAnnotations) {
    if (id == known) return true;
  }
  return false;
}

// The bytes of the well-formed sequence at the front, or 0 (Unicode 15, table 3-7).
size_t utf8_length(const uint8_t* p, size_t remaining) {
  const auto continues = [&](size_t i, uint8_t low, uint8_t high) {
    return i < remaining && p[i] >= low && p[i] <= high;
  };
  const uint8_t lead = p[0];
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return continues(1, 0x80, 0xbf) ? 2 : 0;
  if (lead < 0xf0) {
    const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead > 0xf4) return 0;
  const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
  return continues(1, low, high) && continues(2, 0x80, 0xbf) && continues(3, 0x80, 0xbf) ? 4 : 0;
}

}  // namespace

size_t invalid_utf8_offset(std::string_view bytes) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t i = 0;
  while (i < bytes.size()) {
    uint64_t word;
    if (bytes.size() - i >= sizeof word) {
      __builtin_memcpy(&word, p + i, sizeof word);
      if ((word & 0x8080808080808080) == 0) {
        i += sizeof word;
        continue;
      }
    }
    const size_t length = utf8_length(p + i, bytes.size() - i);
    if (length == 0) return i;
    i += length;
  }
  return bytes.size();
}

bool append_unescaped(std::string_view literal, base::Vector<uint8_t>* out) {
  size_t i = 0;
  while (i < literal.size()) {
    const size_t plain_end = literal.find('\\', i);
    const std::string_view plain = literal.substr(i, plain_end - i);
    if (!out->append(base::as_bytes(plain))) return false;
    i += plain.size();
    if (i == literal.size()) break;
    const char c = literal[i + 1];
    uint8_t bytes[4];
    size_t size_bytes = 1;
    const size_t begin = i;
    i += 2;
    switch (c) {
      case 't': bytes[0] = '\t'; break;
      case 'n': bytes[0] = '\n'; break;
      case 'r': bytes[0] = '\r'; break;
      case '"':
      case '\'':
      case '\\': bytes[0] = static_cast<uint8_t>(c); break;
      case 'u': {
        uint32_t point = 0;
        for (++i; literal[i] != '}'; ++i) {
          if (literal[i] != '_') point = point * 16 + static_cast<uint32_t>(hex_value(literal[i]));
        }
        ++i;
        size_bytes = base::put_utf8(point, bytes);
        break;
      }
      default:
        bytes[0] = static_cast<uint8_t>(hex_value(c) * 16 + hex_value(literal[begin + 2]));
        i = begin + 3;
        break;
    }
    if (!out->append({bytes, size_bytes})) return false;
  }
  return true;
}

bool Lexer::fail(ErrorCode code, size_t offset, const char* detail) {
  error_code_ = code;
  error_offset_ = static_cast<uint32_t>(offset);
  error_detail_ = detail;
  return false;
}

// At "(;": up to behind the ";)" that closes it.
bool Lexer::skip_block_comment() {
  const uint32_t begin = offset_;
  size_t i = offset_ + 2;
  uint64_t depth = 1;
  while (i + 1 < source_.size()) {
    const char c = source_[i];
    const char d = source_[i + 1];
    if (c == '(' && d == ';') {
      ++depth;
      i += 2;
    } else if (c == ';' && d == ')') {
      i += 2;
      if (--depth == 0) {
        offset_ = static_cast<uint32_t>(i);
        return true;
      }
    } else {
      ++i;
    }
  }
  return fail(ErrorCode::UnclosedComment, begin, "found no ';)' that closes it");
}

// Skips white space and comments, but not annotations.
bool Lexer::skip_space() {
  while (offset_ < source_.size()) {
    const char c = source_[offset_];
    const char d = offset_ + 1 < source_.size() ? source_[offset_ + 1] : '\0';
    if (class_of(c) == kSpace) {
      ++offset_;
    } else if (c == ';' && d == ';') {
      const size_t end = source_.find_first_of("\n\r", offset_);
      offset_ = static_cast<uint32_t>(end == std::string_view::npos ? source_.size() : end);
    } else if (c == '(' && d == ';') {
      if (!skip_block_comment()) return false;
    } else {
      return true;
    }
  }
  return true;
}

// Behind a backslash.
bool Lexer::scan_escape() {
  const size_t begin = offset_ - 1;
  const auto at = [&](size_t i) { return i < source_.size() ? source_[i] : '\0'; };
  const char c = at(offset_);
  if (c == 't' || c == 'n' || c == 'r' || c == '"' || c == '\'' || c == '\\') {
    ++offset_;
    return true;
  }
  if (c == 'u' && at(offset_ + 1) == '{') {
    size_t i = offset_ + 2;
    uint32_t point = 0;
    bool after_digit = false;
    for (; hex_value(at(i)) >= 0 || (at(i) == '_' && after_digit && hex_value(at(i + 1)) >= 0); ++i) {
      after_digit = at(i) != '_';
      if (after_digit) point = point * 16 + static_cast<uint32_t>(hex_value(at(i)));
      if (point > 0x10ffff)
        return fail(ErrorCode::MalformedUtf8, begin, "escape names a code point above 10ffff");
    }
    if (i == offset_ + 2 || at(i) != '}') {
      return fail(ErrorCode::IllegalCharacter, begin, "expected hexadecimal digits in braces after \\u");
    }
    if (point >= 0xd800 && point < 0xe000) {
      return fail(ErrorCode::MalformedUtf8, begin, "escape names a surrogate");
    }
    offset_ = static_cast<uint32_t>(i + 1);
    return true;
  }
  if (hex_value(c) >= 0 && hex_value(at(offset_ + 1)) >= 0) {
    offset_ += 2;
    return true;
  }
  return fail(ErrorCode::IllegalCharacter, begin, "unknown escape in a string");
}

// At a quote.
bool Lexer::scan_string(bool* has_escapes) {
  const uint32_t begin = offset_++;
  while (offset_ < source_.size()) {
    const char c = source_[offset_];
    if (c == '"') {
      ++offset_;
      return true;
    }
    if (c == '\n' || c == '\r') return fail(ErrorCode::UnclosedString, begin, "line ends inside a string");
    if (is_control(c)) return fail(ErrorCode::IllegalCharacter, offset_, "control character in a string");
    ++offset_;
    if (c == '\\') {
      *has_escapes = true;
      if (!scan_escape()) return false;
    }
  }
  return fail(ErrorCode::UnclosedString, begin, "text ends inside a string");
}

// A run of identifier characters and strings, which is one token whatever it holds.
bool Lexer::scan_run(Token* token) {
  while (offset_ < source_.size()) {
    const char c = source_[offset_];
    if (class_of(c) == kIdChar) {
      ++offset_;
    } else if (c == '"') {
      // A name begun by `$` and a bad string is an empty name to the specification.
      const bool is_name = offset_ == token->offset + 1 && source_[token->offset] == '$';
      if (!scan_string(&token->has_escapes)) {
        if (is_name && error_code_ != ErrorCode::MalformedUtf8) error_code_ = ErrorCode::EmptyIdentifier;
        return false;
      }
    } else {
      break;
    }
  }
  token->size_bytes = offset_ - token->offset;
  return true;
}

// At "(@" outside of annotations. A known one becomes a token; the rest, up to its parenthesis, is skipped, and
// `token->kind` stays Reserved.
bool Lexer::lex_annotation(Token* token) {
  const uint32_t begin = offset_;
  offset_ += 2;
  Token id;
  id.offset = offset_;
  const bool is_quoted = offset_ < source_.size() && source_[offset_] == '"';
  if (is_quoted) {
    if (!scan_string(&id.has_escapes)) {
      if (error_code_ == ErrorCode::UnclosedString) error_code_ = ErrorCode::EmptyAnnotationId;
      return false;
    }
  } else {
    while (offset_ < source_.size() && class_of(source_[offset_]) == kIdChar) ++offset_;
  }
  id.size_bytes = offset_ - id.offset;
  std::string_view name = text(id);
  if (is_quoted) name = name.substr(1, name.size() - 2);
  if (name.empty()) return fail(ErrorCode::EmptyAnnotationId, begin, "expected an id right after '(@'");
  if (id.has_escapes) {
    base::Vector<uint8_t> bytes;
    if (!append_unescaped(name, &bytes)) return fail(ErrorCode::OutOfMemory, begin);
    if (invalid_utf8_offset(base::as_text(bytes)) != bytes.size()) {
      return fail(ErrorCode::MalformedUtf8, id.offset, "annotation id");
    }
  }
  if (!id.has_escapes && is_known_annotation(name)) {
    token->kind = TokenKind::Annotation;
    token->offset = begin;
    token->size_bytes = offset_ - begin;
    return true;
  }
  return skip_annotation_body(begin);
}

bool Lexer::skip_annotation_body(uint32_t begin) {
  uint64_t depth = 1;
  while (true) {
    if (!skip_space()) return false;
    if (offset_ == source_.size()) {
      return fail(ErrorCode::UnclosedAnnotation, begin, "found no ')' that closes it");
    }
    const char c = source_[offset_];
    if (c == '(') {
      ++depth;
      ++offset_;
    } else if (c == ')') {
      ++offset_;
      if (--depth == 0) return true;
    } else {
      const Token token = lex_run();
      if (token.kind == TokenKind::Error) return false;
    }
  }
}

// A token that is neither a parenthesis nor an annotation.
Token Lexer::lex_run() {
  Token token;
  token.offset = offset_;
  token.kind = TokenKind::Error;
  const char first = source_[offset_];
  if (class_of(first) != kIdChar && first != '"') {
    if (first == ',' || first == ';' || first == '[' || first == ']' || first == '{' || first == '}') {
      ++offset_;
      token.kind = TokenKind::Reserved;
      token.size_bytes = 1;
      return token;
    }
    fail(ErrorCode::IllegalCharacter, offset_,
         static_cast<uint8_t>(first) >= 0x80
             ? "character outside ASCII, which only strings and comments may hold"
             : "control character");
    return token;
  }
  if (!scan_run(&token)) {
    offset_ = token.offset;
    return token;
  }
  const std::string_view run = text(token);
  token.kind = TokenKind::Reserved;
  const size_t quote = run.find('"');
  // A string or quoted name is one run with nothing else in it: its first closing quote is the last character.
  const auto is_one_string = [&](size_t begin) {
    size_t i = begin + 1;
    while (run[i] != '"') i += run[i] == '\\' ? 2 : 1;
    return i + 1 == run.size();
  };
  if (quote == 0) {
    if (is_one_string(0)) token.kind = TokenKind::String;
  } else if (first == '$') {
    if (run.size() == 1 || run == "$\"\"") {
      token.kind = TokenKind::Error;
      fail(ErrorCode::EmptyIdentifier, token.offset, "expected a name right after '$'");
      offset_ = token.offset;
    } else if (quote == std::string_view::npos || (quote == 1 && is_one_string(1))) {
      token.kind = TokenKind::Identifier;
    }
  } else if (quote == std::string_view::npos) {
    token.form = number_form(run);
    if (token.form != NumberForm::None)
      token.kind = TokenKind::Number;
    else if (first >= 'a' && first <= 'z')
      token.kind = TokenKind::Keyword;
  }
  return token;
}

Token Lexer::next() {
  Token token;
  while (true) {
    if (!skip_space()) break;
    token.offset = offset_;
    if (offset_ == source_.size()) return token;
    const char c = source_[offset_];
    if (c == '(') {
      if (offset_ + 1 < source_.size() && source_[offset_ + 1] == '@') {
        const uint32_t begin = offset_;
        if (!lex_annotation(&token)) {
          offset_ = begin;
          break;
        }
        if (token.kind == TokenKind::Annotation) return token;
        continue;
      }
      ++offset_;
      token.kind = TokenKind::LeftParen;
      token.size_bytes = 1;
      return token;
    }
    if (c == ')') {
      ++offset_;
      token.kind = TokenKind::RightParen;
      token.size_bytes = 1;
      return token;
    }
    return lex_run();
  }
  token.kind = TokenKind::Error;
  token.offset = error_offset_;
  token.size_bytes = 0;
  return token;
}

}  // namespace wherry::text
