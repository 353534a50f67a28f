// Text to binary, from the outside in: the forms of a module, the order of passes, and the assembly of sections.
//
// Identifiers may be used before they are bound, and an inline function type may stand for a type that is written
// further down, so the fields are read three times, each time by the lexer alone and without a tree:
//   1. collect: identifiers into index spaces, where type fields begin, imports before definitions;
//   2. types: the type section, and the signatures that inline types can match (6.6.4);
//   3. fields: everything else, encoded as it is read. Implicit types are appended in the order of their first use.
// Lexing costs about a third of all; an AST would cost more than two lexings, and memory by its node size.
#include <algorithm>

#include "engine/text/module_parser.h"

namespace wherry::text {

using wasm::ErrorCode;

namespace {

struct FieldKeyword {
  std::string_view text;
  Space space;
};
constexpr FieldKeyword kDefinitions[] = {{"func", Space::Func},
                                         {"table", Space::Table},
                                         {"memory", Space::Memory},
                                         {"global", Space::Global},
                                         {"tag", Space::Tag}};

constexpr uint8_t kSectionIds[kSectionCount] = {
#define SECTION_ROW(name, id, keyword, words) id,
#include "engine/wasm/sections.inc"
#undef SECTION_ROW
};

}  // namespace

std::string_view space_name(Space space) {
  constexpr std::string_view kNames[kSpaceCount] = {"type",   "func", "table", "memory",
                                                    "global", "tag",  "elem",  "data"};
  return kNames[static_cast<uint32_t>(space)];
}

bool ModuleParser::parse(TextModule* module, base::Vector<uint8_t>* quoted) {
  if (!check_source()) return false;
  advance();
  const bool has_parenthesis = take_open("module");
  if (has_parenthesis) {
    take_keyword("definition");
    if (at(TokenKind::Identifier)) {
      if (!read_identifier(token(), &module_name_)) return false;
      advance();
    }
    if (at_keyword("binary")) return parse_strings_module(&module->binary);
    if (quoted != nullptr && at_keyword("quote")) {
      is_quote_ = true;
      quote_offset_ = token().offset;
      return parse_strings_module(quoted);
    }
    Binding binding{module_name_};
    if (!parse_name_annotation(&binding)) return false;
    module_name_ = binding.name;
  }
  const uint32_t fields = token().offset;
  if (!collect_fields(has_parenthesis) || !write_types()) return false;
  restart_at(fields);
  return write_fields(has_parenthesis) && assemble(module);
}

bool ModuleParser::parse_strings_module(base::Vector<uint8_t>* bytes) {
  advance();
  while (at(TokenKind::String)) {
    if (!expect_string(bytes)) return false;
  }
  if (!expect_close()) return false;
  return at(TokenKind::End) || unexpected("the end of the text after the module");
}

// ---- collecting identifiers

bool ModuleParser::collect_fields(bool has_parenthesis) {
  while (true) {
    if (at(TokenKind::Annotation)) {
      if (!skip_balanced()) return false;
    } else if (at(TokenKind::LeftParen)) {
      if (!collect_field()) return false;
    } else if (has_parenthesis) {
      if (!at(TokenKind::RightParen)) return unexpected("a module field or ')'");
      advance();
      return at(TokenKind::End) || unexpected("the end of the text after the module");
    } else {
      return at(TokenKind::End) || unexpected("a module field");
    }
  }
}

bool ModuleParser::collect_field() {
  const uint32_t begin = token().offset;
  advance();
  if (!at(TokenKind::Keyword)) return unexpected("the keyword of a module field");
  const std::string_view keyword = text();
  advance();
  for (const FieldKeyword& definition : kDefinitions) {
    if (keyword == definition.text) return collect_definition(definition.space);
  }
  if (keyword == "type" || keyword == "rec") {
    if (!type_fields_.push_back(begin)) return out_of_memory();
    return keyword == "type" ? bind(Space::Type) && skip_rest() : collect_rec();
  }
  if (keyword == "import") return collect_import();
  if (keyword == "elem") return bind(Space::Elem) && skip_rest();
  if (keyword == "data") return bind(Space::Data) && skip_rest();
  return skip_rest();
}

bool ModuleParser::collect_rec() {
  while (take_open("type")) {
    if (!bind(Space::Type) || !skip_rest()) return false;
  }
  return skip_rest();
}

// Gives the next index of a space to the definition at hand, and to its identifier if it has one.
bool ModuleParser::bind(Space id) {
  IndexSpace& indices = space(id);
  const uint32_t index = indices.count++;
  if (!at(TokenKind::Identifier)) return true;
  std::string_view name;
  if (!read_identifier(token(), &name)) return false;
  switch (indices.names.insert(name, index)) {
    case NameMap::Insertion::Done: break;
    case NameMap::Insertion::Duplicate:
      return fail(ErrorCode::DuplicateIdentifier, token().offset,
                  std::string(space_name(id)) + " " + quoted(token()) + " is defined twice");
    case NameMap::Insertion::OutOfMemory: return out_of_memory();
  }
  advance();
  return true;
}

bool ModuleParser::note_import_order(Space id, bool is_import, uint32_t offset) {
  if (!is_import) {
    if (!has_definitions_) first_definition_ = id;
    has_definitions_ = true;
    return true;
  }
  if (!has_definitions_) return true;
  return fail(ErrorCode::ImportAfterDefinition, offset,
              "import after " + std::string(space_name(first_definition_)) + ", expected imports first");
}

// Behind "(import". What does not fit is left for the third pass to refuse.
bool ModuleParser::collect_import() {
  const uint32_t begin = token().offset;
  if (has_definitions_) return note_import_order(Space::Func, true, begin);
  if (!take(TokenKind::String)) return skip_rest();
  uint32_t bare_items = 0;
  while (take_open("item")) {
    take(TokenKind::String);
    if (at(TokenKind::RightParen)) ++bare_items;
    if (at(TokenKind::LeftParen) && !collect_extern(1)) return false;
    if (!skip_rest()) return false;
  }
  take(TokenKind::String);
  if (at(TokenKind::LeftParen) && !collect_extern(bare_items == 0 ? 1 : bare_items)) return false;
  return skip_rest();
}

// "(func $f ...)" of an import, or of several without identifiers.
bool ModuleParser::collect_extern(uint32_t count) {
  advance();
  for (const FieldKeyword& definition : kDefinitions) {
    if (!at_keyword(definition.text)) continue;
    advance();
    if (count == 1) return bind(definition.space) && skip_rest();
    space(definition.space).count += count;
  }
  return skip_rest();
}

// Behind "(func" and the like: the identifier, whether it is an import, and the segments that a table or a memory
// brings with it.
bool ModuleParser::collect_definition(Space id) {
  const uint32_t begin = token().offset;
  if (!bind(id)) return false;
  bool is_import = false;
  const bool may_have_segment = id == Space::Table || id == Space::Memory;
  while (at(TokenKind::Annotation) || at_open("export")) {
    if (!skip_balanced()) return false;
  }
  if (at_open("import")) is_import = true;
  if (!note_import_order(id, is_import, begin)) return false;
  while (may_have_segment && !at(TokenKind::RightParen) && !at(TokenKind::End) && !at(TokenKind::Error)) {
    if (at_open("elem")) ++space(Space::Elem).count;
    if (at_open("data")) ++space(Space::Data).count;
    if (!at(TokenKind::LeftParen) && !at(TokenKind::Annotation)) {
      advance();
    } else if (!skip_balanced()) {
      return false;
    }
  }
  return skip_rest();
}

// ---- writing

bool ModuleParser::write_types() {
  for (const uint32_t begin : type_fields_) {
    restart_at(begin);
    if (at_open("rec") ? !parse_rec_field() : !parse_type_field(false)) return false;
  }
  return true;
}

bool ModuleParser::write_fields(bool has_parenthesis) {
  while (!at(TokenKind::End) && !(has_parenthesis && at(TokenKind::RightParen))) {
    if (at_annotation("custom")) {
      if (!parse_custom_annotation()) return false;
    } else if (at(TokenKind::LeftParen)) {
      if (!parse_field()) return false;
    } else {
      return unexpected("a module field");
    }
  }
  return true;
}

void ModuleParser::append_section(Section id, ByteBuffer* out, TextModule* module) {
  SectionBuffer& from = section(id);
  ByteBuffer head;
  if (id == Section::DataCount) {
    if (!needs_data_count_) return;
    head.u32(section(Section::Data).count);
  } else if (id == Section::Start) {
    if (from.count == 0) return;
  } else {
    if (from.count == 0) return;
    head.u32(from.count);
  }
  out->u8(kSectionIds[static_cast<uint32_t>(id)]);
  out->u64(head.size() + from.bytes.size());
  out->append(head.span());
  const size_t begin = out->size();
  out->append(from.bytes.span());
  out->require(from.bytes.ok());
  from.bytes = {};  // The binary and its sections need not both be whole.
  for (SourcePosition position : from.positions) {
    position.binary_offset += static_cast<uint32_t>(begin);
    out->require(module->positions.push_back(position));
  }
  from.positions = {};
}

void ModuleParser::append_customs(uint32_t place, ByteBuffer* out) {
  for (const CustomSection& custom : customs_) {
    if (custom.place != place) continue;
    out->custom_section(custom.name, custom.bytes.span());
  }
}

void ModuleParser::append_code_hints(ByteBuffer* out) {
  if (hinted_funcs_ == 0) return;
  ByteBuffer head;
  head.name("metadata.code.branch_hint");
  head.u32(hinted_funcs_);
  out->section(0, head, code_hints_.span());
  out->require(code_hints_.ok());
}

// Custom sections stand at places: 0 before all, 1 + 2n before and 2 + 2n after the n-th section, then the end.
bool ModuleParser::assemble(TextModule* module) {
  ByteBuffer out;
  constexpr uint8_t kHeader[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  out.append(kHeader);
  append_customs(0, &out);
  for (uint32_t id = 0; id < kSectionCount; ++id) {
    append_customs(1 + 2 * id, &out);
    if (id == static_cast<uint32_t>(Section::Code)) append_code_hints(&out);
    append_section(static_cast<Section>(id), &out, module);
    append_customs(2 + 2 * id, &out);
  }
  append_customs(1 + 2 * kSectionCount, &out);
  if (options_.names) {
    names_.write(module_name_, &out);
    out.require(names_.ok());
  }
  if (!out.ok()) return out_of_memory();
  module->binary = out.take();
  return true;
}

// ---- the interface

base::Result<TextModule> parse_module(base::ByteSpan source, const ParseOptions& options) {
  TextModule module;
  base::Vector<uint8_t> quoted;
  uint64_t quote_offset = 0;
  {
    ModuleParser parser(source, options);
    if (!parser.parse(&module, &quoted)) return base::Failure(parser.error());
    if (!parser.is_quote()) return module;
    quote_offset = parser.quote_offset();
  }
  ModuleParser parser(quoted.span(), options);
  if (parser.parse(&module, nullptr)) {
    module.positions.clear();  // They count bytes of the quoted text.
    return module;
  }
  base::Error error = parser.error();
  const LineColumn place = locate(quoted.span(), error.offset);
  error.detail += (error.detail.empty() ? "in line " : " in line ") + std::to_string(place.line) +
                  ", column " + std::to_string(place.column) + " of the quoted text";
  error.offset = quote_offset;
  return base::Failure(std::move(error));
}

uint64_t TextModule::text_offset(uint64_t binary_offset) const {
  const auto* after = std::upper_bound(
      positions.begin(), positions.end(), binary_offset,
      [](uint64_t offset, const SourcePosition& position) { return offset < position.binary_offset; });
  return after == positions.begin() ? base::Error::kNoOffset : (after - 1)->text_offset;
}

}  // namespace wherry::text
