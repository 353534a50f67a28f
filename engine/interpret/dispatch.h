#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/abi/cell.h"
#include "engine/lower/slot_code.h"

// How handlers are written and joined. One source, two builds:
//
//   tail (default)           a handler ends by calling the next one with [[clang::musttail]]. The interpreter's state
//                            travels in argument registers (preserve_none: nothing is saved), so a chain of handlers
//                            runs in one native frame.
//   WHERRY_DISPATCH_LOOP     a handler returns to a loop, and the state is a struct: half as fast, but any compiler
//                            and any sanitizer can follow it.
//
// The state. Order matters on x86-64 only: the first four go to registers that a C function preserves, so that cold
// handlers which call C++ do not spill them.
//   pc    the current instruction (its first word) while a handler runs: traps and faults report it
//   fp    the frame's base
//   mem   base of memory 0, an invariant of the context
//   acc, fa, da, va   the accumulators; pin0, pin1, dpin0, dpin1, vpin   the mirrored locals (engine/lower/slot_code.h)
//   ctx   the instance
//   meter what is left until code has to stop and look: fuel, or looks at the deadline. In StoreState::fuel while C++ runs that
//         may want to know or change it (engine/interpret/cold.h)
//   hand  what is handed over: FuncCode* to the first instruction of a function, the header's slot to the cell that a
//         return goes to, an argument to a cold handler. Undefined after WHERRY_NEXT and WHERRY_GOTO, because on x86-64 it
//         lies in rcx, which shifts want.
//
// What an instruction does is a step:
//   struct Name { template <uint32_t at, class... Rest> static WHERRY_STEP run(WHERRY_ARGS) { WHERRY_STATE; ...; WHERRY_THEN(2); } };
// Its operands are at pc + at, and after it comes the first of Rest, or a dispatch. A handler is one step, or several
// joined (engine/interpret/joined.h): `pc` stays at the first of them until the dispatch, so traps and faults find it.
namespace wherry::abi {
struct Context;
}

namespace wherry::interpret {

using abi::Cell;
using abi::Context;
using lower::From;
using lower::Slots;
using lower::SlotsBranch;
using lower::SlotsOffset;
using lower::To;

// A v128 value as bytes; handlers of vectors give it the shape they work on.
using V128 = uint8_t __attribute__((vector_size(16)));

// Optional count of dispatches: the deterministic figure of this interpreter. Off, it costs nothing.
#ifdef WHERRY_COUNT
// Somebody has brought a counter of his own, by -include.
#elif defined(WHERRY_COUNT_DISPATCHES)
inline thread_local uint64_t dispatches = 0;
#define WHERRY_COUNT() (void)++dispatches
#else
#define WHERRY_COUNT() (void)0
#endif

#ifdef WHERRY_DISPATCH_LOOP

struct State {
  const Cell* pc;
  uint64_t* fp;
  uint8_t* mem;
  uint64_t acc;
  uint64_t pin0;
  uint64_t pin1;
  Context* ctx;
  uint64_t hand;
  uint64_t meter;
  float fa;
  double da;
  V128 va;
  double dpin0;
  double dpin1;
  V128 vpin;
};
// What a handler returns for "run pc"; anything else is a TrapCode and ends the run.
inline constexpr uint64_t kGoOn = ~uint64_t{0};

using HandlerFn = uint64_t (*)(State&);
#define WHERRY_HANDLER uint64_t
#define WHERRY_ARGS State& state
#define WHERRY_STATE                          \
  [[maybe_unused]] auto& pc = state.pc;       \
  [[maybe_unused]] auto& fp = state.fp;       \
  [[maybe_unused]] auto& mem = state.mem;     \
  [[maybe_unused]] auto& acc = state.acc;     \
  [[maybe_unused]] auto& pin0 = state.pin0;   \
  [[maybe_unused]] auto& hand = state.hand;   \
  [[maybe_unused]] auto& meter = state.meter; \
  [[maybe_unused]] auto& ctx = state.ctx;     \
  [[maybe_unused]] auto& pin1 = state.pin1;   \
  [[maybe_unused]] auto& fa = state.fa;       \
  [[maybe_unused]] auto& da = state.da;       \
  [[maybe_unused]] auto& va = state.va;       \
  [[maybe_unused]] auto& dpin0 = state.dpin0; \
  [[maybe_unused]] auto& dpin1 = state.dpin1; \
  [[maybe_unused]] auto& vpin = state.vpin
#define WHERRY_TAIL(function) return function(state)
#define WHERRY_DISPATCH() \
  do {                    \
    WHERRY_COUNT();       \
    return kGoOn;         \
  } while (0)

#else

// The handlers' signature, for the type, the definitions and the calls.
#define WHERRY_HANDLER __attribute__((preserve_none)) uint64_t
#define WHERRY_ARGS                                                                                 \
  [[maybe_unused]] const ::wherry::abi::Cell *pc, [[maybe_unused]] uint64_t *fp,                    \
      [[maybe_unused]] uint8_t *mem, [[maybe_unused]] uint64_t acc, [[maybe_unused]] uint64_t pin0, \
      [[maybe_unused]] uint64_t pin1, [[maybe_unused]] ::wherry::abi::Context *ctx,                 \
      [[maybe_unused]] uint64_t hand, [[maybe_unused]] uint64_t meter, [[maybe_unused]] float fa,   \
      [[maybe_unused]] double da, [[maybe_unused]] ::wherry::interpret::V128 va,                    \
      [[maybe_unused]] double dpin0, [[maybe_unused]] double dpin1,                                 \
      [[maybe_unused]] ::wherry::interpret::V128 vpin
typedef WHERRY_HANDLER (*HandlerFn)(WHERRY_ARGS);
#define WHERRY_STATE (void)0
#define WHERRY_TAIL(function)                                                                            \
  [[clang::musttail]] return function(pc, fp, mem, acc, pin0, pin1, ctx, hand, meter, fa, da, va, dpin0, \
                                      dpin1, vpin)
#define WHERRY_DISPATCH()                            \
  do {                                               \
    WHERRY_COUNT();                                  \
    WHERRY_TAIL(reinterpret_cast<HandlerFn>(pc[0])); \
  } while (0)

#endif

#define WHERRY_INLINE __attribute__((always_inline)) inline
// Sections: all handlers that matter lie together; those whose accesses may fault can be told by their address.
#define WHERRY_HOT __attribute__((section("wherry_handlers"))) static
#define WHERRY_FAULTING __attribute__((section("wherry_guarded"))) static
#define WHERRY_COLD __attribute__((noinline, cold))

// `hand` may hold anything from here on.
#if defined(__x86_64__) && !defined(WHERRY_DISPATCH_LOOP)
#define WHERRY_DROP_HAND() asm("" : "=c"(hand))
#else
#define WHERRY_DROP_HAND() (void)0
#endif

#define WHERRY_NEXT(words) \
  do {                     \
    pc += (words);         \
    WHERRY_DROP_HAND();    \
    WHERRY_DISPATCH();     \
  } while (0)
#define WHERRY_GOTO(target) \
  do {                      \
    pc = (target);          \
    WHERRY_DROP_HAND();     \
    WHERRY_DISPATCH();      \
  } while (0)
#define WHERRY_STEP WHERRY_INLINE WHERRY_HANDLER
// Ends a step of `words` words: the next step, or a dispatch.
#define WHERRY_THEN(words)                           \
  do {                                               \
    if constexpr (sizeof...(Rest) == 0) {            \
      WHERRY_NEXT(at + (words));                     \
    } else {                                         \
      WHERRY_TAIL((kStep<(at + (words)), Rest...>)); \
    }                                                \
  } while (0)
// `pc` must still be the trapping instruction's.
#define WHERRY_TRAP(code)               \
  do {                                  \
    hand = static_cast<uint64_t>(code); \
    WHERRY_TAIL(trap_exit);             \
  } while (0)

// In a step: the trap is its own instruction's.
#define WHERRY_STEP_TRAP(code) \
  do {                         \
    pc += at;                  \
    WHERRY_TRAP(code);         \
  } while (0)

// Ends the run with the trap code in `hand`, recording where.
WHERRY_HANDLER trap_exit(WHERRY_ARGS);

// The function of a step whose operands are at pc + at.
template <uint32_t at, class First, class... Rest>
inline constexpr auto kStep = &First::template run<at, Rest...>;

// Handlers made of steps; the second kind holds an access that may fault.
template <class... Steps>
WHERRY_HOT WHERRY_HANDLER hot(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TAIL((kStep<0, Steps...>));
}
template <class... Steps>
WHERRY_FAULTING WHERRY_HANDLER faulting(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TAIL((kStep<0, Steps...>));
}

// A handler's address as a constant word. The odd form is the one in which clang folds a conversion from pointer to
// integer at compile time, so that tables need no code to set them up.
constexpr Cell word_of(HandlerFn handler) {
  return __builtin_constant_p(reinterpret_cast<Cell>(handler)) ? reinterpret_cast<Cell>(handler)
                                                               : reinterpret_cast<Cell>(handler);
}

// Operand words are read field by field: reading them whole and shifting costs four instructions more.
using AliasU16 [[gnu::may_alias]] = uint16_t;
using AliasU32 [[gnu::may_alias]] = uint32_t;

WHERRY_INLINE Slots slots_at(const Cell* word) {
  const auto* fields = reinterpret_cast<const AliasU16*>(word);
  return {fields[0], fields[1], fields[2], fields[3]};
}
WHERRY_INLINE SlotsOffset slots_offset_at(const Cell* word) {
  const auto* fields = reinterpret_cast<const AliasU16*>(word);
  return {fields[0], fields[1], reinterpret_cast<const AliasU32*>(word)[1]};
}
WHERRY_INLINE SlotsBranch slots_branch_at(const Cell* word) {
  const auto* fields = reinterpret_cast<const AliasU16*>(word);
  return {fields[0], fields[1], static_cast<int32_t>(reinterpret_cast<const AliasU32*>(word)[1])};
}

template <class T>
inline constexpr bool kIsFloat = std::is_floating_point_v<T>;

// An operand; `constant` is read for From::Const only. A pinned local is one of the operand's domain.
template <class T, From from>
WHERRY_INLINE T get(const uint64_t* fp, uint16_t slot, uint64_t constant, uint64_t acc, uint64_t pin0,
                    uint64_t pin1, float fa, double da, [[maybe_unused]] double dpin0 = 0,
                    [[maybe_unused]] double dpin1 = 0) {
  static_assert(!std::is_same_v<T, float> || (from != From::Pin0 && from != From::Pin1));
  if constexpr (from == From::Slot) {
    T value;
    std::memcpy(&value, fp + slot, sizeof value);
    return value;
  } else if constexpr (from == From::Const) {
    if constexpr (sizeof(T) == 4)
      return std::bit_cast<T>(static_cast<uint32_t>(constant));
    else
      return std::bit_cast<T>(constant);
  } else if constexpr (from == From::Acc) {
    if constexpr (std::is_same_v<T, float>)
      return fa;
    else if constexpr (std::is_same_v<T, double>)
      return da;
    else
      return static_cast<T>(acc);
  } else if constexpr (kIsFloat<T>) {
    return from == From::Pin0 ? dpin0 : dpin1;
  } else {
    return static_cast<T>(from == From::Pin0 ? pin0 : pin1);
  }
}

// A result: to its accumulator always, and where `to` says.
template <class T, To to>
WHERRY_INLINE void put(uint64_t* fp, uint16_t slot, T value, uint64_t& acc, uint64_t& pin0, uint64_t& pin1,
                       float& fa, double& da, double& dpin0, double& dpin1) {
  if constexpr (std::is_same_v<T, float>) {
    fa = value;
    if constexpr (to != To::Acc) fp[slot] = std::bit_cast<uint32_t>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    da = value;
    if constexpr (to != To::Acc) fp[slot] = std::bit_cast<uint64_t>(value);
    if constexpr (to == To::Pin0) dpin0 = value;
    if constexpr (to == To::Pin1) dpin1 = value;
  } else {
    acc = value;
    if constexpr (to != To::Acc) fp[slot] = acc;
    if constexpr (to == To::Pin0) pin0 = acc;
    if constexpr (to == To::Pin1) pin1 = acc;
  }
}

#define WHERRY_GET(T, from, slot, constant) \
  (get<T, from>(fp, (slot), (constant), acc, pin0, pin1, fa, da, dpin0, dpin1))
#define WHERRY_PUT(T, to, slot, value) \
  (put<T, to>(fp, (slot), (value), acc, pin0, pin1, fa, da, dpin0, dpin1))

}  // namespace wherry::interpret
