// Code appears function by function, on the first call of each, under one lock: lowering a function takes
// microseconds, and two threads that meet the same new function should not both do it. Readers need no lock: a
// FuncCode is published by its frame_slots, written last with release order, which those who call load first, with
// acquire order.
//
// Records of functions that nobody referred to are zero-filled pages that were never touched: a module of 90,000
// functions costs address space until they run.
#include "engine/lower/module_code.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "engine/abi/layout.h"
#include "engine/base/arena.h"
#include "engine/lower/joined.h"
#include "engine/lower/lower.h"
#include "engine/wasm/errors.h"

namespace wherry::lower {
namespace {

struct Range {
  const Cell* begin;
  const Cell* end;
  const abi::FuncCode* code;
};

}  // namespace

struct ModuleCode::Impl {
  Impl(const validate::TypedModule& module, const Options& options, const HandlerTable& handlers)
      : environment{module, handlers, options, abi::layout_of(module.module), {}, nullptr} {}
  ~Impl() { std::free(environment.codes); }

  base::Result<void> publish(abi::FuncCode* code, const SlotCode& made);

  struct Provider : abi::CodeProvider {
    ModuleCode* owner = nullptr;
  };

  Provider provider;
  std::mutex mutex;
  Environment environment;
  Joiner joiner;
  base::Arena arena;
  Buffers buffers;
  SlotCode scratch;
  base::Vector<Range> ranges;
  bool ranges_sorted = true;
  uint64_t code_bytes = 0;
};

ModuleCode::ModuleCode(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModuleCode::~ModuleCode() = default;

base::Result<std::unique_ptr<ModuleCode>> ModuleCode::create(const validate::TypedModule& module,
                                                             const Options& options,
                                                             const HandlerTable& handlers) {
  auto impl = std::make_unique<Impl>(module, options, handlers);
  Environment& environment = impl->environment;
  environment.codes =
      static_cast<abi::FuncCode*>(std::calloc(module.module.bodies.size() + 1, sizeof(abi::FuncCode)));
  if (environment.codes == nullptr ||
      !abi::global_offsets(module.module, environment.layout, &environment.global_offsets)) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  if (options.joined_handlers) {
    impl->joiner = Joiner(handlers);
    environment.joiner = &impl->joiner;
  }
  auto code = std::unique_ptr<ModuleCode>(new ModuleCode(std::move(impl)));
  Impl::Provider& provider = code->impl_->provider;
  provider.owner = code.get();
  provider.codes = environment.codes;
  provider.prepare = [](abi::CodeProvider* self, abi::FuncCode* func, base::Error* error) {
    auto prepared = static_cast<Impl::Provider*>(self)->owner->prepare(func);
    if (prepared) return true;
    *error = std::move(prepared).error();
    return false;
  };
  return code;
}

abi::CodeProvider* ModuleCode::provider() { return &impl_->provider; }
const abi::ContextLayout& ModuleCode::layout() const { return impl_->environment.layout; }

base::Result<void> ModuleCode::Impl::publish(abi::FuncCode* code, const SlotCode& made) {
  const size_t count = made.cells.size();
  auto* cells = static_cast<Cell*>(arena.allocate_bytes(count * sizeof(Cell), alignof(Cell)));
  if (cells == nullptr || !ranges.push_back({cells, cells + count, code})) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  ranges_sorted = false;
  std::memcpy(cells, made.cells.data(), count * sizeof(Cell));
  code_bytes += count * sizeof(Cell);
  code->zero_begin = made.zero_begin;
  code->zero_count = made.zero_count;
  code->pinned0 = made.pinned0;
  code->pinned1 = made.pinned1;
  code->param_slots = made.param_slots;
  abi::publish_code(code, cells, made.frame_slots);
  return {};
}

base::Result<void> ModuleCode::prepare(abi::FuncCode* code) {
  const std::lock_guard lock(impl_->mutex);
  if (code->frame_slots.load(std::memory_order_relaxed) != 0) return {};
  const Environment& environment = impl_->environment;
  const auto defined = static_cast<uint32_t>(code - environment.codes);
  const wasm::FuncIndex func(defined + environment.module.module.imported_funcs);
  code->func_index = func.value;
  WHERRY_TRY(lower(impl_->environment, func, false, impl_->buffers, &impl_->scratch));
  return impl_->publish(code, impl_->scratch);
}

const abi::FuncCode* ModuleCode::find(const Cell* cell) const {
  const std::lock_guard lock(impl_->mutex);
  base::Vector<Range>& ranges = impl_->ranges;
  const auto before = [](const Range& left, const Range& right) { return left.begin < right.begin; };
  if (!impl_->ranges_sorted) std::sort(ranges.begin(), ranges.end(), before);
  impl_->ranges_sorted = true;
  const Range* next = std::upper_bound(ranges.begin(), ranges.end(), Range{cell, nullptr, nullptr}, before);
  if (next == ranges.begin() || cell >= next[-1].end) return nullptr;
  return next[-1].code;
}

std::span<const Cell> ModuleCode::cells(const abi::FuncCode& code) const {
  const std::lock_guard lock(impl_->mutex);
  for (const Range& range : impl_->ranges) {
    if (range.code == &code) return {range.begin, range.end};
  }
  return {};
}

uint64_t ModuleCode::wasm_offset(const abi::FuncCode& code, const Cell* cell) const {
  const std::span<const Cell> cells = this->cells(code);
  const wasm::FuncIndex func(code.func_index);
  const uint64_t body_offset = impl_->environment.module.module.body(func).offset;
  if (cells.empty() || cell < cells.data() || cell >= cells.data() + cells.size()) return body_offset;
  const std::lock_guard lock(impl_->mutex);
  SlotCode again;
  if (!lower(impl_->environment, func, true, impl_->buffers, &again)) return body_offset;
  const auto word = static_cast<uint32_t>(cell - cells.data());
  uint64_t offset = body_offset;
  for (const CodePosition& position : again.positions) {
    if (position.word > word) break;
    offset = position.offset;
  }
  return offset;
}

uint64_t ModuleCode::code_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->code_bytes;
}

}  // namespace wherry::lower
