// The binary format's frame (core spec 5.5): header, sections in their order, and what one section says of another.
// Every section is read by a reader that ends where the section does, so a section cannot run into the next; what
// it leaves over is an error here.
//
// Custom sections may stand anywhere and in any number. They are counted first, by hopping over the headers, so
// that their list is reserved once: three bytes of input would otherwise cost a hundred of memory while it grows.
#include "engine/decode/decode.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

using base::Result;
using wasm::ErrorCode;

struct SectionRow {
  const char* name;
  uint8_t order;  // Sections stand in rising order; 0: anywhere.
  Result<void> (*decode)(Section&);
};

// By id.
constexpr auto kSections = [] {
  constexpr auto kDecoders = std::to_array<Result<void> (*)(Section&)>(
      {decode_custom, decode_types, decode_imports, decode_functions, decode_tables, decode_memories,
       decode_globals, decode_exports, decode_start, decode_elements, decode_code, decode_data,
       decode_data_count, decode_tags});
  static_assert(kDecoders.size() == kSectionIds);
  std::array<SectionRow, kSectionIds> rows{};
  for (size_t id = 0; id < kSectionIds; ++id) {
    rows[id] = {wasm::kSections[id].words, wasm::kSections[id].order, kDecoders[id]};
  }
  return rows;
}();

constexpr uint8_t kMagic[] = {0x00, 0x61, 0x73, 0x6d};
constexpr uint8_t kModuleVersion[] = {0x01, 0x00, 0x00, 0x00};
constexpr uint8_t kComponentVersion[] = {0x0d, 0x00, 0x01, 0x00};

base::Failure header_failure(ErrorCode code, uint64_t offset, const uint8_t* found, const uint8_t* expected) {
  char detail[96];
  std::snprintf(detail, sizeof detail, "found %02x %02x %02x %02x, expected %02x %02x %02x %02x", found[0],
                found[1], found[2], found[3], expected[0], expected[1], expected[2], expected[3]);
  return base::fail(code, offset, detail);
}

Result<void> decode_header(base::ByteReader& reader) {
  const base::ByteSpan magic = reader.take(4);
  if (!reader.ok()) return wasm::reader_failure(reader);
  if (!std::equal(magic.begin(), magic.end(), kMagic)) {
    return header_failure(ErrorCode::MagicNotDetected, 0, magic.data(), kMagic);
  }
  const base::ByteSpan version = reader.take(4);
  if (!reader.ok()) return wasm::reader_failure(reader);
  if (std::equal(version.begin(), version.end(), kComponentVersion)) {
    return base::fail(ErrorCode::IsComponent, 4);
  }
  if (!std::equal(version.begin(), version.end(), kModuleVersion)) {
    return header_failure(ErrorCode::UnknownBinaryVersion, 4, version.data(), kModuleVersion);
  }
  return {};
}

size_t count_customs(base::ByteReader reader) {
  size_t count = 0;
  while (reader.ok() && !reader.at_end()) {
    count += reader.u8() == static_cast<uint8_t>(SectionId::Custom);
    reader.take(reader.u32());
  }
  return count;
}

// Says in which section the bytes came to an end, or held a bad number.
base::Failure in_section(base::Error error, const SectionRow& row) {
  const bool is_bare = error.code == ErrorCode::UnexpectedEnd || error.code == ErrorCode::IntegerTooLong ||
                       error.code == ErrorCode::IntegerTooLarge;
  if (is_bare && error.detail.empty()) error.detail = std::string("in the ") + row.name + " section";
  return base::Failure(std::move(error));
}

Result<void> decode_section(base::ByteReader& reader, wasm::Module& module, uint8_t* after) {
  const uint64_t id_offset = reader.offset();
  const uint8_t id = reader.u8();
  if (id >= kSectionIds)
    return unexpected_byte(ErrorCode::MalformedSectionId, id_offset, id, "less than 0x0e");
  const SectionRow& row = kSections[id];
  if (row.order != 0) {
    const SectionRow& before = kSections[*after];
    if (row.order <= before.order) {
      const std::string detail =
          std::string("found the ") + row.name + " section after the " + before.name + " section";
      return base::fail(ErrorCode::UnexpectedSection, id_offset, detail);
    }
    *after = id;
  }
  const uint64_t size_offset = reader.offset();
  const uint32_t size_bytes = reader.u32();
  if (!reader.ok()) return in_section(std::move(wasm::reader_failure(reader)).error(), row);
  if (size_bytes > reader.remaining()) {
    char detail[96];
    std::snprintf(detail, sizeof detail, "found a %s section of %u bytes, expected at most %zu", row.name,
                  size_bytes, reader.remaining());
    return base::fail(ErrorCode::LengthOutOfBounds, size_offset, detail);
  }
  const uint64_t offset = reader.offset();
  Section section{base::ByteReader(reader.take(size_bytes), offset), module, *after};
  if (Result<void> decoded = row.decode(section); !decoded)
    return in_section(std::move(decoded).error(), row);
  if (!section.reader.ok()) return in_section(std::move(wasm::reader_failure(section.reader)).error(), row);
  if (!section.reader.at_end()) {
    char detail[96];
    std::snprintf(detail, sizeof detail, "found %zu bytes after the end of the %s section",
                  section.reader.remaining(), row.name);
    return base::fail(ErrorCode::SectionSizeMismatch, section.reader.offset(), detail);
  }
  return {};
}

// What only the whole module shows: sections that belong together and of which one is missing.
Result<void> check_counts(const wasm::Module& module) {
  char detail[96];
  const size_t functions = module.funcs.size() - module.imported_funcs;
  if (functions != module.bodies.size()) {
    std::snprintf(detail, sizeof detail, "found %zu functions and %zu bodies", functions,
                  module.bodies.size());
    return base::fail(ErrorCode::FunctionAndCodeMismatch, module.bytes.size(), detail);
  }
  if (module.data_count && *module.data_count != module.data.size()) {
    std::snprintf(detail, sizeof detail, "found %zu segments, expected %u", module.data.size(),
                  *module.data_count);
    return base::fail(ErrorCode::DataCountMismatch, module.bytes.size(), detail);
  }
  return {};
}

Result<void> decode_into(wasm::Module& module) {
  if (module.bytes.size() > wasm::kMaxModuleBytes) {
    char detail[96];
    std::snprintf(detail, sizeof detail, "found %zu bytes, expected at most %u", module.bytes.size(),
                  wasm::kMaxModuleBytes);
    return base::fail(ErrorCode::ModuleTooLarge, base::Error::kNoOffset, detail);
  }
  base::ByteReader reader(module.bytes);
  WHERRY_TRY(decode_header(reader));
  if (!module.customs.reserve(count_customs(reader))) return out_of_memory();
  uint8_t after = 0;
  while (!reader.at_end()) WHERRY_TRY(decode_section(reader, module, &after));
  return check_counts(module);
}

// Parts of which a KnownModule may have one each.
constexpr bool is_small(uint8_t id) {
  switch (static_cast<SectionId>(id)) {
    case SectionId::Type:
    case SectionId::Import:
    case SectionId::Table:
    case SectionId::Memory:
    case SectionId::Tag:
    case SectionId::Global:
    case SectionId::Export:
    case SectionId::Start: return true;
    default: return false;
  }
}

Result<void> decode_part(wasm::Module& module, const KnownModule::Part& part, uint8_t* after) {
  if (!is_small(part.id) || kSections[part.id].order <= kSections[*after].order) {
    return base::fail(ErrorCode::UnexpectedSection, part.offset);
  }
  *after = part.id;
  const SectionRow& row = kSections[part.id];
  Section section{base::ByteReader(part.content, part.offset), module, part.id};
  if (Result<void> decoded = row.decode(section); !decoded)
    return in_section(std::move(decoded).error(), row);
  if (!section.reader.ok()) return in_section(std::move(wasm::reader_failure(section.reader)).error(), row);
  if (!section.reader.at_end()) return base::fail(ErrorCode::SectionSizeMismatch, section.reader.offset());
  return {};
}

}  // namespace

Result<wasm::Module> decode(const KnownModule& known, const DecodeOptions& options) {
  wasm::Module module;
  module.features = options.features;
  module.bytes = known.bytes;
  uint8_t after = 0;
  for (const KnownModule::Part& part : known.parts) WHERRY_TRY(decode_part(module, part, &after));
  if (module.imported_funcs > known.funcs.size()) {
    return base::fail(ErrorCode::FunctionAndCodeMismatch, base::Error::kNoOffset);
  }
  module.funcs.borrow(known.funcs);
  module.bodies.borrow(known.bodies);
  module.data.borrow(known.data);
  module.data_count = known.data_count;
  WHERRY_TRY(check_counts(module));
  return module;
}

Result<wasm::Module> decode(base::ByteSpan bytes, const DecodeOptions& options) {
  wasm::Module module;
  module.features = options.features;
  module.bytes = bytes;
  WHERRY_TRY(decode_into(module));
  return module;
}

Result<wasm::Module> decode(base::Vector<uint8_t> bytes, const DecodeOptions& options) {
  wasm::Module module;
  module.features = options.features;
  module.owned_bytes = std::move(bytes);
  module.bytes =
      module.owned_bytes.span();  // Stays valid when the module moves: the vector's memory does not.
  WHERRY_TRY(decode_into(module));
  return module;
}

}  // namespace wherry::decode
