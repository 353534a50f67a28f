#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/abi/cell.h"
#include "engine/base/vector.h"

namespace wherry::runtime {

// A reference that the host holds. `generation` tells uses of one place apart.
struct RootId {
  uint32_t index = 0;
  uint32_t generation = 0;  // Neither 0 nor all ones for a root.
  friend bool operator==(const RootId&, const RootId&) = default;
};

// The objects that the host holds. Each has one root however often it is asked for, so that equal ids mean the same
// object. A root lasts as long as the scope in which it was asked for, and as long as it has owners. Belongs to a store
// and its thread.
class Roots {
 public:
  // The root of an object, until the scope ends that is open now (the store, if none is). False: no memory.
  [[nodiscard]] bool hold(abi::Ref ref, RootId* id);
  // Scopes close in the opposite order of opening.
  size_t open_scope() const { return scoped_.size(); }
  void close_scope(size_t scope) {
    if (scoped_.size() != scope) release_scoped(scope);
  }
  // Owners are counted. False, and nothing happens, for what is no root any more.
  bool own(RootId id);
  bool disown(RootId id);
  // Null if it is none any more.
  const abi::Ref* find(RootId id) const { return is_root(id) ? &roots_[id.index].ref : nullptr; }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Root& root : roots_) visit(root.ref);
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Root {
    abi::Ref ref = abi::kNullRef;  // Null: a free place.
    uint32_t generation = 1;
    uint32_t next = kNone;  // In its bucket, or of the free places.
    uint32_t owners = 0;
    bool is_scoped = false;
  };

  bool is_root(RootId id) const {
    return id.index < roots_.size() && roots_[id.index].generation == id.generation &&
           roots_[id.index].ref != abi::kNullRef;
  }
  size_t bucket_of(abi::Ref ref) const {
    return (ref >> 4) * 0x9e37'79b9'7f4a'7c15u >> 32 & (buckets_.size() - 1);
  }
  uint32_t find_place(abi::Ref ref) const;
  uint32_t make(abi::Ref ref);
  bool grow_buckets();
  void release_scoped(size_t scope);
  void release_unused(uint32_t place);

  base::Vector<Root> roots_;
  base::Vector<uint32_t> buckets_;  // By object: the first of a chain of places. A power of two, or empty.
  base::Vector<uint32_t> scoped_;   // Places, by age.
  uint32_t free_ = kNone;
};

}  // namespace wherry::runtime
