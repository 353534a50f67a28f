#pragma once

#include <optional>
#include <string_view>

#include "engine/artifact/format.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace wherry::artifact {

// Where in the module an address of the text comes from.
struct Place {
  uint32_t defined;      // Index of the function among those that the module defines.
  uint32_t wasm_offset;  // In the module's bytes; 0 where no instruction is known.
};

// A compiled file as bytes: checked, but nothing is mapped or can be run. Borrows the bytes, which must stay as they are.
// Immutable, thread-safe. Everything that is read from tables is checked against their bounds when it is read.
class View {
 public:
  // Checks the header, the index of sections, and the metadata; does not look at code, module and maps. Says nothing
  // about whether this build and machine can run it (fits). Errors: NotAnArtifact, ArtifactMismatch for another version of
  // the format, ArtifactDamaged.
  static base::Result<View> read(base::ByteSpan file);
  // The same with a copy of how the file begins, from which the header, and the metadata if they are in it, are read instead;
  // borrowed like the file.
  static base::Result<View> read(base::ByteSpan file, base::ByteSpan head);

  // The same of a module in a compiled component, where `module` is.
  static base::Result<View> read_part(base::ByteSpan file, base::ByteSpan module);

  // Whether these bytes begin as a compiled file does, be it of a module or of a component.
  static bool is_artifact(base::ByteSpan file);

  // Nothing if this build can run the code on this machine. Errors: ArtifactMismatch with what differs.
  base::Result<void> fits() const;

  // Reads the whole file and compares all hashes; bytes between sections must be zeros. Errors: ArtifactDamaged.
  base::Result<void> verify() const;

  Arch arch() const { return header_->arch; }
  uint64_t code_flags() const { return header_->code_flags; }
  bool is_flagged() const { return has(CodeFlag::Flagged); }
  bool has(CodeFlag flag) const { return (header_->code_flags & static_cast<uint64_t>(flag)) != 0; }
  std::string_view options() const { return header_->options; }
  const Header& header() const { return *header_; }

  // Empty when the file has none of the kind.
  base::ByteSpan section(SectionKind kind) const;
  const Section* find_section(SectionKind kind) const;
  // The module that was compiled, byte for byte.
  base::ByteSpan wasm() const { return wasm_; }

  // Where the code of each function that the module defines begins in the text; kNoCode: it is interpreted. All others lie
  // in the text.
  std::span<const uint32_t> functions() const { return functions_; }
  // The same of the thunks that enter functions of a type, by the module's type index; equal types have equal thunks.
  std::span<const uint32_t> enter_thunks() const { return thunks_; }

  // The module's tables, whose sizes were checked; docs/artifact.md says what of their contents was. All in place.
  uint32_t type_count() const { return static_cast<uint32_t>(thunks_.size()); }
  std::span<const wasm::Func> funcs() const { return funcs_; }
  std::span<const ModulePart> parts() const { return parts_; }  // In Meta: part().
  base::ByteSpan part(const ModulePart& part) const { return meta().subspan(part.offset, part.size_bytes); }
  std::span<const ElementRow> elements() const { return elements_; }
  base::ByteSpan expressions() const {
    return expressions_;
  }  // Of the elements, in order; not fewer than they say.
  std::span<const CustomRow> customs() const { return customs_; }
  std::optional<uint32_t> data_count_section() const;
  std::span<const uint64_t> declared_refs() const { return declared_refs_; }
  std::span<const wasm::CodeBody> bodies() const { return bodies_; }
  std::span<const wasm::DataSegment> data() const { return data_; }
  // Whether `image` stands for all data segments. Runs are in whole pages, in order, and in the image.
  bool has_image() const { return has_image_; }
  std::span<const ImageRun> image_runs() const { return image_runs_; }

  // By an offset in the text; nothing for thunks and what lies between functions. Of return addresses, ask for the byte
  // before.
  std::optional<Place> find(uint32_t text_offset) const;
  // The texts of functions, in order; none if the section is damaged.
  std::span<const FunctionRange> ranges() const;
  // Calls `row(text_offset, wasm_offset)` for the rows that cover [begin, end), in order.
  void each_row(uint32_t begin, uint32_t end, void* context,
                void (*row)(void* context, uint32_t text_offset, uint32_t wasm_offset)) const;

 private:
  friend class Artifact;
  View() = default;
  base::Result<void> read_file(base::ByteSpan file, base::ByteSpan head, bool is_part);
  base::ByteSpan meta() const { return meta_; }
  base::Result<void> read_meta(base::ByteSpan head);
  base::Result<void> read_module(const MetaHeader& meta);
  base::Result<void> read_image(const MetaHeader& meta);
  base::Result<void> read_tables(const MetaHeader& meta);

  const Header* header_ = nullptr;
  std::span<const uint32_t> functions_;
  std::span<const uint32_t> thunks_;
  std::span<const wasm::Func> funcs_;
  std::span<const ModulePart> parts_;
  std::span<const ElementRow> elements_;
  base::ByteSpan expressions_;
  std::span<const CustomRow> customs_;
  std::span<const ImageRun> image_runs_;
  std::span<const uint64_t> declared_refs_;
  std::span<const wasm::CodeBody> bodies_;
  std::span<const wasm::DataSegment> data_;
  bool has_image_ = false;
  base::ByteSpan file_;
  base::ByteSpan meta_;  // In the file, or in the copy of its head.
  base::ByteSpan wasm_;
};

}  // namespace wherry::artifact
