#pragma once

#include "engine/abi/context.h"
#include "engine/interpret/rows.h"

// Loads and stores of memory 0 with a 32-bit index, in the two ways in which they find out that an address is out
// of bounds.
//
// Guarded: they do not ask. The memory's reservation covers every address that they can form, and what is not
// memory faults; the fault handler then goes on in trap_fault with the registers as they are (interpreter.h). So `pc`
// must be exact, and no register of the state changed, while the access happens: an empty asm makes `pc` depend on
// the value loaded, or come after the store. tools/check-handlers looks at the machine code for this.
// Checked: they compare with the memory's present size. The address has at most 33 bits, so nothing wraps.
namespace wherry::interpret {

template <class Memory>
WHERRY_INLINE bool is_outside(const Context* ctx, uint64_t address) {
  return address + sizeof(Memory) > ctx->memory0->size_bytes.load(std::memory_order_relaxed);
}

// SAFETY: both are called with an address that is below the memory's size or faults in its reservation.
template <class Memory, Access access>
WHERRY_INLINE Memory read_memory(const Cell*& pc, const uint8_t* mem, uint64_t address) {
  Memory value;
  std::memcpy(&value, mem + address, sizeof value);
  if constexpr (access == Access::Guarded) {
#if defined(__x86_64__)
    if constexpr (kIsFloat<Memory>) asm volatile("" : "+r"(pc) : "x"(value));
#else
    if constexpr (kIsFloat<Memory>) asm volatile("" : "+r"(pc) : "w"(value));
#endif
    else
      asm volatile("" : "+r"(pc) : "r"(value));
  }
  return value;
}

template <class Memory, Access access>
WHERRY_INLINE void write_memory(const Cell*& pc, uint8_t* mem, uint64_t address, Memory value) {
  std::memcpy(mem + address, &value, sizeof value);
  if constexpr (access == Access::Guarded) asm volatile("" : "+r"(pc) : : "memory");
}

#define WHERRY_CHECK_BOUNDS(Memory, address)             \
  if constexpr (access == Access::Checked) {             \
    if (is_outside<Memory>(ctx, (address))) [[unlikely]] \
      WHERRY_STEP_TRAP(TrapCode::MemoryOutOfBounds);     \
  }

// A constant address is the offset itself.
template <From a>
WHERRY_INLINE uint64_t plain_address(SlotsOffset slots, const uint64_t* fp, uint64_t acc, uint64_t pin0,
                                     uint64_t pin1) {
  if constexpr (a == From::Const) return slots.offset;
  return uint64_t{slots.offset} + get<uint32_t, a>(fp, slots.a, 0, acc, pin0, pin1, 0, 0);
}
#define WHERRY_PLAIN_ADDRESS(a, slots) (plain_address<a>((slots), fp, acc, pin0, pin1))

// The handler of one access, in the section it belongs to.
template <Access access, class Step>
constexpr HandlerFn access_handler() {
  if constexpr (access == Access::Guarded)
    return &faulting<Step>;
  else
    return &hot<Step>;
}

// SlotsOffset{a, d, offset}.
template <Op op, Access access, From a, To to>
struct Load {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Memory = typename Operation<op>::Memory;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    const uint64_t address = WHERRY_PLAIN_ADDRESS(a, slots);
    WHERRY_CHECK_BOUNDS(Memory, address)
    const Memory value = read_memory<Memory, access>(pc, mem, address);
    WHERRY_PUT(typename Operation<op>::Out, to, slots.d, Operation<op>::value(value));
    WHERRY_THEN(2);
  }
};

// Slots{a, b, d, e: offset}.
template <Op op, Access access, From a, From b, To to>
struct LoadIndexed {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Memory = typename Operation<op>::Memory;
    constexpr uint32_t kWords = b == From::Const ? 3 : 2;
    const Slots slots = slots_at(pc + at + 1);
    const uint32_t x = WHERRY_GET(uint32_t, a, slots.a, 0);
    const uint32_t y = WHERRY_GET(uint32_t, b, slots.b, pc[at + kWords - 1]);
    const uint64_t address = uint64_t{x + y} + slots.e;
    WHERRY_CHECK_BOUNDS(Memory, address)
    const Memory value = read_memory<Memory, access>(pc, mem, address);
    WHERRY_PUT(typename Operation<op>::Out, to, slots.d, Operation<op>::value(value));
    WHERRY_THEN(kWords);
  }
};

// SlotsOffset{a, d: value, offset}.
template <Op op, Access access, From a, From value>
struct Store {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using In = typename Operation<op>::In;
    using Memory = typename Operation<op>::Memory;
    constexpr uint32_t kWords = value == From::Const ? 3 : 2;
    const SlotsOffset slots = slots_offset_at(pc + at + 1);
    const uint64_t address = WHERRY_PLAIN_ADDRESS(a, slots);
    const In x = WHERRY_GET(In, value, slots.d, pc[at + kWords - 1]);
    WHERRY_CHECK_BOUNDS(Memory, address)
    write_memory<Memory, access>(pc, mem, address, Operation<op>::value(x));
    WHERRY_THEN(kWords);
  }
};

// Slots{a, b, d: value, e: offset}; two constants share a word.
template <Op op, Access access, From a, From b, From value>
struct StoreIndexed {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using In = typename Operation<op>::In;
    using Memory = typename Operation<op>::Memory;
    constexpr uint32_t kWords = b == From::Const || value == From::Const ? 3 : 2;
    const Slots slots = slots_at(pc + at + 1);
    const uint64_t constant = pc[at + kWords - 1];
    const uint32_t x = WHERRY_GET(uint32_t, a, slots.a, 0);
    const uint32_t y = WHERRY_GET(uint32_t, b, slots.b, constant);
    const uint64_t address = uint64_t{x + y} + slots.e;
    const In stored = WHERRY_GET(In, value, slots.d, b == From::Const ? constant >> 32 : constant);
    WHERRY_CHECK_BOUNDS(Memory, address)
    write_memory<Memory, access>(pc, mem, address, Operation<op>::value(stored));
    WHERRY_THEN(kWords);
  }
};

template <Op op, Access access>
struct LoadEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (has_load<op>(a, to))
      return word_of(access_handler<access, Load<op, access, a, to>>());
    else
      return 0;
  }
};

template <Op op, Access access>
struct LoadIndexedEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos / kFroms);
    constexpr From b = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (has_load_indexed<op, access>(a, b, to))
      return word_of(access_handler<access, LoadIndexed<op, access, a, b, to>>());
    else
      return 0;
  }
};

template <Op op, Access access>
struct StoreEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kFroms);
    constexpr From value = from_at(index);
    if constexpr (has_store<op>(a, value))
      return word_of(access_handler<access, Store<op, access, a, value>>());
    else
      return 0;
  }
};

template <Op op, Access access>
struct StoreIndexedEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kFroms / kFroms);
    constexpr From b = from_at(index / kFroms);
    constexpr From value = from_at(index);
    if constexpr (has_store_indexed<op, access>(a, b, value)) {
      return word_of(access_handler<access, StoreIndexed<op, access, a, b, value>>());
    } else {
      return 0;
    }
  }
};

template <Op op, Access access>
constinit const Row<kFroms * kTos> LoadRow<op, access>::plain =
    make_row<kFroms * kTos>(LoadEntry<op, access>(), {lower::StepForm::Load, op});
template <Op op, Access access>
constinit const Row<kFroms * kFroms * kTos> LoadRow<op, access>::indexed =
    make_row<kFroms * kFroms * kTos>(LoadIndexedEntry<op, access>(), {lower::StepForm::LoadIndexed, op});
template <Op op, Access access>
constinit const Row<kFroms * kFroms> StoreRow<op, access>::plain =
    make_row<kFroms * kFroms>(StoreEntry<op, access>(), {lower::StepForm::Store, op});
template <Op op, Access access>
constinit const Row<kFroms * kFroms * kFroms> StoreRow<op, access>::indexed =
    make_row<kFroms * kFroms * kFroms>(StoreIndexedEntry<op, access>(), {lower::StepForm::StoreIndexed, op});

}  // namespace wherry::interpret
