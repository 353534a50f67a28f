// What loading a module costs: decoding and typing it, validating all bodies on one thread and on all, lowering all
// bodies with validation. Best of several rounds, in one process, no file access inside.
//
//   loading FILE.wasm [ROUNDS] [decode|validate|lower|hash]     the last: only that, for a profiler
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "engine/abi/layout.h"
#include "engine/base/os/clock.h"
#include "engine/base/os/thread.h"
#include "engine/base/vector.h"
#include "engine/decode/decode.h"
#include "engine/interpret/interpreter.h"
#include "engine/lower/listing.h"
#include "engine/lower/lower.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;

bool read_file(const char* path, base::Vector<uint8_t>* bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  bool ok = std::fseek(file, 0, SEEK_END) == 0 && bytes->resize(static_cast<size_t>(std::ftell(file))) &&
            std::fseek(file, 0, SEEK_SET) == 0;
  ok = ok && std::fread(bytes->data(), 1, bytes->size(), file) == bytes->size();
  std::fclose(file);
  return ok;
}

[[noreturn]] void die(const base::Error& error) {
  std::fprintf(stderr, "loading: %s\n", wasm::describe(error).c_str());
  std::exit(1);
}

template <class T>
T take(base::Result<T> result) {
  if (!result) die(result.error());
  return *std::move(result);
}

// Of this thread's processor time: others on the machine do not count. Wall time only where several threads work.
uint64_t cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

struct Best {
  uint64_t (*now_ns)() = cpu_ns;
  uint64_t best_ns = ~uint64_t{0};
  uint64_t start_ns = 0;
  void start() { start_ns = now_ns(); }
  void stop() { best_ns = std::min(best_ns, now_ns() - start_ns); }
  double ms() const { return static_cast<double>(best_ns) / 1e6; }
};

struct Lowered {
  uint64_t words = 0;
  uint64_t hash = 0;
  uint32_t refused = 0;
};

// Of what the code says, to compare builds by.
uint64_t hash_of(const lower::Listing& listing, const lower::SlotCode& code) {
  uint64_t hash = code.frame_slots;
  for (const char letter : listing.list(code.cells)) {
    hash = (hash ^ static_cast<uint8_t>(letter)) * 0x100000001b3;
  }
  return hash;
}

// Slot code of all functions, one after the other in the same memory.
Lowered lower_all(const lower::Environment& environment, lower::Buffers& buffers, lower::SlotCode& code,
                  const lower::Listing* listing) {
  Lowered sum;
  const wasm::Module& module = environment.module.module;
  for (uint32_t i = module.imported_funcs; i < module.funcs.size(); ++i) {
    const base::Result<void> made = lower::lower(environment, wasm::FuncIndex(i), false, buffers, &code);
    if (made) {
      sum.words += code.cells.size();
      if (listing != nullptr) sum.hash = sum.hash * 31 + hash_of(*listing, code);
    } else {
      ++sum.refused;
    }
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    return std::fprintf(stderr, "usage: loading FILE.wasm [ROUNDS] [decode|validate|lower|hash]\n"), 2;
  base::Vector<uint8_t> bytes;
  if (!read_file(argv[1], &bytes)) return std::fprintf(stderr, "loading: cannot read %s\n", argv[1]), 1;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::string_view only = argc > 3 ? argv[3] : "";
  Best decode_time, type_time, one_time, lower_time;
  Best all_time{base::monotonic_ns};
  const decode::DecodeOptions features{};
  wasm::TypeRegistry registry;
  const auto load = [&] {
    return take(validate::type_module(
        take(decode::decode(base::ByteSpan(bytes.data(), bytes.size()), features)), registry));
  };
  if (only.empty() || only == "decode") {
    for (int i = 0; i < rounds; ++i) {
      decode_time.start();
      wasm::Module module = take(decode::decode(base::ByteSpan(bytes.data(), bytes.size()), features));
      decode_time.stop();
      type_time.start();
      const validate::TypedModule typed = take(validate::type_module(std::move(module), registry));
      type_time.stop();
    }
  }
  validate::TypedModule typed = load();
  const wasm::Module& module = typed.module;
  uint64_t body_bytes = 0;
  for (uint32_t i = module.imported_funcs; i < module.funcs.size(); ++i) {
    body_bytes += module.body(wasm::FuncIndex(i)).size_bytes;
  }
  for (int i = 0; i < rounds && (only.empty() || only == "validate"); ++i) {
    one_time.start();
    typed = take(validate::validate(std::move(typed), 1)).take();
    one_time.stop();
    if (!only.empty()) continue;
    all_time.start();
    typed = take(validate::validate(std::move(typed), base::hardware_concurrency())).take();
    all_time.stop();
  }
  lower::Environment environment{
      typed, interpret::handlers(interpret::MemoryMode::Guarded), {}, abi::layout_of(typed.module), {}};
  environment.options.joined_handlers = only != "hash";  // A listing shows what each instruction does.
  if (!abi::global_offsets(typed.module, environment.layout, &environment.global_offsets)) return 1;
  environment.codes =
      static_cast<abi::FuncCode*>(std::calloc(typed.module.bodies.size() + 1, sizeof(abi::FuncCode)));
  lower::Buffers buffers;
  lower::SlotCode code;
  Lowered sum;
  for (int i = 0; i < rounds && (only.empty() || only == "lower"); ++i) {
    lower_time.start();
    sum = lower_all(environment, buffers, code, nullptr);
    lower_time.stop();
  }
  uint64_t hash = 0;
  if (only == "hash") {
    const lower::Listing listing(environment.handlers);
    hash = lower_all(environment, buffers, code, &listing).hash;
  }
  const double mb = static_cast<double>(body_bytes) / 1e6;
  std::printf("%.2f MB of bodies in %zu functions\n", mb, typed.module.bodies.size());
  std::printf("decode    %8.2f ms\ntype      %8.2f ms\n", decode_time.ms(), type_time.ms());
  std::printf("validate  %8.2f ms  %6.1f MB/s on one thread\n", one_time.ms(), mb / one_time.ms() * 1e3);
  std::printf("validate  %8.2f ms  %6.1f MB/s on %u\n", all_time.ms(), mb / all_time.ms() * 1e3,
              base::hardware_concurrency());
  std::printf("lower     %8.2f ms  %6.1f MB/s, %llu words, hash %016llx, %u functions refused\n",
              lower_time.ms(), mb / lower_time.ms() * 1e3, static_cast<unsigned long long>(sum.words),
              static_cast<unsigned long long>(hash), sum.refused);
  std::free(environment.codes);
  return 0;
}
