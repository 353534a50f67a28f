// Code appears function by function, on the first call of each, under one lock: lowering a function takes
// microseconds, and two threads that meet the same new function should not both do it. Readers need no lock: a
// FuncCode is published by its frame_slots, written last with release order, which those who call load first, with
// acquire order.
//
// Functions are found by address in a list that is sorted up to a point; what was made since waits behind it, up to
// kMostUnsorted entries that a search looks at one by one, and is then merged in. So a guest that makes a function and
// throws in turn, ninety thousand times, does not have the list sorted as often.
//
// Records of functions that nobody referred to are zero-filled pages that were never touched: a module of 90,000
// functions costs address space until they run.
#include "engine/lower/module_code.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "engine/abi/layout.h"
#include "engine/base/arena.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/lower/lower.h"
#include "engine/wasm/errors.h"

namespace wherry::lower {
namespace {

struct Range {
  const Cell* begin;
  const Cell* end;
  const abi::FuncCode* code;
  const abi::CatchTable* catches;  // Null if it catches nothing.
};

bool is_before(const Range& left, const Range& right) { return left.begin < right.begin; }

constexpr size_t kMostUnsorted = 64;

// A copy in the arena; false: no memory.
template <class T>
bool copy_to(base::Arena& arena, const base::Vector<T>& from, std::span<const T>* to) {
  if (from.empty()) return true;
  auto* const made = static_cast<T*>(arena.allocate_bytes(from.size() * sizeof(T), alignof(T)));
  if (made == nullptr) return false;
  std::memcpy(static_cast<void*>(made), from.data(), from.size() * sizeof(T));
  *to = {made, from.size()};
  return true;
}

}  // namespace

struct ModuleCode::Impl {
  Impl(const validate::TypedModule& module, const Options& options, const HandlerTable& handlers)
      : environment{module, handlers, options, abi::layout_of(module.module), {}} {}
  ~Impl() {
    if (mapped_bytes != 0) {
      base::release_pages(environment.codes, mapped_bytes);
    } else {
      std::free(environment.codes);
    }
  }

  // Records of zeros, of which few will be touched. calloc maps large ones too, but clears them itself once a process has freed
  // one: 8 us for 4,286 functions at each load.
  bool allocate_codes() {
    constexpr size_t kWorthMapping = 16 << 10;
    const size_t count = environment.module.module.bodies.size() + 1;
    if (count * sizeof(abi::FuncCode) < kWorthMapping) {
      environment.codes = static_cast<abi::FuncCode*>(std::calloc(count, sizeof(abi::FuncCode)));
    } else {
      mapped_bytes = base::round_up_to_pages(count * sizeof(abi::FuncCode));
      environment.codes = static_cast<abi::FuncCode*>(base::map_zeros(mapped_bytes));
      if (environment.codes == nullptr) mapped_bytes = 0;
    }
    return environment.codes != nullptr;
  }

  base::Result<void> publish(abi::FuncCode* code, const SlotCode& made);
  bool copy_catches(const SlotCode& made, const abi::CatchTable** out);
  void sort_ranges();
  const Range* find(const Cell* cell);

  struct Provider : abi::CodeProvider {
    ModuleCode* owner = nullptr;
  };

  Provider provider;
  std::mutex mutex;
  Environment environment;
  base::Arena arena;
  Buffers buffers;
  SlotCode scratch;
  base::Vector<Range> ranges;
  size_t sorted_ranges = 0;  // The first so many of them.
  uint64_t code_bytes = 0;
  size_t mapped_bytes = 0;  // Of the records; 0: they are from malloc.
};

ModuleCode::ModuleCode(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModuleCode::~ModuleCode() = default;

base::Result<std::unique_ptr<ModuleCode>> ModuleCode::create(const validate::TypedModule& module,
                                                             const Options& options,
                                                             const HandlerTable& handlers) {
  auto impl = std::make_unique<Impl>(module, options, handlers);
  Environment& environment = impl->environment;
  if (!impl->allocate_codes() ||
      !abi::global_offsets(module.module, environment.layout, &environment.global_offsets)) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
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
  provider.find = [](abi::CodeProvider* self, const Cell* cell) {
    return static_cast<Impl::Provider*>(self)->owner->site(cell);
  };
  return code;
}

abi::CodeProvider* ModuleCode::provider() { return &impl_->provider; }
const abi::ContextLayout& ModuleCode::layout() const { return impl_->environment.layout; }

bool ModuleCode::Impl::copy_catches(const SlotCode& made, const abi::CatchTable** out) {
  *out = nullptr;
  if (made.catch_regions.empty()) return true;
  auto* const table = arena.allocate<abi::CatchTable>();
  *out = table;
  return table != nullptr && copy_to(arena, made.catch_regions, &table->regions) &&
         copy_to(arena, made.catch_scopes, &table->scopes) &&
         copy_to(arena, made.catch_clauses, &table->clauses);
}

base::Result<void> ModuleCode::Impl::publish(abi::FuncCode* code, const SlotCode& made) {
  const size_t count = made.cells.size();
  auto* cells = static_cast<Cell*>(arena.allocate_bytes(count * sizeof(Cell), alignof(Cell)));
  const abi::CatchTable* catches = nullptr;
  if (cells == nullptr || !copy_catches(made, &catches) ||
      !ranges.push_back({cells, cells + count, code, catches})) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
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

// Sorts what is new and merges it in, from the end; code is mostly made at ascending addresses.
void ModuleCode::Impl::sort_ranges() {
  std::sort(ranges.begin() + sorted_ranges, ranges.end(), is_before);
  size_t left = std::exchange(sorted_ranges, ranges.size());
  if (left == 0 || is_before(ranges[left - 1], ranges[left])) return;
  base::Vector<Range> recent;
  if (!recent.append(std::span<const Range>(ranges).subspan(left))) {
    return std::sort(ranges.begin(), ranges.end(), is_before);
  }
  size_t right = recent.size();
  for (size_t to = ranges.size(); right != 0;) {
    const bool is_left = left != 0 && is_before(recent[right - 1], ranges[left - 1]);
    ranges[--to] = is_left ? ranges[--left] : recent[--right];
  }
}

const Range* ModuleCode::Impl::find(const Cell* cell) {
  if (ranges.size() - sorted_ranges > kMostUnsorted) sort_ranges();
  const auto holds = [cell](const Range& range) { return cell >= range.begin && cell < range.end; };
  const Range* const sorted_end = ranges.begin() + sorted_ranges;
  const Range* const next = std::upper_bound<const Range*>(ranges.begin(), sorted_end,
                                                           Range{cell, nullptr, nullptr, nullptr}, is_before);
  if (next != ranges.begin() && holds(next[-1])) return next - 1;
  const Range* const recent = std::find_if(sorted_end, static_cast<const Range*>(ranges.end()), holds);
  return recent != ranges.end() ? recent : nullptr;
}

abi::CodeSite ModuleCode::site(const Cell* cell) const {
  const std::lock_guard lock(impl_->mutex);
  const Range* const range = impl_->find(cell);
  if (range == nullptr) return {};
  return {range->code, range->begin, range->catches};
}

const abi::FuncCode* ModuleCode::find(const Cell* cell) const { return site(cell).code; }

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
