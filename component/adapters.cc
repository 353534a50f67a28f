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

#include "engine/text/byte_buffer.h"

namespace wherry::component {

using canon::Node;
using canon::Op;
using text::ByteBuffer;

namespace {

// A component may have a million calls between guests. Those beyond go by the plan.
constexpr size_t kMaxAdapters = 64;
constexpr size_t kMaxFunctions = 256;  // Of one.
constexpr size_t kMaxNameBytes = 128;  // Longer ones are left out; they are for backtraces.
constexpr uint32_t kMaxDepth = 16;     // Instances in one another that a call enters.

// The few instructions that adapters consist of.
enum Code : uint8_t {
  kBlock = 0x02,
  kEnd = 0x0b,
  kBranchIf = 0x0d,
  kReturn = 0x0f,
  kCall = 0x10,
  kLocalGet = 0x20,
  kGlobalGet = 0x23,
  kGlobalSet = 0x24,
  kI32Const = 0x41,
  kI32Eqz = 0x45,
  kI32Ne = 0x47,
  kI32LtU = 0x49,
  kI32GeU = 0x4f,
  kI32Sub = 0x6b,
  kI32And = 0x71,
  kI32Shl = 0x74,
  kI32ShrS = 0x75,
};

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

uint8_t core_type(Op op) {
  switch (op) {
    case Op::S64:
    case Op::U64: return 0x7e;
    case Op::F32: return 0x7d;
    case Op::F64: return 0x7c;
    default: return 0x7f;
  }
}

void put_constant(uint32_t value, ByteBuffer* code) {
  code->u8(kI32Const);
  code->s64(static_cast<int32_t>(value));
}
void put_indexed(Code op, uint32_t index, ByteBuffer* code) {
  code->u8(op);
  code->u32(index);
}
void put_with(uint32_t value, Code op, ByteBuffer* code) {
  put_constant(value, code);
  code->u8(op);
}

// Leaves the block, for what does everything, if the i32 on the stack is not 0.
void put_leave(ByteBuffer* code) { put_indexed(kBranchIf, 0, code); }

// Leaves if the parameter is none of its type.
void put_check(const Node& node, uint32_t local, ByteBuffer* code) {
  if (node.op == Op::Char) {
    put_indexed(kLocalGet, local, code);
    put_with(0xd800, kI32Sub, code);
    put_with(0x800, kI32LtU, code);
    put_leave(code);
    put_indexed(kLocalGet, local, code);
    put_with(0x110000, kI32GeU, code);
    put_leave(code);
  } else if (node.op == Op::Choice) {
    put_indexed(kLocalGet, local, code);
    put_with(node.count, kI32GeU, code);
    put_leave(code);
  }
}

// Makes the value on the stack the one that stands for it: as Transfer::slots does.
void put_normal(const Node& node, ByteBuffer* code) {
  switch (node.op) {
    case Op::Bool: return put_with(0, kI32Ne, code);
    case Op::U8: return put_with(0xff, kI32And, code);
    case Op::U16: return put_with(0xffff, kI32And, code);
    case Op::Flags: return put_with(node.number, kI32And, code);
    case Op::S8:
    case Op::S16: {
      const uint32_t bits = node.op == Op::S8 ? 24 : 16;
      put_with(bits, kI32Shl, code);
      return put_with(bits, kI32ShrS, code);
    }
    default: return;
  }
}

void put_section(uint8_t id, uint32_t count, const ByteBuffer& items, ByteBuffer* out) {
  ByteBuffer head;
  head.u32(count);
  out->u8(id);
  out->u32(static_cast<uint32_t>(head.size() + items.size()));
  out->append(head.span());
  out->append(items.span());
  out->require(head.ok() && items.ok());
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
      imports.append(base::as_bytes(std::string_view("\0\0\3\x7f\1", 5)));  // A global that changes, an i32.
    }
    ByteBuffer out;
    out.append(base::as_bytes(std::string_view("\0asm\1\0\0\0", 8)));
    const auto count = static_cast<uint32_t>(functions_.size());
    put_section(1, count, types, &out);
    put_section(2, 2 * count + static_cast<uint32_t>(flags_.size()), imports, &out);
    put_section(3, count, functions, &out);
    put_section(7, count, exports, &out);
    put_section(10, count, codes, &out);
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
        canon.adapter != kNone || canon.options.is_async) {
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
  uint32_t flag(uint32_t instance, FlatFlag::Kind kind, ByteBuffer* code) {
    const FlatFlag wanted{instance, kind};
    const auto* const found = std::find(flags_.begin(), flags_.end(), wanted);
    if (found != flags_.end()) return static_cast<uint32_t>(found - flags_.begin());
    code->require(flags_.push_back(wanted));
    return static_cast<uint32_t>(flags_.size() - 1);
  }

  void put_type(const Function& function, ByteBuffer* out) const {
    out->u8(0x60);
    for (const auto* const list : {&function.params, &function.results}) {
      out->u32(static_cast<uint32_t>(list->size()));
      for (const uint32_t id : *list) out->u8(core_type(flat_.plan[id].op));
    }
  }

  // The callee under the names by which the caller knows it, for backtraces; what does everything.
  void put_function_imports(const Function& function, uint32_t type, ByteBuffer* out) const {
    const wasm::Import& import = imports_[function.position];
    const bool is_short = import.module.size() + import.name.size() <= kMaxNameBytes;
    out->name(is_short ? import.module : std::string_view());
    out->name(is_short ? import.name : std::string_view());
    out->u8(0);
    out->u32(type);
    out->name({});
    out->name({});
    out->u8(0);
    out->u32(type);
  }

  void put_export(uint32_t index, ByteBuffer* out) const {
    char digits[16];
    const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, index);
    out->name({digits, static_cast<size_t>(end.ptr - digits)});
    out->u8(0);
    out->u32(static_cast<uint32_t>(2 * functions_.size()) + index);
  }

  void put_code(const Function& function, uint32_t index, ByteBuffer* out) {
    ByteBuffer code;
    code.u8(0);  // No locals.
    code.u8(kBlock);
    code.u8(0x40);
    put_checks(function, &code);
    put_marks(function, 1, &code);
    for (uint32_t i = 0; i < function.params.size(); ++i) {
      put_indexed(kLocalGet, i, &code);
      put_normal(flat_.plan[function.params[i]], &code);
    }
    put_indexed(kCall, 2 * index, &code);
    for (const uint32_t id : function.results) put_normal(flat_.plan[id], &code);
    put_marks(function, 0, &code);
    code.u8(kReturn);
    code.u8(kEnd);
    for (uint32_t i = 0; i < function.params.size(); ++i) put_indexed(kLocalGet, i, &code);
    put_indexed(kCall, 2 * index + 1, &code);
    code.u8(kEnd);
    out->u32(static_cast<uint32_t>(code.size()));
    out->append(code.span());
    out->require(code.ok());
  }

  void put_checks(const Function& function, ByteBuffer* code) {
    const uint32_t caller = flat_.canons[function.canon].instance;
    if (flat_.instances[caller].may_be_barred) {
      put_indexed(kGlobalGet, flag(caller, FlatFlag::Kind::MayLeave, code), code);
      code->u8(kI32Eqz);
      put_leave(code);
    }
    for (const uint32_t instance : function.entered) {
      put_indexed(kGlobalGet, flag(instance, FlatFlag::Kind::Entered, code), code);
      put_leave(code);
    }
    for (uint32_t i = 0; i < function.params.size(); ++i) put_check(flat_.plan[function.params[i]], i, code);
  }

  void put_marks(const Function& function, uint32_t value, ByteBuffer* code) {
    for (const uint32_t instance : function.entered) {
      put_constant(value, code);
      put_indexed(kGlobalSet, flag(instance, FlatFlag::Kind::Entered, code), code);
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
