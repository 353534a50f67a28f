// A compiled component: a header page, the list of its core modules, its bytes, and a compiled file for each module that differs. The files
// are those that modules have, but for the module itself, which is in the component already; so everything about code is checked in one
// place (view.cc), and a page-aligned file in a file is mapped as it would be by itself.
//
// Of the component a load reads what is between its modules, and that is hashed here; modules are left to the metadata of their files,
// which has a hash of its own. A list of modules that does not fit the component is found by whoever decodes the component.
//
// Rejected: the sections of all modules in one index (a Python program has 20 modules, and a header page room for 64 sections); modules
// stored twice (18 MB more of 60).
#include "engine/artifact/component_view.h"

#include <cstring>
#include <string>
#include <utility>

#include "engine/artifact/artifact.h"
#include "engine/artifact/frame_hash.h"
#include "engine/artifact/hash.h"
#include "engine/artifact/header.h"
#include "engine/artifact/map_file.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

constexpr uint32_t bit(SectionKind kind) { return 1u << static_cast<uint32_t>(kind); }

}  // namespace

base::Result<uint64_t> frame_hash_of(base::ByteSpan component, std::span<const PartRow> parts) {
  base::Vector<uint64_t> hashes;
  if (!hashes.reserve(parts.size() + 1)) return base::fail(wasm::ErrorCode::OutOfMemory);
  size_t at = 0;
  for (const PartRow& part : parts) {
    (void)hashes.push_back(hash_of(component.subspan(at, part.module_offset - at)));  // It has room.
    at = part.module_offset + size_t{part.module_bytes};
  }
  (void)hashes.push_back(hash_of(component.subspan(at)));
  return hash_of({reinterpret_cast<const uint8_t*>(hashes.data()), hashes.size() * sizeof(uint64_t)});
}

bool ComponentView::is_component(base::ByteSpan file) {
  if (file.size() < offsetof(Header, sections) + sizeof(Section) || !View::is_artifact(file)) return false;
  SectionKind first;
  std::memcpy(&first, file.data() + offsetof(Header, sections) + offsetof(Section, kind), sizeof(first));
  return first == SectionKind::Parts;
}

base::Result<ComponentView> ComponentView::read(base::ByteSpan file) {
  ComponentView view;
  view.file_ = file;
  view.header_ = WHERRY_TRY(read_header(file, file.size()));
  if (!artifact::is_component(*view.header_)) return mismatch("a module, expected a component");
  WHERRY_TRY(check_sections(*view.header_, file,
                            bit(SectionKind::Parts) | bit(SectionKind::Component) | bit(SectionKind::Files)));
  WHERRY_TRY(view.read_parts());
  return view;
}

base::Result<void> ComponentView::read_parts() {
  // Each is there once, and this one comes first.
  base::ByteSpan rows;
  uint64_t files_bytes = 0;
  for (uint32_t i = 0; i < header_->section_count; ++i) {
    const Section& section = header_->sections[i];
    const base::ByteSpan bytes = file_.subspan(section.offset, section.size_bytes);
    if (section.kind == SectionKind::Parts) {
      if (hash_of(bytes) != section.hash) return damaged("its index of modules has changed");
      rows = bytes;
    } else if (section.kind == SectionKind::Component) {
      bytes_ = bytes;
    } else {
      files_offset_ = section.offset;
      files_bytes = section.size_bytes;
    }
  }
  if (rows.size() < sizeof(PartsHeader)) return damaged("its index of modules is too short");
  const auto& header = *reinterpret_cast<const PartsHeader*>(rows.data());
  if (header.part_count != header_->module_count || header.adapter_count > header.part_count ||
      (rows.size() - sizeof(PartsHeader)) / sizeof(PartRow) != header.part_count) {
    return damaged("another number of modules");
  }
  parts_ = {reinterpret_cast<const PartRow*>(rows.data() + sizeof(PartsHeader)), header.part_count};
  uint64_t end = 0;
  for (const PartRow& part : parts_) {
    if (part.module_offset < end || part.module_offset > bytes_.size() ||
        part.module_bytes > bytes_.size() - part.module_offset) {
      return damaged("module outside of the component");
    }
    end = uint64_t{part.module_offset} + part.module_bytes;
    if (part.file_offset % header_->page_bytes != 0 || part.file_offset > files_bytes ||
        part.file_bytes > files_bytes - part.file_offset) {
      return damaged("compiled module outside of the file");
    }
  }
  if (WHERRY_TRY(frame_hash_of(bytes_, parts_)) != header.frame_hash)
    return damaged("its component has changed");
  module_count_ = header.part_count - header.adapter_count;
  component_bytes_ = header.adapter_count != 0 ? parts_[module_count_].module_offset : bytes_.size();
  return {};
}

uint32_t ComponentView::first_of(uint32_t part) const {
  for (uint32_t i = 0; i < part; ++i) {
    if (parts_[i].file_offset == parts_[part].file_offset) return i;
  }
  return part;
}

base::Result<View> ComponentView::part(uint32_t part) const {
  return View::read_part(file_.subspan(file_offset(part), parts_[part].file_bytes), module_at(part));
}

base::Result<void> ComponentView::fits() const { return artifact::fits(*header_); }

base::Result<void> ComponentView::verify() const {
  for (uint32_t i = 0; i < parts_.size(); ++i) {
    const auto check = [&]() -> base::Result<void> {
      const View view = WHERRY_TRY(part(i));
      return view.verify();
    };
    if (base::Result<void> sound = check(); !sound) {
      base::Error error = std::move(sound).error();
      error.detail = "module " + std::to_string(i) + ": " + error.detail;
      return base::Failure(std::move(error));
    }
  }
  return verify_sections(*header_, file_);
}

base::Result<ComponentFile> ComponentFile::adopt(base::MappedFile&& file) {
  const ComponentView view = WHERRY_TRY(ComponentView::read(file.bytes()));
  WHERRY_TRY(view.fits());
  return ComponentFile(std::move(file), view);
}

base::Result<ComponentFile> ComponentFile::open(const char* path) {
  return adopt(WHERRY_TRY(map_file(path)));
}

base::Result<ComponentFile> ComponentFile::from_bytes(base::ByteSpan bytes) {
  return adopt(WHERRY_TRY(map_bytes(bytes)));
}

}  // namespace wherry::artifact
