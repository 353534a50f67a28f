// The header page, and the order of the sections behind it: the same for a module and for a component, so that there is one place where
// sizes and offsets out of a file are compared with what is there.
#include "engine/artifact/header.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "engine/artifact/hash.h"
#include "engine/artifact/processor.h"
#include "engine/artifact/view.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

using wasm::ErrorCode;

base::Failure damaged(std::string detail) {
  return base::fail(ErrorCode::ArtifactDamaged, base::Error::kNoOffset, std::move(detail));
}
base::Failure mismatch(std::string detail) {
  return base::fail(ErrorCode::ArtifactMismatch, base::Error::kNoOffset, std::move(detail));
}

namespace {

constexpr std::string_view kSectionNames[] = {
    "", "text", "metadata",         "module",    "address map",     "tables", "memory image",
    "", "",     "index of modules", "component", "compiled modules"};

// What is wrong with the header's own fields, whose hash is right.
base::Result<void> check_header(const Header& header, uint64_t file_bytes) {
  if (header.file_bytes != file_bytes) {
    return damaged("it has " + std::to_string(file_bytes) + " bytes, expected " +
                   std::to_string(header.file_bytes));
  }
  const uint32_t page = header.page_bytes;
  if (page < kHeaderBytes || page > (1u << 16) || (page & (page - 1)) != 0) {
    return damaged("pages of " + std::to_string(page) + " bytes");
  }
  if (header.section_count > kMaxSections) return damaged("too many sections");
  if (!is_component(header) && header.module_count != 1)
    return mismatch(std::to_string(header.module_count) + " modules, expected 1");
  if (std::memchr(header.options, 0, sizeof(header.options)) == nullptr)
    return damaged("options without end");
  return {};
}

}  // namespace

bool is_component(const Header& header) {
  return header.section_count != 0 && header.sections[0].kind == SectionKind::Parts;
}

base::Result<const Header*> read_header(base::ByteSpan head, uint64_t file_bytes) {
  if (!View::is_artifact(head)) return base::fail(ErrorCode::NotAnArtifact);
  if (head.size() < 12) return damaged("it ends within its header");
  uint32_t version;
  std::memcpy(&version, head.data() + offsetof(Header, format_version), 4);
  if (version != kFormatVersion) {
    return mismatch("format version " + std::to_string(version) + ", expected " +
                    std::to_string(kFormatVersion));
  }
  if (head.size() < kHeaderBytes) return damaged("it ends within its header");
  if (reinterpret_cast<uintptr_t>(head.data()) % alignof(Header) != 0)
    return damaged("not aligned in memory");
  const auto* const header = reinterpret_cast<const Header*>(head.data());
  if (header_hash_of(*header) != header->header_hash) return damaged("its header has changed");
  WHERRY_TRY(check_header(*header, file_bytes));
  return header;
}

base::Result<void> check_sections(const Header& header, base::ByteSpan file, uint32_t kinds) {
  uint64_t end = kHeaderBytes;
  uint32_t seen = 0;
  for (uint32_t i = 0; i < header.section_count; ++i) {
    const Section& section = header.sections[i];
    const auto kind = static_cast<uint32_t>(section.kind);
    if (kind > static_cast<uint32_t>(SectionKind::Files) || (kinds >> kind & 1) == 0) {
      return mismatch("section of kind " + std::to_string(kind) + ", which this version does not know");
    }
    if ((seen >> kind & 1) != 0 || section.module != 0) return damaged("section twice");
    seen |= 1u << kind;
    if (section.offset % header.page_bytes != 0 || section.offset < end || section.offset > file.size() ||
        section.size_bytes > file.size() - section.offset || section.size_bytes > UINT32_MAX - 1) {
      return damaged("section outside of the file");
    }
    end = section.offset + section.size_bytes;
  }
  if (seen != kinds) return damaged("section missing");
  if (end != file.size()) return damaged("bytes behind the last section");
  return {};
}

base::Result<void> fits(const Header& header) {
  if (header.arch != host_arch()) {
    const std::string_view name = arch_name(header.arch);
    return mismatch("code for " + std::string(name.empty() ? "another architecture" : name) + ", expected " +
                    std::string(arch_name(host_arch())));
  }
  if (header.abi_hash != abi_hash()) return mismatch("it was made by another version of wherry");
  if (header.page_bytes < base::page_size_bytes()) {
    return mismatch("sections on pages of " + std::to_string(header.page_bytes) +
                    " bytes, this machine has pages of " + std::to_string(base::page_size_bytes()));
  }
  if (const std::string_view feature = missing_feature(header.cpu_features); !feature.empty()) {
    return mismatch("its code needs a processor with " + std::string(feature));
  }
  return {};
}

base::Result<void> verify_sections(const Header& header, base::ByteSpan file) {
  uint64_t end = kHeaderBytes;
  for (uint32_t i = 0; i < header.section_count; ++i) {
    const Section& section = header.sections[i];
    for (uint64_t at = end; at < section.offset; ++at) {
      if (file[at] != 0) return damaged("bytes between sections");
    }
    if (hash_of(file.subspan(section.offset, section.size_bytes)) != section.hash) {
      return damaged("its " + std::string(kSectionNames[static_cast<uint32_t>(section.kind)]) +
                     " has changed");
    }
    end = section.offset + section.size_bytes;
  }
  return {};
}

}  // namespace wherry::artifact
