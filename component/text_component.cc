// The frame of a component's text: its forms, scopes with their index spaces of identifiers, and how items become sections.
// Items of one kind that follow each other share a section; an item of another kind ends it. Inside of types there are
// no sections, only declarations one after the other.
#include "component/text_parser.h"

namespace wherry::component {

using text::TokenKind;
using wasm::ErrorCode;

bool is_component_text(base::ByteSpan source) {
  text::Lexer lexer(source);
  text::Token token = lexer.next();
  if (token.kind != TokenKind::LeftParen) return false;
  token = lexer.next();
  return token.kind == TokenKind::Keyword && lexer.text(token) == "component";
}

// ---- forms

bool ComponentParser::parse(text::TextModule* component, base::Vector<uint8_t>* quoted) {
  if (!check_source()) return false;
  advance();
  const bool has_parenthesis = take_open("component");
  std::string_view name;
  if (has_parenthesis) {
    take_keyword("definition");
    if (!take_id(&name)) return false;
    if (at_keyword("binary")) return parse_strings(&component->binary);
    if (quoted != nullptr && at_keyword("quote")) {
      is_quote_ = true;
      quote_offset_ = token().offset;
      return parse_strings(quoted);
    }
  }
  if (!open_scope(DefKind::Component, name) || !parse_fields(has_parenthesis)) return false;
  if (has_parenthesis && !expect_close()) return false;
  if (!at(TokenKind::End)) return unexpected("the end of the text after the component");
  Buffer out;
  if (!close_scope(&out, &component->positions)) return false;
  if (!options_.positions) component->positions.clear();
  component->binary = out.take();
  return true;
}

bool ComponentParser::parse_strings(base::Vector<uint8_t>* bytes) {
  advance();
  while (at(TokenKind::String)) {
    if (!expect_string(bytes)) return false;
  }
  if (!expect_close()) return false;
  return at(TokenKind::End) || unexpected("the end of the text after the component");
}

// ---- scopes

bool ComponentParser::open_scope(DefKind kind, std::string_view name) {
  Scope opened;
  opened.kind = kind;
  opened.name = name;
  if (kind == DefKind::Component) {
    opened.out.append(kPreamble);
  }
  return scopes_.push_back(std::move(opened)) || out_of_memory();
}

namespace {

// Appends `from`, which count from a place that is now `by` bytes further.
bool append_shifted(const base::Vector<text::SourcePosition>& from, size_t by,
                    base::Vector<text::SourcePosition>* to) {
  for (const text::SourcePosition& position : from) {
    if (!to->push_back({static_cast<uint32_t>(position.binary_offset + by), position.text_offset}))
      return false;
  }
  return true;
}

}  // namespace

// Hands over what the scope has become: a whole component, or the declarations of a type with their count in front.
bool ComponentParser::close_scope(Buffer* out, Positions* positions) {
  if (scope().kind == DefKind::Component) {
    flush();
    if (options_.names) write_names(scope());
  } else {
    out->u32(scope().declarations);
  }
  const Scope closed = std::move(scope());
  scopes_.pop_back();
  const size_t begin = out->size();
  out->require(closed.out.ok());
  out->append(closed.out.span());
  if (positions != nullptr && !append_shifted(closed.positions, begin, positions)) return out_of_memory();
  return out->ok() || out_of_memory();
}

void ComponentParser::flush() {
  Scope& at = scope();
  if (at.section == SectionId::None) return;
  Buffer count;
  count.u32(at.item_count);
  at.out.require(at.items.ok());
  at.out.u8(static_cast<uint8_t>(at.section));
  at.out.u64(count.size() + at.items.size());
  at.out.append(count.span());
  if (!append_shifted(at.item_positions, at.out.size(), &at.positions)) at.out.require(false);
  at.out.append(at.items.span());
  at.items.clear();
  at.item_positions.clear();
  at.item_count = 0;
  at.section = SectionId::None;
}

void ComponentParser::emit(SectionId section, const Buffer& item, uint32_t text_offset,
                           const Positions* inside) {
  Scope& at = scope();
  Buffer* out = &at.out;
  Positions* positions = &at.positions;
  if (at.kind == DefKind::Component) {
    if (at.section != section) flush();
    at.section = section;
    out = &at.items;
    positions = &at.item_positions;
    ++at.item_count;
  } else {
    ++at.declarations;
    if (at.kind == DefKind::CoreModuleType) {
      out->u8(section == SectionId::Import
                  ? 0
                  : (section == SectionId::CoreType ? 1 : (section == SectionId::Alias ? 2 : 3)));
    } else {
      const SectionId codes[] = {SectionId::CoreType, SectionId::Type, SectionId::Alias, SectionId::Import,
                                 SectionId::Export};
      for (uint8_t code = 0; code < 5; ++code) {
        if (codes[code] == section) out->u8(code);
      }
    }
  }
  if (!positions->push_back({static_cast<uint32_t>(out->size()), text_offset})) out->require(false);
  if (inside != nullptr && !append_shifted(*inside, out->size(), positions)) out->require(false);
  out->require(item.ok());
  out->append(item.span());
}

// A section that is one item: a module, a component, a custom section.
void ComponentParser::emit_whole(SectionId section, base::ByteSpan bytes, uint32_t text_offset,
                                 const Positions* inside) {
  flush();
  Scope& at = scope();
  at.out.u8(static_cast<uint8_t>(section));
  at.out.u64(bytes.size());
  if (!at.positions.push_back({static_cast<uint32_t>(at.out.size()), text_offset})) at.out.require(false);
  if (inside != nullptr && !append_shifted(*inside, at.out.size(), &at.positions)) at.out.require(false);
  at.out.append(bytes);
}

bool ComponentParser::take_id(std::string_view* id) {
  *id = {};
  if (!at(TokenKind::Identifier)) return true;
  if (!read_identifier(token(), id)) return false;
  advance();
  if (!at_annotation("name")) return true;
  advance();
  Annotated annotated;
  annotated.id = id->data();
  if (!expect_name(&annotated.name) || !expect_close()) return false;
  return annotated_.push_back(annotated) || out_of_memory();
}

// What the section "component-name" says of a definition with this identifier: that, or what an annotation said.
std::string_view ComponentParser::name_of(std::string_view id) {
  for (size_t i = annotated_.size(); i-- > 0;) {
    if (annotated_[i].id != id.data()) continue;
    const std::string_view name = annotated_[i].name;
    annotated_[i] = annotated_.back();
    annotated_.pop_back();
    return name;
  }
  return id;
}

bool ComponentParser::define(Sort sort, std::string_view id, uint32_t* index) {
  Scope& at = scope();
  const auto place = static_cast<uint32_t>(sort);
  const uint32_t made = at.next[place]++;
  if (index != nullptr) *index = made;
  if (id.data() == nullptr) return true;
  switch (at.names[place].insert(id, made)) {
    case text::NameMap::Insertion::Done: break;
    case text::NameMap::Insertion::OutOfMemory: return out_of_memory();
    case text::NameMap::Insertion::Duplicate:
      return fail(ErrorCode::DuplicateIdentifier, token().offset,
                  std::string(sort_name(sort)) + " '$" + std::string(id) + "'");
  }
  at.name_entries[place].u32(made);
  at.name_entries[place].name(name_of(id));
  ++at.name_counts[place];
  return true;
}

void ComponentParser::write_names(Scope& scope) {
  Buffer body;
  if (scope.name.data() != nullptr) {
    Buffer name;
    name.name(scope.name);
    body.section(0, name);
  }
  for (uint32_t sort = 0; sort < kSortCount; ++sort) {
    if (scope.name_counts[sort] == 0) continue;
    Buffer head;
    write_sort(static_cast<Sort>(sort), &head);
    head.u32(scope.name_counts[sort]);
    body.section(1, head, scope.name_entries[sort].span());
    body.require(scope.name_entries[sort].ok());
  }
  if (body.size() == 0) return;
  scope.out.custom_section("component-name", body.span());
  scope.out.require(body.ok());
}

// ---- fields

bool ComponentParser::parse_fields(bool has_parenthesis) {
  for (;;) {
    if (at(TokenKind::Annotation)) {
      if (at_annotation("custom") ? !parse_custom_annotation() : !skip_balanced()) return false;
      continue;
    }
    if (at(TokenKind::LeftParen)) {
      if (!parse_field()) return false;
      continue;
    }
    if (at(has_parenthesis ? TokenKind::RightParen : TokenKind::End)) return true;
    return unexpected("a definition in parentheses");
  }
}

// (@custom "name" "bytes"*)
bool ComponentParser::parse_custom_annotation() {
  const uint32_t begin = token().offset;
  advance();
  std::string_view name;
  if (!expect_name(&name)) return false;
  Buffer body;
  body.name(name);
  base::Vector<uint8_t> bytes;
  while (at(TokenKind::String)) {
    if (!expect_string(&bytes)) return false;
  }
  body.append(bytes);
  if (!body.ok()) return out_of_memory();
  emit_whole(SectionId::Custom, body.span(), begin, nullptr);
  return expect_close();
}

bool ComponentParser::parse_field() {
  const uint32_t begin = token().offset;
  advance();
  if (!at(TokenKind::Keyword)) return unexpected("the keyword of a definition");
  if (take_keyword("core")) return parse_core_field(begin);
  if (take_keyword("component")) return parse_component_field(begin);
  if (take_keyword("instance")) return parse_instance(begin);
  if (take_keyword("alias")) return parse_alias();
  if (take_keyword("type")) return parse_type_field(begin);
  if (take_keyword("canon")) return parse_canon(begin);
  if (take_keyword("func")) return parse_func(begin);
  if (take_keyword("start")) return parse_start(begin);
  if (take_keyword("import")) return parse_import(begin);
  if (take_keyword("export")) return parse_export(begin);
  if (at_keyword("value")) {
    return fail(ErrorCode::FeatureDisabled, begin, "definitions of values have no text form here");
  }
  return unexpected("the keyword of a definition");
}

bool ComponentParser::parse_core_field(uint32_t begin) {
  if (take_keyword("module")) return parse_core_module(begin);
  if (take_keyword("instance")) return parse_core_instance(begin);
  if (take_keyword("type")) return parse_core_type_field(begin);
  if (take_keyword("rec")) return parse_core_rec(begin);
  if (take_keyword("func")) return parse_core_func(begin);
  for (const Sort sort : {Sort::CoreTable, Sort::CoreMemory, Sort::CoreGlobal, Sort::CoreTag}) {
    if (!take_keyword(sort_name(sort).substr(5))) continue;
    std::string_view id;
    return take_id(&id) && parse_inline_alias(sort, id) && expect_close();
  }
  return unexpected("the keyword of a core definition");
}

bool ComponentParser::parse_component_field(uint32_t begin) {
  const Nesting nesting(*this);
  if (!nesting.ok()) return false;
  Head head;
  if (!parse_head(Sort::Component, begin, &head)) return false;
  if (head.is_whole) return true;
  if (!open_scope(DefKind::Component, head.id) || !parse_fields(true)) return false;
  Buffer bytes;
  Positions positions;
  if (!close_scope(&bytes, &positions)) return false;
  emit_whole(SectionId::Component, bytes.span(), begin, &positions);
  uint32_t index = 0;
  return expect_close() && define(Sort::Component, head.id, &index) &&
         write_inline_exports(head.exports, Sort::Component, index);
}

base::Result<text::TextModule> parse_component(base::ByteSpan source, const text::ParseOptions& options) {
  text::TextModule component;
  base::Vector<uint8_t> quoted;
  ComponentParser parser(source, options);
  if (!parser.parse(&component, &quoted)) return base::Failure(parser.error());
  if (!parser.is_quote()) return component;
  ComponentParser inner(quoted, options);
  if (inner.parse(&component, nullptr)) return component;
  // Places in the strings have none in the source.
  base::Error error = inner.error();
  error.offset = parser.quote_offset();
  return base::Failure(std::move(error));
}

}  // namespace wherry::component
