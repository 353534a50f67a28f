// Throwing (core spec 4.4.8, 4.4.10 "throw contexts"). Nobody tests for exceptions after calls: a throw walks the
// frames of the run by their return cells, as a backtrace does, asks the runtime about each whether it catches
// (Builtins::find_catch, from tables beside the code), and goes on at the label of the clause that does. The frames above
// it are simply not in use any more; nothing in a frame needs undoing.
//
// One run of handlers is one native frame, so a catch in the same run is a jump. When no frame of the run catches, the
// run ends with UncaughtException and StoreState::pending_exception holds the exception; a host function that was in
// between may pass it on to the run outside by HostStatus::Throw.
// Rejected: a pending exception tested after every call that may throw (a load and a branch for each of them, and
// docs/rationale.md has what a throw costs without).
#include <algorithm>

#include "engine/abi/heap.h"
#include "engine/interpret/cold.h"
#include "engine/interpret/frames.h"
#include "engine/interpret/other.h"

namespace wherry::interpret {

using abi::Ref;
using wasm::TrapCode;

namespace {

struct Search {
  Ref exception = abi::kNullRef;
  abi::Catch found;
  TrapCode trap = TrapCode::None;
  Context* context = nullptr;
  uint64_t* base = nullptr;
};

const FuncCode* look(void* environment, Context* context, const Cell* cell) {
  auto* const search = static_cast<Search*>(environment);
  search->trap = context->builtins->find_catch(context, cell, search->exception, &search->found);
  return search->trap == TrapCode::None ? search->found.site.code : nullptr;
}

bool go_on(void* environment, const Frame& frame) {
  auto* const search = static_cast<Search*>(environment);
  if (search->found.clause == nullptr) return true;
  search->context = frame.context;
  search->base = frame.base;
  return false;
}

// Walks the innermost run's frames for who catches, and gives the label there its values.
[[gnu::noinline]] Search find_catch(abi::StoreState* store, Ref exception) {
  Search search;
  search.exception = exception;
  walk_frames(*store->activation->crossings, &search, &look, &go_on);
  if (search.base == nullptr) return search;
  const abi::CatchClause& clause = *search.found.clause;
  const auto* const object = reinterpret_cast<const abi::ExceptionObject*>(exception);
  uint64_t* slots = search.base + clause.slot;
  if (clause.with_arguments) slots = std::copy_n(object->slots(), object->header.length, slots);
  if (clause.with_reference) *slots = exception;
  return search;
}

}  // namespace

WHERRY_COLD WHERRY_HANDLER unwind(WHERRY_ARGS) {
  WHERRY_STATE;
  abi::StoreState* const store = ctx->store;
  keep_meter(ctx, meter);
  const Search search = find_catch(store, hand);
  WHERRY_TAKE_METER();
  if (search.base == nullptr) {
    store->trap = search.trap;
    if (search.trap == TrapCode::None) {
      store->trap = TrapCode::UncaughtException;
      store->pending_exception = hand;
    }
    WHERRY_END_RUN(store->trap);
  }
  const FuncCode* const code = search.found.site.code;
  ctx = search.context;
  mem = ctx->memory0_base;
  fp = search.base;
  pin0 = fp[code->pinned0];
  pin1 = fp[code->pinned1];
  WHERRY_GOTO(search.found.site.begin + search.found.clause->target);
}

namespace other {

WHERRY_HANDLER Throw(WHERRY_ARGS) {
  WHERRY_STATE;
  record_position(ctx, pc, fp);
  ctx->store->activation->stack_top = ctx->store->stack_limit;
  const auto tag = static_cast<uint32_t>(pc[2]);
  hand = ctx->builtins->make_exception(ctx, tag, fp + slots_at(pc + 1).a);
  if (hand == abi::kNullRef) WHERRY_TRAP(TrapCode::OutOfMemory);
  WHERRY_TAIL(unwind);
}

WHERRY_HANDLER ThrowRef(WHERRY_ARGS) {
  WHERRY_STATE;
  const Ref exception = fp[slots_at(pc + 1).a];
  if (exception == abi::kNullRef) WHERRY_TRAP(TrapCode::NullExceptionReference);
  record_position(ctx, pc, fp);
  hand = exception;
  WHERRY_TAIL(unwind);
}

}  // namespace other

}  // namespace wherry::interpret
