#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"

namespace wherry::base {

// Machine code of a file, readable and executable, shared with the page cache; nothing here can ever be written. Move-only;
// unmaps at the end of its life.
class CodeMapping {
 public:
  // `offset` is a multiple of the machine's page size, `size_bytes` need not be. The descriptor may be closed afterwards.
  // False: the system refuses (a file system mounted noexec, for one), `*error_number` says why.
  static bool map(int descriptor, uint64_t offset, size_t size_bytes, CodeMapping* out, int* error_number);

  CodeMapping() = default;
  CodeMapping(CodeMapping&& other) noexcept;
  CodeMapping& operator=(CodeMapping&& other) noexcept;
  ~CodeMapping();

  ByteSpan bytes() const { return {static_cast<const uint8_t*>(address_), size_bytes_}; }

 private:
  void* address_ = nullptr;
  size_t size_bytes_ = 0;
};

// A file without a name that holds a copy of these bytes and cannot be changed any more. Negative: the system refuses (errno).
int make_memory_file(ByteSpan bytes);

}  // namespace wherry::base
