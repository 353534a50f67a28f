// What refers to something: indices and identifiers, `(func $i "f")` for an alias of an export, `(alias ...)`.
//
// An identifier that the scope does not know may be one of an enclosing scope. What can be aliased from there (types,
// modules, components) is: the alias is written where the identifier is met, in front of the definition at hand, and the
// identifier belongs to the inner scope from then on.
#include "component/text_parser.h"

namespace wherry::component {

using text::TokenKind;
using wasm::ErrorCode;

bool ComponentParser::at_index() const { return at_natural() || at(TokenKind::Identifier); }

bool ComponentParser::parse_index(Sort sort, uint32_t* index) {
  if (at(TokenKind::Identifier)) return resolve(sort, index);
  uint64_t value;
  if (!at_natural()) return unexpected("an index or an identifier");
  if (!expect_natural(32, &value)) return false;
  *index = static_cast<uint32_t>(value);
  return true;
}

bool ComponentParser::resolve(Sort sort, uint32_t* index) {
  std::string_view id;
  if (!read_identifier(token(), &id)) return false;
  const auto place = static_cast<uint32_t>(sort);
  for (size_t depth = 0; depth < scopes_.size(); ++depth) {
    const uint32_t* const found = scopes_[scopes_.size() - 1 - depth].names[place].find(id);
    if (found == nullptr) continue;
    *index = *found;
    if (depth == 0) {
      advance();
      return true;
    }
    const bool can_be_outer =
        sort == Sort::Type || sort == Sort::CoreType || sort == Sort::CoreModule || sort == Sort::Component;
    if (!can_be_outer) {
      return fail(ErrorCode::UnknownIdentifier, token().offset,
                  "outer item '$" + std::string(id) + "' is not a module, type, or component");
    }
    emit_outer_alias(sort, static_cast<uint32_t>(depth), *found, token().offset);
    *index = scope().next[place]++;
    if (scope().names[place].insert(id, *index) == text::NameMap::Insertion::OutOfMemory)
      return out_of_memory();
    advance();
    return true;
  }
  return fail(ErrorCode::UnknownIdentifier, token().offset,
              std::string(sort_name(sort)) + " '$" + std::string(id) + "'");
}

void ComponentParser::write_sort(Sort sort, Buffer* out) {
  constexpr uint8_t kCodes[kSortCount] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x11,
                                          0x12, 0x01, 0x02, 0x03, 0x04, 0x05};
  if (is_core(sort)) out->u8(0);
  out->u8(kCodes[static_cast<uint32_t>(sort)]);
}

bool ComponentParser::parse_sort(bool in_core, Sort* sort) {
  const bool is_core_sort = take_keyword("core") || in_core;
  const uint32_t first = is_core_sort ? 0 : static_cast<uint32_t>(Sort::Func);
  const uint32_t end = is_core_sort ? static_cast<uint32_t>(Sort::Func) : kSortCount;
  for (uint32_t i = first; i < end; ++i) {
    const std::string_view name = sort_name(static_cast<Sort>(i)).substr(is_core_sort ? 5 : 0);
    if (!take_keyword(name)) continue;
    *sort = static_cast<Sort>(i);
    return true;
  }
  return unexpected(is_core_sort ? "a core sort" : "a sort");
}

void ComponentParser::emit_export_alias(AliasKind kind, Sort sort, uint32_t instance, std::string_view name,
                                        uint32_t text_offset) {
  Buffer alias;
  write_sort(sort, &alias);
  alias.u8(static_cast<uint8_t>(kind));
  alias.u32(instance);
  alias.name(name);
  emit(SectionId::Alias, alias, text_offset);
}

// In the type of a core module only types can be had from outside, in a form of its own.
void ComponentParser::emit_outer_alias(Sort sort, uint32_t depth, uint32_t index, uint32_t text_offset) {
  Buffer alias;
  if (scope().kind == DefKind::CoreModuleType) {
    alias.u8(0x10);
    alias.u8(1);
  } else {
    write_sort(sort, &alias);
    alias.u8(static_cast<uint8_t>(AliasKind::Outer));
  }
  alias.u32(depth);
  alias.u32(index);
  emit(SectionId::Alias, alias, text_offset);
}

// An index, behind which names of exports may stand: then the index is an instance's.
bool ComponentParser::parse_aliased(Sort sort, uint32_t* index) {
  const uint32_t begin = token().offset;
  if (!at_index()) return unexpected("an index or an identifier");
  if (peek().kind != TokenKind::String) return parse_index(sort, index);
  const bool from_core = is_core(sort) && sort != Sort::CoreModule && sort != Sort::CoreType;
  uint32_t instance;
  if (!parse_index(from_core ? Sort::CoreInstance : Sort::Instance, &instance)) return false;
  for (;;) {
    std::string_view name;
    if (!expect_name(&name)) return false;
    if (from_core || !at(TokenKind::String)) {
      emit_export_alias(from_core ? AliasKind::CoreExport : AliasKind::Export, sort, instance, name, begin);
      return define(sort, {}, index);
    }
    emit_export_alias(AliasKind::Export, Sort::Instance, instance, name, begin);
    if (!define(Sort::Instance, {}, &instance)) return false;
  }
}

// An index, or `(sort index "name"*)`. Older texts leave out the parentheses, or `core` inside of them.
bool ComponentParser::parse_reference(Sort sort, uint32_t* index) {
  if (!at(TokenKind::LeftParen)) return parse_aliased(sort, index);
  advance();
  Sort found;
  const uint32_t offset = token().offset;
  if (!parse_sort(is_core(sort), &found)) return false;
  if (found != sort) {
    return fail(ErrorCode::UnexpectedToken, offset,
                "found a " + std::string(sort_name(found)) + ", expected a " + std::string(sort_name(sort)));
  }
  return parse_aliased(sort, index) && expect_close();
}

bool ComponentParser::parse_any_reference(bool in_core, Sort* sort, uint32_t* index) {
  if (!take(TokenKind::LeftParen)) return unexpected("a reference such as '(func 0)'");
  return parse_sort(in_core, sort) && parse_aliased(*sort, index) && expect_close();
}

// ---- aliases

// (sort id?), with which an alias ends.
bool ComponentParser::parse_alias_target(Sort* sort, std::string_view* id) {
  if (!take(TokenKind::LeftParen)) return unexpected("what the alias is of, such as '(func)'");
  return parse_sort(scope().kind == DefKind::CoreModuleType, sort) && take_id(id) && expect_close();
}

bool ComponentParser::parse_outer_alias(uint32_t begin) {
  uint64_t count = 0;
  if (at(TokenKind::Identifier)) {
    std::string_view name;
    if (!read_identifier(token(), &name)) return false;
    while (count < scopes_.size() && (scopes_[scopes_.size() - 1 - count].name.data() == nullptr ||
                                      scopes_[scopes_.size() - 1 - count].name != name)) {
      ++count;
    }
    if (count == scopes_.size()) {
      return fail(ErrorCode::UnknownIdentifier, token().offset,
                  "outer component '$" + std::string(name) + "'");
    }
    advance();
  } else if (!expect_natural(32, &count)) {
    return false;
  }
  // The sort stands behind the index, and decides where an identifier is looked for.
  if (!at_index()) return unexpected("an index or an identifier");
  const text::Token item = token();
  advance();
  Sort sort;
  std::string_view id;
  if (!parse_alias_target(&sort, &id)) return false;
  uint64_t index = 0;
  if (item.kind == TokenKind::Identifier) {
    std::string_view name;
    if (!read_identifier(item, &name)) return false;
    const uint32_t* const found =
        count < scopes_.size()
            ? scopes_[scopes_.size() - 1 - count].names[static_cast<uint32_t>(sort)].find(name)
            : nullptr;
    if (found == nullptr) {
      return fail(ErrorCode::UnknownIdentifier, item.offset,
                  std::string(sort_name(sort)) + " '$" + std::string(name) + "'");
    }
    index = *found;
  } else if (text::parse_natural(text(item), 32, &index) != text::NumberFault::None) {
    return fail(ErrorCode::ConstantOutOfRange, item.offset, "an index of 32 bits");
  }
  emit_outer_alias(sort, static_cast<uint32_t>(count), static_cast<uint32_t>(index), begin);
  return define(sort, id);
}

// Behind "(alias".
bool ComponentParser::parse_alias() {
  const uint32_t begin = token().offset;
  if (take_keyword("outer")) return parse_outer_alias(begin) && expect_close();
  const bool is_core_export = take_keyword("core");
  if (!expect_keyword("export")) return false;
  uint32_t instance;
  std::string_view name;
  Sort sort;
  std::string_view id;
  if (!parse_index(is_core_export ? Sort::CoreInstance : Sort::Instance, &instance) || !expect_name(&name) ||
      !parse_alias_target(&sort, &id)) {
    return false;
  }
  emit_export_alias(is_core_export ? AliasKind::CoreExport : AliasKind::Export, sort, instance, name, begin);
  return define(sort, id) && expect_close();
}

// (alias export $i "name") inside of a definition: (func $f (alias export $i "f"))
bool ComponentParser::parse_inline_alias(Sort sort, std::string_view id) {
  const uint32_t begin = token().offset;
  if (!expect_open("alias")) return false;
  if (take_keyword("outer")) return unexpected("'export' or 'core export'");
  const bool is_core_export = take_keyword("core");
  uint32_t instance;
  std::string_view name;
  if (!expect_keyword("export") ||
      !parse_index(is_core_export ? Sort::CoreInstance : Sort::Instance, &instance) || !expect_name(&name) ||
      !expect_close()) {
    return false;
  }
  emit_export_alias(is_core_export ? AliasKind::CoreExport : AliasKind::Export, sort, instance, name, begin);
  return define(sort, id);
}

}  // namespace wherry::component
