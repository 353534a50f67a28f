// Opening a compiled file to run it: map, check, and only then map the text executable. Two mmaps, no relocation.
//
// What a load looks at, the header and the metadata behind it, is read into memory of its own if it is small: 1.5 us for 24 KiB, where
// the first touch of a mapping is 5.5 us, since the system makes a page of page tables and fills it with the file's pages around. The
// rest of the file is touched when something asks for it. Whatever changes the file behind our back changes nothing of what was copied.
#include "engine/artifact/artifact.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "engine/artifact/map_file.h"
#include "engine/base/os/descriptor.h"

namespace wherry::artifact {

namespace {

constexpr size_t kFirstRead = 8 << 10;
constexpr uint64_t kMostCopied = 64 << 10;  // Beyond it a mapping's pages, sixteen a fault, cost no more.

// Where the metadata end, going by a header of which nothing was checked; 0: there are none.
uint64_t metadata_end(const Header& header) {
  for (uint32_t i = 0; i < std::min(header.section_count, kMaxSections); ++i) {
    const Section& section = header.sections[i];
    if (section.kind != SectionKind::Meta) continue;
    return std::max(section.offset, section.size_bytes) > kMostCopied ? 0
                                                                      : section.offset + section.size_bytes;
  }
  return 0;
}

}  // namespace

// The file's first bytes as far as a load looks at them; nothing if those are not few, or cannot be read: then they are mapped.
Artifact::Head Artifact::read_head(const base::MappedFile& file) {
  alignas(Header) uint8_t first[kFirstRead];
  const size_t known = std::min(file.bytes().size(), sizeof(first));
  if (known < sizeof(Header) || !base::read_at(file.descriptor(), 0, first, known)) return {};
  const uint64_t end = metadata_end(*reinterpret_cast<const Header*>(first));
  if (end < sizeof(Header) || end > kMostCopied || end > file.bytes().size()) return {};
  Head head{std::unique_ptr<uint8_t[]>(new (std::nothrow) uint8_t[end]), end};
  if (head.bytes == nullptr) return {};
  std::memcpy(head.bytes.get(), first, std::min<size_t>(known, end));
  if (end > known && !base::read_at(file.descriptor(), known, head.bytes.get() + known, end - known))
    return {};
  return head;
}

base::Result<Artifact> Artifact::map(int descriptor, uint64_t file_offset, const View& view) {
  WHERRY_TRY(view.fits());
  const Section& text = *view.find_section(SectionKind::Text);
  base::CodeMapping mapping;
  int error_number = 0;
  if (!base::CodeMapping::map(descriptor, file_offset + text.offset, text.size_bytes, &mapping,
                              &error_number)) {
    return unmappable(error_number);
  }
  return Artifact(descriptor, file_offset, std::move(mapping), view);
}

base::Result<Artifact> Artifact::open(base::MappedFile&& file) {
  Head head = read_head(file);
  const base::ByteSpan bytes(head.bytes.get(), head.size_bytes);
  const View view = WHERRY_TRY(bytes.empty() ? View::read(file.bytes()) : View::read(file.bytes(), bytes));
  Artifact made = WHERRY_TRY(map(file.descriptor(), 0, view));
  made.file_ = std::move(file);
  made.head_ = std::move(head);
  return made;
}

base::Result<Artifact> Artifact::open_part(const ComponentFile& component, uint32_t part) {
  return map(component.descriptor(), component.view().file_offset(part),
             WHERRY_TRY(component.view().part(part)));
}

base::Result<Artifact> Artifact::open(const char* path) { return open(WHERRY_TRY(map_file(path))); }

base::Result<Artifact> Artifact::from_bytes(base::ByteSpan bytes) {
  return open(WHERRY_TRY(map_bytes(bytes)));
}

std::optional<Place> Artifact::find(const void* pc) const {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(pc) - reinterpret_cast<uintptr_t>(text().data());
  if (offset >= text().size()) return std::nullopt;
  return view_.find(static_cast<uint32_t>(offset));
}

}  // namespace wherry::artifact
