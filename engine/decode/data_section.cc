// The data section (core spec 5.5.14): segments keep their bytes where they are.
#include <cstdio>

#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

using base::Result;
using wasm::ErrorCode;
using wasm::Feature;
using wasm::SegmentMode;

// A module has less than 4 GiB.
wasm::Slice slice_of(uint64_t offset, size_t size_bytes) {
  return {static_cast<uint32_t>(offset), static_cast<uint32_t>(size_bytes)};
}

enum DataForm : uint32_t { kActive = 0, kPassive = 1, kActiveExplicit = 2 };

Result<void> read_segment(Section& section, wasm::DataSegment& segment) {
  segment.offset = static_cast<uint32_t>(section.reader.offset());
  const uint32_t form = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (form > kActiveExplicit) {
    return unexpected_byte(ErrorCode::MalformedDataFlags, segment.offset, form, "0x00 to 0x02");
  }
  if (form != kActive && !section.has(Feature::BulkMemory)) {
    return feature_disabled(Feature::BulkMemory, "this form of data segment", segment.offset);
  }
  if (form != kPassive) {
    segment.mode = SegmentMode::Active;
    if (form == kActiveExplicit) segment.memory = wasm::MemoryIndex(section.reader.u32());
    wasm::ConstExpr expression;
    WHERRY_TRY(read_const_expr(section, &expression));
    segment.offset_expr = slice_of(expression.offset, expression.bytes.size());
  }
  const uint64_t size_offset = section.reader.offset();
  const uint32_t size_bytes = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (size_bytes > section.reader.remaining()) {
    char detail[96];
    std::snprintf(detail, sizeof detail, "found a data segment of %u bytes, expected at most %zu", size_bytes,
                  section.reader.remaining());
    return base::fail(ErrorCode::LengthOutOfBounds, size_offset, detail);
  }
  segment.content = slice_of(section.reader.offset(), size_bytes);
  section.reader.take(size_bytes);
  return {};
}

}  // namespace

Result<void> decode_data(Section& section) {
  base::Items<wasm::DataSegment>& data = section.module.data;
  const uint32_t count = WHERRY_TRY(read_count(section, "data segments", 0, wasm::kMaxDataSegments));
  if (!data.reserve(count)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    if (!data.emplace_back()) return out_of_memory();
    WHERRY_TRY(read_segment(section, data.back()));
  }
  return {};
}

}  // namespace wherry::decode
