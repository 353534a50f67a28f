#pragma once

#include "engine/base/bytes.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/base/result.h"

// How compiled modules and compiled components get at their files. Inside of engine/artifact.
namespace wherry::artifact {

// Why a file, or a part of it, could not be mapped: an errno.
base::Failure unmappable(int error_number);

// A file, mapped read-only. Error: ArtifactUnmappable.
base::Result<base::MappedFile> map_file(const char* path);
// The same for a copy of bytes, in a file without a name.
base::Result<base::MappedFile> map_bytes(base::ByteSpan bytes);

}  // namespace wherry::artifact
