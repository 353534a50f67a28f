// Roots by object and by place. Objects do not move, so their addresses can be hashed.
//
// Rejected: a root a handle, which is simpler; then two handles of one object would not be equal, and a host that is given
// the same object a million times would have a million roots.
#include "engine/runtime/roots.h"

namespace wherry::runtime {

uint32_t Roots::find_place(abi::Ref ref) const {
  if (buckets_.empty()) return kNone;
  uint32_t place = buckets_[bucket_of(ref)];
  while (place != kNone && roots_[place].ref != ref) place = roots_[place].next;
  return place;
}

bool Roots::grow_buckets() {
  base::Vector<uint32_t> larger;
  if (!larger.resize(buckets_.empty() ? 16 : buckets_.size() * 2)) return false;
  for (uint32_t& bucket : larger.span()) bucket = kNone;
  buckets_ = std::move(larger);
  for (uint32_t place = 0; place < roots_.size(); ++place) {
    Root& root = roots_[place];
    if (root.ref == abi::kNullRef) continue;
    uint32_t& bucket = buckets_[bucket_of(root.ref)];
    root.next = bucket;
    bucket = place;
  }
  return true;
}

// kNone: no memory.
uint32_t Roots::make(abi::Ref ref) {
  uint32_t place = free_;
  if (place != kNone) {
    free_ = roots_[place].next;
  } else {
    if (roots_.size() == kNone || (roots_.size() >= buckets_.size() && !grow_buckets()) ||
        !roots_.emplace_back()) {
      return kNone;
    }
    place = static_cast<uint32_t>(roots_.size() - 1);
  }
  Root& root = roots_[place];
  root.ref = ref;
  uint32_t& bucket = buckets_[bucket_of(ref)];
  root.next = bucket;
  bucket = place;
  return place;
}

bool Roots::hold(abi::Ref ref, RootId* id) {
  uint32_t place = find_place(ref);
  if (place == kNone || !roots_[place].is_scoped) {
    if (!scoped_.push_back(0)) return false;
    if (place == kNone) place = make(ref);
    if (place == kNone) {
      scoped_.pop_back();
      return false;
    }
    scoped_.back() = place;
    roots_[place].is_scoped = true;
  }
  *id = {place, roots_[place].generation};
  return true;
}

bool Roots::own(RootId id) {
  if (!is_root(id) || roots_[id.index].owners == ~uint32_t{0}) return false;
  ++roots_[id.index].owners;
  return true;
}

bool Roots::disown(RootId id) {
  if (!is_root(id) || roots_[id.index].owners == 0) return false;
  --roots_[id.index].owners;
  release_unused(id.index);
  return true;
}

void Roots::release_scoped(size_t scope) {
  while (scoped_.size() > scope) {
    const uint32_t place = scoped_.back();
    scoped_.pop_back();
    roots_[place].is_scoped = false;
    release_unused(place);
  }
}

// A place that was used 2^32 - 2 times is not used again: its generation would come back.
void Roots::release_unused(uint32_t place) {
  Root& root = roots_[place];
  if (root.owners != 0 || root.is_scoped) return;
  uint32_t* link = &buckets_[bucket_of(root.ref)];
  while (*link != place) link = &roots_[*link].next;
  *link = root.next;
  root.ref = abi::kNullRef;
  root.next = kNone;
  if (++root.generation == ~uint32_t{0}) return;
  root.next = free_;
  free_ = place;
}

}  // namespace wherry::runtime
