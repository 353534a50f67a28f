#pragma once

#include "engine/artifact/format.h"
#include "engine/artifact/writer.h"
#include "engine/base/vector.h"

namespace wherry::artifact {

// What active data segments write into memory 0 before the module runs.
struct MemoryImage {
  bool is_complete = false;  // It stands for all segments; else there is none.
  base::Vector<ImageRun> runs;
  base::Vector<uint8_t> bytes;
};

// The image of a module whose segments are all active, for a memory of its own that they fit in at its least size, at places that
// are constants. False: no memory.
[[nodiscard]] bool make_image(const wasm::Module& module, uint32_t page_bytes, MemoryImage* out);

// The bytes of SectionKind::Meta and SectionKind::Tables. False: no memory.
[[nodiscard]] bool make_meta(const Contents& contents, const MemoryImage& image, base::Vector<uint8_t>* out);
[[nodiscard]] bool make_tables(const Contents& contents, base::Vector<uint8_t>* out);

}  // namespace wherry::artifact
