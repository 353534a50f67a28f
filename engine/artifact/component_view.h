#pragma once

#include "engine/artifact/view.h"
#include "engine/base/os/virtual_memory.h"

namespace wherry::artifact {

// A compiled component as bytes: checked, but nothing is mapped or can be run. Borrows the bytes, which must stay as they are.
// Immutable, thread-safe.
class ComponentView {
 public:
  // Whether these bytes, of which kHeadBytes are enough, begin as a compiled component does.
  static constexpr size_t kHeadBytes = 1024;
  static bool is_component(base::ByteSpan file);

  // Checks the header, the index of sections, the list of modules, and what is around the modules in the component; does not look at
  // modules and their code. Errors: as of View::read; ArtifactMismatch for a compiled module.
  static base::Result<ComponentView> read(base::ByteSpan file);

  // As View::fits; for its modules too, unless they were put there by somebody else than the writer: ask each.
  base::Result<void> fits() const;
  // As View::verify, of everything in it.
  base::Result<void> verify() const;

  const Header& header() const { return *header_; }
  std::string_view options() const { return header_->options; }
  // The component that was compiled, byte for byte.
  base::ByteSpan component() const { return bytes_.first(component_bytes_); }

  // Its core modules, in the component's order, nested ones too; behind them the adapters between guests (component/adapters.h), whose
  // modules stand behind the component.
  std::span<const PartRow> parts() const { return parts_; }
  uint32_t module_count() const { return module_count_; }
  base::ByteSpan module_at(uint32_t part) const {
    return bytes_.subspan(parts_[part].module_offset, parts_[part].module_bytes);
  }
  // The first part with the same code.
  uint32_t first_of(uint32_t part) const;
  // The compiled module. Errors: as of View::read.
  base::Result<View> part(uint32_t part) const;
  // Where the compiled module begins in the file.
  uint64_t file_offset(uint32_t part) const { return files_offset_ + parts_[part].file_offset; }

 private:
  ComponentView() = default;
  base::Result<void> read_parts();
  base::Result<uint64_t> frame_hash() const;

  base::ByteSpan file_;
  const Header* header_ = nullptr;
  base::ByteSpan bytes_;  // The component, and the adapters' modules.
  size_t component_bytes_ = 0;
  uint32_t module_count_ = 0;
  std::span<const PartRow> parts_;
  uint64_t files_offset_ = 0;
};

// The same, mapped from a file. Its modules are opened by Artifact::open_part. Immutable, thread-safe; move-only, and what was
// read from it is good while it lives (moves included).
class ComponentFile {
 public:
  // Errors: ComponentView::read's and fits', and ArtifactUnmappable when the system refuses. The file must not be changed while
  // it is open; replacing it by renaming is harmless.
  static base::Result<ComponentFile> open(const char* path);
  // The same of a copy of bytes in memory, which need not live on.
  static base::Result<ComponentFile> from_bytes(base::ByteSpan bytes);

  const ComponentView& view() const { return view_; }
  int descriptor() const { return file_.descriptor(); }

 private:
  ComponentFile(base::MappedFile&& file, const ComponentView& view) : file_(std::move(file)), view_(view) {}
  static base::Result<ComponentFile> adopt(base::MappedFile&& file);

  base::MappedFile file_;
  ComponentView view_;
};

}  // namespace wherry::artifact
