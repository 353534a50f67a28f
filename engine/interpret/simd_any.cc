// Vectors of memories other than the first, of 64-bit ones, and with offsets beyond the guard: everything in slots,
// always checked, as memory_any.h. Four words: handler, Slots{a, b: value, d, e: lane}, offset, byte offset of the
// MemoryObject* in the Context.
#include "engine/interpret/memory_any.h"
#include "engine/interpret/simd.h"

namespace wherry::interpret {
namespace {

// The address of an access of `Memory`, or null.
template <class Memory>
WHERRY_INLINE uint8_t* find_at(const Cell* pc, const uint64_t* fp, Context* ctx) {
  const auto* memory = *ctx->at<const abi::MemoryObject*>(static_cast<uint32_t>(pc[3]));
  return find_bytes<Memory>(memory, fp[slots_at(pc + 1).a], pc[2]);
}

template <Op op>
WHERRY_VECTOR WHERRY_HANDLER load_vector_any(WHERRY_ARGS) {
  WHERRY_STATE;
  using Memory = typename VectorOperation<op>::Memory;
  const uint8_t* bytes = find_at<Memory>(pc, fp, ctx);
  if (bytes == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
  Memory value;
  std::memcpy(&value, bytes, sizeof value);
  set_vector(fp + slots_at(pc + 1).d, VectorOperation<op>::value(value));
  WHERRY_NEXT(4);
}

WHERRY_VECTOR WHERRY_HANDLER store_vector_any(WHERRY_ARGS) {
  WHERRY_STATE;
  uint8_t* bytes = find_at<V128>(pc, fp, ctx);
  if (bytes == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
  std::memcpy(bytes, fp + slots_at(pc + 1).b, sizeof(V128));
  WHERRY_NEXT(4);
}

template <Op op>
WHERRY_VECTOR WHERRY_HANDLER load_lane_any(WHERRY_ARGS) {
  WHERRY_STATE;
  using Operation = VectorOperation<op>;
  using Memory = typename Operation::Memory;
  const uint8_t* bytes = find_at<Memory>(pc, fp, ctx);
  if (bytes == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
  Memory value;
  std::memcpy(&value, bytes, sizeof value);
  asm volatile("" : "+r"(pc) : : "memory");  // The slots are read again: keeping them would take a frame.
  const Slots slots = slots_at(pc + 1);
  const V128 vector = vector_at(fp + slots.b);
  set_vector(fp + slots.d, replace_lane<typename Operation::Lanes>(vector, value, slots.e));
  WHERRY_NEXT(4);
}

template <Op op>
WHERRY_VECTOR WHERRY_HANDLER store_lane_any(WHERRY_ARGS) {
  WHERRY_STATE;
  using Memory = typename VectorOperation<op>::Memory;
  const Slots slots = slots_at(pc + 1);
  uint8_t* bytes = find_at<Memory>(pc, fp, ctx);
  if (bytes == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::MemoryOutOfBounds);
  std::memcpy(bytes, reinterpret_cast<const uint8_t*>(fp + slots.b) + slots.e * sizeof(Memory),
              sizeof(Memory));
  WHERRY_NEXT(4);
}

constexpr lower::VectorAny make_any() {
  lower::VectorAny any{};
#define LOAD(name, Memory, value) \
  any.load[lower::vector_family_of(Op::name).index] = word_of(&load_vector_any<Op::name>);
#define LOAD_LANE(name, T) \
  any.load_lane[lower::vector_family_of(Op::name).index] = word_of(&load_lane_any<Op::name>);
#define STORE_LANE(name, T) \
  any.store_lane[lower::vector_family_of(Op::name).index] = word_of(&store_lane_any<Op::name>);
#include "engine/interpret/simd_operations.inc"
  any.store[0] = word_of(&store_vector_any);
  return any;
}

}  // namespace

constinit const lower::VectorAny kVectorAny = make_any();

}  // namespace wherry::interpret
