// Every vector instruction as compiled code computes it, beside the interpreter's meaning of it: a function of LLVM IR for
// each, optimized and run here, on values at the edges, as variables and as constants that LLVM folds. For every level of
// x86-64 that this machine has; for AArch64 the code is made, and run elsewhere (tests/matrix under qemu).
#include "compiler/simd.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include "engine/interpret/simd_operations.h"

namespace {

using wherry::compiler::Architecture;
using wherry::interpret::V128;
using wherry::wasm::Instruction;
using wherry::wasm::Op;

constexpr uint32_t kOps = wherry::wasm::kOpCount;

// --- What the interpreter says ---

enum class NanKind : uint8_t { None, F32x4, F64x2 };

struct Input {
  V128 at[3];
};
using Reference = V128 (*)(const Input&, const Instruction&);

template <class T>
T scalar(const V128& operand) {
  T value;
  std::memcpy(&value, &operand, sizeof value);
  return value;
}
template <class T>
V128 widened(T value) {
  V128 result{};
  std::memcpy(&result, &value, sizeof value);
  return result;
}
template <class T>
T lane_at(const V128& vector, uint32_t lane) {
  T value;
  std::memcpy(&value, reinterpret_cast<const uint8_t*>(&vector) + lane * sizeof value, sizeof value);
  return value;
}

struct Meanings {
  Reference of[kOps] = {};
  NanKind nan[kOps] = {};
};

Meanings meanings() {
  using namespace wherry::interpret;
  Meanings m;
  const auto set = [&m](Op op, Reference reference) { m.of[static_cast<uint32_t>(op)] = reference; };
#define BINARY(name, T, result)                                   \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 { \
    return VectorOperation<Op::name>::value(in.at[0], in.at[1]);  \
  });
#define UNARY(name, T, result)                                    \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 { \
    return VectorOperation<Op::name>::value(in.at[0]);            \
  });
#define TERNARY(name, T, result)                                           \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 {          \
    return VectorOperation<Op::name>::value(in.at[0], in.at[1], in.at[2]); \
  });
#define SHIFT(name, T, result)                                                     \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 {                  \
    return VectorOperation<Op::name>::value(in.at[0], scalar<uint32_t>(in.at[1])); \
  });
#define TEST(name, T, result)                                             \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 {         \
    return widened(uint32_t{VectorOperation<Op::name>::value(in.at[0])}); \
  });
#define SPLAT(name, In, T)                                         \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 {  \
    return VectorOperation<Op::name>::value(scalar<In>(in.at[0])); \
  });
#define EXTRACT(name, T, Out)                                                               \
  set(Op::name, [](const Input& in, const Instruction& i) -> V128 {                         \
    return widened(VectorOperation<Op::name>::value(lane_at<LaneOf<T>>(in.at[0], i.lane))); \
  });
#define REPLACE(name, T, In)                                                                \
  set(Op::name, [](const Input& in, const Instruction& i) -> V128 {                         \
    return replace_lane<T>(in.at[0], static_cast<LaneOf<T>>(scalar<In>(in.at[1])), i.lane); \
  });
#define LOAD(name, Memory, result)                                     \
  set(Op::name, [](const Input& in, const Instruction&) -> V128 {      \
    return VectorOperation<Op::name>::value(scalar<Memory>(in.at[0])); \
  });
#define LOAD_LANE(name, T)                                                 \
  set(Op::name, [](const Input& in, const Instruction& i) -> V128 {        \
    return replace_lane<T>(in.at[1], scalar<LaneOf<T>>(in.at[0]), i.lane); \
  });
#define STORE_LANE(name, T)                                         \
  set(Op::name, [](const Input& in, const Instruction& i) -> V128 { \
    return widened(lane_at<LaneOf<T>>(in.at[0], i.lane));           \
  });
#include "engine/interpret/simd_operations.inc"
#define NAN_SOURCE(name, kind) m.nan[static_cast<uint32_t>(Op::name)] = kNan##kind;
  constexpr NanKind kNanF32 = NanKind::None;
  constexpr NanKind kNanF64 = NanKind::None;
  constexpr NanKind kNanF32x4 = NanKind::F32x4;
  constexpr NanKind kNanF64x2 = NanKind::F64x2;
#include "engine/wasm/nan_sources.inc"
#undef NAN_SOURCE
  set(Op::V128Store, [](const Input& in, const Instruction&) { return in.at[0]; });
  set(Op::V128Const, [](const Input&, const Instruction& i) {
    V128 value;
    std::memcpy(&value, i.vector, sizeof value);
    return value;
  });
  set(Op::I8x16Shuffle, [](const Input& in, const Instruction& i) {
    V128 lanes;
    std::memcpy(&lanes, i.vector, sizeof lanes);
    return static_cast<V128>(wherry::interpret::shuffle(in.at[0], in.at[1], lanes));
  });
  return m;
}

template <class Bits>
bool same_numbers(const V128& a, const V128& b, Bits exponent, Bits quiet) {
  for (uint32_t i = 0; i < 16 / sizeof(Bits); ++i) {
    const auto x = lane_at<Bits>(a, i);
    const auto y = lane_at<Bits>(b, i);
    const Bits number = static_cast<Bits>(~Bits{0}) >> 1;
    const bool both_nan = (x & number) > exponent && (y & number) > exponent;
    if (both_nan ? (y & quiet) == 0 : x != y) return false;
  }
  return true;
}

bool is_same(const V128& expected, const V128& got, NanKind nan) {
  if (nan == NanKind::F32x4) return same_numbers<uint32_t>(expected, got, 0x7f80'0000, 0x40'0000);
  if (nan == NanKind::F64x2)
    return same_numbers<uint64_t>(expected, got, uint64_t{0x7ff} << 52, uint64_t{1} << 51);
  return std::memcmp(&expected, &got, sizeof got) == 0;
}

// --- Values ---

template <class Bits>
void add_lanes(std::vector<V128>& all, std::initializer_list<Bits> edges) {
  const std::vector<Bits> list(edges);
  const size_t lanes = 16 / sizeof(Bits);
  for (size_t from = 0; from < list.size(); from += lanes) {
    V128 vector;
    for (size_t i = 0; i < lanes; ++i) {
      const Bits value = list[(from + i) % list.size()];
      std::memcpy(reinterpret_cast<uint8_t*>(&vector) + i * sizeof value, &value, sizeof value);
    }
    all.push_back(vector);
  }
}

std::vector<V128> edge_values() {
  std::vector<V128> all;
  add_lanes<uint8_t>(all, {0, 1, 2, 7, 8, 15, 16, 31, 0x40, 0x7e, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff});
  add_lanes<uint8_t>(all, {0xff});
  add_lanes<uint8_t>(all, {0x80});
  add_lanes<uint8_t>(all, {0});
  add_lanes<uint16_t>(all, {0x8000});
  add_lanes<uint16_t>(all, {0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xff80, 0xfeff, 0xffff, 3,
                            17, 0x4000, 0xc000});
  add_lanes<uint32_t>(all, {0, 1, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0x80000001,
                            0xffff8000, 0xffff7fff, 0xffffffff, 31, 32, 33, 0x12345678});
  add_lanes<uint64_t>(all, {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
                            0x8000000000000000, 0xffffffffffffffff, 63, 64, 65});
  // Floats: zeros, small, ones, halves, limits of integers, infinities, NaNs: canonical, quiet, signalling.
  add_lanes<uint32_t>(all,
                      {0,          0x80000000, 1,          0x80000001, 0x3f800000, 0xbf800000, 0x3f000000,
                       0xbf000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x4effffff, 0x4f000000, 0xcf000000,
                       0xcf000001, 0x4f7fffff, 0x4f800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
                       0xffc00000, 0x7f800001, 0xffa00000, 0x4b000001, 0x3effffff, 0x7fc01234, 0xbf800000});
  add_lanes<uint32_t>(all, {0x3f800000});
  add_lanes<uint32_t>(all, {0xbf800000});
  add_lanes<uint32_t>(all, {0x7f800001, 0x3f800000, 0xffa00000, 0});
  add_lanes<uint64_t>(all, {0,
                            0x8000000000000000,
                            1,
                            0x3ff0000000000000,
                            0xbff0000000000000,
                            0x3fe0000000000000,
                            0x4004000000000000,
                            0x41dfffffffc00000,
                            0x41dfffffffe00000,
                            0x41e0000000000000,
                            0xc1e0000000000000,
                            0xc1e0000000200000,
                            0xc1e00000001fffff,
                            0x41efffffffe00000,
                            0x41f0000000000000,
                            0x7ff0000000000000,
                            0xfff0000000000000,
                            0x7ff8000000000000,
                            0x7ff0000000000001,
                            0xfff4000000000000,
                            0x4330000000000001,
                            0x47efffffefffffff,
                            0x36a0000000000000,
                            0x7fefffffffffffff});
  add_lanes<uint64_t>(all, {0x3ff0000000000000});
  add_lanes<uint64_t>(all, {0xbff0000000000000});
  add_lanes<uint64_t>(all, {0x8000000000000000});
  add_lanes<uint64_t>(all, {0x7ff0000000000001, 0xfff4000000000000});
  uint64_t seed = 1;
  for (int i = 0; i < 24; ++i) {
    uint64_t words[2];
    for (uint64_t& word : words) word = seed = seed * 6364136223846793005 + 1442695040888963407;
    V128 vector;
    std::memcpy(&vector, words, sizeof vector);
    all.push_back(vector);
  }
  return all;
}

// --- Functions: void (const Input*, V128* result) ---

struct Case {
  Instruction instruction;
  std::vector<Input> constants;  // Operands of functions of their own, which LLVM may fold.
  size_t all_constant =
      0;  // So many of them are constant altogether; of the others, the second operand only.
};

std::string name_of(const Case& it, int constant) {
  return "f" + std::to_string(static_cast<uint32_t>(it.instruction.op)) + "_" +
         std::to_string(it.instruction.lane) + "_" + std::to_string(constant);
}

llvm::Type* type_of(llvm::IRBuilder<>& b, char letter) {
  switch (letter) {
    case 'I': return b.getInt32Ty();
    case 'L': return b.getInt64Ty();
    case 'F': return b.getFloatTy();
    case 'D': return b.getDoubleTy();
    default: return llvm::FixedVectorType::get(b.getInt64Ty(), 2);
  }
}

llvm::Value* operand_of(llvm::IRBuilder<>& b, llvm::Type* type, llvm::Value* in, uint32_t index,
                        const Input* constant) {
  if (constant == nullptr)
    return b.CreateAlignedLoad(type, b.CreateConstGEP1_32(b.getInt8Ty(), in, index * 16), llvm::Align(1));
  uint64_t words[2];
  std::memcpy(words, &constant->at[index], sizeof words);
  llvm::Constant* const all = llvm::ConstantInt::get(b.getContext(), llvm::APInt(128, words));
  const auto bits = static_cast<unsigned>(type->getPrimitiveSizeInBits().getFixedValue());
  return b.CreateBitCast(b.CreateTrunc(all, b.getIntNTy(bits)), type);
}

void make_function(llvm::Module& module, Architecture target, const Case& it, int constant_index) {
  const std::string name = name_of(it, constant_index);
  const Input* const second =
      constant_index < 0 ? nullptr : &it.constants[static_cast<size_t>(constant_index)];
  const Input* const constant = static_cast<size_t>(constant_index) < it.all_constant ? second : nullptr;
  llvm::IRBuilder<> b(module.getContext());
  auto* const type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getPtrTy()}, false);
  auto* const function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
  b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));
  const Op op = it.instruction.op;
  llvm::Value* const in = function->getArg(0);
  llvm::Value* result = nullptr;
  if (wherry::compiler::is_vector_load(op)) {
    llvm::Value* const loaded = operand_of(b, wherry::compiler::vector_access_type(b, op), in, 0, constant);
    result = wherry::compiler::vector_from_memory(b, it.instruction, loaded,
                                                  operand_of(b, type_of(b, 'V'), in, 1, constant));
  } else if (wherry::compiler::is_vector_store(op)) {
    result = wherry::compiler::vector_to_memory(b, it.instruction,
                                                operand_of(b, type_of(b, 'V'), in, 0, constant));
  } else {
    const wherry::wasm::Signature& signature = wherry::wasm::info(op).signature;
    std::vector<llvm::Value*> operands;
    for (uint32_t i = 0; i < signature.param_count; ++i)
      operands.push_back(operand_of(b, type_of(b, signature.params[i]), in, i, i == 1 ? second : constant));
    result = wherry::compiler::emit_vector_op(b, target, it.instruction, operands);
  }
  b.CreateAlignedStore(result, function->getArg(1), llvm::Align(1));
  b.CreateRetVoid();
}

uint32_t lanes_of(Op op) {
  switch (wherry::wasm::info(op).immediate) {
    case wherry::wasm::Immediate::Lane16:
    case wherry::wasm::Immediate::LaneArg1: return 16;
    case wherry::wasm::Immediate::Lane8:
    case wherry::wasm::Immediate::LaneArg2: return 8;
    case wherry::wasm::Immediate::Lane4:
    case wherry::wasm::Immediate::LaneArg4: return 4;
    case wherry::wasm::Immediate::Lane2:
    case wherry::wasm::Immediate::LaneArg8: return 2;
    case wherry::wasm::Immediate::Shuffle: return 6;
    default: return 1;
  }
}

bool is_tested(Op op) {
  return wherry::compiler::is_vector_op(op) || wherry::compiler::is_vector_load(op) ||
         wherry::compiler::is_vector_store(op);
}

// Operands that leave a float as it is, which LLVM knows: signalling NaNs must become quiet all the same.
std::vector<uint64_t> identities(Op op) {
  const wherry::wasm::OpInfo& row = wherry::wasm::info(op);
  if (row.signature.param_count < 2 || (!row.text.starts_with("f32x4") && !row.text.starts_with("f64x2")))
    return {};
  const bool is_32 = row.text.starts_with("f32x4");
  const uint64_t one = is_32 ? 0x3f80'0000'3f80'0000 : 0x3ff0'0000'0000'0000;
  const uint64_t sign = is_32 ? 0x8000'0000'8000'0000 : 0x8000'0000'0000'0000;
  return {0, sign, one, one | sign};
}

V128 splat(uint64_t bits) {
  const uint64_t lanes[2] = {bits, bits};
  V128 vector;
  std::memcpy(&vector, lanes, sizeof vector);
  return vector;
}

// Every instruction, with every lane; shuffles with a few masks, of which "lane" is the number.
std::vector<Case> all_cases(const std::vector<V128>& values) {
  std::vector<Case> cases;
  for (uint32_t i = 0; i < kOps; ++i) {
    const auto op = static_cast<Op>(i);
    if (!is_tested(op)) continue;
    for (uint32_t lane = 0; lane < lanes_of(op); ++lane) {
      Case it;
      it.instruction.op = op;
      it.instruction.lane = static_cast<uint8_t>(lane);
      for (uint32_t byte = 0; byte < 16; ++byte)
        it.instruction.vector[byte] = static_cast<uint8_t>((byte * (2 * lane + 1) + lane * 5) % 32);
      for (uint32_t k = 0; k < 5; ++k) {
        const size_t at = i * 7 + lane + k * 11;
        it.constants.push_back({{values[at % values.size()], values[(at * 3 + 1) % values.size()],
                                 values[(at * 5 + 2) % values.size()]}});
      }
      it.all_constant = it.constants.size();
      for (const uint64_t bits : identities(op))
        it.constants.push_back({{values[1], splat(bits), values[2]}});
      cases.push_back(it);
    }
  }
  return cases;
}

std::unique_ptr<llvm::Module> make_module(llvm::LLVMContext& context, Architecture target,
                                          const std::vector<Case>& cases) {
  auto module = std::make_unique<llvm::Module>("simd", context);
  for (size_t i = 0; i < cases.size(); ++i) {
    for (int k = -1; k < static_cast<int>(cases[i].constants.size()); ++k)
      make_function(*module, target, cases[i], k);
  }
  return module;
}

void optimize(llvm::Module& module, llvm::TargetMachine* machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

// As many combinations of values as there are operands; three times the number of values for three.
std::vector<Input> inputs_of(Op op, const std::vector<V128>& values) {
  std::vector<Input> inputs;
  const uint32_t count = wherry::wasm::info(op).signature.param_count;
  for (size_t i = 0; i < values.size(); ++i) {
    if (count == 1 && !wherry::compiler::is_vector_load(op)) {
      inputs.push_back({{values[i], V128{}, V128{}}});
      continue;
    }
    for (size_t k = 0; k < values.size(); ++k)
      inputs.push_back({{values[i], values[k], values[(i * 5 + k * 3) % values.size()]}});
  }
  return inputs;
}

using Function = void (*)(const Input*, V128*);

// How often the function differs from its meaning.
size_t differences(Function function, const Case& it, const std::vector<Input>& inputs, const Meanings& m) {
  const auto op = static_cast<uint32_t>(it.instruction.op);
  size_t count = 0;
  for (const Input& in : inputs) {
    V128 got{};
    function(&in, &got);
    if (!is_same(m.of[op](in, it.instruction), got, m.nan[op])) ++count;
  }
  return count;
}

[[maybe_unused]] void compare_with_interpreter(const char* features) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  const std::vector<V128> values = edge_values();
  const std::vector<Case> cases = all_cases(values);
  const Meanings m = meanings();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = make_module(*context, Architecture::X86_64, cases);
  REQUIRE(!llvm::verifyModule(*module, &llvm::errs()));
  for (llvm::Function& function : *module) {
    if (function.isDeclaration()) continue;

    function.addFnAttr("target-features", features);
  }
  llvm::orc::JITTargetMachineBuilder machine(llvm::Triple("x86_64-unknown-linux-gnu"));
  auto made = llvm::cantFail(machine.createTargetMachine());
  module->setDataLayout(made->createDataLayout());
  module->setTargetTriple("x86_64-unknown-linux-gnu");
  optimize(*module, made.get());
  auto jit = llvm::cantFail(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(machine).create());
  llvm::cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
  for (uint32_t i = 0; i < cases.size(); ++i) {
    const Case& it = cases[i];
    INFO(wherry::wasm::info(it.instruction.op).text << " lane " << uint32_t{it.instruction.lane});
    const auto find = [&](int constant) {
      return llvm::cantFail(jit->lookup(name_of(it, constant))).toPtr<Function>();
    };
    CHECK(differences(find(-1), it, inputs_of(it.instruction.op, values), m) == 0);
    for (size_t k = 0; k < it.constants.size(); ++k) {
      INFO("constants " << k);
      std::vector<Input> inputs{it.constants[k]};
      for (size_t v = 0; k >= it.all_constant && v < values.size(); ++v)
        inputs.push_back({{values[v], it.constants[k].at[1], values[v * 3 % values.size()]}});
      CHECK(differences(find(static_cast<int>(k)), it, inputs, m) == 0);
    }
  }
}

}  // namespace

TEST_CASE("every vector instruction is known, and the interpreter's") {
  const Meanings m = meanings();
  uint32_t count = 0;
  for (uint32_t i = 0; i < kOps; ++i) {
    const auto op = static_cast<Op>(i);
    const wherry::wasm::Feature feature = wherry::wasm::info(op).feature;
    const bool is_vector =
        feature == wherry::wasm::Feature::Simd || feature == wherry::wasm::Feature::RelaxedSimd;
    INFO(wherry::wasm::info(op).text);
    CHECK(is_tested(op) == is_vector);
    CHECK((m.of[i] != nullptr) == is_vector);
    count += is_vector ? 1 : 0;
  }
  CHECK(count == 256);
}

#if defined(__x86_64__)
TEST_CASE("vector instructions compute what the interpreter computes, x86-64-v2") {
  compare_with_interpreter("+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16");
}

TEST_CASE("vector instructions compute what the interpreter computes, x86-64-v3") {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
  compare_with_interpreter("+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt,+cx16");
}
#endif

TEST_CASE("vector instructions become code for AArch64") {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      make_module(context, Architecture::AArch64, all_cases(edge_values()));
  REQUIRE(!llvm::verifyModule(*module, &llvm::errs()));
  std::string error;
  const std::string triple = "aarch64-unknown-linux-gnu";
  const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, error);
  REQUIRE(target != nullptr);
  const std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, "", "+v8.2a", llvm::TargetOptions(), llvm::Reloc::PIC_));
  module->setDataLayout(machine->createDataLayout());
  module->setTargetTriple(triple);
  optimize(*module, machine.get());
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  REQUIRE(!machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile));
  passes.run(*module);
  CHECK(object.size() > 10'000);
}
