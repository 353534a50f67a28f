#pragma once

#include <cstdint>
#include <memory>

#include "engine/abi/code_provider.h"
#include "engine/base/result.h"
#include "engine/lower/handler_table.h"
#include "engine/lower/options.h"
#include "engine/validate/typed_module.h"

namespace wherry::lower {

// The slot code of a module, made function by function as they are called, shared by all its instances. Memory is
// that of the functions that ran. Thread-safe: preparing takes a lock, running takes none.
class ModuleCode {
 public:
  // Keeps references to the module and the handlers, which must outlive it. Errors: OutOfMemory.
  static base::Result<std::unique_ptr<ModuleCode>> create(const validate::TypedModule& module,
                                                          const Options& options,
                                                          const HandlerTable& handlers);
  ~ModuleCode();
  ModuleCode(const ModuleCode&) = delete;
  ModuleCode& operator=(const ModuleCode&) = delete;

  // What instantiation is given: the records of the defined functions (zero until prepared), and prepare().
  abi::CodeProvider* provider();
  const abi::ContextLayout& layout() const;

  // Validates and lowers the function, unless that was done, and publishes its entry. Errors: those of lower().
  base::Result<void> prepare(abi::FuncCode* code);

  // The function whose code holds the cell; null if none does.
  const abi::FuncCode* find(const Cell* cell) const;
  // The same with what it catches; all null if none does.
  abi::CodeSite site(const Cell* cell) const;
  // The offset, in the module's file, of the Wasm instruction that the cell came from. Lowers the function again
  // to find out: meant for backtraces.
  uint64_t wasm_offset(const abi::FuncCode& code, const Cell* cell) const;
  // The cells of a prepared function, for listings.
  std::span<const Cell> cells(const abi::FuncCode& code) const;
  // Bytes of slot code made so far.
  uint64_t code_bytes() const;

 private:
  struct Impl;
  explicit ModuleCode(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::lower
