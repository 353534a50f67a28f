// Calls from guest to guest as code: a core module of the engine's own for each core instance that calls other guests, which stands
// between caller and callee and is run as all modules are, interpreted or compiled. Wasm is the one language that every tier
// knows, so that adapters need nothing of the tiers: no calling convention, no unwinding, no second way to look at deadlines.
//
// An adapter does what CanonicalABI.md ("canon lower", "canon lift") says of a call that passes only scalars: whether the caller may leave,
// whether the callee may be entered, marks of who is entered, values made normal. The flags are globals (RtInstance points into them).
// Whatever is not as it should be it leaves to the function that runs the plan (calls.cc), with the same arguments: that traps, with the
// right code, and is what everybody calls who has no adapter. So nothing is decided in two places but what is usual.
//
// Only those instances are marked in whose tree somebody calls out. Nobody can see the others' marks: they cannot be entered from
// within, and after a trap the outermost instance is never entered again.
//
// Measured (docs/rationale.md): 63 ns through the host, compiled; 3.8 this way. Rejected: machine code by the compiler for each pair, which
// the interpreter has nothing of; adapters with a memory: copying through the plan is at the speed of memcpy already.
#include "component/adapters.h"

#include <algorithm>
#include <charconv>

#include "component/core_module.h"

namespace wherry::component {

using canon::Node;
using canon::Op;
using text::ByteBuffer;
using wasm::ExternKind;
using CoreOp = wasm::Op;

namespace {

// A component may have a million calls between guests. Those beyond go by the plan.
constexpr size_t kMaxAdapters = 64;
constexpr size_t kMaxFunctions = 256;  // Of one.
constexpr size_t kMaxNameBytes = 128;  // Longer ones are left out; they are for backtraces.
constexpr uint32_t kMaxDepth = 16;     // Instances in one another that a call enters.

// Scalars that a value consists of, in order. False: it has others, or a choice among them.
bool add_scalars(const canon::Plan& plan, uint32_t id, base::Vector<uint32_t>* out, bool* has_memory) {
  const Node& node = plan[id];
  if (node.op == Op::Sequence) {  // To the depth of the type: kMaxTypeDepth.
    for (const canon::Part& part : plan.parts_of(node)) {
      if (!add_scalars(plan, part.node, out, has_memory)) return false;
    }
    return true;
  }
  const bool is_enum = node.op == Op::Choice && node.flat == 1;
  const bool is_scalar = node.op <= Op::Char || (node.op == Op::Flags && node.flat == 1) || is_enum;
  if (!is_scalar || out->size() > canon::kMaxFlatParams) return false;
  *has_memory = out->push_back(id);
  return *has_memory;
}

wasm::ValType core_type(Op op) {
  switch (op) {
    case Op::S64:
    case Op::U64: return wasm::kI64;
    case Op::F32: return wasm::kF32;
    case Op::F64: return wasm::kF64;
    default: return wasm::kI32;
  }
}

// Leaves the block, for what does everything, if the i32 on the stack is not 0.
void put_leave(CoreCode* code) { code->op(CoreOp::BrIf, 0); }

// Leaves if the parameter is none of its type.
void put_check(const Node& node, uint32_t local, CoreCode* code) {
  if (node.op == Op::Char) {
    code->op(CoreOp::LocalGet, local).i32(0xd800).op(CoreOp::I32Sub).i32(0x800).op(CoreOp::I32LtU);
    put_leave(code);
    code->op(CoreOp::LocalGet, local).i32(0x110000).op(CoreOp::I32GeU);
    put_leave(code);
  } else if (node.op == Op::Choice) {
    code->op(CoreOp::LocalGet, local).i32(static_cast<int32_t>(node.count)).op(CoreOp::I32GeU);
    put_leave(code);
  }
}

// Makes the value on the stack the one that stands for it: as Transfer::slots does.
void put_normal(const Node& node, CoreCode* code) {
  switch (node.op) {
    case Op::Bool: code->i32(0).op(CoreOp::I32Ne); return;
    case Op::U8: code->i32(0xff).op(CoreOp::I32And); return;
    case Op::U16: code->i32(0xffff).op(CoreOp::I32And); return;
    case Op::Flags: code->i32(static_cast<int32_t>(node.number)).op(CoreOp::I32And); return;
    case Op::S8:
    case Op::S16: {
      const int32_t bits = node.op == Op::S8 ? 24 : 16;
      code->i32(bits).op(CoreOp::I32Shl).i32(bits).op(CoreOp::I32ShrS);
      return;
    }
    default: return;
  }
}

// The canonical functions of one core instance.
class AdapterMaker {
 public:
  AdapterMaker(FlatComponent& flat, std::span<const wasm::Import> imports) : flat_(flat), imports_(imports) {}

  // What the instance takes as its import at `position`. False: no memory.
  bool add(uint32_t canon, uint32_t position) {
    if (functions_.size() == kMaxFunctions) return true;
    Function made;
    made.canon = canon;
    made.position = position;
    bool has_memory = true;
    if (!find_shape(flat_.canons[canon], &made, &has_memory)) return has_memory;
    return functions_.push_back(std::move(made));
  }
  bool is_empty() const { return functions_.empty(); }

  bool finish(FlatAdapter* made) {
    ByteBuffer types, imports, functions, exports, codes;
    for (uint32_t i = 0; i < functions_.size(); ++i) {
      const Function& function = functions_[i];
      put_type(function, &types);
      put_function_imports(function, i, &imports);
      functions.u32(i);
      put_export(i, &exports);
      put_code(function, i, &codes);
      if (!made->canons.push_back(function.canon)) return false;
    }
    for (size_t i = 0; i < flags_.size(); ++i) {
      write_import({}, {}, ExternKind::Global, &imports);
      write_global_type({.content = wasm::kI32, .is_mutable = true}, &imports);
    }
    ByteBuffer out;
    write_core_preamble(&out);
    const size_t count = functions_.size();
    write_core_section(CoreSection::Type, count, types, &out);
    write_core_section(CoreSection::Import, 2 * count + flags_.size(), imports, &out);
    write_core_section(CoreSection::Function, count, functions, &out);
    write_core_section(CoreSection::Export, count, exports, &out);
    write_core_section(CoreSection::Code, count, codes, &out);
    made->module = out.take();
    made->flags = std::move(flags_);
    return out.ok();
  }

 private:
  struct Function {
    uint32_t canon = 0;
    uint32_t position = 0;
    base::Vector<uint32_t> params;  // Nodes.
    base::Vector<uint32_t> results;
    base::Vector<uint32_t> entered;  // Instances to be marked.
  };

  bool find_shape(const FlatCanon& canon, Function* made, bool* has_memory) {
    if (canon.op != CanonOp::Lower || canon.callee.is_leaf || canon.is_barred || canon.is_direct ||
        canon.adapter != kNone || flat_.options[canon.options].is_async) {
      return false;
    }
    const FlatLift& lift = flat_.lifts[canon.callee.index];
    const FlatInstance& callee = flat_.instances[lift.instance];
    if (lift.options.is_async || lift.signature.is_async || lift.options.is_wide || callee.throws ||
        callee.uses_context || lift.options.post_return.from != CoreItem::From::Nothing ||
        lift.func.from != CoreItem::From::Export) {
      return false;
    }
    if (!add_scalars(flat_.plan, canon.signature.params, &made->params, has_memory) ||
        made->params.size() > canon::kMaxFlatParams) {
      return false;
    }
    if (canon.signature.result != kNone) {
      if (!add_scalars(flat_.plan, canon.signature.result, &made->results, has_memory) ||
          made->results.size() > canon::kMaxFlatResults) {
        return false;
      }
      for (const uint32_t id : made->results) {  // Checked after the call, where it is too late to leave.
        const Op op = flat_.plan[id].op;
        if (op == Op::Char || op == Op::Choice) return false;
      }
    }
    return find_entered(lift.instance, canon.instance, made, has_memory);
  }

  // The callee and what is around it, up to what is around the caller, as far as anybody can see that they are entered.
  bool find_entered(uint32_t callee, uint32_t caller, Function* made, bool* has_memory) {
    uint32_t around[kMaxDepth];
    uint32_t depth = 0;
    for (uint32_t i = caller; i != kNone; i = flat_.instances[i].parent) {
      if (depth == kMaxDepth) return false;
      around[depth++] = i;
    }
    uint32_t most = kMaxDepth;
    for (uint32_t i = callee; i != kNone; i = flat_.instances[i].parent) {
      if (std::find(around, around + depth, i) != around + depth) return true;
      if (most-- == 0) return false;
      if (!flat_.instances[i].calls_out_within) continue;
      *has_memory = made->entered.push_back(i);
      if (!*has_memory) return false;
    }
    return true;
  }

  // The number of the flag's global.
  uint32_t flag(uint32_t instance, FlatFlag::Kind kind, CoreCode* code) {
    const FlatFlag wanted{instance, kind};
    const auto* const found = std::find(flags_.begin(), flags_.end(), wanted);
    if (found != flags_.end()) return static_cast<uint32_t>(found - flags_.begin());
    code->require(flags_.push_back(wanted));
    return static_cast<uint32_t>(flags_.size() - 1);
  }

  void put_type(const Function& function, ByteBuffer* out) const {
    wasm::ValType params[canon::kMaxFlatParams];
    wasm::ValType results[canon::kMaxFlatResults];
    const auto put = [this](const base::Vector<uint32_t>& nodes, wasm::ValType* types) {
      for (size_t i = 0; i < nodes.size(); ++i) types[i] = core_type(flat_.plan[nodes[i]].op);
      return std::span<const wasm::ValType>(types, nodes.size());
    };
    write_func_type({put(function.params, params), put(function.results, results)}, out);
  }

  // The callee under the names by which the caller knows it, for backtraces; what does everything.
  void put_function_imports(const Function& function, uint32_t type, ByteBuffer* out) const {
    const wasm::Import& import = imports_[function.position];
    const bool is_short = import.module.size() + import.name.size() <= kMaxNameBytes;
    write_import(is_short ? import.module : std::string_view(), is_short ? import.name : std::string_view(),
                 ExternKind::Func, out);
    out->u32(type);
    write_import({}, {}, ExternKind::Func, out);
    out->u32(type);
  }

  void put_export(uint32_t index, ByteBuffer* out) const {
    char digits[16];
    const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, index);
    write_export({digits, static_cast<size_t>(end.ptr - digits)}, ExternKind::Func,
                 static_cast<uint32_t>(2 * functions_.size()) + index, out);
  }

  void put_code(const Function& function, uint32_t index, ByteBuffer* out) {
    CoreCode code;
    code.block(CoreOp::Block);
    put_checks(function, &code);
    put_marks(function, 1, &code);
    for (uint32_t i = 0; i < function.params.size(); ++i) {
      code.op(CoreOp::LocalGet, i);
      put_normal(flat_.plan[function.params[i]], &code);
    }
    code.op(CoreOp::Call, 2 * index);
    for (const uint32_t id : function.results) put_normal(flat_.plan[id], &code);
    put_marks(function, 0, &code);
    code.op(CoreOp::Return).op(CoreOp::End);
    for (uint32_t i = 0; i < function.params.size(); ++i) code.op(CoreOp::LocalGet, i);
    code.op(CoreOp::Call, 2 * index + 1).end_body(out);
  }

  void put_checks(const Function& function, CoreCode* code) {
    const uint32_t caller = flat_.canons[function.canon].instance;
    if (flat_.instances[caller].may_be_barred) {
      code->op(CoreOp::GlobalGet, flag(caller, FlatFlag::Kind::MayLeave, code)).op(CoreOp::I32Eqz);
      put_leave(code);
    }
    for (const uint32_t instance : function.entered) {
      code->op(CoreOp::GlobalGet, flag(instance, FlatFlag::Kind::Entered, code));
      put_leave(code);
    }
    for (uint32_t i = 0; i < function.params.size(); ++i) put_check(flat_.plan[function.params[i]], i, code);
  }

  void put_marks(const Function& function, int32_t value, CoreCode* code) {
    for (const uint32_t instance : function.entered) {
      code->i32(value).op(CoreOp::GlobalSet, flag(instance, FlatFlag::Kind::Entered, code));
    }
  }

  FlatComponent& flat_;
  std::span<const wasm::Import> imports_;
  base::Vector<Function> functions_;
  base::Vector<FlatFlag> flags_;
};

}  // namespace

bool make_adapters(const ValidComponent& valid, FlatComponent* flat) {
  for (const FlatCoreInstance& core : flat->core_instances) {
    if (core.module.is_leaf || flat->adapters.size() == kMaxAdapters) continue;
    AdapterMaker maker(*flat, valid.modules()[core.module.index]->module.imports);
    for (uint32_t i = 0; i < core.arguments.count; ++i) {
      const CoreItem& item = flat->core_arguments[core.arguments.first + i];
      if (item.from == CoreItem::From::Canon && !maker.add(item.index, i)) return false;
    }
    if (maker.is_empty()) continue;
    FlatAdapter made;
    if (!maker.finish(&made)) return false;
    const auto index = static_cast<uint32_t>(flat->adapters.size());
    for (uint32_t i = 0; i < made.canons.size(); ++i) {
      flat->canons[made.canons[i]].adapter = index;
      flat->canons[made.canons[i]].adapter_export = i;
    }
    if (!flat->adapters.push_back(std::move(made))) return false;
  }
  return true;
}

}  // namespace wherry::component
