// Vectors as they are: constants, moves, select, globals, returns, and the shuffle, whose lanes are in the code.
#include "engine/interpret/cold.h"
#include "engine/interpret/globals.h"
#include "engine/interpret/simd.h"

namespace wherry::interpret {
namespace {

template <To to>
WHERRY_VECTOR WHERRY_HANDLER vector_const(WHERRY_ARGS) {
  WHERRY_STATE;
  put_vector<to>(fp, slots_at(pc + 1).d, vector_at(pc + 2), va);
  WHERRY_NEXT(4);
}

template <From a, From b, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_shuffle(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const V128 x = get_vector<a>(fp, slots.a, va);
  const V128 y = get_vector<b>(fp, slots.b, va);
  put_vector<to>(fp, slots.d, (V128)shuffle(x, y, vector_at(pc + 2)), va);
  WHERRY_NEXT(4);
}

template <From a, From b, From condition, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_select(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const V128 x = get_vector<a>(fp, slots.a, va);
  const V128 y = get_vector<b>(fp, slots.b, va);
  const U64x2 mask = splat<U64x2>(uint64_t{0} - (WHERRY_GET(uint32_t, condition, slots.e, 0) != 0));
  put_vector<to>(fp, slots.d, (V128)choose_bits((U64x2)x, (U64x2)y, mask), va);
  WHERRY_NEXT(2);
}

template <From a, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_move(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  put_vector<to>(fp, slots.d, get_vector<a>(fp, slots.a, va), va);
  WHERRY_NEXT(2);
}

template <bool imported, To to>
WHERRY_VECTOR WHERRY_HANDLER vector_global_get(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsOffset slots = slots_offset_at(pc + 1);
  put_vector<to>(fp, slots.d, vector_at(global_at<imported>(ctx, slots.offset)), va);
  WHERRY_NEXT(2);
}

template <bool imported, From a>
WHERRY_VECTOR WHERRY_HANDLER vector_global_set(WHERRY_ARGS) {
  WHERRY_STATE;
  const SlotsOffset slots = slots_offset_at(pc + 1);
  set_vector(global_at<imported>(ctx, slots.offset), get_vector<a>(fp, slots.a, va));
  WHERRY_NEXT(2);
}

// Without parameters the header lies where the result goes, and leaving the instance reads it once more.
template <From a>
WHERRY_VECTOR WHERRY_HANDLER return_vector(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  hand = slots.e;
  const auto* const cell = reinterpret_cast<const Cell*>(fp[hand]);
  if constexpr (a == From::Slot) {
    if (cell == cross_cell()) [[unlikely]]
      WHERRY_TAIL(return_many_cross);
  }
  va = get_vector<a>(fp, slots.a, va);
  set_vector(fp, va);
  pc = cell;
  WHERRY_RETURN();
}

constexpr lower::VectorData make_data() {
  lower::VectorData data{};
  const auto set_two = [&data]<From a, From b>() {
    constexpr uint32_t kAt = (lower::vector_index(a) * 2 + lower::vector_index(b)) * 2;
    if constexpr (a != From::Acc || b != From::Acc) {
      data.shuffle[kAt] = word_of(&vector_shuffle<a, b, To::Slot>);
      data.shuffle[kAt + 1] = word_of(&vector_shuffle<a, b, To::Acc>);
      const auto set_select = [&data]<From c>() {
        constexpr uint32_t kRow = (kAt / 2 * kFroms + static_cast<uint32_t>(c)) * 2;
        data.select[kRow] = word_of(&vector_select<a, b, c, To::Slot>);
        data.select[kRow + 1] = word_of(&vector_select<a, b, c, To::Acc>);
      };
      set_select.template operator()<From::Slot>();
      set_select.template operator()<From::Acc>();
    }
  };
  const auto set_one = [&]<From a>() {
    constexpr uint32_t kAt = lower::vector_index(a);
    set_two.template operator()<a, From::Slot>();
    set_two.template operator()<a, From::Acc>();
    data.move[kAt * 2] = word_of(&vector_move<a, To::Slot>);
    if constexpr (a == From::Slot) data.move[kAt * 2 + 1] = word_of(&vector_move<a, To::Acc>);
    data.global_set[0][kAt] = word_of(&vector_global_set<false, a>);
    data.global_set[1][kAt] = word_of(&vector_global_set<true, a>);
    data.return_one[kAt] = word_of(&return_vector<a>);
  };
  set_one.template operator()<From::Slot>();
  set_one.template operator()<From::Acc>();
  data.constant[0] = word_of(&vector_const<To::Slot>);
  data.constant[1] = word_of(&vector_const<To::Acc>);
  data.global_get[0][0] = word_of(&vector_global_get<false, To::Slot>);
  data.global_get[0][1] = word_of(&vector_global_get<false, To::Acc>);
  data.global_get[1][0] = word_of(&vector_global_get<true, To::Slot>);
  data.global_get[1][1] = word_of(&vector_global_get<true, To::Acc>);
  return data;
}

}  // namespace

constinit const lower::VectorData kVectorData = make_data();

}  // namespace wherry::interpret
