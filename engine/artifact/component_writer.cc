// Puts compiled modules together to a compiled component. The compiler knows of modules only; what it made is taken apart and laid out anew
// without the module, which is in the component's bytes. The same contents give the same bytes.
#include "engine/artifact/component_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/artifact/frame_hash.h"
#include "engine/artifact/hash.h"
#include "engine/artifact/header.h"
#include "engine/artifact/processor.h"
#include "engine/artifact/view.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

using Bytes = base::Vector<uint8_t>;

base::Failure no_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

[[nodiscard]] bool pad(Bytes* file, uint32_t page_bytes) {
  const size_t mask = page_bytes - 1;
  return file->resize((file->size() + mask) & ~mask);
}

[[nodiscard]] bool add_section(Bytes* file, size_t begin, const Section& section, base::ByteSpan bytes,
                               Header* header) {
  if (!pad(file, header->page_bytes)) return false;
  Section& made = header->sections[header->section_count++];
  made = section;
  made.offset = file->size() - begin;
  return file->append(bytes);
}

// Appends a compiled module without the module.
base::Result<void> add_file(const View& view, Bytes* file) {
  const size_t begin = file->size();
  Header header = view.header();
  std::fill(std::begin(header.sections), std::end(header.sections), Section{});
  header.section_count = 0;
  if (!file->resize(begin + kHeaderBytes)) return no_memory();
  for (uint32_t i = 0; i < view.header().section_count; ++i) {
    const Section& section = view.header().sections[i];
    if (section.kind == SectionKind::Module) continue;
    if (!add_section(file, begin, section, view.section(section.kind), &header)) return no_memory();
  }
  header.file_bytes = file->size() - begin;
  header.header_hash = header_hash_of(header);
  std::memcpy(file->data() + begin, &header, sizeof(header));
  return {};
}

// What the modules have in common. A component without modules is this machine's.
struct Common {
  Header header{};
  bool is_set = false;

  base::Result<void> add(const Header& of) {
    if (!is_set) {
      header.abi_hash = of.abi_hash;
      header.arch = of.arch;
      header.page_bytes = of.page_bytes;
      header.options_hash = of.options_hash;
      std::copy(std::begin(of.options), std::end(of.options), header.options);
      is_set = true;
    }
    if (of.arch != header.arch || of.abi_hash != header.abi_hash || of.options_hash != header.options_hash)
      return mismatch("modules that were compiled in different ways");
    header.code_flags |= of.code_flags;
    for (size_t i = 0; i < std::size(of.cpu_features); ++i) header.cpu_features[i] |= of.cpu_features[i];
    return {};
  }
};

// The files' places in Files, and Files.
base::Result<void> add_files(const ComponentContents& contents, Common* common, base::Vector<PartRow>* rows,
                             Bytes* files) {
  base::Vector<PartRow> places;
  if (!places.resize(contents.files.size())) return no_memory();
  for (const ModulePlace& module : contents.modules) {
    PartRow& place = places[module.file];
    if (place.file_bytes == 0) {
      const View view = WHERRY_TRY(View::read(contents.files[module.file]));
      if (!std::ranges::equal(view.wasm(), contents.component.subspan(module.offset, module.size_bytes)))
        return damaged("compiled from another module");
      WHERRY_TRY(common->add(view.header()));
      if (!pad(files, common->header.page_bytes)) return no_memory();
      place.file_offset = files->size();
      WHERRY_TRY(add_file(view, files));
      place.file_bytes = files->size() - place.file_offset;
    }
    PartRow row = place;
    row.module_offset = module.offset;
    row.module_bytes = module.size_bytes;
    if (!rows->push_back(row)) return no_memory();
  }
  return {};
}

// With the modules of adapters behind the component, so that they are places in it as all others.
base::Result<void> add_adapters(const ComponentContents& contents, Bytes* component,
                                base::Vector<ModulePlace>* places) {
  if (!component->append(contents.component) || !places->append(contents.modules)) return no_memory();
  auto file = static_cast<uint32_t>(contents.files.size() - contents.adapters.size());
  for (const base::ByteSpan& adapter : contents.adapters) {
    const ModulePlace place{static_cast<uint32_t>(component->size()), static_cast<uint32_t>(adapter.size()),
                            file++};
    if (!component->append(adapter) || !places->push_back(place)) return no_memory();
  }
  return {};
}

base::Result<Bytes> write(const ComponentContents& contents, uint32_t adapter_count);

}  // namespace

base::Result<Bytes> write_component(const ComponentContents& contents) {
  if (contents.adapters.empty()) return write(contents, 0);
  Bytes component;
  base::Vector<ModulePlace> places;
  WHERRY_TRY(add_adapters(contents, &component, &places));
  ComponentContents all = contents;
  all.component = component.span();
  all.modules = places.span();
  return write(all, static_cast<uint32_t>(contents.adapters.size()));
}

namespace {

base::Result<Bytes> write(const ComponentContents& contents, uint32_t adapter_count) {
  constexpr uint64_t kMaxBytes = UINT32_MAX - 1;
  Common common;
  common.header.abi_hash = abi_hash();
  common.header.arch = host_arch();
  common.header.page_bytes = page_bytes_of(host_arch());
  common.header.options_hash = hash_of({});
  base::Vector<PartRow> rows;
  Bytes files;
  WHERRY_TRY(add_files(contents, &common, &rows, &files));
  if (contents.component.size() > kMaxBytes || files.size() > kMaxBytes)
    return base::fail(wasm::ErrorCode::ModuleTooLarge);
  PartsHeader head{};
  head.frame_hash = WHERRY_TRY(frame_hash_of(contents.component, rows));
  head.part_count = static_cast<uint32_t>(rows.size());
  head.adapter_count = adapter_count;
  Bytes parts;
  if (!parts.append({reinterpret_cast<const uint8_t*>(&head), sizeof(head)}) ||
      !parts.append({reinterpret_cast<const uint8_t*>(rows.data()), rows.size() * sizeof(PartRow)})) {
    return no_memory();
  }
  Header& header = common.header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.format_version = kFormatVersion;
  header.header_bytes = kHeaderBytes;
  header.module_count = head.part_count;
  std::copy(std::begin(contents.digest), std::end(contents.digest), header.module_digest);
  Bytes file;
  if (!file.resize(kHeaderBytes)) return no_memory();
  const std::pair<SectionKind, base::ByteSpan> sections[] = {
      {SectionKind::Parts, parts}, {SectionKind::Component, contents.component}, {SectionKind::Files, files}};
  for (const auto& [kind, bytes] : sections) {
    if (!add_section(&file, 0, {kind, 0, 0, bytes.size(), hash_of(bytes)}, bytes, &header))
      return no_memory();
  }
  header.file_bytes = file.size();
  header.header_hash = header_hash_of(header);
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

}  // namespace

}  // namespace wherry::artifact
