// Module fields (core spec 6.6): imports, exports, functions, tables, memories, globals, tags, start. Each has an
// abbreviation with the import or the exports inside; they all begin alike, and begin_definition does that.
#include <bit>

#include "engine/text/module_parser.h"

namespace wherry::text {

using wasm::ErrorCode;

namespace {

uint8_t extern_code(Space space) {
  switch (space) {
    case Space::Func: return 0;
    case Space::Table: return 1;
    case Space::Memory: return 2;
    case Space::Global: return 3;
    default: return 4;
  }
}

constexpr Space kExternSpaces[] = {Space::Func, Space::Table, Space::Memory, Space::Global, Space::Tag};

NameSection::Map name_map(Space space) {
  switch (space) {
    case Space::Type: return NameSection::Map::Type;
    case Space::Func: return NameSection::Map::Func;
    case Space::Table: return NameSection::Map::Table;
    case Space::Memory: return NameSection::Map::Memory;
    case Space::Global: return NameSection::Map::Global;
    case Space::Tag: return NameSection::Map::Tag;
    case Space::Elem: return NameSection::Map::Elem;
    case Space::Data: return NameSection::Map::Data;
  }
  __builtin_unreachable();
}

}  // namespace

void ModuleParser::note_position(Section id, uint32_t text_offset) {
  if (!options_.positions) return;
  SectionBuffer& to = section(id);
  const SourcePosition position{static_cast<uint32_t>(to.bytes.size()), text_offset};
  to.bytes.require(to.positions.push_back(position));
}

bool ModuleParser::begin_definition(Space id, uint32_t* index) {
  *index = space(id).next++;
  Binding binding;
  if (at(TokenKind::Identifier)) {
    if (!read_identifier(token(), &binding.name)) return false;
    advance();
  }
  if (!parse_name_annotation(&binding)) return false;
  names_.add(name_map(id), *index, binding.name);
  return true;
}

bool ModuleParser::parse_field() {
  const std::string_view keyword = peek().kind == TokenKind::Keyword ? text(peek()) : std::string_view();
  if (keyword == "type" || keyword == "rec") return skip_balanced();  // Written already.
  using Method = bool (ModuleParser::*)();
  struct Row {
    std::string_view keyword;
    Method parse;
  };
  static constexpr Row kRows[] = {
      {"func", &ModuleParser::parse_func_field},     {"import", &ModuleParser::parse_import_field},
      {"export", &ModuleParser::parse_export_field}, {"global", &ModuleParser::parse_global_field},
      {"data", &ModuleParser::parse_data_field},     {"elem", &ModuleParser::parse_elem_field},
      {"table", &ModuleParser::parse_table_field},   {"memory", &ModuleParser::parse_memory_field},
      {"tag", &ModuleParser::parse_tag_field},       {"start", &ModuleParser::parse_start_field}};
  for (const Row& row : kRows) {
    if (keyword == row.keyword) return (this->*row.parse)();
  }
  if (keyword.empty()) return unexpected("a module field");
  return fail(ErrorCode::UnknownOperator, peek().offset,
              "found " + quoted(peek()) + ", expected a module field");
}

// ---- imports and exports

void ModuleParser::write_import_head(std::string_view module, std::string_view field, Space id) {
  SectionBuffer& imports = section(Section::Import);
  imports.bytes.name(module);
  imports.bytes.name(field);
  imports.bytes.u8(extern_code(id));
  ++imports.count;
}

// The type of an import, behind its kind's byte.
bool ModuleParser::parse_extern_type(Space id, ByteBuffer* out, ParamNames names) {
  switch (id) {
    case Space::Table: {
      bool is_64;
      return parse_table_type(out, &is_64);
    }
    case Space::Memory: return parse_memory_type(out);
    case Space::Global: return parse_global_type(out);
    default: break;
  }
  if (id == Space::Tag) out->u8(0);
  locals_.clear();
  TypeUse use;
  if (!parse_type_use(names, &use)) return false;
  out->u32(use.index);
  if (id == Space::Func && names == ParamNames::Bind) {
    names_.finish(NameSection::IndirectMap::Local, space(Space::Func).next - 1);
  }
  return true;
}

bool ModuleParser::parse_import_desc(std::string_view module, std::string_view field) {
  for (const Space id : kExternSpaces) {
    if (!take_open(space_name(id))) continue;
    uint32_t index;
    if (!begin_definition(id, &index)) return false;
    write_import_head(module, field, id);
    return parse_extern_type(id, &section(Section::Import).bytes) && expect_close();
  }
  return unexpected("'(func', '(table', '(memory', '(global' or '(tag'");
}

// `(item "name" type)*` or `(item "name")*`.
bool ModuleParser::parse_import_items(ByteBuffer* items, uint32_t* count, bool* have_types) {
  for (*count = 0; take_open("item"); ++*count) {
    std::string_view name;
    if (!expect_name(&name)) return false;
    items->name(name);
    const bool has_type = !at(TokenKind::RightParen);
    if (*count != 0 && has_type != *have_types)
      return unexpected(*have_types ? "a type, as items before have" : "')'");
    *have_types = has_type;
    for (const Space id : kExternSpaces) {
      if (!has_type || !take_open(space_name(id))) continue;
      uint32_t index;
      if (!begin_definition(id, &index)) return false;
      items->u8(extern_code(id));
      if (!parse_extern_type(id, items) || !expect_close()) return false;
      break;
    }
    if (!expect_close()) return false;
  }
  return true;
}

// Proposal compact-imports: imports that share a module name, and perhaps a type; none at all are a group as well.
bool ModuleParser::parse_import_group(std::string_view module) {
  ByteBuffer items;
  uint32_t count;
  bool have_types = false;
  if (!parse_import_items(&items, &count, &have_types)) return false;
  SectionBuffer& imports = section(Section::Import);
  imports.bytes.name(module);
  imports.bytes.name({});
  ++imports.count;
  if (have_types || (count == 0 && at(TokenKind::RightParen))) {
    imports.bytes.u8(0x7f);
  } else {
    imports.bytes.u8(0x7e);
    bool found = false;
    for (const Space id : kExternSpaces) {
      if (found || !take_open(space_name(id))) continue;
      found = true;
      space(id).next += count;
      imports.bytes.u8(extern_code(id));
      // Without an item there is no function to give the parameters' names to.
      const ParamNames names = count == 0 ? ParamNames::Ignore : ParamNames::Bind;
      if (!parse_extern_type(id, &imports.bytes, names) || !expect_close()) return false;
    }
    if (!found) return unexpected("the type of the items");
  }
  imports.bytes.u32(count);
  imports.bytes.append(items.span());
  imports.bytes.require(items.ok());
  return true;
}

bool ModuleParser::parse_import_field() {
  note_position(Section::Import, token().offset);
  advance();
  advance();
  std::string_view module;
  if (!expect_name(&module)) return false;
  if (!at(TokenKind::String)) return parse_import_group(module) && expect_close();
  std::string_view field;
  return expect_name(&field) && parse_import_desc(module, field) && expect_close();
}

void ModuleParser::write_export(std::string_view name, Space id, uint32_t index) {
  SectionBuffer& exports = section(Section::Export);
  exports.bytes.name(name);
  exports.bytes.u8(extern_code(id));
  exports.bytes.u32(index);
  ++exports.count;
}

bool ModuleParser::parse_inline_exports(Space id, uint32_t index) {
  while (at_open("export")) {
    note_position(Section::Export, token().offset);
    advance();
    advance();
    std::string_view name;
    if (!expect_name(&name) || !expect_close()) return false;
    write_export(name, id, index);
  }
  return true;
}

bool ModuleParser::parse_export_field() {
  note_position(Section::Export, token().offset);
  advance();
  advance();
  std::string_view name;
  if (!expect_name(&name)) return false;
  for (const Space id : kExternSpaces) {
    if (!take_open(space_name(id))) continue;
    uint32_t index;
    if (!parse_index(id, &index)) return false;
    write_export(name, id, index);
    return expect_close() && expect_close();
  }
  return unexpected("'(func', '(table', '(memory', '(global' or '(tag'");
}

bool ModuleParser::parse_start_field() {
  const uint32_t begin = token().offset;
  SectionBuffer& start = section(Section::Start);
  if (start.count++ != 0) return fail(ErrorCode::MultipleStart, begin);
  note_position(Section::Start, begin);
  advance();
  advance();
  return parse_index(Space::Func, &start.bytes) && expect_close();
}

// The beginning that the fields of all external kinds share: identifier, exports, import. An import is read to its
// end and written.
bool ModuleParser::begin_extern(Space id, uint32_t* index, bool* is_import) {
  const uint32_t begin = token().offset;
  advance();
  advance();
  if (!begin_definition(id, index) || !parse_inline_exports(id, *index)) return false;
  *is_import = take_open("import");
  if (!*is_import) return true;
  std::string_view module;
  std::string_view field;
  if (!expect_name(&module) || !expect_name(&field) || !expect_close()) return false;
  note_position(Section::Import, begin);
  write_import_head(module, field, id);
  return parse_extern_type(id, &section(Section::Import).bytes) && expect_close();
}

// ---- functions

bool ModuleParser::bind_local(uint32_t index) {
  Binding binding;
  if (at(TokenKind::Identifier)) {
    if (!read_identifier(token(), &binding.name)) return false;
    switch (locals_.insert(binding.name, index)) {
      case NameMap::Insertion::Done: break;
      case NameMap::Insertion::OutOfMemory: return out_of_memory();
      case NameMap::Insertion::Duplicate:
        return fail(ErrorCode::DuplicateIdentifier, token().offset,
                    "local " + quoted(token()) + " is defined twice");
    }
    advance();
  }
  if (!parse_name_annotation(&binding)) return false;
  names_.add(NameSection::IndirectMap::Local, index, binding.name);
  return true;
}

// `(local ...)*` as the runs of equal types that a body begins with.
bool ModuleParser::parse_locals(uint32_t param_count) {
  ByteBuffer runs;
  ByteBuffer type;
  ByteBuffer next_type;
  uint32_t run_count = 0;
  uint32_t run_length = 0;
  uint32_t index = param_count;
  const auto end_run = [&] {
    if (run_length == 0) return;
    runs.u32(run_length);
    runs.append(type.span());
    ++run_count;
    run_length = 0;
  };
  while (take_open("local")) {
    const bool is_single = at(TokenKind::Identifier) || at_annotation("name");
    if (is_single && !bind_local(index)) return false;
    while (is_single || !at(TokenKind::RightParen)) {
      next_type.clear();
      if (!parse_value_type(&next_type)) return false;
      if (base::as_text(type.span()) != base::as_text(next_type.span())) {
        end_run();
        std::swap(type, next_type);
      }
      ++run_length;
      ++index;
      if (is_single) break;
    }
    if (!expect_close()) return false;
  }
  end_run();
  body_.u32(run_count);
  body_.append(runs.span());
  body_.require(runs.ok() && type.ok() && next_type.ok());
  return true;
}

bool ModuleParser::parse_func_field() {
  const uint32_t begin = token().offset;
  uint32_t index;
  bool is_import;
  if (!begin_extern(Space::Func, &index, &is_import)) return false;
  if (is_import) return true;
  locals_.clear();
  body_.clear();
  body_positions_.clear();
  TypeUse use;
  if (!parse_type_use(ParamNames::Bind, &use)) return false;
  SectionBuffer& funcs = section(Section::Function);
  note_position(Section::Function, begin);
  funcs.bytes.u32(use.index);
  ++funcs.count;
  return parse_locals(use.param_count) && parse_body() && expect_close() && finish_func(index);
}

// The body goes behind its size, and what it has to say about offsets with it.
bool ModuleParser::finish_func(uint32_t index) {
  SectionBuffer& code = section(Section::Code);
  code.bytes.u64(body_.size());
  const size_t begin = code.bytes.size();
  code.bytes.append(body_.span());
  code.bytes.require(body_.ok() && pending_.ok());
  ++code.count;
  for (SourcePosition position : body_positions_) {
    position.binary_offset += static_cast<uint32_t>(begin);
    if (!code.positions.push_back(position)) return out_of_memory();
  }
  names_.finish(NameSection::IndirectMap::Local, index);
  names_.finish(NameSection::IndirectMap::Label, index);
  if (hint_count_ != 0) {
    ++hinted_funcs_;
    code_hints_.u32(index);
    code_hints_.u32(hint_count_);
    code_hints_.append(hints_.span());
    code_hints_.require(hints_.ok());
    hints_.clear();
    hint_count_ = 0;
  }
  return code.bytes.ok() || out_of_memory();
}

// ---- tables and memories

// `n m?` behind flags that hold all but has-maximum; the flags' byte is written here.
bool ModuleParser::parse_limits(uint8_t flags, ByteBuffer* out) {
  const bool has_wide_literals = options_.features.has(wasm::Feature::Memory64);
  const uint32_t bits = has_wide_literals ? 64 : 32;
  uint64_t min;
  uint64_t max = 0;
  if (!expect_natural(bits, &min)) return false;
  if (at_natural()) {
    if (!expect_natural(bits, &max)) return false;
    flags |= LimitsFlags::kHasMax;
  }
  out->u8(flags);
  out->u64(min);
  if ((flags & LimitsFlags::kHasMax) != 0) out->u64(max);
  return true;
}

bool ModuleParser::parse_table_type(ByteBuffer* out, bool* is_64) {
  *is_64 = take_keyword("i64");
  if (!*is_64) take_keyword("i32");
  ByteBuffer limits;
  if (!parse_limits(*is_64 ? LimitsFlags::k64 : 0, &limits)) return false;
  RefType type;
  if (!parse_ref_type(&type)) return false;
  write_ref_type(type, out);
  out->append(limits.span());
  out->require(limits.ok());
  return true;
}

bool ModuleParser::parse_table_field() {
  const uint32_t begin = token().offset;
  uint32_t index;
  bool is_import;
  if (!begin_extern(Space::Table, &index, &is_import)) return false;
  if (is_import) return true;
  note_position(Section::Table, begin);
  SectionBuffer& tables = section(Section::Table);
  ++tables.count;
  const bool names_index_type = at_keyword("i32") || at_keyword("i64");
  if (names_index_type ? peek().form != NumberForm::Natural : at_ref_type())
    return parse_table_with_elem(index);
  ByteBuffer type;
  bool is_64;
  if (!parse_table_type(&type, &is_64)) return false;
  const bool has_init = !at(TokenKind::RightParen);
  if (has_init) {
    tables.bytes.u8(0x40);
    tables.bytes.u8(0);
  }
  tables.bytes.append(type.span());
  tables.bytes.require(type.ok());
  return (!has_init || parse_expression(&tables.bytes)) && expect_close();
}

bool ModuleParser::parse_table_with_elem(uint32_t index) {
  const bool is_64 = take_keyword("i64");
  if (!is_64) take_keyword("i32");
  RefType type;
  uint32_t count;
  if (!parse_ref_type(&type)) return false;
  if (!expect_open("elem") || !parse_inline_elem(index, is_64, type, &count)) return false;
  SectionBuffer& tables = section(Section::Table);
  write_ref_type(type, &tables.bytes);
  tables.bytes.u8(static_cast<uint8_t>(LimitsFlags::kHasMax | (is_64 ? LimitsFlags::k64 : 0)));
  tables.bytes.u32(count);
  tables.bytes.u32(count);
  return expect_close() && expect_close();
}

bool ModuleParser::parse_page_size(MemoryHead* head) {
  if (!at_open("pagesize")) return true;
  advance();
  advance();
  const uint32_t begin = token().offset;
  uint64_t size_bytes;
  if (!expect_natural(64, &size_bytes)) return false;
  if (!std::has_single_bit(size_bytes)) {
    return fail(ErrorCode::MalformedPageSize, begin,
                "found " + std::to_string(size_bytes) + ", expected a power of two");
  }
  head->has_page_size = true;
  head->page_size_log2 = static_cast<uint32_t>(std::countr_zero(size_bytes));
  return expect_close();
}

bool ModuleParser::parse_memory_type(ByteBuffer* out) {
  MemoryHead head;
  head.is_64 = take_keyword("i64");
  if (!head.is_64) take_keyword("i32");
  ByteBuffer limits;
  if (!parse_limits(head.is_64 ? LimitsFlags::k64 : 0, &limits)) return false;
  const bool is_shared = take_keyword("shared");
  if (!parse_page_size(&head)) return false;
  if (!limits.ok()) return out_of_memory();
  out->u8(static_cast<uint8_t>(limits.span()[0] | (is_shared ? LimitsFlags::kShared : 0) |
                               (head.has_page_size ? LimitsFlags::kPageSize : 0)));
  out->append(limits.from(1));
  if (head.has_page_size) out->u32(head.page_size_log2);
  return true;
}

bool ModuleParser::parse_memory_field() {
  const uint32_t begin = token().offset;
  uint32_t index;
  bool is_import;
  if (!begin_extern(Space::Memory, &index, &is_import)) return false;
  if (is_import) return true;
  note_position(Section::Memory, begin);
  SectionBuffer& memories = section(Section::Memory);
  ++memories.count;
  const bool names_type = at_keyword("i32") || at_keyword("i64");
  const bool has_segment = names_type ? peek().kind == TokenKind::LeftParen : at(TokenKind::LeftParen);
  if (has_segment) return parse_memory_with_data(index);
  return parse_memory_type(&memories.bytes) && expect_close();
}

bool ModuleParser::parse_memory_with_data(uint32_t index) {
  MemoryHead head;
  head.is_64 = take_keyword("i64");
  if (!head.is_64) take_keyword("i32");
  if (!parse_page_size(&head)) return false;
  uint64_t size_bytes;
  if (!expect_open("data") || !parse_inline_data(index, head, &size_bytes)) return false;
  uint8_t flags = LimitsFlags::kHasMax;
  if (head.is_64) flags |= LimitsFlags::k64;
  if (head.has_page_size) flags |= LimitsFlags::kPageSize;
  const uint64_t page_mask = head.page_size_log2 >= 64 ? 0 : (uint64_t{1} << head.page_size_log2) - 1;
  const uint64_t pages = (size_bytes >> head.page_size_log2) + ((size_bytes & page_mask) != 0 ? 1 : 0);
  SectionBuffer& memories = section(Section::Memory);
  memories.bytes.u8(flags);
  memories.bytes.u64(pages);
  memories.bytes.u64(pages);
  if (head.has_page_size) memories.bytes.u32(head.page_size_log2);
  return expect_close() && expect_close();
}

// ---- globals and tags

bool ModuleParser::parse_global_type(ByteBuffer* out) {
  const bool is_mutable = take_open("mut");
  if (!parse_value_type(out)) return false;
  out->u8(is_mutable ? 1 : 0);
  return !is_mutable || expect_close();
}

bool ModuleParser::parse_global_field() {
  const uint32_t begin = token().offset;
  uint32_t index;
  bool is_import;
  if (!begin_extern(Space::Global, &index, &is_import)) return false;
  if (is_import) return true;
  note_position(Section::Global, begin);
  SectionBuffer& globals = section(Section::Global);
  ++globals.count;
  return parse_global_type(&globals.bytes) && parse_expression(&globals.bytes) && expect_close();
}

bool ModuleParser::parse_tag_field() {
  const uint32_t begin = token().offset;
  uint32_t index;
  bool is_import;
  if (!begin_extern(Space::Tag, &index, &is_import)) return false;
  if (is_import) return true;
  note_position(Section::Tag, begin);
  SectionBuffer& tags = section(Section::Tag);
  ++tags.count;
  return parse_extern_type(Space::Tag, &tags.bytes) && expect_close();
}

}  // namespace wherry::text
