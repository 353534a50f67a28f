#pragma once

#include <array>
#include <cstdint>
#include <string_view>

// The sections of a module, as sections.inc lists them.
namespace wherry::wasm {

enum class SectionId : uint8_t {
  Custom = 0,
#define SECTION_ROW(name, id, keyword, words) name = id,
#include "engine/wasm/sections.inc"
#undef SECTION_ROW
};

struct SectionInfo {
  std::string_view keyword;
  const char* words = "custom";
  uint8_t order = 0;  // Rises from section to section of a module; 0: anywhere.
};

inline constexpr uint8_t kSectionIds = 14;

// By identifier.
inline constexpr auto kSections = [] {
  std::array<SectionInfo, kSectionIds> sections{};
  uint8_t order = 0;
#define SECTION_ROW(name, id, keyword, words) sections[id] = {keyword, words, ++order};
#include "engine/wasm/sections.inc"
#undef SECTION_ROW
  return sections;
}();

}  // namespace wherry::wasm
