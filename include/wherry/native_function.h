// native_functions: where the machine code of a compiled Module lies, for profilers and debuggers. Not part of wherry.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "wherry/component.h"
#include "wherry/module.h"

namespace wherry {

// Machine code of a function that was compiled, where this process has it mapped.
struct NativeFunction {
  const void* code = nullptr;
  size_t size_bytes = 0;
  uint32_t index = 0;  // Of the function, imported ones counted.
  std::string name;    // From the name section, at most 256 bytes; may hold any UTF-8, and may be empty.
};

// The code of a module's compiled functions by rising address; good while the Module lives. Functions that are interpreted
// have none; what lies between functions (code that passes arguments from the host) is not listed. Empty for a module that
// was not compiled. Threads: safe.
std::vector<NativeFunction> native_functions(const Module& module);

// Those of a component's core modules, one module behind the other; indices are those of each module.
std::vector<NativeFunction> native_functions(const Component& component);

}  // namespace wherry
