// Reading a compiled file in place. What a load needs (header, index, tables of entries) is hashed and checked at once, a pass over some
// kilobytes; code, module and address maps are not touched before they are needed, and hashed only when verify() is asked for.
// Every size and offset comes from outside: nothing is used before it was compared with what is there.
#include "engine/artifact/view.h"

#include <cstring>
#include <string>

#include "engine/artifact/hash.h"
#include "engine/artifact/processor.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

using wasm::ErrorCode;

base::Failure damaged(std::string detail) {
  return base::fail(ErrorCode::ArtifactDamaged, base::Error::kNoOffset, std::move(detail));
}
base::Failure mismatch(std::string detail) {
  return base::fail(ErrorCode::ArtifactMismatch, base::Error::kNoOffset, std::move(detail));
}

constexpr uint64_t kMaxImageEnd = uint64_t{1} << 48;

constexpr std::string_view kSectionNames[] = {"",       "text",        "metadata", "module", "address map",
                                              "tables", "memory image"};

// What is wrong with the header's own fields, whose hash is right.
base::Result<void> check_header(const Header& header, uint64_t file_bytes) {
  if (header.file_bytes != file_bytes) {
    return damaged("it has " + std::to_string(file_bytes) + " bytes, expected " +
                   std::to_string(header.file_bytes));
  }
  const uint32_t page = header.page_bytes;
  if (page < kHeaderBytes || page > (1u << 16) || (page & (page - 1)) != 0) {
    return damaged("pages of " + std::to_string(page) + " bytes");
  }
  if (header.section_count > kMaxSections) return damaged("too many sections");
  if (header.module_count != 1) return mismatch(std::to_string(header.module_count) + " modules, expected 1");
  if (std::memchr(header.options, 0, sizeof(header.options)) == nullptr)
    return damaged("options without end");
  return {};
}

// Sections are in order, on pages, inside of the file, and each kind is there once.
base::Result<void> check_sections(const Header& header, base::ByteSpan file) {
  uint64_t end = kHeaderBytes;
  uint32_t seen = 0;
  for (uint32_t i = 0; i < header.section_count; ++i) {
    const Section& section = header.sections[i];
    const auto kind = static_cast<uint32_t>(section.kind);
    if (kind < static_cast<uint32_t>(SectionKind::Text) || kind > static_cast<uint32_t>(SectionKind::Image)) {
      return mismatch("section of kind " + std::to_string(kind) + ", which this version does not know");
    }
    if ((seen >> kind & 1) != 0 || section.module != 0) return damaged("section twice");
    seen |= 1u << kind;
    if (section.offset % header.page_bytes != 0 || section.offset < end || section.offset > file.size() ||
        section.size_bytes > file.size() - section.offset || section.size_bytes > UINT32_MAX - 1) {
      return damaged("section outside of the file");
    }
    end = section.offset + section.size_bytes;
  }
  if (seen != 0b1111110) return damaged("section missing");
  if (end != file.size()) return damaged("bytes behind the last section");
  return {};
}

// Items of the metadata.
template <class T>
base::Result<std::span<const T>> table_of(base::ByteSpan meta, uint32_t begin, uint32_t count) {
  if (begin % alignof(T) != 0 || begin > meta.size() || count > (meta.size() - begin) / sizeof(T)) {
    return damaged("table outside of the metadata");
  }
  return std::span<const T>(reinterpret_cast<const T*>(meta.data() + begin), count);
}

// Offsets that are all in the text, or kNoCode.
base::Result<std::span<const uint32_t>> offset_table(base::ByteSpan meta, uint32_t begin, uint32_t count,
                                                     uint64_t text_bytes) {
  const std::span<const uint32_t> table = WHERRY_TRY(table_of<uint32_t>(meta, begin, count));
  // Without a branch in the loop, and in 32 bits, which sections have room in: 90,000 entries take some microseconds.
  uint32_t outside = 0;
  const auto limit = static_cast<uint32_t>(text_bytes);
  for (const uint32_t offset : table)
    outside |= static_cast<uint32_t>(offset >= limit) & static_cast<uint32_t>(offset != kNoCode);
  if (outside != 0) return damaged("entry outside of the text");
  return table;
}

}  // namespace

bool View::is_artifact(base::ByteSpan file) {
  return file.size() >= sizeof(kMagic) && std::memcmp(file.data(), kMagic, sizeof(kMagic)) == 0;
}

base::Result<View> View::read(base::ByteSpan file) {
  if (!is_artifact(file)) return base::fail(ErrorCode::NotAnArtifact);
  if (file.size() < 12) return damaged("it ends within its header");
  uint32_t version;
  std::memcpy(&version, file.data() + offsetof(Header, format_version), 4);
  if (version != kFormatVersion) {
    return mismatch("format version " + std::to_string(version) + ", expected " +
                    std::to_string(kFormatVersion));
  }
  if (file.size() < kHeaderBytes) return damaged("it ends within its header");
  if (reinterpret_cast<uintptr_t>(file.data()) % alignof(Header) != 0)
    return damaged("not aligned in memory");
  View view;
  view.file_ = file;
  view.header_ = reinterpret_cast<const Header*>(file.data());
  const Header& header = *view.header_;
  if (header_hash_of(header) != header.header_hash) return damaged("its header has changed");
  WHERRY_TRY(check_header(header, file.size()));
  WHERRY_TRY(check_sections(header, file));
  WHERRY_TRY(view.read_meta());
  return view;
}

base::Result<void> View::read_meta() {
  const Section* const section = find_section(SectionKind::Meta);
  const base::ByteSpan bytes = this->section(SectionKind::Meta);
  if (hash_of(bytes) != section->hash) return damaged("its metadata has changed");
  if (bytes.size() < sizeof(MetaHeader)) return damaged("its metadata is too short");
  const auto& meta = *reinterpret_cast<const MetaHeader*>(bytes.data());
  const uint64_t text_bytes = this->section(SectionKind::Text).size();
  functions_ = WHERRY_TRY(offset_table(bytes, meta.function_offset, meta.function_count, text_bytes));
  thunks_ = WHERRY_TRY(offset_table(bytes, meta.thunk_offset, meta.type_count, text_bytes));
  WHERRY_TRY(read_module(meta));
  WHERRY_TRY(read_image(meta));
  return read_tables(meta);
}

base::Result<void> View::read_module(const MetaHeader& header) {
  const base::ByteSpan bytes = meta();
  funcs_ = WHERRY_TRY(table_of<wasm::Func>(bytes, header.func_offset, header.func_count));
  if (funcs_.size() < functions_.size()) return damaged("more functions defined than there are");
  uint32_t outside = 0;  // As in offset_table.
  for (const wasm::Func& func : funcs_)
    outside |= static_cast<uint32_t>(func.type.value >= header.type_count);
  if (outside != 0) return damaged("function of an unknown type");
  parts_ = WHERRY_TRY(table_of<ModulePart>(bytes, header.part_offset, header.part_count));
  for (const ModulePart& part : parts_) {
    if (part.id > 0xff || part.offset > bytes.size() || part.size_bytes > bytes.size() - part.offset) {
      return damaged("section of the module outside of the metadata");
    }
  }
  elements_ = WHERRY_TRY(table_of<ElementRow>(bytes, header.element_offset, header.element_count));
  for (const ElementRow& row : elements_) {
    if (row.mode > static_cast<uint32_t>(wasm::SegmentMode::Declarative)) return damaged("element segment");
  }
  customs_ = WHERRY_TRY(table_of<CustomRow>(bytes, header.custom_offset, header.custom_count));
  return {};
}

base::Result<void> View::read_image(const MetaHeader& header) {
  image_runs_ = WHERRY_TRY(table_of<ImageRun>(meta(), header.image_offset, header.image_count));
  has_image_ = header.has_image != 0;
  const uint64_t image_bytes = section(SectionKind::Image).size();
  const uint64_t mask = header_->page_bytes - 1;
  uint64_t end = 0;
  for (const ImageRun& run : image_runs_) {
    if (((run.memory_offset | run.image_offset | run.size_bytes) & mask) != 0 || run.memory_offset < end ||
        run.memory_offset > kMaxImageEnd || run.size_bytes > kMaxImageEnd || run.image_offset > image_bytes ||
        run.size_bytes > image_bytes - run.image_offset) {
      return damaged("memory image out of order");
    }
    end = run.memory_offset + run.size_bytes;
  }
  return {};
}

base::Result<void> View::read_tables(const MetaHeader& header) {
  base::ByteSpan rest = section(SectionKind::Tables);
  const uint64_t words = uint64_t{header.func_count} / 64 + 1;
  const uint64_t sizes[] = {words * sizeof(uint64_t),
                            uint64_t{header.function_count} * sizeof(wasm::CodeBody),
                            uint64_t{header.data_count} * sizeof(wasm::DataSegment)};
  if (sizes[0] + sizes[1] + sizes[2] != rest.size()) return damaged("tables of another size");
  declared_refs_ = {reinterpret_cast<const uint64_t*>(rest.data()), words};
  rest = rest.subspan(sizes[0]);
  bodies_ = {reinterpret_cast<const wasm::CodeBody*>(rest.data()), header.function_count};
  rest = rest.subspan(sizes[1]);
  data_ = {reinterpret_cast<const wasm::DataSegment*>(rest.data()), header.data_count};
  return {};
}

std::optional<uint32_t> View::data_count_section() const {
  const auto& header = *reinterpret_cast<const MetaHeader*>(meta().data());
  if (header.has_data_count == 0) return std::nullopt;
  return header.data_count;
}

base::Result<void> View::fits() const {
  const Header& header = *header_;
  if (header.arch != host_arch()) {
    const std::string_view name = arch_name(header.arch);
    return mismatch("code for " + std::string(name.empty() ? "another architecture" : name) + ", expected " +
                    std::string(arch_name(host_arch())));
  }
  if (header.abi_hash != abi_hash()) return mismatch("it was made by another version of wherry");
  if (header.page_bytes < base::page_size_bytes()) {
    return mismatch("sections on pages of " + std::to_string(header.page_bytes) +
                    " bytes, this machine has pages of " + std::to_string(base::page_size_bytes()));
  }
  if (const std::string_view feature = missing_feature(header.cpu_features); !feature.empty()) {
    return mismatch("its code needs a processor with " + std::string(feature));
  }
  return {};
}

base::Result<void> View::verify() const {
  uint64_t end = kHeaderBytes;
  for (uint32_t i = 0; i < header_->section_count; ++i) {
    const Section& section = header_->sections[i];
    for (uint64_t at = end; at < section.offset; ++at) {
      if (file_[at] != 0) return damaged("bytes between sections");
    }
    if (hash_of(file_.subspan(section.offset, section.size_bytes)) != section.hash) {
      return damaged("its " + std::string(kSectionNames[static_cast<uint32_t>(section.kind)]) +
                     " has changed");
    }
    end = section.offset + section.size_bytes;
  }
  return {};
}

const Section* View::find_section(SectionKind kind) const {
  for (uint32_t i = 0; i < header_->section_count; ++i) {
    if (header_->sections[i].kind == kind) return &header_->sections[i];
  }
  return nullptr;
}

base::ByteSpan View::section(SectionKind kind) const {
  const Section* const section = find_section(kind);
  return section == nullptr ? base::ByteSpan() : file_.subspan(section->offset, section->size_bytes);
}

}  // namespace wherry::artifact
