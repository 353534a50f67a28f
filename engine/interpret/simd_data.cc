// Vectors as they are: constants, moves, select, globals, returns, and the shuffle, whose lanes are in the code.
#include "engine/interpret/cold.h"
#include "engine/interpret/globals.h"
#include "engine/interpret/simd_steps.h"

namespace wherry::interpret {
namespace {

using lower::StepForm;

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
      data.shuffle[kAt] =
          lower::numbered(word_of(&vector_hot<VectorShuffle<a, b, To::Slot>>),
                          lower::Step{.form = StepForm::VectorShuffle, .a = a, .b = b, .to = To::Slot});
      data.shuffle[kAt + 1] =
          lower::numbered(word_of(&vector_hot<VectorShuffle<a, b, To::Acc>>),
                          lower::Step{.form = StepForm::VectorShuffle, .a = a, .b = b, .to = To::Acc});
      const auto set_select = [&data]<From c>() {
        constexpr uint32_t kRow = (kAt / 2 * kFroms + static_cast<uint32_t>(c)) * 2;
        data.select[kRow] = word_of(&vector_hot<VectorSelect<a, b, c, To::Slot>>);
        data.select[kRow + 1] = word_of(&vector_hot<VectorSelect<a, b, c, To::Acc>>);
      };
      set_select.template operator()<From::Slot>();
      set_select.template operator()<From::Acc>();
    }
  };
  const auto set_one = [&]<From a>() {
    constexpr uint32_t kAt = lower::vector_index(a);
    set_two.template operator()<a, From::Slot>();
    set_two.template operator()<a, From::Acc>();
    data.move[kAt * 2] = lower::numbered(word_of(&vector_hot<VectorMove<a, To::Slot>>),
                                         lower::Step{.form = StepForm::VectorMove, .a = a, .to = To::Slot});
    if constexpr (a == From::Slot)
      data.move[kAt * 2 + 1] =
          lower::numbered(word_of(&vector_hot<VectorMove<a, To::Acc>>),
                          lower::Step{.form = StepForm::VectorMove, .a = a, .to = To::Acc});
    data.global_set[0][kAt] = word_of(&vector_global_set<false, a>);
    data.global_set[1][kAt] = word_of(&vector_global_set<true, a>);
    data.return_one[kAt] = word_of(&return_vector<a>);
  };
  set_one.template operator()<From::Slot>();
  set_one.template operator()<From::Acc>();
  data.constant[0] = lower::numbered(word_of(&vector_hot<VectorConst<To::Slot>>),
                                     lower::Step{.form = StepForm::VectorConst, .to = To::Slot});
  data.constant[1] = lower::numbered(word_of(&vector_hot<VectorConst<To::Acc>>),
                                     lower::Step{.form = StepForm::VectorConst, .to = To::Acc});
  data.pin = lower::numbered(word_of(&vector_hot<PinVector>), lower::Step{.form = StepForm::VectorPin});
  data.load_pin = word_of(&vector_hot<LoadVectorPin>);
  data.global_get[0][0] = word_of(&vector_global_get<false, To::Slot>);
  data.global_get[0][1] = word_of(&vector_global_get<false, To::Acc>);
  data.global_get[1][0] = word_of(&vector_global_get<true, To::Slot>);
  data.global_get[1][1] = word_of(&vector_global_get<true, To::Acc>);
  return data;
}

}  // namespace

constinit const lower::VectorData kVectorData = make_data();

}  // namespace wherry::interpret
