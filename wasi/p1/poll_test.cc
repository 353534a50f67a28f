// Waiting, streams of the host, sockets, and what surrounds a guest.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <thread>

#include "wasi/host/stream.h"
#include "wasi/p1/test_guest.h"

namespace wherry::wasi::p1 {
namespace {

using host::put_file;
using host::TestTree;

constexpr uint32_t kSubscriptions = 8192;
constexpr uint32_t kEvents = 65536;

template <class Raw = Subscription>
Raw clock_after(uint64_t userdata, uint64_t timeout, uint32_t id = kClockMonotonic, uint16_t flags = 0) {
  Raw raw = {};
  raw.userdata = userdata;
  raw.tag = kEventClock;
  raw.clock.id = id;
  raw.clock.timeout = timeout;
  raw.clock.flags = flags;
  return raw;
}

template <class Raw = Subscription>
Raw descriptor(uint64_t userdata, uint8_t tag, uint32_t fd) {
  Raw raw = {};
  raw.userdata = userdata;
  raw.tag = tag;
  raw.fd = fd;
  return raw;
}

template <class Raw>
std::vector<Event> poll_for(TestGuest& guest,
                            Errno (*function)(Call&, uint32_t, uint32_t, uint32_t, uint32_t),
                            const std::vector<Raw>& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i)
    guest.set(static_cast<uint32_t>(kSubscriptions + i * sizeof(Raw)), wanted[i]);
  std::vector<Event> events;
  const Errno error = guest.call(function, kSubscriptions, kEvents, wanted.size(), 0);
  CHECK(error == Errno::Success);
  if (error != Errno::Success) return events;
  for (uint32_t i = 0; i < guest.get<uint32_t>(0); ++i) {
    events.push_back(guest.get<Event>(static_cast<uint32_t>(kEvents + i * sizeof(Event))));
  }
  return events;
}

// A guest whose standard streams are pipes.
struct PipedGuest {
  PipedGuest() {
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) abort();
    Preview1Config config;
    config.in = Stdio::use(in[0]);
    config.out = Stdio::use(out[1]);
    guest = std::make_unique<TestGuest>(config);
  }
  ~PipedGuest() {
    guest.reset();
    for (int fd : {in[0], in[1], out[0], out[1]}) {
      if (fd >= 0) close(fd);
    }
  }
  int in[2];
  int out[2];
  std::unique_ptr<TestGuest> guest;
};

TEST_CASE("poll: clocks, relative and absolute, of both versions") {
  TestGuest guest((Preview1Config()));
  const uint64_t before = host::monotonic_now();
  const auto events =
      poll_for<Subscription>(guest, poll_oneoff, {clock_after(1, 60'000'000'000), clock_after(2, 3'000'000)});
  CHECK(host::monotonic_now() - before >= 3'000'000);
  CHECK(events.size() == 1);
  CHECK(events[0].userdata == 2);
  CHECK(events[0].type == kEventClock);
  CHECK(events[0].error == 0);

  CHECK(guest.call(clock_time_get, kClockRealtime, 0, 0) == Errno::Success);
  const auto now = guest.get<uint64_t>(0);
  CHECK(poll_for<Subscription>(guest, poll_oneoff,
                               {clock_after(3, now + 2'000'000, kClockRealtime, kClockAbsolute)})
            .size() == 1);
  CHECK(guest.call(clock_time_get, kClockRealtime, 0, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) >= now + 2'000'000);
  CHECK(poll_for<Subscription>(guest, poll_oneoff, {clock_after(3, 0, kClockMonotonic, kClockAbsolute)})
            .size() == 1);

  const auto older = poll_for<UnstableSubscription>(
      guest, unstable_poll_oneoff,
      {clock_after<UnstableSubscription>(9, 1'000'000), clock_after<UnstableSubscription>(8, ~uint64_t{0})});
  CHECK(older.size() == 1);
  CHECK(older[0].userdata == 9);
}

TEST_CASE("poll: what cannot be waited for is an event with its error") {
  TestGuest guest((Preview1Config()));
  CHECK(guest.call(poll_oneoff, kSubscriptions, kEvents, 0, 0) == Errno::Inval);
  CHECK(guest.call(poll_oneoff, 0xfffffff0, kEvents, 1, 0) == Errno::Fault);
  CHECK(guest.call(poll_oneoff, kSubscriptions, kEvents, 0xffffffff, 0) == Errno::Fault);
  const auto events = poll_for<Subscription>(
      guest, poll_oneoff,
      {clock_after(1, 60'000'000'000), clock_after(2, 0, 7), clock_after(3, 0, 0, 2),
       descriptor(4, kEventRead, 99), descriptor(5, 9, 0), descriptor(6, kEventWrite, 0),
       descriptor(7, kEventRead, 0), descriptor(8, kEventWrite, 1)});
  CHECK(events.size() == 7);
  for (const Event& event : events) {
    INFO(event.userdata);
    const Errno expected = event.userdata == 4 || event.userdata == 6 ? Errno::Badf
                           : event.userdata >= 7                      ? Errno::Success
                                                                      : Errno::Inval;
    CHECK(event.error == static_cast<uint16_t>(expected));
  }
}

TEST_CASE("poll: pipes are ready when there is something, or room, or nobody") {
  PipedGuest piped;
  TestGuest& guest = *piped.guest;
  auto events =
      poll_for<Subscription>(guest, poll_oneoff, {descriptor(1, kEventRead, 0), clock_after(2, 1'000'000)});
  CHECK(events.size() == 1);
  CHECK(events[0].userdata == 2);
  CHECK(write(piped.in[1], "four", 4) == 4);
  events = poll_for<Subscription>(
      guest, poll_oneoff,
      {descriptor(1, kEventRead, 0), descriptor(2, kEventWrite, 1), clock_after(3, 60'000'000'000)});
  CHECK(events.size() == 2);
  CHECK(events[0].userdata == 1);
  CHECK(events[0].size == 4);
  CHECK(events[1].userdata == 2);
  std::string text;
  CHECK(guest.read(0, 100, &text) == Errno::Success);
  CHECK(text == "four");
  close(piped.in[1]);
  piped.in[1] = -1;
  events = poll_for<Subscription>(guest, poll_oneoff, {descriptor(1, kEventRead, 0)});
  CHECK(events.size() == 1);
  CHECK((events[0].flags & kEventHangup) != 0);
  CHECK(guest.read(0, 100, &text) == Errno::Success);
  CHECK(text.empty());
}

TEST_CASE("poll: many subscriptions for one descriptor") {
  PipedGuest piped;
  CHECK(write(piped.in[1], "x", 1) == 1);
  std::vector<Subscription> wanted(1000, descriptor(5, kEventRead, 0));
  CHECK(poll_for(*piped.guest, poll_oneoff, wanted).size() == 1000);
}

TEST_CASE("poll: regular files are always ready, and say how much is left") {
  TestTree tree;
  put_file(tree / "f", "12345");
  TestGuest guest(tree.path());
  CHECK(guest.open(3, "f") == Errno::Success);
  auto events = poll_for<Subscription>(guest, poll_oneoff, {descriptor(1, kEventRead, guest.opened)});
  CHECK(events.size() == 1);
  CHECK(events[0].size == 5);
  CHECK(guest.call(fd_seek, guest.opened, 0, kSeekEnd, 0) == Errno::Success);
  events = poll_for<Subscription>(guest, poll_oneoff, {descriptor(1, kEventRead, guest.opened)});
  CHECK(events[0].flags == kEventHangup);
  CHECK(poll_for<Subscription>(guest, poll_oneoff, {descriptor(1, kEventRead, 3)})[0].error ==
        static_cast<uint16_t>(Errno::Badf));
}

TEST_CASE("stream: not waiting is the guest's choice, and leaves the host's stream as it is") {
  PipedGuest piped;
  TestGuest& guest = *piped.guest;
  CHECK(guest.call(fd_fdstat_set_flags, 0, kFdNonblock) == Errno::Success);
  CHECK(guest.call(fd_fdstat_set_flags, 1, kFdNonblock) == Errno::Success);
  CHECK(guest.fdstat(0).flags == kFdNonblock);
  CHECK((fcntl(piped.in[0], F_GETFL) & O_NONBLOCK) == 0);
  CHECK(guest.read(0, 10) == Errno::Again);
  const std::string block(20'000, 'b');
  Errno error = Errno::Success;
  size_t written = 0;
  for (int i = 0; i < 100 && error == Errno::Success; ++i) {
    error = guest.write(1, block);
    if (error == Errno::Success) written += guest.get<uint32_t>(0);
  }
  CHECK(error == Errno::Again);
  CHECK(written > 60'000);  // A pipe has 64 KiB.
  CHECK(written <= 65536);
}

TEST_CASE("stream: a large write to a slow reader is complete") {
  PipedGuest piped;
  TestGuest& guest = *piped.guest;
  guest.memory().resize(4 << 20);
  size_t read_back = 0;
  std::thread reader([&] {
    std::vector<char> buffer(10'000);
    ssize_t count;
    while ((count = read(piped.out[0], buffer.data(), buffer.size())) > 0)
      read_back += static_cast<size_t>(count);
  });
  guest.set(8, Iovec{1 << 20, 3 << 20});
  CHECK(guest.call(fd_write, 1, 8, 1, 0) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 3u << 20);
  close(piped.out[1]);
  piped.out[1] = -1;
  reader.join();
  CHECK(read_back == 3u << 20);
}

TEST_CASE("stream: writing to a pipe that nobody reads is an error, not the end") {
  host::ignore_write_signals();
  PipedGuest piped;
  close(piped.out[0]);
  piped.out[0] = -1;
  CHECK(piped.guest->write(1, "x") == Errno::Pipe);
}

TEST_CASE("stream: writing beyond the limit of file sizes is an error, not the end") {
  host::ignore_write_signals();
  host::TestTree tree;
  const Preopen preopens[] = {{tree.path(), "/", false}};
  Preview1Config config;
  config.preopens = preopens;
  TestGuest guest(config);
  CHECK(guest.open(3, "f", kOpenCreate, rights::kFdWrite | rights::kFdSeek | rights::kFdTell) ==
        Errno::Success);
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 4;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const Errno fits = guest.write(guest.opened, "four");
  const Errno beyond = guest.write(guest.opened, "x");
  const Errno resized = guest.call(fd_filestat_set_size, guest.opened, 5);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(fits == Errno::Success);
  CHECK(beyond == Errno::Fbig);
  CHECK(resized != Errno::Success);
  CHECK(host::get_file(tree / "f") == "four");
}

TEST_CASE("socket: accepts, receives, sends, and ends") {
  const std::string_view addresses[] = {"127.0.0.1:0"};
  Preview1Config config;
  config.tcp_listen = addresses;
  TestGuest guest(config);
  CHECK(guest.fdstat(3).type == Filetype::SocketStream);
  CHECK((guest.fdstat(3).base & rights::kSockAccept) != 0);
  CHECK(guest.call(fd_fdstat_set_flags, 3, kFdNonblock) == Errno::Success);
  CHECK(guest.call(sock_accept, 3, 0, 0) == Errno::Again);
  CHECK(guest.call(fd_fdstat_set_flags, 3, 0) == Errno::Success);
  CHECK(guest.call(sock_recv, 3, 8, 0, 0, 0, 4) == Errno::Notconn);

  sockaddr_in address = {};
  socklen_t size = sizeof address;
  CHECK(getsockname(guest.state().descriptors.find(3)->handle.fd(), reinterpret_cast<sockaddr*>(&address),
                    &size) == 0);
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(connect(peer, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  CHECK(poll_for<Subscription>(guest, poll_oneoff, {descriptor(1, kEventRead, 3)}).size() == 1);
  CHECK(guest.call(sock_accept, 3, kFdAppend, 0) == Errno::Inval);
  CHECK(guest.call(sock_accept, 3, 0, 0) == Errno::Success);
  const auto connection = guest.get<uint32_t>(0);
  CHECK(connection == 4);
  CHECK(guest.call(sock_accept, connection, 0, 0) == Errno::Inval);

  CHECK(send(peer, "hello", 5, 0) == 5);
  guest.set(8, Iovec{TestGuest::kBuffer, 3});
  CHECK(guest.call(sock_recv, connection, 8, 1, kRecvPeek, 0, 4) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 3);
  guest.set(8, Iovec{TestGuest::kBuffer, 5});
  CHECK(guest.call(sock_recv, connection, 8, 1, kRecvWaitall, 0, 4) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 5);
  CHECK(memcmp(guest.memory().data() + TestGuest::kBuffer, "hello", 5) == 0);
  CHECK(guest.call(sock_recv, connection, 8, 1, 4, 0, 4) == Errno::Inval);
  CHECK(guest.call(sock_send, connection, 8, 1, 0, 0) == Errno::Success);
  CHECK(guest.write(connection, "!") == Errno::Success);
  char buffer[6];
  CHECK(recv(peer, buffer, 6, MSG_WAITALL) == 6);
  CHECK(memcmp(buffer, "hello!", 6) == 0);
  CHECK(guest.call(sock_shutdown, connection, 4) == Errno::Inval);
  CHECK(guest.call(sock_shutdown, connection, kShutWrite) == Errno::Success);
  CHECK(recv(peer, buffer, 6, 0) == 0);
  CHECK(guest.write(connection, "!") == Errno::Pipe);
  close(peer);
  std::string text = "x";
  CHECK(guest.read(connection, 5, &text) == Errno::Success);
  CHECK(text.empty());
}

TEST_CASE("surroundings: arguments and variables in the guest's form") {
  const std::string_view args[] = {"program", "", "last"};
  const EnvironmentVariable env[] = {{"A", "old"}, {"B", "x=y"}, {"A", "new"}};
  Preview1Config config;
  config.args = args;
  config.env = env;
  TestGuest guest(config);
  CHECK(guest.call(args_sizes_get, 0, 4) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 3);
  CHECK(guest.get<uint32_t>(4) == 14);
  CHECK(guest.call(args_get, 100, 200) == Errno::Success);
  CHECK(guest.get<uint32_t>(100) == 200);
  CHECK(guest.get<uint32_t>(104) == 208);
  CHECK(guest.get<uint32_t>(108) == 209);
  CHECK(memcmp(guest.memory().data() + 200, "program\0\0last", 14) == 0);
  CHECK(guest.call(environ_sizes_get, 0, 4) == Errno::Success);
  CHECK(guest.get<uint32_t>(0) == 2);
  CHECK(guest.call(environ_get, 100, 200) == Errno::Success);
  CHECK(memcmp(guest.memory().data() + 200, "B=x=y\0A=new", 12) == 0);
  const auto end = static_cast<uint32_t>(guest.memory().size());
  CHECK(guest.call(args_get, end - 11, 200) == Errno::Fault);
  CHECK(guest.call(args_get, 100, end - 13) == Errno::Fault);
}

TEST_CASE("surroundings: clocks, random numbers, signals, exits") {
  TestGuest guest((Preview1Config()));
  CHECK(guest.call(clock_time_get, kClockMonotonic, 0, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) < 60'000'000'000);  // It begins with the store.
  CHECK(guest.call(clock_res_get, kClockRealtime, 0) == Errno::Success);
  CHECK(guest.get<uint64_t>(0) > 0);
  CHECK(guest.call(clock_time_get, kClockProcess, 0, 0) == Errno::Badf);
  CHECK(guest.call(clock_res_get, 4, 0) == Errno::Inval);
  CHECK(guest.call(random_get, 1024, 100'000) == Errno::Success);
  CHECK(guest.get<uint64_t>(50'000) != guest.get<uint64_t>(60'000));
  CHECK(guest.call(random_get, static_cast<uint32_t>(guest.memory().size()), 0) == Errno::Success);
  CHECK(guest.call(proc_raise, 6) == Errno::Notsup);
  CHECK(guest.call(proc_raise, 31) == Errno::Inval);
  CHECK(guest.call(sched_yield) == Errno::Success);
  Call call{guest.state(), {}, host::Patience()};
  proc_exit(call, 3);
  CHECK(call.patience.failure.error().exit_code() == 3);
}

TEST_CASE("surroundings: configurations that cannot be are refused with their reason") {
  const auto reason = [](const Preview1Config& config) {
    Result<std::unique_ptr<State>> state = make_state(config);
    return state.ok() ? std::string() : std::string(state.error().message());
  };
  const std::string_view args[] = {std::string_view("a\0b", 3)};
  Preview1Config config;
  config.args = args;
  CHECK(reason(config) == "an argument contains a NUL");
  const EnvironmentVariable env[] = {{"A=B", "x"}};
  config = {};
  config.env = env;
  CHECK(reason(config) ==
        "an environment variable must have a name without `=`, and neither name nor value a NUL");
  const Preopen preopens[] = {{"/nowhere/at/all", "/", false}};
  config = {};
  config.preopens = preopens;
  CHECK(reason(config).find("/nowhere/at/all") != std::string::npos);
  const std::string_view addresses[] = {"example.org:80"};
  config = {};
  config.tcp_listen = addresses;
  CHECK(reason(config) == "`example.org:80` is no address and port such as 127.0.0.1:8080");
}

}  // namespace
}  // namespace wherry::wasi::p1
