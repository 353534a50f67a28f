// Reading a compiled file in place. What a load needs (header, index, tables of entries) is hashed and checked at once, a pass over some
// kilobytes; code, module and address maps are not touched before they are needed, and hashed only when verify() is asked for.
// Every size and offset comes from outside: nothing is used before it was compared with what is there.
#include "engine/artifact/view.h"

#include <cstring>
#include <string>

#include "engine/artifact/hash.h"
#include "engine/artifact/header.h"

namespace wherry::artifact {

namespace {

constexpr uint64_t kMaxImageEnd = uint64_t{1} << 48;

constexpr uint32_t mask_of(SectionKind kind) { return 1u << static_cast<uint32_t>(kind); }

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

base::Result<void> View::read_file(base::ByteSpan file, base::ByteSpan head, bool is_part) {
  file_ = file;
  header_ = WHERRY_TRY(read_header(head, file.size()));
  if (is_component(*header_)) return mismatch("a component, expected a module");
  const uint32_t kinds = mask_of(SectionKind::Text) | mask_of(SectionKind::Meta) |
                         mask_of(SectionKind::Cold) | mask_of(SectionKind::Tables) |
                         mask_of(SectionKind::Image);
  return check_sections(*header_, file, is_part ? kinds : kinds | mask_of(SectionKind::Module));
}

base::Result<View> View::read(base::ByteSpan file) { return read(file, file); }

base::Result<View> View::read(base::ByteSpan file, base::ByteSpan head) {
  View view;
  WHERRY_TRY(view.read_file(file, head, false));
  view.wasm_ = view.section(SectionKind::Module);
  WHERRY_TRY(view.read_meta(head));
  return view;
}

base::Result<View> View::read_part(base::ByteSpan file, base::ByteSpan module) {
  View view;
  WHERRY_TRY(view.read_file(file, file, true));
  view.wasm_ = module;
  WHERRY_TRY(view.read_meta(file));
  return view;
}

base::Result<void> View::read_meta(base::ByteSpan head) {
  const Section* const section = find_section(SectionKind::Meta);
  const bool is_in_head = section->offset + section->size_bytes <= head.size();
  meta_ = (is_in_head ? head : file_).subspan(section->offset, section->size_bytes);
  const base::ByteSpan bytes = meta_;
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
  expressions_ = WHERRY_TRY(table_of<uint8_t>(bytes, header.expression_offset, header.expression_count));
  size_t left = expressions_.size();
  for (const ElementRow& row : elements_) {
    if (row.mode > static_cast<uint32_t>(wasm::SegmentMode::Declarative) || row.expression.size_bytes > left)
      return damaged("element segment");
    left -= row.expression.size_bytes;
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

base::Result<void> View::fits() const { return artifact::fits(*header_); }

base::Result<void> View::verify() const { return verify_sections(*header_, file_); }

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
