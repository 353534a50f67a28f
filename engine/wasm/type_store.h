#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/type_registry.h"
#include "engine/wasm/types.h"

// The inside of TypeRegistry: recursion groups, their hash table and the ids of types. Not for other folders.
namespace wherry::wasm {

struct TypeGroup;
struct GroupBlock;

// A CanonType and the group that owns it.
struct StoredType : CanonType {
  TypeGroup* group = nullptr;
};

// One piece of memory: this header, then the types, the groups they refer to, fields, value types, displays.
struct TypeGroup {
  TypeGroup* next = nullptr;  // In the bucket, or in the list of those about to be freed.
  uint64_t hash = 0;
  uint64_t mark = 0;   // The last group that was found to refer to this one.
  uint32_t users = 0;  // TypeSets and groups that hold it.
  std::span<StoredType> types;
  std::span<TypeGroup*> needs;  // Each once; counted as their user.
  GroupBlock* block = nullptr;  // Where it lies; null: it is from malloc.
};

// A recursion group before it is canonical: `types` hold indices of a space in which those from `first` on are the
// group's own, and the others stand in `outer` (or, when `outer` is null, are canonical ids already).
struct GroupSource {
  std::span<const SubType> types;
  uint32_t first = 0;
  const CanonType* const* outer = nullptr;
};

// Whatever changes it needs `mutex` held; `type` and the queries do not.
class TypeStore {
 public:
  std::mutex mutex;

  static std::shared_ptr<TypeStore> create();
  ~TypeStore();

  // The group equal to `source`, entered if it was not there, with one more user. The memory which that takes is
  // taken from `*left_bytes`; TooManyItems when it is more.
  base::Result<TypeGroup*> intern(const GroupSource& source, size_t* left_bytes);
  // The same for one final function type that mentions no defined type, which nearly all are. Null: it is another, or there is not
  // the memory; intern() knows which.
  TypeGroup* intern_plain(const SubType& source, size_t* left_bytes);
  // One user less; the last one's leaving frees the group.
  void release(TypeGroup* group);

  const StoredType& type(CanonId id) const { return static_cast<const StoredType&>(directory_[id]); }
  const TypeDirectory& directory() const { return directory_; }
  bool is_subtype(HeapType sub, HeapType super) const;
  bool is_subtype(ValType sub, ValType super) const;

 private:
  static constexpr uint32_t kMaxIds = 1u << 22;  // What a HeapType can hold.

  bool encode(const GroupSource& source);
  bool encode(const TypeGroup& group);
  uint64_t hash_words() const;
  void trim_scratch();
  bool hash_plain(const SubType& source, uint64_t* hash) const;
  uint8_t* allocate_small(size_t size_bytes, GroupBlock** block);
  void free_group(TypeGroup* group);
  TypeGroup* find(uint64_t hash);
  TypeGroup* find_plain(uint64_t hash, const FuncType& func);
  TypeGroup* make_plain(const SubType& source, size_t* left_bytes);
  base::Result<TypeGroup*> make(const GroupSource& source, size_t* left_bytes);
  bool collect_needs(const GroupSource& source);
  void fill(const GroupSource& source, TypeGroup* group, uint8_t* memory);
  bool allocate_ids(TypeGroup* group);
  void free_ids(const TypeGroup& group);
  base::Result<void> check(const GroupSource& source, const TypeGroup& group) const;
  bool matches(const CanonType& sub, const CanonType& super) const;
  bool enter(TypeGroup* group);
  void unlink(TypeGroup* group);

  TypeDirectory directory_;
  uint32_t next_id_ = 0;
  base::Vector<uint32_t> free_ids_;  // Room for every id ever given, so that freeing cannot fail.
  base::Vector<TypeGroup*> buckets_;
  size_t group_count_ = 0;
  GroupBlock* open_block_ = nullptr;  // The next small group is put there.
  uint64_t mark_ = 0;
  uint64_t seed_[2] = {};
  base::Vector<uint32_t> words_;  // Scratch: a group as a sequence of words.
  base::Vector<uint32_t> other_words_;
  base::Vector<TypeGroup*> needs_;  // Scratch.
};

}  // namespace wherry::wasm
