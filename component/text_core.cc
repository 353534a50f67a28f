// Core definitions in a component's text: modules (read by the parser of modules), their instances, core types.
#include <cstring>

#include "component/text_parser.h"
#include "engine/wasm/type_names.h"

namespace wherry::component {

using text::TokenKind;
using wasm::ErrorCode;

// ---- modules

// Behind "(core module". The module's text from here to its parenthesis is given to the parser of modules, with a
// beginning of its own; what stands in front is blank, so that places agree with this text.
bool ComponentParser::parse_core_module(uint32_t begin) {
  std::string_view id;
  const uint32_t id_offset = token().offset;
  const uint32_t id_end = token().end();
  if (!take_id(&id)) return false;
  base::Vector<uint32_t> exports;
  Name import;
  bool is_import = false;
  if (!parse_inline_exports(&exports) || !parse_inline_import(&import, &is_import)) return false;
  uint32_t index = scope().next[static_cast<uint32_t>(Sort::CoreModule)];
  if (is_import) {
    Buffer type;
    if (!parse_typed_extern(Sort::CoreModule, &type) || !expect_close()) return false;
    return emit_import(import, type, Sort::CoreModule, id, begin) &&
           write_inline_exports(exports, Sort::CoreModule, index);
  }
  const uint32_t body = token().offset;
  uint32_t end = body;
  for (uint64_t depth = 1; depth != 0; advance()) {
    if (at(TokenKind::LeftParen) || at(TokenKind::Annotation)) ++depth;
    if (at(TokenKind::RightParen)) --depth;
    if (at(TokenKind::End) || at(TokenKind::Error)) return unexpected("')' of the module");
    end = token().end();
  }
  constexpr std::string_view kHead = "(module ";
  base::Vector<uint8_t> text;
  if (!text.append(base::as_bytes(kHead))) return out_of_memory();
  if (id.data() != nullptr && !text.append(source_.subspan(id_offset, id_end - id_offset)))
    return out_of_memory();
  if (!text.push_back(' ')) return out_of_memory();
  const size_t head = text.size();
  if (!text.append(source_.subspan(body, end - body))) return out_of_memory();
  auto parsed = text::parse_module(text, options_);
  if (!parsed) {
    base::Error error = std::move(parsed).error();
    const uint64_t inside =
        error.offset < head || error.offset == base::Error::kNoOffset ? 0 : error.offset - head;
    return fail(error.code, body + inside, std::move(error.detail));
  }
  for (text::SourcePosition& position : parsed->positions) {
    const uint64_t inside = position.text_offset < head ? 0 : position.text_offset - head;
    position.text_offset = static_cast<uint32_t>(body + inside);
  }
  emit_whole(SectionId::CoreModule, parsed->binary, begin, &parsed->positions);
  return define(Sort::CoreModule, id) && write_inline_exports(exports, Sort::CoreModule, index);
}

// Behind "(core instance".
bool ComponentParser::parse_core_instance(uint32_t begin) {
  std::string_view id;
  if (!take_id(&id)) return false;
  Buffer item;
  if (at_open("instantiate")) {
    if (!parse_instantiate(&item, true)) return false;
  } else {
    Buffer items;
    uint32_t count = 0;
    if (!parse_instance_items(&items, &count, true)) return false;
    item.u8(1);
    item.u32(count);
    item.append(items.span());
  }
  emit(SectionId::CoreInstance, item, begin);
  return define(Sort::CoreInstance, id) && expect_close();
}

// Behind "(core func".
bool ComponentParser::parse_core_func(uint32_t begin) {
  std::string_view id;
  if (!take_id(&id)) return false;
  if (at_open("alias")) return parse_inline_alias(Sort::CoreFunc, id) && expect_close();
  return expect_open("canon") && parse_canon_body(begin, &id) && expect_close() && expect_close();
}

// ---- types

// Behind "(core type", or "(type" in a module type.
bool ComponentParser::parse_core_type_field(uint32_t begin) {
  std::string_view id;
  if (!take_id(&id)) return false;
  Buffer type;
  Positions positions;
  if (!parse_core_definition(&type, &positions)) return false;
  emit(SectionId::CoreType, type, begin, &positions);
  return define(Sort::CoreType, id) && expect_close();
}

// Behind "(core rec": types that may refer to each other, so all identifiers are bound first.
bool ComponentParser::parse_core_rec(uint32_t begin) {
  const uint32_t first = token().offset;
  uint32_t count = 0;
  for (; take_open("type"); ++count) {
    std::string_view id;
    if (!take_id(&id) || !define(Sort::CoreType, id) || !skip_rest()) return false;
  }
  restart_at(first);
  Buffer type;
  type.u8(0x4e);
  type.u32(count);
  while (take_open("type")) {
    std::string_view id;
    if (!take_id(&id) || !parse_core_sub_type(&type) || !expect_close()) return false;
  }
  emit(SectionId::CoreType, type, begin);
  return expect_close();
}

bool ComponentParser::parse_core_definition(Buffer* out, Positions* positions) {
  if (take_open("module")) {
    out->u8(0x50);
    return parse_module_declarations(out, positions) && expect_close();
  }
  Buffer type;
  if (!parse_core_sub_type(&type)) return false;
  // A subtype that is not final begins like a module type.
  if (type.size() > 0 && type.span()[0] == 0x50) out->u8(0x00);
  out->append(type.span());
  return true;
}

bool ComponentParser::parse_core_sub_type(Buffer* out) {
  if (!take_open("sub")) return parse_core_composite(out);
  out->u8(take_keyword("final") ? 0x4f : 0x50);
  if (at_index()) {
    uint32_t super;
    if (!parse_index(Sort::CoreType, &super)) return false;
    out->u32(1);
    out->u32(super);
  } else {
    out->u32(0);
  }
  return parse_core_composite(out) && expect_close();
}

bool ComponentParser::parse_core_composite(Buffer* out) {
  if (take_open("func")) {
    out->u8(0x60);
    return parse_core_func_type(out) && expect_close();
  }
  if (take_open("array")) {
    out->u8(0x5e);
    return parse_core_field_type(out) && expect_close();
  }
  if (!expect_open("struct")) return false;
  out->u8(0x5f);
  Buffer fields;
  uint32_t count = 0;
  while (take_open("field")) {
    if (at(TokenKind::Identifier)) advance();
    for (; !at(TokenKind::RightParen); ++count) {
      if (!parse_core_field_type(&fields)) return false;
    }
    advance();
  }
  out->u32(count);
  out->append(fields.span());
  return expect_close();
}

bool ComponentParser::parse_core_field_type(Buffer* out) {
  const bool is_mutable = take_open("mut");
  if (take_keyword("i8")) {
    out->u8(static_cast<uint8_t>(wasm::ValKind::I8));
  } else if (take_keyword("i16")) {
    out->u8(static_cast<uint8_t>(wasm::ValKind::I16));
  } else if (!parse_core_value_type(out)) {
    return false;
  }
  out->u8(is_mutable ? 1 : 0);
  return !is_mutable || expect_close();
}

// (param ...)* (result ...)*
bool ComponentParser::parse_core_func_type(Buffer* out) {
  for (const std::string_view keyword : {"param", "result"}) {
    Buffer list;
    uint32_t count = 0;
    while (take_open(keyword)) {
      if (at(TokenKind::Identifier)) advance();
      for (; !at(TokenKind::RightParen); ++count) {
        if (!parse_core_value_type(&list)) return false;
      }
      advance();
    }
    out->u32(count);
    out->append(list.span());
  }
  return true;
}

bool ComponentParser::parse_core_value_type(Buffer* out) {
  if (at(TokenKind::Keyword)) {
    for (const wasm::ValKind kind : {wasm::ValKind::I32, wasm::ValKind::I64, wasm::ValKind::F32,
                                     wasm::ValKind::F64, wasm::ValKind::V128}) {
      if (!take_keyword(wasm::name_of(kind))) continue;
      out->u8(static_cast<uint8_t>(kind));
      return true;
    }
    if (const wasm::HeapTypeRow* const row = wasm::find_nullable_type(text())) {
      advance();
      out->u8(static_cast<uint8_t>(row->heap));
      return true;
    }
  }
  if (!take_open("ref")) return unexpected("a core value type");
  const bool is_nullable = take_keyword("null");
  // (ref null func) has a code of its own, funcref's.
  if (!is_nullable || !at(TokenKind::Keyword)) out->u8(is_nullable ? 0x63 : 0x64);
  return parse_core_heap_type(out) && expect_close();
}

bool ComponentParser::parse_core_heap_type(Buffer* out) {
  if (at(TokenKind::Keyword)) {
    if (const wasm::HeapTypeRow* const row = wasm::find_heap_type(text())) {
      advance();
      out->u8(static_cast<uint8_t>(row->heap));
      return true;
    }
  }
  uint32_t index;
  if (!parse_index(Sort::CoreType, &index)) return false;
  out->s64(index);
  return true;
}

// ---- module types

// Declarations up to the parenthesis that closes them, which is left.
bool ComponentParser::parse_module_declarations(Buffer* out, Positions* positions) {
  const Nesting nesting(*this);
  if (!nesting.ok() || !open_scope(DefKind::CoreModuleType, {})) return false;
  while (!at(TokenKind::RightParen)) {
    if (!parse_module_declaration()) return false;
  }
  return close_scope(out, positions);
}

bool ComponentParser::parse_module_declaration() {
  const uint32_t begin = token().offset;
  if (!take(TokenKind::LeftParen)) return unexpected("a declaration in parentheses");
  if (take_keyword("type")) return parse_core_type_field(begin);
  if (take_keyword("rec")) return parse_core_rec(begin);
  if (take_keyword("alias")) return parse_alias();
  Buffer item;
  std::string_view name;
  const bool is_import = take_keyword("import");
  if (!is_import && !expect_keyword("export")) return false;
  if (!expect_name(&name)) return false;
  item.name(name);
  if (is_import) {
    if (!expect_name(&name)) return false;
    item.name(name);
  }
  if (!parse_core_extern_type(&item) || !expect_close()) return false;
  emit(is_import ? SectionId::Import : SectionId::Export, item, begin);
  return true;
}

// (type i), or parameters and results, which become a type in front.
bool ComponentParser::parse_core_type_use(Buffer* out) {
  uint32_t index;
  if (at_open("type")) {
    if (!parse_type_index(Sort::CoreType, &index)) return false;
    Buffer repeated;  // What some printers say once more.
    if (!parse_core_func_type(&repeated)) return false;
  } else {
    const uint32_t begin = token().offset;
    Buffer type;
    type.u8(0x60);
    if (!parse_core_func_type(&type)) return false;
    emit(SectionId::CoreType, type, begin);
    if (!define(Sort::CoreType, {}, &index)) return false;
  }
  out->u32(index);
  return true;
}

bool ComponentParser::parse_core_limits(bool is_table, Buffer* out) {
  const bool is_wide = take_keyword("i64");
  if (!is_wide) take_keyword("i32");
  uint64_t min = 0;
  uint64_t max = 0;
  if (!expect_natural(is_wide ? 64 : 32, &min)) return false;
  const bool has_max = at_natural();
  if (has_max && !expect_natural(is_wide ? 64 : 32, &max)) return false;
  const bool is_shared = !is_table && take_keyword("shared");
  uint64_t page_size = 65536;
  const bool has_page_size = !is_table && take_open("pagesize");
  if (has_page_size && (!expect_natural(32, &page_size) || !expect_close())) return false;
  if (__builtin_popcountll(page_size) != 1) return fail(ErrorCode::MalformedPageSize, token().offset);
  out->u8(static_cast<uint8_t>((has_max ? 1 : 0) | (is_shared ? 2 : 0) | (is_wide ? 4 : 0) |
                               (has_page_size ? 8 : 0)));
  out->u64(min);
  if (has_max) out->u64(max);
  if (has_page_size) out->u32(static_cast<uint32_t>(__builtin_ctzll(page_size)));
  return true;
}

bool ComponentParser::parse_core_extern_type(Buffer* out) {
  if (!take(TokenKind::LeftParen)) return unexpected("a type such as '(func)'");
  Sort sort;
  std::string_view ignored;
  if (!parse_sort(true, &sort) || !take_id(&ignored)) return false;
  if (sort > Sort::CoreTag) return unexpected("what a module can import or export");
  out->u8(static_cast<uint8_t>(sort));
  switch (sort) {
    case Sort::CoreFunc: return parse_core_type_use(out) && expect_close();
    case Sort::CoreTag: out->u8(0x00); return parse_core_type_use(out) && expect_close();
    case Sort::CoreMemory: return parse_core_limits(false, out) && expect_close();
    case Sort::CoreTable: {
      Buffer limits;
      return parse_core_limits(true, &limits) && parse_core_value_type(out) &&
             (out->append(limits.span()), true) && expect_close();
    }
    default: break;
  }
  const bool is_mutable = take_open("mut");
  if (!parse_core_value_type(out) || (is_mutable && !expect_close())) return false;
  out->u8(is_mutable ? 1 : 0);
  return expect_close();
}

}  // namespace wherry::component
