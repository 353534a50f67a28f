// Loops and what makes them fast: vectors, what is known about addresses, where deadlines are looked at, dispatch.
#include "compiler/test_unit.h"

namespace wherry::compiler {
namespace {

TEST_CASE("a sum over memory is vectorized") {
  Fixture fixture(
      "(module (memory 1) (func (param $p i32) (param $n i32) (result i32) (local $s i32)"
      " (loop $l (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))"
      " (local.set $p (i32.add (local.get $p) (i32.const 4)))"
      " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
      " (local.get $s)))");
  const std::string plain = fixture.optimized();
  INFO(plain);
  CHECK(has(plain, "<8 x i32>"));
  fixture.options.interruption = true;
  CHECK(has(fixture.optimized(), "<8 x i32>"));
  CHECK(has(fixture.optimized(), "ptr @look)"));
}

// A sum over a row of bytes, around its end, whose index is `index` of the row $r and the column $i.
std::string row_sum(const char* index) {
  return std::string(
             "(module (memory 1) (func (param $row i32) (param $n i32) (result i32)"
             " (local $r i32) (local $i i32) (local $s i32)"
             " (local.set $r (i32.shl (local.get $row) (i32.const 7)))"
             " (loop $l (local.set $s (i32.mul (i32.const 31) (i32.add (local.get $s) (i32.load8_u ") +
         index +
         "))))"
         " (br_if $l (i32.ne (local.get $n) (local.tee $i (i32.add (local.get $i) (i32.const 7))))))"
         " (local.get $s)))";
}

TEST_CASE("what a loop keeps of an index is added once, if no bit is in both parts") {
  const std::string split =
      Fixture(row_sum("(i32.or (local.get $r) (i32.and (local.get $i) (i32.const 127)))")).optimized();
  INFO(split);
  const size_t loop = split.find("phi i32");
  CHECK(split.find("getelementptr i8, ptr %") < loop);
  CHECK_FALSE(has(split.substr(loop), " or "));
  // A bit may be in both.
  CHECK(has(Fixture(row_sum("(i32.or (local.get $r) (i32.and (local.get $i) (i32.const 255)))")).optimized(),
            " or i32"));
}

TEST_CASE("no loop becomes a call of the C library") {
  Fixture fixture(
      "(module (memory 1) (func (param $p i32) (param $n i32)"
      " (loop $l (i32.store8 (local.get $p) (i32.const 0))"
      " (local.set $p (i32.add (local.get $p) (i32.const 1)))"
      " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))");
  CHECK_FALSE(has(fixture.assembly(), "memset"));
}

constexpr const char* kCopy =
    "(global $sp (mut i32) (i32.const 1024)) (memory 1)"
    "(func (param i32 f32 f32) (f32.store offset=8 (local.get 0) (local.get 1))"
    "  (f32.store offset=12 (local.get 0) (local.get 2)) (call $g)";

TEST_CASE("a copy of eight bytes that were written four by four is one of four bytes twice") {
  const auto body = [](const char* copy) {
    return Fixture(std::string("(module ") + kCopy + copy + ") (func $g (global.set 0 (i32.const 7))))")
        .optimized();
  };
  const std::string split = body("(i64.store (local.get 0) (i64.load offset=8 (local.get 0)))");
  INFO(split);
  CHECK(count(split, "store i64") == 1);  // The global.
  CHECK(count(split, "store float") == 4);
  // What is also used otherwise, or not written by halves, stays.
  CHECK(has(body("(i64.store (local.get 0) (i64.load offset=16 (local.get 0)))"), "load i64"));
  CHECK(has(body("(i64.store (local.get 0) (i64.add (i64.const 1) (i64.load offset=8 (local.get 0))))"),
            "add i64"));
  Fixture exact(std::string("(module ") + kCopy +
                "(i64.store (local.get 0) (i64.load offset=8 (local.get 0)))) (func $g))");
  exact.options.trap_precision = TrapPrecision::Exact;
  CHECK(has(exact.optimized(), "load volatile i64"));
}

TEST_CASE("addresses from one index are apart when their sums are, whatever wraps") {
  const auto loads = [](const char* store_at, const char* load_at) {
    Fixture fixture(std::string("(module (memory 1) (func (param i32) (result i32)"
                                "(i32.store (local.get 0) (i32.const 1))") +
                    "(i32.store " + store_at + " (i32.const 2)) (i32.load " + load_at + ")))");
    return count(fixture.optimized(), " = load i32, ptr");
  };
  const char* const same = "(local.get 0)";
  CHECK(loads("(i32.add (local.get 0) (i32.const -48))", same) == 0);
  CHECK(loads("offset=48 (i32.add (local.get 0) (i32.const -96))", same) == 0);
  CHECK(loads("offset=95 (i32.add (local.get 0) (i32.const -96))", same) == 1);  // They overlap by a byte...
  CHECK(loads("offset=93 (i32.add (local.get 0) (i32.const -96))", same) == 1);
  CHECK(loads("offset=92 (i32.add (local.get 0) (i32.const -96))", same) == 0);  // ...and here by none.
}

TEST_CASE("what a loop reads of its round before is not taken for another place") {
  Fixture fixture(
      "(module (memory 1) (func (local $i i32) (loop $next"
      "  (i32.store offset=4 (local.get $i) (i32.add (i32.const 1) (i32.load (local.get $i))))"
      "  (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 4096))))))");
  const std::string ir = fixture.optimized();
  INFO(ir);
  CHECK_FALSE(has(ir, " x i32>"));
}

TEST_CASE("a store to what may be the same place is not taken for dead, for one of them may trap") {
  Fixture fixture(
      "(module (memory 1) (func (param i32) (result i32)"
      "  (i32.store offset=88 (i32.add (local.get 0) (i32.const -96)) (i32.const 1))"
      "  (i32.store (i32.add (local.get 0) (i32.const -8)) (i32.const 2))"
      "  (i32.load offset=88 (i32.add (local.get 0) (i32.const -96)))))");
  const std::string ir = fixture.optimized();
  INFO(ir);
  CHECK(count(ir, "store i32") == 2);
  CHECK(has(ir, "ret i32 2"));
}

// A loop that adds products of two arrays of 16-bit numbers, four a round, the way producers unroll it.
std::string unrolled_sum(const std::vector<int>& offsets, const char* begin, const char* more = "") {
  std::string sum = "(local.get $s)";
  for (const int offset : offsets) {
    const auto element = [&](int base) {
      return "(i32.load16_s offset=" + std::to_string(base + offset) + " (local.get $i))";
    };
    sum = "(i32.add (i32.mul " + element(1024) + element(8192) + ")" + sum + ")";
  }
  return std::string("(module (memory 1) (func (param i32) (result i32) (local $i i32) (local $s i32)") +
         "(local.set $i " + begin + ") (loop $next " + more + "(local.set $s " + sum + ")" +
         "(br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 4096))))"
         "(local.get $s)))";
}

TEST_CASE("a sum that its producer unrolled is rolled up before it is vectorized") {
  const auto is_strided = [](const std::string& source) {
    const std::string ir = Fixture(source).optimized();
    INFO(ir);
    CHECK(has(ir, " x i16>, ptr"));
    return has(ir, "i32 0, i32 4, i32 8, i32 12");
  };
  const char* const zero = "(i32.const 0)";
  CHECK_FALSE(is_strided(unrolled_sum({0, 2, 4, 6}, zero)));
  CHECK_FALSE(is_strided(unrolled_sum({6, 2, 0, 4}, zero)));
  CHECK_FALSE(is_strided(unrolled_sum({0, 2, 4, 6}, "(i32.and (local.get 0) (i32.const 0xff8))")));
  CHECK(is_strided(unrolled_sum({0, 2, 4, 4}, zero)));  // One twice, and one not at all.
  // Something else is read in each round, which may trap.
  const std::string other = unrolled_sum({0, 2, 4, 6}, zero, "(drop (i32.load offset=20000 (local.get $i)))");
  CHECK(has(Fixture(other).optimized(), "load volatile i8"));
  CHECK_FALSE(has(Fixture(unrolled_sum({0, 2, 4, 6}, zero)).optimized(), "load volatile i8"));
}

TEST_CASE("a counter that might pass its bound between two rounds is not divided") {
  const std::string ir = Fixture(unrolled_sum({0, 2, 4, 6}, "(local.get 0)")).optimized();
  INFO(ir);
  CHECK(has(ir, ", 8, !dbg"));
  CHECK_FALSE(has(ir, ", 2, !dbg"));
}

size_t looks(Fixture& fixture, const std::string& name = "f0") {
  fixture.options.interruption = true;
  return count(fixture.optimized(name), ", ptr @look)");
}

TEST_CASE("a path without calls does not test the stack") {
  Fixture fixture(
      "(module (func (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.add"
      " (call 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0)))))");
  const std::string ir = fixture.function(TextKind::EmittedIr, "f0");
  INFO(ir);
  CHECK(ir.find("br i1") < ir.find("frameaddress"));
  Fixture loop("(module (func (param i32) (loop (call 0 (i32.const 0)) (br_if 0 (local.get 0)))))");
  const std::string before = loop.function(TextKind::EmittedIr, "f0");
  INFO(before);
  CHECK(before.find("frameaddress") < before.find("call swiftcc void @f0"));
  CHECK(before.find("frameaddress") < before.find("phi"));
}

TEST_CASE("a function that calls looks once, instead of testing the stack") {
  Fixture fixture(
      "(module (func (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.add"
      " (call 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0)))))");
  CHECK(looks(fixture) == 1);
  CHECK_FALSE(has(fixture.optimized(), "@trap10"));
  const std::string code = fixture.assembly();
  INFO(code);
  CHECK(has(code, "\tja") != has(code, "\tjb"));
}

TEST_CASE("a short function without calls does not look, a long one does") {
  Fixture fixture(kAdd);
  CHECK(looks(fixture) == 0);
  std::string source = "(module (func (param i32) (result i32) (local.get 0)";
  for (int i = 0; i < 3000; ++i) source += "(i32.const 12345) (i32.mul) (i32.const 13) (i32.rotl)";
  Fixture large(source + "))");
  CHECK(looks(large) == 1);
}

TEST_CASE("loops look once a round, but for those that end soon") {
  const auto loop = [](const std::string& turns, const std::string& body) {
    return "(module (memory 1) (func (param $n i32) (result i32) (local $i i32) (local $x i32) (local $j i32)"
           " (local.set $n " +
           turns + ") (local.set $x (i32.const 1)) (loop $l" + body +
           " (local.set $x (i32.rotl (i32.mul (local.get $x) (i32.load (i32.const 8))) (local.get $x)))"
           " (i32.store (i32.const 8) (local.get $x))"
           " (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))"
           " (local.get $x)))";
  };
  Fixture endless(loop("(local.get $n)", ""));
  CHECK(looks(endless) == 1);  // Several rounds at a time; those that are left end soon.
  Fixture brief(loop("(i32.const 100)", ""));
  CHECK(looks(brief) == 0);
  Fixture many(loop("(i32.const 1000000)", ""));
  CHECK(looks(many) == 1);
  const std::string inner =
      " (local.set $j (i32.const 0)) (loop $k (i32.store (i32.const 16) (i32.rotr (i32.load (i32.const 16)) "
      "(local.get $x)))"
      " (br_if $k (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 100))))";
  Fixture nested(loop("(i32.const 100)", inner));
  CHECK(looks(nested) == 1);
}

TEST_CASE("a loop that ends soon but for those in it looks in front of them") {
  // Rounds of at most `turns` that do `inside` when the counter says so.
  const auto loop = [](const std::string& variable, const std::string& turns, const std::string& inside) {
    return "(local.set " + variable + " (i32.const 0)) (loop " + inside +
           " (i32.store (i32.const 8) (i32.xor (i32.rotl (i32.load (i32.const 8)) (local.get " + variable +
           ")) (i32.load offset=16 (i32.and (local.get " + variable + ") (i32.const 60)))))" +
           " (br_if 0 (i32.lt_u (local.tee " + variable + " (i32.add (local.get " + variable +
           ") (i32.const 1))) (i32.const " + turns + "))))";
  };
  const auto module = [](const std::string& body) {
    return "(module (memory 1) (func (local $i i32) (local $j i32) (local $k i32) " + body + "))";
  };
  const auto rarely = [](const std::string& inside) {
    return "(if (i32.eqz (i32.load (i32.const 32))) (then " + inside + "))";
  };
  Fixture one(module(loop("$i", "50000", "")));
  CHECK(looks(one) == 1);  // At the function's entry.
  Fixture apart(module(loop("$i", "50000", rarely(loop("$j", "50000", "")))));
  CHECK(looks(apart) == 2);
  // Where the outer one is too long, it looks in each round, and the function need not.
  Fixture both(module(loop("$i", "50000000", rarely(loop("$j", "50000", "")))));
  CHECK(looks(both) == 2);
  // Each of many in a row.
  const std::string few = loop("$i", "200000", "");
  Fixture row(module(few + few + few + few));
  CHECK(looks(row) >= 4);
}

// A loop around a switch over what `load` reads.
std::string dispatch(const std::string& load) {
  std::string code;
  std::string labels;
  std::string arms;
  int count = 0;
  for (const char* const name : {"add", "sub", "mul", "and", "or", "xor", "rotl", "shl", "shr_u"}) {
    code += "(block ";
    labels += " " + std::to_string(count++);
    arms += std::string(") (local.set $x (i32.") + name + " (local.get $x) (local.get $pc))) (br $next)";
  }
  return "(module (memory 1) (func (param $pc i32) (result i32) (local $x i32) (loop $next (block " + code +
         "(br_table" + labels + " 9 (" + load + " (local.tee $pc (i32.add (local.get $pc) (i32.const 1)))))" +
         arms + ")) (local.get $x)))";
}

TEST_CASE("each arm of a loop around a switch has a jump of its own") {
  for (const char* const load : {"i32.load8_u", "i32.load"}) {
    Fixture fixture(dispatch(load));
    CHECK(count(fixture.assembly(), "jmpq\t*%r") >= 9);
    Fixture metered(dispatch(load));
    CHECK(looks(metered) == 1);  // In front of the jump, and copied with it.
    CHECK(count(metered.assembly(), "jmpq\t*%r") >= 9);
    CHECK(count(metered.assembly(), ", %rbp\n\tjb\t") >= 9);
    for (Fixture* const one : {&fixture, &metered}) CHECK(count(one->assembly(), ".p2align\t6,") >= 9);
  }
}

}  // namespace
}  // namespace wherry::compiler
