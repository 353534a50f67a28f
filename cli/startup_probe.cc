// Links and runs with cli/startup_glibc.cc if that file suits the C library here: what depends on a right beginning is used
// once. Exits with 0 if all is well.
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#define _Bool bool
#include <sys/platform/x86.h>
#undef _Bool

namespace {

thread_local int of_thread = 7;
struct Constructed {
  int value = std::getenv("PATH") != nullptr ? 3 : 4;
} constructed;

// Whether any mapping of this process can be written and executed.
bool has_writable_code() {
  std::FILE* const maps = std::fopen("/proc/self/maps", "r");
  char line[512];
  bool found = maps == nullptr;
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr)
    found = found || std::strstr(line, " rwx") != nullptr;
  if (maps != nullptr) std::fclose(maps);
  return found;
}

// Whether the C library's clock is the kernel's.
bool has_right_clock() {
  timespec before{}, now{}, after{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &before);
  clock_gettime(CLOCK_MONOTONIC, &now);
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);
  const auto ns = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
  return ns(before) <= ns(now) && ns(now) <= ns(after);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 1 || argv[0] == nullptr || constructed.value < 3 || of_thread != 7) return 1;
  std::mutex mutex;
  int seen = 0;
  bool is_writable = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const std::lock_guard lock(mutex);
      seen += of_thread++;
      is_writable = is_writable || has_writable_code();  // Stacks of threads, for one.
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (seen != 28) return 2;
  if (is_writable) return 8;
  if (!has_right_clock()) return 9;
  std::vector<char> from(40 << 20, 'x'), to(40 << 20);
  std::memcpy(to.data(), from.data(), from.size());
  std::memmove(to.data() + 1, to.data(), to.size() - 1);
  if (std::memcmp(to.data(), from.data(), from.size()) != 0) return 3;
  if (std::strlen(std::string(100000, 'y').c_str()) != 100000) return 4;
  char text[32];
  if (std::snprintf(text, sizeof text, "%.3f", 1.5) != 5 || std::strcmp(text, "1.500") != 0) return 5;
  if (!CPU_FEATURE_ACTIVE(SSE4_2) && __builtin_cpu_supports("sse4.2")) return 6;
  uintptr_t guard = 0, pointer_guard = 0;
  asm("mov %%fs:0x28, %0; mov %%fs:0x30, %1" : "=r"(guard), "=r"(pointer_guard));
  return guard == 0 || (guard & 0xff) != 0 || pointer_guard == 0 ? 7 : 0;
}
