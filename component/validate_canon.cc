// Canonical definitions (CanonicalABI.md, "Canonical Definitions"): which options each may and must have, what core
// function lift asks for, and of what type the core function is that each of the others makes.
#include <algorithm>

#include "component/validator.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

constexpr uint32_t kMaxFlatParams = 16;
constexpr uint32_t kMaxFlatResults = 1;
constexpr uint32_t kMaxFlatAsyncParams = 4;

base::Failure bad_option(uint64_t offset, std::string detail) {
  return base::fail(ErrorCode::InvalidCanonOption, offset, std::move(detail));
}
base::Failure missing_option(uint64_t offset, const char* option) {
  return base::fail(ErrorCode::MissingCanonOption, offset, std::string("`") + option + "`");
}

wasm::ValType core_type_of(Flat::Kind kind) {
  constexpr wasm::ValKind kKinds[] = {wasm::ValKind::I32, wasm::ValKind::I64, wasm::ValKind::F32,
                                      wasm::ValKind::F64};
  return kKinds[kind];
}

wasm::ValType pointer(bool is_wide) { return is_wide ? wasm::kI64 : wasm::kI32; }

// What all parameters of a function, or its result, come to.
struct Flattened {
  Flat flat;
  bool has_pointer = false;
};

Flattened flatten_params(const Types& types, const TypeNode& func, bool is_wide) {
  Flattened all;
  for (const Member& param : types.members(func.members)) {
    all.flat.append(types.figures(param.type).flat[is_wide ? 1 : 0]);
    all.has_pointer = all.has_pointer || types.has_pointer(param.type);
  }
  return all;
}

Flattened flatten_value(const Types& types, ValType type, bool is_wide) {
  return {types.figures(type).flat[is_wide ? 1 : 0], types.has_pointer(type)};
}

}  // namespace

// ---- options

Result<bool> Validator::memory_is_wide(uint32_t index, uint64_t offset) {
  const wasm::MemoryType memory = types().core_extern(WHERRY_TRY(at(Sort::CoreMemory, index, offset))).memory;
  if (memory.limits.is_shared && !has(Feature::SharedThreads)) {
    return base::fail(ErrorCode::TypeMismatch, offset, "canonical ABI memory is shared");
  }
  if (memory.page_size_log2 != 16) {
    return base::fail(ErrorCode::TypeMismatch, offset,
                      "canonical ABI memory has another page size than 64 KiB");
  }
  if (memory.limits.is_64 && !has(Feature::Memory64)) {
    return feature_disabled(Feature::Memory64, "a 64-bit memory in a canonical definition", offset);
  }
  return memory.limits.is_64;
}

Result<Validator::CanonOptions> Validator::options(std::span<const CanonOption> list, uint64_t offset) {
  CanonOptions options;
  const auto set = [](const CanonOption** slot, const CanonOption& option) -> Result<void> {
    if (*slot != nullptr) return bad_option(option.offset, "an option is there twice");
    *slot = &option;
    return {};
  };
  for (const CanonOption& option : list) {
    switch (option.kind) {
      case CanonOptionKind::Utf8:
      case CanonOptionKind::Utf16:
      case CanonOptionKind::Latin1Utf16:
        if (options.encoding != nullptr) {
          return bad_option(option.offset, "canonical encoding option conflicts with an earlier one");
        }
        options.encoding = &option;
        break;
      case CanonOptionKind::Memory: WHERRY_TRY(set(&options.memory, option)); break;
      case CanonOptionKind::Realloc: WHERRY_TRY(set(&options.realloc, option)); break;
      case CanonOptionKind::PostReturn: WHERRY_TRY(set(&options.post_return, option)); break;
      case CanonOptionKind::Callback: WHERRY_TRY(set(&options.callback, option)); break;
      case CanonOptionKind::Async:
        if (options.is_async) return bad_option(option.offset, "canonical option `async` is there twice");
        options.is_async = true;
        break;
    }
  }
  if (options.memory != nullptr) {
    options.is_wide = WHERRY_TRY(memory_is_wide(options.memory->index, options.memory->offset));
  }
  if (options.realloc != nullptr) {
    if (options.memory == nullptr) {
      return bad_option(options.realloc->offset,
                        "canonical option `realloc` requires `memory` to also be specified");
    }
    CoreSignature wanted;
    for (uint32_t i = 0; i < 4; ++i) wanted.param(pointer(options.is_wide));
    wanted.result(pointer(options.is_wide));
    WHERRY_TRY(check_core_func(options.realloc->index, wanted, "canonical option `realloc`",
                               options.realloc->offset));
  }
  if (options.post_return != nullptr && options.is_async) {
    return bad_option(options.post_return->offset, "cannot specify `post-return` together with `async`");
  }
  if (options.callback != nullptr) {
    if (!options.is_async)
      return bad_option(options.callback->offset, "cannot specify callback without async");
    CoreSignature wanted;
    for (uint32_t i = 0; i < 3; ++i) wanted.param(wasm::kI32);
    wanted.result(wasm::kI32);
    WHERRY_TRY(check_core_func(options.callback->index, wanted, "canonical option `callback`",
                               options.callback->offset));
  }
  (void)offset;
  return options;
}

Result<void> Validator::check_core_func(uint32_t index, const CoreSignature& wanted, const char* what,
                                        uint64_t offset) {
  const wasm::CanonId id = types().core_extern(WHERRY_TRY(at(Sort::CoreFunc, index, offset))).type;
  const wasm::FuncType found = registry_.type(id).func;
  const std::span<const wasm::ValType> params{wanted.params, wanted.param_count};
  const std::span<const wasm::ValType> results{wanted.results, wanted.result_count};
  if (std::ranges::equal(found.params, params) && std::ranges::equal(found.results, results)) return {};
  const auto text = [](std::span<const wasm::ValType> list) {
    std::string line = "[";
    for (size_t i = 0; i < list.size() && i < 24; ++i) line += (i == 0 ? "" : " ") + wasm::to_text(list[i]);
    return line + "]";
  };
  return base::fail(ErrorCode::TypeMismatch, offset,
                    std::string(what) + " is a core function " + text(found.params) + " -> " +
                        text(found.results) + ", expected " + text(params) + " -> " + text(results));
}

Result<void> Validator::define_core_func(const CoreSignature& signature) {
  const std::span<const wasm::ValType> params(signature.params, signature.param_count);
  const std::span<const wasm::ValType> results(signature.results, signature.result_count);
  CoreExtern item;
  item.kind = wasm::ExternKind::Func;
  // Most signatures of a component are a few ones.
  const auto known = std::find_if(made_types_.begin(), made_types_.end(), [&](wasm::CanonId id) {
    const wasm::FuncType& func = registry_.type(id).func;
    return std::ranges::equal(func.params, params) && std::ranges::equal(func.results, results);
  });
  if (known != made_types_.end()) {
    item.type = *known;
    return push(Sort::CoreFunc, WHERRY_TRY(types().add_core_extern(item)));
  }
  wasm::TypeSet set = WHERRY_TRY(registry_.add_function({params, results}));
  item.type = set[wasm::TypeIndex(0)].id;
  constexpr size_t kMostKnown = 32;
  if (made_types_.size() < kMostKnown && !made_types_.push_back(item.type)) return out_of_memory();
  if (!out_.core_types_.push_back(std::move(set))) return out_of_memory();
  return push(Sort::CoreFunc, WHERRY_TRY(types().add_core_extern(item)));
}

// ---- lift and lower

Result<void> Validator::lift(const Canon& canon, uint64_t offset) {
  const TypeId type(WHERRY_TRY(at(Sort::Type, canon.type, offset)));
  const TypeNode func = types()[type];
  if (func.kind != TypeKind::Func) {
    return base::fail(ErrorCode::NotFunctionType, offset, "type " + std::to_string(canon.type));
  }
  const CanonOptions options = WHERRY_TRY(this->options(canon.options, offset));
  if (options.is_async && !func.is_async)
    return bad_option(offset, "the `async` option requires an async function type");
  if (options.is_async && options.callback == nullptr && !has(Feature::AsyncStackful)) {
    return feature_disabled(Feature::AsyncStackful, "lifting with `async` and without `callback`", offset);
  }
  const Flattened params = flatten_params(types(), func, options.is_wide);
  const Flattened result = flatten_value(types(), func.first, options.is_wide);
  const bool spills = params.flat.count > kMaxFlatParams;
  const uint32_t most_results = options.is_async ? kMaxFlatParams : kMaxFlatResults;
  const bool needs_memory =
      params.has_pointer || spills || result.has_pointer || result.flat.count > most_results;
  if (needs_memory && options.memory == nullptr) return missing_option(offset, "memory");
  if ((params.has_pointer || spills) && options.realloc == nullptr) return missing_option(offset, "realloc");

  CoreSignature wanted;
  if (spills) {
    wanted.param(pointer(options.is_wide));
  } else {
    for (uint32_t i = 0; i < params.flat.count; ++i) wanted.param(core_type_of(params.flat.at(i)));
  }
  if (options.is_async) {
    if (options.callback != nullptr) wanted.result(wasm::kI32);
  } else if (result.flat.count > kMaxFlatResults) {
    wanted.result(pointer(options.is_wide));
  } else {
    for (uint32_t i = 0; i < result.flat.count; ++i) wanted.result(core_type_of(result.flat.at(i)));
  }
  WHERRY_TRY(check_core_func(canon.item, wanted, "the lifted function", offset));
  if (options.post_return != nullptr) {
    CoreSignature after;
    for (uint32_t i = 0; i < wanted.result_count; ++i) after.param(wanted.results[i]);
    WHERRY_TRY(check_core_func(options.post_return->index, after, "canonical option `post-return`",
                               options.post_return->offset));
  }
  return push(Sort::Func, type.value);
}

Result<void> Validator::lower(const Canon& canon, uint64_t offset) {
  const TypeNode func = types()[TypeId(WHERRY_TRY(at(Sort::Func, canon.item, offset)))];
  const CanonOptions options = WHERRY_TRY(this->options(canon.options, offset));
  if (options.post_return != nullptr) return bad_option(offset, "`post-return` is not allowed when lowering");
  if (options.callback != nullptr) return bad_option(offset, "`callback` is not allowed when lowering");
  if (options.is_async && !func.is_async)
    return bad_option(offset, "the `async` option requires an async function type");
  const Flattened params = flatten_params(types(), func, options.is_wide);
  const Flattened result = flatten_value(types(), func.first, options.is_wide);
  const bool spills = params.flat.count > (options.is_async ? kMaxFlatAsyncParams : kMaxFlatParams);
  const bool returns_by_memory = result.flat.count > (options.is_async ? 0 : kMaxFlatResults);
  const bool needs_memory = params.has_pointer || result.has_pointer || spills || returns_by_memory;
  if (needs_memory && options.memory == nullptr) return missing_option(offset, "memory");
  if (result.has_pointer && options.realloc == nullptr) return missing_option(offset, "realloc");

  CoreSignature made;
  if (spills) {
    made.param(pointer(options.is_wide));
  } else {
    for (uint32_t i = 0; i < params.flat.count; ++i) made.param(core_type_of(params.flat.at(i)));
  }
  if (returns_by_memory) made.param(pointer(options.is_wide));
  if (options.is_async) {
    made.result(wasm::kI32);
  } else if (!returns_by_memory && result.flat.count == 1) {
    made.result(core_type_of(result.flat.at(0)));
  }
  return define_core_func(made);
}

// ---- built-ins

Result<void> Validator::task_return(const Canon& canon, uint64_t offset) {
  const CanonOptions options = WHERRY_TRY(this->options(canon.options, offset));
  if (options.is_async || options.realloc != nullptr || options.post_return != nullptr ||
      options.callback != nullptr) {
    return bad_option(offset, "`task.return` takes only `memory` and `string-encoding`");
  }
  ValType type;
  if (canon.has_result) type = WHERRY_TRY(val_type(canon.result, offset));
  if (types().has_borrow(type))
    return base::fail(ErrorCode::MisplacedBorrow, offset, "the result of `task.return`");
  const Flattened result = flatten_value(types(), type, options.is_wide);
  const bool spills = result.flat.count > kMaxFlatParams;
  if ((result.has_pointer || spills) && options.memory == nullptr) return missing_option(offset, "memory");
  CoreSignature made;
  if (spills) {
    made.param(pointer(options.is_wide));
  } else {
    for (uint32_t i = 0; i < result.flat.count; ++i) made.param(core_type_of(result.flat.at(i)));
  }
  return define_core_func(made);
}

Result<void> Validator::resource_builtin(const Canon& canon, uint64_t offset) {
  const TypeId type = WHERRY_TRY(resource_index(canon.type, offset));
  const Resource resource = types().resource(types()[type].resource);
  CoreSignature made;
  if (canon.op == CanonOp::ResourceDrop) {
    made.param(wasm::kI32);
    return define_core_func(made);
  }
  if (!resource.is_local || resource.owner != frame().component) {
    return base::fail(ErrorCode::NotALocalResource, offset, "type " + std::to_string(canon.type));
  }
  const bool is_new = canon.op == CanonOp::ResourceNew;
  made.param(is_new ? resource.rep : wasm::kI32);
  made.result(is_new ? wasm::kI32 : resource.rep);
  return define_core_func(made);
}

Result<void> Validator::context_builtin(const Canon& canon, uint64_t offset) {
  const wasm::ValType type = canon.context;
  if (type == wasm::kI64 && !has(Feature::Memory64)) {
    return feature_disabled(Feature::Memory64, "a context of i64", offset);
  }
  if (type != wasm::kI32 && type != wasm::kI64) {
    return base::fail(ErrorCode::TypeMismatch, offset,
                      "found a context of " + wasm::to_text(type) + ", expected i32");
  }
  if (frame().context != wasm::ValType(wasm::ValKind::Bottom) && frame().context != type) {
    return base::fail(ErrorCode::TypeMismatch, offset, "a component's contexts are all of one type");
  }
  frame().context = type;
  if (canon.type >= 2) {
    return base::fail(ErrorCode::UnknownIndex, offset,
                      "immediate must be less than 2: " + std::to_string(canon.type));
  }
  CoreSignature made;
  canon.op == CanonOp::ContextGet ? made.result(type) : made.param(type);
  return define_core_func(made);
}

// The stream or future that a built-in is for.
Result<TypeId> Validator::copied_type(const Canon& canon, uint64_t offset) {
  const bool is_stream = canon.op >= CanonOp::StreamNew && canon.op <= CanonOp::StreamDropWritable;
  const TypeId type(WHERRY_TRY(at(Sort::Type, canon.type, offset)));
  const TypeKind wanted = is_stream ? TypeKind::Stream : TypeKind::Future;
  if (types()[type].kind == wanted) return type;
  return base::fail(
      ErrorCode::TypeMismatch, offset,
      "`" + std::string(row_of(canon.op).text) + "` requires a " + std::string(kind_name(wanted)) + " type");
}

Result<void> Validator::copy_builtin(const Canon& canon, uint64_t offset) {
  const TypeId type = WHERRY_TRY(copied_type(canon, offset));
  const ValType element = types()[type].first;
  const bool is_stream = types()[type].kind == TypeKind::Stream;
  const bool is_read = canon.op == CanonOp::StreamRead || canon.op == CanonOp::FutureRead;
  const bool is_write = canon.op == CanonOp::StreamWrite || canon.op == CanonOp::FutureWrite;
  CoreSignature made;
  if (canon.op == CanonOp::StreamNew || canon.op == CanonOp::FutureNew) {
    made.result(wasm::kI64);
    return define_core_func(made);
  }
  made.param(wasm::kI32);
  if (!is_read && !is_write) {
    const bool is_drop = row_of(canon.op).immediates == CanonImmediates::Type;
    if (canon.flag && !has(Feature::MoreAsyncBuiltins)) {
      return feature_disabled(Feature::MoreAsyncBuiltins, "cancelling with `async`", offset);
    }
    if (!is_drop) made.result(wasm::kI32);
    return define_core_func(made);
  }
  const CanonOptions options = WHERRY_TRY(this->options(canon.options, offset));
  if (options.post_return != nullptr || options.callback != nullptr) {
    return bad_option(offset, "`post-return` and `callback` are for lifting");
  }
  if (!options.is_async && !has(Feature::MoreAsyncBuiltins)) {
    return feature_disabled(Feature::MoreAsyncBuiltins, "a copy without `async`", offset);
  }
  if (!element.is_none()) {
    if (options.memory == nullptr) return missing_option(offset, "memory");
    if (is_read && types().has_pointer(element) && options.realloc == nullptr)
      return missing_option(offset, "realloc");
  }
  made.param(pointer(options.is_wide));
  if (is_stream) made.param(pointer(options.is_wide));
  made.result(is_stream ? pointer(options.is_wide) : wasm::kI32);
  return define_core_func(made);
}

Result<void> Validator::error_context_builtin(const Canon& canon, uint64_t offset) {
  CoreSignature made;
  if (canon.op == CanonOp::ErrorContextDrop) {
    made.param(wasm::kI32);
    return define_core_func(made);
  }
  const CanonOptions options = WHERRY_TRY(this->options(canon.options, offset));
  if (options.is_async || options.post_return != nullptr || options.callback != nullptr) {
    return bad_option(offset, "error contexts take only `memory`, `realloc` and `string-encoding`");
  }
  if (options.memory == nullptr) return missing_option(offset, "memory");
  if (canon.op == CanonOp::ErrorContextNew) {
    made.param(pointer(options.is_wide));
    made.param(pointer(options.is_wide));
    made.result(wasm::kI32);
    return define_core_func(made);
  }
  if (options.realloc == nullptr) return missing_option(offset, "realloc");
  made.param(wasm::kI32);
  made.param(pointer(options.is_wide));
  return define_core_func(made);
}

Result<void> Validator::waitable_builtin(const Canon& canon, uint64_t offset) {
  const bool is_wide = WHERRY_TRY(memory_is_wide(canon.item, offset));
  CoreSignature made;
  made.param(wasm::kI32);
  made.param(pointer(is_wide));
  made.result(wasm::kI32);
  return define_core_func(made);
}

// thread.new-indirect and its relatives: a function type of one parameter, and a table of functions.
Result<void> Validator::thread_builtin(const Canon& canon, uint64_t offset) {
  const wasm::CanonId id = WHERRY_TRY(core_func_type(canon.type, offset));
  const wasm::FuncType start = registry_.type(id).func;
  const bool takes_one = start.params.size() == 1 && start.results.empty();
  const bool fits = takes_one && (start.params[0] == wasm::kI32 ||
                                  (start.params[0] == wasm::kI64 && has(Feature::Memory64)));
  if (!fits)
    return base::fail(ErrorCode::TypeMismatch, offset, "start function must take one i32 and return nothing");
  CoreSignature made;
  if (canon.op == CanonOp::ThreadSpawnRef) {
    made.param(wasm::ValType::ref(wasm::HeapType::concrete(id.value), true));
  } else {
    const wasm::TableType table =
        types().core_extern(WHERRY_TRY(at(Sort::CoreTable, canon.item, offset))).table;
    if (!registry_.is_subtype(table.element, wasm::kFuncRef)) {
      return base::fail(ErrorCode::TypeMismatch, offset, "expected a table of funcref");
    }
    if (table.limits.is_64 && !has(Feature::Memory64)) {
      return feature_disabled(Feature::Memory64, "a 64-bit table in a canonical definition", offset);
    }
    made.param(table.limits.index_type());
  }
  made.param(start.params[0]);
  made.result(wasm::kI32);
  return define_core_func(made);
}

// Those whose type depends on nothing.
Result<void> Validator::scalar_builtin(const Canon& canon, uint64_t offset) {
  CoreSignature made;
  switch (canon.op) {
    case CanonOp::SubtaskCancel:
      if (canon.flag && !has(Feature::MoreAsyncBuiltins)) {
        return feature_disabled(Feature::MoreAsyncBuiltins, "cancelling with `async`", offset);
      }
      [[fallthrough]];
    case CanonOp::ThreadSuspendThenResume:
    case CanonOp::ThreadYieldThenResume:
    case CanonOp::ThreadSuspendThenPromote:
    case CanonOp::ThreadYieldThenPromote:
      made.param(wasm::kI32);
      made.result(wasm::kI32);
      break;
    case CanonOp::SubtaskDrop:
    case CanonOp::WaitableSetDrop:
    case CanonOp::ThreadResumeLater: made.param(wasm::kI32); break;
    case CanonOp::WaitableSetNew:
    case CanonOp::ThreadIndex:
    case CanonOp::ThreadSuspend:
    case CanonOp::ThreadYield:
    case CanonOp::ThreadAvailableParallelism: made.result(wasm::kI32); break;
    case CanonOp::WaitableJoin:
      made.param(wasm::kI32);
      made.param(wasm::kI32);
      break;
    default: break;  // task.cancel, backpressure.*: [] -> []
  }
  return define_core_func(made);
}

Result<void> Validator::canon(const Canon& canon, uint64_t offset) {
  using enum CanonOp;
  switch (row_of(canon.op).immediates) {
    case CanonImmediates::Lift: return lift(canon, offset);
    case CanonImmediates::Lower: return lower(canon, offset);
    case CanonImmediates::Result: return task_return(canon, offset);
    case CanonImmediates::Context: return context_builtin(canon, offset);
    case CanonImmediates::Options: return error_context_builtin(canon, offset);
    case CanonImmediates::CancelMemory: return waitable_builtin(canon, offset);
    case CanonImmediates::NewIndirect:
    case CanonImmediates::SpawnRef:
    case CanonImmediates::SpawnTable: return thread_builtin(canon, offset);
    case CanonImmediates::TypeOptions:
    case CanonImmediates::TypeAsync: return copy_builtin(canon, offset);
    case CanonImmediates::Type:
      return canon.op <= ResourceRep ? resource_builtin(canon, offset) : copy_builtin(canon, offset);
    case CanonImmediates::None:
      if (canon.op == ErrorContextDrop) return error_context_builtin(canon, offset);
      return scalar_builtin(canon, offset);
    case CanonImmediates::Async:
    case CanonImmediates::Cancel:
    case CanonImmediates::Shared: return scalar_builtin(canon, offset);
  }
  return {};
}

}  // namespace wherry::component
