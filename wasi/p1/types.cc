// Error codes and file types of the host in the numbers of preview 1.
#include "wasi/p1/types.h"

#include <errno.h>
#include <limits.h>

namespace wherry::wasi::p1 {

namespace {

// A row without an errno of the host gets a label that no errno has.
constexpr int label(int host, int number) { return host == 0 ? INT_MIN + number : host; }

}  // namespace

Errno from_host(int error) {
  switch (error) {
    case 0: return Errno::Success;
#define ERRNO(name, number, host) \
  case label(host, number): return Errno::name;
#include "wasi/p1/errno.inc"
#undef ERRNO
    default: return Errno::Io;
  }
}

Filetype from_host(host::FileType type) {
  switch (type) {
    case host::FileType::BlockDevice: return Filetype::BlockDevice;
    case host::FileType::CharacterDevice: return Filetype::CharacterDevice;
    case host::FileType::Directory: return Filetype::Directory;
    case host::FileType::Regular: return Filetype::RegularFile;
    case host::FileType::Datagram: return Filetype::SocketDgram;
    case host::FileType::Stream: return Filetype::SocketStream;
    case host::FileType::Link: return Filetype::SymbolicLink;
    case host::FileType::Fifo:  // There is no number for pipes.
    case host::FileType::Unknown: break;
  }
  return Filetype::Unknown;
}

}  // namespace wherry::wasi::p1
