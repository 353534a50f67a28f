#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"
#include "engine/text/number.h"
#include "engine/wasm/errors.h"

namespace wherry::text {

enum class TokenKind : uint8_t {
  End,
  Error,  // Not a token; Lexer::error() says why
  LeftParen,
  RightParen,
  Keyword,     // begins with a lower-case letter
  Number,      // `form` says which; `inf` and `nan` are numbers too
  String,      // with its quotes
  Identifier,  // `$x` or `$"x"`
  Annotation,  // `(@id` of an annotation that Wherry reads; text() is the id
  Reserved,    // what the grammar has no use for
};

// A piece of the source. 32 bits suffice: longer sources are refused.
struct Token {
  TokenKind kind = TokenKind::End;
  NumberForm form = NumberForm::None;
  bool has_escapes = false;  // A String or an Identifier whose text is not what stands in the source.
  uint32_t offset = 0;
  uint32_t size_bytes = 0;

  uint32_t end() const { return offset + size_bytes; }
};

// Cuts a source into tokens (core spec 6.3 and the annotations appendix), on demand and without copying: a state
// is an offset, so that a parser can look at a piece again by seeking. White space, comments, and annotations
// that Wherry does not read are skipped; what is in them is checked all the same. The source must be valid UTF-8
// (see invalid_utf8_offset) and outlive the lexer. Not thread-safe.
class Lexer {
 public:
  explicit Lexer(base::ByteSpan source) : source_(base::as_text(source)) {}

  // The next token. Error and End do not move.
  Token next();
  void seek(uint32_t offset) { offset_ = offset; }
  uint32_t offset() const { return offset_; }
  std::string_view text(const Token& token) const { return source_.substr(token.offset, token.size_bytes); }
  std::string_view source() const { return source_; }

  // Why the last token was an Error.
  wasm::ErrorCode error_code() const { return error_code_; }
  uint32_t error_offset() const { return error_offset_; }
  const char* error_detail() const { return error_detail_; }

 private:
  bool skip_space();
  bool skip_block_comment();
  bool skip_annotation_body(uint32_t begin);
  bool lex_annotation(Token* token);
  bool scan_string(bool* has_escapes);
  bool scan_escape();
  bool scan_run(Token* token);
  Token lex_run();
  bool fail(wasm::ErrorCode code, size_t offset, const char* detail = "");

  std::string_view source_;
  uint32_t offset_ = 0;
  wasm::ErrorCode error_code_{};
  uint32_t error_offset_ = 0;
  const char* error_detail_ = "";
};

// The bytes that the inside of a string literal stands for, appended to `out`; `literal` is without its quotes
// and was accepted by a Lexer. False: out of memory.
[[nodiscard]] bool append_unescaped(std::string_view literal, base::Vector<uint8_t>* out);

// Where the bytes stop being UTF-8 (the first byte of the bad sequence), or their size.
size_t invalid_utf8_offset(std::string_view bytes);

}  // namespace wherry::text
