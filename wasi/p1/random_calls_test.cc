// All functions with arguments of every sort, in an order of no sense: nothing outside changes, no descriptor of the
// host is lost, nothing crashes (the sanitizer builds look closer).
//
// Left out are proc_exit, which ends a guest, poll_oneoff, which may wait for years, and fd_allocate, which may fill
// the disk as any guest with a directory may. The numbers come from a generator with a fixed start.
#include <algorithm>
#include <catch2/catch.hpp>
#include <tuple>
#include <utility>

#include "wasi/p1/test_guest.h"

namespace wherry::wasi::p1 {
namespace {

using host::describe;
using host::open_host_descriptors;
using host::put_file;
using host::TestTree;

class Random {
 public:
  uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 11;
  }
  template <size_t N, class T>
  T pick(const T (&values)[N]) {
    return values[next() % N];
  }

 private:
  uint64_t state_ = 20;

 public:
  bool first = true;                      // the next parameter is a function's first
  size_t text = static_cast<size_t>(-1);  // the text whose address was given last
};

constexpr const char* kTexts[] = {
    "f",     "d",         "d/f",      "new",  "d/new", "..",   "../outside/secret", "out",  "out/",
    "out/x", "l",         "/",        "/etc", ".",     "d/..", "d/../..",           "new/", "d/./f/",
    "loop",  "new/../..", "absolute", "\xff", ""};
constexpr uint32_t kMemory = 256 * 1024;
constexpr uint32_t kStride = 32;

// Now and then anything; else what makes sense here: a length behind an address, the directory in the first place.
void fill(Random& random, uint32_t& out) {
  const uint32_t values[] = {0,           1,
                             2,           3,
                             4,           5,
                             6,           7,
                             8,           16,
                             31,          64,
                             4096,        kMemory,
                             ~0u,         static_cast<uint32_t>(random.next()),
                             100,         24,
                             1000,        kMemory - 8,
                             kMemory - 1, TestGuest::kBuffer};
  const bool sensible = random.next() % 8 != 0;
  const size_t text = std::exchange(random.text, std::size(kTexts));
  if (sensible && text != std::size(kTexts)) {
    out = static_cast<uint32_t>(strlen(kTexts[text]));
  } else if (sensible && random.first) {
    out = random.next() % 2 == 0 ? 3 : static_cast<uint32_t>(random.next() % 10);
  } else if (random.next() % 2 == 0) {
    random.text = random.next() % std::size(kTexts);
    out = TestGuest::kText + kStride * static_cast<uint32_t>(random.text);
  } else {
    out = sensible ? static_cast<uint32_t>(random.next() % 4) : random.pick(values);
  }
  random.first = false;
}
void fill(Random& random, uint64_t& out) {
  const uint64_t values[] = {
      0, 1, 2, 100, rights::kAll, rights::kFile, rights::kFdRead, ~uint64_t{0}, random.next()};
  out = random.pick(values);
}
void fill(Random& random, int64_t& out) {
  uint64_t value;
  fill(random, value);
  out = static_cast<int64_t>(value);
}

using Invoke = Errno (*)(Call& call, Random& random);

template <auto Function, class Type = decltype(Function)>
struct Randomly;
template <auto Function, class... Params>
struct Randomly<Function, Errno (*)(Call&, Params...)> {
  static Errno call(Call& call, Random& random) {
    std::tuple<Params...> params;
    random.first = true;
    random.text = std::size(kTexts);
    std::apply([&](Params&... param) { (fill(random, param), ...); }, params);
    return std::apply([&](Params&... param) { return Function(call, param...); }, params);
  }
};
// Those that are left out.
template <auto Function>
struct Randomly<Function, void (*)(Call&, uint32_t)> {
  static constexpr Invoke call = nullptr;
};
template <>
struct Randomly<&poll_oneoff> {
  static constexpr Invoke call = nullptr;
};
template <>
struct Randomly<&unstable_poll_oneoff> {
  static constexpr Invoke call = nullptr;
};
template <>
struct Randomly<&fd_allocate> {
  static constexpr Invoke call = nullptr;
};

#define NOT_THERE sock_accept
constexpr Invoke kInvocations[] = {
#define FUNCTION(name, unstable) Randomly<&name>::call, Randomly<&unstable>::call,
#include "wasi/p1/functions.inc"
#undef FUNCTION
};

TEST_CASE("random calls: nothing outside changes and nothing is lost") {
  const size_t before = open_host_descriptors();
  for (PathResolution resolution : {PathResolution::Automatic, PathResolution::ByHand}) {
    TestTree tree;
    for (const char* name : {"outside", "root", "root/d", "ro"}) mkdir((tree / name).c_str(), 0777);
    put_file(tree / "outside/secret", "sentinel");
    put_file(tree / "ro/f", "kept");
    const std::string outside = describe(tree / "outside") + describe(tree / "ro");
    const std::string root = tree / "root";
    const std::string read_only = tree / "ro";
    const Preopen preopens[] = {{root, "/", false}, {read_only, "/ro", true}};
    Random random;
    bool succeeded[std::size(kInvocations)] = {};
    for (int round = 0; round < 40; ++round) {
      put_file(tree / "root/f", "text");
      (void)!symlink("../outside", (tree / "root/out").c_str());
      (void)!symlink("/", (tree / "root/absolute").c_str());
      (void)!symlink("loop", (tree / "root/loop").c_str());
      Preview1Config config;
      config.preopens = preopens;
      config.path_resolution = resolution;
      config.max_descriptors = 30;
      TestGuest guest(config);
      for (int i = 0; i < 2500; ++i) {
        for (size_t t = 0; t < std::size(kTexts); ++t) {
          strcpy(reinterpret_cast<char*>(guest.memory().data()) + TestGuest::kText + kStride * t, kTexts[t]);
        }
        const size_t number = random.next() % std::size(kInvocations);
        const Invoke invoke = kInvocations[number];
        if (invoke == nullptr) continue;
        Call call{guest.state(), MemoryView::over(guest.memory()), host::Patience()};
        const Errno error = invoke(call, random);
        if (error > Errno::Notcapable)
          FAIL_CHECK("an error that does not exist: " << static_cast<uint32_t>(error));
        succeeded[number] |= error == Errno::Success;
      }
      CHECK(open_host_descriptors() <= before + 32);
    }
    // More than half of them did something.
    CHECK(std::count(std::begin(succeeded), std::end(succeeded), true) > 45);
    CHECK(describe(tree / "outside") + describe(tree / "ro") == outside);
  }
  CHECK(open_host_descriptors() == before);
}

}  // namespace
}  // namespace wherry::wasi::p1
