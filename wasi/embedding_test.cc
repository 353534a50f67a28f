// What embedders use of WASI (include/wherry/wasi*.h): streams of their own, clocks and random numbers that repeat, directories that
// stores share, whole programs; and that a guest has what it was given and nothing else.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "wasi/host/test_tree.h"
#include "wasi/p1/test_guest.h"
#include "wasi/p2/test_guest.h"
#include "wherry/text.h"
#include "wherry/wasi.h"
#include "wherry/wasi_component.h"
#include "wherry/wherry.h"

namespace wherry::wasi {
namespace {

using p1::Errno;
using Guest1 = p1::TestGuest;
using Guest2 = p2::TestGuest;

size_t open_descriptors() {
  size_t count = 0;
  DIR* const list = opendir("/proc/self/fd");
  while (list != nullptr && readdir(list) != nullptr) ++count;
  closedir(list);
  return count;
}

// ---- streams

TEST_CASE("preview 1 reads what a reader gives, piece by piece, to its end") {
  BytesReader in(std::string_view("hello"));
  Preview1Config config;
  config.in = Stdio::from(in);
  Guest1 guest(config);
  std::string text;
  CHECK(guest.read(0, 3, &text) == Errno::Success);
  CHECK(text == "hel");
  CHECK(guest.read(0, 100, &text) == Errno::Success);
  CHECK(text == "lo");
  CHECK(guest.read(0, 100, &text) == Errno::Success);
  CHECK(text.empty());
  CHECK(guest.write(0, "x") == Errno::Badf);
  CHECK(guest.call(p1::fd_seek, 0, 0, 0, 0) == Errno::Spipe);
  CHECK(guest.fdstat(0).type == p1::Filetype::Unknown);
}

TEST_CASE("preview 1 is refused what a buffer has no room for") {
  OutputBuffer out(8);
  Preview1Config config;
  config.out = Stdio::to(out);
  config.err = Stdio::to(out);
  Guest1 guest(config);
  CHECK(guest.write(1, "one") == Errno::Success);
  CHECK(guest.write(2, "two") == Errno::Success);
  CHECK(!out.overflowed());
  CHECK(guest.write(1, "three") == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 2);
  CHECK(out.text() == "onetwoth");
  CHECK(out.overflowed());
  CHECK(guest.write(1, "x") == Errno::Nospc);
  CHECK(guest.read(1, 1) == Errno::Badf);
  out.clear();
  CHECK(guest.write(1, "again") == Errno::Success);
  CHECK(out.text() == "again");
}

// Claims more than there was.
class Liar final : public StdioReader, public StdioWriter {
  size_t read(std::span<uint8_t> /*room*/) override { return SIZE_MAX; }
  size_t write(Bytes /*bytes*/) override { return SIZE_MAX; }
};

TEST_CASE("a reader or writer that claims more than it was asked for is not believed") {
  Liar liar;
  Preview1Config config;
  config.in = Stdio::from(liar);
  config.out = Stdio::to(liar);
  Guest1 guest(config);
  CHECK(guest.read(0, 3) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 3);
  CHECK(guest.write(1, "four") == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 4);
}

TEST_CASE("embedders' streams are always ready for poll_oneoff") {
  OutputBuffer out;
  BytesReader in(std::string_view("x"));
  Preview1Config config;
  config.in = Stdio::from(in);
  config.out = Stdio::to(out);
  Guest1 guest(config);
  p1::Subscription wanted = {};
  wanted.userdata = 7;
  wanted.tag = p1::kEventRead;
  wanted.fd = 0;
  guest.set(2048, wanted);
  wanted.userdata = 8;
  wanted.tag = p1::kEventWrite;
  wanted.fd = 1;
  guest.set(static_cast<uint32_t>(2048 + sizeof wanted), wanted);
  CHECK(guest.call(p1::poll_oneoff, 2048, 4096, 2, 0) == Errno::Success);
  REQUIRE(guest.get<uint32_t>(0) == 2);
  CHECK(guest.get<p1::Event>(4096).userdata == 7);
  CHECK(guest.get<p1::Event>(4096).error == 0);
}

TEST_CASE("a standard stream in the wrong direction, or without an object, is refused") {
  const Engine engine = *Engine::create();
  Store store = *Store::create(engine);
  OutputBuffer out;
  BytesReader in(std::string_view(""));
  Preview1Config wrong[4];
  wrong[0].in = Stdio::to(out);
  wrong[1].out = Stdio::from(in);
  wrong[2].err.kind = Stdio::Kind::Writer;
  wrong[3].in.kind = Stdio::Kind::Reader;
  for (const Preview1Config& config : wrong) {
    const Result<void> attached = attach(store, config);
    REQUIRE(!attached);
    CHECK(attached.error().kind() == ErrorKind::Usage);
    CHECK(!attach(store, Preview2Config{config}));
  }
}

TEST_CASE("WASI 0.2 reads and writes the embedder's streams") {
  OutputBuffer out(6);
  BytesReader in(std::string_view("hello"));
  Preview2Config config;
  config.in = Stdio::from(in);
  config.out = Stdio::to(out);
  Guest2 guest(config);
  host::Patience patience;
  const auto input = host::make_reader_input(*guest.state().reader);
  const auto output = host::make_writer_output(*guest.state().writers[1]);
  uint8_t room[16];
  size_t done = 0;
  CHECK(input->read(patience, room, done) == 0);
  CHECK(done == 5);
  CHECK(input->read(patience, room, done) == host::kStreamClosed);
  uint64_t permit = 0;
  CHECK(output->check_write(patience, permit) == 0);
  CHECK(permit > 0);
  CHECK(output->write(patience, as_bytes("hello")) == 0);
  CHECK(output->check_write(patience, permit) == 0);
  CHECK(output->write(patience, as_bytes("hello")) == ENOSPC);
  CHECK(output->check_write(patience, permit) == host::kStreamClosed);
  CHECK(out.text() == "helloh");
}

// ---- time and chance

TEST_CASE("random numbers of one seed repeat, in both versions, and those of none do not") {
  const auto numbers = [](std::optional<uint64_t> seed) {
    Preview1Config config;
    config.random_seed = seed;
    Guest1 guest(config);
    REQUIRE(guest.call(p1::random_get, 512, 24) == Errno::Success);
    return std::string(reinterpret_cast<char*>(guest.memory().data()) + 512, 24);
  };
  CHECK(numbers(1) == numbers(1));
  CHECK(numbers(1) != numbers(2));
  CHECK(numbers({}) != numbers({}));
  host::SeededRandom generator(0);
  CHECK(generator.next() == 0x53175d61490b23df);  // As the authors' program says.

  Preview2Config config;
  config.random_seed = 5;
  Guest2 one(config);
  Guest2 two(config);
  CHECK(one.state().hash_key == two.state().hash_key);
}

class StoppedClocks final : public Clocks {
  uint64_t wall_now() override { return 1'000'000'000'000; }
  uint64_t monotonic_now() override { return 5'000; }
};

TEST_CASE("clocks of the embedder's are told, and waiting for them ends") {
  StoppedClocks clocks;
  Preview1Config config;
  config.clocks = &clocks;
  Guest1 guest(config);
  CHECK(guest.call(p1::clock_time_get, p1::kClockRealtime, 0, 512) == Errno::Success);
  CHECK(guest.get<uint64_t>(512) == 1'000'000'000'000);
  CHECK(guest.call(p1::clock_time_get, p1::kClockMonotonic, 0, 512) == Errno::Success);
  CHECK(guest.get<uint64_t>(512) == 5'000);
  for (const auto& [clock, instant] :
       {std::pair(p1::kClockMonotonic, uint64_t{6'000}), std::pair(p1::kClockRealtime, uint64_t{0}),
        std::pair(p1::kClockRealtime, uint64_t{1'000'000'001'000})}) {
    p1::Subscription wanted = {};
    wanted.tag = p1::kEventClock;
    wanted.clock.id = clock;
    wanted.clock.timeout = instant;
    wanted.clock.flags = p1::kClockAbsolute;
    guest.set(2048, wanted);
    CHECK(guest.call(p1::poll_oneoff, 2048, 4096, 1, 0) == Errno::Success);
    CHECK(guest.get<uint32_t>(0) == 1);
  }
  host::Circumstances told(config);
  CHECK(told.host_time_of(0) <= host::monotonic_now());
  CHECK(told.host_time_of(UINT64_MAX) == UINT64_MAX);
}

// ---- directories that stores share

std::string names(Guest1& guest, uint32_t fd) {
  std::string all;
  uint64_t cookie = 0;
  while (true) {
    // Room for one entry only: the next call goes on where the listing stood.
    if (guest.call(p1::fd_readdir, fd, 4096, 40, cookie, 0) != Errno::Success) return "failed";
    const uint32_t used = guest.get<uint32_t>(0);
    if (used < sizeof(p1::Dirent)) return all;
    const auto entry = guest.get<p1::Dirent>(4096);
    if (used < sizeof entry + entry.name_size) return all + "?";
    all.append(reinterpret_cast<char*>(guest.memory().data()) + 4096 + sizeof entry, entry.name_size);
    all += ' ';
    cookie = entry.next;
  }
}

TEST_CASE("stores that share a directory's descriptor list it on several threads, and none closes it") {
  host::TestTree tree;
  for (int i = 0; i < 50; ++i) host::put_file(tree / ("f" + std::to_string(i)), "");
  const int fd = open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const Preopen preopen{.host_path = "/nowhere", .guest_path = "/", .descriptor = fd};
  Preview1Config config;
  config.preopens = {&preopen, 1};
  Guest1 one(config);
  const std::string expected = names(one, 3);
  REQUIRE(expected.size() > 150);
  std::vector<std::thread> threads;
  std::vector<std::string> found(4);
  for (std::string& result : found) {
    threads.emplace_back([&config, &result, &expected] {
      Guest1 guest(config);
      for (int i = 0; i < 20; ++i) {
        if (result = names(guest, 3); result != expected) return;
      }
      if (guest.call(p1::fd_close, 3) != Errno::Success) result = "not closed";
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : found) CHECK(result == expected);
  CHECK(fcntl(fd, F_GETFD) >= 0);
  close(fd);
}

TEST_CASE("a descriptor that is no directory is not taken for one") {
  host::TestTree tree;
  host::put_file(tree / "file", "secret");
  const int fd = open((tree.path() + "/file").c_str(), O_RDONLY | O_CLOEXEC);
  const Engine engine = *Engine::create();
  Store store = *Store::create(engine);
  for (const int wrong : {fd, 1'000'000}) {
    const Preopen preopen{.host_path = tree.path(), .guest_path = "/", .descriptor = wrong};
    Preview1Config config;
    config.preopens = {&preopen, 1};
    const Result<void> attached = attach(store, config);
    REQUIRE(!attached);
    CHECK(attached.error().kind() == ErrorKind::Io);
    CHECK(!attach(store, Preview2Config{config}));
  }
  close(fd);
}

// ---- whole programs

// Answers by its status what it finds: 1 arguments, 2 variables, 4 bytes of input, 8 a directory at any of the numbers up to 63,
// 16 a file of the host by any of them, 32 a connection.
constexpr std::string_view kCurious = R"((module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "/etc/passwd../../../../../../etc/passwd")
  (global $found (mut i32) (i32.const 0))
  (func $note (param i32) (global.set $found (i32.or (global.get $found) (local.get 0))))
  (func (export "_start") (local $fd i32)
    (drop (call $args (i32.const 0) (i32.const 4)))
    (if (i32.load (i32.const 0)) (then (call $note (i32.const 1))))
    (drop (call $environ (i32.const 0) (i32.const 4)))
    (if (i32.load (i32.const 0)) (then (call $note (i32.const 2))))
    (i32.store (i32.const 8) (i32.const 1024))
    (i32.store (i32.const 12) (i32.const 64))
    (drop (call $read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0)))
    (if (i32.load (i32.const 0)) (then (call $note (i32.const 4))))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 4)))
    (loop $next
      (if (i32.eqz (call $prestat (local.get $fd) (i32.const 16))) (then (call $note (i32.const 8))))
      (if (i32.or
            (i32.eqz (call $open (local.get $fd) (i32.const 1) (i32.const 100) (i32.const 11) (i32.const 0) (i64.const 2)
              (i64.const 0) (i32.const 0) (i32.const 16)))
            (i32.eqz (call $open (local.get $fd) (i32.const 1) (i32.const 111) (i32.const 28) (i32.const 0) (i64.const 2)
              (i64.const 0) (i32.const 0) (i32.const 16))))
        (then (call $note (i32.const 16))))
      (if (i32.eqz (call $accept (local.get $fd) (i32.const 0) (i32.const 16))) (then (call $note (i32.const 32))))
      (br_if $next (i32.lt_u (local.tee $fd (i32.add (local.get $fd) (i32.const 1))) (i32.const 64))))
    (call $exit (global.get $found)))))";

struct Host {
  Engine engine = *Engine::create();
  Linker linker{engine};
  Module module;

  explicit Host(std::string_view text) : module(*load_text(engine, text)) {
    if (!add_to_linker(linker)) abort();
  }
  Result<int32_t> run(const Preview1Config& config) {
    Store store = *Store::create(engine);
    if (Result<void> attached = attach(store, config); !attached) return std::move(attached).error();
    return wasi::run(store, *linker.instantiate(store, module));
  }
};

TEST_CASE("a guest that was given nothing finds nothing, and one that was given something finds that") {
  setenv("WHERRY_TEST_SECRET", "x", 1);
  Host host(kCurious);
  CHECK(*host.run({}) == 0);

  Preview1Config config;
  const std::string_view args[] = {"program"};
  config.args = args;
  CHECK(*host.run(config) == 1);
  config = {};
  const EnvironmentVariable env[] = {{"A", "1"}};
  config.env = env;
  CHECK(*host.run(config) == 2);
  config = {};
  config.inherit_env = true;
  CHECK(*host.run(config) == 2);
  config = {};
  BytesReader in(std::string_view("input"));
  OutputBuffer out;
  config.in = Stdio::from(in);
  config.out = Stdio::to(out);
  CHECK(*host.run(config) == 4);
  CHECK(out.text().substr(0, 5) == "input");
  config = {};
  host::TestTree tree;
  const Preopen preopen{.host_path = tree.path(), .guest_path = "/etc"};
  config.preopens = {&preopen, 1};
  CHECK(*host.run(config) == 8);
}

TEST_CASE("what one store was given is not there in the next one of the same linker") {
  Host host(kCurious);
  host::TestTree tree;
  const Preopen preopen{.host_path = tree.path(), .guest_path = "/"};
  const std::string_view args[] = {"program"};
  Preview1Config much;
  much.args = args;
  much.preopens = {&preopen, 1};
  Store one = *Store::create(host.engine);
  Store two = *Store::create(host.engine);
  REQUIRE(attach(one, much));
  REQUIRE(attach(two, Preview1Config()));
  const Instance first = *host.linker.instantiate(one, host.module);
  const Instance second = *host.linker.instantiate(two, host.module);
  CHECK(*run(two, second) == 0);
  CHECK(*run(one, first) == 9);
  CHECK(*run(two, second) == 0);
}

TEST_CASE(
    "a thousand stores with a directory that they share need no descriptor of the host, and leave none") {
  Host host(R"((module (memory (export "memory") 1) (func (export "_start"))))");
  host::TestTree tree;
  const int fd = open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const Preopen preopen{.guest_path = "/", .descriptor = fd};
  OutputBuffer out;
  Preview1Config config;
  config.preopens = {&preopen, 1};
  config.out = Stdio::to(out);
  const size_t before = open_descriptors();
  {
    std::vector<Store> stores;
    for (int i = 0; i < 500; ++i) {
      Store store = *Store::create(host.engine);
      REQUIRE(attach(store, config));
      REQUIRE(attach(store, Preview2Config{config}));
      REQUIRE(*run(store, *host.linker.instantiate(store, host.module)) == 0);
      stores.push_back(std::move(store));
    }
    CHECK(open_descriptors() == before);
  }
  CHECK(open_descriptors() == before);
  close(fd);
}

TEST_CASE("run answers a program's status, and errors that are none") {
  const auto outcome = [](std::string_view body) {
    Host host(
        "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32))) "
        "(memory (export \"memory\") 1) " +
        std::string(body) + ")");
    const Result<int32_t> status = host.run({});
    return status ? std::to_string(*status) : std::string(status.error().message());
  };
  CHECK(outcome(R"((func (export "_start")))") == "0");
  CHECK(outcome(R"((func (export "_start") (call $exit (i32.const 7))))") == "7");
  CHECK(outcome(R"((func (export "_start") unreachable))") == "unreachable");
  CHECK(outcome(R"((func (export "start")))").find("_start") != std::string::npos);
}

TEST_CASE("run of a component answers its result, or what it gave to exit") {
  const auto outcome = [](std::string_view body) {
    const Engine engine = *Engine::create();
    const Result<Component> component = Component::load_text(engine, std::string(R"((component
      (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
      (core func $exit (canon lower (func $exit "exit")))
      (core module $m (import "" "exit" (func $exit (param i32)))
        (func (export "run") (result i32) )") + std::string(body) + R"())
      (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit))))))
      (func $run (result (result)) (canon lift (core func $i "run")))
      (instance $export (export "run" (func $run)))
      (export "wasi:cli/run@0.2.3" (instance $export))))");
    REQUIRE(component);
    ComponentLinker linker(engine);
    REQUIRE(add_to_linker(linker));
    Store store = *Store::create(engine);
    REQUIRE(attach(store, Preview2Config()));
    const Result<int32_t> status = run(store, *linker.instantiate(store, *component));
    return status ? std::to_string(*status) : std::string(status.error().message());
  };
  CHECK(outcome("i32.const 0") == "0");
  CHECK(outcome("i32.const 1") == "1");
  CHECK(outcome("(call $exit (i32.const 1)) i32.const 0") == "1");
  CHECK(outcome("unreachable") == "unreachable");
}

}  // namespace
}  // namespace wherry::wasi
