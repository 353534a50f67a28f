// Compiled files are mapped whole, whether they have a name or not, since their text has to come from a descriptor.
#include "engine/artifact/map_file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engine/base/os/code_mapping.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 36;  // More than the sections of one file can take.

}  // namespace

base::Failure unmappable(int error_number) {
  return base::fail(wasm::ErrorCode::ArtifactUnmappable, base::Error::kNoOffset, std::strerror(error_number));
}

base::Result<base::MappedFile> map_file(const char* path) {
  base::MappedFile file;
  int error_number = 0;
  if (!base::MappedFile::open(path, kMaxFileBytes, &file, &error_number)) return unmappable(error_number);
  return file;
}

base::Result<base::MappedFile> map_bytes(base::ByteSpan bytes) {
  const int descriptor = base::make_memory_file(bytes);
  if (descriptor < 0) return unmappable(errno);
  base::MappedFile file;
  int error_number = 0;
  if (!base::MappedFile::adopt(descriptor, kMaxFileBytes, &file, &error_number)) {
    return unmappable(error_number);
  }
  return file;
}

}  // namespace wherry::artifact
