// Functions on a descriptor that move no bytes.
//
// Standard streams tell nothing of the file behind them but whether it is a terminal: not its inode, size or times, and
// no position, even where the host's stream is a file. Wasmtime does the same; it is not the guest's file.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wasi/p1/filestat.h"
#include "wasi/p1/functions.h"

namespace wherry::wasi::p1 {

namespace {

bool is_stdio(const Descriptor& descriptor) {
  return descriptor.kind == Kind::Stdio || descriptor.kind == Kind::Null || descriptor.kind == Kind::Embedder;
}

Filetype type_of(const Descriptor& descriptor) {
  if (descriptor.kind != Kind::Stdio) return descriptor.type;
  return isatty(descriptor.handle.fd()) != 0 ? Filetype::CharacterDevice : Filetype::Unknown;
}

host::File file(const Descriptor& descriptor) { return {descriptor.handle.fd(), descriptor.access}; }

template <class Stat>
Errno filestat(Call& call, uint32_t fd, uint32_t out) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdFilestatGet, descriptor); error != Errno::Success) return error;
  if (!call.has<Stat>(out)) return Errno::Fault;
  if (is_stdio(*descriptor)) {
    Stat nothing = {};
    nothing.type = type_of(*descriptor);
    return call.put(out, nothing);
  }
  struct stat status;
  if (int error = file(*descriptor).stat(status)) return call.fail(error);
  return call.put(out, to_filestat<Stat>(status));
}

Errno seek(Call& call, uint32_t fd, Rights needed, int64_t offset, int whence, uint32_t out) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, needed, descriptor); error != Errno::Success) return error;
  if (!call.has<uint64_t>(out)) return Errno::Fault;
  uint64_t position = 0;
  if (int error = file(*descriptor).seek(offset, whence, position)) return call.fail(error);
  return call.put(out, position);
}

}  // namespace

Errno to_set_times(uint64_t accessed, uint64_t modified, uint32_t flags, host::SetTime& access_out,
                   host::SetTime& modified_out) {
  if ((flags & ~kSetAll) != 0) return Errno::Inval;
  const auto choose = [](uint64_t time, bool at, bool now, host::SetTime& out) {
    if (at) out = {host::SetTime::Kind::At, time};
    if (now) out = {host::SetTime::Kind::Now, 0};
    return !(at && now);
  };
  const bool valid = choose(accessed, (flags & kSetAtim) != 0, (flags & kSetAtimNow) != 0, access_out) &&
                     choose(modified, (flags & kSetMtim) != 0, (flags & kSetMtimNow) != 0, modified_out);
  return valid ? Errno::Success : Errno::Inval;
}

Errno fd_advise(Call& call, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice) {
  static constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                    POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdAdvise, descriptor); error != Errno::Success) return error;
  if (advice >= std::size(kAdvice)) return Errno::Inval;
  return call.fail(file(*descriptor).advise(offset, size, kAdvice[advice]));
}

Errno fd_allocate(Call& call, uint32_t fd, uint64_t offset, uint64_t size) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdAllocate, descriptor); error != Errno::Success) return error;
  return call.fail(file(*descriptor).allocate(offset, size));
}

Errno fd_close(Call& call, uint32_t fd) { return call.state.descriptors.close(fd); }

Errno fd_datasync(Call& call, uint32_t fd) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdDatasync, descriptor); error != Errno::Success) return error;
  return call.fail(file(*descriptor).sync_data());
}

Errno fd_sync(Call& call, uint32_t fd) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdSync, descriptor); error != Errno::Success) return error;
  return call.fail(file(*descriptor).sync());
}

Errno fd_fdstat_get(Call& call, uint32_t fd, uint32_t out) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, 0, descriptor); error != Errno::Success) return error;
  Fdstat status = {};
  status.type = type_of(*descriptor);
  status.flags = descriptor->flags;
  status.base = descriptor->base;
  status.inheriting = descriptor->inheriting;
  return call.put(out, status);
}

// Appending is the host's business for files and no one's for the rest. Waiting is ours: O_NONBLOCK would change
// streams that are shared with others. What the kernel cannot change (SYNC and its kin) has to stay as it is.
Errno fd_fdstat_set_flags(Call& call, uint32_t fd, uint32_t flags) {
  constexpr uint32_t kFixed = kFdDsync | kFdRsync | kFdSync;
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdFdstatSetFlags, descriptor); error != Errno::Success)
    return error;
  if ((flags & ~kFdAll) != 0 || ((flags ^ descriptor->flags) & kFixed) != 0) return Errno::Inval;
  if (descriptor->kind == Kind::File && ((flags ^ descriptor->flags) & kFdAppend) != 0) {
    if (int error = file(*descriptor).set_append((flags & kFdAppend) != 0)) return call.fail(error);
  }
  descriptor->flags = static_cast<uint16_t>(flags);
  return Errno::Success;
}

Errno fd_fdstat_set_rights(Call& call, uint32_t fd, uint64_t base, uint64_t inheriting) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, 0, descriptor); error != Errno::Success) return error;
  if ((base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0)
    return Errno::Notcapable;
  descriptor->base = base;
  descriptor->inheriting = inheriting;
  return Errno::Success;
}

Errno fd_filestat_get(Call& call, uint32_t fd, uint32_t out) { return filestat<Filestat>(call, fd, out); }

Errno unstable_fd_filestat_get(Call& call, uint32_t fd, uint32_t out) {
  return filestat<UnstableFilestat>(call, fd, out);
}

Errno fd_filestat_set_size(Call& call, uint32_t fd, uint64_t size) {
  Descriptor* descriptor = nullptr;
  if (Errno error = call.get(fd, rights::kFdFilestatSetSize, descriptor); error != Errno::Success)
    return error;
  return call.fail(file(*descriptor).set_size(size));
}

Errno fd_filestat_set_times(Call& call, uint32_t fd, uint64_t accessed, uint64_t modified, uint32_t flags) {
  host::SetTime access;
  host::SetTime modification;
  Descriptor* descriptor = nullptr;
  Errno error = call.get(fd, rights::kFdFilestatSetTimes, descriptor);
  if (error == Errno::Success) error = to_set_times(accessed, modified, flags, access, modification);
  if (error != Errno::Success) return error;
  return call.fail(file(*descriptor).set_times(access, modification));
}

Errno fd_renumber(Call& call, uint32_t from, uint32_t to) {
  return call.state.descriptors.renumber(from, to);
}

Errno fd_seek(Call& call, uint32_t fd, int64_t offset, uint32_t whence, uint32_t out) {
  static constexpr int kWhence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  if (whence >= std::size(kWhence)) return Errno::Inval;
  // Asking where it is needs the smaller right.
  const bool only_tell = whence == kSeekCur && offset == 0;
  Descriptor* descriptor = nullptr;
  if (only_tell && call.get(fd, rights::kFdTell, descriptor) == Errno::Success) {
    return seek(call, fd, rights::kFdTell, offset, SEEK_CUR, out);
  }
  return seek(call, fd, rights::kFdSeek, offset, kWhence[whence], out);
}

// There, whence was: from the current position, from the end, from the start.
Errno unstable_fd_seek(Call& call, uint32_t fd, int64_t offset, uint32_t whence, uint32_t out) {
  static constexpr uint32_t kWhence[] = {kSeekCur, kSeekEnd, kSeekSet};
  if (whence >= std::size(kWhence)) return Errno::Inval;
  return fd_seek(call, fd, offset, kWhence[whence], out);
}

// Who may seek may also ask; old guests ask for the one right only.
Errno fd_tell(Call& call, uint32_t fd, uint32_t out) {
  Descriptor* descriptor = nullptr;
  const bool may_seek = call.get(fd, rights::kFdSeek, descriptor) == Errno::Success;
  return seek(call, fd, may_seek ? rights::kFdSeek : rights::kFdTell, 0, SEEK_CUR, out);
}

}  // namespace wherry::wasi::p1
