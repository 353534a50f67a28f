#pragma once

#include <memory>

#include "cli/options.h"
#include "wherry/component.h"
#include "wherry/native_function.h"
#include "wherry/wherry.h"

// What -D perf-map, jitdump and gdb tell of compiled code.
namespace wherry::cli {

class NativeSymbols {
 public:
  NativeSymbols() = default;
  ~NativeSymbols();
  NativeSymbols(const NativeSymbols&) = delete;
  NativeSymbols& operator=(const NativeSymbols&) = delete;

  // Opens the files that the command line asks for. Error: Io.
  Result<void> open(const Invocation& invocation);
  // Tells of a module's code, which must live as long as the process may be looked at. Nothing if nobody asked.
  Result<void> add(const Module& module);
  Result<void> add(const Component& component);

 private:
  bool is_open() const { return perf_map_ >= 0 || jitdump_ >= 0 || gdb_; }
  Result<void> add(const std::vector<NativeFunction>& functions);
  Result<void> open_perf_map();
  Result<void> open_jitdump();
  bool write_perf_map(const std::vector<NativeFunction>& functions) const;
  bool write_jitdump(const std::vector<NativeFunction>& functions);

  int perf_map_ = -1;
  int jitdump_ = -1;
  void* marker_ = nullptr;  // The mapping by which perf knows of the dump.
  uint64_t next_code_ = 0;
  bool gdb_ = false;
};

// As profilers show it: without control characters; "wasm-function[7]" for a function without a name.
std::string symbol_of(const NativeFunction& function);

// An ELF object that names code at the addresses where it is, and says that its frames are chained by frame pointers.
std::string gdb_object(const std::vector<NativeFunction>& functions);

// Tells gdb, if it watches, of such an object, which is kept for good.
void tell_gdb(std::string&& object);

}  // namespace wherry::cli
