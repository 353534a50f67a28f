#pragma once

#include <llvm/ADT/SmallVector.h>

#include <memory>

#include "compiler/options.h"
#include "engine/base/result.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace wherry::compiler {

// The machine that code is made for. Thread-safe; the first call sets LLVM up.
base::Result<std::unique_ptr<llvm::TargetMachine>> make_target(const Options& options);

// Gives the module its triple and layout, and its functions their features.
void set_target(llvm::Module& module, const llvm::TargetMachine& target, const Options& options);

// Simplifies, vectorizes, pins loads, adds deadline checks. `has_memory64` says that some memory may have more than 4 GiB.
void optimize(llvm::Module& module, llvm::TargetMachine& target, const Options& options, bool has_memory64);

// Machine code, as an ELF object or as text.
enum class CodeForm : uint8_t { Object, Assembly };
base::Result<void> generate_code(llvm::Module& module, llvm::TargetMachine& target, CodeForm form,
                                 llvm::SmallVectorImpl<char>& out);

}  // namespace wherry::compiler
