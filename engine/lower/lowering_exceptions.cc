// Exceptions (core spec 4.4.8, "try_table", "throw"). A try_table emits nothing: it is a block, and its clauses become
// rows of tables that are read when something is thrown (engine/abi/exceptions.h).
//
// Why that is sound: a clause is a branch to a label, which whoever catches takes on behalf of the code, from any call
// or throw inside. What a label's code reads is there at each of them. Values below the label's height have been in
// their slots, or are constants, since the label's block began, as for any branch; locals are always current in their
// slots; the label forgets the accumulators because it is branched to; and the label's own values are written by whoever
// catches.
//
// Regions are noted where something can throw, not where try_tables begin and end: instructions may still be taken back
// or joined around a block's ends, calls never are, so that nothing has to be sealed for the tables' sake.
// Rejected: an instruction at either end that keeps a chain of handlers (two dispatches an entry), and stubs that move
// the values (whoever catches knows the slots).
#include "engine/lower/lowering.h"
#include "engine/wasm/errors.h"

namespace wherry::lower {

using wasm::CatchKind;
using wasm::ErrorCode;
using wasm::Op;

void Lowering::try_table(const Instruction& instruction, Control& control, Operand* params) {
  block(control, params);
  control.label.position = catch_scope_;
  if (instruction.count == 0) return;
  base::Vector<abi::CatchScope>& scopes = out_->catch_scopes;
  const auto first = static_cast<uint32_t>(out_->catch_clauses.size());
  wasm::CatchList list(instruction);
  for (uint32_t i = 0; i < instruction.count && !failed_; ++i) {
    const wasm::CatchClause clause = list.next();
    add_clause(clause);
    if (clause.kind == CatchKind::CatchAll || clause.kind == CatchKind::CatchAllRef) break;
  }
  const uint32_t count = static_cast<uint32_t>(out_->catch_clauses.size()) - first;
  if (!scopes.push_back({catch_scope_, first, count})) return fail(ErrorCode::OutOfMemory);
  catch_scope_ = static_cast<uint32_t>(scopes.size()) - 1;
}

void Lowering::add_clause(const wasm::CatchClause& clause) {
  Control& target = state_->target(clause.label + 1);  // Labels count from outside the try_table.
  const bool is_tagged = clause.kind == CatchKind::Catch || clause.kind == CatchKind::CatchRef;
  abi::CatchClause made;
  made.tag = is_tagged ? clause.tag.value : abi::CatchClause::kAnyTag;
  made.slot = static_cast<uint16_t>(target_slot(target));
  made.with_arguments = is_tagged;
  made.with_reference = clause.kind == CatchKind::CatchRef || clause.kind == CatchKind::CatchAllRef;
  if (target.op == Op::Loop) made.target = target.label.position;
  const auto index = static_cast<uint32_t>(out_->catch_clauses.size());
  if (!out_->catch_clauses.push_back(made)) return fail(ErrorCode::OutOfMemory);
  if (target.op == Op::Loop) return;
  link(target, {kNone, index});
}

// The next instruction can throw.
void Lowering::note_throwing() {
  base::Vector<abi::CatchRegion>& regions = out_->catch_regions;
  const uint32_t here = regions.empty() ? kNone : regions.back().scope;
  if (here == catch_scope_) return;
  if (!regions.push_back({emitter_.size(), catch_scope_})) fail(ErrorCode::OutOfMemory);
}

void Lowering::throw_(const Instruction& instruction, Operand* operands, uint32_t params) {
  const Handler handler = environment_.handlers.other[static_cast<uint32_t>(instruction.op)];
  if (handler == 0) return cannot_run(instruction.op);
  materialize(operands, params);
  note_throwing();
  emitter_.emit(handler, Emitter::pack(Slots{static_cast<uint16_t>(slot_at(operands)), 0, 0, 0}));
  emitter_.word(instruction.index);
  emitter_.seal();
  end_segment();
}

}  // namespace wherry::lower
