#pragma once

#include "engine/interpret/simd.h"

// What instructions of vectors do that touch no memory, as steps (engine/interpret/dispatch.h): alone they are the handlers of
// simd_*.cc, in a row those of joined_vectors.inc.
namespace wherry::interpret {

// The handler of one step, where handlers of vectors lie.
template <class Step>
WHERRY_VECTOR WHERRY_HANDLER vector_hot(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TAIL((kStep<0, Step>));
}

template <Op op, From a, From b, To to>
struct VectorBinary {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    const V128 x = get_vector<a>(fp, slots.a, va, vpin);
    V128 y;
    if constexpr (b == From::Const)
      y = vector_at(pc + at + 2);
    else
      y = get_vector<b>(fp, slots.b, va, vpin);
    put_vector<to>(fp, slots.d, VectorOperation<op>::value(x, y), va);
    if constexpr (to == To::Pin0) vpin = va;
    WHERRY_THEN(b == From::Const ? 4 : 2);
  }
};

template <Op op, From a, To to>
struct VectorUnary {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    put_vector<to>(fp, slots.d, VectorOperation<op>::value(get_vector<a>(fp, slots.a, va)), va);
    WHERRY_THEN(2);
  }
};

template <Op op, From a, From b, From c, To to>
struct VectorTernary {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    const V128 x = get_vector<a>(fp, slots.a, va);
    const V128 y = get_vector<b>(fp, slots.b, va);
    const V128 z = get_vector<c>(fp, slots.e, va);
    put_vector<to>(fp, slots.d, VectorOperation<op>::value(x, y, z), va);
    WHERRY_THEN(2);
  }
};

template <Op op, From a, From count, To to>
struct VectorShift {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    const uint32_t n = WHERRY_GET(uint32_t, count, slots.b, pc[at + 2]);
    put_vector<to>(fp, slots.d, VectorOperation<op>::value(get_vector<a>(fp, slots.a, va), n), va);
    WHERRY_THEN(count == From::Const ? 3 : 2);
  }
};

template <Op op, From a, To to>
struct VectorTest {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    WHERRY_PUT(uint32_t, to, slots.d, VectorOperation<op>::value(get_vector<a>(fp, slots.a, va)));
    WHERRY_THEN(2);
  }
};

template <Op op, To to>
struct VectorExtractSlot {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = VectorOperation<op>;
    using Lane = LaneOf<typename Operation::Lanes>;
    const Slots slots = slots_at(pc + at + 1);
    Lane lane;
    std::memcpy(&lane, reinterpret_cast<const uint8_t*>(fp + slots.a) + slots.e * sizeof lane, sizeof lane);
    WHERRY_PUT(typename Operation::Out, to, slots.d, Operation::value(lane));
    WHERRY_THEN(2);
  }
};

template <Op op, uint32_t lane, To to>
struct VectorExtractAcc {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = VectorOperation<op>;
    using Lanes = typename Operation::Lanes;
    WHERRY_PUT(typename Operation::Out, to, slots_at(pc + at + 1).d, Operation::value(((Lanes)va)[lane]));
    WHERRY_THEN(2);
  }
};

template <Op op, From a, From scalar, To to>
struct VectorReplace {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = VectorOperation<op>;
    using Lanes = typename Operation::Lanes;
    const Slots slots = slots_at(pc + at + 1);
    const auto lane = static_cast<LaneOf<Lanes>>(WHERRY_GET(typename Operation::In, scalar, slots.b, 0));
    put_vector<to>(fp, slots.d, replace_lane<Lanes>(get_vector<a>(fp, slots.a, va), lane, slots.e), va);
    WHERRY_THEN(2);
  }
};

template <Op op, From a, To to>
struct VectorSplat {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = VectorOperation<op>;
    const Slots slots = slots_at(pc + at + 1);
    put_vector<to>(fp, slots.d, Operation::value(WHERRY_GET(typename Operation::In, a, slots.a, 0)), va);
    WHERRY_THEN(2);
  }
};

template <To to>
struct VectorConst {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    put_vector<to>(fp, slots_at(pc + at + 1).d, vector_at(pc + at + 2), va);
    WHERRY_THEN(4);
  }
};

template <From a, From b, To to>
struct VectorShuffle {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    const V128 x = get_vector<a>(fp, slots.a, va);
    const V128 y = get_vector<b>(fp, slots.b, va);
    put_vector<to>(fp, slots.d, (V128)shuffle(x, y, vector_at(pc + at + 2)), va);
    WHERRY_THEN(4);
  }
};

template <From a, From b, From condition, To to>
struct VectorSelect {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    const V128 x = get_vector<a>(fp, slots.a, va);
    const V128 y = get_vector<b>(fp, slots.b, va);
    const U64x2 mask = splat<U64x2>(uint64_t{0} - (WHERRY_GET(uint32_t, condition, slots.e, 0) != 0));
    put_vector<to>(fp, slots.d, (V128)choose_bits((U64x2)x, (U64x2)y, mask), va);
    WHERRY_THEN(2);
  }
};

// What the accumulator holds, to the register that mirrors a local, whose slot has it already.
struct PinVector {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    vpin = va;
    WHERRY_THEN(2);
  }
};

// Fills that register: a function with such a local begins so, and goes on so behind each of its calls.
struct LoadVectorPin {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    vpin = vector_at(fp + slots_at(pc + at + 1).a);
    WHERRY_THEN(2);
  }
};

template <From a, To to>
struct VectorMove {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const Slots slots = slots_at(pc + at + 1);
    put_vector<to>(fp, slots.d, get_vector<a>(fp, slots.a, va), va);
    WHERRY_THEN(2);
  }
};

}  // namespace wherry::interpret
