#pragma once

#include <cstdint>
#include <string_view>

namespace wherry::component::wit {

enum class TokenKind : uint8_t {
  End,
  Error,   // Lexer::error() says why.
  Symbol,  // One of = , : ; ( ) { } < > * / . @ _ and ->
  Word,    // A name or a keyword.
  Name,    // %name: never a keyword.
  Integer,
  String,
};

// A piece of the source; `text` is without the % of a name and without the quotes of a string.
struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;
  uint32_t offset = 0;
  uint32_t docs = 0;  // Where comments in front of it begin; its offset if there are none.
};

// Cuts WIT into tokens (WIT.md, "Lexical structure"), on demand. The source is valid UTF-8, smaller than 4 GiB and outlives
// the lexer. Nothing is copied; a state is an offset.
class Lexer {
 public:
  Lexer() = default;
  explicit Lexer(std::string_view source) : source_(source) {}

  Token next();
  // The version behind an `@`, as far as one may be written there: `1.0.0-rc.1` of `@1.0.0-rc.1.{a}`.
  std::string_view version();
  uint32_t offset() const { return offset_; }
  void seek(uint32_t offset) { offset_ = offset; }
  const char* error() const { return error_; }

 private:
  bool skip_space();
  Token word(Token token);
  Token string(Token token);
  Token fail(Token token, const char* message);

  std::string_view source_;
  uint32_t offset_ = 0;
  const char* error_ = "";
};

}  // namespace wherry::component::wit
