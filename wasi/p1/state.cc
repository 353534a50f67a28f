// Looking up descriptors with their rights.
//
// Wasmtime makes rights up when it is asked for them and enforces none; guests written against it ask for what they
// need all the same, since other hosts did enforce them. Here they are real. What a guest asks for and cannot have is
// left out rather than refused (see path_open): many ask for everything.
#include "wasi/p1/state.h"

#include <limits.h>
#include <string.h>

namespace wherry::wasi::p1 {

bool Strings::add(std::string_view first, std::string_view second, std::string_view third) {
  const size_t end = text.size() + first.size() + second.size() + third.size() + 1;
  if (end > UINT32_MAX) return false;
  if (!starts.push_back(static_cast<uint32_t>(text.size()))) return false;
  return text.append(first) && text.append(second) && text.append(third) && text.push_back(0);
}

namespace {

// Why something of this kind cannot do what it never has a right to: what Wasmtime and C programs expect.
Errno inapplicable(Kind kind, Rights needed) {
  if ((needed & (rights::kSockShutdown | rights::kSockAccept)) != 0) {
    return kind == Kind::Connection || kind == Kind::Listener ? Errno::Inval : Errno::Notsock;
  }
  if (kind == Kind::Directory) return Errno::Badf;
  return (needed & (rights::kFdSeek | rights::kFdTell)) != 0 ? Errno::Spipe : Errno::Badf;
}

}  // namespace

Call::~Call() {
  for (Descriptor* descriptor : pinned) {
    if (--descriptor->pins == 0 && descriptor->is_closed) delete descriptor;
  }
}

Errno Call::pin(Descriptor& descriptor) {
  if (!patience.holds_lock()) return Errno::Success;  // Nobody else is there to close it.
  if (!pinned.push_back(&descriptor)) return Errno::Nomem;
  ++descriptor.pins;
  return Errno::Success;
}

// A path is looked at more than once on its way through a sandbox: of a memory that others write, only a copy may be.
Errno Call::text(uint32_t address, uint32_t size, std::string_view& out) {
  const uint8_t* bytes = memory.at(address, size);
  if (bytes == nullptr) return Errno::Fault;
  out = {reinterpret_cast<const char*>(bytes), size};
  if (!is_racing || size == 0) return Errno::Success;
  if (size > PATH_MAX) return Errno::Nametoolong;
  char* const copy = static_cast<char*>(copies.allocate_bytes(size, 1));
  if (copy == nullptr) return Errno::Nomem;
  memcpy(copy, bytes, size);
  out = {copy, size};
  return Errno::Success;
}

Errno Call::get(uint32_t fd, Rights needed, Descriptor*& out) {
  Descriptor* found = state.descriptors.find(fd);
  if (found == nullptr) return Errno::Badf;
  const Rights missing = needed & ~found->base;
  if (missing != 0) {
    if ((missing & ~applicable(found->kind)) != 0) return inapplicable(found->kind, missing);
    // What POSIX says of a descriptor that is not open for it.
    if ((missing & (rights::kFdRead | rights::kFdWrite | rights::kFdAllocate)) != 0) return Errno::Badf;
    return (missing & rights::kFdFilestatSetSize) != 0 ? Errno::Inval : Errno::Notcapable;
  }
  out = found;
  return Errno::Success;
}

Errno Call::get_directory(uint32_t fd, Rights needed, Descriptor*& out) {
  Descriptor* found = state.descriptors.find(fd);
  if (found == nullptr || found->kind != Kind::Directory) return Errno::Badf;
  return get(fd, needed, out);
}

}  // namespace wherry::wasi::p1
