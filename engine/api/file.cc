// Files of modules.
//
// A file that is mapped costs nothing until it is read, which for a large program of which little runs is most of its
// load time; but it may be cut short by another process, and reading on is then a SIGBUS. Files below 1 MiB are read
// instead (50 us, and no mapping to set up and tear down), as is everything that cannot be mapped, and all files when
// the engine may not have a signal handler.
#include "engine/api/file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>
#include <optional>

#include "engine/base/os/file_mappings.h"

namespace wherry::api {

namespace {

constexpr size_t kMappedFromBytes = size_t{1} << 20;
constexpr uint64_t kMaxFileBytes = ~uint32_t{0};

struct File {
  explicit File(const char* path) : stream(std::fopen(path, "rbe")) {}
  ~File() {
    if (stream != nullptr) {
      std::fclose(stream);
    }
  }
  std::FILE* stream;
};

// The size of a regular file; nothing for pipes and devices, of which nobody knows.
std::optional<uint64_t> size_of(std::FILE* stream) {
  struct stat status;
  if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 0) {
    return {};
  }
  return static_cast<uint64_t>(status.st_size);
}

// Reads to the end, or until there are `most` bytes; `expected` is the first guess.
Result<Blob> read(std::FILE* stream, const std::string& path, uint64_t expected, uint64_t most) {
  Blob blob;
  size_t filled = 0;
  // A byte more than expected, so that the end shows itself.
  for (size_t room = std::min(expected + 1, most); filled < most;
       room = std::min<uint64_t>(blob.size() * 2, most)) {
    WHERRY_RETURN_IF_ERROR(blob.resize_for_overwrite(room));
    filled += std::fread(blob.data() + filled, 1, blob.size() - filled, stream);
    if (std::ferror(stream) != 0) {
      return Error::io(errno, "cannot read " + path);
    }
    if (filled < blob.size()) {
      break;
    }
  }
  WHERRY_RETURN_IF_ERROR(blob.resize(filled));
  return blob;
}

}  // namespace

FileBytes::Mapping::~Mapping() {
  if (!file.bytes().empty()) {
    base::unregister_file_mapping(file.bytes().data());
  }
}

Result<FileBytes> FileBytes::map(const std::string& path) {
  FileBytes made;
  made.mapping_.reset(new (std::nothrow) Mapping);
  if (made.mapping_ == nullptr) {
    return Error::out_of_memory();
  }
  int error_number = 0;
  base::MappedFile file;
  if (!base::MappedFile::open(path.c_str(), kMaxFileBytes, &file, &error_number)) {
    return Error::io(error_number, "cannot map " + path);
  }
  const Bytes bytes = file.bytes();
  if (!bytes.empty() &&
      !base::register_file_mapping(bytes.data(), bytes.size(), &made.mapping_->has_shrunk)) {
    return Error::out_of_memory();
  }
  made.mapping_->file = std::move(file);
  return made;
}

Result<FileBytes> FileBytes::open(const std::string& path, bool may_map) {
  const File file(path.c_str());
  if (file.stream == nullptr) {
    return Error::io(errno, "cannot open " + path);
  }
  std::setvbuf(file.stream, nullptr, _IONBF, 0);
  const std::optional<uint64_t> size = size_of(file.stream);
  if (may_map && size.has_value() && *size >= kMappedFromBytes) {
    return map(path);
  }
  constexpr uint64_t kUnknownBytes = 64 << 10;
  FileBytes made;
  WHERRY_ASSIGN_OR_RETURN(made.blob_, read(file.stream, path, size.value_or(kUnknownBytes), kMaxFileBytes));
  return made;
}

}  // namespace wherry::api
