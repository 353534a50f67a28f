// Tests of the deadline, put into finished code.
//
// Emitted with the rest they would keep every loop from being vectorized (1.5 times the time, measured). A loop
// that LLVM has unrolled or vectorized looks less often; each of its rounds still ends.
//
// A test compares the frame's address with StoreState::native_look, which is the stack's limit until somebody wants the code to look: so
// it takes the place of the test of the stack in front of calls, and costs nothing there. Functions that call nobody have none, but for
// those that are long. Loops that are sure to end soon are tested where they are entered, if at all; so are loops around them that would end
// soon without them, for of their rounds those that take long pass a test.
//
// Code around a test is as good as without one: to code generation it is one instruction, which gives up no register and ends no block
// (make_test). With an ordinary call nbody took 1.8 times as long. With a branch to a call that keeps all registers but one,
// fib took 1.10 times as long and sha256 1.06, for blocks in another order and loops whose registers were given out anew.
//
// Small loops are repeated before the tests come, so that they look every fourth round, unless their number of rounds would have to
// be divided for that.
//
// Every cycle of the control flow has a test or a bound: after the headers of natural loops, whatever edge still goes back in a walk of the
// blocks without a test gets one at its target.
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

#include <optional>

#include "compiler/passes.h"
#include "engine/abi/native.h"

namespace wherry::compiler {
namespace {

// Instructions of functions that do not look, with those of loops as often as these turn: a function of 500,000 calls of such
// ones ends within the second. The same of loops that do not look where they are entered: 50,000 of them in a row do.
constexpr uint64_t kShort = 2048;
constexpr uint64_t kCheapLoop = 16384;

// The same of loops that look where they are entered, but not in each round: they take a millisecond or two.
constexpr uint64_t kShortLoop = 1 << 22;

// Loops of so many instructions look only every kRepeat rounds.
constexpr uint64_t kSmallLoop = 40;
constexpr uint32_t kRepeat = 4;

// --- What a failed test calls ---

void add_lines(std::string& text, const char* line, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    for (const char* at = line; *at != 0; ++at) {
      if (*at == '#')
        text += std::to_string(i);
      else if (*at == '@')
        text += std::to_string(i * 32);
      else
        text += *at;
    }
  }
}

// The context of the innermost entry, from the entry.
constexpr uint64_t kEntered = offsetof(abi::NativeEntry, crossing) + offsetof(abi::Crossing, context);

// The store is on the stack, and behind the call stands how far away the place is to go on at.
std::string x86_text(bool has_avx) {
  const char* const registers[] = {"rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"};
  std::string text = "pushq %rbp\nmovq %rsp, %rbp\n";
  for (const char* const name : registers) text += std::string("pushq %") + name + "\n";
  text += "movq 8(%rbp), %rax\nmovslq (%rax), %rcx\naddq %rcx, %rax\nmovq %rax, 8(%rbp)\n";
  text += "subq $$512, %rsp\nandq $$-32, %rsp\n";
  add_lines(text, has_avx ? "vmovdqa %ymm#, @(%rsp)\n" : "movdqa %xmm#, @(%rsp)\n", 16);
  text += "movq 16(%rbp), %rax\nmovq " + std::to_string(offsetof(abi::StoreState, native_entry)) +
          "(%rax), %rax\nmovq " + std::to_string(kEntered) + "(%rax), %rdi\nmovq " +
          std::to_string(offsetof(abi::Context, native)) + "(%rdi), %rax\ncallq *" +
          std::to_string(offsetof(abi::NativeBuiltins, look)) + "(%rax)\n";
  add_lines(text, has_avx ? "vmovdqa @(%rsp), %ymm#\n" : "movdqa @(%rsp), %xmm#\n", 16);
  text += "leaq -72(%rbp), %rsp\n";
  for (size_t i = std::size(registers); i-- > 0;) text += std::string("popq %") + registers[i] + "\n";
  return text + "popq %rbp\nretq $$136";
}

// The store is in x16, which is given up, as x17.
std::string aarch64_text() {
  std::string text = "stp x29, x30, [sp, #-16]!\nmov x29, sp\nsub sp, sp, #656\n";
  const auto move = [&](const char* one, const char* two) {
    for (uint32_t i = 0; i < 16; i += 2) {
      text += std::string(two) + " x" + std::to_string(i) + ", x" + std::to_string(i + 1) + ", [sp, #" +
              std::to_string(i * 8) + "]\n";
    }
    text += std::string(one) + " x18, [sp, #128]\n";
    for (uint32_t i = 0; i < 32; i += 2) {
      text += std::string(two) + " q" + std::to_string(i) + ", q" + std::to_string(i + 1) + ", [sp, #" +
              std::to_string(144 + i * 16) + "]\n";
    }
  };
  move("str", "stp");
  text += "ldr x16, [x16, #" + std::to_string(offsetof(abi::StoreState, native_entry)) +
          "]\nldr x0, [x16, #" + std::to_string(kEntered) + "]\nldr x16, [x0, #" +
          std::to_string(offsetof(abi::Context, native)) + "]\nldr x16, [x16, #" +
          std::to_string(offsetof(abi::NativeBuiltins, look)) + "]\nblr x16\n";
  move("ldr", "ldp");
  return text + "add sp, sp, #656\nldp x29, x30, [sp], #16\nret";
}

bool is_x86(const llvm::Module& module) {
  return llvm::StringRef(module.getTargetTriple()).starts_with("x86_64");
}

llvm::Function* make_look(llvm::Module& module) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* const nothing = llvm::Type::getVoidTy(context);
  llvm::Function* const function = llvm::Function::Create(llvm::FunctionType::get(nothing, false),
                                                          llvm::GlobalValue::InternalLinkage, "look", module);
  for (const llvm::Attribute::AttrKind kind :
       {llvm::Attribute::Naked, llvm::Attribute::NoInline, llvm::Attribute::Cold, llvm::Attribute::NoUnwind,
        llvm::Attribute::OptimizeNone}) {
    function->addFnAttr(kind);
  }
  bool has_avx = false;
  for (const llvm::Function& other : module) {
    const llvm::Attribute features = other.getFnAttribute("target-features");
    if (!features.isValid()) continue;
    function->addFnAttr(features);
    function->addFnAttr(other.getFnAttribute("target-cpu"));
    has_avx = features.getValueAsString().contains("+avx");
    break;
  }
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", function));
  builder.CreateCall(llvm::InlineAsm::get(llvm::FunctionType::get(nothing, false),
                                          is_x86(module) ? x86_text(has_avx) : aarch64_text(), "", true));
  builder.CreateUnreachable();
  return function;
}

// A test, of the store and `look`. To LLVM all of it is one instruction that gives up no register and ends no block.
//
// On x86-64 what calls `look` is behind all functions, and leaves the red zone alone. Conditional branches of AArch64 do not reach as far
// as functions can be long: there the call is in place, jumped over.
llvm::InlineAsm* make_test(llvm::FunctionType* type, bool is_x86) {
  const std::string word = std::to_string(offsetof(abi::StoreState, native_look));
  if (!is_x86) {
    return llvm::InlineAsm::get(type,
                                "ldr x16, [$0, #" + word + "]\ncmp x29, x16\nb.hs 1f\nmov x16, $0\nbl $1\n1:",
                                "r,i,~{memory},~{x16},~{x17},~{lr},~{cc}", true);
  }
  return llvm::InlineAsm::get(type,
                              "cmpq " + word +
                                  "($0), %rbp\njb 2f\n1:\n.subsection 1\n2: leaq -128(%rsp), %rsp\n"
                                  "pushq $0\ncallq ${1:P}\n.long 1b - .\n.previous",
                              "r,i,~{memory},~{dirflag},~{fpsr},~{flags}", true);
}

// --- Where tests stand ---

bool has_call(const llvm::BasicBlock& block) {
  return llvm::any_of(block, [](const llvm::Instruction& instruction) {
    return llvm::isa<llvm::CallBase>(instruction) && !llvm::isa<llvm::IntrinsicInst>(instruction);
  });
}

// How many instructions all turns of a loop have whose rounds have `round` of them; nothing: more than it may without looking.
std::optional<uint64_t> short_cost(const llvm::Loop* loop, uint64_t round, llvm::ScalarEvolution& evolution) {
  const uint64_t turns = evolution.getSmallConstantMaxTripCount(loop);
  if (turns == 0 || turns > kShortLoop || round * turns > kShortLoop) return std::nullopt;
  return round * turns;
}

class Checker {
 public:
  Checker(llvm::Function& function, llvm::FunctionAnalysisManager& analyses)
      : function_(function),
        loops_(analyses.getResult<llvm::LoopAnalysis>(function)),
        evolution_(analyses.getResult<llvm::ScalarEvolutionAnalysis>(function)) {
    // Tests where loops are entered need places that are not in them.
    llvm::DominatorTree& tree = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
    for (llvm::Loop* const loop : loops_.getLoopsInPreorder()) {
      if (loop->getLoopPreheader() == nullptr)
        llvm::InsertPreheaderForLoop(loop, &tree, &loops_, nullptr, false);
    }
  }

  void choose() {
    const Costs costs = visit_all(loops_.getTopLevelLoops());
    if (costs.all > kShortLoop) test_entries(costs.others);
    cut_cycles();
    replace_stack_checks();
    is_entry_checked_ = function_.getInstructionCount() + costs.all > kShort;
  }

  void insert(llvm::Function* look) {
    llvm::SmallVector<llvm::Instruction*, 16> loops;
    llvm::SmallVector<llvm::Instruction*, 16> places;
    for (llvm::BasicBlock& block : function_) {
      if (!checked_.contains(&block)) continue;
      const llvm::Loop* const loop = loops_.getLoopFor(&block);
      const bool calls = loop == nullptr || llvm::any_of(loop->blocks(), [](const llvm::BasicBlock* inside) {
                           return has_call(*inside);
                         });
      (calls ? places : loops).push_back(&*block.getFirstInsertionPt());
    }
    places.append(stack_checks_);
    if (is_entry_checked_) places.push_back(&*function_.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    for (llvm::Instruction* const place : loops) add(place, true, look);
    for (llvm::Instruction* const place : places) add(place, false, look);
  }

  bool is_empty() const { return checked_.empty() && stack_checks_.empty() && !is_entry_checked_; }

 private:
  // What loops side by side take at most between two tests, in instructions.
  struct Costs {
    uint64_t all = 0;
    uint64_t cheap = 0;  // Of those that need no test where they are entered.
    llvm::SmallVector<const llvm::Loop*, 4> others;
  };

  Costs visit_all(llvm::ArrayRef<llvm::Loop*> loops) {
    Costs costs;
    for (const llvm::Loop* const loop : loops) {
      const uint64_t cost = visit(loop);
      costs.all += cost;
      if (cost <= kCheapLoop)
        costs.cheap += cost;
      else
        costs.others.push_back(loop);
    }
    return costs;
  }

  // The same of one. It has no test, if it ends soon with all that is in it; or those in it have that are not cheap, if it would end soon
  // without them; or each round has one.
  uint64_t visit(const llvm::Loop* loop) {
    uint64_t own = 0;
    bool calls = false;
    for (llvm::BasicBlock* const block : loop->blocks()) {
      if (loops_.getLoopFor(block) != loop) continue;
      own += std::distance(block->getFirstNonPHIIt(), block->end());
      calls = calls || has_call(*block);
    }
    const Costs inner = visit_all(loop->getSubLoops());
    if (!calls) {
      if (const auto whole = short_cost(loop, own + inner.all, evolution_)) return bound(loop, *whole);
    }
    test_entries(inner.others);
    if (!calls) {
      if (const auto apart = short_cost(loop, own + inner.cheap, evolution_)) return bound(loop, *apart);
    }
    checked_.insert(loop->getHeader());
    return 0;
  }

  uint64_t bound(const llvm::Loop* loop, uint64_t cost) {
    bounded_.insert(loop->getHeader());
    return cost;
  }

  void test_entries(llvm::ArrayRef<const llvm::Loop*> loops) {
    for (const llvm::Loop* const loop : loops) {
      const llvm::BasicBlock* const before = loop->getLoopPreheader();
      checked_.insert(before != nullptr ? before : loop->getHeader());
    }
  }

  void cut_cycles() {
    enum : uint8_t { New, Open, Done };
    llvm::DenseMap<const llvm::BasicBlock*, uint8_t> states;
    const auto is_cut = [&](const llvm::BasicBlock* from, const llvm::BasicBlock* to) {
      if (checked_.contains(to)) return true;
      return bounded_.contains(to) && loops_.getLoopFor(to)->contains(from);
    };
    llvm::SmallVector<std::pair<llvm::BasicBlock*, llvm::succ_iterator>, 32> path;
    const auto open = [&](llvm::BasicBlock* block) {
      states[block] = Open;
      path.push_back({block, succ_begin(block)});
    };
    for (llvm::BasicBlock& first : function_) {
      if (states.lookup(&first) != New || checked_.contains(&first)) continue;
      open(&first);
      while (!path.empty()) {
        auto& [block, next] = path.back();  // Not used behind open(), which may move it.
        if (next == succ_end(block)) {
          states[block] = Done;
          path.pop_back();
          continue;
        }
        llvm::BasicBlock* const target = *next++;
        if (is_cut(block, target)) continue;
        const uint8_t state = states.lookup(target);
        if (state == Open) checked_.insert(target);
        if (state == New) open(target);
      }
    }
  }

  // Whether there is a test before anything is called.
  bool leads_to_check(const llvm::BasicBlock* block) const {
    for (; block != nullptr && !has_call(*block); block = block->getSingleSuccessor()) {
      if (checked_.contains(block)) return true;
    }
    return block != nullptr && checked_.contains(block);
  }

  // A test in their places does what they did.
  void replace_stack_checks() {
    const std::string name = trap_name(wasm::TrapCode::CallStackExhausted);
    llvm::SmallVector<llvm::BasicBlock*, 4> traps;
    for (llvm::Instruction& instruction : llvm::instructions(function_)) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      if (call == nullptr || call->getCalledFunction() == nullptr) continue;
      if (call->getCalledFunction()->getName() == name) traps.push_back(instruction.getParent());
    }
    for (llvm::BasicBlock* const trap : traps) {
      llvm::SmallVector<llvm::BasicBlock*, 4> sources(predecessors(trap));
      for (llvm::BasicBlock* const source : sources) {
        auto* const branch = llvm::dyn_cast<llvm::BranchInst>(source->getTerminator());
        if (branch == nullptr || !branch->isConditional()) continue;
        llvm::Value* const condition = branch->getCondition();
        llvm::BasicBlock* const other = branch->getSuccessor(branch->getSuccessor(0) == trap ? 1 : 0);
        if (other == trap) continue;
        trap->removePredecessor(source);
        llvm::BranchInst* const on = llvm::BranchInst::Create(other, branch->getIterator());
        on->setDebugLoc(branch->getDebugLoc());
        branch->eraseFromParent();
        if (!leads_to_check(other)) stack_checks_.push_back(on);
        llvm::RecursivelyDeleteTriviallyDeadInstructions(condition);
      }
      if (pred_empty(trap)) llvm::DeleteDeadBlock(trap);
    }
  }

  void add(llvm::Instruction* before, bool loop_holds_it, llvm::Function* look) {
    llvm::LLVMContext& llvm_context = function_.getContext();
    llvm::IRBuilder<> builder(before);
    llvm::Type* const ptr = builder.getPtrTy();
    llvm::Value* const context = function_.getArg(0);
    const auto field = [&](llvm::Value* base, uint64_t offset) {
      return builder.CreateConstGEP1_64(builder.getInt8Ty(), base, offset);
    };
    llvm::LoadInst* const store =
        builder.CreateAlignedLoad(ptr, field(context, offsetof(abi::Context, store)), llvm::Align(8));
    // In loops without calls a register holds it. Elsewhere one that calls preserve would be needed, and costs more than the load.
    if (loop_holds_it) {
      store->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(llvm_context, {}));
    } else {
      store->setVolatile(true);
    }
    llvm::FunctionType* const type = llvm::FunctionType::get(builder.getVoidTy(), {ptr, ptr}, false);
    llvm::CallInst* const test =
        builder.CreateCall(type, make_test(type, is_x86(*function_.getParent())), {store, look});
    test->addFnAttr(llvm::Attribute::NoMerge);
  }

  llvm::Function& function_;
  llvm::LoopInfo& loops_;
  llvm::ScalarEvolution& evolution_;
  llvm::DenseSet<const llvm::BasicBlock*> checked_;
  llvm::DenseSet<const llvm::BasicBlock*> bounded_;
  llvm::SmallVector<llvm::Instruction*, 4> stack_checks_;  // Where they were.
  bool is_entry_checked_ = false;
};

}  // namespace

bool keeps_context(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  if (call == nullptr || call->getIntrinsicID() != llvm::Intrinsic::var_annotation) return false;
  const auto* context = llvm::dyn_cast<llvm::Argument>(call->getArgOperand(0));
  return context != nullptr && context->hasSwiftSelfAttr();
}

namespace {

// Whether a test would be a large part of a loop that gets one. Traps lie outside.
bool is_small(const llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  uint64_t size = 0;
  for (const llvm::BasicBlock* const block : loop.blocks()) {
    size += block->size();
    if (size > kSmallLoop || has_call(*block)) return false;
  }
  return loop.isInnermost() && !short_cost(&loop, size, evolution);
}

// Whether repeating the loop means to divide its number of rounds before it.
bool is_divided(const llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  const llvm::SCEV* const turns = evolution.getBackedgeTakenCount(&loop);
  return !llvm::isa<llvm::SCEVCouldNotCompute>(turns) &&
         llvm::SCEVExprContains(turns, [](const llvm::SCEV* part) {
           const auto* const division = llvm::dyn_cast<llvm::SCEVUDivExpr>(part);
           return division != nullptr && !llvm::isa<llvm::SCEVConstant>(division->getRHS());
         });
}

}  // namespace

llvm::PreservedAnalyses RepeatSmallLoops::run(llvm::Function& function,
                                              llvm::FunctionAnalysisManager& analyses) {
  llvm::ScalarEvolution& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  for (llvm::Loop* const loop : analyses.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    if (!is_small(*loop, evolution) || is_divided(*loop, evolution) ||
        llvm::getBooleanLoopAttribute(loop, "llvm.loop.isvectorized"))
      continue;
    llvm::LLVMContext& context = function.getContext();
    llvm::Metadata* const count[] = {
        llvm::MDString::get(context, "llvm.loop.unroll.count"),
        llvm::ConstantAsMetadata::get(llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), kRepeat))};
    llvm::MDNode* const old = loop->getLoopID();
    loop->setLoopID(llvm::makePostTransformationMetadata(context, old, {"llvm.loop.unroll."},
                                                         {llvm::MDNode::get(context, count)}));
  }
  return llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses DeadlineChecks::run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses) {
  llvm::FunctionAnalysisManager& functions =
      analyses.getResult<llvm::FunctionAnalysisManagerModuleProxy>(module).getManager();
  llvm::Function* look = nullptr;
  for (llvm::Function& function : module) {
    if (function.getSubprogram() == nullptr || function.isDeclaration()) continue;  // A thunk.
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      if (keeps_context(instruction)) instruction.eraseFromParent();
    }
    Checker checker(function, functions);
    checker.choose();
    if (checker.is_empty()) continue;
    if (look == nullptr) look = make_look(module);
    checker.insert(look);
  }
  return llvm::PreservedAnalyses::none();
}

}  // namespace wherry::compiler
