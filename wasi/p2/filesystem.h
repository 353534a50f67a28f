// wasi:filesystem/types as C++: descriptors, and what they are asked and answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "wasi/host/filesystem.h"
#include "wasi/host/listing.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

enum class ErrorCode : uint8_t {
#define FILE_ERROR(name, error) name,
#include "wasi/p2/errors.inc"
#undef FILE_ERROR
};
WHERRY_ENUM(ErrorCode, Access, WouldBlock, Already, BadDescriptor, Busy, Deadlock, Quota, Exist, FileTooLarge,
            IllegalByteSequence, InProgress, Interrupted, Invalid, Io, IsDirectory, Loop, TooManyLinks,
            MessageSize, NameTooLong, NoDevice, NoEntry, NoLock, InsufficientMemory, InsufficientSpace,
            NotDirectory, NotEmpty, NotRecoverable, Unsupported, NoTty, NoSuchDevice, Overflow, NotPermitted,
            Pipe, ReadOnly, InvalidSeek, TextFileBusy, CrossDevice)

template <class T>
using FileResult = Result<Expected<T, ErrorCode>>;

enum class DescriptorType : uint8_t {
  Unknown,
  BlockDevice,
  CharacterDevice,
  Directory,
  Fifo,
  SymbolicLink,
  RegularFile,
  Socket
};
WHERRY_ENUM(DescriptorType, Unknown, BlockDevice, CharacterDevice, Directory, Fifo, SymbolicLink, RegularFile,
            Socket)

enum class DescriptorFlags : uint8_t {
  Read = 1,
  Write = 2,
  FileIntegritySync = 4,
  DataIntegritySync = 8,
  RequestedWriteSync = 16,
  MutateDirectory = 32
};
WHERRY_FLAGS(DescriptorFlags, Read, Write, FileIntegritySync, DataIntegritySync, RequestedWriteSync,
             MutateDirectory)

enum class PathFlags : uint8_t { SymlinkFollow = 1 };
WHERRY_FLAGS(PathFlags, SymlinkFollow)

enum class OpenFlags : uint8_t { Create = 1, Directory = 2, Exclusive = 4, Truncate = 8 };
WHERRY_FLAGS(OpenFlags, Create, Directory, Exclusive, Truncate)

enum class Advice : uint8_t { Normal, Sequential, Random, WillNeed, DontNeed, NoReuse };
WHERRY_ENUM(Advice, Normal, Sequential, Random, WillNeed, DontNeed, NoReuse)

struct DescriptorStat {
  DescriptorType type = DescriptorType::Unknown;
  uint64_t link_count = 0;
  uint64_t size = 0;
  std::optional<Datetime> data_access_timestamp;
  std::optional<Datetime> data_modification_timestamp;
  std::optional<Datetime> status_change_timestamp;
};
WHERRY_RECORD(DescriptorStat, type, link_count, size, data_access_timestamp, data_modification_timestamp,
              status_change_timestamp)

struct NewTimestamp : std::variant<std::monostate, std::monostate, Datetime> {
  using variant::variant;
};
WHERRY_VARIANT(NewTimestamp, no_change, now, timestamp)

struct MetadataHashValue {
  uint64_t lower = 0;
  uint64_t upper = 0;
};
WHERRY_RECORD(MetadataHashValue, lower, upper)

struct DirectoryEntry {
  DescriptorType type = DescriptorType::Unknown;
  std::string_view name;
};
WHERRY_RECORD(DirectoryEntry, type, name)

struct DirectoryEntryStream {
  host::Listing listing;
  host::Quota::Share share;  // It has no descriptor of its own, but 4 KiB of names.
  Place place = {};

  FileResult<std::optional<DirectoryEntry>> read_directory_entry();
};

// A file or directory.
struct Descriptor {
  host::Ref<host::SharedHandle> handle;
  host::FileType type = host::FileType::Unknown;
  host::Access access = host::Access::Read;
  DescriptorFlags flags = {};  // as it was opened
  Place place = {};

  FileResult<Own<InputStream>> read_via_stream(Caller& caller, uint64_t offset);
  FileResult<Own<OutputStream>> write_via_stream(Caller& caller, uint64_t offset);
  FileResult<Own<OutputStream>> append_via_stream(Caller& caller);
  FileResult<void> advise(uint64_t offset, uint64_t length, Advice advice);
  FileResult<void> sync_data();
  FileResult<DescriptorFlags> get_flags();
  FileResult<DescriptorType> get_type();
  FileResult<void> set_size(uint64_t size);
  FileResult<void> set_times(NewTimestamp accessed, NewTimestamp modified);
  FileResult<std::tuple<std::span<const uint8_t>, bool>> read(Caller& caller, uint64_t length,
                                                              uint64_t offset);
  FileResult<uint64_t> write(Caller& caller, std::span<const uint8_t> buffer, uint64_t offset);
  FileResult<Own<DirectoryEntryStream>> read_directory(Caller& caller);
  FileResult<void> sync();
  FileResult<void> create_directory_at(Caller& caller, std::string_view path);
  FileResult<DescriptorStat> stat();
  FileResult<DescriptorStat> stat_at(Caller& caller, PathFlags path_flags, std::string_view path);
  FileResult<void> set_times_at(Caller& caller, PathFlags path_flags, std::string_view path,
                                NewTimestamp accessed, NewTimestamp modified);
  FileResult<void> link_at(Caller& caller, PathFlags path_flags, std::string_view old_path,
                           Borrow<Descriptor> to, std::string_view new_path);
  FileResult<Own<Descriptor>> open_at(Caller& caller, PathFlags path_flags, std::string_view path,
                                      OpenFlags open_flags, DescriptorFlags wanted);
  FileResult<std::string> readlink_at(Caller& caller, std::string_view path);
  FileResult<void> remove_directory_at(Caller& caller, std::string_view path);
  FileResult<void> rename_at(Caller& caller, std::string_view old_path, Borrow<Descriptor> to,
                             std::string_view new_path);
  FileResult<void> symlink_at(Caller& caller, std::string_view old_path, std::string_view new_path);
  FileResult<void> unlink_file_at(Caller& caller, std::string_view path);
  Result<bool> is_same_object(Borrow<Descriptor> other);
  FileResult<MetadataHashValue> metadata_hash(Caller& caller);
  FileResult<MetadataHashValue> metadata_hash_at(Caller& caller, PathFlags path_flags, std::string_view path);

 private:
  bool is_directory() const { return type == host::FileType::Directory; }
  // What has positions, and what is waited for.
  bool is_file() const { return type == host::FileType::Regular || type == host::FileType::BlockDevice; }
  host::File file() const { return {handle->fd(), access}; }
  // 0, or why this is no file to read from (write to).
  int check_readable() const;
  int check_writable() const;
  // The directory in `out`, or why not. With `Change::Yes` it must allow changes.
  enum class Change : uint8_t { No, Yes };
  Result<int> directory(Caller& caller, Change change, std::optional<host::Directory>& out) const;
};

// An error of a stream as one of a file, if it is one.
std::optional<ErrorCode> filesystem_error_code(Borrow<IoError> error);

// The directories that the guest finds, each a new descriptor.
Result<std::vector<std::tuple<Own<Descriptor>, std::string_view>>> get_directories(Caller& caller);

}  // namespace wherry::wasi::p2
