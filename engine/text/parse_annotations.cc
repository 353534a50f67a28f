// The annotations that Wherry reads (appendix 7.6): `(@name "...")`, `(@custom "name" (after func) "bytes")` and
// `(@metadata.code.branch_hint "\00")`. Where they may stand is a matter of who calls these functions; anywhere
// else ParserBase::unexpected refuses them.
#include "engine/text/module_parser.h"

namespace wherry::text {

using wasm::ErrorCode;

// After an identifier, or where one could be: a name for the name section that wins over the identifier.
bool ModuleParser::parse_name_annotation(Binding* binding) {
  if (!at_annotation("name")) return true;
  advance();
  if (!at(TokenKind::String)) {
    return fail(ErrorCode::MalformedAnnotation, token().offset, "@name annotation: expected a string");
  }
  if (!expect_name(&binding->name)) return false;
  if (!at(TokenKind::RightParen)) {
    return fail(ErrorCode::MalformedAnnotation, token().offset,
                "@name annotation: found " + quoted(token()) + ", expected ')'");
  }
  advance();
  if (at_annotation("name")) {
    return fail(ErrorCode::MalformedAnnotation, token().offset,
                "@name annotation: several for one definition");
  }
  return true;
}

// `(before type)` and so on; see ModuleParser::assemble for the numbering.
bool ModuleParser::parse_custom_place(uint32_t* place) {
  constexpr std::string_view kSections[kSectionCount] = {
#define SECTION_ROW(name, id, keyword, words) keyword,
#include "engine/wasm/sections.inc"
#undef SECTION_ROW
  };
  advance();
  const bool is_before = at_keyword("before");
  if (!is_before && !at_keyword("after")) {
    return fail(ErrorCode::MalformedAnnotation, token().offset,
                "@custom annotation: malformed placement, expected 'before' or 'after'");
  }
  advance();
  bool found = true;
  if (is_before && at_keyword("first")) {
    *place = 0;
  } else if (!is_before && at_keyword("last")) {
    *place = 1 + 2 * kSectionCount;
  } else {
    found = false;
    for (uint32_t id = 0; id < kSectionCount && !found; ++id) {
      found = at_keyword(kSections[id]);
      if (found) *place = 1 + 2 * id + (is_before ? 0 : 1);
    }
  }
  if (!found) {
    return fail(ErrorCode::MalformedAnnotation, token().offset,
                "@custom annotation: malformed section kind, found " + quoted(token()));
  }
  advance();
  return expect_close();
}

bool ModuleParser::parse_custom_annotation() {
  CustomSection custom;
  custom.place = 1 + 2 * kSectionCount;
  advance();
  if (!at(TokenKind::String)) {
    return fail(ErrorCode::MalformedAnnotation, token().offset, "@custom annotation: missing section name");
  }
  if (!expect_name(&custom.name)) return false;
  if (at(TokenKind::LeftParen) && !parse_custom_place(&custom.place)) return false;
  while (at(TokenKind::String)) {
    if (!expect_string(&custom.bytes)) return false;
  }
  if (!at(TokenKind::RightParen)) {
    return fail(ErrorCode::MalformedAnnotation, token().offset,
                "@custom annotation: unexpected token " + quoted(token()) + ", expected a string or ')'");
  }
  advance();
  return customs_.push_back(std::move(custom)) || out_of_memory();
}

// Before an instruction. Whether that is one that branches is for the validator of the custom section to say.
bool ModuleParser::parse_branch_hint() {
  const uint32_t begin = token().offset;
  if (!in_func_) return unexpected("an instruction");
  if (hint_ != kNoHint) {
    return fail(ErrorCode::MalformedAnnotation, begin,
                "@metadata.code.branch_hint annotation: duplicate annotation");
  }
  advance();
  base::Vector<uint8_t> bytes;
  if (!expect_string(&bytes)) return false;
  if (bytes.size() != 1 || bytes[0] > 1) {
    return fail(ErrorCode::MalformedAnnotation, begin,
                "@metadata.code.branch_hint annotation: expected \"\\00\" or \"\\01\"");
  }
  if (!expect_close()) return false;
  hint_ = bytes[0];
  hint_offset_ = begin;
  return true;
}

}  // namespace wherry::text
