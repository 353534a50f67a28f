// WIT's tokens. Which words are keywords is for the parser to know: most are names elsewhere, and a `%` in front makes a
// name of any. Comments are skipped, but a token knows where those in front of it begin, because `///` and `/**` document
// what follows.
//
// Characters that change the direction of text or are not shown are refused, as a reader would see another program than
// the parser (WIT.md, "Whitespace").
#include "component/wit/lexer.h"

#include "engine/base/utf8.h"

namespace wherry::component::wit {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

Token Lexer::fail(Token token, const char* message) {
  error_ = message;
  token.kind = TokenKind::Error;
  offset_ = token.offset;
  return token;
}

// False at a comment that does not end; the offset is then where it begins.
bool Lexer::skip_space() {
  for (;;) {
    while (offset_ < source_.size() && is_space(source_[offset_])) ++offset_;
    const std::string_view rest = source_.substr(offset_);
    if (rest.starts_with("//")) {
      const size_t end = rest.find('\n');
      offset_ += static_cast<uint32_t>(end == std::string_view::npos ? rest.size() : end);
      continue;
    }
    if (!rest.starts_with("/*")) return true;
    uint32_t depth = 1;
    size_t at = 2;
    while (depth > 0) {
      const size_t found = rest.find_first_of("*/", at);
      if (found == std::string_view::npos || found + 1 >= rest.size()) return false;
      const std::string_view pair = rest.substr(found, 2);
      depth = pair == "/*" ? depth + 1 : pair == "*/" ? depth - 1 : depth;
      at = found + (pair == "/*" || pair == "*/" ? 2 : 1);
    }
    offset_ += static_cast<uint32_t>(at);
  }
}

Token Lexer::next() {
  while (offset_ < source_.size() && is_space(source_[offset_])) ++offset_;
  Token token;
  token.docs = offset_;
  const bool closed = skip_space();
  token.offset = offset_;
  if (!closed) return fail(token, "unclosed comment");
  if (offset_ == source_.size()) return token;
  const char c = source_[offset_];
  if (is_letter(c) || c == '%') return word(token);
  if (c == '"') return string(token);
  if (is_digit(c)) {
    size_t end = offset_;
    while (end < source_.size() && is_digit(source_[end])) ++end;
    token.kind = TokenKind::Integer;
    token.text = source_.substr(offset_, end - offset_);
    offset_ = static_cast<uint32_t>(end);
    return token;
  }
  const bool is_arrow = source_.substr(offset_).starts_with("->");
  if (!is_arrow && std::string_view("=,:;(){}<>*/.@_").find(c) == std::string_view::npos) {
    return fail(token, "unexpected character");
  }
  token.kind = TokenKind::Symbol;
  token.text = source_.substr(offset_, is_arrow ? 2 : 1);
  offset_ += static_cast<uint32_t>(token.text.size());
  return token;
}

Token Lexer::word(Token token) {
  size_t begin = offset_;
  token.kind = TokenKind::Word;
  if (source_[begin] == '%') {
    token.kind = TokenKind::Name;
    ++begin;
  }
  size_t end = begin;
  while (end < source_.size() && (is_letter(source_[end]) || is_digit(source_[end]) || source_[end] == '-'))
    ++end;
  // `a->b` is no name with a hyphen.
  if (end < source_.size() && source_[end] == '>' && end > begin && source_[end - 1] == '-') --end;
  token.text = source_.substr(begin, end - begin);
  if (token.text.empty()) return fail(token, "a name is expected after '%'");
  offset_ = static_cast<uint32_t>(end);
  return token;
}

Token Lexer::string(Token token) {
  size_t end = offset_ + 1;
  while (end < source_.size() && source_[end] != '"' && source_[end] != '\n')
    end += source_[end] == '\\' ? 2 : 1;
  if (end >= source_.size() || source_[end] != '"') return fail(token, "unclosed string");
  token.kind = TokenKind::String;
  token.text = source_.substr(offset_ + 1, end - offset_ - 1);
  offset_ = static_cast<uint32_t>(end + 1);
  return token;
}

std::string_view Lexer::version() {
  skip_space();
  const size_t begin = offset_;
  size_t at = begin;
  const auto is_part = [this](size_t place) {
    return place < source_.size() &&
           (is_letter(source_[place]) || is_digit(source_[place]) || source_[place] == '-');
  };
  const auto digits = [&] {
    const size_t from = at;
    while (at < source_.size() && is_digit(source_[at])) ++at;
    return at != from;
  };
  const auto dot = [&] {
    const bool has = at + 1 < source_.size() && source_[at] == '.' && is_part(at + 1);
    at += has ? 1 : 0;
    return has;
  };
  if (digits() && dot() && digits() && dot() && digits()) {
    for (const char sign : {'-', '+'}) {
      if (at + 1 >= source_.size() || source_[at] != sign || !is_part(at + 1)) continue;
      ++at;
      do {
        while (is_part(at)) ++at;
      } while (dot());
    }
  }
  offset_ = static_cast<uint32_t>(at);
  return source_.substr(begin, at - begin);
}

}  // namespace wherry::component::wit
