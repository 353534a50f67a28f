#pragma once

#include <unistd.h>

// For tests.
namespace wherry::base {

// Whether the byte can be read: the kernel looks for us, without a fault.
inline bool is_readable(const void* address) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const bool readable = write(ends[1], address, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return readable;
}

}  // namespace wherry::base
