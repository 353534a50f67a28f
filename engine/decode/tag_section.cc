// The tag section (core spec 5.5.16).
#include "engine/decode/section.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

base::Result<void> decode_tags(Section& section) {
  base::Vector<wasm::Tag>& tags = section.module.tags;
  const uint32_t count = WHERRY_TRY(read_count(section, "tags", tags.size(), wasm::kMaxTags));
  if (!tags.reserve(tags.size() + count)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    if (!tags.push_back(WHERRY_TRY(read_tag(section)))) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
