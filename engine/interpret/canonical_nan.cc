// For Config::nan_canonicalization: what follows an instruction that may make a NaN, and replaces any by the canonical one,
// positive and quiet with no other bit. An instruction of its own, so that a program without this pays nothing; one with it
// pays a dispatch for each float operation, and reads its operands from slots.
// Rejected: forms of every float handler (their number doubled, for a mode that few use).
#include "engine/interpret/canonical_nan.h"

#include <cstring>

namespace wherry::interpret {
namespace {

constexpr uint32_t kNan32 = 0x7fc0'0000;
constexpr uint64_t kNan64 = uint64_t{0x7ff8} << 48;

// By bits, so that nothing a compiler thinks of NaNs plays a part.
WHERRY_INLINE uint32_t canonical(uint32_t bits) { return (bits & 0x7fff'ffff) > 0x7f80'0000 ? kNan32 : bits; }
WHERRY_INLINE uint64_t canonical(uint64_t bits) {
  return (bits & ~uint64_t{0} >> 1) > uint64_t{0x7ff} << 52 ? kNan64 : bits;
}

}  // namespace

WHERRY_HANDLER canonical_nan_f32(WHERRY_ARGS) {
  WHERRY_STATE;
  uint64_t* const slot = fp + slots_at(pc + 1).a;
  *slot = canonical(static_cast<uint32_t>(*slot));
  WHERRY_NEXT(2);
}

WHERRY_HANDLER canonical_nan_f64(WHERRY_ARGS) {
  WHERRY_STATE;
  uint64_t* const slot = fp + slots_at(pc + 1).a;
  *slot = canonical(*slot);
  WHERRY_NEXT(2);
}

WHERRY_HANDLER canonical_nan_f32x4(WHERRY_ARGS) {
  WHERRY_STATE;
  uint64_t* const slots = fp + slots_at(pc + 1).a;
  uint32_t lanes[4];
  std::memcpy(lanes, slots, sizeof lanes);
  for (uint32_t& lane : lanes) lane = canonical(lane);
  std::memcpy(slots, lanes, sizeof lanes);
  WHERRY_NEXT(2);
}

WHERRY_HANDLER canonical_nan_f64x2(WHERRY_ARGS) {
  WHERRY_STATE;
  uint64_t* const slots = fp + slots_at(pc + 1).a;
  slots[0] = canonical(slots[0]);
  slots[1] = canonical(slots[1]);
  WHERRY_NEXT(2);
}

}  // namespace wherry::interpret
