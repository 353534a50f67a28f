// The table of descriptors.
//
// A vector by number: a guest has few, and the limit bounds the rest. There is no entry that two numbers share, since
// preview 1 cannot duplicate; so closing one closes the host's.
#include "wasi/p1/descriptors.h"

#include <utility>

namespace wherry::wasi::p1 {

bool Cookies::begin(uint64_t guest, uint64_t& host) {
  if (guest == 0) {  // From the start: what was handed out before means nothing any more.
    kept_.clear();
    expected_ = 0;
    host = 0;
    return true;
  }
  expected_ = kept_.size();
  if (guest < kFirst || (guest & kAsItIs) != 0) {
    host = guest & ~kAsItIs;
    return true;
  }
  const uint64_t index = guest - kFirst;
  if (index >= kept_.size()) return false;
  host = kept_[index];
  expected_ = index + 1;
  return true;
}

uint64_t Cookies::next(uint64_t host) {
  if (host != 0 && host < kFirst) return host;
  if (expected_ >= kept_.size() || kept_[expected_] != host) {
    expected_ = kept_.size();
    if (kept_.size() >= kMost || !kept_.push_back(host)) return host | kAsItIs;
  }
  return kFirst + expected_++;
}

Errno Descriptors::insert(Descriptor descriptor, uint32_t& fd) {
  if (full()) return Errno::Mfile;
  while (lowest_free_ < table_.size() && table_[lowest_free_].kind != Kind::Free) ++lowest_free_;
  if (lowest_free_ == table_.size() && !table_.emplace_back()) return Errno::Nomem;
  fd = lowest_free_;
  table_[fd] = std::move(descriptor);
  ++used_;
  return Errno::Success;
}

Errno Descriptors::close(uint32_t fd) {
  Descriptor* found = find(fd);
  if (found == nullptr) return Errno::Badf;
  Descriptor closed;
  std::swap(*found, closed);
  --used_;
  if (fd < lowest_free_) lowest_free_ = fd;
  return Errno::Success;
}

Errno Descriptors::renumber(uint32_t from, uint32_t to) {
  Descriptor* source = find(from);
  Descriptor* target = find(to);
  if (source == nullptr || target == nullptr) return Errno::Badf;
  if (from == to) return Errno::Success;
  std::swap(*source, *target);
  return close(from);
}

}  // namespace wherry::wasi::p1
