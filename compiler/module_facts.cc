// What is known of a module before its functions are compiled: how much work each makes, whether it throws or catches, and
// which of its functions cannot throw (docs/abi.md, "Native code").
//
// A function may throw if it has `throw` or `throw_ref`, or calls what may: anything through a table or a reference,
// anything imported, or a function of the module that may. So calls of leaves, and of whatever only calls leaves,
// have no test behind them. That a try_table with catch_all keeps everything inside is not looked at: it would take
// the bodies' control structure, for functions that are rare.
//
// Bodies are read without being validated (that comes when they are compiled); one that cannot be read may throw.
#include <algorithm>
#include <vector>

#include "compiler/unit.h"
#include "compiler/weigh.h"
#include "engine/base/byte_reader.h"
#include "engine/wasm/instruction.h"

namespace wherry::compiler {
namespace {

using wasm::Op;

struct Edge {
  uint32_t callee;  // By defined index.
  uint32_t caller;
};

class Scan {
 public:
  explicit Scan(const wasm::Module& module) : module_(module), scales_(module) {
    may_throw_.resize(module.bodies.size());
    weights_.resize(module.bodies.size());
  }

  ModuleFacts run() {
    for (uint32_t i = 0; i < module_.bodies.size(); ++i) read_body(i);
    ModuleFacts facts;
    facts.is_flagged = is_flagged_;
    facts.weights = std::move(weights_);
    if (!is_flagged_) return facts;
    spread();
    facts.may_throw = std::move(may_throw_);
    return facts;
  }

 private:
  void read_body(uint32_t defined);
  void look_at(const wasm::Instruction& instruction, uint32_t defined);
  void spread();

  const wasm::Module& module_;
  Scales scales_;
  std::vector<uint32_t> weights_;
  bool is_flagged_ = false;
  std::vector<bool> may_throw_;
  std::vector<Edge> calls_;
};

void Scan::read_body(uint32_t defined) {
  const wasm::CodeBody& body = module_.bodies[defined];
  base::ByteReader reader(module_.bytes.subspan(body.offset, body.size_bytes), body.offset);
  for (uint32_t groups = reader.u32(); groups > 0 && reader.ok(); --groups) {
    static_cast<void>(reader.u32());
    if (!wasm::read_val_type(reader, module_.features)) break;
  }
  scales_.begin_body();
  wasm::Instruction instruction;
  while (reader.ok() && !reader.at_end()) {
    if (!wasm::read_instruction(reader, module_.features, &instruction)) break;
    look_at(instruction, defined);
    scales_.add(instruction);
  }
  weights_[defined] = static_cast<uint32_t>(std::min<uint64_t>(scales_.weight(), UINT32_MAX));
  if (!reader.ok() || !reader.at_end()) may_throw_[defined] = true;
}

void Scan::look_at(const wasm::Instruction& instruction, uint32_t defined) {
  switch (instruction.op) {
    case Op::TryTable: is_flagged_ = true; return;
    case Op::Throw:
    case Op::ThrowRef:
      is_flagged_ = true;
      may_throw_[defined] = true;
      return;
    case Op::CallIndirect:
    case Op::CallRef:
    case Op::ReturnCallIndirect:
    case Op::ReturnCallRef: may_throw_[defined] = true; return;
    case Op::Call:
    case Op::ReturnCall:
      if (instruction.index < module_.imported_funcs || instruction.index >= module_.funcs.size())
        may_throw_[defined] = true;
      else
        calls_.push_back({instruction.index - module_.imported_funcs, defined});
      return;
    default: return;
  }
}

// From callees to callers, each function once.
void Scan::spread() {
  std::vector<uint32_t> begin(may_throw_.size() + 1);
  for (const Edge edge : calls_) ++begin[edge.callee + 1];
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  std::vector<uint32_t> callers(calls_.size());
  std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
  for (const Edge edge : calls_) callers[next[edge.callee]++] = edge.caller;
  std::vector<uint32_t> work;
  for (uint32_t i = 0; i < may_throw_.size(); ++i) {
    if (may_throw_[i]) work.push_back(i);
  }
  while (!work.empty()) {
    const uint32_t callee = work.back();
    work.pop_back();
    for (uint32_t i = begin[callee]; i < begin[callee + 1]; ++i) {
      if (may_throw_[callers[i]]) continue;
      may_throw_[callers[i]] = true;
      work.push_back(callers[i]);
    }
  }
}

}  // namespace

ModuleFacts scan_module(const validate::TypedModule& module) { return Scan(module.module).run(); }

}  // namespace wherry::compiler
