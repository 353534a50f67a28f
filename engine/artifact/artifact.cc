// Opening a compiled file to run it: map, check, and only then map the text executable. Two mmaps, no copy, no relocation.
#include "engine/artifact/artifact.h"

#include <utility>

#include "engine/artifact/map_file.h"

namespace wherry::artifact {

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
  Artifact made = WHERRY_TRY(map(file.descriptor(), 0, WHERRY_TRY(View::read(file.bytes()))));
  made.file_ = std::move(file);
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
