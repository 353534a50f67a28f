// Pieces that several sections have: counts, names, types of tables, memories and globals, constant expressions.
#include "engine/decode/section.h"

#include <cstdio>

#include "engine/base/utf8.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

using base::Result;
using wasm::ErrorCode;
using wasm::Feature;

base::Failure unexpected_byte(ErrorCode code, uint64_t offset, uint32_t found, const char* expected) {
  char detail[96];
  std::snprintf(detail, sizeof detail, "found 0x%02x, expected %s", found, expected);
  return base::fail(code, offset, detail);
}

base::Failure feature_disabled(Feature feature, const char* form, uint64_t offset) {
  std::string detail(wasm::feature_key(feature));
  detail += ", needed by ";
  detail += form;
  return base::fail(ErrorCode::FeatureDisabled, offset, std::move(detail));
}

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

Result<uint32_t> read_count(Section& section, const char* what, size_t already, uint32_t limit) {
  const uint64_t offset = section.reader.offset();
  const uint32_t count = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  char detail[96];
  if (already + count > limit) {
    std::snprintf(detail, sizeof detail, "found %zu %s, expected at most %u", already + count, what, limit);
    return base::fail(ErrorCode::TooManyItems, offset, detail);
  }
  if (count > section.reader.remaining()) {
    std::snprintf(detail, sizeof detail, "found %u %s in %zu bytes", count, what, section.reader.remaining());
    return base::fail(ErrorCode::LengthOutOfBounds, offset, detail);
  }
  return count;
}

Result<std::string_view> read_name(Section& section) {
  const uint8_t* const begin = section.reader.position();
  const uint8_t size = section.reader.peek();
  if (size < 0x80 && size < section.reader.remaining()) [[likely]] {
    const base::ByteSpan bytes(begin + 1, size);
    if (base::is_utf8(bytes)) [[likely]] {
      section.reader.seek(begin + 1 + size);
      return base::as_text(bytes);
    }
  }
  const uint32_t size_bytes = WHERRY_TRY(read_count(section, "bytes of a name", 0, wasm::kMaxNameBytes));
  const uint64_t offset = section.reader.offset();
  const base::ByteSpan bytes = section.reader.take(size_bytes);
  if (!base::is_utf8(bytes)) return base::fail(ErrorCode::MalformedUtf8, offset);
  return base::as_text(bytes);
}

Result<uint8_t> read_byte(Section& section) {
  const uint8_t byte = section.reader.u8();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  return byte;
}

Result<wasm::ValType> read_reference_type(Section& section) {
  constexpr uint8_t kFuncRefCode = 0x70;  // Of every version, while others are features.
  const uint64_t offset = section.reader.offset();
  const uint8_t code = section.reader.peek();
  if (code == kFuncRefCode) {
    section.reader.u8();
    return wasm::kFuncRef;
  }
  auto type = wasm::read_val_type(section.reader, section.module.features);
  const bool is_other = type ? !type->is_ref() : type.error().code == ErrorCode::MalformedValueType;
  if (is_other) return unexpected_byte(ErrorCode::MalformedReferenceType, offset, code, "a reference type");
  return type;
}

namespace {

enum LimitsFlag : uint32_t { kHasMax = 1, kShared = 2, kIs64 = 4, kPageSize = 8 };

Result<wasm::Limits> read_limits(Section& section, uint32_t flags) {
  wasm::Limits limits;
  limits.has_max = (flags & kHasMax) != 0;
  limits.is_shared = (flags & kShared) != 0;
  limits.is_64 = (flags & kIs64) != 0;
  // Spec 3.0 reads u64 for 32-bit indices too and lets validation bound them; 1.0 read u32.
  const bool wide = section.has(Feature::Memory64);
  limits.min = wide ? section.reader.u64() : section.reader.u32();
  if (limits.has_max) limits.max = wide ? section.reader.u64() : section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  return limits;
}

Result<uint32_t> read_limits_flags(Section& section, uint32_t allowed, const char* expected) {
  const uint64_t offset = section.reader.offset();
  const uint32_t flags = WHERRY_TRY(read_byte(section));
  if ((flags & ~allowed) != 0)
    return unexpected_byte(ErrorCode::MalformedLimitsFlags, offset, flags, expected);
  if ((flags & kIs64) != 0 && !section.has(Feature::Memory64)) {
    return feature_disabled(Feature::Memory64, "64-bit limits", offset);
  }
  if ((flags & kShared) != 0 && !section.has(Feature::Threads)) {
    return feature_disabled(Feature::Threads, "shared limits", offset);
  }
  if ((flags & kPageSize) != 0 && !section.has(Feature::CustomPageSizes)) {
    return feature_disabled(Feature::CustomPageSizes, "a page size", offset);
  }
  return flags;
}

}  // namespace

Result<wasm::TableType> read_table_type(Section& section) {
  wasm::TableType type;
  type.element = WHERRY_TRY(read_reference_type(section));
  const uint64_t offset = section.reader.offset();
  const uint32_t flags = WHERRY_TRY(read_limits_flags(section, kHasMax | kShared | kIs64, "less than 0x08"));
  if ((flags & kShared) != 0) return base::fail(ErrorCode::SharedTable, offset);
  type.limits = WHERRY_TRY(read_limits(section, flags));
  return type;
}

Result<wasm::MemoryType> read_memory_type(Section& section) {
  wasm::MemoryType type;
  const uint32_t flags =
      WHERRY_TRY(read_limits_flags(section, kHasMax | kShared | kIs64 | kPageSize, "less than 0x10"));
  type.limits = WHERRY_TRY(read_limits(section, flags));
  if ((flags & kPageSize) == 0) return type;
  const uint64_t offset = section.reader.offset();
  const uint32_t log2 = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (log2 >= 64) {
    char detail[48];
    std::snprintf(detail, sizeof detail, "found 2^%u, expected 1 or 65536", log2);
    return base::fail(ErrorCode::MalformedPageSize, offset, detail);
  }
  type.page_size_log2 = static_cast<uint8_t>(log2);
  return type;
}

Result<bool> read_mutability(Section& section) {
  const uint64_t offset = section.reader.offset();
  const uint8_t byte = WHERRY_TRY(read_byte(section));
  if (byte > 1) return unexpected_byte(ErrorCode::MalformedMutability, offset, byte, "0x00 or 0x01");
  return byte == 1;
}

Result<wasm::GlobalType> read_global_type(Section& section) {
  wasm::GlobalType type;
  type.content = WHERRY_TRY(wasm::read_val_type(section.reader, section.module.features));
  type.is_mutable = WHERRY_TRY(read_mutability(section));
  return type;
}

Result<wasm::Tag> read_tag(Section& section) {
  wasm::Tag tag;
  tag.offset = section.reader.offset();
  if (!section.has(Feature::Exceptions)) return feature_disabled(Feature::Exceptions, "a tag", tag.offset);
  const uint8_t attribute = WHERRY_TRY(read_byte(section));
  if (attribute != 0) return unexpected_byte(ErrorCode::MalformedTagAttribute, tag.offset, attribute, "0x00");
  tag.type = wasm::TypeIndex(section.reader.u32());
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  return tag;
}

Result<void> read_const_expr(Section& section, wasm::ConstExpr* expression) {
  const uint8_t* const begin = section.reader.position();
  expression->offset = section.reader.offset();
  // Nearly all are `i32.const n, end`: 100,000 of them in a Go program's data section.
  constexpr uint8_t kI32Const = 0x41;
  constexpr uint8_t kEnd = 0x0b;
  if (section.reader.peek() == kI32Const) {
    section.reader.u8();
    section.reader.s32();
    if (section.reader.peek() == kEnd) [[likely]] {
      section.reader.u8();
      expression->bytes = {begin, section.reader.position()};
      return {};
    }
    if (!section.reader.ok()) return wasm::reader_failure(section.reader);
    section.reader.seek(begin);
  }
  // Blocks are no constant instructions, but that is for the validator to say.
  wasm::Instruction instruction;
  for (uint64_t open = 1; open != 0;) {
    WHERRY_TRY(wasm::read_instruction(section.reader, section.module.features, &instruction));
    switch (instruction.op) {
      case wasm::Op::Block:
      case wasm::Op::Loop:
      case wasm::Op::If:
      case wasm::Op::TryTable: ++open; break;
      case wasm::Op::End: --open; break;
      default: break;
    }
  }
  expression->bytes = {begin, section.reader.position()};
  return {};
}

}  // namespace wherry::decode
