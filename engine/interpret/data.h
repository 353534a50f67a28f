#pragma once

#include "engine/abi/context.h"
#include "engine/interpret/dispatch.h"
#include "engine/interpret/globals.h"

// Moves, select and globals: 8 raw bytes, whatever their type.
namespace wherry::interpret {

template <From a, To to>
struct Move {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    WHERRY_PUT(uint64_t, to, slots.d, WHERRY_GET(uint64_t, a, slots.a, 0));
    WHERRY_THEN(2);
  }
};

template <To to>
struct MoveConst {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    WHERRY_PUT(uint64_t, to, slots_at(pc + at + 1).d, pc[at + 2]);
    WHERRY_THEN(3);
  }
};

struct MoveF32 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    fp[slots_at(pc + at + 1).d] = std::bit_cast<uint32_t>(fa);
    WHERRY_THEN(2);
  }
};

struct MoveF64 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    fp[slots_at(pc + at + 1).d] = std::bit_cast<uint64_t>(da);
    WHERRY_THEN(2);
  }
};

// To a local that a register mirrors.
template <From a, To to>
struct PinF64 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    WHERRY_PUT(double, to, slots.d, WHERRY_GET(double, a, slots.a, pc[at + 2]));
    WHERRY_THEN(a == From::Const ? 3 : 2);
  }
};

// Fills the registers that mirror f64 locals: a function with such begins so, and goes on so behind each of its calls.
struct LoadPinsF64 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    dpin0 = std::bit_cast<double>(fp[slots.a]);
    dpin1 = std::bit_cast<double>(fp[slots.b]);
    WHERRY_THEN(2);
  }
};

struct Move2 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    fp[slots.d] = fp[slots.a];
    fp[slots.e] = fp[slots.b];
    WHERRY_THEN(2);
  }
};

struct MoveWide {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const auto* fields = reinterpret_cast<const AliasU32*>(pc + at + 1);
    fp[static_cast<int32_t>(fields[1])] = fp[static_cast<int32_t>(fields[0])];
    WHERRY_THEN(2);
  }
};

// The ranges may overlap; the order of copying follows from where they lie.
[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER move_up(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  uint64_t* to = fp + slots.d;
  const uint64_t* from = fp + slots.a;
  uint32_t left = slots.b;
  if (slots.d < slots.a) {
    for (; left != 0; --left) {
      *to++ = *from++;
      asm volatile("" : "+r"(to));
    }
  } else {
    while (left-- != 0) {
      to[left] = from[left];
      asm volatile("" : "+r"(to));
    }
  }
  WHERRY_NEXT(2);
}

constexpr bool has_select(From a, From b, From condition, To to) {
  if (condition == From::Const || (condition != From::Slot && condition != From::Acc)) return false;
  if (a == b && a != From::Slot && a != From::Const) return false;
  if (condition == From::Acc && (a == From::Acc || b == From::Acc)) return false;
  return !((to == To::Pin0 || to == To::Pin1) && a == From::Const && b == From::Const &&
           condition == From::Slot);
}

template <From a, From b, From condition, To to>
struct Select {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    const uint64_t x = WHERRY_GET(uint64_t, a, slots.a, pc[at + 2]);
    const uint64_t y = WHERRY_GET(uint64_t, b, slots.b, pc[at + (a == From::Const ? 3 : 2)]);
    const uint64_t chosen = WHERRY_GET(uint32_t, condition, slots.e, 0) != 0 ? x : y;
    WHERRY_PUT(uint64_t, to, slots.d, chosen);
    WHERRY_THEN(2 + (a == From::Const) + (b == From::Const));
  }
};

template <bool imported, To to>
struct GlobalGet {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    WHERRY_PUT(uint64_t, to, slots.d, *global_at<imported>(ctx, slots.offset));
    WHERRY_THEN(2);
  }
};

template <bool imported, From a>
struct GlobalSet {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    *global_at<imported>(ctx, slots.offset) = WHERRY_GET(uint64_t, a, slots.a, pc[at + 2]);
    WHERRY_THEN(a == From::Const ? 3 : 2);
  }
};

}  // namespace wherry::interpret
