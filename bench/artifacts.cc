// What loading a compiled module or component takes, in one process that has loaded it before: load_artifact_unsafe, and ending it again
// apart from it. Least and median of many, and the page faults of one load, which depend on how many pages of the file the system
// maps at once.
//
//   artifacts FILE... [--rounds N]      prints lines `file bytes least_us median_us faults`
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "wherry/component.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;

double now_us() {
  using namespace std::chrono;
  return static_cast<double>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count()) /
         1e3;
}

long faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

template <class Loaded>
bool measure(const Engine& engine, const char* path, int rounds) {
  struct stat status{};
  if (stat(path, &status) != 0) return false;
  std::vector<double> times;
  long least_faults = 1L << 40;
  for (int i = 0; i < rounds; ++i) {
    const long before = faults();
    const double start = now_us();
    const Result<Loaded> loaded = Loaded::load_artifact_unsafe(engine, path);
    times.push_back(now_us() - start);
    least_faults = std::min(least_faults, faults() - before);
    if (!loaded) {
      std::fprintf(stderr, "artifacts: %s\n", loaded.error().describe().c_str());
      return false;
    }
  }
  std::sort(times.begin(), times.end());
  std::printf("%s %lld %.1f %.1f %ld\n", path, static_cast<long long>(status.st_size), times.front(),
              times[times.size() / 2], least_faults);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 1000;
  std::vector<const char*> files;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::atoi(argv[++i]);
    } else {
      files.push_back(argv[i]);
    }
  }
  Config config;
  config.interruption = false;  // As compiled by default.
  const Result<Engine> engine = Engine::create(config);
  if (!engine || files.empty() || rounds < 1) {
    std::fprintf(stderr, "usage: artifacts FILE... [--rounds N]\n");
    return 2;
  }
  for (const char* const path : files) {
    // A compiled component is told apart by how it refuses to be a module.
    const bool is_component =
        !Module::load_artifact_unsafe(*engine, path) && Component::load_artifact_unsafe(*engine, path);
    if (!(is_component ? measure<Component>(*engine, path, rounds) : measure<Module>(*engine, path, rounds)))
      return 1;
  }
  return 0;
}
