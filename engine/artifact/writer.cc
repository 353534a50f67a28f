// Lays a compiled file out: header page, then sections by protection, each on pages of its own. The same contents give the same bytes:
// there is no date, no path and no address in it, and what is between sections is zeros.
//
// The text comes first, so that it lies at the same place in all files; then what a load reads; then the module, of which a run
// touches some pages; then what only backtraces read. On AArch64 pages may have 64 KiB.
#include "engine/artifact/writer.h"

#include <algorithm>
#include <cstring>

#include "engine/artifact/address_map.h"
#include "engine/artifact/hash.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

using Bytes = base::Vector<uint8_t>;

base::Failure no_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

[[nodiscard]] bool make_meta(const Contents& contents, Bytes* out) {
  MetaHeader header{};
  header.function_count = static_cast<uint32_t>(contents.functions.size());
  header.function_offset = sizeof(MetaHeader);
  header.type_count = static_cast<uint32_t>(contents.enter_thunks.size());
  header.thunk_offset = header.function_offset + 4 * header.function_count;
  const auto bytes_of = [](std::span<const uint32_t> numbers) {
    return base::ByteSpan{reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size_bytes()};
  };
  return out->append({reinterpret_cast<const uint8_t*>(&header), sizeof(header)}) &&
         out->append(bytes_of(contents.functions)) && out->append(bytes_of(contents.enter_thunks));
}

class Layout {
 public:
  explicit Layout(const Contents& contents) {
    header_.page_bytes = contents.arch == Arch::Aarch64 ? 1 << 16 : 1 << 12;
  }

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
  Bytes meta;
  Bytes cold;
  if (!make_meta(contents, &meta) || !write_address_map(contents.ranges, contents.rows, &cold)) {
    return no_memory();
  }
  for (const uint64_t size_bytes : {contents.text.size(), contents.module.size(), meta.size(), cold.size()}) {
    if (size_bytes > kMaxBytes) return base::fail(wasm::ErrorCode::ModuleTooLarge);
  }
  Layout layout(contents);
  if (!layout.begin() || !layout.add(SectionKind::Text, contents.text) ||
      !layout.add(SectionKind::Meta, meta) || !layout.add(SectionKind::Module, contents.module) ||
      !layout.add(SectionKind::Cold, cold)) {
    return no_memory();
  }
  return layout.finish(contents);
}

}  // namespace wherry::artifact
