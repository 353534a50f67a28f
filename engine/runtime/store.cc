// The store: makes things, finds them by handle, and takes everything down at once.
//
// Nothing is freed before the store ends: instances refer to each other by plain pointers (tables hold functions of any
// instance), and counting those would cost what the guests' speed is made of. Programs that run many guests make a store
// each. So lists of pointers are enough, a handle is a place in one, and a function's handle is computed from where its
// object lies; the generation is there for the day when something can be freed earlier. And instances and functions of the host lie side
// by side in blocks: a command of WASI 0.2 has five of the former and sixty of the latter, and two calls of the allocator for each took
// as long as all the rest of instantiating it.
#include "engine/runtime/store.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <utility>

#include "engine/base/os/clock.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/runtime/builtins.h"
#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

base::Failure out_of_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

// Store ids are unique in the process, so that a handle of one engine means nothing in another: the one counter that
// engines share. Constant-initialised.
uint64_t next_store_id() {
  static constinit std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// Enters an object into its list; its place there becomes its index.
template <class T>
base::Result<T*> keep(base::Vector<T*>* list, std::unique_ptr<T> object, uint32_t* index) {
  if (object == nullptr || !list->push_back(object.get())) return out_of_memory();
  *index = static_cast<uint32_t>(list->size() - 1);
  return object.release();
}

template <class T>
T* at_handle(const base::Vector<T*>& list, HandleId handle) {
  return handle.generation == 1 && handle.index < list.size() ? list[handle.index] : nullptr;
}

template <class T>
void delete_all(base::Vector<T*>* list) {
  for (size_t i = list->size(); i-- > 0;) delete (*list)[i];
}

// Of what lies in the store's own memory.
template <class T>
void destroy_all(base::Vector<T*>* list) {
  for (size_t i = list->size(); i-- > 0;) (*list)[i]->~T();
}

}  // namespace

base::Result<std::unique_ptr<Store>> Store::create(const StoreSetup& setup) {
  std::unique_ptr<Store> store(new (std::nothrow) Store(setup));
  if (store == nullptr || !store->initialise()) return out_of_memory();
  return store;
}

bool Store::initialise() {
  id_ = next_store_id();
  interrupts_ = new (std::nothrow) InterruptState;
  if (interrupts_ == nullptr) return false;
  interrupts_->memory.set_limit(setup_.limits.memory_bytes);
  budget_.use_account(&interrupts_->memory);
  state().activation = &activation_;
  state().store = this;
  state().heap = heap_.front();
  state().counts_fuel = setup_.counts_fuel ? 1 : 0;
  host_context_.store = &state();
  host_context_.interrupt = setup_.clock->epoch();
  host_context_.builtins = &kBuiltins;
  return true;
}

Store::~Store() {
  if (interrupts_ == nullptr) return;
  if (deadline_ns_ != kNever) setup_.clock->release(*interrupts_);
  if (pause_ns_ != kNever) setup_.clock->release(*interrupts_);
  if (host_failure_ != nullptr && destroy_host_failure_ != nullptr) destroy_host_failure_(host_failure_);
  heap_.finalize_all();
  for (size_t i = host_funcs_.size(); i-- > 0;) {
    if (host_funcs_[i]->destroy != nullptr) host_funcs_[i]->destroy(host_funcs_[i]->object.environment);
  }
  delete_all(&globals_);
  delete_all(&tags_);
  delete_all(&tables_);
  for (const uint32_t shared : shared_memories_) std::exchange(memories_[shared], nullptr)->release();
  delete_all(&memories_);
  destroy_all(&instances_);
  base::release_pages(stack_mapping_, stack_mapping_bytes_);
  state().store = nullptr;
  interrupts_->release();
}

// ---- making

base::Result<LinearMemory*> Store::add_memory(const wasm::MemoryType& type) {
  if (type.limits.is_shared) {
    LinearMemory* const shared = WHERRY_TRY(LinearMemory::create_shared(type, setup_.guard, interrupts_, 0));
    base::Result<void> added = add_shared_memory(shared);
    shared->release();
    WHERRY_TRY(std::move(added));
    return shared;
  }
  std::unique_ptr<LinearMemory> memory = WHERRY_TRY(LinearMemory::create(type, setup_.guard, budget_));
  uint32_t* const index = &memory->index_;
  return keep(&memories_, std::move(memory), index);
}

base::Result<void> Store::add_shared_memory(LinearMemory* memory) {
  for (const uint32_t known : shared_memories_) {
    if (memories_[known] == memory) return {};
  }
  if (!memories_.reserve(memories_.size() + 1) || !shared_memories_.reserve(shared_memories_.size() + 1)) {
    return out_of_memory();
  }
  WHERRY_TRY(budget_.take_memory_object());
  (void)shared_memories_.push_back(static_cast<uint32_t>(memories_.size()));  // It has room; so has the next.
  (void)memories_.push_back(memory);
  memory->retain();
  return {};
}

base::Result<Table*> Store::add_table(const wasm::TableType& type, abi::Ref init) {
  std::unique_ptr<Table> table = WHERRY_TRY(Table::create(type, init, budget_));
  uint32_t* const index = &table->index_;
  return keep(&tables_, std::move(table), index);
}

base::Result<Global*> Store::add_global_at(const wasm::GlobalType& type, abi::GlobalSlots slots) {
  std::unique_ptr<Global> global(new (std::nothrow) Global);
  if (global == nullptr) return out_of_memory();
  global->type_ = type;
  global->slots_ = slots;
  uint32_t* const index = &global->index_;
  return keep(&globals_, std::move(global), index);
}

base::Result<Global*> Store::add_global(const wasm::GlobalType& type, const uint64_t* value) {
  Global* const global = WHERRY_TRY(add_global_at(type, nullptr));
  global->slots_ = global->own_;
  std::copy_n(value, wasm::slots_of(type.content), global->own_);
  return global;
}

base::Result<Tag*> Store::add_tag(const wasm::CanonType& type) {
  std::unique_ptr<Tag> tag(new (std::nothrow) Tag);
  if (tag == nullptr) return out_of_memory();
  tag->type_ = &type;
  uint32_t* const index = &tag->index_;
  return keep(&tags_, std::move(tag), index);
}

base::Result<HostFunc*> Store::add_host_func(const wasm::CanonType& type, abi::HostEntry entry,
                                             void* environment, void (*destroy)(void*)) {
  HostFunc* const func = arena_.allocate<HostFunc>();
  if (func == nullptr || !host_funcs_.push_back(func)) {
    if (destroy != nullptr) destroy(environment);
    return out_of_memory();
  }
  func->object.base = {abi::type_id_of(type.id), abi::FuncObject::kHostFunction, setup_.tier->host_code,
                       &host_context_, &type};
  func->object.entry = entry;
  func->object.environment = environment;
  func->destroy = destroy;
  func->index = static_cast<uint32_t>(host_funcs_.size() - 1);
  return func;
}

base::Result<void> Store::keep_types(wasm::TypeSet types) {
  if (!kept_types_.push_back(std::move(types))) return out_of_memory();
  return {};
}

base::Result<void> Store::adopt(Instance* instance) {
  const wasm::Module& module = instance->module();
  const size_t defined = module.funcs.size() - module.imported_funcs;
  const size_t with_room =
      std::bit_ceil(instances_.size() + 1);  // Not one by one, each of which would move all.
  if (!make_room_for_range() || !instances_.reserve(with_room)) return out_of_memory();
  if (defined != 0) {
    const FuncRange range{instance->funcs_, instance->funcs_ + defined, instance};
    (void)recent_ranges_.push_back(range);  // It has room.
    FuncRange* const end = recent_ranges_.end() - 1;
    FuncRange* const at = std::upper_bound(recent_ranges_.begin(), end, range, is_before);
    std::copy_backward(at, end, end + 1);
    *at = range;
  }
  state().types = &instance->shape().registry->directory();
  instance->index_ = static_cast<uint32_t>(instances_.size());
  (void)instances_.push_back(instance);  // So has this.
  return {};
}

// ---- handles

HandleId Store::handle_of(const abi::FuncObject* func) const {
  if (func->func_index == abi::FuncObject::kHostFunction) {
    // SAFETY: only add_host_func makes objects with that index, as the first member of a HostFunc.
    return {reinterpret_cast<const HostFunc*>(func)->index, kHostGeneration};
  }
  const Instance& instance = *Instance::of(func->context);
  return {func->func_index - instance.module().imported_funcs, instance.index() + 1};
}

abi::FuncObject* Store::func(HandleId handle) {
  if (handle.generation == kHostGeneration) {
    return handle.index < host_funcs_.size() ? &host_funcs_[handle.index]->object.base : nullptr;
  }
  if (handle.generation == 0 || handle.generation > instances_.size()) return nullptr;
  Instance& instance = *instances_[handle.generation - 1];
  const wasm::Module& module = instance.module();
  if (handle.index >= module.funcs.size() - module.imported_funcs) return nullptr;
  return instance.func(module.imported_funcs + handle.index);
}

HandleId Store::handle_of(const LinearMemory* memory) const {
  if (!memory->is_shared()) return {memory->index(), 1};
  for (const uint32_t known : shared_memories_) {
    if (memories_[known] == memory) return {known, 1};
  }
  return {};
}

LinearMemory* Store::memory(HandleId handle) const { return at_handle(memories_, handle); }
Table* Store::table(HandleId handle) const { return at_handle(tables_, handle); }
Global* Store::global(HandleId handle) const { return at_handle(globals_, handle); }
Tag* Store::tag(HandleId handle) const { return at_handle(tags_, handle); }
Instance* Store::instance(HandleId handle) const { return at_handle(instances_, handle); }

// ---- functions on first use

abi::FuncObject* Store::func_of(abi::Ref ref) {
  auto* const func = reinterpret_cast<abi::FuncObject*>(ref);
  if (func->type_id == 0) make_func(func);
  return func;
}

bool Store::is_before(const FuncRange& left, const FuncRange& right) { return left.begin < right.begin; }

// The ranges of the newest instances lie in a short list of their own, so that entering one moves few others whatever
// their number: 10,000 instances of one store are no slower each than the first.
bool Store::make_room_for_range() {
  constexpr size_t kMostRecent = 256;
  if (recent_ranges_.size() < kMostRecent) {
    return recent_ranges_.reserve(std::bit_ceil(recent_ranges_.size() + 1));
  }
  size_t left = func_ranges_.size();
  if (!func_ranges_.append(recent_ranges_.span())) return false;
  // From the end, where there is room; what is left of the old ones lies where it belongs.
  for (size_t right = recent_ranges_.size(); right != 0;) {
    const bool take_old = left != 0 && is_before(recent_ranges_[right - 1], func_ranges_[left - 1]);
    const FuncRange last = take_old ? func_ranges_[--left] : recent_ranges_[--right];
    func_ranges_[left + right] = last;
  }
  recent_ranges_.clear();
  return true;
}

Instance* Store::instance_of(const abi::FuncObject* func) const {
  // SAFETY: every object that is not made lies in the array of an instance of this store.
  for (const base::Vector<FuncRange>* ranges : {&recent_ranges_, &func_ranges_}) {
    const FuncRange* const after =
        std::upper_bound(ranges->begin(), ranges->end(), FuncRange{func, nullptr, nullptr}, is_before);
    if (after != ranges->begin() && func < after[-1].end) return after[-1].instance;
  }
  __builtin_unreachable();
}

void Store::make_func(abi::FuncObject* func) {
  Instance& instance = *instance_of(func);
  const uint32_t defined = static_cast<uint32_t>(func - instance.funcs_);
  const uint32_t index = instance.module().imported_funcs + defined;
  const wasm::CanonType& type = instance.shape().func_type(index);
  abi::CodeProvider* const provider = instance.shape().code;
  *func = {abi::type_id_of(type.id), index, provider->codes + defined, instance.context(), &type};
  if (provider->native == nullptr) return;
  func->native = provider->native(provider, func->code);
  if (func->native != nullptr) func->native_home = func->context;
}

}  // namespace wherry::runtime
