// Lays a compiled file out: header page, then sections by protection, each on pages of its own. The same contents give the same bytes:
// there is no date, no path and no address in it, and what is between sections is zeros.
//
// What a load reads comes first, behind the header, so that both come in by one fault; then the text; then what a run touches here and
// there: tables, the module, the memory image; then what only backtraces read. On AArch64 pages may have 64 KiB.
#include "engine/artifact/writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/artifact/address_map.h"
#include "engine/artifact/hash.h"
#include "engine/artifact/module_tables.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

using Bytes = base::Vector<uint8_t>;

base::Failure no_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

class Layout {
 public:
  explicit Layout(const Contents& contents) { header_.page_bytes = page_bytes_of(contents.arch); }

  uint32_t page_bytes() const { return header_.page_bytes; }
  [[nodiscard]] bool begin() { return file_.resize(kHeaderBytes); }

  [[nodiscard]] bool add(SectionKind kind, base::ByteSpan bytes) {
    const uint64_t mask = header_.page_bytes - 1;
    if (!file_.resize((file_.size() + mask) & ~mask)) return false;
    header_.sections[header_.section_count++] = {kind, 0, file_.size(), bytes.size(), hash_of(bytes)};
    return file_.append(bytes);
  }

  Bytes finish(const Contents& contents) {
    std::memcpy(header_.magic, kMagic, sizeof(kMagic));
    header_.format_version = kFormatVersion;
    header_.header_bytes = kHeaderBytes;
    header_.file_bytes = file_.size();
    header_.abi_hash = abi_hash();
    header_.arch = contents.arch;
    std::copy(std::begin(contents.cpu_features), std::end(contents.cpu_features), header_.cpu_features);
    header_.code_flags = contents.code_flags;
    const std::string_view options = contents.options.substr(0, sizeof(header_.options) - 1);
    std::memcpy(header_.options, options.data(), options.size());
    header_.options_hash = hash_of(base::as_bytes(options));
    std::copy(std::begin(contents.module_digest), std::end(contents.module_digest), header_.module_digest);
    header_.module_count = 1;
    header_.header_hash = header_hash_of(header_);
    std::memcpy(file_.data(), &header_, sizeof(header_));
    return std::move(file_);
  }

 private:
  Header header_{};
  Bytes file_;
};

}  // namespace

base::Result<Bytes> write(const Contents& contents) {
  constexpr uint64_t kMaxBytes = UINT32_MAX - 1;
  Layout layout(contents);
  MemoryImage image;
  Bytes meta;
  Bytes tables;
  Bytes cold;
  if (!make_image(*contents.module, layout.page_bytes(), &image) || !make_meta(contents, image, &meta) ||
      !make_tables(contents, &tables) || !write_address_map(contents.ranges, contents.rows, &cold)) {
    return no_memory();
  }
  const std::pair<SectionKind, base::ByteSpan> sections[] = {
      {SectionKind::Meta, meta},         {SectionKind::Text, contents.text},
      {SectionKind::Tables, tables},     {SectionKind::Module, contents.module->bytes},
      {SectionKind::Image, image.bytes}, {SectionKind::Cold, cold}};
  if (!layout.begin()) return no_memory();
  for (const auto& [kind, bytes] : sections) {
    if (bytes.size() > kMaxBytes) return base::fail(wasm::ErrorCode::ModuleTooLarge);
    if (!layout.add(kind, bytes)) return no_memory();
  }
  return layout.finish(contents);
}

}  // namespace wherry::artifact
