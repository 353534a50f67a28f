// The element section (core spec 5.5.12). Three bits say what follows: bit 0 that the segment is not active, bit 1
// that an active one names its table, or that the other one is declarative, bit 2 that items are expressions. Items
// are read once, for their form and to find their end, and stay where they are: instantiation walks them again.
#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

using base::Result;
using wasm::ErrorCode;
using wasm::Feature;
using wasm::SegmentMode;

enum ElementFlag : uint32_t { kNotActive = 1, kExplicit = 2, kExpressions = 4 };

Result<uint32_t> read_flags(Section& section) {
  const uint64_t offset = section.reader.offset();
  const uint32_t flags = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (flags > 7) return unexpected_byte(ErrorCode::MalformedElementFlags, offset, flags, "less than 0x08");
  if (flags != 0 && !section.has(Feature::BulkMemory)) {
    return feature_disabled(Feature::BulkMemory, "this form of element segment", offset);
  }
  if (flags > 3 && !section.has(Feature::ReferenceTypes)) {
    return feature_disabled(Feature::ReferenceTypes, "this form of element segment", offset);
  }
  return flags;
}

// The type of the items. Function indices cannot be null; forms without a type say it by their flags.
Result<wasm::ValType> read_item_type(Section& section, uint32_t flags) {
  const bool is_stated = (flags & (kNotActive | kExplicit)) != 0;
  if ((flags & kExpressions) != 0) {
    if (is_stated) return read_reference_type(section);
    return wasm::kFuncRef;
  }
  if (is_stated) {
    const uint64_t offset = section.reader.offset();
    const uint8_t kind = WHERRY_TRY(read_byte(section));
    if (kind != 0)
      return unexpected_byte(ErrorCode::MalformedElementFlags, offset, kind, "element kind 0x00");
  }
  return wasm::ValType::ref(wasm::AbstractHeap::Func, false);
}

Result<wasm::ElementSegment> read_segment(Section& section) {
  wasm::ElementSegment segment;
  segment.offset = section.reader.offset();
  const uint32_t flags = WHERRY_TRY(read_flags(section));
  if ((flags & kNotActive) != 0) {
    segment.mode = (flags & kExplicit) != 0 ? SegmentMode::Declarative : SegmentMode::Passive;
  } else {
    segment.mode = SegmentMode::Active;
    if ((flags & kExplicit) != 0) segment.table = wasm::TableIndex(section.reader.u32());
    WHERRY_TRY(read_const_expr(section, &segment.offset_expr));
  }
  segment.type = WHERRY_TRY(read_item_type(section, flags));
  segment.has_expressions = (flags & kExpressions) != 0;
  segment.count = WHERRY_TRY(read_count(section, "elements", 0, wasm::kMaxElementItems));
  segment.items_offset = section.reader.offset();
  const uint8_t* const begin = section.reader.position();
  if (segment.has_expressions) {
    wasm::ConstExpr item;
    for (uint32_t i = 0; i < segment.count; ++i) WHERRY_TRY(read_const_expr(section, &item));
  } else {
    for (uint32_t i = 0; i < segment.count; ++i) section.reader.u32();
  }
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  segment.items = {begin, section.reader.position()};
  return segment;
}

}  // namespace

Result<void> decode_elements(Section& section) {
  base::Vector<wasm::ElementSegment>& elements = section.module.elements;
  const uint32_t count = WHERRY_TRY(read_count(section, "element segments", 0, wasm::kMaxElementSegments));
  constexpr size_t kSmallestBytes = 3;
  const size_t likely = section.reader.remaining() / kSmallestBytes;
  if (!elements.reserve(count < likely ? count : likely)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    if (!elements.push_back(WHERRY_TRY(read_segment(section)))) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
