#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "engine/abi/code_provider.h"
#include "engine/abi/native.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/module.h"
#include "engine/wasm/type_registry.h"

namespace wherry::native {

// What an address in native code belongs to.
struct Place {
  uint32_t func_index;     // In the module, imports counted.
  uint64_t module_offset;  // Of the instruction, in the module's bytes; 0: not known.
};

// Where native code of a module comes from: a mapped artifact, or a test. Must outlive the ModuleCode.
struct Source {
  void* environment = nullptr;
  uintptr_t begin = 0;  // The executable text.
  uintptr_t end = 0;
  bool may_fault = false;  // Faults in it are accesses out of bounds.
  abi::NativeKind kind = abi::NativeKind::Plain;
  // Code of a function by defined index; null: the interpreter runs it. Thread-safe.
  const void* (*function)(void* environment, uint32_t defined) = nullptr;
  // What enters functions of a type, by the module's type index; null: there is nothing, and no function of the type is
  // entered natively. Thread-safe.
  abi::NativeEnter (*thunk)(void* environment, uint32_t type_index) = nullptr;
  // The function, by defined index, that an address in the text belongs to, and the offset of the instruction in the
  // module; false for addresses of no function. Thread-safe.
  bool (*find)(void* environment, const void* pc, uint32_t* defined, uint64_t* module_offset) = nullptr;
};

// The code of a module of which some functions are native: those are published with their native entry when they are
// first called by slots, the others are left to another provider, whose records it shares. Thread-safe.
class ModuleCode {
 public:
  // `native_entry` is abi::Tier's. All that is referred to must outlive it. Errors: OutOfMemory.
  static base::Result<std::unique_ptr<ModuleCode>> create(const wasm::Module& module,
                                                          const wasm::TypeSet& types,
                                                          abi::CodeProvider* others, const Source& source,
                                                          abi::Cell native_entry);
  // No thread may run code of it any more.
  ~ModuleCode();
  ModuleCode(const ModuleCode&) = delete;
  ModuleCode& operator=(const ModuleCode&) = delete;

  abi::CodeProvider* provider() { return &provider_; }

  bool holds(const void* pc) const {
    return reinterpret_cast<uintptr_t>(pc) - source_.begin < source_.end - source_.begin;
  }
  // Of an address that it holds; nothing for thunks.
  std::optional<Place> find(const void* pc) const;

 private:
  struct Provider : abi::CodeProvider {
    ModuleCode* owner = nullptr;
  };

  ModuleCode(const wasm::Module& module, const wasm::TypeSet& types, abi::CodeProvider* others,
             const Source& source, abi::Cell native_entry);
  bool prepare(abi::FuncCode* code, base::Error* error);
  const void* native(abi::FuncCode* code);
  // Null: there are none.
  const abi::Cell* cells_for(uint32_t type_index);

  const wasm::Module& module_;
  const wasm::TypeSet& types_;
  abi::CodeProvider* others_;
  const Source source_;
  const abi::Cell native_entry_;
  Provider provider_;
  std::mutex mutex_;
  base::Vector<abi::Cell> cells_;  // Two for each type index, zeros until needed. Under the mutex.
};

}  // namespace wherry::native
