#pragma once

#include <cstdint>

// The frame of a component's binary form (Binary.md, "Component Definitions"), for those who read it and those who write it.
namespace wherry::component {

inline constexpr uint8_t kPreamble[] = {0x00, 'a', 's', 'm', 0x0d, 0x00, 0x01, 0x00};

enum class SectionId : uint8_t {
  Custom,
  CoreModule,
  CoreInstance,
  CoreType,
  Component,
  Instance,
  Alias,
  Type,
  Canon,
  Start,
  Import,
  Export,
  Value,
  None = 0xff,  // In no file: the absence of one.
};
inline constexpr uint8_t kSectionIds = 13;

}  // namespace wherry::component
