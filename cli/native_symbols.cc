// Names of compiled functions for those who look at a process from outside.
//
// A perf map is a text file, a line a function, which `perf report` looks for under the process's number. A jitdump also has the code,
// so that `perf annotate` works after the process is gone; perf learns of it by a mapping of the file that is executable. Both
// are written when a module is loaded: code is never moved, and none is added later.
//
// /tmp belongs to everybody: a file that is there already is taken only if it is the user's own, and links are not followed.
#include "cli/native_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cli/console.h"
#include "cli/native_bytes.h"

namespace wherry::cli {

namespace {

// perf's jitdump specification, version 1.
struct DumpHeader {
  uint32_t magic = 0x4a695444;
  uint32_t version = 1;
  uint32_t header_bytes = 40;
  uint32_t machine;  // As in ELF.
  uint32_t padding = 0;
  uint32_t process;
  uint64_t time_ns;
  uint64_t flags = 0;
};
static_assert(sizeof(DumpHeader) == 40);

struct DumpedCode {
  uint32_t kind = 0;  // JIT_CODE_LOAD
  uint32_t record_bytes;
  uint64_t time_ns;
  uint32_t process;
  uint32_t thread;
  uint64_t virtual_address;
  uint64_t code_address;
  uint64_t code_bytes;
  uint64_t index;
};
static_assert(sizeof(DumpedCode) == 56);

uint64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

Error cannot_write(const std::string& path, int error_number) {
  return Error::make(ErrorKind::Io, "cannot write " + quoted(path) + ": " + system_message(error_number));
}

Result<int> create(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return cannot_write(path, errno);
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
      ftruncate(file, 0) != 0) {
    close(file);
    return cannot_write(path, EPERM);
  }
  return file;
}

}  // namespace

std::string symbol_of(const NativeFunction& function) {
  if (function.name.empty()) return "wasm-function[" + std::to_string(function.index) + "]";
  std::string name = function.name;
  for (char& letter : name) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = '_';
  }
  return name;
}

NativeSymbols::~NativeSymbols() {
  if (perf_map_ >= 0) close(perf_map_);
  if (jitdump_ >= 0) close(jitdump_);
  if (marker_ != nullptr) munmap(marker_, 1);
}

Result<void> NativeSymbols::open(const Invocation& invocation) {
  gdb_ = invocation.is_on(KeyId::Gdb);
  if (invocation.is_on(KeyId::PerfMap)) WHERRY_RETURN_IF_ERROR(open_perf_map());
  if (invocation.is_on(KeyId::Jitdump)) WHERRY_RETURN_IF_ERROR(open_jitdump());
  return {};
}

Result<void> NativeSymbols::open_perf_map() {
  WHERRY_ASSIGN_OR_RETURN(perf_map_, create("/tmp/perf-" + std::to_string(getpid()) + ".map"));
  return {};
}

Result<void> NativeSymbols::open_jitdump() {
  const std::string path = "jit-" + std::to_string(getpid()) + ".dump";
  WHERRY_ASSIGN_OR_RETURN(jitdump_, create(path));
  DumpHeader header{};
  header.machine = kElfMachine;
  header.process = static_cast<uint32_t>(getpid());
  header.time_ns = now_ns();
  std::string bytes;
  append_bytes(&bytes, header);
  if (!write_all(jitdump_, bytes)) return cannot_write(path, errno);
  void* const marker = mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, jitdump_, 0);
  if (marker == MAP_FAILED) return cannot_write(path, errno);
  marker_ = marker;
  return {};
}

Result<void> NativeSymbols::add(const Module& module) {
  return is_open() ? add(native_functions(module)) : Result<void>();
}

Result<void> NativeSymbols::add(const Component& component) {
  return is_open() ? add(native_functions(component)) : Result<void>();
}

Result<void> NativeSymbols::add(const std::vector<NativeFunction>& functions) {
  if (perf_map_ >= 0 && !write_perf_map(functions)) return cannot_write("the perf map", errno);
  if (jitdump_ >= 0 && !write_jitdump(functions)) return cannot_write("the jitdump", errno);
  if (gdb_ && !functions.empty()) tell_gdb(gdb_object(functions));
  return {};
}

bool NativeSymbols::write_perf_map(const std::vector<NativeFunction>& functions) const {
  std::string text;
  for (const NativeFunction& function : functions) {
    char line[64];
    std::snprintf(line, sizeof(line), "%llx %zx ",
                  static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(function.code)),
                  function.size_bytes);
    text += line + symbol_of(function) + "\n";
  }
  return write_all(perf_map_, text);
}

bool NativeSymbols::write_jitdump(const std::vector<NativeFunction>& functions) {
  for (const NativeFunction& function : functions) {
    const std::string name = symbol_of(function);
    const auto address = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(function.code));
    DumpedCode record{};
    record.record_bytes = static_cast<uint32_t>(sizeof(record) + name.size() + 1 + function.size_bytes);
    record.time_ns = now_ns();
    record.process = static_cast<uint32_t>(getpid());
    record.thread = static_cast<uint32_t>(syscall(SYS_gettid));
    record.virtual_address = record.code_address = address;
    record.code_bytes = function.size_bytes;
    record.index = next_code_++;
    std::string bytes;
    append_bytes(&bytes, record);
    bytes.append(name.c_str(), name.size() + 1);
    bytes.append(static_cast<const char*>(function.code), function.size_bytes);
    if (!write_all(jitdump_, bytes)) return false;
  }
  return true;
}

}  // namespace wherry::cli
