// The canonical definitions of a component that is being flattened: options resolved, signatures made into plans, and which
// calls from guest to guest need nothing between them.
//
// A lowered function stands for its callee directly if the canonical ABI has nothing observable to do (CanonicalABI.md,
// "canon lift", "canon lower"): the same core type of numbers that need no conversion, no memory, no post-return; the caller
// can never be without may_leave, as it has neither realloc nor post-return; nobody that is entered ever calls out, so that it cannot
// be entered already; and the callee has no tags, so that no exception crosses.
#include <algorithm>
#include <string>

#include "component/flattener.h"
#include "component/limits.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using canon::Op;
using wasm::ErrorCode;

namespace {

constexpr uint64_t kCanonSteps =
    16;  // What a canonical function takes here and in each store, in steps of others.

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

Op op_of(Prim prim) {
  switch (prim) {
    case Prim::Bool: return Op::Bool;
    case Prim::S8: return Op::S8;
    case Prim::U8: return Op::U8;
    case Prim::S16: return Op::S16;
    case Prim::U16: return Op::U16;
    case Prim::S32: return Op::S32;
    case Prim::U32: return Op::U32;
    case Prim::S64: return Op::S64;
    case Prim::U64: return Op::U64;
    case Prim::F32: return Op::F32;
    case Prim::F64: return Op::F64;
    case Prim::Char: return Op::Char;
    case Prim::String: return Op::String;
    case Prim::ErrorContext: break;
  }
  return Op::ErrorContext;
}

}  // namespace

// ---- plans

Result<uint32_t> Flattener::node(ValType type) {
  uint32_t made = 0;
  if (type.is_prim()) {
    const uint32_t key = ~static_cast<uint32_t>(type.prim()) - 1;  // No TypeId is as large.
    const uint32_t known = frame().nodes.find(key);
    if (known != kNone) return known;
    if (!canon::add_leaf(&out_.plan, op_of(type.prim()), 0, &made) || !frame().nodes.set(key, made))
      return out_of_memory();
    return made;
  }
  const uint32_t known = frame().nodes.find(type.id().value);
  if (known != kNone) return known;
  made = WHERRY_TRY(make_node(type.id()));
  if (!frame().nodes.set(type.id().value, made)) return out_of_memory();
  return made;
}

// Calls itself by way of node(), to the depth of the type: kMaxTypeDepth.
Result<uint32_t> Flattener::make_node(TypeId id) {
  const TypeNode type = types_[id];
  WHERRY_TRY(count(1 + type.members.count));
  base::Vector<uint32_t> parts;
  const auto add = [&](ValType part) -> Result<void> {
    const uint32_t made = part.is_none() ? canon::Part::kNothing : WHERRY_TRY(node(part));
    return parts.push_back(made) ? Result<void>() : out_of_memory();
  };
  const auto add_members = [&]() -> Result<void> {
    for (uint32_t i = 0; i < type.members.count; ++i) WHERRY_TRY(add(types_.members(type.members)[i].type));
    return {};
  };
  uint32_t made = 0;
  bool is_made = false;
  switch (type.kind) {
    case TypeKind::Prim: return node(type.first);
    case TypeKind::Record:
    case TypeKind::Tuple:
      WHERRY_TRY(add_members());
      is_made = canon::add_sequence(&out_.plan, parts, &made);
      break;
    case TypeKind::Variant:
    case TypeKind::Enum:
      WHERRY_TRY(add_members());
      is_made = canon::add_choice(&out_.plan, parts, &made);
      break;
    case TypeKind::Option:
      WHERRY_TRY(add(ValType()));
      WHERRY_TRY(add(type.first));
      is_made = canon::add_choice(&out_.plan, parts, &made);
      break;
    case TypeKind::Result:
      WHERRY_TRY(add(type.first));
      WHERRY_TRY(add(type.second));
      is_made = canon::add_choice(&out_.plan, parts, &made);
      break;
    case TypeKind::List: is_made = canon::add_list(&out_.plan, WHERRY_TRY(node(type.first)), &made); break;
    case TypeKind::Map: {
      WHERRY_TRY(add(type.first));
      WHERRY_TRY(add(type.second));
      uint32_t entry = 0;
      is_made = canon::add_sequence(&out_.plan, parts, &entry) && canon::add_list(&out_.plan, entry, &made);
      break;
    }
    case TypeKind::FixedList:
      is_made = canon::add_fixed_list(&out_.plan, WHERRY_TRY(node(type.first)), type.length, &made);
      break;
    case TypeKind::Flags: is_made = canon::add_flags(&out_.plan, type.members.count, &made); break;
    case TypeKind::Own:
    case TypeKind::Borrow:
      is_made = canon::add_leaf(&out_.plan, type.kind == TypeKind::Own ? Op::Own : Op::Borrow,
                                frame().resources.find(types_.resource_of(id).value), &made);
      break;
    case TypeKind::Stream: is_made = canon::add_leaf(&out_.plan, Op::Stream, 0, &made); break;
    default: is_made = canon::add_leaf(&out_.plan, Op::Future, 0, &made); break;
  }
  if (!is_made) return out_of_memory();
  return made;
}

Result<FlatSignature> Flattener::signature(TypeId id) {
  const TypeNode type = types_[id];
  FlatSignature made;
  made.type = id;
  made.is_async = type.is_async;
  base::Vector<uint32_t> params;
  uint64_t most =
      0;  // Bytes of all, padding included: a value has a bound (kMaxElementBytes), a thousand of them do not.
  for (uint32_t i = 0; i < type.members.count; ++i) {
    const uint32_t param = WHERRY_TRY(node(types_.members(type.members)[i].type));
    if (!params.push_back(param)) return out_of_memory();
    most += uint64_t{out_.plan[param].size} + out_.plan[param].align;
  }
  if (most >> 32 != 0) {
    return base::fail(ErrorCode::TypesTooLarge, base::Error::kNoOffset,
                      "the parameters of a function take more than 4 GiB");
  }
  if (!canon::add_sequence(&out_.plan, params, &made.params)) return out_of_memory();
  if (!type.first.is_none()) made.result = WHERRY_TRY(node(type.first));
  made.has_borrow = out_.plan[made.params].has_borrow;
  return made;
}

// ---- definitions

Result<FlatOptions> Flattener::options(std::span<const CanonOption> list) {
  FlatOptions made;
  made.instance = frame().instance;
  for (const CanonOption& option : list) {
    switch (option.kind) {
      case CanonOptionKind::Utf8: made.encoding = Encoding::Utf8; break;
      case CanonOptionKind::Utf16: made.encoding = Encoding::Utf16; break;
      case CanonOptionKind::Latin1Utf16: made.encoding = Encoding::Latin1Utf16; break;
      case CanonOptionKind::Memory: {
        made.memory = at(Sort::CoreMemory, option.index).core;
        const uint32_t type = valid_.scopes()[frame().component].space(Sort::CoreMemory)[option.index];
        made.is_wide = types_.core_extern(type).memory.limits.is_64;
        break;
      }
      case CanonOptionKind::Realloc: {
        made.realloc = at(Sort::CoreFunc, option.index).core;
        if (made.realloc.from != CoreItem::From::Canon) break;
        const FlatCanon& canon = out_.canons[made.realloc.index];
        if (canon.op == CanonOp::Lower) made.depth = out_.options[canon.options].depth + 1;
        break;
      }
      case CanonOptionKind::PostReturn: made.post_return = at(Sort::CoreFunc, option.index).core; break;
      case CanonOptionKind::Callback: made.callback = at(Sort::CoreFunc, option.index).core; break;
      case CanonOptionKind::Async: made.is_async = true; break;
    }
  }
  FlatInstance& instance = out_.instances[frame().instance];
  instance.may_be_barred = instance.may_be_barred || made.realloc.from != CoreItem::From::Nothing ||
                           made.post_return.from != CoreItem::From::Nothing;
  // They are made when they are needed, by calls inside one another.
  if (made.depth > kMaxReallocs) {
    return base::fail(
        ErrorCode::NestingTooDeep, base::Error::kNoOffset,
        "more than " + std::to_string(kMaxReallocs) + " lowered functions that are realloc of one another");
  }
  return made;
}

// Those of functions lowered shortly before that have the same.
Result<uint32_t> Flattener::shared_options(const FlatOptions& options) {
  constexpr size_t kLookedAt = 8;
  const size_t count = out_.options.size();
  for (size_t i = count - std::min(count, kLookedAt); i < count; ++i) {
    if (out_.options[i] == options) return static_cast<uint32_t>(i);
  }
  if (!out_.options.push_back(options)) return out_of_memory();
  return static_cast<uint32_t>(count);
}

Result<void> Flattener::canon(const Canon& canon) {
  WHERRY_TRY(count(kCanonSteps));
  if (canon.op == CanonOp::Lift) return lift(canon);
  FlatCanon made;
  made.op = canon.op;
  made.instance = frame().instance;
  made.core_type = types_.core_extern(type_of_next(Sort::CoreFunc)).type;
  out_.instances[frame().instance].calls_out = true;
  switch (canon.op) {
    case CanonOp::Lower: WHERRY_TRY(lower(canon, &made)); break;
    case CanonOp::ResourceNew:
    case CanonOp::ResourceDrop:
    case CanonOp::ResourceRep: {
      const uint32_t type = valid_.scopes()[frame().component].space(Sort::Type)[canon.type];
      made.resource = frame().resources.find(types_.resource_of(TypeId(type)).value);
      break;
    }
    case CanonOp::ContextGet:
    case CanonOp::ContextSet:
      made.number = canon.type;
      out_.instances[frame().instance].uses_context = true;
      break;
    default: break;
  }
  Item item;
  item.core.from = CoreItem::From::Canon;
  item.core.index = static_cast<uint32_t>(out_.canons.size());
  if (!out_.canons.push_back(made)) return out_of_memory();
  return push(Sort::CoreFunc, item);
}

Result<void> Flattener::lift(const Canon& canon) {
  FlatLift made;
  made.instance = frame().instance;
  made.func = at(Sort::CoreFunc, canon.item).core;
  made.options = WHERRY_TRY(options(canon.options));
  made.signature = WHERRY_TRY(signature(TypeId(type_of_next(Sort::Func))));
  Item item;
  item.a = 0;
  item.b = static_cast<uint32_t>(out_.lifts.size());
  if (!out_.lifts.push_back(made)) return out_of_memory();
  return push(Sort::Func, item);
}

Result<void> Flattener::lower(const Canon& canon, FlatCanon* made) {
  const Item callee = at(Sort::Func, canon.item);
  made->callee = {callee.a != 0, callee.b};
  made->options = WHERRY_TRY(shared_options(WHERRY_TRY(options(canon.options))));
  const uint32_t type = valid_.scopes()[frame().component].space(Sort::Func)[canon.item];
  made->signature = WHERRY_TRY(signature(TypeId(type)));
  return {};
}

// ---- calls with nothing between

// What the whole tree says of each instance.
void Flattener::find_facts() {
  for (const FlatCoreInstance& core : out_.core_instances) {
    const bool has_tags = core.module.is_leaf || !valid_.modules()[core.module.index]->module.tags.empty();
    if (has_tags) out_.instances[core.instance].throws = true;
  }
  for (size_t i = out_.instances.size(); i-- > 0;) {  // Parents come first.
    FlatInstance& instance = out_.instances[i];
    instance.calls_out_within = instance.calls_out_within || instance.calls_out;
    if (instance.calls_out_within && instance.parent != kNone)
      out_.instances[instance.parent].calls_out_within = true;
  }
}

Result<void> Flattener::find_direct() {
  find_facts();
  for (FlatCanon& canon : out_.canons) {
    if (canon.op != CanonOp::Lower || canon.callee.is_leaf) continue;
    const uint32_t callee = out_.lifts[canon.callee.index].instance;
    canon.is_barred =
        WHERRY_TRY(is_around(callee, canon.instance)) || WHERRY_TRY(is_around(canon.instance, callee));
    canon.is_direct = !canon.is_barred && is_direct(canon);
  }
  return {};
}

// Each is around itself.
Result<bool> Flattener::is_around(uint32_t outer, uint32_t inner) {
  for (; inner != kNone; inner = out_.instances[inner].parent) {
    WHERRY_TRY(count(1));
    if (inner == outer) return true;
  }
  return false;
}

bool Flattener::is_direct(const FlatCanon& canon) {
  const FlatLift& lift = out_.lifts[canon.callee.index];
  const auto is_number = [&](uint32_t id) {
    const canon::Node& node = out_.plan[id];
    return (node.op >= Op::S32 && node.op <= Op::F64) ||
           (node.op == Op::Flags && node.is_plain && node.size == 4);
  };
  const canon::Node& params = out_.plan[canon.signature.params];
  for (const canon::Part& part : out_.plan.parts_of(params)) {
    if (!is_number(part.node)) return false;
  }
  if (params.flat > canon::kMaxFlatParams) return false;
  if (canon.signature.result != kNone && !is_number(canon.signature.result)) return false;
  if (out_.options[canon.options].is_async || lift.options.is_async || lift.signature.is_async) return false;
  if (lift.options.post_return.from != CoreItem::From::Nothing) return false;
  if (out_.instances[canon.instance].may_be_barred || out_.instances[lift.instance].throws) return false;
  // What the call would enter: the callee and what is around it, up to what is around the caller. Deep trees are not worth
  // the time.
  uint32_t most = 16;
  for (uint32_t entered = lift.instance; entered != kNone; entered = out_.instances[entered].parent) {
    if (most-- == 0) return false;
    bool is_around_caller = false;
    uint32_t outward = 0;
    for (uint32_t i = canon.instance; i != kNone && outward < 16; i = out_.instances[i].parent, ++outward) {
      is_around_caller = is_around_caller || i == entered;
    }
    if (is_around_caller) break;
    if (out_.instances[entered].calls_out_within) return false;
  }
  return true;
}

}  // namespace wherry::component
