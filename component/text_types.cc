// Types in text. A value type that is written where an index is asked for becomes a definition of its own in front of
// what it stands in, the innermost first; so do the types of imports and exports that are written out.
#include "component/text_parser.h"

namespace wherry::component {

using text::TokenKind;

namespace {

struct FormRow {
  std::string_view keyword;
  TypeForm form;
};
constexpr FormRow kForms[] = {
    {"record", TypeForm::Record}, {"variant", TypeForm::Variant}, {"list", TypeForm::List},
    {"tuple", TypeForm::Tuple},   {"flags", TypeForm::Flags},     {"enum", TypeForm::Enum},
    {"option", TypeForm::Option}, {"result", TypeForm::Result},   {"own", TypeForm::Own},
    {"borrow", TypeForm::Borrow}, {"stream", TypeForm::Stream},   {"future", TypeForm::Future},
    {"map", TypeForm::Map}};

constexpr uint8_t kComponentType = 0x41;
constexpr uint8_t kInstanceType = 0x42;
constexpr uint8_t kModuleType = 0x50;

}  // namespace

bool ComponentParser::hoist_type(const Buffer& type, const Positions* positions, uint32_t text_offset,
                                 uint32_t* index) {
  emit(SectionId::Type, type, text_offset, positions);
  return define(Sort::Type, {}, index);
}

// ---- value types

bool ComponentParser::at_defined_type() {
  if (!at(TokenKind::LeftParen) || peek().kind != TokenKind::Keyword) return false;
  for (const FormRow& row : kForms) {
    if (text(peek()) == row.keyword) return true;
  }
  return false;
}

bool ComponentParser::parse_value_type(Buffer* out) {
  const Nesting nesting(*this);
  if (!nesting.ok()) return false;
  Prim prim;
  if (at(TokenKind::Keyword) && find_prim(text(), &prim)) {
    advance();
    out->u8(static_cast<uint8_t>(prim));
    return true;
  }
  uint32_t index;
  if (at_defined_type()) {
    const uint32_t begin = token().offset;
    Buffer type;
    if (!parse_defined_type(&type) || !hoist_type(type, nullptr, begin, &index)) return false;
  } else if (at_index() || at_open("type")) {
    if (!parse_reference(Sort::Type, &index)) return false;
  } else {
    return unexpected("a value type");
  }
  out->s64(index);
  return true;
}

bool ComponentParser::parse_optional_type(Buffer* out) {
  const bool is_there = !at(TokenKind::RightParen);
  out->u8(is_there ? 1 : 0);
  return !is_there || parse_value_type(out);
}

// (field "n" t)*, (case "n" t?)*, (param "n" t)*
bool ComponentParser::parse_members(std::string_view keyword, bool type_is_optional, Buffer* out) {
  Buffer list;
  uint32_t count = 0;
  for (; at_open(keyword); ++count) {
    advance();
    advance();
    if (at(TokenKind::Identifier)) advance();  // Of cases, which nothing refers to.
    std::string_view name;
    if (!expect_name(&name)) return false;
    list.name(name);
    if (type_is_optional ? !parse_optional_type(&list) : !parse_value_type(&list)) return false;
    if (type_is_optional) list.u8(0);
    if (!expect_close()) return false;
  }
  out->u32(count);
  out->append(list.span());
  return true;
}

bool ComponentParser::parse_labels(Buffer* out) {
  Buffer list;
  uint32_t count = 0;
  for (; at(TokenKind::String); ++count) {
    std::string_view name;
    if (!expect_name(&name)) return false;
    list.name(name);
  }
  out->u32(count);
  out->append(list.span());
  return true;
}

// At a parenthesis; up to the one that closes it.
bool ComponentParser::parse_defined_type(Buffer* out) {
  const FormRow* form = nullptr;
  for (const FormRow& row : kForms) {
    if (at_open(row.keyword)) form = &row;
  }
  if (form == nullptr) return unexpected("a type");
  advance();
  advance();
  const size_t code = out->size();
  out->u8(static_cast<uint8_t>(form->form));
  switch (form->form) {
    case TypeForm::Record: return parse_members("field", false, out) && expect_close();
    case TypeForm::Variant: return parse_members("case", true, out) && expect_close();
    case TypeForm::Flags:
    case TypeForm::Enum: return parse_labels(out) && expect_close();
    case TypeForm::Option: return parse_value_type(out) && expect_close();
    case TypeForm::Stream:
    case TypeForm::Future: return parse_optional_type(out) && expect_close();
    case TypeForm::Map: return parse_value_type(out) && parse_value_type(out) && expect_close();
    case TypeForm::List: {
      Buffer element;
      if (!parse_value_type(&element)) return false;
      uint64_t length = 0;
      const bool is_fixed = at(TokenKind::Number);
      if (is_fixed && !expect_natural(32, &length)) return false;
      out->truncate(code);
      out->u8(static_cast<uint8_t>(is_fixed ? TypeForm::FixedList : TypeForm::List));
      out->append(element.span());
      if (is_fixed) out->u32(static_cast<uint32_t>(length));
      return expect_close();
    }
    case TypeForm::Tuple: {
      Buffer list;
      uint32_t count = 0;
      for (; !at(TokenKind::RightParen); ++count) {
        if (!parse_value_type(&list)) return false;
      }
      out->u32(count);
      out->append(list.span());
      return expect_close();
    }
    case TypeForm::Result: {
      const bool has_ok = !at(TokenKind::RightParen) && !at_open("error");
      out->u8(has_ok ? 1 : 0);
      if (has_ok && !parse_value_type(out)) return false;
      const bool has_error = take_open("error");
      out->u8(has_error ? 1 : 0);
      if (has_error && (!parse_value_type(out) || !expect_close())) return false;
      return expect_close();
    }
    case TypeForm::Own:
    case TypeForm::Borrow: {
      uint32_t resource;
      if (!parse_reference(Sort::Type, &resource)) return false;
      out->u32(resource);
      return expect_close();
    }
    default: return unexpected("a type");
  }
}

// ---- functions, resources, types with declarations

// async? (param "n" t)* (result t)?
bool ComponentParser::parse_func_type(Buffer* out) {
  out->u8(static_cast<uint8_t>(take_keyword("async") ? TypeForm::AsyncFunc : TypeForm::Func));
  return parse_members("param", false, out) && parse_result(out);
}

// Behind "(resource".
bool ComponentParser::parse_resource_type(Buffer* out) {
  out->u8(static_cast<uint8_t>(TypeForm::Resource));
  if (!expect_open("rep") || !parse_core_value_type(out) || !expect_close()) return false;
  const bool has_destructor = take_open("dtor");
  out->u8(has_destructor ? 1 : 0);
  if (has_destructor) {
    uint32_t func;
    if (!parse_reference(Sort::CoreFunc, &func) || !expect_close()) return false;
    out->u32(func);
  }
  return expect_close();
}

bool ComponentParser::parse_declaration() {
  const uint32_t begin = token().offset;
  if (!take(TokenKind::LeftParen)) return unexpected("a declaration in parentheses");
  if (take_keyword("core")) {
    if (take_keyword("rec")) return parse_core_rec(begin);
    return expect_keyword("type") && parse_core_type_field(begin);
  }
  if (take_keyword("type")) return parse_type_field(begin);
  if (take_keyword("alias")) return parse_alias();
  if (take_keyword("export")) return parse_export(begin);
  if (scope().kind == DefKind::ComponentType && take_keyword("import")) return parse_import(begin);
  return unexpected("a declaration");
}

// Declarations up to the parenthesis that closes them, which is left.
bool ComponentParser::parse_declarations(DefKind kind, std::string_view name, Buffer* out,
                                         Positions* positions) {
  const Nesting nesting(*this);
  if (!nesting.ok() || !open_scope(kind, name)) return false;
  while (!at(TokenKind::RightParen)) {
    if (!parse_declaration()) return false;
  }
  out->u8(kind == DefKind::ComponentType ? kComponentType : kInstanceType);
  return close_scope(out, positions);
}

// What stands in (type ...): any type, in parentheses if it is not a primitive one.
bool ComponentParser::parse_definition(Buffer* out, Positions* positions) {
  Prim prim;
  if (at(TokenKind::Keyword) && find_prim(text(), &prim)) {
    advance();
    out->u8(static_cast<uint8_t>(prim));
    return true;
  }
  if (take_open("func")) return parse_func_type(out) && expect_close();
  if (take_open("resource")) return parse_resource_type(out);
  if (take_open("component")) {
    return parse_declarations(DefKind::ComponentType, {}, out, positions) && expect_close();
  }
  if (take_open("instance"))
    return parse_declarations(DefKind::InstanceType, {}, out, positions) && expect_close();
  return parse_defined_type(out);
}

// Behind "(type".
bool ComponentParser::parse_type_field(uint32_t begin) {
  Head head;
  if (!parse_head(Sort::Type, begin, &head)) return false;
  if (head.is_whole) return true;
  Buffer type;
  Positions positions;
  if (!parse_definition(&type, &positions)) return false;
  emit(SectionId::Type, type, begin, &positions);
  uint32_t index = 0;
  return define(Sort::Type, head.id, &index) && expect_close() &&
         write_inline_exports(head.exports, Sort::Type, index);
}

// ---- types of imports and exports

// "(type i)" in front of the parenthesis that closes an extern type; not the beginning of a declaration.
bool ComponentParser::at_type_use() {
  if (!at_open("type")) return false;
  const uint32_t begin = token().offset;
  advance();
  advance();
  bool is_use = at_index();
  if (is_use) {
    advance();
    while (at(TokenKind::String)) advance();
    is_use = at(TokenKind::RightParen);
  }
  restart_at(begin);
  return is_use;
}

bool ComponentParser::parse_type_index(Sort sort, uint32_t* index) {
  return expect_open("type") && parse_aliased(sort, index) && expect_close();
}

// Behind the sort and its identifier: the type by index or written out, as an extern type in binary form.
bool ComponentParser::parse_typed_extern(Sort sort, Buffer* out) {
  const uint32_t begin = token().offset;
  uint32_t index = 0;
  Buffer type;
  Positions positions;
  switch (sort) {
    case Sort::CoreModule:
      out->u8(0x00);
      out->u8(0x11);
      if (at_type_use()) {
        if (!parse_type_index(Sort::CoreType, &index)) return false;
      } else {
        type.u8(kModuleType);
        if (!parse_module_declarations(&type, &positions)) return false;
        emit(SectionId::CoreType, type, begin, &positions);
        if (!define(Sort::CoreType, {}, &index)) return false;
      }
      break;
    case Sort::Func:
      out->u8(0x01);
      if (at_type_use()) {
        if (!parse_type_index(Sort::Type, &index)) return false;
      } else if (!parse_func_type(&type) || !hoist_type(type, nullptr, begin, &index)) {
        return false;
      }
      break;
    case Sort::Value:
      out->u8(0x02);
      if (take_open("eq")) {
        out->u8(0x00);
        if (!parse_index(Sort::Value, &index) || !expect_close()) return false;
        break;
      }
      out->u8(0x01);
      return parse_value_type(out);
    case Sort::Type:
      out->u8(0x03);
      if (take_open("sub")) {
        out->u8(0x01);
        return expect_keyword("resource") && expect_close();
      }
      out->u8(0x00);
      if (!expect_open("eq") || !parse_reference(Sort::Type, &index) || !expect_close()) return false;
      break;
    case Sort::Component:
    case Sort::Instance: {
      const bool is_component = sort == Sort::Component;
      out->u8(is_component ? 0x04 : 0x05);
      if (at_type_use()) {
        if (!parse_type_index(Sort::Type, &index)) return false;
        break;
      }
      const DefKind kind = is_component ? DefKind::ComponentType : DefKind::InstanceType;
      if (!parse_declarations(kind, {}, &type, &positions)) return false;
      if (!hoist_type(type, &positions, begin, &index)) return false;
      break;
    }
    default: return unexpected("what can be imported or exported");
  }
  out->u32(index);
  return true;
}

// (sort id? type)
bool ComponentParser::parse_extern_type(Buffer* out, Sort* sort, std::string_view* id) {
  if (!take(TokenKind::LeftParen)) return unexpected("a type such as '(func)'");
  return parse_sort(false, sort) && take_id(id) && parse_typed_extern(*sort, out) && expect_close();
}

}  // namespace wherry::component
