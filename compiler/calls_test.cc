// Calls: conventions, through tables, of other units' functions, frames.
#include "compiler/test_unit.h"

namespace wherry::compiler {
namespace {

TEST_CASE("plain calls keep their frames, tail calls have none") {
  Fixture fixture(
      "(module (func (param i32) (result i32) (call 0 (local.get 0)))"
      "        (func (param i32) (result i32) (return_call 1 (local.get 0)))"
      "        (func (param i32) (result i64) (return_call 3 (local.get 0) (i64.const 1) (i64.const 2)"
      "          (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)))"
      "        (func (param i32 i64 i64 i64 i64 i64 i64 i64) (result i64) (local.get 7)))");
  CHECK(has(fixture.assembly("f0"), "callq\tf0"));
  CHECK(has(fixture.assembly("f1"), "jmp\tf1"));
  CHECK(has(fixture.assembly("f0"), "trap10"));  // The stack's limit.
}

TEST_CASE("only modules with tail calls have the convention that gives up the context's register") {
  constexpr const char* kBody =
      "(func (param i32) (result i32) (i32.add (call 0 (local.get 0)) (call 0 (i32.const 1))))";
  Fixture plain(std::string("(module ") + kBody + ")");
  const std::string code = plain.assembly();
  INFO(code);
  CHECK_FALSE(has(code, ", %r13"));
  Fixture tail(std::string("(module ") + kBody +
               "(func (param i32) (result i32) (return_call 0 (local.get 0))))");
  CHECK(has(tail.assembly(), ", %r13"));
  CHECK(has(tail.optimized("f1"), "musttail call swifttailcc"));
}

constexpr const char* kWalk =
    "(func $walk (param i32) (result i32) (local i32)"
    "  (if (i32.eqz (local.tee 1 (i32.load (local.get 0)))) (then (return (i32.load offset=8 (local.get "
    "0)))))"
    "  (i32.add (i32.mul (i32.const 3) (call $walk (local.get 1)))"
    "    (i32.add (call $walk (i32.load offset=4 (local.get 0))) (i32.load offset=8 (local.get 0)))))";

TEST_CASE("the base of memory is read again behind a call, and not kept across it") {
  Fixture fixture(std::string("(module (memory 1) ") + kWalk + ")");
  const std::string code = fixture.assembly();
  INFO(code);
  CHECK(count(code, "pushq") == 3);     // The frame, the node, and what the first call returned.
  CHECK(count(code, "(%r13), ") == 4);  // Once in front of each call and behind them, and the stack's limit.
  fixture.options.trap_precision = TrapPrecision::Exact;
  CHECK(count(fixture.assembly(), "pushq") == 3);
  fixture.options.architecture = Architecture::AArch64;
  fixture.options.cpu = CpuLevel::Armv8_2;
  CHECK(count(fixture.assembly(), "[x20]") == 3);
  Fixture tail(std::string("(module (memory 1) ") + kWalk + "(func (return_call 1)))");
  CHECK(count(tail.optimized(), "load ptr, ptr %0") == 1);
}

TEST_CASE("the base of memory is read again where a call was passed, and not in loops") {
  Fixture fixture(
      std::string(
          "(module (memory 1)"
          " (func (param i32 i32) (i32.store (local.get 0) (call $walk (local.get 0)))"
          "  (loop $l (i32.store offset=4 (local.get 1) (i32.mul (local.get 1) (local.get 1)))"
          "   (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 24))) (local.get 0)))))"
          " (func (param i32) (loop $l (drop (call $walk (i32.load (local.get 0))))"
          "   (br_if $l (local.tee 0 (i32.load offset=4 (local.get 0))))))"
          " (func (param i32)"
          "   (if (i32.eqz (i32.load (local.get 0))) (then (drop (call $walk (local.get 0)))))"
          "   (i32.store offset=4 (local.get 0) (i32.const 1)))") +
      kWalk + ")");
  const std::string behind = fixture.optimized("f0");
  INFO(behind);
  CHECK(count(behind, "load ptr, ptr %0") == 1);
  CHECK(behind.find("load ptr, ptr %0") > behind.find("call swiftcc"));
  CHECK(behind.find("load ptr, ptr %0") < behind.find("loop:"));
  CHECK(count(fixture.optimized("f1"), "load ptr, ptr %0") == 1);  // With calls, it is kept.
  const std::string one_way = fixture.optimized("f2");
  INFO(one_way);
  CHECK(count(one_way, "load ptr, ptr %0") == 2);
  CHECK(count(one_way, "phi ptr") == 1);
}

TEST_CASE("the base of memory is kept across calls where it would be read again behind many") {
  const auto reads = [](uint32_t calls) {
    std::string body = "(i32.const 0)";
    for (uint32_t i = 0; i < calls; ++i) body = "(call $walk (i32.load " + body + "))";
    Fixture fixture("(module (memory 1) (func (result i32) (i32.load " + body + "))" + kWalk + ")");
    return count(fixture.optimized(), "load ptr, ptr %0");
  };
  CHECK(reads(3) == 4);
  CHECK(reads(4) == 5);
  CHECK(reads(5) == 1);
}

constexpr const char* kIndirect =
    "(type $t (func (param i32) (result i32)))"
    "(func (param i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 0)))"
    "(func (param i32) (result i32) (local.get 0))"
    "(func (param i32) (result i32) (i32.const 7))"
    "(func (param i64))";

TEST_CASE("a call through a table that never changes compares with constants, and jumps from there") {
  Fixture fixture(std::string("(module (table 11 11 funcref) (elem (i32.const 1) func 1 2 3 1 2 1 2 1 2 1)") +
                  kIndirect + ")");
  fixture.unit.with_thunks = true;
  const std::string ir = fixture.optimized();
  INFO(ir);
  CHECK(has(ir, "@table0"));
  CHECK(has(ir, "icmp ugt i32 %1, 10"));
  CHECK(has(ir, "getelementptr [8 x i8], ptr @jumps0, i64 %"));
  CHECK(has(ir, "@indirect0.0"));
  CHECK(count(ir, " load ") - count(ir, " load volatile ") == count(ir, "!invariant.load"));
  const std::string all = fixture.text(TextKind::OptimizedIr);
  CHECK(has(all, "@table0 = hidden constant [11 x i32] [i32 -1, i32 0, i32 0, i32 1, i32 0"));
  CHECK(has(all, "module asm \"ud2\""));
  CHECK(count(all, "module asm \".byte 0xe9\"") == 10);
  fixture.options.architecture = Architecture::AArch64;
  fixture.options.cpu = CpuLevel::Armv8_2;
  CHECK(has(fixture.optimized(), "getelementptr [4 x i8], ptr @jumps0, i64 %"));
  CHECK(count(fixture.text(TextKind::OptimizedIr), "module asm \"b f") == 10);
}

TEST_CASE("a call of the first entry of a constant table is not taken for one of the table") {
  const std::string elements = "(table 9 9 funcref) (elem (i32.const 0) func 1 2 1 2 1 2 1 2 1)";
  Fixture fixture(
      "(module " + elements +
      "(type $t (func (param i32) (result i32)))"
      "(func (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"
      "(func (param i32) (result i32) (local.get 0)) (func (param i32) (result i32) (i32.const 7)))");
  fixture.unit.with_thunks = true;
  const std::string ir = fixture.optimized();
  INFO(ir);
  CHECK(has(ir, "musttail call swifttailcc i32 @jumps0("));
}

TEST_CASE("a call that can mean few functions compares its index with theirs") {
  const auto called = [](const std::string& elements, const std::string& more = "") {
    Fixture fixture("(module (table 12 12 funcref) (elem (i32.const 1) func " + elements + ")" + kIndirect +
                    more + ")");
    REQUIRE(fixture.module != nullptr);
    return fixture.function(TextKind::EmittedIr, "f0");
  };
  const std::string two = called("1 2 3");
  INFO(two);
  CHECK(has(two, "switch i32 %"));
  CHECK(has(two, "i32 1, label"));
  CHECK(has(two, "i32 2, label"));
  CHECK_FALSE(has(two, "i32 3, label"));
  CHECK(has(two, "call swiftcc i32 @f1("));
  CHECK(has(two, "call swiftcc i32 @f2("));
  CHECK(has(two, "@indirect0.0"));
  CHECK_FALSE(has(two, "@table0"));
  // A function with two places has one call. Five of them are too many, so are three if one is large, and nine places.
  CHECK(count(called("1 2 1"), "call swiftcc i32 @f1(") == 1);
  const std::string small = "(func (param i32) (result i32) (i32.const 9))";
  std::string large = "(func (param i32) (result i32) (local.get 0)";
  for (int i = 0; i < 30; ++i) large += "(i32.mul (local.get 0))";
  large += ")";
  CHECK(has(called("1 2 4", small), "switch i32 %"));
  CHECK(has(called("1 4", large), "switch i32 %"));
  CHECK_FALSE(has(called("1 2 4", large), "switch i32 %"));
  CHECK_FALSE(has(called("1 2 4 5 6", small + small + small), "switch i32 %"));
  CHECK_FALSE(has(called("1 1 1 1 1 1 1 1 1"), "switch i32 %"));
  // Small ones are inlined.
  Fixture inlined(std::string("(module (table 5 5 funcref) (elem (i32.const 1) func 1 2)") + kIndirect + ")");
  CHECK_FALSE(has(inlined.optimized(), "@f1("));
}

TEST_CASE("copies of other units' functions are inlined and leave nothing behind") {
  const std::string source =
      "(module (func (param i32) (result i32) (call 1 (call 2 (local.get 0))))"
      "  (func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 77)))"
      "  (func (param i32) (result i32) (i32.xor (local.get 0) (i32.const 55))))";
  Fixture fixture(source);
  fixture.consists_of({0});
  const std::string before = fixture.text(TextKind::OptimizedIr);
  CHECK(has(before, "@f1("));
  CHECK_FALSE(has(before, "77"));
  fixture.imports({1});
  CHECK(has(fixture.function(TextKind::EmittedIr, "f1"), "available_externally hidden"));
  const std::string after = fixture.text(TextKind::OptimizedIr);
  INFO(after);
  CHECK(has(after, "mul i32 %"));
  CHECK_FALSE(has(after, "@f1("));
  CHECK(has(after, "declare hidden swiftcc i32 @f2("));
  const std::string assembly = fixture.text(TextKind::Assembly);
  CHECK_FALSE(has(assembly, "\nf1:"));
  CHECK(has(assembly, "f2"));
  fixture.options.optimization = 0;
  CHECK_FALSE(has(fixture.text(TextKind::EmittedIr), "available_externally"));
}

TEST_CASE("a copy that is not inlined is not kept") {
  Fixture fixture(
      "(module (func (param i32) (result i32) (call 1 (local.get 0)))"
      "  (func (param i32) (result i32) (call 1 (local.get 0))))");
  fixture.consists_of({0});
  fixture.imports({1});
  const std::string ir = fixture.text(TextKind::OptimizedIr);
  INFO(ir);
  CHECK_FALSE(has(ir, "available_externally"));
  CHECK(has(ir, "declare hidden swiftcc i32 @f1("));
}

TEST_CASE("a table that may change, or be another's, or not be filled, has no constants") {
  const auto uses_constants = [](const std::string& fields) {
    Fixture fixture("(module " + fields + kIndirect + ")");
    REQUIRE(fixture.module != nullptr);
    const std::string ir = fixture.function(TextKind::EmittedIr, "f0");
    return has(ir, "@table0") || has(ir, "switch i32");
  };
  const std::string table = "(table 5 5 funcref) (elem (i32.const 1) func 1 2 3)";
  CHECK(uses_constants(table));
  CHECK(uses_constants("(import \"m\" \"f\" (func (param i64 i64)))" + table));
  CHECK_FALSE(uses_constants("(table (export \"t\") 5 5 funcref) (elem (i32.const 1) func 1 2)"));
  CHECK_FALSE(uses_constants("(import \"m\" \"t\" (table 5 funcref)) (elem (i32.const 1) func 1 2)"));
  CHECK_FALSE(uses_constants(table + "(func $w (table.set (i32.const 0) (ref.null func)))"));
  CHECK_FALSE(uses_constants(table + "(func $w (drop (table.grow (ref.null func) (i32.const 1))))"));
  CHECK_FALSE(uses_constants(table + "(func $w (table.fill (i32.const 0) (ref.null func) (i32.const 1)))"));
  CHECK_FALSE(uses_constants(table + "(func $w (table.copy (i32.const 0) (i32.const 1) (i32.const 1)))"));
  CHECK_FALSE(uses_constants(table + "(elem $e func 0)"
                                     "(func $w (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))"));
  CHECK_FALSE(uses_constants("(table 5 5 funcref) (elem (i32.const 3) func 1 2 3)"));
  CHECK_FALSE(
      uses_constants("(import \"m\" \"g\" (global i32)) (table 5 5 funcref) (elem (global.get 0) func 1)"));
  // What comes behind a segment that may not fit may never be there, while an imported table has functions of the module already.
  CHECK_FALSE(uses_constants(
      "(import \"m\" \"g\" (global i32)) (import \"m\" \"t\" (table $other 1 funcref))"
      "(table $own 5 5 funcref) (elem (table $other) (global.get 0) func 1)"
      "(elem (table $own) (i32.const 0) func 1)"
      "(func (param i32) (result i32) (call_indirect $own (type $t) (local.get 0) (local.get 0)))"));
  // A small module cannot make a large text.
  CHECK_FALSE(uses_constants("(table 9000000 9000000 funcref) (elem (i32.const 8999999) func 1)"));
}

TEST_CASE("a call through another table compares type and instance, and keeps the context") {
  Fixture fixture(std::string("(module (table (export \"t\") 5 5 funcref)") + kIndirect + ")");
  const std::string code = fixture.assembly();
  INFO(code);
  CHECK_FALSE(has(code, ", %r13"));
  CHECK(count(code, "cmp") == 4);  // Stack, size, type, instance.
  CHECK(has(fixture.assembly("indirect0.0"), "trap"));
}

TEST_CASE("an internal function may lose its parameters, and its body") {
  Fixture fixture(
      "(module (func (param i32) (result i32) (call 1 (local.get 0) (i32.const 3)))"
      " (func (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1))))");
  fixture.keeps_to_itself({1});
  const std::string all = fixture.text(TextKind::OptimizedIr);
  CHECK_FALSE(has(all, "@f1("));
}

TEST_CASE("functions have a frame if anything in them can trap or call") {
  Fixture fixture(
      "(module (memory 1) (global $g (mut i32) (i32.const 0))"
      " (func (param i32) (result i32) (global.set $g (local.get 0)) (i32.mul (local.get 0) (global.get $g)))"
      " (func (param i32) (result i32) (i32.load (local.get 0)))"
      " (func (param i32) (i32.store (local.get 0) (local.get 0)))"
      " (func (param i32) (drop (i32.load (local.get 0))))"
      " (func (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))"
      " (func (param i32) (result i32) (i32.atomic.load (local.get 0))))");
  CHECK_FALSE(has(fixture.assembly("f0"), "%rbp"));
  for (const char* const name : {"f1", "f2", "f3", "f4", "f5"})
    CHECK(has(fixture.assembly(name), "%rsp, %rbp"));
}

TEST_CASE("more results than registers go to the caller's slots") {
  Fixture fixture(
      "(module (func (result i32 i32 i32 i32 i32) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)"
      " (i32.const 5)) (func (result i32) (call 0) (drop) (drop) (drop) (drop)))");
  CHECK(has(fixture.optimized("f0"), "void @f0("));
  CHECK(has(fixture.optimized("f1"), "i32 @f1("));
}

TEST_CASE("a function with too large a frame is left out, and has a stub") {
  std::string source = "(module (memory 1) (func";
  constexpr int kLocals = 4000;
  for (int i = 0; i < kLocals; ++i) source += " (local i64)";
  for (int i = 0; i < kLocals; ++i) {
    source +=
        "(local.set " + std::to_string(i) + " (i64.load offset=" + std::to_string(i * 8) + " (i32.const 0)))";
  }
  source += "(call 1)";
  for (int i = 0; i < kLocals; ++i) {
    source += "(i64.store offset=" + std::to_string(i * 8) + " (i32.const 8) (local.get " +
              std::to_string(i) + "))";
  }
  source += ") (func (call 0)))";
  Fixture fixture(source);
  REQUIRE(fixture.module != nullptr);
  const auto made = compile_unit(*fixture.module, fixture.options, fixture.unit);
  REQUIRE(made.has_value());
  CHECK(made->left_out == std::vector<uint32_t>{0});
}

}  // namespace
}  // namespace wherry::compiler
