#pragma once

#include <memory>

#include "engine/abi/native.h"
#include "engine/artifact/component_view.h"
#include "engine/base/os/code_mapping.h"
#include "engine/base/os/virtual_memory.h"

namespace wherry::artifact {

// A compiled file whose code can be run: native code is trusted, so whoever opens one vouches for where it comes from.
// Two mappings: the file, read-only; and its text, read-execute straight from the file, shared with other processes. What a load looks
// at is copied first if it is small. Immutable, thread-safe. Move-only; entries and spans are good while it lives (moves included).
class Artifact {
 public:
  // Checks what View::read and View::fits check, and only then maps the text. Costs some microseconds, and what the pages that
  // are touched cost. The file must not be changed while it is open; replacing it by renaming is harmless. Errors: those
  // two's, and ArtifactUnmappable when the system refuses.
  static base::Result<Artifact> open(base::MappedFile&& file);
  static base::Result<Artifact> open(const char* path);
  // A module of a compiled component, which must outlive it.
  static base::Result<Artifact> open_part(const ComponentFile& component, uint32_t part);
  // The same of a copy of bytes in memory, which need not live on.
  static base::Result<Artifact> from_bytes(base::ByteSpan bytes);

  // Executable. Register it with the fault handler (engine/base/os/fault.h).
  base::ByteSpan text() const { return text_.bytes(); }

  // What the rest of the file says: functions, thunks, the module, flags, places.
  const View& view() const { return view_; }
  // Of the file; belongs to this, or to the component that it is a part of.
  int descriptor() const { return descriptor_; }
  // Where in the file a section's bytes begin.
  uint64_t place_of(const Section& section) const { return file_offset_ + section.offset; }
  base::ByteSpan wasm() const { return view_.wasm(); }
  bool is_flagged() const { return view_.is_flagged(); }

  // Code of a function that the module defines, of the convention in docs/abi.md; null: it is interpreted.
  const void* native_entry(uint32_t defined_index) const { return at(view_.functions(), defined_index); }
  // By the module's type index; null when the file has none.
  abi::NativeEnter enter_thunk(uint32_t type_index) const {
    // SAFETY: the compiler put a function of this type there.
    return reinterpret_cast<abi::NativeEnter>(const_cast<void*>(at(view_.enter_thunks(), type_index)));
  }
  // Of an address; nothing when it is not in a function of the text. Of return addresses, ask for the byte before.
  std::optional<Place> find(const void* pc) const;

 private:
  // Copy of the header and the metadata, or nothing.
  struct Head {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size_bytes = 0;
  };
  static Head read_head(const base::MappedFile& file);

  Artifact(int descriptor, uint64_t file_offset, base::CodeMapping&& text, const View& view)
      : descriptor_(descriptor), file_offset_(file_offset), text_(std::move(text)), view_(view) {}
  static base::Result<Artifact> map(int descriptor, uint64_t file_offset, const View& view);
  const void* at(std::span<const uint32_t> offsets, uint32_t index) const {
    if (index >= offsets.size() || offsets[index] == kNoCode) return nullptr;
    return text_.bytes().data() + offsets[index];
  }

  base::MappedFile file_;  // Nothing, of a part.
  Head head_;
  int descriptor_;
  uint64_t file_offset_;  // Where it begins in the file.
  base::CodeMapping text_;
  View view_;
};

}  // namespace wherry::artifact
