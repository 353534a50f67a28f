// A directory's entries one after the other.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/vector.h"
#include "wasi/host/filesystem.h"
#include "wasi/host/quota.h"

namespace wherry::wasi::host {

// Goes through a directory from its start, without `.` and `..`. Several on the same descriptor do not disturb each other.
// Holds one piece of the listing, of a bounded size whatever the directory's.
class Listing {
 public:
  explicit Listing(Ref<SharedHandle> directory) : directory_(std::move(directory)) {}

  // The next entry; `found` false: there is no more. `name` is good until the next call, and not checked to be UTF-8.
  [[nodiscard]] int next(FileType& type, std::string_view& name, bool& found);

 private:
  static bool keep(void* self, const DirectoryEntry& entry);
  [[nodiscard]] int refill();

  Ref<SharedHandle> directory_;
  base::Vector<char> kept_;  // for each entry: its type, its name, a zero
  size_t at_ = 0;
  uint64_t cookie_ = 0;
  bool is_at_end_ = false;
  bool has_no_memory_ = false;
};

}  // namespace wherry::wasi::host
