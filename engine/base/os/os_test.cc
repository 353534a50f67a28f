#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "engine/base/os/clock.h"
#include "engine/base/os/descriptor.h"
#include "engine/base/os/fault.h"
#include "engine/base/os/file_mappings.h"
#include "engine/base/os/reservation_pool.h"
#include "engine/base/os/reservations.h"
#include "engine/base/os/test_readable.h"
#include "engine/base/os/thread.h"
#include "engine/base/os/virtual_memory.h"

namespace wherry::base {
namespace {

TEST_CASE("a reservation is untouchable until committed, then zero") {
  const size_t page = page_size_bytes();
  const size_t size = size_t{4} << 30;
  auto* base = static_cast<uint8_t*>(reserve_pages(size));
  REQUIRE(base != nullptr);
  CHECK_FALSE(is_readable(base));
  CHECK(commit_pages(base, page));
  CHECK(is_readable(base + page - 1));
  CHECK_FALSE(is_readable(base + page));
  base[0] = 7;
  base[page - 1] = 8;
  CHECK(decommit_pages(base, page));
  CHECK_FALSE(is_readable(base));
  CHECK(commit_pages(base, page));
  CHECK(base[0] == 0);
  CHECK(base[page - 1] == 0);
  release_pages(base, size);
}

TEST_CASE("sizes round up to pages, and overflow is zero") {
  const size_t page = page_size_bytes();
  CHECK(round_up_to_pages(0) == 0);
  CHECK(round_up_to_pages(1) == page);
  CHECK(round_up_to_pages(page) == page);
  CHECK(round_up_to_pages(~size_t{0}) == 0);
  CHECK(map_zeros(0) == nullptr);
}

TEST_CASE("what the system cannot reserve is null") { CHECK(reserve_pages(size_t{1} << 62) == nullptr); }

TEST_CASE("mapped files: bytes, emptiness, folders, pipes, size limit, shrinking") {
  char path[] = "/tmp/wherry_os_test_XXXXXX";
  const int descriptor = mkstemp(path);
  REQUIRE(descriptor >= 0);
  MappedFile file;
  int error = 0;
  CHECK(MappedFile::open(path, 100, &file, &error));
  CHECK(file.bytes().empty());
  REQUIRE(write(descriptor, "hello", 5) == 5);
  CHECK(MappedFile::open(path, 5, &file, &error));
  CHECK(std::string(file.bytes().begin(), file.bytes().end()) == "hello");
  CHECK(file.is_intact());
  CHECK(ftruncate(descriptor, 2) == 0);
  CHECK_FALSE(file.is_intact());
  CHECK_FALSE(MappedFile::open(path, 1, &file, &error));
  CHECK(error == EFBIG);
  CHECK_FALSE(MappedFile::open("/", 100, &file, &error));
  CHECK(error == EISDIR);
  CHECK_FALSE(MappedFile::open("/dev/null", 100, &file, &error));
  CHECK(error == ENODEV);
  CHECK_FALSE(MappedFile::open("/nonexistent", 100, &file, &error));
  CHECK(error == ENOENT);
  close(descriptor);
  unlink(path);
}

namespace {

std::string text_of(const Vector<uint8_t>& bytes) { return std::string(bytes.begin(), bytes.end()); }

}  // namespace

TEST_CASE("what is left of a file is read behind what is there already, up to a limit") {
  char path[] = "/tmp/wherry-rest-XXXXXX";
  const int file = mkstemp(path);
  REQUIRE(file >= 0);
  unlink(path);
  CHECK(write_all(file, "0123456789", 10));
  const auto rest = [&](off_t from, uint64_t most, Vector<uint8_t>* bytes) {
    REQUIRE(lseek(file, from, SEEK_SET) == from);
    return read_rest(file, most, bytes);
  };
  Vector<uint8_t> bytes;
  CHECK(rest(4, 100, &bytes) == 0);
  CHECK(text_of(bytes) == "456789");
  CHECK(rest(8, 100, &bytes) == 0);
  CHECK(text_of(bytes) == "45678989");
  CHECK(rest(10, 100, &bytes) == 0);
  CHECK(text_of(bytes) == "45678989");
  for (const uint64_t most : {uint64_t{0}, uint64_t{3}, uint64_t{9}, uint64_t{10}, uint64_t{11}}) {
    Vector<uint8_t> some;
    CHECK(rest(0, most, &some) == 0);
    CHECK(some.size() == std::min<uint64_t>(10, most + 1));  // One more says that there is more.
  }
  close(file);
  CHECK(read_rest(file, 100, &bytes) == EBADF);
  CHECK(text_of(bytes) == "45678989");
}

TEST_CASE("what is left of a pipe is read whole, whatever pieces it comes in") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::string sent;
  for (int i = 0; i < 5000; ++i) sent += std::to_string(i) + " and on; ";
  std::thread writer([&] {
    for (size_t at = 0; at < sent.size(); at += 1000)
      write_all(ends[1], sent.data() + at, std::min<size_t>(1000, sent.size() - at));
    close(ends[1]);
  });
  Vector<uint8_t> bytes;
  CHECK(read_rest(ends[0], 1 << 20, &bytes) == 0);
  writer.join();
  CHECK(text_of(bytes) == sent);
  close(ends[0]);
  const int folder = open("/", O_RDONLY);
  CHECK(read_rest(folder, 10, &bytes) == EISDIR);
  close(folder);
}

TEST_CASE("reservations are found by any address in them, also when there are many") {
  // Addresses of nothing: the registry never looks at them.
  const auto at = [](size_t i) { return reinterpret_cast<void*>((i + 1) << 20); };
  for (size_t i = 0; i < 1000; ++i) CHECK(register_reservation(at(i), 4096));
  CHECK(is_in_reservation(uintptr_t{1} << 20));
  CHECK(is_in_reservation((uintptr_t{1000} << 20) + 4095));
  CHECK_FALSE(is_in_reservation((uintptr_t{1000} << 20) + 4096));
  CHECK_FALSE(is_in_reservation((uintptr_t{1} << 20) - 1));
  for (size_t i = 0; i < 1000; ++i) unregister_reservation(at(i));
  CHECK_FALSE(is_in_reservation(uintptr_t{1000} << 20));
}

TEST_CASE("reservations are ended in any order, and their slots used again") {
  constexpr int kMany = 600;  // More than there are guesses, and than a block of slots.
  const auto base_of = [](int i) {
    return reinterpret_cast<void*>((uintptr_t{1} << 46) + (uintptr_t(i) << 33));
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kMany; ++i) REQUIRE(register_reservation(base_of(i), 1 << 20));
    note_mapped_file(base_of(7));
    int found = 0, without_file = 0, gone = 0;
    for (int i = 0; i < kMany; ++i) found += is_in_reservation(reinterpret_cast<uintptr_t>(base_of(i)) + 5);
    for (int i = 0; i < kMany; ++i) {
      const int which = (i * 7 + round) % kMany;
      without_file += unregister_reservation(base_of(which));
      gone += !is_in_reservation(reinterpret_cast<uintptr_t>(base_of(which)) + 5);
    }
    CHECK(found == kMany);
    CHECK(without_file == kMany - 1);
    CHECK(gone == kMany);
    CHECK_FALSE(unregister_reservation(base_of(0)));
  }
}

// What an owner said it wrote is cleared, the rest given back; also where it did not tell the truth.
TEST_CASE("an idle reservation holds zeros, whatever its last owner wrote and said of it") {
  constexpr size_t kSize = 64 << 20;
  constexpr size_t kMost = 9 << 20;
  const size_t page = page_size_bytes();
  struct Case {
    size_t committed_bytes, resident_begin, resident_bytes;
    bool is_kept;
  };
  const Case cases[] = {{0, 0, 0, true},
                        {page, 0, 0, true},
                        {page, 0, page, true},
                        {16 * page, 3 * page, 2 * page, true},
                        {16 * page, 0, 5 * page, true},
                        {16 * page, 12 * page, 4 * page, true},
                        {17 * page, 0, 17 * page, true},       // More than may stay (with pages of 4 KiB).
                        {4 * page, 3 * page, 2 * page, true},  // Beyond what is committed.
                        {4 * page, 64 * page, page, true},     // The same.
                        {4 * page, ~size_t{0} - page + 1, 4 * page, true},  // The sum overflows.
                        {3 << 20, 2 << 20, page, true},                     // Few of these fill a batch.
                        {kMost, 0, page, false}};
  release_idle_reservations();
  for (int round = 0; round < 3; ++round) {
    size_t kept = 0;
    for (int repeat = 0; repeat < 4; ++repeat) {
      for (const Case& it : cases) {
        auto* const base = static_cast<uint8_t*>(reserve_pages(kSize));
        REQUIRE(base != nullptr);
        REQUIRE(commit_pages(base, it.committed_bytes));
        std::memset(base, 0xee, it.committed_bytes);
        const IdleReservation idle{base, it.committed_bytes, it.resident_begin, it.resident_bytes};
        const bool is_kept = keep_idle_reservation(idle, kSize, true);
        CHECK(is_kept == it.is_kept);
        kept += is_kept;
        if (!is_kept) release_pages(base, kSize);
      }
    }
    size_t taken = 0, not_zero = 0;
    CHECK(take_idle_reservation(kSize * 2).base == nullptr);
    for (;; ++taken) {
      const IdleReservation got = take_idle_reservation(kSize);
      if (got.base == nullptr) break;
      const auto* const bytes = static_cast<const uint8_t*>(got.base);
      not_zero +=
          got.committed_bytes - static_cast<size_t>(std::count(bytes, bytes + got.committed_bytes, 0));
      release_pages(got.base, kSize);
    }
    CHECK(taken == kept);
    CHECK(not_zero == 0);
  }
}

TEST_CASE("idle reservations that still hold what was written go when all are released") {
  constexpr size_t kSize = 1 << 20;
  release_idle_reservations();
  void* const base = reserve_pages(kSize);
  REQUIRE(base != nullptr);
  REQUIRE(keep_idle_reservation({base, 0, 0, 0}, kSize, true));
  CHECK(release_idle_reservations());
  CHECK_FALSE(release_idle_reservations());
  CHECK(take_idle_reservation(kSize).base == nullptr);
}

TEST_CASE("clocks advance") {
  const uint64_t before = monotonic_ns();
  CHECK(monotonic_ns() >= before);
  CHECK(realtime_ns() > uint64_t{1'600'000'000} * 1'000'000'000);
}

TEST_CASE("the native stack's limit lies below the caller's frame, on every thread") {
  const auto check = [](void* good) {
    const uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    const uintptr_t limit = native_stack_limit(16 << 10);
    *static_cast<bool*>(good) = limit < here && here - limit < (uintptr_t{1} << 40);
  };
  bool good = false;
  check(&good);
  CHECK(good);
  good = false;
  Thread thread;
  REQUIRE(thread.start(check, &good));
  thread.join();
  CHECK(good);
  CHECK(hardware_concurrency() >= 1);
}

TEST_CASE("a ticker ticks while held and ends cleanly otherwise") {
  std::atomic<uint32_t> ticks{0};
  const auto tick = [](void* count) {
    static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1);
    return uint64_t{100'000};
  };
  { Ticker never(tick, &ticks); }
  CHECK(ticks == 0);
  Ticker ticker(tick, &ticks);
  REQUIRE(ticker.hold());
  while (ticks < 3) usleep(100);
  ticker.release();
  REQUIRE(ticker.hold());
  const uint32_t before = ticks;
  while (ticks == before) usleep(100);
  ticker.release();
}

TEST_CASE("a ticker that sleeps long is woken") {
  std::atomic<uint32_t> ticks{0};
  const auto tick = [](void* count) {
    static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1);
    return uint64_t{3'600'000'000'000};
  };
  Ticker ticker(tick, &ticks);
  REQUIRE(ticker.hold());
  while (ticks == 0) usleep(100);
  ticker.wake();
  while (ticks == 1) usleep(100);
  ticker.release();
}

TEST_CASE("a mapping whose file was cut short reads as zeros and says so") {
  char path[] = "/tmp/wherry-os-test-XXXXXX";
  const int descriptor = mkstemp(path);
  REQUIRE(descriptor >= 0);
  const size_t size = 4 * page_size_bytes();
  REQUIRE(ftruncate(descriptor, static_cast<off_t>(size)) == 0);
  REQUIRE(pwrite(descriptor, "x", 1, static_cast<off_t>(size - 1)) == 1);
  REQUIRE(install_fault_handler());
  {
    MappedFile file;
    int error_number = 0;
    REQUIRE(MappedFile::open(path, size, &file, &error_number));
    std::atomic<bool> has_shrunk{false};
    REQUIRE(register_file_mapping(file.bytes().data(), size, &has_shrunk));
    const volatile uint8_t* bytes = file.bytes().data();
    CHECK(bytes[size - 1] == 'x');
    CHECK_FALSE(has_shrunk);
    REQUIRE(ftruncate(descriptor, 1) == 0);
    CHECK_FALSE(file.is_intact());
    CHECK(bytes[size - 1] == 0);
    CHECK(has_shrunk);
    unregister_file_mapping(file.bytes().data());
  }
  close(descriptor);
  unlink(path);
}

}  // namespace
}  // namespace wherry::base
