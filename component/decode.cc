// The frame of the component format (Binary.md, "Component Definitions"): preamble, sections in any order and number,
// and what lies inside one another. Nothing here calls itself: components in components, and types in types, stand on
// one stack of levels, whose number is limited. A section's reader ends where the section does; a nested component is
// read by the same loop with a reader of its own.
//
// A level is a component (what is left of it), a section (how many items are left) or a type with declarations (how many
// are left). The items themselves are read in decode_items.cc and decode_types.cc.
#include "component/decode.h"

#include <algorithm>
#include <cstdio>

#include "component/decoder.h"
#include "component/limits.h"
#include "component/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::component {

namespace {

using base::ByteReader;
using base::Result;
using wasm::ErrorCode;

constexpr base::ByteSpan kMagic(kPreamble, 4);
constexpr base::ByteSpan kVersion(kPreamble + 4, 4);
constexpr uint8_t kCoreVersion[] = {0x01, 0x00, 0x00, 0x00};

constexpr const char* kSectionNames[kSectionIds] = {
    "custom", "core module", "core instance", "core type", "component", "instance", "alias",
    "type",   "canon",       "start",         "import",    "export",    "value"};

struct Level {
  enum class Kind : uint8_t { Component, Section, Declarations };
  Kind kind = Kind::Component;
  uint8_t section = 0;
  DefKind type = DefKind::End;  // Of declarations.
  uint32_t left = 0;            // Items, declarations.
  uint32_t def = 0;             // What the End closes.
  ByteReader rest{{}};          // Of a component.
};

class Decoder {
 public:
  explicit Decoder(Component& out) : out_(out), items_(out, 0) {}

  Result<void> run() {
    WHERRY_TRY(open_component(out_.bytes, 0));
    while (!levels_.empty()) {
      Result<void> step = advance();
      if (!step) return in_section(std::move(step).error());
    }
    return {};
  }

 private:
  Result<void> advance() {
    Level& level = levels_.back();
    switch (level.kind) {
      case Level::Kind::Component: return level.rest.at_end() ? close(level) : read_section(level);
      case Level::Kind::Section: {
        if (level.left == 0) return finish_section(level);
        --level.left;
        return read_item(level.section);
      }
      case Level::Kind::Declarations:
        if (level.left == 0) return close(level);
        --level.left;
        return read_declaration(level.type);
    }
    return {};
  }

  Result<void> open_component(base::ByteSpan bytes, uint64_t offset) {
    WHERRY_TRY(read_preamble(bytes, offset));
    const Body body{bytes, static_cast<uint32_t>(offset), static_cast<uint32_t>(out_.defs.size())};
    if (!out_.components.push_back(body)) return decode::out_of_memory();
    Level level;
    level.def = body.def;
    WHERRY_TRY(items_.add(DefKind::Component, out_.components.size() - 1, offset));
    level.rest = ByteReader(bytes.subspan(8), offset + 8);
    return push(level, offset);
  }

  Result<void> push(const Level& level, uint64_t offset) {
    if (levels_.size() >= 2 * kMaxNesting) return base::fail(ErrorCode::NestingTooDeep, offset);
    if (!levels_.push_back(level)) return decode::out_of_memory();
    return {};
  }

  Result<void> close(const Level& level) {
    const uint32_t def = level.def;
    const uint64_t at = level.kind == Level::Kind::Component ? level.rest.offset() : items_.offset();
    levels_.pop_back();
    out_.defs[def].end = static_cast<uint32_t>(out_.defs.size());
    return items_.add(DefKind::End, def, at);
  }

  static Result<void> read_preamble(base::ByteSpan bytes, uint64_t offset) {
    ByteReader reader(bytes, offset);
    const base::ByteSpan magic = reader.take(4);
    if (!reader.ok()) return wasm::reader_failure(reader);
    if (!std::ranges::equal(magic, kMagic)) return base::fail(ErrorCode::MagicNotDetected, offset);
    const base::ByteSpan version = reader.take(4);
    if (!reader.ok()) return wasm::reader_failure(reader);
    if (std::ranges::equal(version, kCoreVersion)) {
      return base::fail(ErrorCode::NotAComponent, offset + 4);
    }
    if (!std::ranges::equal(version, kVersion)) {
      char detail[96];
      std::snprintf(detail, sizeof detail, "found %02x %02x %02x %02x, expected 0d 00 01 00", version[0],
                    version[1], version[2], version[3]);
      return base::fail(ErrorCode::UnknownBinaryVersion, offset + 4, detail);
    }
    return {};
  }

  Result<void> read_section(Level& level) {
    const uint64_t id_offset = level.rest.offset();
    const uint8_t id = level.rest.u8();
    if (id >= kSectionIds) return malformed(ErrorCode::MalformedSectionId, id_offset, id, "less than 0x0d");
    section_ = id;
    const uint64_t size_offset = level.rest.offset();
    const uint32_t size_bytes = level.rest.u32();
    if (!level.rest.ok()) return wasm::reader_failure(level.rest);
    if (size_bytes > level.rest.remaining()) {
      char detail[96];
      std::snprintf(detail, sizeof detail, "found a %s section of %u bytes, expected at most %zu",
                    kSectionNames[id], size_bytes, level.rest.remaining());
      return base::fail(ErrorCode::UnexpectedEnd, size_offset, detail);
    }
    const uint64_t offset = level.rest.offset();
    const base::ByteSpan bytes = level.rest.take(size_bytes);
    switch (SectionId(id)) {
      case SectionId::CoreModule: {
        const Span module{bytes, static_cast<uint32_t>(offset)};
        if (!out_.modules.push_back(module)) return decode::out_of_memory();
        return items_.add(DefKind::CoreModule, out_.modules.size() - 1, offset);
      }
      case SectionId::Component: return open_component(bytes, offset);
      default: break;
    }
    items_.section.reader = ByteReader(bytes, offset);
    Level items;
    items.kind = Level::Kind::Section;
    items.section = id;
    if (SectionId(id) == SectionId::Custom || SectionId(id) == SectionId::Start) {
      items.left = 1;
    } else {
      items.left = WHERRY_TRY(items_.count("items", kMaxItems));
    }
    return push(items, offset);
  }

  Result<void> finish_section(const Level& level) {
    const ByteReader& reader = items_.section.reader;
    if (!reader.ok()) return wasm::reader_failure(reader);
    if (!reader.at_end()) {
      char detail[96];
      std::snprintf(detail, sizeof detail, "found %zu bytes after the end of the %s section",
                    reader.remaining(), kSectionNames[level.section]);
      return base::fail(ErrorCode::SectionSizeMismatch, reader.offset(), detail);
    }
    levels_.pop_back();
    return {};
  }

  Result<void> open(const Result<ItemReader::Opened>& opened, uint64_t offset) {
    if (!opened) return base::Failure(opened.error());
    if (!opened->is_open) return {};
    Level level;
    level.kind = Level::Kind::Declarations;
    level.type = opened->kind;
    level.left = opened->count;
    level.def = static_cast<uint32_t>(out_.defs.size());
    WHERRY_TRY(items_.add(opened->kind, 0, offset));
    return push(level, offset);
  }

  Result<void> read_item(uint8_t id) {
    const uint64_t offset = items_.offset();
    switch (SectionId(id)) {
      case SectionId::Custom: return read_custom();
      case SectionId::CoreInstance: return items_.read_core_instance();
      case SectionId::CoreType: return open(items_.read_core_type(), offset);
      case SectionId::Instance: return items_.read_instance();
      case SectionId::Alias: return items_.read_alias();
      case SectionId::Type: return open(items_.read_type(), offset);
      case SectionId::Canon: return items_.read_canon();
      case SectionId::Start: return items_.read_start();
      case SectionId::Import: return items_.read_import();
      case SectionId::Export: return items_.read_export();
      default: return items_.read_value();
    }
  }

  Result<void> read_declaration(DefKind type) {
    const uint64_t offset = items_.offset();
    const uint8_t code = WHERRY_TRY(items_.byte());
    if (type == DefKind::CoreModuleType) {
      switch (code) {
        case 0x00: return items_.read_core_import();
        case 0x01: return open(items_.read_core_type(), offset + 1);
        case 0x02: return items_.read_core_alias();
        case 0x03: return items_.read_core_export();
        default:
          return malformed(ErrorCode::MalformedComponentItem, offset, code, "a declaration of a module type");
      }
    }
    switch (code) {
      case 0x00: return open(items_.read_core_type(), offset + 1);
      case 0x01: return open(items_.read_type(), offset + 1);
      case 0x02: return items_.read_alias();
      case 0x03:
        if (type == DefKind::ComponentType) return items_.read_import();
        break;
      case 0x04: return items_.read_export_declaration();
      default: break;
    }
    return malformed(ErrorCode::MalformedComponentItem, offset, code, "a declaration");
  }

  Result<void> read_custom() {
    const uint64_t offset = items_.offset();
    Custom custom;
    custom.name = WHERRY_TRY(decode::read_name(items_.section));
    custom.offset = static_cast<uint32_t>(items_.offset());
    custom.bytes = items_.section.reader.take(items_.section.reader.remaining());
    if (!out_.customs.push_back(custom)) return decode::out_of_memory();
    return items_.add(DefKind::Custom, out_.customs.size() - 1, offset);
  }

  // Says in which section the bytes came to an end, or held a bad number.
  base::Failure in_section(base::Error error) const {
    const bool is_bare = error.code == ErrorCode::UnexpectedEnd || error.code == ErrorCode::IntegerTooLong ||
                         error.code == ErrorCode::IntegerTooLarge;
    if (is_bare && error.detail.empty() && section_ < kSectionIds) {
      error.detail = std::string("in the ") + kSectionNames[section_] + " section";
    }
    return base::Failure(std::move(error));
  }

  Component& out_;
  ItemReader items_;
  base::Vector<Level> levels_;
  uint8_t section_ = kSectionIds;
};

Result<void> decode_into(Component& component, const Features& features) {
  component.features = features;
  component.core.features = features.core;
  if (component.bytes.size() > wasm::kMaxModuleBytes) return base::fail(ErrorCode::ModuleTooLarge);
  return Decoder(component).run();
}

}  // namespace

bool is_component(base::ByteSpan bytes) {
  return bytes.size() >= sizeof kPreamble && std::ranges::equal(bytes.first(4), kMagic) && bytes[6] == 1 &&
         bytes[7] == 0;
}

Result<Component> decode(base::ByteSpan bytes, const Features& features) {
  Component component;
  component.bytes = bytes;
  WHERRY_TRY(decode_into(component, features));
  return component;
}

Result<Component> decode(base::Vector<uint8_t> bytes, const Features& features) {
  Component component;
  component.owned_bytes = std::move(bytes);
  component.bytes = component.owned_bytes.span();
  WHERRY_TRY(decode_into(component, features));
  return component;
}

}  // namespace wherry::component
