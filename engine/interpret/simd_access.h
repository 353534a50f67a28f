#pragma once

#include "engine/interpret/memory_access.h"
#include "engine/interpret/simd.h"

// Loads and stores of vectors in memory 0 with a 32-bit index; as in memory_access.h, guarded or checked.
namespace wherry::interpret {

#ifdef WHERRY_ACCESS_GUARDED
#define WHERRY_VECTOR_ACCESS WHERRY_FAULTING
#else
#define WHERRY_VECTOR_ACCESS WHERRY_VECTOR
#endif

// SAFETY: called with an address that is below the memory's size or faults in its reservation.
template <class Memory>
WHERRY_INLINE Memory read_lanes(const uint8_t* mem, uint64_t address) {
  Memory value;
  std::memcpy(&value, mem + address, sizeof value);
  return value;
}

// The handler of one access, in the section it belongs to.
template <class Step>
WHERRY_VECTOR_ACCESS WHERRY_HANDLER vector_accessing(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TAIL((kStep<0, Step>));
}

// The result of a guarded load: `pc` depends on it, so that it changes after the access.
template <Access access>
WHERRY_INLINE V128 accessed(const Cell*& pc, V128 result) {
  if constexpr (access == Access::Guarded) {
#if defined(__x86_64__)
    asm volatile("" : "+r"(pc) : "x"(result));
#else
    asm volatile("" : "+r"(pc) : "w"(result));
#endif
  }
  return result;
}

// SlotsOffset{a, d, offset}.
template <Op op, Access access, From a, To to>
struct VectorLoad {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Memory = typename VectorOperation<op>::Memory;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    const uint64_t address = WHERRY_PLAIN_ADDRESS(a, slots);
    WHERRY_CHECK_BOUNDS(Memory, address)
    const Memory value = read_lanes<Memory>(mem, address);
    put_vector<to>(fp, slots.d, accessed<access>(pc, VectorOperation<op>::value(value)), va);
    WHERRY_THEN(2);
  }
};

// Slots{a, b, d, e: offset}.
template <Op op, Access access, From a, From b, To to>
struct VectorLoadIndexed {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Memory = typename VectorOperation<op>::Memory;
    constexpr uint32_t kWords = b == From::Const ? 3 : 2;
    const Slots slots = slots_at(pc + at + 1);
    const uint32_t x = WHERRY_GET(uint32_t, a, slots.a, 0);
    const uint32_t y = WHERRY_GET(uint32_t, b, slots.b, pc[at + kWords - 1]);
    const uint64_t address = uint64_t{x + y} + slots.e;
    WHERRY_CHECK_BOUNDS(Memory, address)
    const Memory value = read_lanes<Memory>(mem, address);
    put_vector<to>(fp, slots.d, accessed<access>(pc, VectorOperation<op>::value(value)), va);
    WHERRY_THEN(kWords);
  }
};

// SlotsOffset{a, d: value, offset}.
template <Access access, From a, From value>
struct VectorStore {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    const uint64_t address = WHERRY_PLAIN_ADDRESS(a, slots);
    WHERRY_CHECK_BOUNDS(V128, address)
    write_memory<V128, access>(pc, mem, address, get_vector<value>(fp, slots.d, va));
    WHERRY_THEN(2);
  }
};

// Slots{a, b, d: value, e: offset}.
template <Access access, From a, From b, From value>
struct VectorStoreIndexed {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    constexpr uint32_t kWords = b == From::Const ? 3 : 2;
    const Slots slots = slots_at(pc + at + 1);
    const uint32_t x = WHERRY_GET(uint32_t, a, slots.a, 0);
    const uint32_t y = WHERRY_GET(uint32_t, b, slots.b, pc[at + kWords - 1]);
    const uint64_t address = uint64_t{x + y} + slots.e;
    WHERRY_CHECK_BOUNDS(V128, address)
    write_memory<V128, access>(pc, mem, address, get_vector<value>(fp, slots.d, va));
    WHERRY_THEN(kWords);
  }
};

// SlotsOffset{a, d, offset}, Slots{vector, lane}.
template <Op op, Access access, From a>
struct VectorLoadLane {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = VectorOperation<op>;
    using Memory = typename Operation::Memory;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    const Slots lane = slots_at(pc + at + 2);
    const V128 vector = vector_at(fp + lane.a);
    const uint64_t address = WHERRY_PLAIN_ADDRESS(a, slots);
    WHERRY_CHECK_BOUNDS(Memory, address)
    const V128 result =
        replace_lane<typename Operation::Lanes>(vector, read_lanes<Memory>(mem, address), lane.b);
    put_vector<To::Slot>(fp, slots.d, accessed<access>(pc, result), va);
    WHERRY_THEN(3);
  }
};

// The lane is read from the vector's slots.
template <Op op, Access access, From a>
struct VectorStoreLane {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Memory = typename VectorOperation<op>::Memory;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    Memory value;
    std::memcpy(&value,
                reinterpret_cast<const uint8_t*>(fp + slots.d) + slots_at(pc + at + 2).b * sizeof value,
                sizeof value);
    const uint64_t address = WHERRY_PLAIN_ADDRESS(a, slots);
    WHERRY_CHECK_BOUNDS(Memory, address)
    write_memory<Memory, access>(pc, mem, address, value);
    WHERRY_THEN(3);
  }
};

template <Access access>
struct VectorAccessEntries {
  template <Op op>
  struct Load {
    template <uint32_t index>
    constexpr Cell operator()() const {
      return word_of(
          &vector_accessing<VectorLoad<op, access, from_at(index / lower::kVectorTos), vector_to(index)>>);
    }
  };
  template <Op op>
  struct LoadIndexed {
    template <uint32_t index>
    constexpr Cell operator()() const {
      constexpr From a = from_at(index / lower::kVectorTos / kFroms);
      constexpr From b = from_at(index / lower::kVectorTos);
      if constexpr (has_vector_indexed(a, b))
        return word_of(&vector_accessing<VectorLoadIndexed<op, access, a, b, vector_to(index)>>);
      else
        return 0;
    }
  };
  struct Store {
    template <uint32_t index>
    constexpr Cell operator()() const {
      return word_of(&vector_accessing<VectorStore<access, from_at(index / 2), vector_from(index % 2)>>);
    }
  };
  struct StoreIndexed {
    template <uint32_t index>
    constexpr Cell operator()() const {
      constexpr From a = from_at(index / 2 / kFroms);
      constexpr From b = from_at(index / 2);
      if constexpr (has_vector_indexed(a, b))
        return word_of(&vector_accessing<VectorStoreIndexed<access, a, b, vector_from(index % 2)>>);
      else
        return 0;
    }
  };
  template <Op op>
  struct LoadLane {
    template <uint32_t index>
    constexpr Cell operator()() const {
      return word_of(&vector_accessing<VectorLoadLane<op, access, from_at(index)>>);
    }
  };
  template <Op op>
  struct StoreLane {
    template <uint32_t index>
    constexpr Cell operator()() const {
      return word_of(&vector_accessing<VectorStoreLane<op, access, from_at(index)>>);
    }
  };
  // Checked memories are the exception: their indexed forms leave out pins.
  static constexpr bool has_vector_indexed(From a, From b) {
    if (a == From::Const || !are_operands<uint32_t>(a, b)) return false;
    return access == Access::Guarded || (!is_pin(a) && !is_pin(b));
  }
};

template <Access access>
constinit const RowsOf<VectorShape::Load, lower::kVectorLoadForms> VectorAccess<access>::load =
    make_vector_rows<VectorShape::Load, lower::kVectorLoadForms, VectorAccessEntries<access>::template Load>(
        lower::StepForm::VectorLoad);
template <Access access>
constinit const RowsOf<VectorShape::Load, lower::kVectorIndexedForms> VectorAccess<access>::load_indexed =
    make_vector_rows<VectorShape::Load, lower::kVectorIndexedForms,
                     VectorAccessEntries<access>::template LoadIndexed>(lower::StepForm::VectorLoadIndexed);
template <Access access>
constinit const Row<kFroms * lower::kVectorFroms> VectorAccess<access>::store =
    make_row<kFroms * lower::kVectorFroms>(typename VectorAccessEntries<access>::Store(),
                                           {lower::StepForm::VectorStore});
template <Access access>
constinit const Row<kFroms * kFroms * lower::kVectorFroms> VectorAccess<access>::store_indexed =
    make_row<kFroms * kFroms * lower::kVectorFroms>(typename VectorAccessEntries<access>::StoreIndexed(),
                                                    {lower::StepForm::VectorStoreIndexed});
template <Access access>
constinit const RowsOf<VectorShape::LoadLane, kFroms> VectorAccess<access>::load_lane =
    make_vector_rows<VectorShape::LoadLane, kFroms, VectorAccessEntries<access>::template LoadLane>();
template <Access access>
constinit const RowsOf<VectorShape::StoreLane, kFroms> VectorAccess<access>::store_lane =
    make_vector_rows<VectorShape::StoreLane, kFroms, VectorAccessEntries<access>::template StoreLane>();

}  // namespace wherry::interpret
