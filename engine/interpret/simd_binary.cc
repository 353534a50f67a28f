// Handlers of two vectors: Slots{a, b, d}, and the two words of a constant when the second is one (core spec 4.3.5).
// A constant has a class of its own because compilers put v128.const inside loops: it costs nothing to make again where
// they come from.
#include "engine/interpret/simd.h"

namespace wherry::interpret {
namespace {

template <Op op, From a, From b, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_binary(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const V128 x = get_vector<a>(fp, slots.a, va);
  V128 y;
  if constexpr (b == From::Const)
    y = vector_at(pc + 2);
  else
    y = get_vector<b>(fp, slots.b, va);
  put_vector<to>(fp, slots.d, VectorOperation<op>::value(x, y), va);
  WHERRY_NEXT(b == From::Const ? 4 : 2);
}

template <Op op>
struct BinaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / 3);
    constexpr From b = vector_from(index / lower::kVectorTos % 3);
    if constexpr (a == From::Acc && b == From::Acc)
      return 0;
    else
      return word_of(&vector_binary<op, a, b, vector_to(index)>);
  }
};

}  // namespace

constinit const RowsOf<VectorShape::Binary, lower::kVectorBinaryForms> kVectorBinary =
    make_vector_rows<VectorShape::Binary, lower::kVectorBinaryForms, BinaryEntry>();

}  // namespace wherry::interpret
