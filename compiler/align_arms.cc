// The arms of a loop around a switch behind which the jump was copied (dispatch.cc): each begins a cache line.
//
// Where they lie decides more than what is in them. Begun at multiples of 16, as LLVM has them, the kernel vm took 15 ms, and 22 with one instruction
// more in each arm, if only to do nothing; begun at multiples of 64 it takes 15, and 16 with a look at the deadline in each.
//
// Metadata that aligns loops does not reach them: the copies leave no loop that LLVM would know again. So arms are told by their jumps, behind all
// passes over machine code. Only on x86-64: AArch64 has measured its branches by then.
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

constexpr uint64_t kLineBytes = 64;

bool ends_in_table_jump(const llvm::MachineBasicBlock& block) {
  const auto last = block.getLastNonDebugInstr();
  return last != block.end() && last->isIndirectBranch();
}

class AlignArms : public llvm::MachineFunctionPass {
 public:
  AlignArms() : MachineFunctionPass(ID) {}

  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    if (!function.getTarget().getTargetTriple().isX86()) return false;
    for (const llvm::MachineBasicBlock& block : function) {
      if (!ends_in_table_jump(block)) continue;
      for (llvm::MachineBasicBlock* const arm : block.successors()) {
        if (ends_in_table_jump(*arm)) arm->setAlignment(llvm::Align(kLineBytes));
      }
    }
    return true;
  }

  static char ID;
};

char AlignArms::ID = 0;

}  // namespace

llvm::MachineFunctionPass* make_align_arms() { return new AlignArms; }

}  // namespace wherry::compiler
