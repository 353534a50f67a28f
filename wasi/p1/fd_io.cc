// Reading and writing, from and into the guest's memory without a copy between.
//
// A list may be as long as the memory (500 million buffers), so it is not copied: the first 128 buffers that hold
// something make up the call, and the count that the guest gets is short. Empty ones are passed over, however many
// there are, since a count of 0 would say that the file has ended.
#include <errno.h>

#include <algorithm>
#include <mutex>

#include "wasi/host/socket.h"
#include "wasi/host/stream.h"
#include "wasi/p1/functions.h"
#include "wasi/p1/iovecs.h"

namespace wherry::wasi::p1 {

Errno Iovecs::read(Call& call, uint32_t list, uint32_t count) {
  constexpr uint32_t kLookUp = 1 << 20;  // buffers between two questions whether to go on
  size_ = 0;
  if (!call.memory.contains(list, uint64_t{count} * sizeof(Iovec))) return Errno::Fault;
  for (uint32_t i = 0; i < count && size_ < kMost; ++i) {
    if (i % kLookUp == kLookUp - 1) {
      if (int error = call.patience.check()) return call.fail(error);
    }
    Iovec buffer;
    if (!call.memory.load(list + uint64_t{i} * sizeof(Iovec), buffer)) return Errno::Fault;
    uint8_t* bytes = call.memory.at(buffer.buffer, buffer.size);
    if (bytes == nullptr) return Errno::Fault;
    if (buffer.size != 0) buffers_[size_++] = {bytes, buffer.size};
  }
  return Errno::Success;
}

namespace {

uint32_t total(std::span<iovec> buffers) {
  uint64_t sum = 0;
  for (const iovec& buffer : buffers) sum += buffer.iov_len;
  return static_cast<uint32_t>(sum < host::kMaxTransfer ? sum : host::kMaxTransfer);
}

// What is common to all four: looks up the descriptor, checks addresses, gets the list.
Errno prepare(Call& call, uint32_t fd, Rights needed, uint32_t list, uint32_t count, uint32_t out,
              Descriptor*& descriptor, Iovecs& iovecs) {
  if (Errno error = call.get(fd, needed, descriptor); error != Errno::Success) return error;
  if (!call.has<uint32_t>(out)) return Errno::Fault;
  if (Errno error = call.pin(*descriptor); error != Errno::Success) return error;
  return iovecs.read(call, list, count);
}

// What the embedder's own streams take, or leave as a full disk would.
Errno write_to_embedder(StdioWriter& writer, std::span<iovec> buffers, size_t& done) {
  done = 0;
  for (const iovec& buffer : buffers) {
    const size_t wanted = std::min(buffer.iov_len, host::kMaxTransfer - done);
    const size_t taken =
        std::min(writer.write({static_cast<const uint8_t*>(buffer.iov_base), wanted}), wanted);
    done += taken;
    if (taken < wanted || done == host::kMaxTransfer) break;
  }
  return done == 0 ? Errno::Nospc : Errno::Success;
}

// The others of a shared program go on while the reader waits, and who reads too waits for it.
size_t read_from_embedder(Call& call, StdioReader& reader, const iovec& room) {
  const host::Patience::Pause pause(call.patience);
  const std::lock_guard lock(call.state.reading);
  return std::min(reader.read({static_cast<uint8_t*>(room.iov_base), room.iov_len}), room.iov_len);
}

Errno read_from(Call& call, const Descriptor& descriptor, std::span<iovec> buffers,
                std::optional<uint64_t> offset, uint32_t out) {
  size_t done = 0;
  if (descriptor.kind == Kind::Connection) {
    host::Received received;
    const bool block = descriptor.blocking() == host::Blocking::Wait;
    const int error = buffers.empty() ? 0
                                      : host::receive(call.patience, descriptor.handle.fd(), block, buffers,
                                                      /*peek=*/false, /*wait_all=*/false, received);
    if (error != 0) return call.fail(error);
    done = received.size;
  } else if (descriptor.kind == Kind::Embedder) {
    if (descriptor.reader != nullptr && !buffers.empty()) {
      done = read_from_embedder(call, *descriptor.reader, buffers[0]);
    }
  } else if (descriptor.kind != Kind::Null && !buffers.empty()) {
    if (int error =
            host::read(call.patience, descriptor.handle.fd(), descriptor.blocking(), buffers, offset, done)) {
      return call.fail(error);
    }
  }
  return call.put(out, static_cast<uint32_t>(done));
}

Errno write_to(Call& call, const Descriptor& descriptor, std::span<iovec> buffers,
               std::optional<uint64_t> offset, uint32_t out) {
  size_t done = 0;
  if (descriptor.kind == Kind::Null) {
    done = total(buffers);
  } else if (buffers.empty()) {
    done = 0;
  } else if (descriptor.kind == Kind::Embedder) {
    if (descriptor.writer == nullptr) return Errno::Badf;
    if (Errno error = write_to_embedder(*descriptor.writer, buffers, done); error != Errno::Success)
      return error;
  } else if (descriptor.kind == Kind::Connection) {
    const bool block = descriptor.blocking() == host::Blocking::Wait;
    if (int error = host::send(call.patience, descriptor.handle.fd(), block, buffers, done))
      return call.fail(error);
  } else if (int error = host::write(call.patience, descriptor.handle.fd(), descriptor.blocking(), buffers,
                                     offset, done)) {
    return call.fail(error);
  }
  return call.put(out, static_cast<uint32_t>(done));
}

// Only files have positions to name.
Errno positioned(const Descriptor& descriptor) {
  return descriptor.kind == Kind::File ? Errno::Success : Errno::Spipe;
}

Errno read(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, std::optional<uint64_t> offset,
           uint32_t out) {
  Descriptor* descriptor = nullptr;
  Iovecs iovecs;
  Errno error = prepare(call, fd, rights::kFdRead, iovs, count, out, descriptor, iovecs);
  if (error == Errno::Success && offset) error = positioned(*descriptor);
  if (error != Errno::Success) return error;
  return read_from(call, *descriptor, iovecs.buffers(), offset, out);
}

Errno write(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, std::optional<uint64_t> offset,
            uint32_t out) {
  Descriptor* descriptor = nullptr;
  Iovecs iovecs;
  Errno error = prepare(call, fd, rights::kFdWrite, iovs, count, out, descriptor, iovecs);
  if (error == Errno::Success && offset) error = positioned(*descriptor);
  if (error != Errno::Success) return error;
  return write_to(call, *descriptor, iovecs.buffers(), offset, out);
}

}  // namespace

Errno fd_read(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out) {
  return read(call, fd, iovs, count, std::nullopt, out);
}

Errno fd_pread(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out) {
  return read(call, fd, iovs, count, offset, out);
}

Errno fd_write(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out) {
  return write(call, fd, iovs, count, std::nullopt, out);
}

Errno fd_pwrite(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out) {
  return write(call, fd, iovs, count, offset, out);
}

}  // namespace wherry::wasi::p1
