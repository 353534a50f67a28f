// The texts of opcodes.inc as a hash table that the compiler fills: no work at start, and one comparison for
// nearly every look-up. A binary search over sorted texts took ten.
#include "engine/text/op_table.h"

namespace wherry::text {

namespace {

constexpr std::string_view kTexts[] = {
#define OP(name, code, text, immediate, signature, feature) text,
#include "engine/wasm/opcodes.inc"
};

constexpr uint32_t kSlotCount = 2048;
static_assert(wasm::kOpCount * 2 < kSlotCount);

constexpr uint32_t hash_of(std::string_view text) {
  uint32_t hash = 0x811c9dc5;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x01000193;
  return (hash ^ hash >> 15) & (kSlotCount - 1);
}

struct OpSlots {
  uint16_t slots[kSlotCount] = {};  // Row number plus one.
  constexpr OpSlots() {
    for (uint16_t row = 0; row < wasm::kOpCount; ++row) {
      uint32_t slot = hash_of(kTexts[row]);
      while (slots[slot] != 0 && kTexts[slots[slot] - 1] != kTexts[row]) slot = (slot + 1) % kSlotCount;
      if (slots[slot] == 0) slots[slot] = static_cast<uint16_t>(row + 1);
    }
  }
};
constexpr OpSlots kSlots;

}  // namespace

std::optional<wasm::Op> find_op(std::string_view text) {
  for (uint32_t slot = hash_of(text); kSlots.slots[slot] != 0; slot = (slot + 1) % kSlotCount) {
    const auto row = static_cast<uint16_t>(kSlots.slots[slot] - 1);
    if (kTexts[row] == text) return static_cast<wasm::Op>(row);
  }
  return std::nullopt;
}

bool is_legacy_op(std::string_view text) {
#define LEGACY_OP(code, name) \
  if (text == name) return true;
#include "engine/wasm/legacy_opcodes.inc"
  return false;
}

}  // namespace wherry::text
