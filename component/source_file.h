#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"
#include "wherry/detail/compiled_part.h"

namespace wherry::component {

// The bytes of a file that may be a component: what lies in core modules is mapped where that is worth it, everything else is read.
class SourceFile final : public detail::MappedSource {
 public:
  // Reads or maps the file. Answers 0 or an errno; EFBIG beyond 4 GiB. `may_map`: see detail::may_map_files.
  int open(const std::string& path, bool may_map);

  SourceFile() = default;
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;
  ~SourceFile();

  // End with this.
  base::ByteSpan bytes() const { return bytes_; }
  bool has_shrunk() const override;

 private:
  int map(uint64_t size_bytes);

  base::Vector<uint8_t> read_;
  int file_ = -1;  // While something is mapped.
  void* mapped_ = nullptr;
  size_t mapped_bytes_ = 0;
  bool is_registered_ = false;
  std::atomic<bool> has_shrunk_{false};  // A page of zeros was put in place of one that is gone.
  base::ByteSpan bytes_;
};

}  // namespace wherry::component
