// What is known of a module before its functions are compiled: how much work each makes, whether it throws or catches,
// which of its functions cannot throw (docs/abi.md, "Native code"), which tables never change, and which functions are
// only called directly.
//
// A function may throw if it has `throw` or `throw_ref`, or calls what may: anything through a table or a reference,
// anything imported, or a function of the module that may. So calls of leaves, and of whatever only calls leaves,
// have no test behind them. That a try_table with catch_all keeps everything inside is not looked at: it would take
// the bodies' control structure, for functions that are rare.
//
// Bodies are read without being validated (that comes when they are compiled); one that cannot be read may throw.
#include <algorithm>
#include <vector>

#include "compiler/constant_tables.h"
#include "compiler/unit.h"
#include "compiler/weigh.h"
#include "engine/base/byte_reader.h"
#include "engine/wasm/instruction.h"

namespace wherry::compiler {
namespace {

using wasm::Op;

using Edge = ModuleFacts::Edge;

class Scan {
 public:
  explicit Scan(const wasm::Module& module) : module_(module), scales_(module) {
    may_throw_.resize(module.bodies.size());
    weights_.resize(module.bodies.size());
    is_exposed_.resize(module.bodies.size());
    is_called_.resize(module.tables.size());
    is_changed_.resize(module.tables.size());
  }

  ModuleFacts run() {
    for (uint32_t i = 0; i < module_.bodies.size(); ++i) read_body(i);
    expose();
    ModuleFacts facts;
    facts.is_flagged = is_flagged_;
    facts.weights = std::move(weights_);
    facts.has_tail_calls = has_tail_calls_;
    facts.constant_tables = find_constant_tables(module_, is_called_, is_changed_);
    if (is_flagged_) {
      spread();
      facts.may_throw = std::move(may_throw_);
    }
    facts.is_exposed = std::move(is_exposed_);
    facts.calls = std::move(calls_);
    return facts;
  }

 private:
  void read_body(uint32_t defined);
  void look_at(const wasm::Instruction& instruction, uint32_t defined);
  void look_at_tables(const wasm::Instruction& instruction);
  void expose();
  void expose(uint32_t func);
  void expose_all_of(base::ByteSpan expressions);
  void spread();

  const wasm::Module& module_;
  Scales scales_;
  std::vector<uint32_t> weights_;
  bool is_flagged_ = false;
  bool has_tail_calls_ = false;
  std::vector<bool> may_throw_;
  std::vector<bool> is_exposed_;
  std::vector<bool> is_called_;   // By table.
  std::vector<bool> is_changed_;  // By table.
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
    look_at_tables(instruction);
    scales_.add(instruction);
  }
  weights_[defined] = static_cast<uint32_t>(std::min<uint64_t>(scales_.weight(), UINT32_MAX));
  if (reader.ok() && reader.at_end()) return;
  may_throw_[defined] = true;
  is_changed_.assign(is_changed_.size(), true);
  is_exposed_.assign(is_exposed_.size(), true);
}

void Scan::expose(uint32_t func) {
  if (func >= module_.imported_funcs && func - module_.imported_funcs < is_exposed_.size())
    is_exposed_[func - module_.imported_funcs] = true;
}

void Scan::expose_all_of(base::ByteSpan expressions) {
  base::ByteReader reader(expressions);
  wasm::Instruction instruction;
  while (reader.ok() && !reader.at_end()) {
    if (!wasm::read_instruction(reader, module_.features, &instruction)) return;
    if (instruction.op == Op::RefFunc) expose(instruction.index);
  }
}

// What refers to functions outside of bodies.
void Scan::expose() {
  for (const wasm::Export& exported : module_.exports) {
    if (exported.kind == wasm::ExternKind::Func) expose(exported.index);
  }
  if (module_.start) expose(module_.start->func.value);
  for (const wasm::Global& global : module_.globals) expose_all_of(global.init.bytes);
  for (const wasm::Table& table : module_.tables) {
    if (table.init) expose_all_of(table.init->bytes);
  }
  for (const wasm::ElementSegment& segment : module_.elements) {
    if (segment.has_expressions) {
      expose_all_of(segment.items);
      continue;
    }
    base::ByteReader reader(segment.items);
    for (uint32_t i = 0; i < segment.count && reader.ok(); ++i) expose(reader.u32());
  }
}

void Scan::look_at_tables(const wasm::Instruction& instruction) {
  const auto mark = [](std::vector<bool>& tables, uint32_t table) {
    if (table < tables.size()) tables[table] = true;
  };
  switch (instruction.op) {
    case Op::CallIndirect:
    case Op::ReturnCallIndirect: return mark(is_called_, instruction.second);
    case Op::TableSet:
    case Op::TableGrow:
    case Op::TableFill:
    case Op::TableCopy: return mark(is_changed_, instruction.index);
    case Op::TableInit: return mark(is_changed_, instruction.second);
    case Op::RefFunc: return expose(instruction.index);
    default: return;
  }
}

void Scan::look_at(const wasm::Instruction& instruction, uint32_t defined) {
  using enum Op;
  has_tail_calls_ = has_tail_calls_ || instruction.op == ReturnCall || instruction.op == ReturnCallIndirect ||
                    instruction.op == ReturnCallRef;
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
