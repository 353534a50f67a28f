// The reader of instructions (core spec 5.4). One table look-up for a single-byte opcode, one more for a prefixed
// one, then a switch over the kind of immediate: rows that share a form share its code. The tables hold four bytes
// a row, so that the 256 plain opcodes fit in 16 cache lines.
//
// The reader's fault sticks, so a form is read to its end and asked about once. Lists (br_table, try_table, typed
// select) are walked here and kept by reference: whoever needs them walks them again, knowing that they are
// well-formed; nothing is allocated.
//
// Memory offsets are u64 wherever 64-bit memories exist, as in the specification: that a 32-bit memory's offset
// is below 2^32 is a rule of validation. Likewise lane numbers: any byte is well-formed.
#include "engine/wasm/instruction.h"

#include <cstdio>

#include "engine/wasm/errors.h"
#include "engine/wasm/limits.h"

namespace wherry::wasm {

namespace {

using base::ByteReader;
using base::Result;

struct Row {
  uint16_t op = kOpCount;  // kOpCount: no such instruction.
  Immediate immediate = Immediate::None;
  Feature feature = Feature::Mvp;
};

template <uint32_t kSize>
struct OpTable {
  Row rows[kSize];
};

// The rows whose code lies in [first, first + kSize).
template <uint32_t kSize>
consteval OpTable<kSize> make_table(uint32_t first) {
  OpTable<kSize> table;
  uint16_t op = 0;
#define OP(name, code, text, immediate, signature, feature)                     \
  if (code >= first && code < first + kSize) {                                  \
    table.rows[code - first] = Row{op, Immediate::immediate, Feature::feature}; \
  }                                                                             \
  ++op;
#include "engine/wasm/opcodes.inc"
  return table;
}

constexpr auto kPlain = make_table<0x100>(0);
constexpr auto kPrefixFb = make_table<0x20>(0xfb000);
constexpr auto kPrefixFc = make_table<0x18>(0xfc000);
constexpr auto kPrefixFd = make_table<0x120>(0xfd000);
constexpr auto kPrefixFe = make_table<0x50>(0xfe000);

consteval uint32_t rows_in_tables() {
  uint32_t count = 0;
  for (const Row& row : kPlain.rows) count += row.op != kOpCount;
  for (const Row& row : kPrefixFb.rows) count += row.op != kOpCount;
  for (const Row& row : kPrefixFc.rows) count += row.op != kOpCount;
  for (const Row& row : kPrefixFd.rows) count += row.op != kOpCount;
  for (const Row& row : kPrefixFe.rows) count += row.op != kOpCount;
  return count;
}
static_assert(rows_in_tables() == kOpCount, "a table is too small for a row, or two rows share a code");

template <uint32_t kSize>
Row at(const OpTable<kSize>& table, uint32_t index) {
  return index < kSize ? table.rows[index] : Row{};
}

base::Failure illegal_opcode(uint32_t first, uint64_t offset) {
  switch (first) {
#define LEGACY_OP(code, text) \
  case code: return base::fail(ErrorCode::LegacyExceptions, offset, "found " text);
#include "engine/wasm/legacy_opcodes.inc"
    default: break;
  }
  char detail[32];
  std::snprintf(detail, sizeof detail, "found 0x%02x", first);
  return base::fail(ErrorCode::IllegalOpcode, offset, detail);
}

base::Failure illegal_prefixed(uint32_t prefix, uint32_t sub, uint64_t offset) {
  char detail[40];
  std::snprintf(detail, sizeof detail, "found 0x%02x 0x%02x", prefix, sub);
  return base::fail(ErrorCode::IllegalOpcode, offset, detail);
}

base::Failure byte_failure(ErrorCode code, uint64_t offset, uint32_t found, const char* expected) {
  char detail[96];
  std::snprintf(detail, sizeof detail, "found 0x%02x, expected %s", found, expected);
  return base::fail(code, offset, detail);
}

base::Failure count_failure(const char* what, uint64_t found, uint64_t limit, uint64_t offset) {
  char detail[96];
  std::snprintf(detail, sizeof detail, "found %llu %s, expected at most %llu",
                static_cast<unsigned long long>(found), what, static_cast<unsigned long long>(limit));
  return base::fail(ErrorCode::TooManyItems, offset, detail);
}

base::Failure feature_failure(Feature feature, std::string_view form, uint64_t offset) {
  std::string detail(feature_key(feature));
  detail += ", needed by ";
  detail += form;
  return base::fail(ErrorCode::FeatureDisabled, offset, std::move(detail));
}

// Index of a table or memory, a byte that has to be zero where `feature` does not allow several.
Result<uint32_t> read_space_index(ByteReader& reader, Features features, Feature feature) {
  if (features.has(feature)) return reader.u32();
  const uint64_t offset = reader.offset();
  const uint8_t byte = reader.u8();
  if (byte != 0) return byte_failure(ErrorCode::ZeroByteExpected, offset, byte, "0x00");
  return 0u;
}

Result<void> read_memarg(ByteReader& reader, Features features, Instruction* out) {
  const uint64_t offset = reader.offset();
  const uint32_t flags = reader.u32();
  out->memory = 0;
  if (flags >= 0x40) [[unlikely]] {
    if (flags >= 0x80 || !features.has(Feature::MultiMemory)) {
      return byte_failure(ErrorCode::MalformedMemopFlags, offset, flags,
                          features.has(Feature::MultiMemory) ? "less than 0x80" : "less than 0x40");
    }
    out->memory = reader.u32();
  }
  out->align_log2 = static_cast<uint8_t>(flags & 0x3f);
  out->value = features.has(Feature::Memory64) ? reader.u64() : reader.u32();
  return {};
}

Result<BlockType> read_block_type(ByteReader& reader, Features features) {
  BlockType block;
  if (reader.peek() == 0x40) {
    reader.u8();
    return block;
  }
  if ((reader.peek() & 0xc0) == 0x40) {  // A negative number in one byte: a value type.
    block.kind = BlockType::Kind::Value;
    block.value = WHERRY_TRY(read_val_type(reader, features));
    return block;
  }
  const uint64_t offset = reader.offset();
  const int64_t index = reader.s33();
  if (!reader.ok()) return reader_failure(reader);
  if (index < 0) return base::fail(ErrorCode::MalformedBlockType, offset, "found a negative type index");
  if (!features.has(Feature::MultiValue))
    return feature_failure(Feature::MultiValue, "a block's type index", offset);
  block.kind = BlockType::Kind::Type;
  block.type = TypeIndex(static_cast<uint32_t>(index));
  return block;
}

Result<void> read_label_table(ByteReader& reader, Instruction* out) {
  const uint64_t offset = reader.offset();
  out->count = reader.u32();
  if (out->count > kMaxBrTableLabels) return count_failure("labels", out->count, kMaxBrTableLabels, offset);
  const uint8_t* const begin = reader.position();
  out->list_offset = reader.offset();
  for (uint32_t i = 0; i <= out->count && reader.ok(); ++i) reader.u32();
  if (!reader.ok()) return reader_failure(reader);
  out->list = {begin, reader.position()};
  return {};
}

Result<void> read_catches(ByteReader& reader, Features features, Instruction* out) {
  out->block = WHERRY_TRY(read_block_type(reader, features));
  const uint64_t offset = reader.offset();
  out->count = reader.u32();
  if (out->count > kMaxCatchClauses)
    return count_failure("catch clauses", out->count, kMaxCatchClauses, offset);
  const uint8_t* const begin = reader.position();
  out->list_offset = reader.offset();
  for (uint32_t i = 0; i < out->count && reader.ok(); ++i) {
    const uint64_t clause_offset = reader.offset();
    const uint8_t kind = reader.u8();
    if (kind > 3) return byte_failure(ErrorCode::MalformedCatch, clause_offset, kind, "0x00 to 0x03");
    if (kind < 2) reader.u32();
    reader.u32();
  }
  if (!reader.ok()) return reader_failure(reader);
  out->list = {begin, reader.position()};
  return {};
}

Result<void> read_select_types(ByteReader& reader, Features features, Instruction* out) {
  out->count = reader.u32();
  const uint8_t* const begin = reader.position();
  out->list_offset = reader.offset();
  for (uint32_t i = 0; i < out->count; ++i) WHERRY_TRY(read_val_type(reader, features));
  if (!reader.ok()) return reader_failure(reader);
  out->list = {begin, reader.position()};
  return {};
}

Result<void> read_branch_cast(ByteReader& reader, Features features, Instruction* out) {
  const uint64_t offset = reader.offset();
  const uint8_t flags = reader.u8();
  if (flags > 3) return byte_failure(ErrorCode::MalformedCastFlags, offset, flags, "0x00 to 0x03");
  out->index = reader.u32();
  const HeapType source = WHERRY_TRY(read_heap_type(reader, features));
  const HeapType target = WHERRY_TRY(read_heap_type(reader, features));
  out->cast = {ValType::ref(source, (flags & 1) != 0), ValType::ref(target, (flags & 2) != 0)};
  return {};
}

void read_vector(ByteReader& reader, Instruction* out) {
  const base::ByteSpan bytes = reader.take(16);
  if (bytes.size() == 16) std::memcpy(out->vector, bytes.data(), 16);
}

Result<void> read_array_fixed(ByteReader& reader, Instruction* out) {
  out->index = reader.u32();
  const uint64_t offset = reader.offset();
  out->second = reader.u32();
  if (out->second > kMaxArrayNewFixed)
    return count_failure("elements", out->second, kMaxArrayNewFixed, offset);
  return {};
}

Result<void> read_fence(ByteReader& reader) {
  const uint64_t offset = reader.offset();
  const uint8_t byte = reader.u8();
  if (byte != 0) return byte_failure(ErrorCode::ZeroByteExpected, offset, byte, "0x00");
  return {};
}

// Not `ok()`: the caller asks the reader once more.
Result<void> read_immediate(ByteReader& reader, Features features, Immediate immediate, Instruction* out) {
  switch (immediate) {
    case Immediate::None: return {};
    case Immediate::Block: out->block = WHERRY_TRY(read_block_type(reader, features)); return {};
    case Immediate::LabelTable: return read_label_table(reader, out);
    case Immediate::Label:
    case Immediate::Func:
    case Immediate::Type:
    case Immediate::Local:
    case Immediate::Global:
    case Immediate::Table:
    case Immediate::Element:
    case Immediate::Data:
    case Immediate::Tag: out->index = reader.u32(); return {};
    case Immediate::Field:
    case Immediate::ArrayData:
    case Immediate::ArrayElement:
    case Immediate::ArrayCopy:
      out->index = reader.u32();
      out->second = reader.u32();
      return {};
    case Immediate::CallIndirect:
    case Immediate::TableInit:
      out->index = reader.u32();
      out->second = WHERRY_TRY(read_space_index(reader, features, Feature::ReferenceTypes));
      return {};
    case Immediate::TableCopy:
      out->index = WHERRY_TRY(read_space_index(reader, features, Feature::ReferenceTypes));
      out->second = WHERRY_TRY(read_space_index(reader, features, Feature::ReferenceTypes));
      return {};
    case Immediate::Memory:
      out->index = WHERRY_TRY(read_space_index(reader, features, Feature::MultiMemory));
      return {};
    case Immediate::MemoryInit:
      out->index = reader.u32();
      out->second = WHERRY_TRY(read_space_index(reader, features, Feature::MultiMemory));
      return {};
    case Immediate::MemoryCopy:
      out->index = WHERRY_TRY(read_space_index(reader, features, Feature::MultiMemory));
      out->second = WHERRY_TRY(read_space_index(reader, features, Feature::MultiMemory));
      return {};
    case Immediate::TryTable: return read_catches(reader, features, out);
    case Immediate::SelectTypes: return read_select_types(reader, features, out);
    case Immediate::MemArg1:
    case Immediate::MemArg2:
    case Immediate::MemArg4:
    case Immediate::MemArg8:
    case Immediate::MemArg16:
    case Immediate::AtomicArg1:
    case Immediate::AtomicArg2:
    case Immediate::AtomicArg4:
    case Immediate::AtomicArg8: return read_memarg(reader, features, out);
    case Immediate::LaneArg1:
    case Immediate::LaneArg2:
    case Immediate::LaneArg4:
    case Immediate::LaneArg8:
      if (Result<void> read = read_memarg(reader, features, out); !read) return read;
      out->lane = reader.u8();
      return {};
    case Immediate::Lane2:
    case Immediate::Lane4:
    case Immediate::Lane8:
    case Immediate::Lane16: out->lane = reader.u8(); return {};
    case Immediate::Shuffle:
    case Immediate::V128: read_vector(reader, out); return {};
    case Immediate::I32: out->value = static_cast<uint64_t>(static_cast<int64_t>(reader.s32())); return {};
    case Immediate::I64: out->value = static_cast<uint64_t>(reader.s64()); return {};
    case Immediate::F32: out->value = reader.fixed32(); return {};
    case Immediate::F64: out->value = reader.fixed64(); return {};
    case Immediate::Heap: out->heap = WHERRY_TRY(read_heap_type(reader, features)); return {};
    case Immediate::ArrayFixed: return read_array_fixed(reader, out);
    case Immediate::BranchCast: return read_branch_cast(reader, features, out);
    case Immediate::Fence: return read_fence(reader);
  }
  __builtin_unreachable();
}

}  // namespace

base::Failure reader_failure(const ByteReader& reader) {
  switch (reader.fault()) {
    case base::ReadFault::IntegerTooLong: return base::fail(ErrorCode::IntegerTooLong, reader.fault_offset());
    case base::ReadFault::IntegerTooLarge:
      return base::fail(ErrorCode::IntegerTooLarge, reader.fault_offset());
    case base::ReadFault::None:
    case base::ReadFault::UnexpectedEnd: break;
  }
  return base::fail(ErrorCode::UnexpectedEnd, reader.fault_offset());
}

Result<void> read_instruction(ByteReader& reader, Features features, Instruction* out) {
  out->offset = reader.offset();
  const uint8_t first = reader.u8();
  Row row = kPlain.rows[first];
  if (row.op == kOpCount) [[unlikely]] {
    if (first < 0xfb || first == 0xff) return illegal_opcode(first, out->offset);
    const uint32_t sub = reader.u32();
    if (!reader.ok()) return reader_failure(reader);
    row = first == 0xfb   ? at(kPrefixFb, sub)
          : first == 0xfc ? at(kPrefixFc, sub)
          : first == 0xfd ? at(kPrefixFd, sub)
                          : at(kPrefixFe, sub);
    if (row.op == kOpCount) return illegal_prefixed(first, sub, out->offset);
  }
  out->op = static_cast<Op>(row.op);
  if (!features.has(row.feature)) [[unlikely]] {
    return feature_failure(row.feature, info(out->op).text, out->offset);
  }
  if (row.immediate != Immediate::None) {
    Result<void> read = read_immediate(reader, features, row.immediate, out);
    // A form's own complaint about a zero that the exhausted reader made up would hide the true reason.
    if (!read && reader.ok()) [[unlikely]]
      return read;
  }
  if (!reader.ok()) [[unlikely]]
    return reader_failure(reader);
  return {};
}

CatchClause CatchList::next() {
  CatchClause clause{};
  clause.kind = static_cast<CatchKind>(reader_.u8());
  if (clause.kind == CatchKind::Catch || clause.kind == CatchKind::CatchRef)
    clause.tag = TagIndex(reader_.u32());
  clause.label = reader_.u32();
  return clause;
}

}  // namespace wherry::wasm
