// Bytes to and from a descriptor of the host, straight from and to where the caller has them.
//
// Errors are errno values, 0 for success. A short count is success: the caller goes on from there.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "wasi/host/wait.h"

namespace wherry::wasi::host {

// How a descriptor behaves when nothing is ready.
enum class Blocking : uint8_t {
  Never,   // a regular file: always ready
  Wait,    // waits, with patience
  GiveUp,  // EAGAIN
};

// At most this many bytes move in one call, so that a deadline is seen in time.
inline constexpr size_t kMaxTransfer = size_t{64} << 20;

// Reads into `buffers`, at `offset` or at the descriptor's own position. 0 bytes are the end. Errors also: ECANCELED
// (see Patience).
[[nodiscard]] int read(Patience& patience, int fd, Blocking blocking, std::span<iovec> buffers,
                       std::optional<uint64_t> offset, size_t& done);

// Writes `buffers`, at `offset` or at the descriptor's own position. To something that blocks all of it is written,
// unless an error comes between; what was written until then is then the count.
[[nodiscard]] int write(Patience& patience, int fd, Blocking blocking, std::span<iovec> buffers,
                        std::optional<uint64_t> offset, size_t& done);

// Lets writing to a closed pipe, and beyond the host's limit of file sizes, be an error instead of the end of the process,
// where SIGPIPE and SIGXFSZ have their default actions.
void ignore_write_signals();

}  // namespace wherry::wasi::host
