// Instructions on whole memories and tables, references, and wide arithmetic (core spec 4.4.2, 4.4.6, 4.4.7): operands
// in consecutive slots, results over them, accumulators untouched. What is large or may fail is the runtime's
// (abi::Builtins), which also charges its fuel; these handlers have native frames and that is all right.
#include "engine/interpret/other.h"

#include "engine/interpret/operations.h"
#include "engine/interpret/runtime_call.h"

namespace wherry::interpret::other {
namespace {

using abi::FuncObject;
using abi::MemoryObject;
using abi::Ref;
using abi::TableObject;

struct Indices {
  uint32_t index, second;
};

Indices indices_at(const Cell* pc) {
  const auto* fields = reinterpret_cast<const AliasU32*>(pc + 2);
  return {fields[0], fields[1]};
}

uint64_t* operands_at(const Cell* pc, uint64_t* fp) { return fp + slots_at(pc + 1).a; }

template <class Object>
Object* object_at(const Cell* pc, Context* ctx) {
  return *ctx->at<Object*>(indices_at(pc).second);
}

// The result of a grow instruction in its index type.
uint64_t grown(uint64_t previous, bool is_64) { return is_64 ? previous : static_cast<uint32_t>(previous); }

}  // namespace

#define WHERRY_OTHER(name) WHERRY_HANDLER name(WHERRY_ARGS)

WHERRY_OTHER(MemorySize) {
  WHERRY_STATE;
  const auto* memory = object_at<MemoryObject>(pc, ctx);
  operands_at(pc, fp)[0] = memory->size_bytes.load(std::memory_order_relaxed) >> memory->page_size_log2;
  WHERRY_NEXT(3);
}

WHERRY_OTHER(MemoryGrow) {
  WHERRY_STATE;
  const auto* memory = object_at<MemoryObject>(pc, ctx);
  uint64_t* operands = operands_at(pc, fp);
  leave(ctx, pc, fp, meter);
  TrapCode trap = TrapCode::None;
  const uint64_t previous = ctx->builtins->memory_grow(ctx, indices_at(pc).index, operands[0], &trap);
  WHERRY_TAKE_METER();
  if (trap != TrapCode::None) [[unlikely]]
    WHERRY_TRAP(trap);
  operands[0] = grown(previous, memory->is_64);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(MemoryInit) {
  WHERRY_STATE;
  const uint64_t* operands = operands_at(pc, fp);
  const Indices indices = indices_at(pc);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->memory_init(ctx, indices.second, indices.index, operands[0],
                                            static_cast<uint32_t>(operands[1]),
                                            static_cast<uint32_t>(operands[2])));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(MemoryCopy) {
  WHERRY_STATE;
  const uint64_t* operands = operands_at(pc, fp);
  const Indices indices = indices_at(pc);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(
      ctx->builtins->memory_copy(ctx, indices.index, indices.second, operands[0], operands[1], operands[2]));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(MemoryFill) {
  WHERRY_STATE;
  const uint64_t* operands = operands_at(pc, fp);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->memory_fill(ctx, indices_at(pc).index, operands[0],
                                            static_cast<uint8_t>(operands[1]), operands[2]));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(DataDrop) {
  WHERRY_STATE;
  ctx->builtins->data_drop(ctx, indices_at(pc).index);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(TableGet) {
  WHERRY_STATE;
  const auto* table = object_at<TableObject>(pc, ctx);
  uint64_t* operands = operands_at(pc, fp);
  if (operands[0] >= table->size) [[unlikely]]
    WHERRY_TRAP(TrapCode::TableOutOfBounds);
  operands[0] = table->entries[operands[0]];
  WHERRY_NEXT(3);
}

WHERRY_OTHER(TableSet) {
  WHERRY_STATE;
  const auto* table = object_at<TableObject>(pc, ctx);
  const uint64_t* operands = operands_at(pc, fp);
  if (operands[0] >= table->size) [[unlikely]]
    WHERRY_TRAP(TrapCode::TableOutOfBounds);
  table->entries[operands[0]] = operands[1];
  if (ctx->store->gc_barrier != 0) [[unlikely]]
    ctx->builtins->barrier(ctx, abi::kNullRef, operands[1]);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(TableSize) {
  WHERRY_STATE;
  operands_at(pc, fp)[0] = object_at<TableObject>(pc, ctx)->size;
  WHERRY_NEXT(3);
}

// Operands: the initial value, the number of new entries.
WHERRY_OTHER(TableGrow) {
  WHERRY_STATE;
  const auto* table = object_at<TableObject>(pc, ctx);
  uint64_t* operands = operands_at(pc, fp);
  leave(ctx, pc, fp, meter);
  TrapCode trap = TrapCode::None;
  const uint64_t previous =
      ctx->builtins->table_grow(ctx, indices_at(pc).index, operands[1], operands[0], &trap);
  WHERRY_TAKE_METER();
  if (trap != TrapCode::None) [[unlikely]]
    WHERRY_TRAP(trap);
  operands[0] = grown(previous, table->is_64);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(TableInit) {
  WHERRY_STATE;
  const uint64_t* operands = operands_at(pc, fp);
  const Indices indices = indices_at(pc);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->table_init(ctx, indices.second, indices.index, operands[0],
                                           static_cast<uint32_t>(operands[1]),
                                           static_cast<uint32_t>(operands[2])));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(TableCopy) {
  WHERRY_STATE;
  const uint64_t* operands = operands_at(pc, fp);
  const Indices indices = indices_at(pc);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(
      ctx->builtins->table_copy(ctx, indices.index, indices.second, operands[0], operands[1], operands[2]));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(TableFill) {
  WHERRY_STATE;
  const uint64_t* operands = operands_at(pc, fp);
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->table_fill(ctx, indices_at(pc).index, operands[0], operands[1], operands[2]));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ElemDrop) {
  WHERRY_STATE;
  ctx->builtins->elem_drop(ctx, indices_at(pc).index);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(RefNull) {
  WHERRY_STATE;
  operands_at(pc, fp)[0] = abi::kNullRef;
  WHERRY_NEXT(3);
}

WHERRY_OTHER(RefIsNull) {
  WHERRY_STATE;
  uint64_t* operands = operands_at(pc, fp);
  operands[0] = operands[0] == abi::kNullRef;
  WHERRY_NEXT(3);
}

// The object is made now: the reference may reach the host.
WHERRY_OTHER(RefFunc) {
  WHERRY_STATE;
  const Indices indices = indices_at(pc);
  FuncObject* func = indices.second != 0 ? *ctx->at<FuncObject*>(indices.second) : ctx->funcs + indices.index;
  if (func->type_id == 0) {
    leave(ctx, pc, fp, meter);
    ctx->builtins->make_func(ctx->store, func);
    WHERRY_TAKE_METER();
  }
  operands_at(pc, fp)[0] = reinterpret_cast<Ref>(func);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(RefEq) {
  WHERRY_STATE;
  uint64_t* operands = operands_at(pc, fp);
  operands[0] = operands[0] == operands[1];
  WHERRY_NEXT(3);
}

WHERRY_OTHER(RefAsNonNull) {
  WHERRY_STATE;
  if (operands_at(pc, fp)[0] == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullReference);
  WHERRY_NEXT(3);
}

// --- Wide arithmetic: 128 bits as {low, high} ---

namespace {

using Wide = unsigned __int128;

Wide wide_at(const uint64_t* slots) { return Wide{slots[1]} << 64 | slots[0]; }

void set_wide(uint64_t* slots, Wide value) {
  slots[0] = static_cast<uint64_t>(value);
  slots[1] = static_cast<uint64_t>(value >> 64);
}

}  // namespace

WHERRY_OTHER(I64Add128) {
  WHERRY_STATE;
  uint64_t* operands = operands_at(pc, fp);
  set_wide(operands, wide_at(operands) + wide_at(operands + 2));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(I64Sub128) {
  WHERRY_STATE;
  uint64_t* operands = operands_at(pc, fp);
  set_wide(operands, wide_at(operands) - wide_at(operands + 2));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(I64MulWideS) {
  WHERRY_STATE;
  uint64_t* operands = operands_at(pc, fp);
  const __int128 product =
      static_cast<__int128>(static_cast<int64_t>(operands[0])) * static_cast<int64_t>(operands[1]);
  set_wide(operands, static_cast<Wide>(product));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(I64MulWideU) {
  WHERRY_STATE;
  uint64_t* operands = operands_at(pc, fp);
  set_wide(operands, Wide{operands[0]} * operands[1]);
  WHERRY_NEXT(3);
}

}  // namespace wherry::interpret::other
