// The two times of a file as utimensat(2) takes them.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include "wasi/host/filesystem.h"

namespace wherry::wasi::host {

class TimePair {
 public:
  TimePair(SetTime access, SetTime modified) : times_{convert(access), convert(modified)} {}
  const timespec* data() const { return times_; }

 private:
  static timespec convert(SetTime time) {
    switch (time.kind) {
      case SetTime::Kind::Now: return {0, UTIME_NOW};
      case SetTime::Kind::At:
        return {static_cast<time_t>(time.nanoseconds / 1'000'000'000),
                static_cast<long>(time.nanoseconds % 1'000'000'000)};
      case SetTime::Kind::Keep: break;
    }
    return {0, UTIME_OMIT};
  }

  timespec times_[2];
};

}  // namespace wherry::wasi::host
