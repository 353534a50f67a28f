// The table of descriptors.
//
// A vector by number: a guest has few, and the limit bounds the rest. There is no entry that two numbers share, since
// preview 1 cannot duplicate; so closing one closes the host's.
#include "wasi/p1/descriptors.h"

#include <utility>

namespace wherry::wasi::p1 {

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
