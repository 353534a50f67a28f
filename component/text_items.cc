// Definitions: imports, exports, functions, instances, types, canonical definitions, start. Most of them have forms with an
// import or exports inside: (func $f (import "f") ...), (instance (export "i") ...).
#include "component/text_parser.h"

namespace wherry::component {

using text::TokenKind;
using wasm::ErrorCode;

// ---- names

bool ComponentParser::parse_attribute(Buffer* attributes, uint32_t* seen) {
  constexpr std::string_view kKeywords[] = {"implements", "versionsuffix", "external-id"};
  for (uint32_t kind = 0; kind < 3; ++kind) {
    if (!at_open(kKeywords[kind])) continue;
    if ((*seen >> kind & 1) != 0) return unexpected("each attribute once");
    *seen |= 1u << kind;
    advance();
    advance();
    std::string_view value;
    if (!expect_name(&value)) return false;
    attributes->u8(static_cast<uint8_t>(kind));
    attributes->name(value);
    return expect_close();
  }
  return unexpected("an attribute");
}

bool ComponentParser::parse_name(Name* name) {
  if (!expect_name(&name->text)) return false;
  Buffer attributes;
  uint32_t seen = 0;
  while (at_open("implements") || at_open("versionsuffix") || at_open("external-id")) {
    if (!parse_attribute(&attributes, &seen)) return false;
  }
  name->bytes.u8(seen == 0 ? 0 : 2);
  name->bytes.name(name->text);
  if (seen == 0) return true;
  name->bytes.u32(static_cast<uint32_t>(__builtin_popcount(seen)));
  name->bytes.append(attributes.span());
  return true;
}

// (export "n" attribute*) and nothing more: notes where each begins, as what is exported has no index yet.
bool ComponentParser::parse_inline_exports(base::Vector<uint32_t>* exports) {
  while (at_open("export")) {
    const uint32_t begin = token().offset;
    advance();
    advance();
    Name name;
    const bool has_name = at(TokenKind::String);
    if (has_name && !parse_name(&name)) return false;
    if (!has_name || !at(TokenKind::RightParen)) {  // What is exported follows: a definition inside.
      restart_at(begin);
      return true;
    }
    advance();
    if (!exports->push_back(begin)) return out_of_memory();
  }
  return true;
}

bool ComponentParser::write_inline_exports(const base::Vector<uint32_t>& exports, Sort sort, uint32_t index) {
  if (exports.empty()) return true;
  if (scope().kind != DefKind::Component) {
    return fail(ErrorCode::UnexpectedToken, exports[0], "found an export inside of a definition in a type");
  }
  const uint32_t after = token().offset;
  for (const uint32_t begin : exports) {
    restart_at(begin);
    Name name;
    if (!expect_open("export") || !parse_name(&name)) return false;
    emit_export(name, sort, index, nullptr, begin);
    if (!define(sort, {})) return false;
  }
  restart_at(after);
  return true;
}

void ComponentParser::emit_export(const Name& name, Sort sort, uint32_t index, const Buffer* type,
                                  uint32_t text_offset) {
  Buffer item;
  item.append(name.bytes.span());
  write_sort(sort, &item);
  item.u32(index);
  item.u8(type == nullptr ? 0 : 1);
  if (type != nullptr) item.append(type->span());
  emit(SectionId::Export, item, text_offset);
}

// (import "n" attribute*) inside of a definition; a module or a type may begin with an import of its own.
bool ComponentParser::parse_inline_import(Name* name, bool* found) {
  *found = at_open("import");
  if (!*found) return true;
  const uint32_t begin = token().offset;
  advance();
  advance();
  if (!parse_name(name)) return false;
  *found = at(TokenKind::RightParen);
  if (*found) return expect_close();
  restart_at(begin);
  return true;
}

bool ComponentParser::emit_import(const Name& name, const Buffer& type, Sort sort, std::string_view id,
                                  uint32_t text_offset) {
  Buffer item;
  item.append(name.bytes.span());
  item.append(type.span());
  emit(SectionId::Import, item, text_offset);
  return define(sort, id);
}

// Behind the keyword of a definition: its identifier, exports, and what may stand in its place.
bool ComponentParser::parse_head(Sort sort, uint32_t begin, Head* head) {
  Name import;
  bool is_import = false;
  if (!take_id(&head->id) || !parse_inline_exports(&head->exports) ||
      !parse_inline_import(&import, &is_import)) {
    return false;
  }
  // A component begins with definitions, of which an alias is one.
  const bool is_alias = !is_import && sort != Sort::Component && at_open("alias");
  head->is_whole = is_import || is_alias;
  if (!head->is_whole) return true;
  Buffer type;
  if (is_import && (!parse_typed_extern(sort, &type) || !expect_close())) return false;
  const uint32_t index = scope().next[static_cast<uint32_t>(sort)];
  if (is_import ? !emit_import(import, type, sort, head->id, begin)
                : !parse_inline_alias(sort, head->id) || !expect_close()) {
    return false;
  }
  return write_inline_exports(head->exports, sort, index);
}

bool ComponentParser::parse_import(uint32_t begin) {
  Name name;
  Buffer type;
  Sort sort;
  std::string_view id;
  return parse_name(&name) && parse_extern_type(&type, &sort, &id) &&
         emit_import(name, type, sort, id, begin) && expect_close();
}

// Of a component an item, inside of a type only a type.
bool ComponentParser::parse_export(uint32_t begin) {
  std::string_view id;
  Name name;
  Sort sort;
  Buffer type;
  if (scope().kind != DefKind::Component) {
    if (!parse_name(&name) || !parse_extern_type(&type, &sort, &id)) return false;
    Buffer item;
    item.append(name.bytes.span());
    item.append(type.span());
    emit(SectionId::Export, item, begin);
    return define(sort, id) && expect_close();
  }
  uint32_t index;
  if (!take_id(&id) || !parse_name(&name) || !parse_any_reference(false, &sort, &index)) return false;
  const bool has_type = at(TokenKind::LeftParen);
  if (has_type) {
    Sort ascribed;
    std::string_view ignored;
    if (!parse_extern_type(&type, &ascribed, &ignored)) return false;
  }
  emit_export(name, sort, index, has_type ? &type : nullptr, begin);
  return define(sort, id) && expect_close();
}

// ---- functions

// Behind "(func".
bool ComponentParser::parse_func(uint32_t begin) {
  Head head;
  if (!parse_head(Sort::Func, begin, &head)) return false;
  if (head.is_whole) return true;
  Buffer use;
  if (!parse_typed_extern(Sort::Func, &use)) return false;
  if (!expect_open("canon") || !expect_keyword("lift")) return false;
  if (!parse_lift(begin, &use, head.id) || !expect_close() || !expect_close()) return false;
  return write_inline_exports(head.exports, Sort::Func, scope().next[static_cast<uint32_t>(Sort::Func)] - 1);
}

// Behind "lift". The type stands in front (an extern type: 01 and the index) or at the end, with the identifier.
bool ComponentParser::parse_lift(uint32_t begin, const Buffer* func_type, std::string_view id) {
  uint32_t core_func;
  Buffer options;
  if (!parse_reference(Sort::CoreFunc, &core_func) || !parse_options(&options)) return false;
  Buffer type;
  if (func_type != nullptr) {
    type.append(func_type->span());
  } else {
    Sort sort;
    if (!parse_extern_type(&type, &sort, &id)) return false;
    if (sort != Sort::Func) return fail(ErrorCode::UnexpectedToken, begin, "what is lifted is a func");
  }
  Buffer item;
  item.u8(row_of(CanonOp::Lift).code);
  item.u8(0);
  item.u32(core_func);
  item.append(options.span());
  item.append(type.from(1));
  emit(SectionId::Canon, item, begin);
  return define(Sort::Func, id);
}

// ---- canonical definitions

bool ComponentParser::parse_option(Buffer* out, bool* found) {
  constexpr std::string_view kEncodings[] = {"string-encoding=utf8", "string-encoding=utf16",
                                             "string-encoding=latin1+utf16"};
  *found = true;
  for (uint8_t kind = 0; kind < 3; ++kind) {
    if (!take_keyword(kEncodings[kind])) continue;
    out->u8(kind);
    return true;
  }
  if (take_keyword("async")) {
    out->u8(static_cast<uint8_t>(CanonOptionKind::Async));
    return true;
  }
  struct Row {
    std::string_view keyword;
    CanonOptionKind kind;
    Sort sort;
  };
  constexpr Row kRows[] = {{"memory", CanonOptionKind::Memory, Sort::CoreMemory},
                           {"realloc", CanonOptionKind::Realloc, Sort::CoreFunc},
                           {"post-return", CanonOptionKind::PostReturn, Sort::CoreFunc},
                           {"callback", CanonOptionKind::Callback, Sort::CoreFunc}};
  for (const Row& row : kRows) {
    if (!take_open(row.keyword)) continue;
    uint32_t index;
    if (!parse_reference(row.sort, &index)) return false;
    out->u8(static_cast<uint8_t>(row.kind));
    out->u32(index);
    return expect_close();
  }
  *found = false;
  return true;
}

bool ComponentParser::parse_options(Buffer* out) {
  Buffer list;
  uint32_t count = 0;
  for (;; ++count) {
    bool found = false;
    if (!parse_option(&list, &found)) return false;
    if (!found) break;
  }
  out->u32(count);
  out->append(list.span());
  return true;
}

bool ComponentParser::parse_result(Buffer* out) {
  if (!take_open("result")) {
    out->u8(1);
    out->u8(0);
    return true;
  }
  out->u8(0);
  return parse_value_type(out) && expect_close();
}

// cancellable? (memory m)
bool ComponentParser::parse_cancel_memory(Buffer* item) {
  item->u8(take_keyword("cancellable") ? 1 : 0);
  uint32_t memory;
  if (!expect_open("memory") || !parse_reference(Sort::CoreMemory, &memory)) return false;
  item->u32(memory);
  return expect_close();
}

bool ComponentParser::parse_immediates(const CanonRow& row, Buffer* item) {
  using enum CanonImmediates;
  uint32_t index = 0;
  const auto write = [&](Sort sort) {
    if (!parse_reference(sort, &index)) return false;
    item->u32(index);
    return true;
  };
  switch (row.immediates) {
    case Lift: return unexpected("another operation than lift");
    case Lower: item->u8(0); return write(Sort::Func) && parse_options(item);
    case Type: return write(Sort::Type);
    case TypeOptions: return write(Sort::Type) && parse_options(item);
    case TypeAsync:
      if (!write(Sort::Type)) return false;
      item->u8(take_keyword("async") ? 1 : 0);
      return true;
    case None: return true;
    case Result: return parse_result(item) && parse_options(item);
    case Context: {
      uint64_t number;
      if (!parse_core_value_type(item) || !expect_natural(32, &number)) return false;
      item->u32(static_cast<uint32_t>(number));
      return true;
    }
    case Async: item->u8(take_keyword("async") ? 1 : 0); return true;
    case Options: return parse_options(item);
    case CancelMemory: return parse_cancel_memory(item);
    case Cancel: item->u8(take_keyword("cancellable") ? 1 : 0); return true;
    case NewIndirect: return write(Sort::CoreType) && write(Sort::CoreTable);
    case SpawnRef: item->u8(take_keyword("shared") ? 1 : 0); return write(Sort::CoreType);
    case SpawnTable:
      item->u8(take_keyword("shared") ? 1 : 0);
      return write(Sort::CoreType) && write(Sort::CoreTable);
    case Shared: item->u8(take_keyword("shared") ? 1 : 0); return true;
  }
  return false;
}

// Behind "(canon", up to its end. `core_id`: the definition of which it is part, (core func $f (canon ...)); null: it says
// itself what it defines.
bool ComponentParser::parse_canon_body(uint32_t begin, const std::string_view* core_id) {
  const CanonRow* const row = at(TokenKind::Keyword) ? find_canon(text()) : nullptr;
  if (row == nullptr) return unexpected("a canonical definition");
  advance();
  if (row->immediates == CanonImmediates::Lift) {
    if (core_id != nullptr) return unexpected("a canonical definition of a core function");
    return parse_lift(begin, nullptr, {});
  }
  Buffer item;
  item.u8(row->code);
  if (!parse_immediates(*row, &item)) return false;
  std::string_view id;
  if (core_id != nullptr) {
    id = *core_id;
  } else if (!expect_open("core") || !expect_keyword("func") || !take_id(&id) || !expect_close()) {
    return false;
  }
  emit(SectionId::Canon, item, begin);
  return define(Sort::CoreFunc, id);
}

bool ComponentParser::parse_canon(uint32_t begin) {
  return parse_canon_body(begin, nullptr) && expect_close();
}

// Behind "(start".
bool ComponentParser::parse_start(uint32_t begin) {
  uint32_t func;
  if (!parse_reference(Sort::Func, &func)) return false;
  Buffer arguments;
  uint32_t count = 0;
  for (; take_open("value"); ++count) {
    uint32_t value;
    if (!parse_aliased(Sort::Value, &value) || !expect_close()) return false;
    arguments.u32(value);
  }
  base::Vector<std::string_view> results;
  while (take_open("result")) {
    std::string_view id;
    if (!expect_open("value") || !take_id(&id) || !expect_close() || !expect_close()) return false;
    if (!results.push_back(id)) return out_of_memory();
  }
  Buffer item;
  item.u32(func);
  item.u32(count);
  item.append(arguments.span());
  item.u32(static_cast<uint32_t>(results.size()));
  emit_whole(SectionId::Start, item.span(), begin, nullptr);
  for (const std::string_view id : results) {
    if (!define(Sort::Value, id)) return false;
  }
  return expect_close();
}

// ---- instances

// (export "n" (func 0))*
bool ComponentParser::parse_instance_items(Buffer* items, uint32_t* count, bool in_core) {
  for (; at_open("export"); ++*count) {
    advance();
    advance();
    Name name;
    Sort sort;
    uint32_t index;
    if (in_core ? !expect_name(&name.text) : !parse_name(&name)) return false;
    if (!parse_any_reference(in_core, &sort, &index) || !expect_close()) return false;
    if (in_core) {
      items->name(name.text);
      Buffer code;
      write_sort(sort, &code);
      items->append(code.from(1));
    } else {
      items->append(name.bytes.span());
      write_sort(sort, items);
    }
    items->u32(index);
  }
  return true;
}

// (instantiate m (with "n" (instance i))*) to its end.
bool ComponentParser::parse_instantiate(Buffer* item, bool in_core) {
  uint32_t target;
  if (!expect_open("instantiate") ||
      !parse_reference(in_core ? Sort::CoreModule : Sort::Component, &target)) {
    return false;
  }
  const Sort instances = in_core ? Sort::CoreInstance : Sort::Instance;
  Buffer arguments;
  uint32_t count = 0;
  for (; take_open("with"); ++count) {
    std::string_view name;
    const uint32_t begin = token().offset;
    if (!expect_name(&name)) return false;
    Sort sort = instances;
    uint32_t index = 0;
    const uint32_t argument = token().offset;
    const bool is_instance = take_open("instance");
    if (is_instance && (at_open("export") || at(TokenKind::RightParen))) {
      Buffer items;
      uint32_t exports = 0;
      if (!parse_instance_items(&items, &exports, in_core) || !expect_close()) return false;
      Buffer instance;
      instance.u8(1);
      instance.u32(exports);
      instance.append(items.span());
      emit(in_core ? SectionId::CoreInstance : SectionId::Instance, instance, begin);
      if (!define(instances, {}, &index)) return false;
    } else {
      if (is_instance) restart_at(argument);
      if (!parse_any_reference(in_core, &sort, &index)) return false;
    }
    if (!expect_close()) return false;
    arguments.name(name);
    if (in_core) {
      Buffer code;
      write_sort(sort, &code);
      arguments.append(code.from(1));
    } else {
      write_sort(sort, &arguments);
    }
    arguments.u32(index);
  }
  item->u8(0);
  item->u32(target);
  item->u32(count);
  item->append(arguments.span());
  return expect_close();
}

// Behind "(instance".
bool ComponentParser::parse_instance(uint32_t begin) {
  Head head;
  if (!parse_head(Sort::Instance, begin, &head)) return false;
  if (head.is_whole) return true;
  Buffer item;
  if (at_open("instantiate")) {
    if (!parse_instantiate(&item, false)) return false;
  } else {
    Buffer items;
    uint32_t count = 0;
    if (!parse_instance_items(&items, &count, false)) return false;
    item.u8(1);
    item.u32(count);
    item.append(items.span());
  }
  emit(SectionId::Instance, item, begin);
  uint32_t index = 0;
  return define(Sort::Instance, head.id, &index) && expect_close() &&
         write_inline_exports(head.exports, Sort::Instance, index);
}

}  // namespace wherry::component
