// An instance: its Context, the array of its function objects, and what lazy parts of it have become.
//
// Instantiating must not depend on the number of functions: their objects are one mapping of zeros that nobody has touched
// (90,000 of them would be 2.9 MB to write), made when a reference leaves for the host or a call meets one. Objects of
// globals, which only exports and the host need, are made when asked for. References of passive element segments are
// worked out when table.init first reads them.
#include "engine/runtime/instance.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>

#include "engine/base/byte_reader.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/runtime/builtins.h"
#include "engine/runtime/const_expr.h"
#include "engine/runtime/store.h"
#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

base::Failure out_of_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

bool get_bit(const base::Vector<uint64_t>& bits, uint32_t index) {
  return (bits[index / 64] >> (index % 64) & 1) != 0;
}

void set_bit(base::Vector<uint64_t>* bits, uint32_t index) {
  (*bits)[index / 64] |= uint64_t{1} << (index % 64);
}

// Function objects of all but large modules lie behind the Context: a mapping costs 5 us to make and to end, and 1.8 for each page that
// is used; clearing so much that the allocator has had before 0.2.
constexpr size_t kSmallFuncsBytes = 16 << 10;

// An instance's Context lies behind it.
constexpr size_t kContextOffset =
    (sizeof(Instance) + alignof(abi::Context) - 1) & ~(alignof(abi::Context) - 1);

struct Destroy {
  void operator()(Instance* instance) const { instance->~Instance(); }
};

size_t funcs_bytes_of(const wasm::Module& module) {
  return (module.funcs.size() - module.imported_funcs) * sizeof(abi::FuncObject);
}

// Instances that may take more count as memory: a component of 5 MB can have 10,000 of one module, each with 8 MB of globals.
constexpr uint64_t kSmallBytes = 64 << 10;

constexpr size_t bit_words(size_t bits) { return (bits + 63) / 64; }

// An index of an element segment: two and three bytes are what modules with tables to speak of have.
uint32_t next_index(base::ByteReader& reader) {
  const uint8_t* const at = reader.position();
  if (reader.remaining() >= 3 && at[0] >= 0x80) {
    if (at[1] < 0x80) {
      reader.seek(at + 2);
      return (at[0] & 0x7fu) | static_cast<uint32_t>(at[1]) << 7;
    }
    if (at[2] < 0x80) {
      reader.seek(at + 3);
      return (at[0] & 0x7fu) | (at[1] & 0x7fu) << 7 | static_cast<uint32_t>(at[2]) << 14;
    }
  }
  return reader.u32();
}

// FNV-1a: names are short.
uint32_t hash_of(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash ^ hash >> 15;
}

}  // namespace

void ModuleShape::count_instance_bytes() {
  instance_bytes = kContextOffset + layout.size_bytes + funcs_bytes_of(*module);
  instance_bytes += (module->tags.size() - module->imported_tags) * sizeof(Tag);
  instance_bytes += (module->tags.size() + module->imported_globals) * sizeof(void*);
  for (const wasm::ElementSegment& segment : module->elements) {
    if (segment.mode == wasm::SegmentMode::Passive) instance_bytes += segment.count * sizeof(abi::Ref);
  }
}

// Of names that were chosen to collide, a million would take minutes: those are sorted instead, and the table is as long as they are many.
bool ModuleShape::index_exports() {
  constexpr size_t kMostSteps = 16;  // For each name; half of one is usual.
  const auto& exports = module->exports;
  const size_t count = exports.size();
  if (count < kIndexedExports) return true;
  size_t capacity = 64;
  while (capacity < count * 2) capacity *= 2;
  if (!export_table.resize(capacity)) return false;
  size_t steps = 0;
  for (uint32_t i = 0; i < count && steps <= count * kMostSteps; ++i) {
    size_t at = hash_of(exports[i].name) & (capacity - 1);
    for (; export_table[at] != 0; ++steps) at = (at + 1) & (capacity - 1);
    export_table[at] = i + 1;
  }
  if (steps <= count * kMostSteps) return true;
  export_table.clear();
  if (!export_table.resize(count)) return false;
  std::iota(export_table.begin(), export_table.end(), 1u);
  std::sort(export_table.begin(), export_table.end(), [&](uint32_t left, uint32_t right) {
    const int compared = exports[left - 1].name.compare(exports[right - 1].name);
    return compared != 0 ? compared < 0 : left < right;
  });
  return true;
}

int64_t ModuleShape::find_export(std::string_view name) const {
  const auto& exports = module->exports;
  if (export_table.empty()) {
    for (size_t i = 0; i < exports.size(); ++i) {
      if (exports[i].name == name) return static_cast<int64_t>(i);
    }
    return -1;
  }
  if (export_table.size() == exports.size()) [[unlikely]] {
    const auto* const found = std::lower_bound(
        export_table.begin(), export_table.end(), name,
        [&](uint32_t position, std::string_view wanted) { return exports[position - 1].name < wanted; });
    return found != export_table.end() && exports[*found - 1].name == name ? int64_t{*found} - 1 : -1;
  }
  const size_t mask = export_table.size() - 1;
  for (size_t at = hash_of(name) & mask; export_table[at] != 0; at = (at + 1) & mask) {
    if (exports[export_table[at] - 1].name == name) return export_table[at] - 1;
  }
  return -1;
}

ExternType ModuleShape::type_of(wasm::ExternKind kind, uint32_t index) const {
  ExternType type;
  type.kind = kind;
  switch (kind) {
    case wasm::ExternKind::Func: type.func = &func_type(index); break;
    case wasm::ExternKind::Tag: type.func = &(*types)[module->tags[index].type]; break;
    case wasm::ExternKind::Table:
      type.table = module->tables[index].type;
      type.table.element = table_types[index];
      break;
    case wasm::ExternKind::Memory: type.memory = module->memories[index].type; break;
    case wasm::ExternKind::Global:
      type.global = module->globals[index].type;
      type.global.content = global_types[index];
      break;
  }
  return type;
}

// ---- making

Instance::~Instance() {
  if (funcs_bytes_ != 0) base::release_pages(funcs_, funcs_bytes_);
  if (owner_.release != nullptr) owner_.release(owner_.object);
}

base::Result<Instance*> Instance::allocate(Store& store, const ModuleShape& shape,
                                           std::span<const ExternValue> imports, ModuleOwner owner) {
  const auto fail = [&owner](base::Failure failure) {
    if (owner.release != nullptr) owner.release(owner.object);
    return failure;
  };
  // First, since what is allocated stays with the store.
  if (base::Result<void> taken = store.budget().take_instance(); !taken)
    return fail(base::Failure(std::move(taken).error()));
  MemoryAccount& account = store.budget().memory();
  if (const uint64_t bytes = shape.instance_bytes; bytes > kSmallBytes && !account.take(bytes))
    return fail(limit_exceeded("bytes of instances", bytes, account.used_bytes(), account.limit_bytes()));
  const size_t funcs_bytes = funcs_bytes_of(*shape.module);
  const size_t room_bytes = shape.layout.size_bytes + (funcs_bytes <= kSmallFuncsBytes ? funcs_bytes : 0);
  void* const memory = store.allocate(kContextOffset + room_bytes, alignof(abi::Context));
  if (memory == nullptr) return fail(out_of_memory());
  std::unique_ptr<Instance, Destroy> made(new (memory) Instance);
  made->store_ = &store;
  made->shape_ = &shape;
  made->owner_ = owner;
  WHERRY_TRY(made->allocate_parts(room_bytes));
  WHERRY_TRY(store.adopt(made.get()));
  // From here on the store owns the instance, also when something fails.
  Instance& instance = *made.release();
  instance.fill_head();
  WHERRY_TRY(instance.bind_imports(imports));
  WHERRY_TRY(instance.make_definitions());
  return &instance;
}

base::Result<void> Instance::allocate_parts(size_t room_bytes) {
  const wasm::Module& module = *shape_->module;
  context_ = reinterpret_cast<abi::Context*>(reinterpret_cast<char*>(this) + kContextOffset);
  std::memset(static_cast<void*>(context_), 0, room_bytes);
  if (const size_t funcs_bytes = funcs_bytes_of(module); funcs_bytes <= kSmallFuncsBytes) {
    funcs_ = context_->at<abi::FuncObject>(shape_->layout.size_bytes);
  } else {
    funcs_bytes_ = base::round_up_to_pages(funcs_bytes);
    funcs_ = static_cast<abi::FuncObject*>(base::map_zeros(funcs_bytes_));
    if (funcs_ == nullptr) return out_of_memory();
  }
  if (!imported_globals_.reserve(module.imported_globals) || !tags_.reserve(module.tags.size()) ||
      !dropped_data_.resize(bit_words(module.data.size())) ||
      !dropped_elements_.resize(bit_words(module.elements.size()))) {
    return out_of_memory();
  }
  return {};
}

void Instance::fill_head() {
  context_->store = &store_->state();
  context_->interrupt = store_->setup().clock->epoch();
  context_->funcs = funcs_;
  context_->codes = shape_->code->codes;
  context_->builtins = &kBuiltins;
  context_->instance = this;
  context_->types = shape_->type_table.data();
  context_->native = store_->tier().native;
}

base::Result<void> Instance::bind_imports(std::span<const ExternValue> imports) {
  const abi::ContextLayout& layout = shape_->layout;
  uint32_t funcs = 0;
  uint32_t tables = 0;
  uint32_t memories = 0;
  uint32_t globals = 0;
  for (const ExternValue& import : imports) {
    switch (import.kind) {
      case wasm::ExternKind::Func:
        context_->at<abi::FuncObject*>(layout.imported_funcs)[funcs++] = import.func;
        break;
      case wasm::ExternKind::Table:
        context_->at<abi::TableObject*>(layout.tables)[tables++] = &import.table->object;
        break;
      case wasm::ExternKind::Memory:
        context_->at<abi::MemoryObject*>(layout.memories)[memories++] = &import.memory->object;
        break;
      case wasm::ExternKind::Global:
        context_->at<abi::GlobalSlots>(layout.imported_globals)[globals++] = import.global->slots();
        if (!imported_globals_.push_back(import.global)) return out_of_memory();
        break;
      case wasm::ExternKind::Tag:
        if (!tags_.push_back(import.tag)) return out_of_memory();
        break;
    }
  }
  return {};
}

base::Result<void> Instance::make_definitions() {
  const wasm::Module& module = *shape_->module;
  const abi::ContextLayout& layout = shape_->layout;
  for (uint32_t i = module.imported_memories; i < module.memories.size(); ++i) {
    LinearMemory* const made = WHERRY_TRY(store_->add_memory(module.memories[i].type));
    context_->at<abi::MemoryObject*>(layout.memories)[i] = &made->object;
  }
  for (uint32_t i = module.imported_tables; i < module.tables.size(); ++i) {
    const wasm::TableType type = shape_->type_of(wasm::ExternKind::Table, i).table;
    Table* const made = WHERRY_TRY(store_->add_table(type, abi::kNullRef));
    context_->at<abi::TableObject*>(layout.tables)[i] = &made->object;
  }
  for (uint32_t i = module.imported_tags; i < module.tags.size(); ++i) {
    Tag* const tag = WHERRY_TRY(store_->add_tag((*shape_->types)[module.tags[i].type]));
    if (!tags_.push_back(tag)) return out_of_memory();
  }
  if (!module.memories.empty()) {
    context_->memory0 = &memory(0)->object;
    context_->memory0_base = context_->memory0->base;
  }
  if (!module.tables.empty()) context_->table0 = &table(0)->object;
  return {};
}

// ---- looking into it

abi::FuncObject* Instance::func(uint32_t index) {
  auto* const object = reinterpret_cast<abi::FuncObject*>(func_ref(index));
  if (object->type_id == 0) store_->make_func(object);
  return object;
}

abi::Ref Instance::func_ref(uint32_t index) const {
  const uint32_t imported = shape_->module->imported_funcs;
  if (index >= imported) return Store::ref_of(funcs_ + (index - imported));
  return Store::ref_of(context_->at<abi::FuncObject*>(shape_->layout.imported_funcs)[index]);
}

// SAFETY (both): abi's structures are the first members of ours, and only those are bound into a Context.
Table* Instance::table(uint32_t index) const {
  return reinterpret_cast<Table*>(context_->at<abi::TableObject*>(shape_->layout.tables)[index]);
}
LinearMemory* Instance::memory(uint32_t index) const {
  return reinterpret_cast<LinearMemory*>(context_->at<abi::MemoryObject*>(shape_->layout.memories)[index]);
}

abi::GlobalSlots Instance::global_slots(uint32_t index) const {
  const uint32_t offset = shape_->global_offsets[index];
  if (index < shape_->module->imported_globals) return *context_->at<abi::GlobalSlots>(offset);
  return context_->at<uint64_t>(offset);
}

Global* Instance::global(uint32_t index) {
  const wasm::Module& module = *shape_->module;
  if (index < module.imported_globals) return imported_globals_[index];
  const uint32_t own = index - module.imported_globals;
  if (own_globals_.empty() && !own_globals_.resize(module.globals.size() - module.imported_globals))
    return nullptr;
  if (own_globals_[own] == nullptr) {
    const wasm::GlobalType type = shape_->type_of(wasm::ExternKind::Global, index).global;
    base::Result<Global*> made = store_->add_global_at(type, global_slots(index));
    if (!made) return nullptr;
    own_globals_[own] = *made;
  }
  return own_globals_[own];
}

ExternValue Instance::export_at(uint32_t position) {
  const wasm::Export& item = shape_->module->exports[position];
  switch (item.kind) {
    case wasm::ExternKind::Func: return ExternValue(func(item.index));
    case wasm::ExternKind::Table: return ExternValue(table(item.index));
    case wasm::ExternKind::Memory: return ExternValue(memory(item.index));
    case wasm::ExternKind::Global: return ExternValue(global(item.index));
    case wasm::ExternKind::Tag: return ExternValue(tag(item.index));
  }
  return {};
}

// ---- segments

base::ByteSpan Instance::data(uint32_t segment) const {
  const wasm::Module& module = *shape_->module;
  return get_bit(dropped_data_, segment) ? base::ByteSpan{} : module.bytes_of(module.data[segment].content);
}

void Instance::drop_data(uint32_t segment) { set_bit(&dropped_data_, segment); }

void Instance::drop_all_data() {
  for (uint64_t& bits : dropped_data_) bits = ~uint64_t{0};
}

void Instance::drop_element(uint32_t segment) {
  set_bit(&dropped_elements_, segment);
  if (!elements_.empty()) elements_[segment] = {};
}

uint32_t Instance::element_count(uint32_t segment) const {
  return get_bit(dropped_elements_, segment) ? 0 : shape_->module->elements[segment].count;
}

base::Result<void> Instance::read_element(uint32_t segment, abi::Ref* refs) {
  const wasm::Module& module = *shape_->module;
  const wasm::ElementSegment& source = module.elements[segment];
  base::ByteReader reader(source.items, source.items_offset);
  if (source.has_expressions) {
    const ConstPlace place{shape_->element_types[segment], static_cast<uint32_t>(module.globals.size())};
    for (uint32_t i = 0; i < source.count; ++i) WHERRY_TRY(evaluate_next(reader, place, *this, refs + i));
    return {};
  }
  base::prefault_pages(refs, source.count * sizeof(abi::Ref));
  // Defined functions lie in one array: an addition each, no look at the object.
  const uint32_t imported = module.imported_funcs;
  const uint32_t defined = static_cast<uint32_t>(module.funcs.size()) - imported;
  for (uint32_t i = 0; i < source.count; ++i) {
    const uint32_t func = next_index(reader);
    if (func - imported < defined) [[likely]] {
      refs[i] = Store::ref_of(funcs_ + (func - imported));
    } else if (func < imported) {
      refs[i] = func_ref(func);
    } else {
      return base::fail(wasm::ErrorCode::UnknownFunction, reader.offset(),
                        "in an element segment that changed after it was validated");
    }
  }
  return {};
}

base::Result<std::span<const abi::Ref>> Instance::element(uint32_t segment) {
  if (element_count(segment) == 0) return std::span<const abi::Ref>{};
  if (elements_.empty() && !elements_.resize(shape_->module->elements.size())) return out_of_memory();
  ElementRefs& entry = elements_[segment];
  if (!entry.is_ready) {
    if (!entry.refs.resize(shape_->module->elements[segment].count)) return out_of_memory();
    WHERRY_TRY(read_element(segment, entry.refs.data()));
    entry.is_ready = true;
  }
  return entry.refs.span();
}

}  // namespace wherry::runtime
