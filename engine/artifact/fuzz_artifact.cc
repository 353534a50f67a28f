// Fuzz target: any bytes are an artifact or are refused. Hashes are made right first, since no fuzzer finds those; then everything
// that a reader may ask is asked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "engine/artifact/hash.h"
#include "engine/artifact/view.h"
#include "engine/base/vector.h"

namespace {

using namespace wherry;
using artifact::Header, artifact::View;

// Makes the hashes of header and sections fit what is there.
void seal(std::span<uint8_t> file) {
  if (file.size() < artifact::kHeaderBytes) return;
  auto& header = *reinterpret_cast<Header*>(file.data());
  std::memcpy(header.magic, artifact::kMagic, sizeof(header.magic));
  header.format_version = artifact::kFormatVersion;
  header.file_bytes = file.size();
  for (artifact::Section& section : header.sections) {
    if (section.offset > file.size() || section.size_bytes > file.size() - section.offset) continue;
    if (section.offset < artifact::kHeaderBytes) continue;
    section.hash = artifact::hash_of(file.subspan(section.offset, section.size_bytes));
  }
  header.header_hash = artifact::header_hash_of(header);
}

void use(const View& view) {
  const uint64_t text_bytes = view.section(artifact::SectionKind::Text).size();
  for (const auto& table : {view.functions(), view.enter_thunks()}) {
    for (const uint32_t offset : table) {
      if (offset != artifact::kNoCode && offset >= text_bytes) std::abort();
    }
  }
  const wasm::Module module = [&] {
    wasm::Module made;
    made.bytes = view.wasm();
    return made;
  }();
  uint64_t sum = 0;  // So that everything is read.
  const auto read = [&](base::ByteSpan bytes) {
    if (!bytes.empty()) sum += bytes.front() + bytes.back();
  };
  for (const wasm::Func& func : view.funcs()) {
    if (func.type.value >= view.type_count()) std::abort();
  }
  if (view.funcs().size() < view.functions().size()) std::abort();
  for (const artifact::ModulePart& part : view.parts()) read(view.part(part));
  for (const artifact::ElementRow& row : view.elements()) read(module.bytes_of(row.items));
  for (const artifact::CustomRow& row : view.customs()) read(module.bytes_of(row.content));
  for (const uint64_t word : view.declared_refs()) sum += word;
  for (const wasm::CodeBody& body : view.bodies()) read(module.bytes_of(body));
  for (const wasm::DataSegment& segment : view.data()) read(module.bytes_of(segment.content));
  const base::ByteSpan image = view.section(artifact::SectionKind::Image);
  for (const artifact::ImageRun& run : view.image_runs()) {
    read(image.subspan(run.image_offset, run.size_bytes));
  }
  (void)view.data_count_section();
  if (sum == 0x5eed'0fff'ffff'ffff) std::abort();
  size_t rows = 0;
  view.each_row(0, UINT32_MAX, &rows,
                [](void* count, uint32_t, uint32_t) { ++*static_cast<size_t*>(count); });
  for (uint32_t i = 0; i < 64; ++i) (void)view.find(i * 0x0400'0400u);
  for (size_t i = 0; i < view.ranges().size() && i < 64; ++i) (void)view.find(view.ranges()[i].begin);
  (void)view.verify();
  (void)view.fits();
  if (view.options().size() > 4096) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const auto view = View::read({data, size})) use(*view);
  base::Vector<uint8_t> copy;
  if (!copy.append({data, size})) return 0;
  seal(copy.span());
  if (const auto view = View::read(copy.span())) use(*view);
  return 0;
}
