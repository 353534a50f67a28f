#include "compiler/link.h"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include <llvm/AsmParser/Parser.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/relocate.h"
#include "engine/base/os/code_mapping.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {

namespace {

using artifact::Arch;

std::vector<char> object_of(const char* ir, Arch arch = Arch::X86_64) {
  static const bool initialised = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    return true;
  }();
  (void)initialised;
  const char* const triple = arch == Arch::X86_64 ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu";
  llvm::LLVMContext context;
  llvm::SMDiagnostic problem;
  const std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(ir, problem, context);
  INFO(problem.getMessage().str());
  REQUIRE(module != nullptr);
  std::string error;
  const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, error);
  llvm::TargetOptions options;
  options.FunctionSections = true;
  const std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, "", "", options, llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
  module->setTargetTriple(triple);
  module->setDataLayout(machine->createDataLayout());
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile);
  passes.run(*module);
  return {bytes.begin(), bytes.end()};
}

// A switch that becomes a table, a constant from a literal pool, and calls from unit to unit.
constexpr const char* kFirst = R"(
declare i32 @f1(i32)
declare i32 @f2(i32)
define i32 @f0(i32 %x) {
  switch i32 %x, label %d [ i32 0, label %a  i32 1, label %b  i32 2, label %c  i32 3, label %e  i32 4, label %g ]
a: ret i32 17
b: %y = call i32 @f2(i32 5)
  ret i32 %y
c: ret i32 99
e: %z = call i32 @f1(i32 7)
  %w = add i32 %z, 1
  ret i32 %w
g: ret i32 -3
d: ret i32 0
}
define double @f3() { ret double 0x3FB999999999999A }
)";
constexpr const char* kSecond = R"(
define internal i32 @f9(i32 %x) noinline { %y = mul i32 %x, 11  ret i32 %y }
define i32 @f1(i32 %x) { %y = add i32 %x, 100  ret i32 %y }
define i32 @f2(i32 %x) { %y = call i32 @f9(i32 %x)  ret i32 %y }
define void @enter4(ptr %slots) { store i64 1, ptr %slots  ret void }
define void @leave4(ptr %slots) { ret void }
)";
constexpr const char* kLines = R"(
define void @f5(ptr %p) !dbg !4 {
  store volatile i32 1, ptr %p, !dbg !6
  store volatile i32 2, ptr %p, !dbg !7
  ret void, !dbg !8
}
!llvm.module.flags = !{!0, !1}
!llvm.dbg.cu = !{!2}
!0 = !{i32 2, !"Dwarf Version", i32 4}
!1 = !{i32 2, !"Debug Info Version", i32 3}
!2 = distinct !DICompileUnit(language: DW_LANG_C99, file: !3, emissionKind: LineTablesOnly)
!3 = !DIFile(filename: "m", directory: "")
!4 = distinct !DISubprogram(name: "f5", file: !3, line: 90000, scopeLine: 90000, type: !5, unit: !2, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !{})
!6 = !DILocation(line: 90010, scope: !4)
!7 = !DILocation(line: 3000000000, scope: !4)
!8 = !DILocation(line: 90012, scope: !4)
)";

std::string why_not(const char* ir, Arch arch = Arch::X86_64) {
  const std::vector<char> objects[] = {object_of(ir, arch)};
  const auto linked = link(objects, arch);
  return linked ? "linked" : linked.error().detail;
}

uint32_t at(const std::vector<LinkedText::Entry>& entries, uint32_t index) {
  for (const LinkedText::Entry& entry : entries) {
    if (entry.index == index) return entry.text_offset;
  }
  return artifact::kNoCode;
}

}  // namespace

TEST_CASE("units refer to each other and to their constants, and run where they are mapped") {
  const std::vector<char> objects[] = {object_of(kFirst), object_of(kSecond)};
  const auto linked = link(objects, Arch::X86_64);
  REQUIRE(linked);
  CHECK(linked->functions.size() == 4);  // f9 cannot be called from outside.
  CHECK(linked->ranges.size() == 5);
  REQUIRE(linked->enter_thunks.size() == 1);
  CHECK(linked->enter_thunks[0].index == 4);
  CHECK(linked->rows.empty());
#if defined(__x86_64__)
  base::CodeMapping code;
  int error = 0;
  REQUIRE(
      base::CodeMapping::map(base::make_memory_file(linked->text), 0, linked->text.size(), &code, &error));
  const uint8_t* const text = code.bytes().data();
  const auto f0 = reinterpret_cast<int (*)(int)>(const_cast<uint8_t*>(text + at(linked->functions, 0)));
  CHECK((f0(0) == 17 && f0(1) == 55 && f0(2) == 99 && f0(3) == 108 && f0(4) == -3 && f0(5) == 0));
  const auto f3 = reinterpret_cast<double (*)()>(const_cast<uint8_t*>(text + at(linked->functions, 3)));
  CHECK(f3() == 0.1);
#endif
}

TEST_CASE("units for AArch64 are linked too") {
  const std::vector<char> objects[] = {object_of(kFirst, Arch::Aarch64), object_of(kSecond, Arch::Aarch64)};
  const auto linked = link(objects, Arch::Aarch64);
  INFO((linked ? "" : linked.error().detail));
  REQUIRE(linked);
  CHECK(linked->functions.size() == 4);
}

TEST_CASE("lines are offsets in the module, however large") {
  const std::vector<char> objects[] = {object_of(kSecond), object_of(kLines)};
  const auto linked = link(objects, Arch::X86_64);
  REQUIRE(linked);
  const uint32_t begin = at(linked->functions, 5);
  std::vector<uint32_t> offsets;
  for (const artifact::PcRow& row : linked->rows) {
    CHECK(row.text_offset >= begin);
    offsets.push_back(row.wasm_offset);
  }
  CHECK(offsets == std::vector<uint32_t>{90010, 3000000000, 90012, 0});
}

TEST_CASE("the same objects give the same text") {
  const std::vector<char> objects[] = {object_of(kFirst), object_of(kSecond)};
  const std::vector<char> again[] = {object_of(kFirst), object_of(kSecond)};
  CHECK(link(objects, Arch::X86_64)->text == link(again, Arch::X86_64)->text);
}

TEST_CASE("what cannot be mapped as it is, is refused") {
  CHECK(why_not("@g = global i32 5") == "link: data that can be written: .data");
  CHECK(why_not("@g = global i32 0") == "link: data that can be written: .bss");
  CHECK(why_not("@g = thread_local global i32 1") == "link: data that can be written: .tdata");
  CHECK(why_not("@p = constant ptr @f0\ndefine void @f0() { ret void }") ==
        "link: data that can be written: .data.rel.ro");
  CHECK(why_not("declare void @f7()\ndefine void @f0() { call void @f7() ret void }") ==
        "link: nobody defines f7");
  CHECK(why_not("declare void @memcpy()\ndefine void @f0() { tail call void @memcpy() ret void }",
                Arch::Aarch64) == "link: nobody defines memcpy");
  // Without dso_local it goes through a table of addresses, which would have to be relocated.
  CHECK(why_not("@k = external global i32\ndefine ptr @f0() { ret ptr @k }").starts_with("link: "));
  const std::vector<char> twice[] = {object_of(kFirst), object_of(kFirst)};
  CHECK(link(twice, Arch::X86_64).error().detail.starts_with("link: twice: f"));
  const std::vector<char> other[] = {object_of(kFirst, Arch::Aarch64)};
  CHECK(link(other, Arch::X86_64).error().detail == "link: object of another architecture");
  const std::vector<char> garbage[] = {{'x', 'y'}};
  CHECK(wasm::describe(link(garbage, Arch::X86_64).error()).starts_with("the compiler failed: link: "));
}

TEST_CASE("relocations reach what they can and no further") {
  std::vector<uint8_t> text(64);
  const auto x86 = [&](uint32_t type, uint64_t place, uint64_t target) {
    return apply(Arch::X86_64, {type, place, target}, text);
  };
  const auto arm = [&](uint32_t type, uint64_t place, uint64_t target) {
    return apply(Arch::Aarch64, {type, place, target}, text);
  };
  CHECK(x86(llvm::ELF::R_X86_64_PC32, 0, 0x7fff'ffff) == FixupFault::None);
  CHECK(x86(llvm::ELF::R_X86_64_PC32, 0, 0x8000'0000) == FixupFault::TooFar);
  CHECK(x86(llvm::ELF::R_X86_64_PC32, 60, 0) == FixupFault::None);
  CHECK((text[60] == 0xc4 && text[63] == 0xff));
  CHECK(x86(llvm::ELF::R_X86_64_PC32, 61, 0) == FixupFault::Outside);
  CHECK(x86(llvm::ELF::R_X86_64_PC64, 57, 0) == FixupFault::Outside);
  CHECK(x86(llvm::ELF::R_X86_64_64, 0, 0) == FixupFault::Unsupported);
  CHECK(x86(llvm::ELF::R_X86_64_32S, 0, 0) == FixupFault::Unsupported);
  CHECK(x86(llvm::ELF::R_X86_64_REX_GOTPCRELX, 0, 0) == FixupFault::Unsupported);
  CHECK(arm(llvm::ELF::R_AARCH64_CALL26, 0, (1u << 27) - 4) == FixupFault::None);
  CHECK(arm(llvm::ELF::R_AARCH64_CALL26, 0, 1u << 27) == FixupFault::TooFar);
  CHECK(arm(llvm::ELF::R_AARCH64_CALL26, 0, 2) == FixupFault::Misaligned);
  CHECK(arm(llvm::ELF::R_AARCH64_LDST64_ABS_LO12_NC, 0, 4) == FixupFault::Misaligned);
  CHECK(arm(llvm::ELF::R_AARCH64_CALL26, 64, 0) == FixupFault::Outside);
  CHECK(arm(llvm::ELF::R_AARCH64_ABS64, 0, 0) == FixupFault::Unsupported);
  CHECK(arm(llvm::ELF::R_AARCH64_ADR_GOT_PAGE, 0, 0) == FixupFault::Unsupported);
}

TEST_CASE("AArch64 instructions get the bits that their encodings say") {
  std::vector<uint8_t> text(0x3000);
  const auto patched = [&](uint32_t type, uint32_t instruction, uint64_t target) {
    std::memcpy(text.data() + 0x1010, &instruction, 4);
    CHECK(apply(Arch::Aarch64, {type, 0x1010, target}, text) == FixupFault::None);
    std::memcpy(&instruction, text.data() + 0x1010, 4);
    return instruction;
  };
  CHECK(patched(llvm::ELF::R_AARCH64_CALL26, 0x9400'0000, 0x1018) == 0x9400'0002);
  CHECK(patched(llvm::ELF::R_AARCH64_JUMP26, 0x1400'0000, 0x100c) == 0x17ff'ffff);
  CHECK(patched(llvm::ELF::R_AARCH64_ADR_PREL_PG_HI21, 0x9000'0008, 0x2abc) == 0xb000'0008);
  CHECK(patched(llvm::ELF::R_AARCH64_ADD_ABS_LO12_NC, 0x9100'0108, 0x2abc) == 0x912a'f108);
  CHECK(patched(llvm::ELF::R_AARCH64_LDST64_ABS_LO12_NC, 0xfd40'0100, 0x2ab8) == 0xfd45'5d00);
  CHECK(patched(llvm::ELF::R_AARCH64_LDST128_ABS_LO12_NC, 0x3dc0'0100, 0x2ab0) == 0x3dc2'ad00);
}

}  // namespace wherry::compiler
