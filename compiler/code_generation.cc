// The machine, and machine code.
//
// Code generation is LLVM's of -O2 but for one pass: LiveDebugValues follows values through the whole function to tell debuggers where
// variables are. We have lines and no variables, and it took 4 % of the time. Frames and conditional moves have settings of their own
// because of traps, see set_up_llvm().
#include "compiler/pipeline.h"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <mutex>

#include "compiler/passes.h"
#include "compiler/target.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {
namespace {

void set_up_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
    // A fault in a function whose frame is not set up yet would hide the function's caller from a backtrace.
    // And on x86-64, a conditional move from memory would become a branch around the load, a volatile one too.
    const char* const arguments[] = {"wherry", "-enable-shrink-wrap=false",
                                     "-x86-cmov-converter-force-mem-operand=false",
                                     // A loop of 21 bytes took 1.4 times as long across two cache lines.
                                     "-x86-experimental-pref-innermost-loop-alignment=5",
                                     // dispatch.cc
                                     "-tail-dup-pred-size=64", "-tail-dup-succ-size=64"};
    llvm::cl::ParseCommandLineOptions(std::size(arguments), arguments);
  });
}

// TargetMachine::addPassesToEmitFile, with a choice of passes.
bool add_code_passes(llvm::legacy::PassManager& passes, llvm::TargetMachine& target, CodeForm form,
                     llvm::raw_pwrite_stream& out) {
  auto& machine = static_cast<llvm::LLVMTargetMachine&>(target);
  auto* const information = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* const settings = machine.createPassConfig(passes);
  settings->setDisableVerify(true);
  settings->disablePass(&llvm::LiveDebugValuesID);
  passes.add(settings);
  passes.add(information);
  if (settings->addISelPasses()) return false;
  settings->addMachinePasses();
  passes.add(make_align_arms());
  settings->setInitialized();
  const llvm::CodeGenFileType type =
      form == CodeForm::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (machine.addAsmPrinter(passes, out, nullptr, type, information->getMMI().getContext())) return false;
  passes.add(llvm::createFreeMachineFunctionPass());
  return true;
}

}  // namespace

base::Result<std::unique_ptr<llvm::TargetMachine>> make_target(const Options& options) {
  set_up_llvm();
  const bool is_x86 = options.architecture == Architecture::X86_64;
  const std::string triple = is_x86 ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu";
  std::string message;
  const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (target == nullptr) return base::fail(wasm::ErrorCode::CompilerFault, base::Error::kNoOffset, message);
  llvm::TargetOptions flags;
  flags.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  flags.MCOptions.ShowMCEncoding = false;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, is_x86 ? "x86-64" : "generic", code_features(options.cpu), flags, llvm::Reloc::PIC_,
      llvm::CodeModel::Small,
      options.optimization == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default));
  if (machine == nullptr) return base::fail(wasm::ErrorCode::CompilerFault);
  return machine;
}

void set_target(llvm::Module& module, const llvm::TargetMachine& target, const Options& options) {
  module.setTargetTriple(target.getTargetTriple().str());
  module.setDataLayout(target.createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  const std::string features = code_features(options.cpu);
  for (llvm::Function& function : module) {
    function.addFnAttr("target-cpu", target.getTargetCPU());
    function.addFnAttr("tune-cpu", "generic");
    function.addFnAttr("target-features", features);
  }
}

base::Result<void> generate_code(llvm::Module& module, llvm::TargetMachine& target, CodeForm form,
                                 llvm::SmallVectorImpl<char>& out) {
  llvm::raw_svector_ostream stream(out);
  llvm::legacy::PassManager passes;
  llvm::TargetLibraryInfoImpl library(target.getTargetTriple());
  library.disableAllFunctions();
  passes.add(new llvm::TargetLibraryInfoWrapperPass(library));
  if (!add_code_passes(passes, target, form, stream)) return base::fail(wasm::ErrorCode::CompilerFault);
  passes.run(module);
  return {};
}

}  // namespace wherry::compiler
