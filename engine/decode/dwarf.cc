// Strings and sections of debug information; who reads them is in line_table.cc and inlined_calls.cc.
#include "engine/decode/dwarf.h"

#include <algorithm>

#include "engine/decode/section.h"

namespace wherry::decode::dwarf {

std::string_view text_at(base::ByteSpan section, uint64_t offset) {
  const base::ByteSpan rest = from(section, offset);
  return Reader(rest.subspan(0, std::min(rest.size(), kTextBytes))).text();
}

base::ByteSpan custom_section(const wasm::Module& module, std::string_view name) {
  for (const wasm::CustomSection& custom : module.customs) {
    if (custom.name == name) return custom.bytes;
  }
  return {};
}

uint64_t code_begin(base::ByteSpan module_bytes) {
  constexpr size_t kHeader = 8;
  if (module_bytes.size() < kHeader) return 0;
  base::ByteReader reader(module_bytes.subspan(kHeader), kHeader);
  while (reader.ok() && !reader.at_end()) {
    const uint8_t id = reader.u8();
    const uint32_t size_bytes = reader.u32();
    if (id == static_cast<uint8_t>(SectionId::Code) && reader.ok()) return reader.offset();
    reader.take(size_bytes);
  }
  return 0;
}

}  // namespace wherry::decode::dwarf
