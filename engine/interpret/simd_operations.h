#pragma once

#include <array>

#include "engine/lower/vector_code.h"

#if defined(__x86_64__)
#include "engine/interpret/simd_x86.h"
#elif defined(__aarch64__)
#include "engine/interpret/simd_neon.h"
#else
#error "vector operations of this processor are not written"
#endif

// simd_operations.inc as types that handlers are made from: VectorOperation<op>, and the instructions of each shape in
// the order of their index.
namespace wherry::interpret {

using lower::VectorShape;
using wasm::Op;

template <Op op>
struct VectorOperation;

template <VectorShape shape>
constexpr auto make_vector_ops() {
  std::array<Op, lower::vector_count(shape)> ops{};
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const lower::VectorFamily family = lower::vector_family_of(static_cast<Op>(i));
    if (family.shape == shape) ops[family.index] = static_cast<Op>(i);
  }
  return ops;
}
template <VectorShape shape>
inline constexpr auto kVectorOps = make_vector_ops<shape>();

#define BINARY(name, T, result)                       \
  template <>                                         \
  struct VectorOperation<Op::name> {                  \
    static WHERRY_INLINE V128 value(V128 a, V128 b) { \
      const T x = (T)a;                               \
      const T y = (T)b;                               \
      return (V128)(result);                          \
    }                                                 \
  };
#define UNARY(name, T, result)                \
  template <>                                 \
  struct VectorOperation<Op::name> {          \
    static WHERRY_INLINE V128 value(V128 a) { \
      const T x = (T)a;                       \
      return (V128)(result);                  \
    }                                         \
  };
#define TERNARY(name, T, result)                              \
  template <>                                                 \
  struct VectorOperation<Op::name> {                          \
    static WHERRY_INLINE V128 value(V128 a, V128 b, V128 c) { \
      const T x = (T)a;                                       \
      const T y = (T)b;                                       \
      const T z = (T)c;                                       \
      return (V128)(result);                                  \
    }                                                         \
  };
#define SHIFT(name, T, result)                                                       \
  template <>                                                                        \
  struct VectorOperation<Op::name> {                                                 \
    static WHERRY_INLINE V128 value(V128 a, uint32_t count) {                        \
      const T x = (T)a;                                                              \
      const T n = splat<T>(static_cast<LaneOf<T>>(count % (sizeof(LaneOf<T>) * 8))); \
      return (V128)(result);                                                         \
    }                                                                                \
  };
#define TEST(name, T, result)                     \
  template <>                                     \
  struct VectorOperation<Op::name> {              \
    static WHERRY_INLINE uint32_t value(V128 a) { \
      const T x = (T)a;                           \
      return result;                              \
    }                                             \
  };
#define SPLAT(name, InType, T)                                                                  \
  template <>                                                                                   \
  struct VectorOperation<Op::name> {                                                            \
    using In = InType;                                                                          \
    static WHERRY_INLINE V128 value(In x) { return (V128)splat<T>(static_cast<LaneOf<T>>(x)); } \
  };
#define EXTRACT(name, T, OutType)                                                     \
  template <>                                                                         \
  struct VectorOperation<Op::name> {                                                  \
    using Lanes = T;                                                                  \
    using Out = OutType;                                                              \
    static WHERRY_INLINE Out value(LaneOf<T> lane) { return static_cast<Out>(lane); } \
  };
#define REPLACE(name, T, InType)     \
  template <>                        \
  struct VectorOperation<Op::name> { \
    using Lanes = T;                 \
    using In = InType;               \
  };
#define LOAD(name, MemoryType, result)                                   \
  template <>                                                            \
  struct VectorOperation<Op::name> {                                     \
    using Memory = MemoryType;                                           \
    static WHERRY_INLINE V128 value(Memory m) { return (V128)(result); } \
  };
#define LOAD_LANE(name, T)           \
  template <>                        \
  struct VectorOperation<Op::name> { \
    using Lanes = T;                 \
    using Memory = LaneOf<T>;        \
  };
#define STORE_LANE(name, T) LOAD_LANE(name, T)
#include "engine/interpret/simd_operations.inc"

// Ones in one lane: how a lane is replaced whose number is known only when the instruction is read.
template <uint32_t lane_bytes>
struct LaneMasks {
  alignas(16) uint8_t bytes[16 / lane_bytes][16];
};
template <uint32_t lane_bytes>
constexpr LaneMasks<lane_bytes> make_lane_masks() {
  LaneMasks<lane_bytes> masks{};
  for (uint32_t i = 0; i < 16; ++i) masks.bytes[i / lane_bytes][i] = 0xff;
  return masks;
}
template <uint32_t lane_bytes>
inline constexpr LaneMasks<lane_bytes> kLaneMasks = make_lane_masks<lane_bytes>();

template <class T>
WHERRY_INLINE V128 replace_lane(V128 x, LaneOf<T> value, uint32_t lane) {
  V128 mask;
  std::memcpy(&mask, kLaneMasks<sizeof(LaneOf<T>)>.bytes[lane], sizeof mask);
  return (V128)choose_bits((U64x2)splat<T>(value), (U64x2)x, (U64x2)mask);
}

}  // namespace wherry::interpret
