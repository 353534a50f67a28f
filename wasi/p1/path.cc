// Functions on paths. Where a path leads is decided in host/path.cc; here are descriptors, rights and flags.
#include <errno.h>

#include "wasi/p1/filestat.h"
#include "wasi/p1/functions.h"

namespace wherry::wasi::p1 {

namespace {

// A directory and the path beneath it.
struct Target {
  Descriptor* descriptor = nullptr;
  std::string_view path;
};

Errno find(Call& call, uint32_t fd, Rights needed, uint32_t path, uint32_t path_size, Target& out) {
  if (Errno error = call.get_directory(fd, needed, out.descriptor); error != Errno::Success) return error;
  return call.text(path, path_size, out.path);
}

Errno to_follow(uint32_t lookup_flags, host::Follow& out) {
  if ((lookup_flags & ~kLookupFollow) != 0) return Errno::Inval;
  out = lookup_flags != 0 ? host::Follow::Yes : host::Follow::No;
  return Errno::Success;
}

template <class Stat>
Errno filestat(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t out) {
  Target target;
  host::Follow follow;
  Errno error = find(call, fd, rights::kPathFilestatGet, path, path_size, target);
  if (error == Errno::Success) error = to_follow(flags, follow);
  if (error != Errno::Success) return error;
  if (!call.has<Stat>(out)) return Errno::Fault;
  struct stat status;
  if (int failed = call.directory(*target.descriptor).stat(target.path, follow, status))
    return call.fail(failed);
  return call.put(out, to_filestat<Stat>(status));
}

}  // namespace

Errno path_create_directory(Call& call, uint32_t fd, uint32_t path, uint32_t path_size) {
  Target target;
  Errno error = find(call, fd, rights::kPathCreateDirectory, path, path_size, target);
  if (error != Errno::Success) return error;
  return call.fail(call.directory(*target.descriptor).create_directory(target.path));
}

Errno path_filestat_get(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
                        uint32_t out) {
  return filestat<Filestat>(call, fd, flags, path, path_size, out);
}

Errno unstable_path_filestat_get(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
                                 uint32_t out) {
  return filestat<UnstableFilestat>(call, fd, flags, path, path_size, out);
}

Errno path_filestat_set_times(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
                              uint64_t accessed, uint64_t modified, uint32_t set) {
  Target target;
  host::Follow follow;
  host::SetTime access;
  host::SetTime modification;
  Errno error = find(call, fd, rights::kPathFilestatSetTimes, path, path_size, target);
  if (error == Errno::Success) error = to_follow(flags, follow);
  if (error == Errno::Success) error = to_set_times(accessed, modified, set, access, modification);
  if (error != Errno::Success) return error;
  return call.fail(call.directory(*target.descriptor).set_times(target.path, follow, access, modification));
}

// A link to what a link leads to is refused, as in Wasmtime: which file that is could change in between.
Errno path_link(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
                uint32_t new_path, uint32_t new_path_size) {
  Target from;
  Target to;
  Errno error = find(call, fd, rights::kPathLinkSource, path, path_size, from);
  if (error == Errno::Success)
    error = find(call, new_fd, rights::kPathLinkTarget, new_path, new_path_size, to);
  if (error == Errno::Success && flags != 0) error = Errno::Inval;
  if (error != Errno::Success) return error;
  return call.fail(call.directory(*from.descriptor).link(from.path, call.directory(*to.descriptor), to.path));
}

Errno path_readlink(Call& call, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
                    uint32_t size, uint32_t out) {
  Target target;
  Errno error = find(call, fd, rights::kPathReadlink, path, path_size, target);
  if (error != Errno::Success) return error;
  uint8_t* bytes = call.memory.at(buffer, size);
  if (bytes == nullptr || !call.has<uint32_t>(out)) return Errno::Fault;
  size_t length = 0;
  const std::span<char> place(reinterpret_cast<char*>(bytes), size);
  if (int failed = call.directory(*target.descriptor).read_link(target.path, place, length))
    return call.fail(failed);
  return call.put(out, static_cast<uint32_t>(length));
}

Errno path_remove_directory(Call& call, uint32_t fd, uint32_t path, uint32_t path_size) {
  Target target;
  Errno error = find(call, fd, rights::kPathRemoveDirectory, path, path_size, target);
  if (error != Errno::Success) return error;
  return call.fail(call.directory(*target.descriptor).remove_directory(target.path));
}

Errno path_rename(Call& call, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd,
                  uint32_t new_path, uint32_t new_path_size) {
  Target from;
  Target to;
  Errno error = find(call, fd, rights::kPathRenameSource, path, path_size, from);
  if (error == Errno::Success)
    error = find(call, new_fd, rights::kPathRenameTarget, new_path, new_path_size, to);
  if (error != Errno::Success) return error;
  return call.fail(
      call.directory(*from.descriptor).rename(from.path, call.directory(*to.descriptor), to.path));
}

Errno path_symlink(Call& call, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
                   uint32_t path_size) {
  Target at;
  std::string_view contents;
  Errno error = find(call, fd, rights::kPathSymlink, path, path_size, at);
  if (error != Errno::Success) return error;
  if (error = call.text(target, target_size, contents); error != Errno::Success) return error;
  return call.fail(call.directory(*at.descriptor).symlink(contents, at.path));
}

Errno path_unlink_file(Call& call, uint32_t fd, uint32_t path, uint32_t path_size) {
  Target target;
  Errno error = find(call, fd, rights::kPathUnlinkFile, path, path_size, target);
  if (error != Errno::Success) return error;
  return call.fail(call.directory(*target.descriptor).unlink(target.path));
}

// What is opened has the rights that were asked for, that its directory hands on, and that its kind can have. The rest
// is left out silently: guests ask for all that they could imagine.
Errno path_open(Call& call, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_size, uint32_t oflags,
                uint64_t base, uint64_t inheriting, uint32_t fdflags, uint32_t out) {
  Rights needed = rights::kPathOpen;
  if ((oflags & kOpenCreate) != 0) needed |= rights::kPathCreateFile;
  if ((oflags & kOpenTruncate) != 0) needed |= rights::kPathFilestatSetSize;
  const Descriptor* parent = call.state.descriptors.find(fd);
  if (parent != nullptr && (parent->kind == Kind::File || parent->kind == Kind::Device)) return Errno::Notdir;

  Target target;
  host::OpenOptions options;
  Errno error = find(call, fd, needed, path, path_size, target);
  if (error == Errno::Success) error = to_follow(lookup, options.follow);
  if (error != Errno::Success) return error;
  if ((oflags & ~kOpenAll) != 0 || (fdflags & ~kFdAll) != 0) return Errno::Inval;
  if (!call.has<uint32_t>(out)) return Errno::Fault;
  if (call.state.descriptors.full()) return Errno::Mfile;

  base &= target.descriptor->inheriting;
  inheriting &= target.descriptor->inheriting;
  options.read = (base & (rights::kFdRead | rights::kFdReaddir)) != 0;
  options.write = (base & rights::kFdWrite) != 0;
  options.append = (fdflags & kFdAppend) != 0;
  options.sync = (fdflags & (kFdSync | kFdRsync)) != 0;
  options.data_sync = (fdflags & kFdDsync) != 0;
  options.create = (oflags & kOpenCreate) != 0;
  options.exclusive = (oflags & kOpenExclusive) != 0;
  options.truncate = (oflags & kOpenTruncate) != 0;
  options.directory = (oflags & kOpenDirectory) != 0;
  host::Opened opened;
  if (int failed = call.directory(*target.descriptor).open(target.path, options, opened))
    return call.fail(failed);

  Descriptor descriptor;
  switch (opened.type) {
    case host::FileType::Directory: descriptor.kind = Kind::Directory; break;
    case host::FileType::Regular:
    case host::FileType::BlockDevice: descriptor.kind = Kind::File; break;
    default: descriptor.kind = Kind::Device; break;
  }
  descriptor.access = target.descriptor->access;
  descriptor.type = from_host(opened.type);
  // A directory cannot be appended to, and is never waited for.
  descriptor.flags = descriptor.kind == Kind::Directory ? 0 : static_cast<uint16_t>(fdflags);
  descriptor.base = base & applicable(descriptor.kind);
  descriptor.inheriting = inheriting;
  descriptor.handle = std::move(opened.handle);
  uint32_t number = 0;
  error = call.state.descriptors.insert(std::move(descriptor), number);
  return error != Errno::Success ? error : call.put(out, number);
}

}  // namespace wherry::wasi::p1
