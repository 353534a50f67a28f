// Operations on an open file, those that move no bytes (see stream.h for these).
//
// A file that was opened through a directory for reading only keeps that: times can be set through a descriptor that
// was opened for reading, so the kernel would not say no.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wasi/host/filesystem.h"
#include "wasi/host/times.h"

namespace wherry::wasi::host {

namespace {

int last_error(int result) { return result == 0 ? 0 : errno; }

bool fits(uint64_t value) { return value <= static_cast<uint64_t>(INT64_MAX); }

}  // namespace

int File::stat(struct stat& out) const { return last_error(fstat(fd_, &out)); }

int File::set_size(uint64_t size) const {
  if (access_ != Access::Write) return EPERM;
  if (!fits(size)) return EFBIG;
  int error;
  do {
    error = last_error(ftruncate(fd_, static_cast<off_t>(size)));
  } while (error == EINTR);
  return error;
}

int File::set_times(SetTime access, SetTime modified) const {
  if (access_ != Access::Write) return EPERM;
  return last_error(futimens(fd_, TimePair(access, modified).data()));
}

int File::allocate(uint64_t offset, uint64_t length) const {
  if (access_ != Access::Write) return EPERM;
  if (length == 0 || !fits(offset) || !fits(length)) return EINVAL;
  if (!fits(offset + length)) return EFBIG;
  // fallocate, not posix_fallocate: the latter writes zeros where the file system cannot, for as long as it takes.
  int error;
  do {
    error = last_error(fallocate(fd_, 0, static_cast<off_t>(offset), static_cast<off_t>(length)));
  } while (error == EINTR);
  return error;
}

int File::advise(uint64_t offset, uint64_t length, int advice) const {
  if (!fits(offset) || !fits(length)) return EINVAL;
  return posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(length), advice);
}

int File::sync() const { return last_error(fsync(fd_)); }

int File::sync_data() const { return last_error(fdatasync(fd_)); }

int File::seek(int64_t offset, int whence, uint64_t& position) const {
  const off_t result = lseek(fd_, offset, whence);
  if (result < 0) return errno;
  position = static_cast<uint64_t>(result);
  return 0;
}

int File::set_append(bool append) const {
  const int flags = fcntl(fd_, F_GETFL);
  if (flags < 0) return errno;
  return last_error(fcntl(fd_, F_SETFL, append ? flags | O_APPEND : flags & ~O_APPEND) < 0 ? -1 : 0);
}

}  // namespace wherry::wasi::host
