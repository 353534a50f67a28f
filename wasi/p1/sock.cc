// Sockets: those that the embedder opened, and what they accept.
#include "wasi/host/socket.h"

#include <errno.h>

#include "wasi/p1/functions.h"
#include "wasi/p1/iovecs.h"

namespace wherry::wasi::p1 {

namespace {

bool waits(const Descriptor& descriptor) { return descriptor.blocking() == host::Blocking::Wait; }

// A connection with a right of its own kind; what is no socket is Notsock.
Errno get_connection(Call& call, uint32_t fd, Rights needed, Descriptor*& out) {
  Descriptor* found = call.state.descriptors.find(fd);
  if (found == nullptr) return Errno::Badf;
  if (found->kind == Kind::Listener) return Errno::Notconn;
  if (found->kind != Kind::Connection) return Errno::Notsock;
  return call.get(fd, needed, out);
}

}  // namespace

Errno sock_accept(Call& call, uint32_t fd, uint32_t flags, uint32_t out) {
  Descriptor* listener = nullptr;
  if (Errno error = call.get(fd, rights::kSockAccept, listener); error != Errno::Success) return error;
  if ((flags & ~kFdNonblock) != 0) return Errno::Inval;
  if (!call.has<uint32_t>(out)) return Errno::Fault;
  if (call.state.descriptors.full()) return Errno::Mfile;
  if (Errno error = call.pin(*listener); error != Errno::Success) return error;
  Descriptor connection;
  if (int error = host::accept(call.patience, listener->handle.fd(), waits(*listener), connection.handle)) {
    return call.fail(error);
  }
  connection.kind = Kind::Connection;
  connection.access = host::Access::Write;
  connection.type = Filetype::SocketStream;
  connection.flags = static_cast<uint16_t>(flags);
  connection.base = rights::kConnection & listener->inheriting;
  connection.inheriting = connection.base;
  uint32_t number = 0;
  const Errno error = call.state.descriptors.insert(std::move(connection), number);
  return error != Errno::Success ? error : call.put(out, number);
}

Errno sock_recv(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t size_out,
                uint32_t flags_out) {
  Descriptor* connection = nullptr;
  Iovecs iovecs;
  if (Errno error = get_connection(call, fd, rights::kFdRead, connection); error != Errno::Success)
    return error;
  if ((flags & ~(kRecvPeek | kRecvWaitall)) != 0) return Errno::Inval;
  if (!call.has<uint32_t>(size_out) || !call.has<uint16_t>(flags_out)) return Errno::Fault;
  if (Errno error = iovecs.read(call, iovs, count); error != Errno::Success) return error;
  if (Errno error = call.pin(*connection); error != Errno::Success) return error;
  host::Received received;
  if (int error = host::receive(call.patience, connection->handle.fd(), waits(*connection), iovecs.buffers(),
                                (flags & kRecvPeek) != 0, (flags & kRecvWaitall) != 0, received)) {
    return call.fail(error);
  }
  const Errno error = call.put(size_out, static_cast<uint32_t>(received.size));
  if (error != Errno::Success) return error;
  return call.put(flags_out, static_cast<uint16_t>(received.truncated ? kRecvTruncated : 0));
}

Errno sock_send(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out) {
  Descriptor* connection = nullptr;
  Iovecs iovecs;
  if (Errno error = get_connection(call, fd, rights::kFdWrite, connection); error != Errno::Success)
    return error;
  if (flags != 0) return Errno::Inval;
  if (!call.has<uint32_t>(out)) return Errno::Fault;
  if (Errno error = iovecs.read(call, iovs, count); error != Errno::Success) return error;
  if (Errno error = call.pin(*connection); error != Errno::Success) return error;
  size_t done = 0;
  if (int error =
          host::send(call.patience, connection->handle.fd(), waits(*connection), iovecs.buffers(), done)) {
    return call.fail(error);
  }
  return call.put(out, static_cast<uint32_t>(done));
}

Errno sock_shutdown(Call& call, uint32_t fd, uint32_t how) {
  Descriptor* socket = nullptr;
  if (Errno error = call.get(fd, rights::kSockShutdown, socket); error != Errno::Success) return error;
  if ((how & ~(kShutRead | kShutWrite)) != 0) return Errno::Inval;
  return call.fail(host::shut_down(socket->handle.fd(), (how & kShutRead) != 0, (how & kShutWrite) != 0));
}

}  // namespace wherry::wasi::p1
