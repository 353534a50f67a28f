// The data count section (core spec 5.5.15), there so that bodies can be checked before the data section is seen.
#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

base::Result<void> decode_data_count(Section& section) {
  const uint64_t offset = section.reader.offset();
  if (!section.has(wasm::Feature::BulkMemory)) {
    return feature_disabled(wasm::Feature::BulkMemory, "a data count section", offset);
  }
  const uint32_t count = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (count > wasm::kMaxDataSegments) {
    return base::fail(wasm::ErrorCode::TooManyItems, offset,
                      "found " + std::to_string(count) + " data segments, expected at most 100000");
  }
  section.module.data_count = count;
  return {};
}

}  // namespace wherry::decode
