#include "wasi/host/quota.h"

#include <sys/resource.h>

#include <algorithm>

namespace wherry::wasi::host {

uint32_t descriptor_limit(uint32_t wanted) {
  rlimit own;
  if (getrlimit(RLIMIT_NOFILE, &own) != 0 || own.rlim_cur == RLIM_INFINITY) return wanted;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, own.rlim_cur - own.rlim_cur / 4));
}

}  // namespace wherry::wasi::host
