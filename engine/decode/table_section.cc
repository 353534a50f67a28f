// The table section (core spec 5.5.7). A table with an initial value begins with 0x40 0x00.
#include "engine/decode/section.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

constexpr uint8_t kWithInit = 0x40;

base::Result<wasm::Table> read_table(Section& section) {
  wasm::Table table;
  table.offset = section.reader.offset();
  const bool has_init = section.reader.peek() == kWithInit;
  if (has_init) {
    if (!section.has(wasm::Feature::FunctionReferences)) {
      return feature_disabled(wasm::Feature::FunctionReferences, "a table's initial value", table.offset);
    }
    section.reader.u8();
    const uint64_t offset = section.reader.offset();
    const uint8_t zero = WHERRY_TRY(read_byte(section));
    if (zero != 0) return unexpected_byte(wasm::ErrorCode::ZeroByteExpected, offset, zero, "0x00");
  }
  table.type = WHERRY_TRY(read_table_type(section));
  if (has_init) WHERRY_TRY(read_const_expr(section, &table.init.emplace()));
  return table;
}

}  // namespace

base::Result<void> decode_tables(Section& section) {
  base::Vector<wasm::Table>& tables = section.module.tables;
  const uint32_t count = WHERRY_TRY(read_count(section, "tables", tables.size(), wasm::kMaxTables));
  for (uint32_t i = 0; i < count; ++i) {
    if (!tables.push_back(WHERRY_TRY(read_table(section)))) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
