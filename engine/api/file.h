#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/base/os/virtual_memory.h"
#include "wherry/blob.h"
#include "wherry/result.h"

namespace wherry::api {

// The bytes of a module's file: small ones read, large ones mapped. Move-only; the bytes do not move.
class FileBytes {
 public:
  FileBytes() = default;

  // `may_map`: whether the process's fault handler is there to catch what is cut off a mapped file. Errors: Io,
  // OutOfMemory, Limit for 4 GiB and more.
  static Result<FileBytes> open(const std::string& path, bool may_map);

  Bytes bytes() const { return mapping_ != nullptr ? mapping_->file.bytes() : blob_.bytes(); }

  // Whether the file has become shorter since, so that what was read from it may be zeros.
  bool has_shrunk() const {
    return mapping_ != nullptr && (mapping_->has_shrunk || !mapping_->file.is_intact());
  }

 private:
  struct Mapping {
    base::MappedFile file;
    std::atomic<bool> has_shrunk{false};
    ~Mapping();
  };
  static Result<FileBytes> map(const std::string& path);

  Blob blob_;
  std::unique_ptr<Mapping> mapping_;
};

}  // namespace wherry::api
