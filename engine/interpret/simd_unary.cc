// Handlers of one and of three vectors: Slots{a, b, d, e: c} (core spec 4.3.5).
#include "engine/interpret/simd.h"

namespace wherry::interpret {
namespace {

template <Op op, From a, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_unary(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  put_vector<to>(fp, slots.d, VectorOperation<op>::value(get_vector<a>(fp, slots.a, va)), va);
  WHERRY_NEXT(2);
}

template <Op op>
struct UnaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    return word_of(&vector_unary<op, vector_from(index / lower::kVectorTos), vector_to(index)>);
  }
};

template <Op op, From a, From b, From c, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_ternary(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const V128 x = get_vector<a>(fp, slots.a, va);
  const V128 y = get_vector<b>(fp, slots.b, va);
  const V128 z = get_vector<c>(fp, slots.e, va);
  put_vector<to>(fp, slots.d, VectorOperation<op>::value(x, y, z), va);
  WHERRY_NEXT(2);
}

template <Op op>
struct TernaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / 4);
    constexpr From b = vector_from(index / lower::kVectorTos / 2 % 2);
    constexpr From c = vector_from(index / lower::kVectorTos % 2);
    if constexpr ((a == From::Acc) + (b == From::Acc) + (c == From::Acc) > 1)
      return 0;
    else
      return word_of(&vector_ternary<op, a, b, c, vector_to(index)>);
  }
};

}  // namespace

constinit const RowsOf<VectorShape::Unary, lower::kVectorUnaryForms> kVectorUnary =
    make_vector_rows<VectorShape::Unary, lower::kVectorUnaryForms, UnaryEntry>();
constinit const RowsOf<VectorShape::Ternary, lower::kVectorTernaryForms> kVectorTernary =
    make_vector_rows<VectorShape::Ternary, lower::kVectorTernaryForms, TernaryEntry>();

}  // namespace wherry::interpret
