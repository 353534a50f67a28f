// A native function is called by slots through two cells, which all functions of its type share: the interpreter's
// handler for native code and the thunk that reads the parameters. They are written, and the function's FuncCode is
// published, when something calls it by slots for the first time, so that loading a module of 90,000 functions touches none
// of their records. Code in the same artifact calls it directly and never looks.
#include "engine/native/module_code.h"

#include <algorithm>
#include <new>

#include "engine/base/os/fault.h"
#include "engine/native/enter.h"
#include "engine/wasm/errors.h"

namespace wherry::native {

ModuleCode::ModuleCode(const wasm::Module& module, const wasm::TypeSet& types, abi::CodeProvider* others,
                       const Source& source, abi::Cell native_entry)
    : module_(module), types_(types), others_(others), source_(source), native_entry_(native_entry) {
  provider_.codes = others->codes;
  provider_.owner = this;
  provider_.prepare = [](abi::CodeProvider* self, abi::FuncCode* code, base::Error* error) {
    return static_cast<Provider*>(self)->owner->prepare(code, error);
  };
  provider_.native = [](abi::CodeProvider* self, abi::FuncCode* code) {
    return static_cast<Provider*>(self)->owner->native(code);
  };
  provider_.find = [](abi::CodeProvider* self, const abi::Cell* cell) {
    abi::CodeProvider* const lowered = static_cast<Provider*>(self)->owner->others_;
    return lowered->find(lowered, cell);
  };
}

base::Result<std::unique_ptr<ModuleCode>> ModuleCode::create(const wasm::Module& module,
                                                             const wasm::TypeSet& types,
                                                             abi::CodeProvider* others, const Source& source,
                                                             abi::Cell native_entry) {
  std::unique_ptr<ModuleCode> code(new (std::nothrow)
                                       ModuleCode(module, types, others, source, native_entry));
  if (code == nullptr || !code->cells_.resize(types.size() * 2)) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  if (source.end != 0 &&
      !base::register_faulting_code(
          {.begin = source.begin, .end = source.end, .landing = fault_landing(), .is_frameless = false})) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  return code;
}

ModuleCode::~ModuleCode() {
  if (source_.may_fault) base::unregister_faulting_code(source_.begin);
}

std::optional<Place> ModuleCode::find(const void* pc) const {
  uint32_t defined = 0;
  uint64_t module_offset = 0;
  if (!source_.find(source_.environment, pc, &defined, &module_offset)) return std::nullopt;
  return Place{module_.imported_funcs + defined, module_offset};
}

const void* ModuleCode::native(abi::FuncCode* code) {
  if (code->frame_slots.load(std::memory_order_acquire) == 0) {
    const auto defined = static_cast<uint32_t>(code - provider_.codes);
    base::Error error;
    if (source_.function(source_.environment, defined) == nullptr || !prepare(code, &error)) return nullptr;
  }
  return abi::has_native_code(code) ? abi::native_code(code) : nullptr;
}

const abi::Cell* ModuleCode::cells_for(uint32_t type_index) {
  abi::Cell* const cells = cells_.data() + size_t{type_index} * 2;
  if (cells[0] != 0) return cells;
  const abi::NativeEnter thunk = source_.thunk(source_.environment, type_index);
  if (thunk == nullptr) return nullptr;
  cells[0] = native_entry_;
  cells[1] = reinterpret_cast<abi::Cell>(thunk);
  return cells;
}

bool ModuleCode::prepare(abi::FuncCode* code, base::Error* error) {
  const auto defined = static_cast<uint32_t>(code - provider_.codes);
  const void* const function = source_.function(source_.environment, defined);
  if (function == nullptr) return others_->prepare(others_, code, error);
  const std::lock_guard lock(mutex_);
  if (code->frame_slots.load(std::memory_order_relaxed) != 0) return true;
  const uint32_t func_index = module_.imported_funcs + defined;
  const wasm::TypeIndex type_index = module_.funcs[func_index].type;
  const abi::Cell* const cells = cells_for(type_index.value);
  if (cells == nullptr) return others_->prepare(others_, code, error);
  const wasm::CanonType& type = types_[type_index];
  code->func_index = func_index;
  code->param_slots = static_cast<uint16_t>(type.param_slots);
  code->flags = abi::native_flags(source_.kind);
  code->native[static_cast<size_t>(source_.kind)].store(function, std::memory_order_relaxed);
  abi::publish_code(code, cells, std::max(type.param_slots + abi::kFrameHeaderSlots, type.result_slots));
  return true;
}

}  // namespace wherry::native
