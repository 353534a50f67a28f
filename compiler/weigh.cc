// The weight of a body, known before anything is made of it.
//
// Most instructions become one to five of LLVM's. What grows faster than the code are phis: a local that is set anywhere inside of a
// construct may need a phi where the construct's label is, with an entry for each branch there. 5,000 loops in each other, around 5,000
// locals that are set, are 60 KB of code and 25,000,000 phis. Control is structured, so these are counted on the way: the n-th time a
// local is set, only the constructs count that were opened since it was set before; the others know of it. This is an upper bound
// (blocks nobody branches to are left out, locals nobody reads afterwards are not). Code generation without optimisation takes time with the
// square of the phis of one label (20,000: 15 s), so that is part of the weight.
//
// Time and memory of a compilation are bounded by this number instead of by clocks, which would make other code on another day.
#include "compiler/weigh.h"

#include <ranges>

#include "engine/wasm/limits.h"

namespace wherry::compiler {

namespace {

using wasm::Immediate;
using wasm::Op;

// Calls of anything else than functions are long sequences, or were.
uint64_t weight_of(const wasm::Instruction& instruction) {
  switch (instruction.op) {
    case Op::CallIndirect:
    case Op::CallRef:
    case Op::ReturnCallIndirect:
    case Op::ReturnCallRef: return 10;
    case Op::Call:
    case Op::ReturnCall: return 4;
    case Op::BrTable: return 2 + uint64_t{instruction.count};
    case Op::Nop:
    case Op::Block:
    case Op::Drop: return 0;
    default: break;
  }
  const Immediate immediate = wasm::info(instruction.op).immediate;
  if (wasm::is_memory_access(immediate)) return 5;
  switch (immediate) {
    case Immediate::None:
    case Immediate::Local:
    case Immediate::I32:
    case Immediate::I64:
    case Immediate::F32:
    case Immediate::F64:
    case Immediate::V128: return 1;
    case Immediate::Block:
    case Immediate::Label:
    case Immediate::Global: return 3;
    case Immediate::ArrayFixed: return 20 + 3 * uint64_t{instruction.second};
    case Immediate::TryTable: return 10 + 10 * uint64_t{instruction.count};
    default: return 12;
  }
}

}  // namespace

void Scales::begin_body() {
  constructs_.clear();
  constructs_.push_back({++serial_, 0, 0, 0, false, false});
  weight_ = 0;
}

void Scales::add(const wasm::Instruction& instruction) {
  if (weight_ > kMostWeight || constructs_.empty()) return;
  weight_ += weight_of(instruction);
  switch (instruction.op) {
    case Op::Block:
    case Op::Loop:
    case Op::If:
    case Op::TryTable: return open(instruction);
    case Op::Else: constructs_.back().is_if = false; return branch_to(0);
    case Op::End: return close();
    case Op::LocalSet:
    case Op::LocalTee: return set_local(instruction.index);
    case Op::BrTable: {
      wasm::LabelList labels(instruction);
      for (uint64_t i = 0; i <= instruction.count; ++i) branch_to(labels.next());
      return;
    }
    default: break;
  }
  const Immediate immediate = wasm::info(instruction.op).immediate;
  if (immediate == Immediate::Label || immediate == Immediate::BranchCast) branch_to(instruction.index);
}

uint32_t Scales::arity_of(const wasm::Instruction& instruction) const {
  const wasm::BlockType& type = instruction.block;
  if (type.kind == wasm::BlockType::Kind::Empty) return 0;
  if (type.kind == wasm::BlockType::Kind::Value) return instruction.op == Op::Loop ? 0 : 1;
  if (type.type.value >= module_.types.size()) return 0;  // Not valid.
  const wasm::FuncType& func = module_.types[type.type.value].func;
  return static_cast<uint32_t>(instruction.op == Op::Loop ? func.params.size() : func.results.size());
}

void Scales::open(const wasm::Instruction& instruction) {
  constructs_.push_back(
      {++serial_, 0, 0, arity_of(instruction), instruction.op == Op::Loop, instruction.op == Op::If});
}

void Scales::close() {
  const Construct& construct = constructs_.back();
  const uint64_t ways = construct.branches + (construct.is_if ? 1 : 0);
  // The code in front of the label is one more way to it.
  const uint64_t phis = construct.sets + construct.arity;
  if (ways != 0) weight_ += (ways + 1) * phis + (phis * phis >> 10);
  constructs_.pop_back();
}

void Scales::branch_to(uint64_t depth) {
  if (depth >= constructs_.size()) return;
  ++constructs_[constructs_.size() - 1 - depth].branches;
}

void Scales::set_local(uint32_t index) {
  if (index >= wasm::kMaxLocals) return;  // Not valid.
  if (index >= last_sets_.size()) last_sets_.resize(index + 1);
  const uint64_t last = last_sets_[index];
  last_sets_[index] = serial_;
  for (Construct& construct : std::views::reverse(constructs_)) {
    if (construct.serial <= last) return;
    ++construct.sets;
    ++weight_;
  }
}

}  // namespace wherry::compiler
