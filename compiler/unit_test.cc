// Units: what is emitted, that objects are made, and numbers as the specification wants them.
#include "compiler/test_unit.h"

namespace wherry::compiler {
namespace {

TEST_CASE("a function gets the context in swiftself and its parameters behind it") {
  Fixture fixture(kAdd);
  const std::string ir = fixture.optimized();
  INFO(ir);
  CHECK(has(ir, "swiftcc i32 @f0(ptr noundef nonnull swiftself"));
  CHECK(has(ir, "add i32"));
  CHECK_FALSE(has(ir, "nsw"));
  CHECK_FALSE(has(ir, "nuw"));
}

TEST_CASE("an object is made for each target") {
  Fixture fixture(kAdd);
  REQUIRE(fixture.module != nullptr);
  fixture.unit.with_thunks = true;
  for (const CpuLevel cpu : {CpuLevel::X86_64_V2, CpuLevel::X86_64_V3, CpuLevel::Armv8_2}) {
    fixture.options.cpu = cpu;
    fixture.options.architecture = cpu == CpuLevel::Armv8_2 ? Architecture::AArch64 : Architecture::X86_64;
    const auto made = compile_unit(*fixture.module, fixture.options, fixture.unit);
    REQUIRE(made.has_value());
    CHECK(made->left_out.empty());
    CHECK(std::string(made->elf.data(), 4) ==
          "\x7f"
          "ELF");
    const auto again = compile_unit(*fixture.module, fixture.options, fixture.unit);
    REQUIRE(again.has_value());
    CHECK(made->elf == again->elf);
  }
}

TEST_CASE("thunks are made of types that functions have, and that code calls") {
  Fixture fixture(
      "(module (type $block (func (param i64))) (type $called (func (param f32))) (type $own (func (param "
      "i32)))"
      "(import \"\" \"\" (func $imported (type $called)))"
      "(func (type $own) (call $imported (f32.const 0))))");
  const auto made = [&] {
    const std::string ir = fixture.text(TextKind::OptimizedIr);
    std::string names;
    for (const char* name : {"enter0", "enter1", "enter2", "leave0", "leave1", "leave2"}) {
      if (has(ir, std::string("@") + name + "(ptr")) names += std::string(name) + ' ';
    }
    return names;
  };
  fixture.unit.with_thunks = true;
  CHECK(made() == "enter2 leave0 leave1 leave2 ");
  fixture.unit.is_whole = true;
  CHECK(made() == "enter2 leave1 ");
}

TEST_CASE("a function of another unit is an undefined symbol, one that nobody else calls is internal") {
  Fixture fixture("(module (func (call 1) (call 2)) (func (call 2)) (func (call 0)))");
  fixture.consists_of({0, 1});
  fixture.keeps_to_itself({1});
  const std::string ir = fixture.text(TextKind::EmittedIr);
  INFO(ir);
  CHECK(has(ir, "define hidden swiftcc void @f0("));
  CHECK(has(ir, "define internal swiftcc void @f1("));
  CHECK(has(ir, "declare hidden swiftcc void @f2("));
}

TEST_CASE("an invalid body is an error, not a function left out") {
  Fixture fixture("(module (func (result i32) (i64.const 1)))");
  REQUIRE(fixture.module != nullptr);
  CHECK_FALSE(compile_unit(*fixture.module, fixture.options, fixture.unit).has_value());
}

TEST_CASE("a signalling NaN does not pass an operation that LLVM drops") {
  Fixture fixture(
      "(module (func (param f32) (result f32) (f32.mul (local.get 0) (f32.const 1)))"
      " (func (param f32) (result f32) (f32.demote_f64 (f64.promote_f32 (local.get 0)))))");
  CHECK(has(fixture.optimized("f0"), "fcmp uno"));
  CHECK(has(fixture.optimized("f1"), "fcmp uno"));
  for (const char* const body :
       {"f32.add (local.get 0) (f32.const -0)", "f32.sub (local.get 0) (f32.const 0)",
        "f32.sub (f32.const -0) (local.get 0)", "f32.mul (f32.const -1) (local.get 0)",
        "f32.div (local.get 0) (f32.const -1)"}) {
    Fixture dropped(std::string("(module (func (param f32) (result f32) (") + body + ")))");
    CHECK(has(dropped.optimized(), "fcmp uno"));
  }
  for (const char* const body :
       {"f32.add (local.get 0) (f32.const 1)", "f32.div (f32.const 1) (local.get 0)",
        "f32.mul (local.get 0) (f32.const 0)", "f32.mul (local.get 0) (f32.const inf)"}) {
    Fixture kept(std::string("(module (func (param f32) (result f32) (") + body + ")))");
    CHECK_FALSE(has(kept.optimized(), "fcmp uno"));
    CHECK(count(kept.optimized(), " = f") == 1);
  }
}

TEST_CASE("multiplication and addition are not fused") {
  Fixture fixture(
      "(module (func (param f64 f64 f64) (result f64)"
      " (f64.add (f64.mul (local.get 0) (local.get 1)) (local.get 2))))");
  CHECK_FALSE(has(fixture.assembly(), "fma"));
}

TEST_CASE("fuel is charged by segments") {
  Fixture fixture("(module (func (param i32) (loop (br_if 0 (local.get 0))) nop nop))");
  fixture.options.fuel = true;
  const std::string ir = fixture.function(TextKind::EmittedIr, "f0");
  INFO(ir);
  CHECK(count(ir, "sub i64") == 3);
  CHECK(has(ir, ", 1,"));  // The loop instruction itself.
  CHECK(has(ir, ", 2,"));  // local.get, br_if; then the two nops.
}

}  // namespace
}  // namespace wherry::compiler
