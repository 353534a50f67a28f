#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>

#include "engine/wasm/instruction.h"
#include "engine/wasm/traps.h"

// The meaning of every numeric instruction and memory access as small functions (core spec 4.3), made from
// operations.inc. Nothing here is undefined for any operand for which `trap` gives None.
//
// NaN: SSE2 and AArch64 give the quieted first NaN operand or the default NaN, which is what the specification
// calls an arithmetic NaN. abs, neg, copysign and reinterpretation are operations on bits and leave a NaN as it is.
namespace wherry::interpret {

using wasm::Op;
using wasm::TrapCode;

#define WHERRY_INLINE __attribute__((always_inline)) inline

inline constexpr TrapCode kNoTrap = TrapCode::None;

// How many forms of an operation have handlers.
enum class Kind : uint8_t { Compare, Common, Ordered, Rare };

// For each numeric instruction: In, Out, kKind, trap(x[, y]) and value(x[, y]); for loads Memory, Out, kKind and
// value(m); for stores In, Memory, kKind and value(x).
template <Op op>
struct Operation;

template <class T>
WHERRY_INLINE TrapCode zero_trap(T divisor) {
  return divisor == 0 ? TrapCode::IntegerDivideByZero : kNoTrap;
}

template <std::signed_integral T>
WHERRY_INLINE TrapCode signed_division_trap(T dividend, T divisor) {
  if (divisor == 0) return TrapCode::IntegerDivideByZero;
  if (dividend == std::numeric_limits<T>::min() && divisor == -1) return TrapCode::IntegerOverflow;
  return kNoTrap;
}

template <std::floating_point T>
struct BitsOf {
  using Type = uint64_t;
};
template <>
struct BitsOf<float> {
  using Type = uint32_t;
};
template <std::floating_point T>
using Bits = typename BitsOf<T>::Type;

template <std::floating_point T>
inline constexpr Bits<T> kSignBit = Bits<T>{1} << (sizeof(T) * 8 - 1);

template <std::floating_point T>
WHERRY_INLINE T float_abs(T x) {
  return std::bit_cast<T>(Bits<T>(std::bit_cast<Bits<T>>(x) & ~kSignBit<T>));
}

template <std::floating_point T>
WHERRY_INLINE T float_neg(T x) {
  return std::bit_cast<T>(Bits<T>(std::bit_cast<Bits<T>>(x) ^ kSignBit<T>));
}

template <std::floating_point T>
WHERRY_INLINE T float_copysign(T x, T y) {
  return std::bit_cast<T>(
      Bits<T>((std::bit_cast<Bits<T>>(x) & ~kSignBit<T>) | (std::bit_cast<Bits<T>>(y) & kSignBit<T>)));
}

// A NaN operand decides; -0 is below +0.
template <std::floating_point T>
WHERRY_INLINE T float_min(T x, T y) {
  if (x < y) return x;
  if (y < x) return y;
  if (x == y) return std::bit_cast<T>(Bits<T>(std::bit_cast<Bits<T>>(x) | std::bit_cast<Bits<T>>(y)));
  return x + y;
}

template <std::floating_point T>
WHERRY_INLINE T float_max(T x, T y) {
  if (x > y) return x;
  if (y > x) return y;
  if (x == y) return std::bit_cast<T>(Bits<T>(std::bit_cast<Bits<T>>(x) & std::bit_cast<Bits<T>>(y)));
  return x + y;
}

// The open interval of those T that truncate into Int, by its ends: both are exact in T, or (below, for narrow
// integers in a wide T) lie beyond the last number that does.
template <std::integral Int, std::floating_point T>
struct TruncRange {
  static constexpr T kEnd = T(Int{1} << (std::numeric_limits<Int>::digits - 1)) * T(2);
  static constexpr bool kSigned = std::numeric_limits<Int>::is_signed;
  // In T, min - 1 is either a number of its own (then min - 0.5 is in range too) or min itself.
  static constexpr bool kFine = std::numeric_limits<T>::digits > std::numeric_limits<Int>::digits;
  static WHERRY_INLINE bool is_above_begin(T x) {
    if constexpr (!kSigned) return x > T(-1);
    if constexpr (kSigned && kFine) return x > T(std::numeric_limits<Int>::min()) - T(1);
    return x >= T(std::numeric_limits<Int>::min());
  }
  static WHERRY_INLINE bool is_below_end(T x) { return x < kEnd; }
};

template <std::integral Int, std::floating_point T>
WHERRY_INLINE TrapCode trunc_trap(T x) {
  using Range = TruncRange<Int, T>;
  if (Range::is_above_begin(x) && Range::is_below_end(x)) return kNoTrap;
  return __builtin_isnan(x) ? TrapCode::InvalidConversionToInteger : TrapCode::IntegerOverflow;
}

template <std::integral Int, std::floating_point T>
WHERRY_INLINE Int trunc_saturating(T x) {
  using Range = TruncRange<Int, T>;
  if (__builtin_isnan(x)) return 0;
  if (!Range::is_above_begin(x)) return std::numeric_limits<Int>::min();
  if (!Range::is_below_end(x)) return std::numeric_limits<Int>::max();
  return Int(x);
}

#define WHERRY_BINARY(op, InType, UType, SType, OutType, kind, trap_code, result)                          \
  template <>                                                                                              \
  struct Operation<Op::op> {                                                                               \
    using In = InType;                                                                                     \
    using Out = OutType;                                                                                   \
    using U = UType;                                                                                       \
    using S = SType;                                                                                       \
    using T = InType;                                                                                      \
    static constexpr Kind kKind = Kind::kind;                                                              \
    static constexpr U kBits = sizeof(U) * 8;                                                              \
    static WHERRY_INLINE TrapCode trap([[maybe_unused]] In x, [[maybe_unused]] In y) { return trap_code; } \
    static WHERRY_INLINE Out value(In x, In y) { return Out(result); }                                     \
  };

// The result's type: i32 for comparisons, else the operands' own.
template <class T, Kind kind>
struct ResultOf {
  using Type = T;
};
template <class T>
struct ResultOf<T, Kind::Compare> {
  using Type = uint32_t;
};
#define WHERRY_RESULT(T, kind) ResultOf<T, Kind::kind>::Type

#define INTEGER(name, kind, trap, value)                                                                  \
  WHERRY_BINARY(I32##name, uint32_t, uint32_t, int32_t, WHERRY_RESULT(uint32_t, kind), kind, trap, value) \
  WHERRY_BINARY(I64##name, uint64_t, uint64_t, int64_t, WHERRY_RESULT(uint64_t, kind), kind, trap, value)
#define FLOAT(name, kind, value)                                                                       \
  WHERRY_BINARY(F32##name, float, uint32_t, int32_t, WHERRY_RESULT(float, kind), kind, kNoTrap, value) \
  WHERRY_BINARY(F64##name, double, uint64_t, int64_t, WHERRY_RESULT(double, kind), kind, kNoTrap, value)
#define UNARY(op, InType, OutType, trap_code, result)                               \
  template <>                                                                       \
  struct Operation<Op::op> {                                                        \
    using In = InType;                                                              \
    using Out = OutType;                                                            \
    static WHERRY_INLINE TrapCode trap([[maybe_unused]] In x) { return trap_code; } \
    static WHERRY_INLINE Out value(In x) { return Out(result); }                    \
  };
#define LOAD(op, MemoryType, OutType, kind)                     \
  template <>                                                   \
  struct Operation<Op::op> {                                    \
    using Memory = MemoryType;                                  \
    using Out = OutType;                                        \
    static constexpr Kind kKind = Kind::kind;                   \
    static WHERRY_INLINE Out value(Memory m) { return Out(m); } \
  };
#define STORE(op, InType, MemoryType, kind)                       \
  template <>                                                     \
  struct Operation<Op::op> {                                      \
    using In = InType;                                            \
    using Memory = MemoryType;                                    \
    static constexpr Kind kKind = Kind::kind;                     \
    static WHERRY_INLINE Memory value(In x) { return Memory(x); } \
  };
#include "engine/interpret/operations.inc"
#undef WHERRY_BINARY
#undef WHERRY_RESULT

}  // namespace wherry::interpret
