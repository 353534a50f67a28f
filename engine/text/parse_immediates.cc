// What follows an opcode, by the immediate column of opcodes.inc (core spec 6.5). Nothing here knows a particular
// instruction, except those whose opcode depends on what follows: select, ref.test, ref.cast.
#include <bit>

#include "engine/text/module_parser.h"

namespace wherry::text {

using wasm::ErrorCode;
using wasm::Immediate;
using wasm::Op;

bool ModuleParser::parse_operator(Op op, ByteBuffer* out) {
  if (op == Op::Select) return parse_select(out);
  if (op == Op::RefTest || op == Op::RefCast) return parse_ref_test(op, out);
  const wasm::OpInfo& row = wasm::info(op);
  out->opcode(row.code);
  return row.immediate == Immediate::None || parse_immediate(row.immediate, out);
}

bool ModuleParser::parse_immediate(Immediate kind, ByteBuffer* out) {
  uint64_t value;
  switch (kind) {
    case Immediate::Label: {
      uint32_t depth;
      if (!parse_label(&depth)) return false;
      out->u32(depth);
      return true;
    }
    case Immediate::LabelTable: return parse_label_table(out);
    case Immediate::Func: return parse_index(Space::Func, out);
    case Immediate::Type: return parse_index(Space::Type, out);
    case Immediate::CallIndirect: return parse_call_indirect(out);
    case Immediate::Local: return parse_local(out);
    case Immediate::Global: return parse_index(Space::Global, out);
    case Immediate::Table: return parse_optional_index(Space::Table, out);
    case Immediate::TableInit: return parse_segment_init(Space::Table, Space::Elem, out);
    case Immediate::TableCopy: return parse_copy(Space::Table, out);
    case Immediate::Element: return parse_index(Space::Elem, out);
    case Immediate::Memory: return parse_optional_index(Space::Memory, out);
    case Immediate::MemoryInit: return parse_segment_init(Space::Memory, Space::Data, out);
    case Immediate::MemoryCopy: return parse_copy(Space::Memory, out);
    case Immediate::Data: needs_data_count_ = true; return parse_index(Space::Data, out);
    case Immediate::Tag: return parse_index(Space::Tag, out);
    case Immediate::Lane2:
    case Immediate::Lane4:
    case Immediate::Lane8:
    case Immediate::Lane16: return parse_lane(out);
    case Immediate::Shuffle: return parse_shuffle(out);
    case Immediate::I32:
      if (!parse_integer_literal(32, &value)) return false;
      out->s64(static_cast<int32_t>(value));
      return true;
    case Immediate::I64:
      if (!parse_integer_literal(64, &value)) return false;
      out->s64(static_cast<int64_t>(value));
      return true;
    case Immediate::F32:
      if (!parse_float_literal(32, &value)) return false;
      out->fixed(value, 4);
      return true;
    case Immediate::F64:
      if (!parse_float_literal(64, &value)) return false;
      out->fixed(value, 8);
      return true;
    case Immediate::V128: return parse_vector(out);
    case Immediate::Heap: {
      int64_t heap;
      if (!parse_heap_type(&heap)) return false;
      out->s64(heap);
      return true;
    }
    case Immediate::Field: return parse_field_index(out);
    case Immediate::ArrayFixed:
      if (!parse_index(Space::Type, out) || !expect_natural(32, &value)) return false;
      out->u64(value);
      return true;
    case Immediate::ArrayData:
      needs_data_count_ = true;
      return parse_index(Space::Type, out) && parse_index(Space::Data, out);
    case Immediate::ArrayElement: return parse_index(Space::Type, out) && parse_index(Space::Elem, out);
    case Immediate::ArrayCopy: return parse_index(Space::Type, out) && parse_index(Space::Type, out);
    case Immediate::BranchCast: return parse_cast_branch(out);
    case Immediate::Fence: out->u8(0); return true;
    default: return parse_memory_access(kind, out);
  }
}

// ---- indices

bool ModuleParser::unknown_identifier(std::string_view what) {
  return fail(ErrorCode::UnknownIdentifier, token().offset, std::string(what) + " " + quoted(token()));
}

bool ModuleParser::parse_index(Space id, uint32_t* index) {
  if (at(TokenKind::Identifier)) {
    std::string_view name;
    if (!read_identifier(token(), &name)) return false;
    const uint32_t* found = space(id).names.find(name);
    if (found == nullptr) return unknown_identifier(space_name(id));
    *index = *found;
    advance();
    return true;
  }
  if (!at_natural()) return unexpected("the index or identifier of a " + std::string(space_name(id)));
  uint64_t value;
  if (!expect_natural(32, &value)) return false;
  *index = static_cast<uint32_t>(value);
  return true;
}

bool ModuleParser::parse_index(Space id, ByteBuffer* out) {
  uint32_t index;
  if (!parse_index(id, &index)) return false;
  out->u32(index);
  return true;
}

bool ModuleParser::parse_optional_index(Space id, ByteBuffer* out) {
  if (at_index()) return parse_index(id, out);
  out->u32(0);
  return true;
}

bool ModuleParser::parse_local(ByteBuffer* out) {
  uint64_t index;
  if (at(TokenKind::Identifier)) {
    std::string_view name;
    if (!read_identifier(token(), &name)) return false;
    const uint32_t* found = locals_.find(name);
    if (found == nullptr) return unknown_identifier("local");
    index = *found;
    advance();
  } else if (!at_natural()) {
    return unexpected("the index or identifier of a local");
  } else if (!expect_natural(32, &index)) {
    return false;
  }
  out->u64(index);
  return true;
}

bool ModuleParser::parse_label(uint32_t* depth) {
  if (at(TokenKind::Identifier)) {
    std::string_view name;
    if (!read_identifier(token(), &name)) return false;
    const uint32_t* found = label_names_.find(name);
    if (found == nullptr || innermost_label_[*found] == kNoName) return unknown_identifier("label");
    *depth = static_cast<uint32_t>(labels_.size() - 1 - innermost_label_[*found]);
    advance();
    return true;
  }
  if (!at_natural()) return unexpected("the depth or identifier of a label");
  uint64_t value;
  if (!expect_natural(32, &value)) return false;
  *depth = static_cast<uint32_t>(value);
  return true;
}

bool ModuleParser::parse_label_table(ByteBuffer* out) {
  ByteBuffer labels;
  uint32_t count = 0;
  uint32_t depth;
  if (!parse_label(&depth)) return false;
  while (at_index()) {
    labels.u32(depth);
    ++count;
    if (!parse_label(&depth)) return false;
  }
  out->u32(count);
  out->append(labels.span());
  out->require(labels.ok());
  out->u32(depth);
  return true;
}

bool ModuleParser::parse_field_index(ByteBuffer* out) {
  uint32_t type;
  if (!parse_index(Space::Type, &type)) return false;
  out->u32(type);
  if (!at(TokenKind::Identifier)) {
    uint64_t field;
    if (!at_natural()) return unexpected("the index or identifier of a field");
    if (!expect_natural(32, &field)) return false;
    out->u64(field);
    return true;
  }
  std::string_view name;
  if (!read_identifier(token(), &name)) return false;
  ByteBuffer key;
  key.fixed(type, 4);
  key.append(base::as_bytes(name));
  if (!key.ok()) return out_of_memory();
  const uint32_t* found = field_names_.find(base::as_text(key.span()));
  if (found == nullptr) return unknown_identifier("field");
  out->u32(*found);
  advance();
  return true;
}

// `table.init x? y` and `memory.init x? y`: the segment stands first in the binary format.
bool ModuleParser::parse_segment_init(Space container, Space segment, ByteBuffer* out) {
  if (segment == Space::Data) needs_data_count_ = true;
  if (!at_index()) return unexpected("the index or identifier of a " + std::string(space_name(segment)));
  const bool has_container = is_index(peek());
  uint32_t container_index = 0;
  if (has_container && !parse_index(container, &container_index)) return false;
  if (!parse_index(segment, out)) return false;
  out->u32(container_index);
  return true;
}

bool ModuleParser::parse_copy(Space id, ByteBuffer* out) {
  if (at_index()) return parse_index(id, out) && parse_index(id, out);
  out->u32(0);
  out->u32(0);
  return true;
}

bool ModuleParser::parse_call_indirect(ByteBuffer* out) {
  uint32_t table = 0;
  if (at_index() && !parse_index(Space::Table, &table)) return false;
  TypeUse use;
  if (!parse_type_use(ParamNames::None, &use)) return false;
  out->u32(use.index);
  out->u32(table);
  return true;
}

// ---- types

bool ModuleParser::parse_select(ByteBuffer* out) {
  const bool is_typed = at_open("result");
  out->opcode(wasm::info(is_typed ? Op::SelectTyped : Op::Select).code);
  if (!is_typed) return true;
  ByteBuffer types;
  uint32_t count = 0;
  while (take_open("result")) {
    for (; !at(TokenKind::RightParen); ++count) {
      if (!parse_value_type(&types)) return false;
    }
    advance();
  }
  out->u32(count);
  out->append(types.span());
  out->require(types.ok());
  return true;
}

bool ModuleParser::parse_ref_test(Op op, ByteBuffer* out) {
  RefType type;
  if (!parse_ref_type(&type)) return false;
  if (type.is_nullable) op = op == Op::RefTest ? Op::RefTestNull : Op::RefCastNull;
  out->opcode(wasm::info(op).code);
  out->s64(type.heap);
  return true;
}

bool ModuleParser::parse_cast_branch(ByteBuffer* out) {
  uint32_t depth;
  RefType source;
  RefType target;
  if (!parse_label(&depth) || !parse_ref_type(&source) || !parse_ref_type(&target)) return false;
  out->u8(static_cast<uint8_t>((source.is_nullable ? 1 : 0) | (target.is_nullable ? 2 : 0)));
  out->u32(depth);
  out->s64(source.heap);
  out->s64(target.heap);
  return true;
}

// The clauses of a try_table; its own label is not in their scope.
bool ModuleParser::parse_catches(ByteBuffer* out) {
  constexpr std::string_view kClauses[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  ByteBuffer clauses;
  uint32_t count = 0;
  while (at(TokenKind::LeftParen)) {
    uint8_t kind = 0;
    while (kind < 4 && !at_open(kClauses[kind])) ++kind;
    if (kind == 4) break;
    advance();
    advance();
    clauses.u8(kind);
    if (kind < 2 && !parse_index(Space::Tag, &clauses)) return false;
    uint32_t depth;
    if (!parse_label(&depth) || !expect_close()) return false;
    clauses.u32(depth);
    ++count;
  }
  out->u32(count);
  out->append(clauses.span());
  out->require(clauses.ok());
  return true;
}

// ---- memory

// `key=number`, which is one token.
bool ModuleParser::parse_memory_option(std::string_view key, uint64_t* value, bool* found) {
  *found = at(TokenKind::Keyword) && text().starts_with(key);
  if (!*found) return true;
  const std::string_view number = text().substr(key.size());
  if (number_form(number) != NumberForm::Natural) {
    return fail(ErrorCode::UnknownOperator, token().offset,
                quoted(token()) + ", expected an unsigned number after '='");
  }
  if (!number_fault(parse_natural(number, 64, value), "a number of 64 bits")) return false;
  return true;
}

bool ModuleParser::parse_memory_access(Immediate kind, ByteBuffer* out) {
  const bool has_lane = kind >= Immediate::LaneArg1 && kind <= Immediate::LaneArg8;
  uint32_t memory = 0;
  // A lane access ends with a number, so one that is alone is the lane.
  const bool is_followed = peek().kind == TokenKind::Keyword &&
                           (text(peek()).starts_with("offset=") || text(peek()).starts_with("align="));
  const bool has_memory = at_index() && (!has_lane || is_index(peek()) || is_followed);
  if (has_memory && !parse_index(Space::Memory, &memory)) return false;
  uint64_t offset = 0;
  uint64_t align = 0;
  bool found;
  if (!parse_memory_option("offset=", &offset, &found)) return false;
  if (found) advance();
  if (!parse_memory_option("align=", &align, &found)) return false;
  uint32_t align_log2 = wasm::natural_align_log2(kind);
  if (found) {
    if (!std::has_single_bit(align)) {
      return fail(ErrorCode::AlignmentNotPowerOfTwo, token().offset, "found " + quoted(token()));
    }
    align_log2 = static_cast<uint32_t>(std::countr_zero(align));
    advance();
  }
  // Six bits hold every alignment that could be valid; the next one says that a memory index follows.
  if (align_log2 > 31) align_log2 = 31;
  out->u32(align_log2 | (memory != 0 ? 0x40 : 0));
  if (memory != 0) out->u32(memory);
  out->u64(offset);
  return !has_lane || parse_lane(out);
}

// ---- literals

bool ModuleParser::parse_lane(ByteBuffer* out) {
  if (!at_natural()) return unexpected("a lane number");
  uint64_t lane;
  if (parse_natural(text(), 8, &lane) != NumberFault::None) {
    return fail(ErrorCode::MalformedLane, token().offset,
                "found " + quoted(token()) + ", expected a number below 256");
  }
  out->u8(static_cast<uint8_t>(lane));
  advance();
  return true;
}

bool ModuleParser::parse_shuffle(ByteBuffer* out) {
  uint32_t count = 0;
  for (; at_natural(); ++count) {
    if (!parse_lane(out)) return false;
  }
  if (count == 16) return true;
  if (!at(TokenKind::RightParen) && !at(TokenKind::LeftParen) && !at(TokenKind::Keyword)) {
    return unexpected("a lane number");
  }
  return fail(ErrorCode::WrongLaneCount, token().offset,
              "found " + std::to_string(count) + " lane numbers, expected 16");
}

bool ModuleParser::parse_integer_literal(uint32_t bits, uint64_t* value) {
  const std::string expected = "an integer of " + std::to_string(bits) + " bits";
  if (!at(TokenKind::Number)) return unexpected(expected);
  if (!number_fault(parse_integer(text(), bits, value), expected)) return false;
  advance();
  return true;
}

bool ModuleParser::parse_float_literal(uint32_t bits, uint64_t* value) {
  const std::string_view expected =
      bits == 32 ? "a number in the range of f32" : "a number in the range of f64";
  if (!at(TokenKind::Number)) return unexpected(expected);
  uint32_t narrow = 0;
  const NumberFault fault = bits == 32 ? parse_f32(text(), &narrow) : parse_f64(text(), value);
  if (!number_fault(fault, expected)) return false;
  if (bits == 32) *value = narrow;
  advance();
  return true;
}

bool ModuleParser::parse_vector(ByteBuffer* out) {
  struct Shape {
    std::string_view name;
    bool is_float;
    uint8_t bits;
  };
  constexpr Shape kShapes[] = {{"i8x16", false, 8},  {"i16x8", false, 16}, {"i32x4", false, 32},
                               {"i64x2", false, 64}, {"f32x4", true, 32},  {"f64x2", true, 64}};
  for (const Shape& shape : kShapes) {
    if (!take_keyword(shape.name)) continue;
    const uint32_t expected = 128u / shape.bits;
    uint32_t count = 0;
    for (; at(TokenKind::Number); ++count) {
      uint64_t lane;
      if (shape.is_float ? !parse_float_literal(shape.bits, &lane)
                         : !parse_integer_literal(shape.bits, &lane)) {
        return false;
      }
      out->fixed(lane, shape.bits / 8u);
    }
    if (count == expected) return true;
    if (at(TokenKind::Reserved) || at(TokenKind::Error)) return unexpected("a lane literal");
    return fail(ErrorCode::WrongLaneCount, token().offset,
                "found " + std::to_string(count) + ", expected " + std::to_string(expected));
  }
  return unexpected("a vector shape such as i32x4");
}

}  // namespace wherry::text
