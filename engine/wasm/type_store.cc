// Recursion groups, each kept once. Iso-recursive equality (core spec 3.1.4): two groups are equal when they are
// after references inside the group are replaced by positions and those outside by canonical types. So a group
// becomes a sequence of words in which bit 31 marks a position; the words are hashed, and compared with the words
// of the groups of the same hash. Storing the words would cost as much as the types: they are made again for the
// one candidate that the 64-bit hash leaves.
//
// The hash is keyed by random words, since a module's author chooses what is hashed. Everything of a group lies
// together, and nearly all groups are one small function type: those share blocks of 2 KiB, so that a module of
// 124 types asks malloc for 14 of them. A block goes when the last of its groups does. A group counts its users: TypeSets, and groups that refer to it (never itself, so counts cannot
// circle); giving back is a loop over a list, for chains are as long as the input likes.
#include "engine/wasm/type_store.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "engine/wasm/errors.h"
#include "engine/wasm/limits.h"

namespace wherry::wasm {

// How a block of small groups begins.
struct GroupBlock {
  static constexpr size_t kBytes = 2048;
  static constexpr size_t kMostBytes = 512;  // Of a group in a block.
  uint32_t groups = 0;
  uint32_t used_bytes = sizeof(GroupBlock);
};
static_assert(sizeof(GroupBlock) % alignof(TypeGroup) == 0);

namespace {

constexpr uint32_t kPosition = 1u << 31;  // Neither ValType::bits() nor an id reaches it.

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// The canonical type that `index` means, or null for a type of the group itself.
const StoredType* outer_type(const GroupSource& source, const TypeStore& store, uint32_t index) {
  if (index >= source.first) return nullptr;
  if (source.outer == nullptr) return &store.type(CanonId(index));
  return static_cast<const StoredType*>(source.outer[index]);
}

constexpr uint32_t first_word(CompositeKind kind, bool is_final) {
  return static_cast<uint32_t>(kind) | (is_final ? 4u : 0u);
}

// Writes a type as words; `index_word` says what an index is replaced by.
template <class IndexWord>
class Encoder {
 public:
  Encoder(base::Vector<uint32_t>& words, IndexWord index_word) : words_(words), index_word_(index_word) {}

  bool type(CompositeKind kind, bool is_final, uint32_t super, const FuncType& func,
            std::span<const FieldType> fields) {
    bool ok = words_.push_back(first_word(kind, is_final));
    ok = ok && words_.push_back(super == SubType::kNoSuper ? super : index_word_(super));
    if (kind == CompositeKind::Func) {
      ok = ok && words_.push_back(static_cast<uint32_t>(func.params.size()));
      for (const ValType param : func.params) ok = ok && value(param);
      for (const ValType result : func.results) ok = ok && value(result);
      return ok && words_.push_back(static_cast<uint32_t>(func.results.size()));
    }
    ok = ok && words_.push_back(static_cast<uint32_t>(fields.size()));
    for (const FieldType& field : fields)
      ok = ok && value(field.storage) && words_.push_back(field.is_mutable);
    return ok;
  }

 private:
  bool value(ValType type) {
    if (!type.is_ref() || !type.heap().is_concrete()) return words_.push_back(type.bits());
    const uint32_t word = index_word_(type.heap().index());
    const HeapType heap = HeapType::concrete(word & ~kPosition);
    return words_.push_back(ValType::ref(heap, type.nullable()).bits() | (word & kPosition));
  }

  base::Vector<uint32_t>& words_;
  IndexWord index_word_;
};

// Calls `visit` with the index of every defined type that a type mentions, the supertype first.
template <class Visit>
void for_each_index(const SubType& type, Visit visit) {
  if (type.super != SubType::kNoSuper) visit(type.super);
  const auto value = [&](ValType mentioned) {
    if (mentioned.is_ref() && mentioned.heap().is_concrete()) visit(mentioned.heap().index());
  };
  for (const ValType param : type.func.params) value(param);
  for (const ValType result : type.func.results) value(result);
  for (const FieldType& field : type.fields) value(field.storage);
}

bool is_vector(const FieldType& field) { return field.storage == kV128; }

// How many words say where the fields of a type lie: none when each takes one slot.
size_t wide_slot_count(const SubType& type) {
  const bool is_wide =
      type.kind == CompositeKind::Struct && std::any_of(type.fields.begin(), type.fields.end(), is_vector);
  return is_wide ? type.fields.size() : 0;
}

// What objects of the type look like; `wide_slots` has wide_slot_count elements.
void lay_out(CanonType* type, std::span<uint32_t> wide_slots) {
  if (type->kind == CompositeKind::Array) {
    type->element_shift = storage_shift(type->fields[0].storage);
    type->has_refs = type->fields[0].storage.is_ref();
    return;
  }
  uint32_t slot = 0;
  for (size_t i = 0; i < type->fields.size(); ++i) {
    const ValType storage = type->fields[i].storage;
    if (!wide_slots.empty()) wide_slots[i] = slot;
    if (storage.is_ref()) {
      type->has_refs = true;
      if (slot < 64) type->ref_slots |= uint64_t{1} << slot;
    }
    slot += slots_of(storage);
  }
  type->object_slots = slot;
  type->wide_slots = wide_slots;
}

// Hands out pieces of a group's block.
template <class T>
std::span<T> carve(uint8_t*& memory, size_t count) {
  T* const objects = reinterpret_cast<T*>(memory);
  for (size_t i = 0; i < count; ++i) new (objects + i) T();
  memory += count * sizeof(T);  // NOLINT(bugprone-sizeof-expression): pointers too
  return {objects, count};
}

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

base::Failure too_much_memory(const SubType& first) {
  return base::fail(ErrorCode::TooManyItems, first.offset,
                    "types take too much memory for the module's size");
}

// What a plain group takes.
constexpr size_t plain_bytes(const FuncType& func) {
  return sizeof(TypeGroup) + sizeof(StoredType) +
         (func.params.size() + func.results.size()) * sizeof(ValType) + sizeof(CanonId);
}

}  // namespace

std::shared_ptr<TypeStore> TypeStore::create() {
  auto store = std::make_shared<TypeStore>();
  if (getentropy(store->seed_, sizeof store->seed_) != 0)
    store->seed_[0] = reinterpret_cast<uintptr_t>(store.get());
  store->seed_[1] |= 1;
  return store;
}

// Every TypeSet shares this store, so none is left and no group is either.
TypeStore::~TypeStore() {
  std::free(open_block_);
  for (const CanonType** chunk : directory_.chunks_) std::free(static_cast<void*>(chunk));
}

bool TypeStore::encode(const GroupSource& source) {
  words_.clear();
  Encoder encoder(words_, [&](uint32_t index) {
    const StoredType* outer = outer_type(source, *this, index);
    return outer != nullptr ? outer->id.value : kPosition | (index - source.first);
  });
  for (const SubType& type : source.types) {
    if (!encoder.type(type.kind, type.is_final, type.super, type.func, type.fields)) return false;
  }
  return true;
}

bool TypeStore::encode(const TypeGroup& group) {
  other_words_.clear();
  Encoder encoder(other_words_, [&](uint32_t id) {
    const StoredType& mentioned = type(CanonId(id));
    return mentioned.group == &group ? kPosition | static_cast<uint32_t>(&mentioned - group.types.data())
                                     : id;
  });
  for (const StoredType& type : group.types) {
    const uint32_t super = type.depth == 0 ? SubType::kNoSuper : type.display[type.depth - 1].value;
    if (!encoder.type(type.kind, type.is_final, super, type.func, type.fields)) return false;
  }
  return true;
}

uint64_t TypeStore::hash_words() const {
  uint64_t hash = seed_[0] ^ words_.size();
  for (const uint32_t word : words_) hash = mix(hash ^ word, kGolden ^ seed_[1]);
  return hash;
}

// The group whose words are in `words_`. Lack of memory to compare counts as not found: the caller's attempt to
// make the group then fails for the same reason.
TypeGroup* TypeStore::find(uint64_t hash) {
  if (buckets_.empty()) return nullptr;
  for (TypeGroup* group = buckets_[hash & (buckets_.size() - 1)]; group != nullptr; group = group->next) {
    if (group->hash != hash || !encode(*group) || other_words_.size() != words_.size()) continue;
    if (std::memcmp(other_words_.data(), words_.data(), words_.size() * sizeof(uint32_t)) == 0) return group;
  }
  return nullptr;
}

// Scratch is kept from group to group unless one was huge.
void TypeStore::trim_scratch() {
  constexpr size_t kKeptWords = 16384;
  if (words_.size() > kKeptWords) words_ = {};
  if (other_words_.size() > kKeptWords) other_words_ = {};
}

base::Result<TypeGroup*> TypeStore::intern(const GroupSource& source, size_t* left_bytes) {
  uint64_t plain_hash;
  if (source.types.size() == 1 && hash_plain(source.types[0], &plain_hash)) {
    const SubType& type = source.types[0];
    if (TypeGroup* const plain = intern_plain(type, left_bytes); plain != nullptr) return plain;
    if (plain_bytes(type.func) > *left_bytes) return too_much_memory(type);
    return out_of_memory();
  }
  if (!encode(source)) return out_of_memory();
  const uint64_t hash = hash_words();
  TypeGroup* const known = find(hash);
  trim_scratch();
  if (known != nullptr) {
    ++known->users;
    return known;
  }
  TypeGroup* group = WHERRY_TRY(make(source, left_bytes));
  group->hash = hash;
  group->users = 1;
  auto checked = check(source, *group);
  if (!checked || !enter(group)) {
    free_ids(*group);
    std::free(group);
    if (!checked) return base::Failure(std::move(checked).error());
    return out_of_memory();
  }
  for (TypeGroup* needed : group->needs) ++needed->users;
  return group;
}

// Of the bits of its value types, two at a time. False: it is not plain. No other group equals a plain one, so how those are hashed
// does not matter.
bool TypeStore::hash_plain(const SubType& source, uint64_t* hash) const {
  if (source.kind != CompositeKind::Func || !source.is_final || source.super != SubType::kNoSuper)
    return false;
  const uint64_t factor = kGolden ^ seed_[1];
  uint64_t made = seed_[0] ^ (uint64_t{source.func.params.size()} << 32 | source.func.results.size());
  bool is_concrete = false;
  for (const std::span<const ValType> values : {source.func.params, source.func.results}) {
    size_t i = 0;
    for (; i + 1 < values.size(); i += 2) {
      is_concrete |= values[i].heap().is_concrete();
      is_concrete |= values[i + 1].heap().is_concrete();
      made = mix(made ^ (uint64_t{values[i].bits()} | uint64_t{values[i + 1].bits()} << 32), factor);
    }
    if (i == values.size()) continue;
    is_concrete |= values[i].heap().is_concrete();
    made = mix(made ^ values[i].bits(), factor);
  }
  *hash = mix(made, factor);
  return !is_concrete;
}

TypeGroup* TypeStore::find_plain(uint64_t hash, const FuncType& func) {
  if (buckets_.empty()) return nullptr;
  for (TypeGroup* group = buckets_[hash & (buckets_.size() - 1)]; group != nullptr; group = group->next) {
    if (group->hash != hash || group->types.size() != 1) continue;
    const StoredType& type = group->types[0];
    if (type.kind == CompositeKind::Func && type.is_final && type.depth == 0 &&
        std::ranges::equal(type.func.params, func.params) &&
        std::ranges::equal(type.func.results, func.results))
      return group;
  }
  return nullptr;
}

// Room for a group of which plain_bytes() or make() knows the size; `*block` is what TypeGroup::block becomes.
uint8_t* TypeStore::allocate_small(size_t size_bytes, GroupBlock** block) {
  size_bytes = (size_bytes + alignof(TypeGroup) - 1) & ~(alignof(TypeGroup) - 1);
  *block = nullptr;
  if (size_bytes > GroupBlock::kMostBytes) return static_cast<uint8_t*>(std::malloc(size_bytes));
  if (open_block_ == nullptr || size_bytes > GroupBlock::kBytes - open_block_->used_bytes) {
    void* const memory = std::malloc(GroupBlock::kBytes);
    if (memory == nullptr) return nullptr;
    open_block_ = new (memory) GroupBlock();  // The last one goes with its last group.
  }
  *block = open_block_;
  ++open_block_->groups;
  uint8_t* const at = reinterpret_cast<uint8_t*>(open_block_) + open_block_->used_bytes;
  open_block_->used_bytes += static_cast<uint32_t>(size_bytes);
  return at;
}

void TypeStore::free_group(TypeGroup* group) {
  GroupBlock* const block = group->block;
  if (block == nullptr) return std::free(group);
  if (--block->groups != 0) return;
  if (block != open_block_) return std::free(block);
  block->used_bytes = sizeof(GroupBlock);
}

// The group with all but its hash, as make() makes it; null: no memory.
TypeGroup* TypeStore::make_plain(const SubType& source, size_t* left_bytes) {
  const size_t size_bytes = plain_bytes(source.func);
  if (size_bytes > *left_bytes) return nullptr;
  GroupBlock* block;
  uint8_t* memory = allocate_small(size_bytes, &block);
  if (memory == nullptr) return nullptr;
  auto* const group = new (memory) TypeGroup();
  group->block = block;
  memory += sizeof(TypeGroup);
  group->types = carve<StoredType>(memory, 1);
  if (!allocate_ids(group)) {
    free_group(group);
    return nullptr;
  }
  StoredType& type = group->types[0];
  type.group = group;
  const auto copy = [&](std::span<const ValType> from, uint32_t* slots) {
    auto* const to = reinterpret_cast<ValType*>(memory);
    memory += from.size_bytes();
    for (size_t i = 0; i < from.size(); ++i) {
      new (to + i) ValType(from[i]);
      *slots += slots_of(from[i]);
    }
    return std::span<const ValType>(to, from.size());
  };
  type.func.params = copy(source.func.params, &type.param_slots);
  type.func.results = copy(source.func.results, &type.result_slots);
  type.display = {new (memory) CanonId(type.id), 1};
  *left_bytes -= size_bytes;
  return group;
}

TypeGroup* TypeStore::intern_plain(const SubType& source, size_t* left_bytes) {
  uint64_t hash;
  if (!hash_plain(source, &hash)) return nullptr;
  if (TypeGroup* const known = find_plain(hash, source.func); known != nullptr) {
    ++known->users;
    return known;
  }
  TypeGroup* const group = make_plain(source, left_bytes);
  if (group == nullptr) return nullptr;
  group->hash = hash;
  group->users = 1;
  if (enter(group)) return group;
  free_ids(*group);
  free_group(group);
  return nullptr;
}

bool TypeStore::collect_needs(const GroupSource& source) {
  needs_.clear();
  ++mark_;
  bool ok = true;
  for (const SubType& type : source.types) {
    for_each_index(type, [&](uint32_t index) {
      const StoredType* outer = outer_type(source, *this, index);
      if (outer == nullptr || outer->group->mark == mark_) return;
      outer->group->mark = mark_;
      ok = ok && needs_.push_back(outer->group);
    });
  }
  return ok;
}

// The group with all but its hash; not in the table yet.
base::Result<TypeGroup*> TypeStore::make(const GroupSource& source, size_t* left_bytes) {
  if (!collect_needs(source)) return out_of_memory();
  size_t values = 0, fields = 0, displays = 0, wide_slots = 0;
  base::Vector<uint16_t> depths;
  if (!depths.reserve(source.types.size())) return out_of_memory();
  for (const SubType& type : source.types) {
    uint32_t depth = 0;
    if (type.super != SubType::kNoSuper) {
      const StoredType* outer = outer_type(source, *this, type.super);
      depth = 1u + (outer != nullptr ? outer->depth : depths[type.super - source.first]);
    }
    if (depth > kMaxSubtypingDepth) {
      return base::fail(ErrorCode::TooManyItems, type.offset, "a type has more than 63 supertypes above it");
    }
    if (!depths.push_back(static_cast<uint16_t>(depth))) return out_of_memory();
    values += type.func.params.size() + type.func.results.size();  // Sums of what already lies in memory.
    fields += type.fields.size();
    displays += depth + 1;
    wide_slots += wide_slot_count(type);
  }
  const size_t size_bytes = sizeof(TypeGroup) + source.types.size() * sizeof(StoredType) +
                            needs_.size() * sizeof(TypeGroup*) + fields * sizeof(FieldType) +
                            values * sizeof(ValType) + displays * sizeof(CanonId) +
                            wide_slots * sizeof(uint32_t);
  if (size_bytes > *left_bytes) {
    return too_much_memory(source.types[0]);
  }
  uint8_t* memory = static_cast<uint8_t*>(std::malloc(size_bytes));
  if (memory == nullptr) return out_of_memory();
  TypeGroup* const group = new (memory) TypeGroup();
  memory += sizeof(TypeGroup);
  group->types = carve<StoredType>(memory, source.types.size());
  group->needs = carve<TypeGroup*>(memory, needs_.size());
  for (size_t i = 0; i < needs_.size(); ++i) group->needs[i] = needs_[i];
  for (size_t i = 0; i < depths.size(); ++i) group->types[i].depth = depths[i];
  if (!allocate_ids(group)) {
    std::free(group);
    return out_of_memory();
  }
  fill(source, group, memory);
  *left_bytes -= size_bytes;
  return group;
}

// Contents and displays of a group whose types have their ids and depths. Pieces are carved by falling alignment.
void TypeStore::fill(const GroupSource& source, TypeGroup* group, uint8_t* memory) {
  const auto id_of = [&](uint32_t index) {
    const StoredType* outer = outer_type(source, *this, index);
    return outer != nullptr ? outer->id : group->types[index - source.first].id;
  };
  const auto value_of = [&](ValType type) {
    if (!type.is_ref() || !type.heap().is_concrete()) return type;
    return ValType::ref(HeapType::concrete(id_of(type.heap().index()).value), type.nullable());
  };
  const auto copy_values = [&](std::span<const ValType> from, uint32_t* slots) {
    const std::span<ValType> to = carve<ValType>(memory, from.size());
    for (size_t i = 0; i < from.size(); ++i) {
      to[i] = value_of(from[i]);
      *slots += slots_of(to[i]);
    }
    return to;
  };
  for (size_t i = 0; i < source.types.size(); ++i) {
    const SubType& from = source.types[i];
    StoredType& to = group->types[i];
    to.group = group;
    to.kind = from.kind;
    to.is_final = from.is_final;
    to.func.params = copy_values(from.func.params, &to.param_slots);
    to.func.results = copy_values(from.func.results, &to.result_slots);
    const std::span<FieldType> fields = carve<FieldType>(memory, from.fields.size());
    for (size_t f = 0; f < fields.size(); ++f)
      fields[f] = {value_of(from.fields[f].storage), from.fields[f].is_mutable};
    to.fields = fields;
    if (!fields.empty()) lay_out(&to, carve<uint32_t>(memory, wide_slot_count(from)));
    const std::span<CanonId> display = carve<CanonId>(memory, to.depth + size_t{1});
    if (to.depth != 0) {  // The supertype comes earlier, so its display is complete.
      const std::span<const CanonId> above = type(id_of(from.super)).display;
      for (size_t d = 0; d < above.size(); ++d) display[d] = above[d];
    }
    display[to.depth] = to.id;
    to.display = display;
  }
}

bool TypeStore::allocate_ids(TypeGroup* group) {
  size_t done = 0;
  for (StoredType& stored : group->types) {
    uint32_t id;
    if (!free_ids_.empty()) {
      id = free_ids_.back();
      free_ids_.pop_back();
    } else {
      id = next_id_;
      const TypeDirectory::Place at = TypeDirectory::place(id);
      if (id == kMaxIds || !free_ids_.reserve(at.slot == 0 ? id + (size_t{256} << at.chunk) : id + size_t{1}))
        break;
      const CanonType**& chunk = directory_.chunks_[at.chunk];
      if (chunk == nullptr) {
        chunk = static_cast<const CanonType**>(std::calloc(size_t{256} << at.chunk, sizeof(CanonType*)));
        if (chunk == nullptr) break;
        directory_.origins_[at.chunk] =
            reinterpret_cast<uintptr_t>(chunk) - (uint64_t{256} << at.chunk) * sizeof(CanonType*);
      }
      ++next_id_;
    }
    stored.id = CanonId(id);
    const TypeDirectory::Place at = TypeDirectory::place(id);
    directory_.chunks_[at.chunk][at.slot] = &stored;
    ++done;
  }
  if (done == group->types.size()) return true;
  group->types = group->types.first(done);
  free_ids(*group);
  return false;
}

void TypeStore::free_ids(const TypeGroup& group) {
  for (const StoredType& stored : group.types) {
    const TypeDirectory::Place at = TypeDirectory::place(stored.id.value);
    directory_.chunks_[at.chunk][at.slot] = nullptr;
    (void)free_ids_.push_back(stored.id.value);  // Has room, see allocate_ids.
  }
}

bool TypeStore::enter(TypeGroup* group) {
  if (group_count_ >= buckets_.size()) {
    base::Vector<TypeGroup*> larger;
    if (!larger.resize(buckets_.empty() ? 64 : buckets_.size() * 2)) return false;
    for (TypeGroup* moved : buckets_) {
      while (moved != nullptr) {
        TypeGroup* const next = moved->next;
        TypeGroup*& bucket = larger[moved->hash & (larger.size() - 1)];
        moved->next = bucket;
        bucket = moved;
        moved = next;
      }
    }
    buckets_ = std::move(larger);
  }
  TypeGroup*& bucket = buckets_[group->hash & (buckets_.size() - 1)];
  group->next = bucket;
  bucket = group;
  ++group_count_;
  return true;
}

void TypeStore::unlink(TypeGroup* group) {
  TypeGroup** link = &buckets_[group->hash & (buckets_.size() - 1)];
  while (*link != group) link = &(*link)->next;
  *link = group->next;
  --group_count_;
}

void TypeStore::release(TypeGroup* group) {
  if (--group->users != 0) return;
  unlink(group);
  group->next = nullptr;
  for (TypeGroup* dead = group; dead != nullptr;) {
    for (TypeGroup* needed : dead->needs) {
      if (--needed->users != 0) continue;
      unlink(needed);
      needed->next = dead->next;
      dead->next = needed;
    }
    free_ids(*dead);
    TypeGroup* const next = dead->next;
    free_group(dead);
    dead = next;
  }
}

}  // namespace wherry::wasm
