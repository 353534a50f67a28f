// From a part of a module to an object: emit, optimize, generate.
//
// Functions that the interpreter has to run are found in two ways: their emission meets something that is not compiled, or their
// frame turns out too large when the code is there. In the second case the unit is made once more without them.
#include "compiler/unit.h"

#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <set>

#include "compiler/function_emitter.h"
#include "compiler/pipeline.h"
#include "compiler/thunks.h"
#include "engine/validate/function_validator.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {
namespace {

using wasm::ErrorCode;

// Why code generation says a function is unfit.
struct Findings : llvm::DiagnosticHandler {
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (const auto* size = llvm::dyn_cast<llvm::DiagnosticInfoStackSize>(&info)) {
      large_frames.insert(size->getFunction().getName().str());
    } else if (info.getSeverity() == llvm::DS_Error) {
      llvm::raw_string_ostream stream(message);
      llvm::DiagnosticPrinterRawOStream printer(stream);
      info.print(printer);
    }
    return true;
  }

  std::set<std::string> large_frames;
  std::string message;
};

class Compilation {
 public:
  Compilation(const validate::TypedModule& module, const Options& options, const Unit& unit,
              const std::set<uint32_t>& left_out)
      : module_(module),
        options_(options),
        unit_(unit),
        left_out_(left_out),
        context_(module, options, unit) {
    auto findings = std::make_unique<Findings>();
    findings_ = findings.get();
    context_.llvm_context().setDiagnosticHandler(std::move(findings));
  }

  base::Result<void> emit() {
    validate::ValidatorBuffers<FunctionEmitter> buffers;
    for (const uint32_t defined : unit_.functions) WHERRY_TRY(emit_function(defined, buffers));
    if (options_.optimization != 0) {
      for (const uint32_t defined : unit_.imported) WHERRY_TRY(import_function(defined, buffers));
    }
    for (const Stub& stub : context_.stubs()) FunctionEmitter(context_, stub.function).emit_stub(stub);
    if (unit_.with_thunks) {
      make_thunks(context_, unit_.is_whole);
      context_.define_constant_tables();
    }
    context_.finish_debug_information();
    target_ = WHERRY_TRY(make_target(options_));
    set_target(context_.llvm_module(), *target_, options_);
#ifndef NDEBUG
    std::string message;
    llvm::raw_string_ostream stream(message);
    if (llvm::verifyModule(context_.llvm_module(), &stream))
      return base::fail(ErrorCode::CompilerFault, 0, message);
#endif
    return {};
  }

  void optimize() { compiler::optimize(context_.llvm_module(), *target_, options_, has_memory64()); }

  base::Result<void> generate(CodeForm form, llvm::SmallVectorImpl<char>& out) {
    WHERRY_TRY(generate_code(context_.llvm_module(), *target_, form, out));
    if (!findings_->message.empty()) {
      return base::fail(ErrorCode::CompilerFault, base::Error::kNoOffset, findings_->message.substr(0, 200));
    }
    return {};
  }

  std::string text() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    context_.llvm_module().print(stream, nullptr);
    return text;
  }

  const std::set<uint32_t>& left_out() const { return left_out_; }
  // Functions with too large a frame, found by generate(), that were not left out.
  std::vector<uint32_t> large_frames() const {
    std::vector<uint32_t> found;
    for (const std::string& name : findings_->large_frames) {
      if (name[0] == 'f') found.push_back(static_cast<uint32_t>(std::stoul(name.substr(1))));
    }
    return found;
  }

 private:
  bool has_memory64() const {
    return llvm::any_of(module_.module.memories,
                        [](const wasm::Memory& memory) { return memory.type.limits.is_64; });
  }

  base::Result<void> emit_function(uint32_t defined, validate::ValidatorBuffers<FunctionEmitter>& buffers) {
    llvm::Function* const function = context_.function(defined);
    if (!left_out_.contains(defined)) {
      if (WHERRY_TRY(emit_body(defined, buffers))) {
        function->addFnAttr("warn-stack-size", std::to_string(kMostFrameBytes));
        return {};
      }
      left_out_.insert(defined);
    }
    const wasm::FuncIndex func(module_.module.imported_funcs + defined);
    FunctionEmitter(context_, function).emit_left_out(defined, module_.func_type(func));
    return {};
  }

  // A copy of what another unit has. Where that is left to the interpreter, there is none.
  base::Result<void> import_function(uint32_t defined, validate::ValidatorBuffers<FunctionEmitter>& buffers) {
    llvm::Function* const function = context_.function(defined);
    if (function->use_empty()) return {};  // Its calls were in code that cannot be reached.
    if (WHERRY_TRY(emit_body(defined, buffers)))
      function->setLinkage(llvm::GlobalValue::AvailableExternallyLinkage);
    return {};
  }

  // Whether the function has its code now. Otherwise it was found unfit, and is a declaration as before.
  base::Result<bool> emit_body(uint32_t defined, validate::ValidatorBuffers<FunctionEmitter>& buffers) {
    llvm::Function* const function = context_.function(defined);
    const wasm::FuncIndex func(module_.module.imported_funcs + defined);
    FunctionEmitter emitter(context_, function);
    validate::FunctionValidator<FunctionEmitter> validator(module_, buffers, emitter);
    base::Result<void> done = validator.run(func, module_.module.body_bytes(func));
    if (!done && !emitter.is_left_out()) return base::Failure(std::move(done).error());
    if (done && !emitter.is_left_out()) return true;
    const llvm::GlobalValue::LinkageTypes linkage = function->getLinkage();
    function->deleteBody();
    function->setLinkage(linkage);
    function->setSubprogram(nullptr);
    return false;
  }

  // The margin below the stack's limit has room for one of these (docs/abi.md).
  static constexpr uint32_t kMostFrameBytes = 16 << 10;

  const validate::TypedModule& module_;
  const Options& options_;
  const Unit& unit_;
  std::set<uint32_t> left_out_;
  UnitContext context_;
  Findings* findings_ = nullptr;
  std::unique_ptr<llvm::TargetMachine> target_;
};

}  // namespace

base::Result<UnitObject> compile_unit(const validate::TypedModule& module, const Options& options,
                                      const Unit& unit) {
  std::set<uint32_t> left_out(unit.left_out.begin(), unit.left_out.end());
  for (;;) {
    Compilation compilation(module, options, unit, left_out);
    WHERRY_TRY(compilation.emit());
    compilation.optimize();
    llvm::SmallVector<char, 0> code;
    WHERRY_TRY(compilation.generate(CodeForm::Object, code));
    left_out = compilation.left_out();
    const size_t known = left_out.size();
    for (const uint32_t defined : compilation.large_frames()) left_out.insert(defined);
    if (left_out.size() != known) continue;
    return UnitObject{{code.begin(), code.end()}, {left_out.begin(), left_out.end()}};
  }
}

base::Result<std::string> compile_unit_to_text(const validate::TypedModule& module, const Options& options,
                                               const Unit& unit, TextKind kind) {
  Compilation compilation(module, options, unit, {unit.left_out.begin(), unit.left_out.end()});
  WHERRY_TRY(compilation.emit());
  if (kind == TextKind::EmittedIr) return compilation.text();
  compilation.optimize();
  if (kind == TextKind::OptimizedIr) return compilation.text();
  llvm::SmallVector<char, 0> code;
  WHERRY_TRY(compilation.generate(CodeForm::Assembly, code));
  return std::string(code.begin(), code.end());
}

}  // namespace wherry::compiler
