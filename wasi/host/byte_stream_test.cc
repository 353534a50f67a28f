// Byte streams: what they promise, when they end, and that nothing is sized by the one who asks.
#include "wasi/host/byte_stream.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <vector>

#include "wasi/host/stream.h"
#include "wasi/host/test_tree.h"

namespace wherry::wasi::host {
namespace {

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Ref<SharedHandle> hold(int fd) { return make_ref<SharedHandle>(Handle::own(fd), Quota::Share()); }

Ref<SharedHandle> open_file(const std::string& path, int flags) {
  return hold(::open(path.c_str(), flags | O_CLOEXEC, 0666));
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) abort();
    in = hold(ends[0]);
    out = hold(ends[1]);
  }
  Ref<SharedHandle> in, out;
};

struct Reader {
  Patience patience;
  std::vector<uint8_t> room = std::vector<uint8_t>(1 << 20);
  int error = 0;

  std::string read(InputStream& stream, size_t most = 1 << 20) {
    size_t done = 0;
    error = stream.read(patience, std::span(room).first(most), done);
    return {reinterpret_cast<const char*>(room.data()), done};
  }
};

TEST_CASE("a file is read from where the stream stands, then it is closed") {
  TestTree tree;
  put_file(tree / "f", "0123456789");
  const Ref<SharedHandle> file = open_file(tree / "f", O_RDONLY);
  const Ref<InputStream> one = make_file_input(file, 2);
  const Ref<InputStream> other = make_file_input(file, 8);
  Reader reader;
  CHECK(reader.read(*one, 3) == "234");
  CHECK(reader.read(*other, 100) == "89");
  CHECK(reader.read(*one, 0).empty());
  CHECK(reader.error == 0);
  CHECK(reader.read(*one) == "56789");
  CHECK(reader.error == 0);
  CHECK(reader.read(*one).empty());
  CHECK(reader.error == kStreamClosed);
  CHECK(reader.read(*one, 0).empty());
  CHECK(reader.error == kStreamClosed);
  const Ref<InputStream> beyond = make_file_input(file, UINT64_MAX);
  CHECK(reader.read(*beyond).empty());
  CHECK(reader.error == EINVAL);
  CHECK(reader.read(*beyond).empty());
  CHECK(reader.error == kStreamClosed);
}

TEST_CASE("one read gives 64 KiB at most, whatever was asked for") {
  TestTree tree;
  put_file(tree / "f", std::string(200'000, 'x'));
  Reader reader;
  const Ref<InputStream> stream = make_file_input(open_file(tree / "f", O_RDONLY), 0);
  CHECK(reader.read(*stream).size() == kMostAtOnce);
}

TEST_CASE("a file is written at the stream's place, or at its end") {
  TestTree tree;
  put_file(tree / "f", "0123456789");
  const Ref<SharedHandle> file = open_file(tree / "f", O_RDWR);
  const Ref<OutputStream> out = make_file_output(file, 4);
  const Ref<OutputStream> end = make_file_appender(file);
  Patience patience;
  uint64_t permit = 0;
  CHECK(out->check_write(patience, permit) == 0);
  CHECK(permit == kMostAtOnce);
  CHECK(out->write(patience, bytes("ab")) == 0);
  CHECK(out->permit() == kMostAtOnce - 2);
  CHECK(end->blocking_write_and_flush(patience, bytes("END")) == 0);
  CHECK(out->blocking_write_and_flush(patience, bytes("c")) == 0);
  CHECK(end->blocking_write_and_flush(patience, bytes("!")) == 0);
  CHECK(get_file(tree / "f") == "0123abc789END!");
  CHECK(out->check_write(patience, permit) == 0);
  CHECK(out->write_zeroes(patience, 5000) == 0);
  CHECK(get_file(tree / "f").size() == 4096);  // As much as get_file shows.
  struct stat status;
  stat((tree / "f").c_str(), &status);
  CHECK(status.st_size == 5007);
}

TEST_CASE("an error is said once, then the stream is closed") {
  TestTree tree;
  put_file(tree / "f", "text");
  const Ref<OutputStream> out = make_file_output(open_file(tree / "f", O_RDONLY), 0);
  Patience patience;
  uint64_t permit = 0;
  CHECK(out->check_write(patience, permit) == 0);
  CHECK(out->write(patience, bytes("x")) == EBADF);
  CHECK(out->write(patience, bytes("x")) == kStreamClosed);
  CHECK(out->check_write(patience, permit) == kStreamClosed);
  CHECK(permit == 0);
  CHECK(out->flush(patience) == kStreamClosed);
  CHECK(out->blocking_flush(patience) == kStreamClosed);
  bool ready = false;
  CHECK(is_ready(patience, *out, ready) == 0);
  CHECK(ready);
}

TEST_CASE("a pipe is read without waiting, and ends when its writer goes") {
  Pipe pipe;
  Reader reader;
  const Ref<InputStream> in = make_descriptor_input(pipe.in);
  pipe.in = {};
  CHECK(reader.read(*in).empty());
  CHECK(reader.error == 0);
  bool ready = true;
  CHECK(is_ready(reader.patience, *in, ready) == 0);
  CHECK_FALSE(ready);
  CHECK(::write(pipe.out->fd(), "ping", 4) == 4);
  CHECK(is_ready(reader.patience, *in, ready) == 0);
  CHECK(ready);
  CHECK(reader.read(*in, 3) == "pin");
  CHECK(reader.read(*in) == "g");
  CHECK(reader.read(*in).empty());
  CHECK(reader.error == 0);
  pipe.out = {};
  size_t done = 1;
  CHECK(in->blocking_read(reader.patience, reader.room, done) == kStreamClosed);
  CHECK(done == 0);
}

TEST_CASE("a pipe promises what it takes without waiting, and nothing when it is full") {
  Pipe pipe;
  ignore_write_signals();
  const Ref<OutputStream> out = make_descriptor_output(pipe.out);
  Patience patience;
  uint64_t permit = 0;
  CHECK(out->check_write(patience, permit) == 0);
  CHECK(permit == kMostAtOnce);  // It is empty.
  const std::string text(permit, 'x');
  CHECK(out->write(patience, bytes(text)) == 0);
  CHECK(out->check_write(patience, permit) == 0);
  CHECK(permit == 0);
  bool ready = true;
  CHECK(is_ready(patience, *out, ready) == 0);
  CHECK_FALSE(ready);
  Reader reader;
  const Ref<InputStream> in = make_descriptor_input(pipe.in);
  CHECK(reader.read(*in, 8192) == std::string(8192, 'x'));
  CHECK(is_ready(patience, *out, ready) == 0);
  CHECK(ready);
  CHECK(out->check_write(patience, permit) == 0);
  CHECK(permit == 4096);
  CHECK(reader.read(*in).size() == 65536 - 8192);
  // What broke is an error of the pipe, not the end of the process.
  pipe.in = {};
  const_cast<Ref<InputStream>&>(in) = {};
  CHECK(out->blocking_write_and_flush(patience, bytes("x")) == EPIPE);
  CHECK(out->check_write(patience, permit) == kStreamClosed);
}

TEST_CASE("splice moves what fits on both sides") {
  TestTree tree;
  put_file(tree / "f", std::string(150'000, 'y'));
  const Ref<InputStream> in = make_file_input(open_file(tree / "f", O_RDONLY), 0);
  const Ref<OutputStream> out = make_file_output(open_file(tree / "g", O_RDWR | O_CREAT), 0);
  Patience patience;
  std::vector<uint8_t> room(kMostAtOnce);
  uint64_t done = 0;
  CHECK(out->splice(patience, *in, 10, room, done) == 0);
  CHECK(done == 10);
  CHECK(out->splice(patience, *in, UINT64_MAX, room, done) == 0);
  CHECK(done == kMostAtOnce);
  uint64_t total = 10 + done;
  while (true) {
    const int error = out->blocking_splice(patience, *in, UINT64_MAX, room, done);
    total += done;
    if (error != 0) {
      CHECK(error == kStreamClosed);
      break;
    }
  }
  CHECK(total == 150'000);
  CHECK_FALSE(out->closed());
}

TEST_CASE("the empty input is closed, the sink takes everything") {
  Reader reader;
  const Ref<InputStream> in = make_empty_input();
  CHECK(reader.read(*in).empty());
  CHECK(reader.error == kStreamClosed);
  const Ref<OutputStream> out = make_sink();
  uint64_t permit = 0;
  CHECK(out->check_write(reader.patience, permit) == 0);
  CHECK(permit == kMostAtOnce);
  CHECK(out->blocking_write_zeroes_and_flush(reader.patience, 4096) == 0);
}

TEST_CASE("a quota is given back with the descriptor") {
  const Ref<Quota> quota = make_ref<Quota>(1u);
  Quota::Share share;
  CHECK(quota->take(share) == 0);
  Quota::Share other;
  CHECK(quota->take(other) == EMFILE);
  {
    const Ref<SharedHandle> handle = make_ref<SharedHandle>(Handle(), std::move(share));
    const Ref<SharedHandle> again = handle;
    CHECK(quota->left() == 0);
  }
  CHECK(quota->left() == 1);
}

}  // namespace
}  // namespace wherry::wasi::host
