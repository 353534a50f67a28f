// Sockets that were opened before the guest started, and the connections they accept.
//
// Errors are errno values, 0 for success. Every descriptor made here is in non-blocking mode and closed on exec;
// waiting is done with patience.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wasi/host/filesystem.h"
#include "wasi/host/handle.h"
#include "wasi/host/wait.h"

namespace wherry::wasi::host {

// A socket that listens at "127.0.0.1:8080", "[::1]:8080" or "localhost:8080"; port 0 takes a free one. Errors also:
// EINVAL for what is not an address and a port.
[[nodiscard]] int listen_tcp(std::string_view address, Handle& out);

// How many sockets a service manager passed on, as descriptors from 3 on (sd_listen_fds(3)); 0 if none, or if they
// are for another process.
int passed_sockets();

// The type of a socket: Stream or Datagram; Unknown if it is no socket.
FileType socket_type(int fd);

// A connection from a listening socket. With `block` false: EAGAIN if there is none.
[[nodiscard]] int accept(Patience& patience, int fd, bool block, Handle& out);

struct Received {
  size_t size = 0;
  bool truncated = false;  // the rest of a datagram was dropped
};

[[nodiscard]] int receive(Patience& patience, int fd, bool block, std::span<iovec> buffers, bool peek,
                          bool wait_all, Received& out);
[[nodiscard]] int send(Patience& patience, int fd, bool block, std::span<iovec> buffers, size_t& done);
[[nodiscard]] int shut_down(int fd, bool receiving, bool sending);

}  // namespace wherry::wasi::host
