// Observers: from frames, offsets and slots to functions with names.
//
// Depth is told by frames, not by counting calls: a callee's frame begins above its caller's, so whoever is entered at
// `frame` has ended every function whose frame begins there or above. Tail calls, traps and exceptions, which end functions
// without a word, need no care.
//
// A sample is taken where code looks at its deadline: when functions begin and end, and when loops go round. What elapsed
// since the last such place therefore was one function's time: at the beginning of a function its caller's, elsewhere the
// innermost function's. Sampling by a signal was rejected: it would interrupt the host's system calls, and in the middle of
// a handler the registers say nothing certain.
#include "engine/api/observe.h"

#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"
#include "engine/base/os/clock.h"
#include "engine/decode/name_section.h"
#include "engine/inspect/disassembler.h"

namespace wherry {

namespace api {

namespace {

constexpr uint64_t kSampleNs = 1'000'000;
constexpr size_t kNameBytes = 256;
// Deeper functions are all shown at this depth.
constexpr size_t kMostDepth = 1 << 16;

std::string cut(std::string_view name) { return std::string(name.substr(0, kNameBytes)); }

size_t slots_of(std::span<const ValType> types) {
  size_t slots = 0;
  for (const ValType type : types) slots += type.slots();
  return slots;
}

}  // namespace

// The functions of one module, made when they are met.
struct Watcher::ModuleFunctions {
  const detail::ModuleState* module;
  std::string name;
  base::Vector<std::string_view> names;  // By index; shorter without memory.
  base::Vector<ObservedFunction*> functions;
  std::unique_ptr<inspect::Disassembler> disassembler;

  ~ModuleFunctions() {
    for (ObservedFunction* function : functions) delete function;
  }

  void read_names() {
    if (!names.resize(module->module().funcs.size())) return;
    for (const wasm::Export& item : module->module().exports) {
      if (item.kind == wasm::ExternKind::Func && names[item.index].empty()) names[item.index] = item.name;
    }
    const decode::NameSection section(module->module());
    name = cut(section.module_name());
    decode::NameMap map = section.names(decode::NameKind::Func);
    for (decode::NameMap::Entry entry; map.next(&entry);) {
      if (entry.index < names.size()) names[entry.index] = entry.name;
    }
  }
};

Watcher::Watcher(detail::StoreState& store) : store_(store) {}

Watcher::~Watcher() {
  if (samples_) (void)store_.runtime->set_pauses(0, nullptr);
}

Result<void> Watcher::set(Observer* observer, bool samples) {
  samples = samples && observer != nullptr;
  WHERRY_TRY_PUBLIC(store_.runtime->set_pauses(samples ? kSampleNs : 0, &on_pause));
  samples_ = samples;
  observer_ = observer;
  last_sample_ns_ = base::monotonic_ns();
  store_.runtime->on_observe = observer != nullptr ? &on_observe : nullptr;
  return {};
}

Watcher::ModuleFunctions* Watcher::functions_of(const abi::Context* context) {
  const detail::ModuleState* module = &module_of(context);
  for (const auto& known : modules_) {
    if (known->module == module) return known.get();
  }
  auto made = std::make_unique<ModuleFunctions>();
  made->module = module;
  made->read_names();
  if (!made->functions.resize(module->module().funcs.size())) return nullptr;
  return modules_.emplace_back(std::move(made)).get();
}

const ObservedFunction* Watcher::function_of(abi::Context* context, uint32_t index) {
  ModuleFunctions* all = functions_of(context);
  if (all == nullptr || index >= all->functions.size()) return nullptr;
  ObservedFunction*& function = all->functions[index];
  if (function == nullptr) {
    const std::string_view name = index < all->names.size() ? all->names[index] : std::string_view();
    const wasm::CanonType& type = *instance_of(context)->func(index)->type;
    function = new ObservedFunction{all->name, cut(name), index, false, to_public_func(type)};
  }
  return function;
}

const ObservedFunction* Watcher::function_of(const abi::Context* caller, const HostBinding& binding) {
  for (const HostFunction& known : hosts_) {
    if (known.binding == &binding) return known.function.get();
  }
  Frame frame;
  describe_host({.context = caller, .host = &binding}, &frame);
  auto made = std::make_unique<ObservedFunction>(ObservedFunction{
      {}, frame.function, frame.function_index, true, to_public_func(*binding.func->object.base.type)});
  return hosts_.emplace_back(&binding, std::move(made)).function.get();
}

void Watcher::on_observe(runtime::Store& store, abi::Context* context, abi::Observed what,
                         const uint64_t* frame) {
  Watcher& self = *static_cast<detail::StoreState*>(store.embedder)->watcher;
  const ObservedFunction* function = self.function_of(context, static_cast<uint32_t>(what.function));
  if (function == nullptr || self.observer_ == nullptr) return;
  base::Vector<const uint64_t*>& frames = self.frames_;
  const bool enters = what.moment == abi::Moment::Enter;
  while (!frames.empty() && (enters ? frames.back() >= frame : frames.back() > frame)) frames.pop_back();
  const auto depth = static_cast<uint32_t>(frames.size());
  if (enters) {
    if (depth < kMostDepth) (void)frames.push_back(frame);
    self.observer_->on_call({*function, depth, {frame, slots_of(function->type.params)}});
    return;
  }
  const uint32_t own = depth == 0 ? 0 : depth - 1;
  if (what.moment == abi::Moment::Return) {
    self.observer_->on_return({*function, own, {frame + what.slot, slots_of(function->type.results)}});
    return;
  }
  ModuleFunctions* all = self.functions_of(context);
  if (all->disassembler == nullptr) {
    auto made = inspect::Disassembler::create(all->module->module());
    if (!made) return;
    all->disassembler = std::move(*made);
  }
  const wasm::FuncIndex index(function->index);
  self.observer_->on_instruction({*function, own, what.offset,
                                  what.offset - all->module->module().body(index).offset,
                                  all->disassembler->text(index, what.offset)});
}

// The host function's frame lies between its caller's and those of guests that it calls back.
void Watcher::host_begins(const abi::Context* caller, const HostBinding& binding, const uint64_t* slots) {
  if (observer_ == nullptr || caller->instance == nullptr) return;
  if (samples_) store_.runtime->pause_if_due();
  const ObservedFunction* function = function_of(caller, binding);
  while (!frames_.empty() && frames_.back() >= slots) frames_.pop_back();
  const auto depth = static_cast<uint32_t>(frames_.size());
  (void)frames_.push_back(slots);
  host_began_ns_ = base::monotonic_ns();
  observer_->on_call({*function, depth, {slots, slots_of(function->type.params)}});
}

void Watcher::host_ended(const abi::Context* caller, const HostBinding& binding, const uint64_t* slots) {
  if (observer_ == nullptr || caller->instance == nullptr) return;
  if (samples_) {
    // A long one is counted as long as it was; of short ones, those that the clock's tick fell into.
    const uint64_t now = base::monotonic_ns();
    const uint64_t began = std::max(host_began_ns_, last_sample_ns_);
    if (now - began >= kSampleNs) {
      last_sample_ns_ += now - began;
      sample(now - began);
    } else {
      store_.runtime->pause_if_due();
    }
  }
  const ObservedFunction* function = function_of(caller, binding);
  while (!frames_.empty() && frames_.back() >= slots) frames_.pop_back();
  const auto depth = static_cast<uint32_t>(frames_.size());
  observer_->on_return({*function, depth, {slots, slots_of(function->type.results)}});
}

// ---- samples

void Watcher::on_pause(runtime::Store& store) {
  Watcher& self = *static_cast<detail::StoreState*>(store.embedder)->watcher;
  const uint64_t now = base::monotonic_ns();
  const uint64_t elapsed_ns = now - std::exchange(self.last_sample_ns_, now);
  self.sample(elapsed_ns);
}

void Watcher::sample(uint64_t elapsed_ns) {
  if (observer_ == nullptr) return;
  RawBacktrace raws;
  collect_stack(store_, &raws);
  const ObservedFunction* stack[kInnermostFrames + kOutermostFrames];
  size_t count = 0;
  for (size_t i = 0; i < raws.size(); ++i) {
    const RawFrame& raw = raws[i];
    // What elapsed before a function's first instruction was its caller's.
    if (i == 0 && raw.host == nullptr && raw.cell == raw.code->entry.load(std::memory_order_relaxed))
      continue;
    // SAFETY: contexts that run are not constant; only walking them does not change them.
    const ObservedFunction* function =
        raw.host != nullptr ? function_of(raw.context, *raw.host)
                            : function_of(const_cast<abi::Context*>(raw.context), raw.code->func_index);
    if (function != nullptr) stack[count++] = function;
  }
  const std::chrono::nanoseconds elapsed(static_cast<int64_t>(elapsed_ns));
  if (count != 0) observer_->on_sample({{stack, count}, raws.omitted(), elapsed});
}

}  // namespace api

Result<void> StoreRef::set_observer(Observer* observer) const {
  if (state_ == nullptr) return api::no_store();
  const uint32_t observations = state_->engine.config().advanced.observations;
  if (observations == 0 && observer != nullptr) {
    return Error::usage("an observer was set, but AdvancedConfig::observations is 0");
  }
  if (state_->watcher == nullptr) {
    if (observer == nullptr) return {};
    state_->watcher = std::make_unique<api::Watcher>(*state_);
  }
  const bool samples = (observations & static_cast<uint32_t>(Observation::Samples)) != 0;
  return state_->watcher->set(observer, samples);
}

}  // namespace wherry
