// Preopened directories, and what is in a directory.
//
// Cookies stand for the file system's own (the d_off of getdents64; see Cookies), so a listing that is read in pieces sees each name that
// stays once, whatever is created and removed between, and costs little memory here. Wasmtime numbers the entries of a
// listing that it makes anew for each piece: quadratic, and wrong when something is removed meanwhile.
#include <string.h>

#include "wasi/p1/functions.h"

namespace wherry::wasi::p1 {

Errno fd_prestat_get(Call& call, uint32_t fd, uint32_t out) {
  const Descriptor* descriptor = call.state.descriptors.find(fd);
  if (descriptor == nullptr || !descriptor->preopened) return Errno::Badf;
  return call.put(out, Prestat{0, static_cast<uint32_t>(descriptor->name.size())});
}

Errno fd_prestat_dir_name(Call& call, uint32_t fd, uint32_t path, uint32_t size) {
  const Descriptor* descriptor = call.state.descriptors.find(fd);
  if (descriptor == nullptr) return Errno::Badf;
  if (!descriptor->preopened) return Errno::Notdir;
  const std::string_view name = descriptor->name;
  if (size < name.size()) return Errno::Nametoolong;
  uint8_t* target = call.memory.at(path, name.size());
  if (target == nullptr) return Errno::Fault;
  memcpy(target, name.data(), name.size());
  return Errno::Success;
}

namespace {

// Fills the guest's buffer to the last byte: an entry that does not fit whole is cut, which tells the guest that there
// is more.
struct Listing {
  uint8_t* buffer;
  uint32_t size;
  uint32_t used = 0;
  uint64_t inode;  // of the directory
  Cookies* cookies;
  Call* call;

  void copy(const void* bytes, size_t count) {
    const size_t room = size - used;
    if (count > room) count = room;
    memcpy(buffer + used, bytes, count);
    used += static_cast<uint32_t>(count);
  }

  static bool visit(void* context, const host::DirectoryEntry& entry) {
    auto& listing = *static_cast<Listing*>(context);
    Dirent header = {};
    header.next = listing.cookies->next(entry.next);
    // What lies above a directory is not the guest's to know.
    header.inode = entry.name == ".." ? listing.inode : entry.inode;
    header.name_size = static_cast<uint32_t>(entry.name.size());
    header.type = from_host(entry.type);
    listing.copy(&header, sizeof header);
    listing.copy(entry.name.data(), entry.name.size());
    return listing.used < listing.size && listing.call->patience.check() == 0;
  }
};

}  // namespace

Errno fd_readdir(Call& call, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get_directory(fd, rights::kFdReaddir, descriptor); error != Errno::Success)
    return error;
  uint8_t* target = call.memory.at(buffer, size);
  if (target == nullptr || !call.has<uint32_t>(out)) return Errno::Fault;
  struct stat status;
  if (int error = host::File(descriptor->handle.fd(), descriptor->access).stat(status))
    return call.fail(error);
  Listing listing{target, size, 0, status.st_ino, &descriptor->cookies, &call};
  uint64_t from = 0;
  if (!descriptor->cookies.begin(cookie, from)) return Errno::Inval;
  if (size != 0) {
    if (int error = host::list_directory(descriptor->handle, from, &listing, Listing::visit))
      return call.fail(error);
  }
  return call.put(out, listing.used);
}

}  // namespace wherry::wasi::p1
