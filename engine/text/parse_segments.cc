// Element and data segments (core spec 6.6.9, 6.6.10), and those that stand inside a table or a memory. Of the
// eight binary forms of an element segment the shortest is chosen that holds what was written.
#include "engine/text/module_parser.h"

namespace wherry::text {

using wasm::SegmentMode;

namespace {

constexpr int64_t kFuncHeap = -0x10;  // 0x70

constexpr uint8_t kNotActive = 1;  // Flags of an element segment, core spec 5.5.12.
constexpr uint8_t kHasTable = 2;   // ... or is declarative
constexpr uint8_t kExpressions = 4;

}  // namespace

void ModuleParser::write_zero_offset(bool is_64, ByteBuffer* out) {
  out->u8(is_64 ? 0x42 : 0x41);
  out->u8(0);
  out->u8(0x0b);
}

// `(offset instr*)` or one folded instruction.
bool ModuleParser::parse_segment_offset(ByteBuffer* out) {
  if (take_open("offset")) return parse_expression(out) && expect_close();
  return parse_folded_expression(out);
}

// ---- elements

bool ModuleParser::parse_func_items(ByteBuffer* items, uint32_t* count) {
  for (*count = 0; at_index(); ++*count) {
    if (!parse_index(Space::Func, items)) return false;
  }
  return true;
}

bool ModuleParser::parse_expression_items(ByteBuffer* items, uint32_t* count) {
  for (*count = 0; at(TokenKind::LeftParen); ++*count) {
    if (take_open("item")) {
      if (!parse_expression(items) || !expect_close()) return false;
    } else if (!parse_folded_expression(items)) {
      return false;
    }
  }
  return true;
}

// `type` is null for a list of functions.
void ModuleParser::write_elem(const ElemHead& head, const RefType* type, const ByteBuffer& items,
                              uint32_t count) {
  ByteBuffer& out = section(Section::Element).bytes;
  ++section(Section::Element).count;
  const bool is_active = head.mode == SegmentMode::Active;
  const bool is_plain_type = type == nullptr || (type->is_nullable && type->heap == kFuncHeap);
  uint8_t flags = type == nullptr ? 0 : kExpressions;
  if (!is_active) flags |= kNotActive;
  if (head.mode == SegmentMode::Declarative || (is_active && (head.table != 0 || !is_plain_type)))
    flags |= kHasTable;
  out.u8(flags);
  if (is_active && (flags & kHasTable) != 0) out.u32(head.table);
  out.append(head.offset.span());
  if ((flags & (kNotActive | kHasTable)) != 0) {
    if (type == nullptr)
      out.u8(0);  // elemkind: functions
    else
      write_ref_type(*type, &out);
  }
  out.u32(count);
  out.append(items.span());
  out.require(items.ok() && head.offset.ok());
}

bool ModuleParser::parse_elem_list(ElemHead* head, bool has_table) {
  ByteBuffer items;
  uint32_t count;
  if (at_ref_type()) {
    RefType type;
    if (!parse_ref_type(&type) || !parse_expression_items(&items, &count)) return false;
    write_elem(*head, &type, items, count);
    return expect_close();
  }
  // The keyword may be left out where there is an offset but no `(table x)`.
  const bool may_be_bare = head->mode == SegmentMode::Active && !has_table;
  if (!take_keyword("func") && !may_be_bare) return unexpected("'func' or a reference type");
  if (!parse_func_items(&items, &count)) return false;
  write_elem(*head, nullptr, items, count);
  return expect_close();
}

bool ModuleParser::parse_elem_field() {
  note_position(Section::Element, token().offset);
  advance();
  advance();
  uint32_t index;
  if (!begin_definition(Space::Elem, &index)) return false;
  ElemHead head;
  bool has_table = false;
  if (take_keyword("declare")) {
    head.mode = SegmentMode::Declarative;
  } else if (take_open("table")) {
    has_table = true;
    if (!parse_index(Space::Table, &head.table) || !expect_close()) return false;
    head.mode = SegmentMode::Active;
  } else if (at_index()) {  // WebAssembly 1.0 wrote the table so.
    if (!parse_index(Space::Table, &head.table)) return false;
    head.mode = SegmentMode::Active;
  } else if (at(TokenKind::LeftParen) && !at_ref_type()) {
    head.mode = SegmentMode::Active;
  }
  if (head.mode == SegmentMode::Active && !parse_segment_offset(&head.offset)) return false;
  return parse_elem_list(&head, has_table);
}

// Behind "(elem" inside a table, up to its parenthesis.
bool ModuleParser::parse_inline_elem(uint32_t table, bool table_is_64, const RefType& type, uint32_t* count) {
  ++space(Space::Elem).next;
  ElemHead head;
  head.mode = SegmentMode::Active;
  head.table = table;
  write_zero_offset(table_is_64, &head.offset);
  ByteBuffer items;
  if (at(TokenKind::LeftParen)) {
    if (!parse_expression_items(&items, count)) return false;
    write_elem(head, &type, items, *count);
    return true;
  }
  if (type.heap == kFuncHeap) {
    if (!parse_func_items(&items, count)) return false;
    write_elem(head, nullptr, items, *count);
    return true;
  }
  for (*count = 0; at_index(); ++*count) {
    items.u8(0xd2);  // ref.func
    if (!parse_index(Space::Func, &items)) return false;
    items.u8(0x0b);
  }
  write_elem(head, &type, items, *count);
  return true;
}

// ---- data

bool ModuleParser::parse_data_strings(base::Vector<uint8_t>* bytes) {
  while (at(TokenKind::String)) {
    if (!expect_string(bytes)) return false;
  }
  return true;
}

bool ModuleParser::parse_data_field() {
  SectionBuffer& data = section(Section::Data);
  note_position(Section::Data, token().offset);
  advance();
  advance();
  uint32_t index;
  if (!begin_definition(Space::Data, &index)) return false;
  uint32_t memory = 0;
  bool is_active = at(TokenKind::LeftParen);
  if (take_open("memory")) {
    if (!parse_index(Space::Memory, &memory) || !expect_close()) return false;
  } else if (at_index()) {  // WebAssembly 1.0 wrote the memory so.
    if (!parse_index(Space::Memory, &memory)) return false;
    is_active = true;
  }
  data.bytes.u8(!is_active ? 1 : memory == 0 ? 0 : 2);
  if (is_active && memory != 0) data.bytes.u32(memory);
  if (is_active && !parse_segment_offset(&data.bytes)) return false;
  base::Vector<uint8_t> bytes;
  if (!parse_data_strings(&bytes)) return false;
  data.bytes.sized(bytes.span());
  ++data.count;
  return expect_close();
}

// Behind "(data" inside a memory, up to its parenthesis.
bool ModuleParser::parse_inline_data(uint32_t memory, const MemoryHead& head, uint64_t* size_bytes) {
  ++space(Space::Data).next;
  SectionBuffer& data = section(Section::Data);
  base::Vector<uint8_t> bytes;
  if (!parse_data_strings(&bytes)) return false;
  data.bytes.u8(memory == 0 ? 0 : 2);
  if (memory != 0) data.bytes.u32(memory);
  write_zero_offset(head.is_64, &data.bytes);
  data.bytes.sized(bytes.span());
  ++data.count;
  *size_bytes = bytes.size();
  return true;
}

}  // namespace wherry::text
