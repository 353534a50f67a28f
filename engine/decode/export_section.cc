// The export section (core spec 5.5.10). That names differ and indices exist is for the validator to check.
#include "engine/base/utf8.h"
#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

using wasm::ErrorCode;
using wasm::ExternKind;
using wasm::Feature;

base::Result<wasm::Export> read_export(Section& section) {
  wasm::Export exported;
  exported.offset = section.reader.offset();
  exported.name = WHERRY_TRY(read_name(section));
  const uint64_t offset = section.reader.offset();
  const uint8_t kind = WHERRY_TRY(read_byte(section));
  if (kind > static_cast<uint8_t>(ExternKind::Tag)) {
    return unexpected_byte(ErrorCode::MalformedExportKind, offset, kind, "0x00 to 0x04");
  }
  exported.kind = static_cast<ExternKind>(kind);
  exported.index = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (exported.kind == ExternKind::Tag && !section.has(Feature::Exceptions)) {
    return feature_disabled(Feature::Exceptions, "the export of a tag", offset);
  }
  const base::Vector<wasm::Global>& globals = section.module.globals;
  if (exported.kind == ExternKind::Global && !section.has(Feature::MutableGlobal) &&
      exported.index < globals.size() && globals[exported.index].type.is_mutable) {
    return feature_disabled(Feature::MutableGlobal, "the export of a mutable global", offset);
  }
  return exported;
}

// Reads an export that needs no look at features, if one is there. False: nothing was taken.
bool read_plain_export(Section& section, wasm::Export* exported) {
  const base::ByteSpan bytes(section.reader.position(), section.reader.remaining());
  if (bytes.size() < 3 || bytes[0] >= 0x80 || bytes.size() < size_t{bytes[0]} + 3) return false;
  const base::ByteSpan name = bytes.subspan(1, bytes[0]);
  const uint8_t kind = bytes[1 + name.size()];
  if (kind > static_cast<uint8_t>(ExternKind::Memory) || !base::is_utf8(name)) return false;
  exported->offset = section.reader.offset();
  exported->name = base::as_text(name);
  exported->kind = static_cast<ExternKind>(kind);
  section.reader.seek(bytes.data() + name.size() + 2);
  exported->index = section.reader.u32();
  if (section.reader.ok()) [[likely]]
    return true;
  section.reader.reset(bytes.data());
  return false;
}

}  // namespace

base::Result<void> decode_exports(Section& section) {
  base::Vector<wasm::Export>& exports = section.module.exports;
  const uint32_t count = WHERRY_TRY(read_count(section, "exports", 0, wasm::kMaxExports));
  constexpr size_t kSmallestBytes = 3;
  const size_t likely = section.reader.remaining() / kSmallestBytes;
  if (!exports.reserve(count < likely ? count : likely)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    wasm::Export exported;
    if (!read_plain_export(section, &exported)) exported = WHERRY_TRY(read_export(section));
    if (!exports.push_back(exported)) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
