#pragma once

#include <memory>
#include <string_view>

#include "engine/base/result.h"
#include "engine/wasm/module.h"

namespace wherry::inspect {

// Single instructions of a module as text, with its names. Keeps a reference to the module. Not thread-safe.
class Disassembler {
 public:
  // Error: OutOfMemory.
  static base::Result<std::unique_ptr<Disassembler>> create(const wasm::Module& module);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  // The instruction at `offset` (in the file), which lies in the body of a defined function; empty if there is none.
  // Valid until the next call.
  std::string_view text(wasm::FuncIndex func, uint64_t offset);

 private:
  struct Impl;
  explicit Disassembler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::inspect
