// What all byte streams have in common: ends, promises, waiting.
//
// The rules are those of wasi:io/streams. A guest learns by check_write how much it may write; that is bounded by
// kMostAtOnce, so that whatever a stream has to hold back is bounded, too (a socket that took half). Reading gives what is
// there and never more than kMostAtOnce, however much was asked for: nothing here is sized by the guest.
//
// Splicing goes through memory of the caller, read and write, rather than by splice(2): that needs a pipe on one side,
// answers differently for terminals and sockets, and at 64 KiB a step gains a tenth on a file that is in memory.
#include "wasi/host/byte_stream.h"

#include <errno.h>

#include <algorithm>

namespace wherry::wasi::host {

int InputStream::read(Patience& patience, std::span<uint8_t> out, size_t& done) {
  done = 0;
  if (closed_) return kStreamClosed;
  if (out.empty()) return 0;
  const int error = fetch(patience, out.first(std::min(out.size(), kMostAtOnce)), done);
  if (error == EAGAIN) return 0;
  if (error == ECANCELED) return error;
  if (error == 0 && done != 0) return 0;
  closed_ = true;
  return error != 0 ? error : kStreamClosed;
}

int InputStream::blocking_read(Patience& patience, std::span<uint8_t> out, size_t& done) {
  while (true) {
    if (int error = wait_for_source(patience, *this)) return error;
    const int error = read(patience, out, done);
    if (error != 0 || done != 0 || out.empty()) return error;
  }
}

// An error of the stream ends it; one of the guest's time does not.
int OutputStream::finish(int error) {
  if (error == 0 || error == ECANCELED) return error;
  closed_ = true;
  permit_ = 0;
  return error;
}

int OutputStream::push(Patience& /*patience*/) { return 0; }

int OutputStream::check_write(Patience& patience, uint64_t& permit) {
  permit = permit_ = 0;
  if (closed_) return kStreamClosed;
  const int error = push(patience);
  if (error == EAGAIN) return 0;
  if (error != 0) return finish(error);
  uint64_t bytes = 0;
  if (int failed = room(patience, bytes)) return finish(failed);
  permit = permit_ = std::min<uint64_t>(bytes, kMostAtOnce);
  return 0;
}

int OutputStream::write(Patience& patience, std::span<const uint8_t> bytes) {
  if (closed_) return kStreamClosed;
  permit_ -= std::min<uint64_t>(permit_, bytes.size());
  return bytes.empty() ? 0 : finish(put(patience, bytes));
}

namespace {

constexpr size_t kZeroes = 4096;
constexpr uint8_t kZeroPage[kZeroes] = {};

}  // namespace

int OutputStream::write_zeroes(Patience& patience, uint64_t count) {
  if (closed_) return kStreamClosed;
  while (count != 0) {
    const size_t piece = std::min<uint64_t>(count, kZeroes);
    if (int error = write(patience, {kZeroPage, piece})) return error;
    count -= piece;
  }
  return 0;
}

int OutputStream::flush(Patience& patience) {
  if (closed_) return kStreamClosed;
  const int error = push(patience);
  return error == EAGAIN ? 0 : finish(error);
}

int OutputStream::blocking_flush(Patience& patience) {
  while (true) {
    if (closed_) return kStreamClosed;
    const int error = push(patience);
    if (error != EAGAIN) return finish(error);
    if (int failed = wait_for_source(patience, *this)) return failed;
  }
}

int OutputStream::put_waiting(Patience& patience, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    uint64_t most = 0;
    const int error = push(patience);
    if (error != 0 && error != EAGAIN) return error;
    if (error == 0) {
      if (int failed = room(patience, most)) return failed;
    }
    if (most == 0) {
      if (int failed = wait_for_source(patience, *this)) return failed;
      continue;
    }
    const auto piece = bytes.first(std::min<uint64_t>(bytes.size(), most));
    if (int failed = put(patience, piece)) return failed;
    bytes = bytes.subspan(piece.size());
  }
  return 0;
}

int OutputStream::blocking_write_and_flush(Patience& patience, std::span<const uint8_t> bytes) {
  if (closed_) return kStreamClosed;
  permit_ = 0;
  if (int error = put_waiting(patience, bytes)) return finish(error);
  return blocking_flush(patience);
}

int OutputStream::blocking_write_zeroes_and_flush(Patience& patience, uint64_t count) {
  return blocking_write_and_flush(patience, {kZeroPage, std::min<uint64_t>(count, kZeroes)});
}

int OutputStream::splice(Patience& patience, InputStream& from, uint64_t most, std::span<uint8_t> room,
                         uint64_t& done) {
  done = 0;
  uint64_t permit = 0;
  if (int error = check_write(patience, permit)) return error;
  size_t count = 0;
  const size_t wanted = std::min<uint64_t>({most, permit, room.size()});
  if (int error = from.read(patience, room.first(wanted), count)) return error;
  done = count;
  return write(patience, room.first(count));
}

int OutputStream::blocking_splice(Patience& patience, InputStream& from, uint64_t most,
                                  std::span<uint8_t> room, uint64_t& done) {
  while (true) {
    if (int error = wait_for_source(patience, *this)) return error;
    if (int error = wait_for_source(patience, from)) return error;
    const int error = splice(patience, from, most, room, done);
    if (error != 0 || done != 0 || most == 0) return error;
  }
}

}  // namespace wherry::wasi::host
