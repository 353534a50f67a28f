#pragma once

#include <span>

#include "engine/artifact/format.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"

namespace wherry::artifact {

// A core module in a component, and which of the compiled files is its.
struct ModulePlace {
  uint32_t offset;
  uint32_t size_bytes;
  uint32_t file;
};

// What goes into a compiled component. All spans are borrowed for the call.
struct ComponentContents {
  base::ByteSpan component;
  uint8_t digest[32] = {};               // BLAKE2b-256 of it.
  std::span<const ModulePlace> modules;  // In order, none overlapping another.
  std::span<const base::ByteSpan>
      adapters;  // Modules of adapters; their compiled files are the last ones, in this order.
  std::span<const base::ByteSpan>
      files;  // Compiled modules as write() makes them; each is of the first module that names it.
};

// The bytes of the file; the same for the same contents. Errors: OutOfMemory; Limit for more than 4 GiB of component or code; what
// View::read says of a file; ArtifactDamaged for one of another module; ArtifactMismatch for files of different machines.
base::Result<base::Vector<uint8_t>> write_component(const ComponentContents& contents);

}  // namespace wherry::artifact
