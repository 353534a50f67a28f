// The cursor, strings and errors of all parsers of text.
#include "engine/text/parser_base.h"

#include <cstring>

namespace wherry::text {

using wasm::ErrorCode;

bool ParserBase::check_source() {
  const std::string_view source = lexer_.source();
  if (source.size() > uint64_t{1} << 31) return fail(ErrorCode::ModuleTooLarge, 0, "text of more than 2 GiB");
  const size_t bad = invalid_utf8_offset(source);
  if (bad != source.size()) return fail(ErrorCode::MalformedUtf8, bad);
  return true;
}

const Token& ParserBase::peek() {
  if (!has_peek_) {
    peek_ = lexer_.next();
    has_peek_ = true;
  }
  return peek_;
}

void ParserBase::advance() {
  if (has_peek_) {
    token_ = peek_;
    has_peek_ = false;
    return;
  }
  token_ = lexer_.next();
}

void ParserBase::restart_at(uint32_t offset) {
  has_peek_ = false;
  lexer_.seek(offset);
  token_ = lexer_.next();
}

bool ParserBase::at_annotation(std::string_view id) const {
  if (token_.kind != TokenKind::Annotation) return false;
  std::string_view found = text().substr(2);
  if (found[0] == '"') found = found.substr(1, found.size() - 2);
  return found == id;
}

bool ParserBase::at_open(std::string_view keyword) {
  return token_.kind == TokenKind::LeftParen && peek().kind == TokenKind::Keyword && text(peek_) == keyword;
}

bool ParserBase::take(TokenKind kind) {
  if (token_.kind != kind) return false;
  advance();
  return true;
}

bool ParserBase::take_keyword(std::string_view keyword) {
  if (!at_keyword(keyword)) return false;
  advance();
  return true;
}

bool ParserBase::take_open(std::string_view keyword) {
  if (!at_open(keyword)) return false;
  advance();
  advance();
  return true;
}

bool ParserBase::expect_open(std::string_view keyword) {
  return take_open(keyword) || unexpected("'(" + std::string(keyword) + "'");
}

bool ParserBase::expect_keyword(std::string_view keyword) {
  return take_keyword(keyword) || unexpected("'" + std::string(keyword) + "'");
}

bool ParserBase::expect_close() { return take(TokenKind::RightParen) || unexpected("')'"); }

bool ParserBase::skip_balanced() {
  const TokenKind kind = token_.kind;
  advance();
  return skip_rest(kind);
}

bool ParserBase::skip_rest(TokenKind opened_by) {
  const uint32_t begin = token_.offset;
  for (uint64_t depth = 1; depth != 0; advance()) {
    switch (token_.kind) {
      case TokenKind::LeftParen:
      case TokenKind::Annotation: ++depth; break;
      case TokenKind::RightParen: --depth; break;
      case TokenKind::End:
        if (opened_by == TokenKind::Annotation) return fail(ErrorCode::UnclosedAnnotation, begin);
        return unexpected("')'");
      case TokenKind::Error: return unexpected("')'");
      default: break;
    }
  }
  return true;
}

bool ParserBase::read_string_token(const Token& token, std::string_view* result) {
  std::string_view literal = text(token);
  literal = literal.substr(1, literal.size() - 2);
  if (!token.has_escapes) {
    *result = literal;
    return true;
  }
  base::Vector<uint8_t> bytes;
  if (!append_unescaped(literal, &bytes)) return out_of_memory();
  char* copy = static_cast<char*>(storage_.allocate_bytes(bytes.size(), 1));
  if (copy == nullptr) return out_of_memory();
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  *result = {copy, bytes.size()};
  return true;
}

bool ParserBase::expect_string(base::Vector<uint8_t>* bytes) {
  if (token_.kind != TokenKind::String) return unexpected("a string");
  const std::string_view literal = text();
  if (!append_unescaped(literal.substr(1, literal.size() - 2), bytes)) return out_of_memory();
  advance();
  return true;
}

bool ParserBase::expect_name(std::string_view* name) {
  if (token_.kind != TokenKind::String) return unexpected("a string");
  if (!read_string_token(token_, name)) return false;
  if (token_.has_escapes && invalid_utf8_offset(*name) != name->size()) {
    return fail(ErrorCode::MalformedUtf8, token_.offset, "a name must be valid UTF-8");
  }
  advance();
  return true;
}

bool ParserBase::read_identifier(const Token& token, std::string_view* name) {
  if (text(token)[1] != '"') {
    *name = text(token).substr(1);
    return true;
  }
  Token string = token;
  string.offset += 1;
  string.size_bytes -= 1;
  if (!read_string_token(string, name)) return false;
  if (token.has_escapes && invalid_utf8_offset(*name) != name->size()) {
    return fail(ErrorCode::MalformedUtf8, token.offset, "an identifier must be valid UTF-8");
  }
  return true;
}

bool ParserBase::number_fault(NumberFault fault, std::string_view expected) {
  if (fault == NumberFault::None) return true;
  if (fault == NumberFault::NotANumber) return unexpected(expected);
  return fail(ErrorCode::ConstantOutOfRange, token_.offset,
              "found " + quoted(token_) + ", expected " + std::string(expected));
}

bool ParserBase::expect_natural(uint32_t bits, uint64_t* value) {
  if (!at_natural()) return unexpected("an unsigned number");
  const NumberFault fault = parse_natural(text(), bits, value);
  if (fault != NumberFault::None) {
    return number_fault(fault, bits == 32 ? "a number of 32 bits" : "a number of 64 bits");
  }
  advance();
  return true;
}

std::string ParserBase::quoted(const Token& token) const {
  constexpr size_t kShown = 40;
  std::string_view shown = lexer_.text(token);
  const bool is_cut = shown.size() > kShown;
  if (is_cut) {
    size_t end = kShown;
    while (end > 0 && (static_cast<uint8_t>(shown[end]) & 0xc0) == 0x80) --end;  // Not inside a character.
    shown = shown.substr(0, end);
  }
  return "'" + std::string(shown) + (is_cut ? "...'" : "'");
}

bool ParserBase::fail(ErrorCode code, uint64_t offset, std::string detail) {
  if (!has_failed_) error_ = {code, offset, std::move(detail)};
  has_failed_ = true;
  return false;
}

bool ParserBase::unexpected(std::string_view expected) {
  if (token_.kind == TokenKind::Error || (has_peek_ && peek_.kind == TokenKind::Error)) {
    return fail(lexer_.error_code(), lexer_.error_offset(), lexer_.error_detail());
  }
  if (token_.kind == TokenKind::Annotation) {
    return fail(ErrorCode::MisplacedAnnotation, token_.offset,
                quoted(token_) + " where " + std::string(expected) + " was expected");
  }
  std::string found = "found the end of the text";
  const Token& culprit = token_.kind == TokenKind::LeftParen ? peek() : token_;
  if (culprit.kind == TokenKind::Error) return unexpected(expected);
  if (token_.kind == TokenKind::LeftParen && culprit.kind == TokenKind::Keyword) {
    found = "found '(" + quoted(culprit).substr(1);
  } else if (token_.kind != TokenKind::End) {
    found = "found " + quoted(token_);
  }
  const ErrorCode code =
      token_.kind == TokenKind::Reserved ? ErrorCode::UnknownOperator : ErrorCode::UnexpectedToken;
  return fail(code, token_.offset, found + ", expected " + std::string(expected));
}

}  // namespace wherry::text
