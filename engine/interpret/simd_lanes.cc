// Handlers where scalars and vectors meet: shifts, tests, lanes, splats (core spec 4.3.5).
//
// A lane's number stands in the instruction. Reading one from a vector in its slots is a scalar load. From the
// accumulator it is an instruction of its own for each number: there for lanes of 4 and 8 bytes; the smaller ones are
// read from the slots, where they always are. Replacing goes by a mask.
#include "engine/interpret/simd.h"

namespace wherry::interpret {
namespace {

template <Op op, From a, From count, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_shift(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const uint32_t n = WHERRY_GET(uint32_t, count, slots.b, pc[2]);
  put_vector<to>(fp, slots.d, VectorOperation<op>::value(get_vector<a>(fp, slots.a, va), n), va);
  WHERRY_NEXT(count == From::Const ? 3 : 2);
}

template <Op op>
struct ShiftEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / kFroms);
    constexpr From count = from_at(index / lower::kVectorTos);
    if constexpr (is_pin(count))
      return 0;
    else
      return word_of(&vector_shift<op, a, count, vector_to(index)>);
  }
};

template <Op op, From a, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_test(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  WHERRY_PUT(uint32_t, to, slots.d, VectorOperation<op>::value(get_vector<a>(fp, slots.a, va)));
  WHERRY_NEXT(2);
}

template <Op op>
struct TestEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    return word_of(&vector_test<op, vector_from(index / kTos), to_at(index)>);
  }
};

template <Op op, To to>
WHERRY_VECTOR WHERRY_HANDLER extract_slot(WHERRY_ARGS) {
  WHERRY_STATE;
  using Operation = VectorOperation<op>;
  using Lane = LaneOf<typename Operation::Lanes>;
  const Slots slots = slots_at(pc + 1);
  Lane lane;
  std::memcpy(&lane, reinterpret_cast<const uint8_t*>(fp + slots.a) + slots.e * sizeof lane, sizeof lane);
  WHERRY_PUT(typename Operation::Out, to, slots.d, Operation::value(lane));
  WHERRY_NEXT(2);
}

template <Op op, uint32_t lane, To to>
WHERRY_VECTOR WHERRY_HANDLER extract_acc(WHERRY_ARGS) {
  WHERRY_STATE;
  using Operation = VectorOperation<op>;
  using Lanes = typename Operation::Lanes;
  WHERRY_PUT(typename Operation::Out, to, slots_at(pc + 1).d, Operation::value(((Lanes)va)[lane]));
  WHERRY_NEXT(2);
}

template <Op op>
struct ExtractEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    using Operation = VectorOperation<op>;
    constexpr To to = to_at(index);
    constexpr uint32_t kForm = index / kTos;
    if constexpr (is_pin(to) && kIsFloat<typename Operation::Out>)
      return 0;
    else if constexpr (kForm == 0)
      return word_of(&extract_slot<op, to>);
    else if constexpr (kLanes<typename Operation::Lanes> <= 4 && kForm <= kLanes<typename Operation::Lanes>)
      return word_of(&extract_acc<op, kForm - 1, to>);
    else
      return 0;
  }
};

template <Op op, From a, From scalar, To to>
WHERRY_VECTOR WHERRY_HANDLER replace(WHERRY_ARGS) {
  WHERRY_STATE;
  using Operation = VectorOperation<op>;
  using Lanes = typename Operation::Lanes;
  const Slots slots = slots_at(pc + 1);
  const auto lane = static_cast<LaneOf<Lanes>>(WHERRY_GET(typename Operation::In, scalar, slots.b, 0));
  put_vector<to>(fp, slots.d, replace_lane<Lanes>(get_vector<a>(fp, slots.a, va), lane, slots.e), va);
  WHERRY_NEXT(2);
}

template <Op op>
struct ReplaceEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / kFroms);
    constexpr From scalar = from_at(index / lower::kVectorTos);
    if constexpr (is_pin(scalar) || scalar == From::Const)
      return 0;
    else
      return word_of(&replace<op, a, scalar, vector_to(index)>);
  }
};

template <Op op, From a, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_splat(WHERRY_ARGS) {
  WHERRY_STATE;
  using Operation = VectorOperation<op>;
  const Slots slots = slots_at(pc + 1);
  put_vector<to>(fp, slots.d, Operation::value(WHERRY_GET(typename Operation::In, a, slots.a, 0)), va);
  WHERRY_NEXT(2);
}

template <Op op>
struct SplatEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / lower::kVectorTos);
    if constexpr (a == From::Const || (is_pin(a) && kIsFloat<typename VectorOperation<op>::In>))
      return 0;
    else
      return word_of(&vector_splat<op, a, vector_to(index)>);
  }
};

}  // namespace

constinit const RowsOf<VectorShape::Shift, lower::kVectorScalarForms> kVectorShift =
    make_vector_rows<VectorShape::Shift, lower::kVectorScalarForms, ShiftEntry>();
constinit const RowsOf<VectorShape::Test, lower::kVectorTestForms> kVectorTest =
    make_vector_rows<VectorShape::Test, lower::kVectorTestForms, TestEntry>();
constinit const RowsOf<VectorShape::Extract, lower::kVectorExtractForms> kVectorExtract =
    make_vector_rows<VectorShape::Extract, lower::kVectorExtractForms, ExtractEntry>();
constinit const RowsOf<VectorShape::Replace, lower::kVectorScalarForms> kVectorReplace =
    make_vector_rows<VectorShape::Replace, lower::kVectorScalarForms, ReplaceEntry>();
constinit const RowsOf<VectorShape::Splat, lower::kVectorSplatForms> kVectorSplat =
    make_vector_rows<VectorShape::Splat, lower::kVectorSplatForms, SplatEntry>();

}  // namespace wherry::interpret
