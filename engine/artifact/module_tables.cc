// What a load needs of a module, laid out so that it is used where it lies: entries of functions and thunks, function types, the
// module's small sections byte for byte, rows for segments and custom sections. What grows with the module and is asked for
// one item at a time (bodies, data segments) stands in a section of its own, which a load does not touch.
//
// The memory image is what all data segments write, on whole pages, so that an instance maps them copy-on-write instead of copying 7 MB
// that a short run hardly looks at: Go's linker makes 100,000 segments, leaving out runs of zeros. Pages between two of them that nobody
// writes are filled up if they are few, since a mapping costs as much as a fault or two. Modules whose segments are passive, or whose
// places depend on imports, have no image and are filled as if they were interpreted.
#include "engine/artifact/module_tables.h"

#include <algorithm>
#include <cstring>

#include "engine/base/byte_reader.h"
#include "engine/wasm/constant_number.h"

namespace wherry::artifact {

namespace {

using Bytes = base::Vector<uint8_t>;

constexpr uint64_t kWasmPageBytes = 1 << 16;
constexpr uint64_t kGapBytes = 1 << 16;    // The most zeros that are kept to save a mapping.
constexpr uint64_t kExtraBytes = 1 << 20;  // How much larger than the module an image may be.

// Where the contents of a segment go; false: not known, or not into memory 0 as it is made.
bool place_of(const wasm::Module& module, const wasm::DataSegment& segment, uint64_t memory_bytes,
              uint64_t* offset) {
  return segment.mode == wasm::SegmentMode::Active && segment.memory.value == 0 &&
         wasm::read_constant_number(module.bytes_of(segment.offset_expr), offset) &&
         *offset <= memory_bytes && segment.content.size_bytes <= memory_bytes - *offset;
}

struct Extent {
  uint64_t begin;
  uint64_t end;
};

bool has_own_memory(const wasm::Module& module) {
  if (module.memories.empty() || module.imported_memories != 0) return false;
  const wasm::MemoryType& type = module.memories[0].type;
  return !type.limits.is_shared && type.page_size_log2 == 16 && type.limits.min <= (uint64_t{1} << 32);
}

// Joins extents of whole pages that touch or nearly do, and puts the results into the image.
[[nodiscard]] bool make_runs(base::Vector<Extent>& extents, MemoryImage* out, uint64_t* image_bytes) {
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  *image_bytes = 0;
  for (const Extent& extent : extents) {
    if (!out->runs.empty()) {
      ImageRun& last = out->runs.back();
      const uint64_t end = last.memory_offset + last.size_bytes;
      if (extent.begin <= end + kGapBytes) {
        if (extent.end > end) last.size_bytes = extent.end - last.memory_offset;
        continue;
      }
    }
    if (!out->runs.push_back({extent.begin, 0, extent.end - extent.begin})) return false;
  }
  for (ImageRun& run : out->runs) {
    run.image_offset = *image_bytes;
    *image_bytes += run.size_bytes;
  }
  return true;
}

void write_segments(const wasm::Module& module, uint64_t memory_bytes, MemoryImage* out) {
  for (const wasm::DataSegment& segment : module.data) {
    const base::ByteSpan content = module.bytes_of(segment.content);
    uint64_t offset = 0;
    if (content.empty() || !place_of(module, segment, memory_bytes, &offset)) continue;
    const auto after =
        std::upper_bound(out->runs.begin(), out->runs.end(), offset,
                         [](uint64_t at, const ImageRun& run) { return at < run.memory_offset; });
    const ImageRun& run = *(after - 1);
    std::memcpy(out->bytes.data() + run.image_offset + (offset - run.memory_offset), content.data(),
                content.size());
  }
}

template <class T>
[[nodiscard]] bool append(Bytes* out, std::span<const T> items) {
  return out->append({reinterpret_cast<const uint8_t*>(items.data()), items.size_bytes()});
}

// Puts items at the next multiple of 8, and says where.
template <class T>
[[nodiscard]] bool put(Bytes* out, std::span<const T> items, uint32_t* count, uint32_t* offset) {
  if (!out->resize((out->size() + 7) & ~size_t{7})) return false;
  *count = static_cast<uint32_t>(items.size());
  *offset = static_cast<uint32_t>(out->size());
  return append(out, items);
}

wasm::Slice slice_of(const wasm::Module& module, base::ByteSpan bytes) {
  if (bytes.empty()) return {};
  return {static_cast<uint32_t>(bytes.data() - module.bytes.data()), static_cast<uint32_t>(bytes.size())};
}

[[nodiscard]] bool make_rows(const wasm::Module& module, base::Vector<ElementRow>* elements,
                             Bytes* expressions, base::Vector<CustomRow>* customs) {
  for (const wasm::ElementSegment& segment : module.elements) {
    const ElementRow row{static_cast<uint32_t>(segment.mode),
                         segment.type,
                         segment.table.value,
                         segment.count,
                         segment.has_expressions ? 1u : 0u,
                         static_cast<uint32_t>(segment.offset),
                         slice_of(module, segment.offset_expr.bytes),
                         slice_of(module, segment.items)};
    if (!elements->push_back(row) || !expressions->append(segment.offset_expr.bytes)) return false;
  }
  for (const wasm::CustomSection& custom : module.customs) {
    wasm::Slice content = slice_of(module, custom.bytes);
    content.offset = static_cast<uint32_t>(custom.offset);
    if (!customs->push_back({slice_of(module, base::as_bytes(custom.name)), content, custom.after_section}))
      return false;
  }
  return true;
}

// By id: types, imports, tables, memories, globals, exports, start, tags.
constexpr bool is_part(uint8_t id) { return id < 14 && (0b10'0001'1111'0110 >> id & 1) != 0 && id != 0; }

// The module is known to be well-formed.
[[nodiscard]] bool put_parts(const wasm::Module& module, Bytes* out, base::Vector<ModulePart>* parts) {
  constexpr size_t kModuleHeader = 8;
  base::ByteReader reader(module.bytes.subspan(std::min(kModuleHeader, module.bytes.size())), kModuleHeader);
  while (reader.ok() && !reader.at_end()) {
    const uint8_t id = reader.u8();
    const uint32_t size_bytes = reader.u32();
    const auto module_offset = static_cast<uint32_t>(reader.offset());
    const base::ByteSpan content = reader.take(size_bytes);
    if (!is_part(id) || !reader.ok()) continue;
    if (!parts->push_back({id, module_offset, static_cast<uint32_t>(out->size()), size_bytes}) ||
        !out->append(content))
      return false;
  }
  return true;
}

}  // namespace

bool make_image(const wasm::Module& module, uint32_t page_bytes, MemoryImage* out) {
  if (module.data.empty() || !has_own_memory(module)) return true;
  const uint64_t memory_bytes = module.memories[0].type.limits.min * kWasmPageBytes;
  const uint64_t mask = page_bytes - 1;
  base::Vector<Extent> extents;
  if (!extents.reserve(module.data.size())) return false;
  for (const wasm::DataSegment& segment : module.data) {
    uint64_t offset = 0;
    if (!place_of(module, segment, memory_bytes, &offset)) return true;
    if (segment.content.size_bytes == 0) continue;
    if (!extents.push_back({offset & ~mask, (offset + segment.content.size_bytes + mask) & ~mask}))
      return false;
  }
  uint64_t image_bytes = 0;
  if (!make_runs(extents, out, &image_bytes)) return false;
  // A page for each byte would make a bomb of it.
  if (image_bytes > module.bytes.size() * 2 + kExtraBytes) {
    out->runs.clear();
    return true;
  }
  if (!out->bytes.resize(image_bytes)) return false;
  write_segments(module, memory_bytes, out);
  out->is_complete = true;
  return true;
}

bool make_meta(const Contents& contents, const MemoryImage& image, Bytes* out) {
  const wasm::Module& module = *contents.module;
  MetaHeader header{};
  base::Vector<ElementRow> elements;
  base::Vector<CustomRow> customs;
  base::Vector<ModulePart> parts;
  Bytes expressions;
  if (!make_rows(module, &elements, &expressions, &customs) || !out->resize(sizeof(header)) ||
      !put(out, contents.functions, &header.function_count, &header.function_offset) ||
      !put(out, contents.enter_thunks, &header.type_count, &header.thunk_offset) ||
      !put(out, std::span<const wasm::Func>(module.funcs), &header.func_count, &header.func_offset) ||
      !put(out, std::span<const ElementRow>(elements), &header.element_count, &header.element_offset) ||
      !put(out, std::span<const CustomRow>(customs), &header.custom_count, &header.custom_offset) ||
      !put(out, std::span<const ImageRun>(image.runs), &header.image_count, &header.image_offset) ||
      !put(out, std::span<const uint8_t>(expressions), &header.expression_count, &header.expression_offset) ||
      !put_parts(module, out, &parts) ||
      !put(out, std::span<const ModulePart>(parts), &header.part_count, &header.part_offset)) {
    return false;
  }
  header.has_image = image.is_complete ? 1 : 0;
  header.data_count = static_cast<uint32_t>(module.data.size());
  header.has_data_count = module.data_count ? 1 : 0;
  std::memcpy(out->data(), &header, sizeof(header));
  return true;
}

bool make_tables(const Contents& contents, Bytes* out) {
  const wasm::Module& module = *contents.module;
  // Segments have bytes that belong to no member: they are zeros in the file.
  base::Vector<wasm::DataSegment> data;
  if (!data.resize(module.data.size())) return false;
  if (!data.empty()) std::memset(static_cast<void*>(data.data()), 0, data.span().size_bytes());
  for (size_t i = 0; i < data.size(); ++i) {
    const wasm::DataSegment& segment = module.data[i];
    data[i].mode = segment.mode;
    data[i].memory = segment.memory;
    data[i].offset_expr = segment.offset_expr;
    data[i].content = segment.content;
    data[i].offset = segment.offset;
  }
  return append(out, contents.declared_refs) && append(out, std::span<const wasm::CodeBody>(module.bodies)) &&
         append(out, std::span<const wasm::DataSegment>(data));
}

}  // namespace wherry::artifact
