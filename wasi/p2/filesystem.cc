// wasi:filesystem. Where a path leads is decided in host/path.cc, and what a preopened directory allows in
// host/directory.cc and host/file.cc, the same for preview 1; here are descriptors, flags and times.
//
// There is one permission, that of the preopened directory: to look, or to look and change. What is opened through it keeps
// it. What would change something where only looking is allowed answers read-only, before it is looked whether it could be
// done at all.
#include "wasi/p2/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/utf8.h"
#include "wasi/host/stream.h"
#include "wasi/p2/interfaces.h"

namespace wherry::wasi::p2 {

namespace {

bool to_code(int error, ErrorCode& out) {
  switch (error) {
#define FILE_ERROR(name, error) \
  case error: out = ErrorCode::name; return true;
#include "wasi/p2/errors.inc"
#undef FILE_ERROR
    case ENOSYS: out = ErrorCode::Unsupported; return true;
    default: return false;
  }
}

// What the WIT has no word for (EMFILE) is an I/O error.
ErrorCode code_of(int error) {
  ErrorCode code = ErrorCode::Io;
  (void)to_code(error, code);
  return code;
}

Expected<void, ErrorCode> answer(int error) {
  if (error == 0) return {};
  return Unexpected(code_of(error));
}

DescriptorType to_wit(host::FileType type) {
  switch (type) {
    case host::FileType::Unknown: break;
    case host::FileType::BlockDevice: return DescriptorType::BlockDevice;
    case host::FileType::CharacterDevice: return DescriptorType::CharacterDevice;
    case host::FileType::Directory: return DescriptorType::Directory;
    case host::FileType::Regular: return DescriptorType::RegularFile;
    case host::FileType::Datagram:
    case host::FileType::Stream: return DescriptorType::Socket;
    case host::FileType::Link: return DescriptorType::SymbolicLink;
    case host::FileType::Fifo: return DescriptorType::Fifo;
  }
  return DescriptorType::Unknown;
}

template <class Flags>
bool has(Flags flags, Flags one) {
  return (static_cast<unsigned>(flags) & static_cast<unsigned>(one)) != 0;
}

host::Follow to_follow(PathFlags flags) {
  return has(flags, PathFlags::SymlinkFollow) ? host::Follow::Yes : host::Follow::No;
}

// Times before 1970 have no number.
std::optional<Datetime> to_datetime(const timespec& time) {
  if (time.tv_sec < 0) return std::nullopt;
  return Datetime{static_cast<uint64_t>(time.tv_sec), static_cast<uint32_t>(time.tv_nsec)};
}

DescriptorStat to_wit(const struct stat& status) {
  return {to_wit(host::file_type(status.st_mode)),
          status.st_nlink,
          static_cast<uint64_t>(status.st_size),
          to_datetime(status.st_atim),
          to_datetime(status.st_mtim),
          to_datetime(status.st_ctim)};
}

// False for a time that no clock shows.
bool to_set_time(const NewTimestamp& time, host::SetTime& out) {
  constexpr uint64_t kSecond = 1'000'000'000;
  if (time.index() == 0) return true;
  if (time.index() == 1) {
    out.kind = host::SetTime::Kind::Now;
    return true;
  }
  const Datetime& at = *std::get_if<2>(&time);
  out.kind = host::SetTime::Kind::At;
  if (at.nanoseconds >= kSecond || __builtin_mul_overflow(at.seconds, kSecond, &out.nanoseconds))
    return false;
  return !__builtin_add_overflow(out.nanoseconds, at.nanoseconds, &out.nanoseconds);
}

}  // namespace

int Descriptor::check_readable() const {
  if (is_directory()) return EBADF;
  return has(flags, DescriptorFlags::Read) ? 0 : EBADF;
}

int Descriptor::check_writable() const {
  if (is_directory()) return EBADF;
  return has(flags, DescriptorFlags::Write) ? 0 : EBADF;
}

Result<int> Descriptor::directory(Caller& caller, Change change, std::optional<host::Directory>& out) const {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  if (!is_directory()) return ENOTDIR;
  if (change == Change::Yes && access != host::Access::Write) return EROFS;
  out.emplace(handle->fd(), access, state->resolver);
  return 0;
}

// Calls a member of the directory that this descriptor is.
#define WASI_IN_DIRECTORY(change, where)                                            \
  std::optional<host::Directory> where;                                             \
  WHERRY_ASSIGN_OR_RETURN(const int not_##where, directory(caller, change, where)); \
  if (not_##where != 0) return Unexpected(code_of(not_##where))

FileResult<Own<InputStream>> Descriptor::read_via_stream(Caller& caller, uint64_t offset) {
  if (int error = check_readable()) return Unexpected(code_of(error));
  host::Ref<host::InputStream> stream =
      is_file() ? host::make_file_input(handle, offset) : host::make_descriptor_input(handle);
  if (!stream) return Error::out_of_memory();
  WHERRY_ASSIGN_OR_RETURN(Own<InputStream> object,
                          make_own<InputStream>(caller, std::move(stream), Origin::File));
  return Expected<Own<InputStream>, ErrorCode>(std::move(object));
}

FileResult<Own<OutputStream>> Descriptor::write_via_stream(Caller& caller, uint64_t offset) {
  if (int error = check_writable()) return Unexpected(code_of(error));
  host::Ref<host::OutputStream> stream =
      is_file() ? host::make_file_output(handle, offset) : host::make_descriptor_output(handle);
  if (!stream) return Error::out_of_memory();
  WHERRY_ASSIGN_OR_RETURN(Own<OutputStream> object,
                          make_own<OutputStream>(caller, std::move(stream), Origin::File));
  return Expected<Own<OutputStream>, ErrorCode>(std::move(object));
}

FileResult<Own<OutputStream>> Descriptor::append_via_stream(Caller& caller) {
  if (int error = check_writable()) return Unexpected(code_of(error));
  host::Ref<host::OutputStream> stream =
      is_file() ? host::make_file_appender(handle) : host::make_descriptor_output(handle);
  if (!stream) return Error::out_of_memory();
  WHERRY_ASSIGN_OR_RETURN(Own<OutputStream> object,
                          make_own<OutputStream>(caller, std::move(stream), Origin::File));
  return Expected<Own<OutputStream>, ErrorCode>(std::move(object));
}

FileResult<void> Descriptor::advise(uint64_t offset, uint64_t length, Advice advice) {
  constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  if (is_directory()) return Unexpected(ErrorCode::BadDescriptor);
  return answer(file().advise(offset, length, kAdvice[static_cast<size_t>(advice)]));
}

FileResult<void> Descriptor::sync_data() { return answer(file().sync_data()); }
FileResult<void> Descriptor::sync() { return answer(file().sync()); }

FileResult<DescriptorFlags> Descriptor::get_flags() {
  auto found = static_cast<unsigned>(flags) & ~static_cast<unsigned>(DescriptorFlags::MutateDirectory);
  if (is_directory() && access == host::Access::Write)
    found |= static_cast<unsigned>(DescriptorFlags::MutateDirectory);
  return Expected<DescriptorFlags, ErrorCode>(static_cast<DescriptorFlags>(found));
}

FileResult<DescriptorType> Descriptor::get_type() {
  return Expected<DescriptorType, ErrorCode>(to_wit(type));
}

FileResult<void> Descriptor::set_size(uint64_t size) {
  if (is_directory()) return Unexpected(ErrorCode::BadDescriptor);
  if (access != host::Access::Write) return Unexpected(ErrorCode::ReadOnly);
  return answer(file().set_size(size));
}

FileResult<void> Descriptor::set_times(NewTimestamp accessed, NewTimestamp modified) {
  host::SetTime times[2];
  if (access != host::Access::Write) return Unexpected(ErrorCode::ReadOnly);
  if (!to_set_time(accessed, times[0]) || !to_set_time(modified, times[1]))
    return Unexpected(ErrorCode::Invalid);
  return answer(file().set_times(times[0], times[1]));
}

FileResult<std::tuple<std::span<const uint8_t>, bool>> Descriptor::read(Caller& caller, uint64_t length,
                                                                        uint64_t offset) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  if (int error = check_readable()) return Unexpected(code_of(error));
  if (!is_file()) return Unexpected(ErrorCode::InvalidSeek);
  std::span<uint8_t> room = state->room();
  if (room.empty()) return Error::out_of_memory();
  room = room.first(std::min<uint64_t>(room.size(), length));
  host::Patience patience(&caller);
  size_t done = 0;
  iovec buffer = {room.data(), room.size()};
  const int error = host::read(patience, handle->fd(), host::Blocking::Never, {&buffer, 1}, offset, done);
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error != 0) return Unexpected(code_of(error));
  return Expected<std::tuple<std::span<const uint8_t>, bool>, ErrorCode>(
      std::tuple<std::span<const uint8_t>, bool>(room.first(done), done == 0 && length != 0));
}

FileResult<uint64_t> Descriptor::write(Caller& caller, std::span<const uint8_t> buffer, uint64_t offset) {
  if (int error = check_writable()) return Unexpected(code_of(error));
  if (!is_file()) return Unexpected(ErrorCode::InvalidSeek);
  host::Patience patience(&caller);
  size_t done = 0;
  iovec bytes = {const_cast<uint8_t*>(buffer.data()), buffer.size()};
  const int error = host::write(patience, handle->fd(), host::Blocking::Never, {&bytes, 1}, offset, done);
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error != 0) return Unexpected(code_of(error));
  return Expected<uint64_t, ErrorCode>(uint64_t{done});
}

FileResult<Own<DirectoryEntryStream>> Descriptor::read_directory(Caller& caller) {
  if (!is_directory()) return Unexpected(ErrorCode::NotDirectory);
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  host::Quota::Share share;
  if (int error = state->quota->take(share)) return Unexpected(code_of(error));
  WHERRY_ASSIGN_OR_RETURN(Own<DirectoryEntryStream> object,
                          make_own<DirectoryEntryStream>(caller, host::Listing(handle), std::move(share)));
  return Expected<Own<DirectoryEntryStream>, ErrorCode>(std::move(object));
}

// A name that is not UTF-8 has no string: that entry is an error, and the next call goes on behind it.
FileResult<std::optional<DirectoryEntry>> DirectoryEntryStream::read_directory_entry() {
  host::FileType type = host::FileType::Unknown;
  std::string_view name;
  bool found = false;
  if (int error = listing.next(type, name, found)) return Unexpected(code_of(error));
  if (!found) return Expected<std::optional<DirectoryEntry>, ErrorCode>(std::nullopt);
  if (!base::is_utf8(base::as_bytes(name))) return Unexpected(ErrorCode::IllegalByteSequence);
  return Expected<std::optional<DirectoryEntry>, ErrorCode>(DirectoryEntry{to_wit(type), name});
}

FileResult<void> Descriptor::create_directory_at(Caller& caller, std::string_view path) {
  WASI_IN_DIRECTORY(Change::Yes, where);
  return answer(where->create_directory(path));
}

FileResult<DescriptorStat> Descriptor::stat() {
  struct stat status;
  if (int error = file().stat(status)) return Unexpected(code_of(error));
  return Expected<DescriptorStat, ErrorCode>(to_wit(status));
}

FileResult<DescriptorStat> Descriptor::stat_at(Caller& caller, PathFlags path_flags, std::string_view path) {
  WASI_IN_DIRECTORY(Change::No, where);
  struct stat status;
  if (int error = where->stat(path, to_follow(path_flags), status)) return Unexpected(code_of(error));
  return Expected<DescriptorStat, ErrorCode>(to_wit(status));
}

FileResult<void> Descriptor::set_times_at(Caller& caller, PathFlags path_flags, std::string_view path,
                                          NewTimestamp accessed, NewTimestamp modified) {
  WASI_IN_DIRECTORY(Change::Yes, where);
  host::SetTime times[2];
  if (!to_set_time(accessed, times[0]) || !to_set_time(modified, times[1]))
    return Unexpected(ErrorCode::Invalid);
  return answer(where->set_times(path, to_follow(path_flags), times[0], times[1]));
}

// A link to what a link leads to is refused, as in preview 1: which file that is could change in between.
FileResult<void> Descriptor::link_at(Caller& caller, PathFlags path_flags, std::string_view old_path,
                                     Borrow<Descriptor> to, std::string_view new_path) {
  WASI_IN_DIRECTORY(Change::Yes, from);
  std::optional<host::Directory> target;
  WHERRY_ASSIGN_OR_RETURN(const int error, to->directory(caller, Change::Yes, target));
  if (error != 0) return Unexpected(code_of(error));
  if (has(path_flags, PathFlags::SymlinkFollow)) return Unexpected(ErrorCode::Invalid);
  return answer(from->link(old_path, *target, new_path));
}

FileResult<Own<Descriptor>> Descriptor::open_at(Caller& caller, PathFlags path_flags, std::string_view path,
                                                OpenFlags open_flags, DescriptorFlags wanted) {
  host::OpenOptions options;
  options.read = has(wanted, DescriptorFlags::Read);
  options.write = has(wanted, DescriptorFlags::Write);
  options.sync =
      has(wanted, DescriptorFlags::FileIntegritySync) || has(wanted, DescriptorFlags::RequestedWriteSync);
  options.data_sync = has(wanted, DescriptorFlags::DataIntegritySync);
  options.create = has(open_flags, OpenFlags::Create);
  options.exclusive = has(open_flags, OpenFlags::Exclusive);
  options.truncate = has(open_flags, OpenFlags::Truncate);
  options.directory = has(open_flags, OpenFlags::Directory);
  options.follow = to_follow(path_flags);
  const bool changes =
      options.write || options.create || options.truncate || has(wanted, DescriptorFlags::MutateDirectory);
  WASI_IN_DIRECTORY(changes ? Change::Yes : Change::No, where);
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  host::Quota::Share share;
  if (int error = state->quota->take(share)) return Unexpected(code_of(error));
  host::Opened opened;
  if (int error = where->open(path, options, opened)) return Unexpected(code_of(error));
  auto shared = host::make_ref<host::SharedHandle>(std::move(opened.handle), std::move(share));
  if (!shared) return Error::out_of_memory();
  WHERRY_ASSIGN_OR_RETURN(Own<Descriptor> object,
                          make_own<Descriptor>(caller, std::move(shared), opened.type, access, wanted));
  return Expected<Own<Descriptor>, ErrorCode>(std::move(object));
}

FileResult<std::string> Descriptor::readlink_at(Caller& caller, std::string_view path) {
  WASI_IN_DIRECTORY(Change::No, where);
  char text[PATH_MAX];
  size_t length = 0;
  if (int error = where->read_link(path, text, length)) return Unexpected(code_of(error));
  const std::string_view target(text, length);
  if (!base::is_utf8(base::as_bytes(target))) return Unexpected(ErrorCode::IllegalByteSequence);
  return Expected<std::string, ErrorCode>(std::string(target));
}

FileResult<void> Descriptor::remove_directory_at(Caller& caller, std::string_view path) {
  WASI_IN_DIRECTORY(Change::Yes, where);
  return answer(where->remove_directory(path));
}

FileResult<void> Descriptor::rename_at(Caller& caller, std::string_view old_path, Borrow<Descriptor> to,
                                       std::string_view new_path) {
  WASI_IN_DIRECTORY(Change::Yes, from);
  std::optional<host::Directory> target;
  WHERRY_ASSIGN_OR_RETURN(const int error, to->directory(caller, Change::Yes, target));
  if (error != 0) return Unexpected(code_of(error));
  return answer(from->rename(old_path, *target, new_path));
}

FileResult<void> Descriptor::symlink_at(Caller& caller, std::string_view old_path,
                                        std::string_view new_path) {
  WASI_IN_DIRECTORY(Change::Yes, where);
  return answer(where->symlink(old_path, new_path));
}

FileResult<void> Descriptor::unlink_file_at(Caller& caller, std::string_view path) {
  WASI_IN_DIRECTORY(Change::Yes, where);
  return answer(where->unlink(path));
}

Result<bool> Descriptor::is_same_object(Borrow<Descriptor> other) {
  struct stat one;
  struct stat two;
  return file().stat(one) == 0 && other->file().stat(two) == 0 && host::is_same_object(one, two);
}

static FileResult<MetadataHashValue> hash_of(const State& state, const struct stat& status) {
  const host::MetadataHash hash = host::metadata_hash(state.hash_key, status);
  return Expected<MetadataHashValue, ErrorCode>(MetadataHashValue{hash.lower, hash.upper});
}

FileResult<MetadataHashValue> Descriptor::metadata_hash(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  struct stat status;
  if (int error = file().stat(status)) return Unexpected(code_of(error));
  return hash_of(*state, status);
}

FileResult<MetadataHashValue> Descriptor::metadata_hash_at(Caller& caller, PathFlags path_flags,
                                                           std::string_view path) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  WASI_IN_DIRECTORY(Change::No, where);
  struct stat status;
  if (int error = where->stat(path, to_follow(path_flags), status)) return Unexpected(code_of(error));
  return hash_of(*state, status);
}

#undef WASI_IN_DIRECTORY

std::optional<ErrorCode> filesystem_error_code(Borrow<IoError> error) {
  ErrorCode code{};
  if (error->origin != Origin::File || !to_code(error->error, code)) return std::nullopt;
  return code;
}

Result<std::vector<std::tuple<Own<Descriptor>, std::string_view>>> get_directories(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  std::vector<std::tuple<Own<Descriptor>, std::string_view>> all;
  all.reserve(state->preopens.size());
  for (const PreopenedDirectory& one : state->preopens) {
    WHERRY_ASSIGN_OR_RETURN(Own<Descriptor> object,
                            make_own<Descriptor>(caller, one.handle, host::FileType::Directory, one.access,
                                                 DescriptorFlags::Read));
    all.emplace_back(std::move(object), one.name);
  }
  return all;
}

namespace {

constexpr ComponentHostEntry kTypes[] = {
    component_resource<Descriptor>("descriptor"),
    component_resource<DirectoryEntryStream>("directory-entry-stream"),
    component_method<&Descriptor::read_via_stream>("[method]descriptor.read-via-stream"),
    component_method<&Descriptor::write_via_stream>("[method]descriptor.write-via-stream"),
    component_method<&Descriptor::append_via_stream>("[method]descriptor.append-via-stream"),
    component_method<&Descriptor::advise>("[method]descriptor.advise"),
    component_method<&Descriptor::sync_data>("[method]descriptor.sync-data"),
    component_method<&Descriptor::get_flags>("[method]descriptor.get-flags"),
    component_method<&Descriptor::get_type>("[method]descriptor.get-type"),
    component_method<&Descriptor::set_size>("[method]descriptor.set-size"),
    component_method<&Descriptor::set_times>("[method]descriptor.set-times"),
    component_method<&Descriptor::read>("[method]descriptor.read"),
    component_method<&Descriptor::write>("[method]descriptor.write"),
    component_method<&Descriptor::read_directory>("[method]descriptor.read-directory"),
    component_method<&Descriptor::sync>("[method]descriptor.sync"),
    component_method<&Descriptor::create_directory_at>("[method]descriptor.create-directory-at"),
    component_method<&Descriptor::stat>("[method]descriptor.stat"),
    component_method<&Descriptor::stat_at>("[method]descriptor.stat-at"),
    component_method<&Descriptor::set_times_at>("[method]descriptor.set-times-at"),
    component_method<&Descriptor::link_at>("[method]descriptor.link-at"),
    component_method<&Descriptor::open_at>("[method]descriptor.open-at"),
    component_method<&Descriptor::readlink_at>("[method]descriptor.readlink-at"),
    component_method<&Descriptor::remove_directory_at>("[method]descriptor.remove-directory-at"),
    component_method<&Descriptor::rename_at>("[method]descriptor.rename-at"),
    component_method<&Descriptor::symlink_at>("[method]descriptor.symlink-at"),
    component_method<&Descriptor::unlink_file_at>("[method]descriptor.unlink-file-at"),
    component_method<&Descriptor::is_same_object>("[method]descriptor.is-same-object"),
    component_method<&Descriptor::metadata_hash>("[method]descriptor.metadata-hash"),
    component_method<&Descriptor::metadata_hash_at>("[method]descriptor.metadata-hash-at"),
    component_method<&DirectoryEntryStream::read_directory_entry>(
        "[method]directory-entry-stream.read-directory-entry"),
    component_function<filesystem_error_code>("filesystem-error-code"),
};

constexpr ComponentHostEntry kPreopens[] = {component_function<get_directories>("get-directories")};

}  // namespace

Rows filesystem_rows() { return kTypes; }
Rows preopens_rows() { return kPreopens; }

}  // namespace wherry::wasi::p2
