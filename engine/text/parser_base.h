#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/result.h"
#include "engine/text/lexer.h"
#include "engine/text/name_map.h"

namespace wherry::text {

// What the parsers of modules, scripts and components share: a cursor with one token of look-ahead, strings and
// identifiers, and errors.
//
// Every parsing function returns false once something is wrong, after it has called fail(); the first error is
// the one that counts. (A Result in each of them made the parser a third slower: it carries a string.)
class ParserBase {
 public:
  const base::Error& error() const { return error_; }

 protected:
  explicit ParserBase(base::ByteSpan source) : lexer_(source) {}

  // Refuses sources that are too long or no UTF-8; to be called before the first advance().
  bool check_source();

  // The cursor.
  const Token& token() const { return token_; }
  const Token& peek();
  void advance();
  // Makes the token at `offset` the current one.
  void restart_at(uint32_t offset);
  std::string_view text() const { return lexer_.text(token_); }
  std::string_view text(const Token& token) const { return lexer_.text(token); }
  bool at(TokenKind kind) const { return token_.kind == kind; }
  bool at_keyword(std::string_view keyword) const {
    return token_.kind == TokenKind::Keyword && text() == keyword;
  }
  bool at_natural() const { return token_.kind == TokenKind::Number && token_.form == NumberForm::Natural; }
  bool at_annotation(std::string_view id) const;  // "(@id"
  bool at_open(std::string_view keyword);         // "(" and the keyword

  // Take what was asked for if it stands there.
  bool take(TokenKind kind);
  bool take_keyword(std::string_view keyword);
  bool take_open(std::string_view keyword);
  // The same, and fail if it does not.
  bool expect_open(std::string_view keyword);
  bool expect_keyword(std::string_view keyword);
  bool expect_close();
  // From a parenthesis (or an annotation) to behind the one that closes it, whatever is inside.
  bool skip_balanced();
  // Behind the parenthesis that closes what is open here.
  bool skip_rest(TokenKind opened_by = TokenKind::LeftParen);

  // Strings. Names must be valid UTF-8 once escapes are read. Without escapes a name is a view of the source,
  // otherwise of `storage`.
  bool expect_string(base::Vector<uint8_t>* bytes);
  bool expect_name(std::string_view* name);
  // The name of an Identifier token, without dollar and quotes.
  bool read_identifier(const Token& token, std::string_view* name);
  bool read_string_token(const Token& token, std::string_view* text);
  // An unsigned literal below 2^bits.
  bool expect_natural(uint32_t bits, uint64_t* value);

  // Errors; all of them return false. unexpected() is about the current token.
  bool fail(wasm::ErrorCode code, uint64_t offset, std::string detail = {});
  bool unexpected(std::string_view expected);
  bool out_of_memory() { return fail(wasm::ErrorCode::OutOfMemory, token_.offset); }
  bool number_fault(NumberFault fault, std::string_view expected);
  // The token's text in quotes, shortened.
  std::string quoted(const Token& token) const;

  base::Arena storage_;

 private:
  Lexer lexer_;
  Token token_;
  Token peek_;
  bool has_peek_ = false;
  bool has_failed_ = false;
  base::Error error_{};
};

}  // namespace wherry::text
