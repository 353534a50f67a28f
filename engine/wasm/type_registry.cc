// The registry's door: takes the lock, checks what concerns a module's own indices (core spec 3.2.7: a type refers
// to its own group and to earlier ones, its supertype is an earlier type), and hands groups to the store.
//
// Canonical types take more memory than the bytes that declare them, and displays multiply that by the depth of
// subtyping. What one module may add is therefore bounded by its size, so that a small file cannot take gigabytes.
#include "engine/wasm/type_registry.h"

#include <cassert>
#include <cstdio>

#include "engine/wasm/errors.h"
#include "engine/wasm/module.h"
#include "engine/wasm/type_store.h"

namespace wherry::wasm {

struct TypeSet::Hold {
  std::shared_ptr<TypeStore> store;
  base::Vector<TypeGroup*> groups;

  ~Hold() {
    const std::lock_guard lock(store->mutex);
    for (TypeGroup* group : groups) store->release(group);
  }
};

TypeSet::TypeSet() = default;
TypeSet::TypeSet(TypeSet&&) noexcept = default;
TypeSet& TypeSet::operator=(TypeSet&&) noexcept = default;
TypeSet::~TypeSet() = default;

HeapType TypeSet::canonical(HeapType heap) const {
  if (!heap.is_concrete()) return heap;
  return HeapType::concrete(types_[heap.index()]->id.value);
}

ValType TypeSet::canonical(ValType type) const {
  if (!type.is_ref() || !type.heap().is_concrete()) return type;
  return ValType::ref(canonical(type.heap()), type.nullable());
}

namespace {

constexpr size_t kFreeBytes = size_t{24} << 20;
constexpr size_t kBytesPerInputByte = 12;

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

base::Failure unknown_type(const SubType& type, uint32_t found, uint32_t end) {
  char detail[64];
  std::snprintf(detail, sizeof detail, "found %u, expected less than %u", found, end);
  return base::fail(ErrorCode::UnknownType, type.offset, detail);
}

base::Result<void> check_value(const SubType& type, ValType mentioned, uint32_t end) {
  if (!mentioned.is_ref() || !mentioned.heap().is_concrete() || mentioned.heap().index() < end) return {};
  return unknown_type(type, mentioned.heap().index(), end);
}

// `end` is the first index after the type's group.
base::Result<void> check_indices(const SubType& type, uint32_t index, uint32_t end) {
  if (type.super != SubType::kNoSuper && type.super >= index) return unknown_type(type, type.super, index);
  for (const ValType param : type.func.params) WHERRY_TRY(check_value(type, param, end));
  for (const ValType result : type.func.results) WHERRY_TRY(check_value(type, result, end));
  for (const FieldType& field : type.fields) WHERRY_TRY(check_value(type, field.storage, end));
  return {};
}

}  // namespace

TypeRegistry::TypeRegistry() : store_(TypeStore::create()) {}
TypeRegistry::~TypeRegistry() = default;

base::Result<TypeSet> TypeRegistry::add(const Module& module) {
  TypeSet set;  // Before the lock: its destructor takes it.
  set.hold_.reset(new (std::nothrow) TypeSet::Hold{store_, {}});
  if (set.hold_ == nullptr) return out_of_memory();
  if (!set.types_.reserve(module.types.size())) return out_of_memory();
  if (!set.hold_->groups.reserve(module.rec_groups.size())) return out_of_memory();

  size_t left_bytes = kFreeBytes + module.bytes.size() * kBytesPerInputByte;
  const std::lock_guard lock(store_->mutex);
  for (const RecGroup& group : module.rec_groups) {
    if (group.count == 0) continue;
    assert(group.first == set.types_.size());
    const std::span<const SubType> types = module.types.span().subspan(group.first, group.count);
    if (group.count == 1) {
      if (TypeGroup* const plain = store_->intern_plain(types[0], &left_bytes); plain != nullptr) [[likely]] {
        (void)set.hold_->groups.push_back(plain);  // Both have room.
        (void)set.types_.push_back(&plain->types[0]);
        continue;
      }
    }
    for (uint32_t i = 0; i < group.count; ++i) {
      WHERRY_TRY(check_indices(types[i], group.first + i, group.first + group.count));
    }
    const GroupSource source{types, group.first, set.types_.data()};
    TypeGroup* const canonical = WHERRY_TRY(store_->intern(source, &left_bytes));
    (void)set.hold_->groups.push_back(canonical);
    for (const StoredType& type : canonical->types) (void)set.types_.push_back(&type);
  }
  return set;
}

base::Result<TypeSet> TypeRegistry::add_function(FuncType type) {
  TypeSet set;
  set.hold_.reset(new (std::nothrow) TypeSet::Hold{store_, {}});
  if (set.hold_ == nullptr || !set.types_.reserve(1) || !set.hold_->groups.reserve(1)) return out_of_memory();
  SubType source;
  source.func = type;
  size_t left_bytes = ~size_t{0};
  const std::lock_guard lock(store_->mutex);
  TypeGroup* group = store_->intern_plain(source, &left_bytes);
  if (group == nullptr)
    group = WHERRY_TRY(store_->intern({{&source, 1}, ~uint32_t{0}, nullptr}, &left_bytes));
  (void)set.hold_->groups.push_back(group);
  (void)set.types_.push_back(&group->types[0]);
  return set;
}

base::Result<TypeSet> TypeRegistry::add_group(std::span<const SubType> types, uint32_t first) {
  TypeSet set;
  set.hold_.reset(new (std::nothrow) TypeSet::Hold{store_, {}});
  if (set.hold_ == nullptr || !set.types_.reserve(types.size()) || !set.hold_->groups.reserve(1))
    return out_of_memory();
  size_t left_bytes = kFreeBytes;
  const std::lock_guard lock(store_->mutex);
  TypeGroup* const group = WHERRY_TRY(store_->intern({types, first, nullptr}, &left_bytes));
  (void)set.hold_->groups.push_back(group);
  for (const StoredType& type : group->types) (void)set.types_.push_back(&type);
  return set;
}

bool TypeRegistry::is_subtype(const CanonType& sub, CanonId super) const {
  if (sub.id == super) return true;
  const uint32_t depth = store_->type(super).depth;
  return depth < sub.depth && sub.display[depth] == super;
}

bool TypeRegistry::is_subtype(ValType sub, ValType super) const { return store_->is_subtype(sub, super); }
bool TypeRegistry::is_subtype(HeapType sub, HeapType super) const { return store_->is_subtype(sub, super); }
const CanonType& TypeRegistry::type(CanonId id) const { return store_->type(id); }
const TypeDirectory& TypeRegistry::directory() const { return store_->directory(); }

}  // namespace wherry::wasm
