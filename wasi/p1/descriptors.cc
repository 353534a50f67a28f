// The table of descriptors.
//
// A vector by number: a guest has few, and the limit bounds the rest. There is no entry that two numbers share, since
// preview 1 cannot duplicate; so closing one closes the host's. But where guests of several threads share the table, a
// call that waits has pinned what it waits for: otherwise the host's number, closed and given to a file that is not the
// guest's, would be read by the call that wakes up.
#include "wasi/p1/descriptors.h"

#include <new>
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
  while (lowest_free_ < table_.size() && table_[lowest_free_] != nullptr) ++lowest_free_;
  std::unique_ptr<Descriptor> made(new (std::nothrow) Descriptor(std::move(descriptor)));
  if (made == nullptr) return Errno::Nomem;
  if (lowest_free_ == table_.size() && !table_.emplace_back()) return Errno::Nomem;
  fd = lowest_free_;
  table_[fd] = std::move(made);
  ++used_;
  return Errno::Success;
}

Errno Descriptors::close(uint32_t fd) {
  if (find(fd) == nullptr) return Errno::Badf;
  std::unique_ptr<Descriptor> closed = std::move(table_[fd]);
  if (closed->pins != 0) closed.release()->is_closed = true;  // Whoever unpins it last deletes it.
  --used_;
  if (fd < lowest_free_) lowest_free_ = fd;
  return Errno::Success;
}

Errno Descriptors::renumber(uint32_t from, uint32_t to) {
  if (find(from) == nullptr || find(to) == nullptr) return Errno::Badf;
  if (from == to) return Errno::Success;
  std::swap(table_[from], table_[to]);
  return close(from);
}

}  // namespace wherry::wasi::p1
