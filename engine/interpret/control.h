#pragma once

#include "engine/interpret/again.h"
#include "engine/interpret/cold.h"
#include "engine/interpret/operations.h"
#include "engine/wasm/type_registry.h"

// Branches, calls and returns (core spec 4.4.8 to 4.4.10).
namespace wherry::interpret {

// --- Branches. Conditional ones have a dispatch for each way out; see compare_branch.cc. ---

struct Branch {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    pc += at;
    WHERRY_GOTO(pc + slots_branch_at(pc + 1).distance);
  }
};

template <bool sense, From a>
struct BranchIf {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    const SlotsBranch slots = slots_branch_at(pc + at + 1);
    if ((WHERRY_GET(uint32_t, a, slots.a, 0) != 0) == sense) {
      WHERRY_STEP_GOTO(slots.distance);
    }
    WHERRY_THEN(2);
  }
};

// The index below `size`, or `otherwise`, also while the processor guesses: a conditional move, not a branch.
WHERRY_INLINE uint64_t limit_index(uint64_t index, uint64_t size, uint64_t otherwise) {
#if defined(__x86_64__)
  asm("cmpq %[size], %[index]\n\tcmovaeq %[otherwise], %[index]"
      : [index] "+r"(index)
      : [size] "r"(size), [otherwise] "r"(otherwise)
      : "cc");
  return index;
#elif defined(__aarch64__)
  asm("cmp %[index], %[size]\n\tcsel %[index], %[index], %[otherwise], lo"
      : [index] "+r"(index)
      : [size] "r"(size), [otherwise] "r"(otherwise)
      : "cc");
  return index;
#else
  return index < size ? index : otherwise;
#endif
}

template <From a>
struct BrTable {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    const SlotsBranch slots = slots_branch_at(pc + at + 1);
    const Cell* const table = pc + at + slots.distance;
    const auto* const fields = reinterpret_cast<const AliasU32*>(table);
    const uint64_t index = limit_index(WHERRY_GET(uint32_t, a, slots.a, 0), fields[0], fields[0]);
    WHERRY_GOTO(table + static_cast<int32_t>(fields[1 + index]));
  }
};

[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER unreachable(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TRAP(TrapCode::Unreachable);
}

// --- Calls ---

// Of code in this instance; `words` is the call's length.
#define WHERRY_CALL(function_code, words)                                           \
  do {                                                                              \
    const FuncCode* const code_ = (function_code);                                  \
    const Slots call_ = slots_at(pc + (words) - 1);                                 \
    uint64_t* const base_ = fp + call_.a;                                           \
    if (!is_ready_and_fits(code_, base_, ctx)) [[unlikely]] {                       \
      hand = reinterpret_cast<uint64_t>(code_);                                     \
      WHERRY_TAIL(call_not_ready);                                                  \
    }                                                                               \
    base_[call_.e + abi::kHeaderReturn] = reinterpret_cast<uint64_t>(pc + (words)); \
    WHERRY_BEGIN(code_, base_);                                                     \
  } while (0)

// Of a function object, which may belong to another instance.
#define WHERRY_CALL_OBJECT(object, words)         \
  do {                                            \
    const FuncObject* const object_ = (object);   \
    if (object_->context != ctx) [[unlikely]] {   \
      hand = reinterpret_cast<uint64_t>(object_); \
      acc = (words);                              \
      WHERRY_TAIL(call_cross);                    \
    }                                             \
    WHERRY_CALL(object_->code, words);            \
  } while (0)

// The same for calls that replace the frame. The arguments lie above the place they move to.
#define WHERRY_RETURN_CALL(function_code, words)                      \
  do {                                                                \
    const FuncCode* const code_ = (function_code);                    \
    if (!is_ready_and_fits(code_, fp, ctx)) [[unlikely]] {            \
      hand = reinterpret_cast<uint64_t>(code_);                       \
      WHERRY_TAIL(call_not_ready);                                    \
    }                                                                 \
    const Slots slots_ = slots_at(pc + (words) - 1);                  \
    const uint64_t* const old_ = fp + slots_.d;                       \
    const uint64_t header_[] = {old_[0], old_[1], old_[2]};           \
    const uint64_t* from_ = fp + slots_.a;                            \
    uint64_t* to_ = fp;                                               \
    for (uint32_t left_ = slots_.b; left_ != 0; --left_) {            \
      *to_++ = *from_++;                                              \
      asm volatile("" : "+r"(to_), "+r"(from_));                      \
    }                                                                 \
    uint64_t* const new_ = fp + code_->param_slots;                   \
    new_[0] = header_[0], new_[1] = header_[1], new_[2] = header_[2]; \
    WHERRY_BEGIN(code_, fp);                                          \
  } while (0)

#define WHERRY_RETURN_CALL_OBJECT(object, words)  \
  do {                                            \
    const FuncObject* const object_ = (object);   \
    if (object_->context != ctx) [[unlikely]] {   \
      hand = reinterpret_cast<uint64_t>(object_); \
      acc = (words);                              \
      WHERRY_TAIL(return_call_cross);             \
    }                                             \
    WHERRY_RETURN_CALL(object_->code, words);     \
  } while (0)

struct Call {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    pc += at;
    WHERRY_CALL(reinterpret_cast<const FuncCode*>(pc[1]), 3);
  }
};

struct CallImport {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    pc += at;
    WHERRY_CALL_OBJECT(*ctx->at<FuncObject*>(static_cast<uint32_t>(pc[1])), 3);
  }
};

[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER return_call(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_RETURN_CALL(reinterpret_cast<const FuncCode*>(pc[1]), 3);
}

[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER return_call_import(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_RETURN_CALL_OBJECT(*ctx->at<FuncObject*>(static_cast<uint32_t>(pc[1])), 3);
}

// Whether a made function may be called as type `type_id`, which stands at `depth` in the displays of its subtypes.
WHERRY_INLINE bool is_subtype(const FuncObject* object, uint32_t type_id, uint32_t depth) {
  const auto& display = object->type->display;
  return depth < display.size() && abi::type_id_of(display[depth]) == type_id;
}

// Looks up, checks and names the callee `object` of a call_indirect, or leaves by a trap. An i32 index has its upper
// half zero, so 64 bits are compared for both kinds of table.
#define WHERRY_LOOK_UP(subtypes, from)                                                           \
  const auto* const fields_ = reinterpret_cast<const AliasU32*>(pc + 1);                         \
  const TableObject* const table_ = *ctx->at<const TableObject*>(fields_[2]);                    \
  uint64_t index_ = WHERRY_GET(uint64_t, from, reinterpret_cast<const AliasU16*>(pc + 1)[0], 0); \
  if (index_ >= table_->size) [[unlikely]]                                                       \
    WHERRY_TRAP(TrapCode::UndefinedElement);                                                     \
  index_ = limit_index(index_, table_->size, 0);                                                 \
  const auto* const object = reinterpret_cast<const FuncObject*>(table_->entries[index_]);       \
  if (object == nullptr) [[unlikely]]                                                            \
    WHERRY_TRAP(TrapCode::UninitializedElement);                                                 \
  if (object->type_id != fields_[1]) [[unlikely]] {                                              \
    if (object->type_id == 0) {                                                                  \
      hand = reinterpret_cast<uint64_t>(object);                                                 \
      WHERRY_TAIL(call_not_made);                                                                \
    }                                                                                            \
    if (!(subtypes) || !is_subtype(object, fields_[1], fields_[3] & 0x7fffffff)) {               \
      WHERRY_TRAP(TrapCode::IndirectCallTypeMismatch);                                           \
    }                                                                                            \
  }

using abi::TableObject;

template <bool subtypes, From a>
struct CallIndirect {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    pc += at;
    WHERRY_LOOK_UP(subtypes, a)
    WHERRY_CALL_OBJECT(object, 4);
  }
};

template <bool subtypes>
WHERRY_HOT WHERRY_HANDLER return_call_indirect(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_LOOK_UP(subtypes, From::Slot)
  WHERRY_RETURN_CALL_OBJECT(object, 4);
}

template <From a>
WHERRY_HOT WHERRY_HANDLER call_ref(WHERRY_ARGS) {
  WHERRY_STATE;
  const auto* object = reinterpret_cast<const FuncObject*>(WHERRY_GET(uint64_t, a, slots_at(pc + 1).a, 0));
  if (object == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullFunctionReference);
  WHERRY_CALL_OBJECT(object, 3);
}

[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER return_call_ref(WHERRY_ARGS) {
  WHERRY_STATE;
  const auto* object = reinterpret_cast<const FuncObject*>(fp[slots_at(pc + 1).a]);
  if (object == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullFunctionReference);
  WHERRY_RETURN_CALL_OBJECT(object, 3);
}

// --- Returns: the header is read before results are written, which may cover it. ---
//
// Where the caller goes on is known late: the next address depends on a chain of loads, and calls take the time of that
// chain. So for few parameters the handler itself knows the header's slot (kNearHeaders), and a call knows it from its own
// words: the chain is one load from the frame, not three through the code.

inline constexpr uint32_t kAnyHeader = lower::kNearHeaders;

// In the returning step: `hand` and `pc` from the header.
#define WHERRY_READ_HEADER()                                        \
  do {                                                              \
    hand = header != kAnyHeader ? header : slots_at(pc + at + 1).e; \
    pc = reinterpret_cast<const Cell*>(fp[hand]);                   \
  } while (0)

template <uint32_t header>
struct ReturnNone {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    WHERRY_READ_HEADER();
    WHERRY_RETURN();
  }
};

template <From a, uint32_t header>
struct ReturnOne {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    acc = WHERRY_GET(uint64_t, a, slots_at(pc + at + 1).a, pc[at + 2]);
    WHERRY_READ_HEADER();
    fp[0] = acc;
    WHERRY_RETURN();
  }
};

template <uint32_t header>
struct ReturnF32 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    WHERRY_READ_HEADER();
    fp[0] = std::bit_cast<uint32_t>(fa);
    WHERRY_RETURN();
  }
};

template <uint32_t header>
struct ReturnF64 {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    static_assert(sizeof...(Rest) == 0);
    WHERRY_STATE;
    WHERRY_READ_HEADER();
    fp[0] = std::bit_cast<uint64_t>(da);
    WHERRY_RETURN();
  }
};

[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER return_many(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  hand = slots.e;
  const auto* const cell = reinterpret_cast<const Cell*>(fp[hand]);
  if (cell == cross_cell()) [[unlikely]]
    WHERRY_TAIL(return_many_cross);
  const uint64_t* from = fp + slots.a;
  uint64_t* to = fp;
  for (uint32_t left = slots.b; left != 0; --left) {
    *to++ = *from++;
    asm volatile("" : "+r"(to), "+r"(from));
  }
  pc = cell;
  WHERRY_RETURN();
}

// --- Metering. `meter` is a register, so a cell costs a subtraction and a branch. Below zero the cold handler goes on. ---

// Takes the cost in `cell` off; whether that is more than is left. The register is current when this is done, and so when an access
// behind it faults: compilers may keep the difference elsewhere until the next handler.
WHERRY_INLINE bool spend(const Cell* cell, uint64_t& meter) {
#if defined(__x86_64__) && !defined(WHERRY_DISPATCH_LOOP)
  register uint64_t left asm("r8") = meter;  // Where the ninth argument of a handler is.
  bool is_out;
  asm volatile("subq %[cost], %[left]" : [left] "+r"(left), "=@ccs"(is_out) : [cost] "m"(*cell));
  meter = left;
  return is_out;
#elif defined(__aarch64__) && !defined(WHERRY_DISPATCH_LOOP)
  register uint64_t left asm("x28") = meter - *cell;
  asm volatile("" : "+r"(left));
  meter = left;
  return static_cast<int64_t>(left) < 0;
#else
  meter -= *cell;
  asm volatile("" : : : "memory");
  return static_cast<int64_t>(meter) < 0;
#endif
}

struct Fuel {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    if (spend(pc + at + 1, meter)) [[unlikely]] {
      pc += at;
      WHERRY_TAIL(out_of_fuel);
    }
    WHERRY_THEN(2);
  }
};

// Of code that counts no fuel: the meter counts down to the next look at the clock.
struct Interrupt {
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    if (spend(pc + at + 1, meter)) [[unlikely]] {
      pc += at;
      WHERRY_TAIL(look);
    }
    WHERRY_THEN(2);
  }
};

WHERRY_INLINE bool is_due(const Context* ctx) {
  const uint64_t epoch = ctx->interrupt->load(std::memory_order_relaxed);
  return epoch >= ctx->store->deadline_epoch.load(std::memory_order_relaxed);
}

// A look each time, for code that counts fuel too, or times its looks.
[[maybe_unused]] WHERRY_HOT WHERRY_HANDLER interrupt(WHERRY_ARGS) {
  WHERRY_STATE;
  if (is_due(ctx)) [[unlikely]]
    WHERRY_TAIL(interrupted);
  WHERRY_NEXT(2);
}

}  // namespace wherry::interpret
