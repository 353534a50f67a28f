// Faults on purpose in the compiler: wrong lowerings and lost traps, to see how long the differential fuzzer takes to notice.
//
// Linked into a program of its own (wherryc_planted, which is wherryc otherwise): the linker sends calls of compiler::optimize
// here (--wrap), so that no line of the compiler knows about it. WHERRY_PLANT=N chooses; tests/fuzz/planted.py runs all.
// Each changes the code of one shape only, as a mistake in an emitter's row, in a pass or in LLVM would.
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include <cstdio>
#include <cstdlib>

#include "compiler/passes.h"
#include "compiler/pipeline.h"

namespace {

using wherry::compiler::Options;

}  // namespace

// The names that --wrap makes of the mangled ones; references and `this` are passed as pointers are.
extern "C" {
void __real__ZN6wherry8compiler8optimizeERN4llvm6ModuleERNS1_13TargetMachineERKNS0_7OptionsEb(
    llvm::Module* module, llvm::TargetMachine* target, const Options* options, bool has_memory64);
void __wrap__ZN6wherry8compiler8optimizeERN4llvm6ModuleERNS1_13TargetMachineERKNS0_7OptionsEb(
    llvm::Module* module, llvm::TargetMachine* target, const Options* options, bool has_memory64);
}

namespace wherry::fuzz {

namespace {

using llvm::Instruction;
using llvm::isa;

// What takes the place of an instruction; the instruction itself if it stays.
using Replace = llvm::Value* (*)(llvm::IRBuilder<>& builder, Instruction& instruction);

struct Plant {
  const char* what;
  Replace replace = nullptr;       // Before the passes.
  bool loads_lose_traps = false;   // Nothing pins loads.
  bool accesses_are_free = false;  // Nothing is volatile, whatever the trap precision.
};

bool is_op(const Instruction& instruction, unsigned opcode, unsigned bits) {
  return instruction.getOpcode() == opcode && instruction.getType()->isIntegerTy(bits);
}

constexpr Plant kPlants[] = {
    {.what = "i64.shr_u by a constant is signed",
     .replace = [](llvm::IRBuilder<>& builder, Instruction& instruction) -> llvm::Value* {
       if (!is_op(instruction, Instruction::LShr, 64) || !isa<llvm::ConstantInt>(instruction.getOperand(1)))
         return &instruction;
       return builder.CreateAShr(instruction.getOperand(0), instruction.getOperand(1));
     }},
    {.what = "i32.lt_s of a constant takes equal, too",
     .replace = [](llvm::IRBuilder<>& builder, Instruction& instruction) -> llvm::Value* {
       const auto* const compare = llvm::dyn_cast<llvm::ICmpInst>(&instruction);
       if (compare == nullptr || compare->getPredicate() != llvm::CmpInst::ICMP_SLT ||
           !compare->getOperand(0)->getType()->isIntegerTy(32) ||
           !isa<llvm::ConstantInt>(compare->getOperand(1)))
         return &instruction;
       return builder.CreateICmpSLE(compare->getOperand(0), compare->getOperand(1));
     }},
    {.what = "i64.load8_s is unsigned",
     .replace = [](llvm::IRBuilder<>& builder, Instruction& instruction) -> llvm::Value* {
       const auto* const load = llvm::dyn_cast<llvm::LoadInst>(instruction.getOperand(0));
       if (!is_op(instruction, Instruction::SExt, 64) || load == nullptr || !load->getType()->isIntegerTy(8))
         return &instruction;
       return builder.CreateZExt(instruction.getOperand(0), instruction.getType());
     }},
    {.what = "i64.rotl by what is no constant rotates right",
     .replace = [](llvm::IRBuilder<>& builder, Instruction& instruction) -> llvm::Value* {
       const auto* const call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
       if (call == nullptr || call->getIntrinsicID() != llvm::Intrinsic::fshl ||
           !call->getType()->isIntegerTy(64) || isa<llvm::ConstantInt>(call->getArgOperand(2)))
         return &instruction;
       return builder.CreateIntrinsic(
           llvm::Intrinsic::fshr, {call->getType()},
           {call->getArgOperand(0), call->getArgOperand(1), call->getArgOperand(2)});
     }},
    {.what = "loads that nobody needs lose their traps", .loads_lose_traps = true},
    {.what = "loads and stores are free to move with exact traps", .accesses_are_free = true},
};

const Plant* planted() {
  const char* const wish = std::getenv("WHERRY_PLANT");
  const size_t number = wish == nullptr ? std::size(kPlants) : std::strtoul(wish, nullptr, 10);
  return number < std::size(kPlants) ? &kPlants[number] : nullptr;
}

void apply(const Plant& plant, llvm::Function& function) {
  for (Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    if (plant.accesses_are_free) {
      if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) store->setVolatile(false);
      if (auto* const load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) load->setVolatile(false);
    }
    const auto* const call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (plant.loads_lose_traps && call != nullptr &&
        call->getIntrinsicID() == llvm::Intrinsic::var_annotation && !compiler::keeps_context(instruction)) {
      instruction.eraseFromParent();
      continue;
    }
    if (plant.replace == nullptr || instruction.getNumOperands() == 0) continue;
    llvm::IRBuilder<> builder(&instruction);
    llvm::Value* const value = plant.replace(builder, instruction);
    if (value == &instruction) continue;
    instruction.replaceAllUsesWith(value);
    instruction.eraseFromParent();
  }
}

}  // namespace

}  // namespace wherry::fuzz

void __wrap__ZN6wherry8compiler8optimizeERN4llvm6ModuleERNS1_13TargetMachineERKNS0_7OptionsEb(
    llvm::Module* module, llvm::TargetMachine* target, const Options* options, bool has_memory64) {
  if (const auto* const plant = wherry::fuzz::planted()) {
    static bool said = false;
    if (!said) std::fprintf(stderr, "planted: %s\n", plant->what);
    said = true;
    for (llvm::Function& function : *module) wherry::fuzz::apply(*plant, function);
  }
  __real__ZN6wherry8compiler8optimizeERN4llvm6ModuleERNS1_13TargetMachineERKNS0_7OptionsEb(
      module, target, options, has_memory64);
}
