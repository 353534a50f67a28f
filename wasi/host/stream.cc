// Reading and writing with patience.
//
// Standard streams are shared with the process that started this one, so O_NONBLOCK, which belongs to the open file and
// not to the descriptor, must not be set on them: a shell would find its terminal changed. Instead reading waits by
// ppoll first. For writing that is not enough: a pipe is "ready" with room for PIPE_BUF bytes, and a larger write then
// blocks in the kernel, past any deadline. So where there is a deadline, writes that may block go in pieces of PIPE_BUF;
// where there is none, in one call.
#include "wasi/host/stream.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

#include <algorithm>

namespace wherry::wasi::host {

namespace {

// Cuts the list so that it holds at most kMaxTransfer bytes; how many it holds.
size_t limit(std::span<iovec>& buffers, size_t most) {
  size_t total = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].iov_len >= most - total) {
      buffers[i].iov_len = most - total;
      buffers = buffers.first(i + 1);
      return most;
    }
    total += buffers[i].iov_len;
  }
  return total;
}

// Drops `count` bytes from the front of the list.
void advance(std::span<iovec>& buffers, size_t count) {
  while (!buffers.empty() && count >= buffers[0].iov_len) {
    count -= buffers[0].iov_len;
    buffers = buffers.subspan(1);
  }
  if (!buffers.empty()) {
    buffers[0].iov_base = static_cast<char*>(buffers[0].iov_base) + count;
    buffers[0].iov_len -= count;
  }
}

// Both may block, although the descriptor was ready: another thread may have been quicker.
ssize_t transfer_in(Patience& patience, int fd, std::span<iovec> buffers, std::optional<uint64_t> offset) {
  const Patience::Pause pause(patience);
  const int count = static_cast<int>(buffers.size());
  return offset ? preadv(fd, buffers.data(), count, static_cast<off_t>(*offset))
                : readv(fd, buffers.data(), count);
}

ssize_t transfer_out(Patience& patience, int fd, std::span<iovec> buffers, std::optional<uint64_t> offset) {
  const Patience::Pause pause(patience);
  const int count = static_cast<int>(buffers.size());
  return offset ? pwritev(fd, buffers.data(), count, static_cast<off_t>(*offset))
                : writev(fd, buffers.data(), count);
}

// After a failed transfer: 0 to try again, or the error.
int after_failure(Patience& patience, int error, Blocking& blocking) {
  if (error == EINTR) return patience.check();
  if (error == EAGAIN && blocking != Blocking::GiveUp) {  // In non-blocking mode by another's doing.
    blocking = Blocking::Wait;
    return 0;
  }
  return error;
}

}  // namespace

int read(Patience& patience, int fd, Blocking blocking, std::span<iovec> buffers,
         std::optional<uint64_t> offset, size_t& done) {
  done = 0;
  if (offset && *offset > static_cast<uint64_t>(INT64_MAX)) return EINVAL;
  limit(buffers, kMaxTransfer);
  while (true) {
    if (blocking != Blocking::Never) {
      if (int error = wait_for(patience, fd, POLLIN, blocking == Blocking::Wait)) return error;
    }
    const ssize_t count = transfer_in(patience, fd, buffers, offset);
    if (count >= 0) {
      done = static_cast<size_t>(count);
      return 0;
    }
    if (int error = after_failure(patience, errno, blocking)) return error;
  }
}

int write(Patience& patience, int fd, Blocking blocking, std::span<iovec> buffers,
          std::optional<uint64_t> offset, size_t& done) {
  done = 0;
  if (offset && *offset > static_cast<uint64_t>(INT64_MAX)) return EINVAL;
  size_t left = limit(buffers, kMaxTransfer);
  const bool in_pieces = patience.deadline().has_value();
  do {
    iovec piece;
    std::span<iovec> now = buffers;
    const bool ask = blocking == Blocking::GiveUp || (blocking == Blocking::Wait && in_pieces);
    if (ask) {
      if (int error = wait_for(patience, fd, POLLOUT, blocking == Blocking::Wait)) {
        return done != 0 && error != ECANCELED ? 0 : error;
      }
      if (!buffers.empty()) {
        piece = {buffers[0].iov_base, std::min<size_t>(buffers[0].iov_len, PIPE_BUF)};
        now = {&piece, 1};
      }
    }
    const ssize_t count = transfer_out(patience, fd, now, offset);
    if (count >= 0) {
      const auto written = static_cast<size_t>(count);
      done += written;
      left -= written;
      advance(buffers, written);
      if (offset) *offset += written;
      if (written == 0 || blocking == Blocking::Never) return 0;
      continue;
    }
    const int failure = errno;
    if (failure == EAGAIN &&
        blocking == Blocking::Wait) {  // Full, and in non-blocking mode by another's doing.
      if (int error = wait_for(patience, fd, POLLOUT, true)) return error;
      continue;
    }
    if (int error = after_failure(patience, failure, blocking))
      return done != 0 && error != ECANCELED ? 0 : error;
  } while (left != 0);
  return 0;
}

void ignore_write_signals() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    struct sigaction action;
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action = {};
    action.sa_handler = SIG_IGN;
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace wherry::wasi::host
