// Streams over descriptors: files by position, and whatever else by waiting.
//
// Writing to a descriptor that others share cannot be made non-blocking (its mode is theirs, too). A pipe that poll calls
// writable takes PIPE_BUF bytes at once, and an empty one as much as it holds, 64 KiB: that is what is announced. Files and
// devices take whatever comes. A terminal that was stopped may still hold a write; so may a pipe into which another
// process writes between the question and the write: then it waits, in pieces and with patience (host::write).
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "wasi/host/byte_stream.h"
#include "wasi/host/stream.h"

namespace wherry::wasi::host {

namespace {

iovec as_iovec(std::span<uint8_t> bytes) { return {bytes.data(), bytes.size()}; }
iovec as_iovec(std::span<const uint8_t> bytes) { return {const_cast<uint8_t*>(bytes.data()), bytes.size()}; }

class EmptyInput final : public InputStream {
  int fetch(Patience&, std::span<uint8_t>, size_t& done) override {
    done = 0;
    return 0;
  }
  Interest when_readable() override { return Interest::ready(); }
};

// What takes everything at once.
class ReadyOutput : public OutputStream {
  int room(Patience&, uint64_t& bytes) final {
    bytes = kMostAtOnce;
    return 0;
  }
  Interest when_writable() final { return Interest::ready(); }
};

class Sink final : public ReadyOutput {
  int put(Patience&, std::span<const uint8_t>) override { return 0; }
};

class ReaderInput final : public InputStream {
 public:
  explicit ReaderInput(StdioReader& reader) : reader_(reader) {}

 private:
  int fetch(Patience&, std::span<uint8_t> out, size_t& done) override {
    done = std::min(reader_.read(out), out.size());
    return 0;
  }
  Interest when_readable() override { return Interest::ready(); }

  StdioReader& reader_;
};

class WriterOutput final : public ReadyOutput {
 public:
  explicit WriterOutput(StdioWriter& writer) : writer_(writer) {}

 private:
  int put(Patience&, std::span<const uint8_t> bytes) override {
    return writer_.write(bytes) < bytes.size() ? ENOSPC : 0;
  }

  StdioWriter& writer_;
};

class FileInput final : public InputStream {
 public:
  FileInput(Ref<SharedHandle> file, uint64_t offset) : file_(std::move(file)), offset_(offset) {}

 private:
  int fetch(Patience& patience, std::span<uint8_t> out, size_t& done) override {
    iovec buffer = as_iovec(out);
    if (int error = host::read(patience, file_->fd(), Blocking::Never, {&buffer, 1}, offset_, done))
      return error;
    offset_ += done;
    return 0;
  }
  Interest when_readable() override { return Interest::ready(); }

  Ref<SharedHandle> file_;
  uint64_t offset_;
};

class FileOutput final : public ReadyOutput {
 public:
  FileOutput(Ref<SharedHandle> file, uint64_t offset) : file_(std::move(file)), offset_(offset) {}

 private:
  // A disk that fills up writes a part: the rest then fails by itself.
  int put(Patience& patience, std::span<const uint8_t> bytes) override {
    while (!bytes.empty()) {
      size_t done = 0;
      iovec buffer = as_iovec(bytes);
      if (int error = host::write(patience, file_->fd(), Blocking::Never, {&buffer, 1}, offset_, done))
        return error;
      if (done == 0) return EIO;
      offset_ += done;
      bytes = bytes.subspan(done);
    }
    return 0;
  }

  Ref<SharedHandle> file_;
  uint64_t offset_;
};

// By RWF_APPEND: O_APPEND would belong to the descriptor, which has streams with places of their own, too.
class FileAppender final : public ReadyOutput {
 public:
  explicit FileAppender(Ref<SharedHandle> file) : file_(std::move(file)) {}

 private:
  int put(Patience& patience, std::span<const uint8_t> bytes) override {
    while (!bytes.empty()) {
      const iovec buffer = as_iovec(bytes);
      ssize_t count = pwritev2(file_->fd(), &buffer, 1, 0, RWF_APPEND);
      if (count < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) count = put_at_end(bytes);
      if (count < 0 && errno == EINTR) {
        if (int error = patience.check()) return error;
        continue;
      }
      if (count <= 0) return count == 0 ? EIO : errno;
      bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return 0;
  }

  // Before Linux 4.16, and under emulators: not in one step.
  ssize_t put_at_end(std::span<const uint8_t> bytes) {
    struct stat status;
    if (fstat(file_->fd(), &status) != 0) return -1;
    return pwrite(file_->fd(), bytes.data(), bytes.size(), status.st_size);
  }

  Ref<SharedHandle> file_;
};

class DescriptorInput final : public InputStream {
 public:
  explicit DescriptorInput(Ref<SharedHandle> descriptor) : descriptor_(std::move(descriptor)) {
    struct stat status;
    if (fstat(descriptor_->fd(), &status) == 0) is_file_ = S_ISREG(status.st_mode);
  }

 private:
  int fetch(Patience& patience, std::span<uint8_t> out, size_t& done) override {
    iovec buffer = as_iovec(out);
    const Blocking blocking = is_file_ ? Blocking::Never : Blocking::GiveUp;
    return host::read(patience, descriptor_->fd(), blocking, {&buffer, 1}, std::nullopt, done);
  }
  Interest when_readable() override { return is_file_ ? Interest::ready() : Interest::in(descriptor_->fd()); }

  Ref<SharedHandle> descriptor_;
  bool is_file_ = false;  // Always ready: no need to ask.
};

class DescriptorOutput final : public OutputStream {
 public:
  explicit DescriptorOutput(Ref<SharedHandle> descriptor) : descriptor_(std::move(descriptor)) {
    struct stat status;
    if (fstat(descriptor_->fd(), &status) != 0) return;
    is_pipe_ = S_ISFIFO(status.st_mode);
    takes_all_ = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) ||
                 (S_ISCHR(status.st_mode) && isatty(descriptor_->fd()) == 0);
  }

 private:
  int room(Patience& patience, uint64_t& bytes) override {
    bytes = takes_all_ ? kMostAtOnce : PIPE_BUF;
    if (takes_all_) return 0;
    const int error = wait_for(patience, descriptor_->fd(), POLLOUT, /*block=*/false);
    if (error == EAGAIN) {
      bytes = 0;
      return 0;
    }
    int held = 1;
    if (is_pipe_ && ioctl(descriptor_->fd(), FIONREAD, &held) == 0 && held == 0) {
      const int size = fcntl(descriptor_->fd(), F_GETPIPE_SZ);
      if (size > PIPE_BUF) bytes = static_cast<uint64_t>(size);
    }
    return error;
  }
  int put(Patience& patience, std::span<const uint8_t> bytes) override {
    return put_waiting(patience, bytes);
  }
  int put_waiting(Patience& patience, std::span<const uint8_t> bytes) override {
    const Blocking blocking = takes_all_ ? Blocking::Never : Blocking::Wait;
    while (!bytes.empty()) {
      size_t done = 0;
      iovec buffer = as_iovec(bytes);
      if (int error = host::write(patience, descriptor_->fd(), blocking, {&buffer, 1}, std::nullopt, done))
        return error;
      if (done == 0) return EIO;
      bytes = bytes.subspan(done);
    }
    return 0;
  }
  Interest when_writable() override {
    return takes_all_ ? Interest::ready() : Interest::out(descriptor_->fd());
  }

  Ref<SharedHandle> descriptor_;
  bool is_pipe_ = false;
  bool takes_all_ = false;
};

}  // namespace

Ref<InputStream> make_empty_input() { return make_ref<EmptyInput>(); }
Ref<OutputStream> make_sink() { return make_ref<Sink>(); }

Ref<InputStream> make_reader_input(StdioReader& reader) { return make_ref<ReaderInput>(reader); }
Ref<OutputStream> make_writer_output(StdioWriter& writer) { return make_ref<WriterOutput>(writer); }

Ref<InputStream> make_file_input(Ref<SharedHandle> file, uint64_t offset) {
  return make_ref<FileInput>(std::move(file), offset);
}
Ref<OutputStream> make_file_output(Ref<SharedHandle> file, uint64_t offset) {
  return make_ref<FileOutput>(std::move(file), offset);
}
Ref<OutputStream> make_file_appender(Ref<SharedHandle> file) {
  return make_ref<FileAppender>(std::move(file));
}

Ref<InputStream> make_descriptor_input(Ref<SharedHandle> descriptor) {
  return make_ref<DescriptorInput>(std::move(descriptor));
}
Ref<OutputStream> make_descriptor_output(Ref<SharedHandle> descriptor) {
  return make_ref<DescriptorOutput>(std::move(descriptor));
}

}  // namespace wherry::wasi::host
