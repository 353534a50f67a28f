// Opening a compiled file to run it: map, check, and only then map the text executable. Two mmaps, no copy, no relocation.
#include "engine/artifact/artifact.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <unistd.h>

#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 36;  // More than the sections of one file can take.

base::Failure unmappable(int error_number) {
  return base::fail(wasm::ErrorCode::ArtifactUnmappable, base::Error::kNoOffset, std::strerror(error_number));
}

}  // namespace

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

base::Result<Artifact> Artifact::open(const char* path) {
  base::MappedFile file;
  int error_number = 0;
  if (!base::MappedFile::open(path, kMaxFileBytes, &file, &error_number)) return unmappable(error_number);
  return open(std::move(file));
}

base::Result<Artifact> Artifact::from_bytes(base::ByteSpan bytes) {
  const int descriptor = base::make_memory_file(bytes);
  if (descriptor < 0) return unmappable(errno);
  base::MappedFile file;
  int error_number = 0;
  if (!base::MappedFile::adopt(descriptor, kMaxFileBytes, &file, &error_number)) {
    return unmappable(error_number);
  }
  return open(std::move(file));
}

std::optional<Place> Artifact::find(const void* pc) const {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(pc) - reinterpret_cast<uintptr_t>(text().data());
  if (offset >= text().size()) return std::nullopt;
  return view_.find(static_cast<uint32_t>(offset));
}

}  // namespace wherry::artifact
