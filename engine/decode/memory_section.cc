// The memory section (core spec 5.5.8).
#include "engine/decode/section.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

base::Result<void> decode_memories(Section& section) {
  base::Vector<wasm::Memory>& memories = section.module.memories;
  const uint32_t count = WHERRY_TRY(read_count(section, "memories", memories.size(), wasm::kMaxMemories));
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t offset = section.reader.offset();
    const wasm::MemoryType type = WHERRY_TRY(read_memory_type(section));
    if (!memories.push_back({type, offset})) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
