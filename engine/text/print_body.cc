// Function bodies: signatures with the names of their locals, then an instruction a line.
//
// Instructions are printed flat rather than folded: that needs no types, so that bodies which do not validate are
// printed all the same, and it takes no recursion whatever the nesting. Blocks are indented and their depth stands in
// a comment (`;; label = @2`), to which branches by number refer (`br 0 (;@2;)`), as wasm-tools prints it. What an
// opcode's text is followed by is decided by its row's immediate (engine/wasm/immediates.inc); core spec 6.5.
#include "engine/text/number.h"
#include "engine/text/print_context.h"
#include "engine/wasm/limits.h"

namespace wherry::text {

using base::Result;
using wasm::ErrorCode;
using wasm::Immediate;
using wasm::Instruction;
using wasm::Op;
using wasm::ValType;

namespace {

// `skip`: how many of the innermost open blocks do not count.
void print_label(PrintContext& context, uint32_t distance, LabelNames* labels, uint32_t skip = 0) {
  PrintWriter& out = context.out;
  out.put(' ');
  if (labels == nullptr) return out.number(distance);
  const uint64_t open = uint64_t{distance} + skip;
  const std::string_view name = labels->reference(open);
  if (!name.empty()) return out.identifier(name);
  out.number(distance);
  if (open < labels->depth()) {
    out.put(" (;@");
    out.number(labels->depth() - open);
    out.put(";)");
  }
}

void print_block_type(PrintContext& context, const wasm::BlockType& block) {
  switch (block.kind) {
    case wasm::BlockType::Kind::Empty: return;
    case wasm::BlockType::Kind::Value: return context.types("result", {&block.value, 1});
    case wasm::BlockType::Kind::Type: return context.type_use(block.type.value);
  }
}

// Catch clauses name labels outside of their try_table, which is open already.
void print_catches(PrintContext& context, const Instruction& instruction, LabelNames* labels) {
  constexpr std::string_view kKeywords[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  wasm::CatchList clauses(instruction);
  for (uint32_t i = 0; i < instruction.count; ++i) {
    const wasm::CatchClause clause = clauses.next();
    context.out.put(" (");
    context.out.put(kKeywords[static_cast<uint32_t>(clause.kind)]);
    if (clause.kind == wasm::CatchKind::Catch || clause.kind == wasm::CatchKind::CatchRef)
      context.reference(Space::Tag, clause.tag.value);
    print_label(context, clause.label, labels, 1);
    context.out.put(')');
  }
}

void print_memarg(PrintContext& context, const Instruction& instruction, Immediate immediate) {
  PrintWriter& out = context.out;
  if (instruction.memory != 0) context.reference(Space::Memory, instruction.memory);
  if (instruction.value != 0) {
    out.put(" offset=");
    out.number(instruction.value);
  }
  if (instruction.align_log2 != wasm::natural_align_log2(immediate)) {
    out.put(" align=");
    out.number(uint64_t{1} << (instruction.align_log2 & 63));
  }
}

// As four words; f32x4 and the other shapes would have to choose how to read the bits.
void print_vector(PrintContext& context, const uint8_t (&bytes)[16]) {
  context.out.put(" i32x4");
  for (uint32_t i = 0; i < 16; i += 4) {
    context.out.put(" 0x");
    for (uint32_t j = 4; j-- > 0;) context.out.hex(bytes[i + j], 2);
  }
}

void print_select_types(PrintContext& context, const Instruction& instruction) {
  base::ByteReader reader(instruction.list, instruction.list_offset);
  context.out.put(" (result");
  for (uint32_t i = 0; i < instruction.count; ++i) {
    const Result<ValType> type = wasm::read_val_type(reader, context.module.features);
    if (!type) break;  // Was read before without a fault.
    context.val_type(*type);
  }
  context.out.put(')');
}

// Two indices of one space, left out when both are 0; the first alone, left out when it is 0.
void print_pair(PrintContext& context, Space space, uint32_t first, uint32_t second) {
  if (first == 0 && second == 0) return;
  context.reference(space, first);
  context.reference(space, second);
}
void print_unless_zero(PrintContext& context, Space space, uint32_t index) {
  if (index != 0) context.reference(space, index);
}

void print_local(PrintContext& context, uint32_t index, const NameTable* locals) {
  const std::string_view id = locals == nullptr ? std::string_view() : locals->id(index);
  context.out.put(' ');
  if (id.empty()) return context.out.number(index);
  context.out.identifier(id);
}

void print_heap(PrintContext& context, const Instruction& instruction) {
  if (instruction.op == Op::RefNull) return context.heap_type(instruction.heap);
  const bool nullable = instruction.op == Op::RefTestNull || instruction.op == Op::RefCastNull;
  context.ref_type(ValType::ref(instruction.heap, nullable));
}

void print_blank_number(PrintContext& context, uint64_t number) {
  context.out.put(' ');
  context.out.number(number);
}

}  // namespace

void print_instruction(PrintContext& context, const Instruction& instruction, const NameTable* locals,
                       LabelNames* labels) {
  PrintWriter& out = context.out;
  const wasm::OpInfo& row = wasm::info(instruction.op);
  out.put(row.text);
  switch (row.immediate) {
    case Immediate::None:
    case Immediate::Fence:
    case Immediate::Block:  // The caller's: a label stands in between.
    case Immediate::TryTable: return;
    case Immediate::Label: return print_label(context, instruction.index, labels);
    case Immediate::LabelTable: {
      wasm::LabelList list(instruction);
      for (uint64_t i = 0; i <= instruction.count; ++i) print_label(context, list.next(), labels);
      return;
    }
    case Immediate::Func: return context.reference(Space::Func, instruction.index);
    case Immediate::Type: return context.reference(Space::Type, instruction.index);
    case Immediate::CallIndirect:
      print_unless_zero(context, Space::Table, instruction.second);
      return context.type_use_bare(instruction.index);
    case Immediate::Local: return print_local(context, instruction.index, locals);
    case Immediate::Global: return context.reference(Space::Global, instruction.index);
    case Immediate::Table: return context.reference(Space::Table, instruction.index);
    case Immediate::TableInit:
      print_unless_zero(context, Space::Table, instruction.second);
      return context.reference(Space::Element, instruction.index);
    case Immediate::TableCopy:
      return print_pair(context, Space::Table, instruction.index, instruction.second);
    case Immediate::Element: return context.reference(Space::Element, instruction.index);
    case Immediate::Memory: return print_unless_zero(context, Space::Memory, instruction.index);
    case Immediate::MemoryInit:
      print_unless_zero(context, Space::Memory, instruction.second);
      return context.reference(Space::Data, instruction.index);
    case Immediate::MemoryCopy:
      return print_pair(context, Space::Memory, instruction.index, instruction.second);
    case Immediate::Data: return context.reference(Space::Data, instruction.index);
    case Immediate::Tag: return context.reference(Space::Tag, instruction.index);
    case Immediate::SelectTypes: return print_select_types(context, instruction);
    case Immediate::MemArg1:
    case Immediate::MemArg2:
    case Immediate::MemArg4:
    case Immediate::MemArg8:
    case Immediate::MemArg16:
    case Immediate::AtomicArg1:
    case Immediate::AtomicArg2:
    case Immediate::AtomicArg4:
    case Immediate::AtomicArg8: return print_memarg(context, instruction, row.immediate);
    case Immediate::LaneArg1:
    case Immediate::LaneArg2:
    case Immediate::LaneArg4:
    case Immediate::LaneArg8:
      print_memarg(context, instruction, row.immediate);
      return print_blank_number(context, instruction.lane);
    case Immediate::Lane2:
    case Immediate::Lane4:
    case Immediate::Lane8:
    case Immediate::Lane16: return print_blank_number(context, instruction.lane);
    case Immediate::Shuffle:
      for (const uint8_t lane : instruction.vector) print_blank_number(context, lane);
      return;
    case Immediate::I32: out.put(' '); return out.signed_number(static_cast<int32_t>(instruction.value));
    case Immediate::I64: out.put(' '); return out.signed_number(static_cast<int64_t>(instruction.value));
    case Immediate::F32: out.put(' '); return out.put(format_f32(static_cast<uint32_t>(instruction.value)));
    case Immediate::F64: out.put(' '); return out.put(format_f64(instruction.value));
    case Immediate::V128: return print_vector(context, instruction.vector);
    case Immediate::Heap: return print_heap(context, instruction);
    case Immediate::Field:
      context.reference(Space::Type, instruction.index);
      return context.field_reference(instruction.index, instruction.second);
    case Immediate::ArrayFixed:
      context.reference(Space::Type, instruction.index);
      return print_blank_number(context, instruction.second);
    case Immediate::ArrayData:
      context.reference(Space::Type, instruction.index);
      return context.reference(Space::Data, instruction.second);
    case Immediate::ArrayElement:
      context.reference(Space::Type, instruction.index);
      return context.reference(Space::Element, instruction.second);
    case Immediate::ArrayCopy:
      context.reference(Space::Type, instruction.index);
      return context.reference(Space::Type, instruction.second);
    case Immediate::BranchCast:
      print_label(context, instruction.index, labels);
      context.ref_type(instruction.cast.source);
      return context.ref_type(instruction.cast.target);
  }
}

void print_block_operands(PrintContext& context, const Instruction& instruction, LabelNames* labels) {
  print_block_type(context, instruction.block);
  if (instruction.op == Op::TryTable) print_catches(context, instruction, labels);
}

Result<void> print_const_expr(PrintContext& context, base::ByteReader& reader, std::string_view keyword) {
  PrintWriter& out = context.out;
  Instruction instruction;
  WHERRY_TRY(wasm::read_instruction(reader, context.module.features, &instruction));
  const bool is_single =
      instruction.op != Op::End && reader.peek() == static_cast<uint8_t>(wasm::info(Op::End).code);
  const bool is_wrapped = !is_single && !keyword.empty();
  if (is_wrapped) {
    out.put(" (");
    out.put(keyword);
  }
  for (uint64_t depth = 0; instruction.op != Op::End || depth != 0;) {
    if (instruction.op == Op::Else)
      return base::fail(ErrorCode::IllegalOpcode, instruction.offset, "found else in a constant expression");
    out.put(is_single ? " (" : " ");
    print_instruction(context, instruction, nullptr, nullptr);
    const Immediate immediate = wasm::info(instruction.op).immediate;
    if (immediate == Immediate::Block || immediate == Immediate::TryTable) {
      print_block_operands(context, instruction, nullptr);
      ++depth;
    }
    if (instruction.op == Op::End) --depth;
    if (is_single) out.put(')');
    WHERRY_TRY(wasm::read_instruction(reader, context.module.features, &instruction));
  }
  if (is_wrapped) out.put(')');
  return {};
}

bool BodyPrinter::signature(uint32_t func, bool always) {
  const wasm::Module& module = context_.module;
  const uint32_t type = module.funcs[func].type.value;
  context_.type_use_bare(type);
  arena_.reset();
  local_names_.clear();
  const wasm::FuncType* const func_type = context_.func_type(type);
  if (context_.options.names != nullptr) {
    const auto& names = context_.options.names->locals;
    while (next_local_ < names.size() && names[next_local_].outer < func) ++next_local_;
    for (; next_local_ < names.size() && names[next_local_].outer == func; ++next_local_) {
      const InnerName& name = names[next_local_];
      if (name.inner < wasm::kMaxLocals + wasm::kMaxParams &&
          !local_names_.push_back({name.inner, name.text}))
        return false;
    }
  }
  const uint64_t count = local_names_.empty() ? 0 : uint64_t{local_names_.back().index} + 1;
  if (!locals_.build(local_names_, count, "local", arena_)) return false;
  if (func_type == nullptr || (!always && locals_.empty())) return true;
  bool open = false;
  for (size_t i = 0; i < func_type->params.size(); ++i)
    typed_item("param", i, func_type->params[i], 0, &open);
  if (open) context_.out.put(')');
  context_.types("result", func_type->results);
  return true;
}

// A parameter or local. Those without names share a pair of parentheses, which `*open` says is not closed yet.
void BodyPrinter::typed_item(std::string_view keyword, uint64_t index, ValType type, uint64_t offset,
                             bool* open) {
  const std::string_view id = locals_.id(index);
  if (*open && !id.empty()) context_.out.put(')');
  if (!*open || !id.empty()) {
    if (keyword == "local") {
      context_.line(2, offset);
    } else {
      context_.out.put(' ');
    }
    context_.out.put('(');
    context_.out.put(keyword);
  }
  if (!id.empty()) {
    context_.out.put(' ');
    context_.out.identifier(id);
  }
  context_.val_type(type);
  if (!id.empty()) context_.out.put(')');
  *open = id.empty();
}

Result<void> BodyPrinter::locals(base::ByteReader& reader, uint64_t params) {
  const uint32_t groups = reader.u32();
  uint64_t local = params;
  bool open = false;
  for (uint32_t group = 0; group < groups && reader.ok(); ++group) {
    const uint64_t offset = reader.offset();
    const uint32_t count = reader.u32();
    if (!reader.ok()) break;
    const ValType type = WHERRY_TRY(wasm::read_val_type(reader, context_.module.features));
    if (count > wasm::kMaxLocals || local - params + count > wasm::kMaxLocals)
      return base::fail(ErrorCode::TooManyLocals, offset);
    for (uint32_t i = 0; i < count; ++i) typed_item("local", local++, type, offset, &open);
  }
  if (open) context_.out.put(')');
  if (!reader.ok()) return wasm::reader_failure(reader);
  locals_.limit(local);  // Instructions may name what there is not; that goes by number.
  return {};
}

Result<void> BodyPrinter::body(uint32_t func) {
  const wasm::Module& module = context_.module;
  base::ByteReader reader(module.body_bytes(wasm::FuncIndex(func)),
                          module.body(wasm::FuncIndex(func)).offset);
  std::span<const InnerName> labels;
  if (context_.options.names != nullptr) {
    const auto& names = context_.options.names->labels;
    while (next_label_ < names.size() && names[next_label_].outer < func) ++next_label_;
    const uint32_t first = next_label_;
    while (next_label_ < names.size() && names[next_label_].outer == func) ++next_label_;
    labels = names.span().subspan(first, next_label_ - first);
  }
  blocks_.clear();
  if (!labels_.begin(labels)) return base::fail(ErrorCode::OutOfMemory);
  const wasm::FuncType* const type = context_.func_type(module.funcs[func].type.value);
  WHERRY_TRY(locals(reader, type == nullptr ? 0 : type->params.size()));
  return instructions(reader);
}

// `name`, type and, where there is no name, the depth by which branches refer to the block.
void BodyPrinter::block_head(const Instruction& instruction, std::string_view name) {
  if (!name.empty()) {
    context_.out.put(' ');
    context_.out.identifier(name);
  }
  print_block_operands(context_, instruction, &labels_);
  if (!name.empty()) return;
  context_.out.put(" ;; label = @");
  context_.out.number(labels_.depth());
}

Result<void> BodyPrinter::instructions(base::ByteReader& reader) {
  const PrintWriter& out = context_.out;
  Instruction instruction;
  while (out.ok()) {
    WHERRY_TRY(wasm::read_instruction(reader, context_.module.features, &instruction));
    const Immediate immediate = wasm::info(instruction.op).immediate;
    const bool opens = immediate == Immediate::Block || immediate == Immediate::TryTable;
    if (instruction.op == Op::End) {
      if (blocks_.empty()) break;
      labels_.pop();
      blocks_.pop_back();
    }
    const bool is_else = instruction.op == Op::Else;
    if (is_else) {
      if (blocks_.empty() || blocks_.back() != Op::If)
        return base::fail(ErrorCode::IllegalOpcode, instruction.offset, "found else outside of if");
      blocks_.back() = Op::Else;
    }
    context_.line(2 + labels_.depth() - (is_else ? 1 : 0), instruction.offset);
    print_instruction(context_, instruction, &locals_, &labels_);
    if (!opens) continue;
    std::string_view name;
    if (!labels_.push(&name) || !blocks_.push_back(instruction.op)) return base::fail(ErrorCode::OutOfMemory);
    block_head(instruction, name);
  }
  if (out.ok() && !reader.at_end()) {
    return base::fail(ErrorCode::EndOpcodeExpected, reader.offset(),
                      "found instructions behind the function's end");
  }
  return {};
}

}  // namespace wherry::text
