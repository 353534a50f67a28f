// Config::nan_canonicalization: every instruction that makes a NaN makes the canonical one, whatever NaNs it is given; bits that
// are only moved stay as they are.
#include <bit>
#include <catch2/catch.hpp>
#include <string>

#include "wherry/wherry.h"

namespace wherry {

namespace {

constexpr uint32_t kNan32 = 0x7fc0'0000;
constexpr uint64_t kNan64 = 0x7ff8'0000'0000'0000;

class Guest {
 public:
  Guest(const std::string& text, uint32_t disabled_optimizations) {
    Config config;
    config.nan_canonicalization = true;
    config.advanced.disabled_optimizations = disabled_optimizations;
    const Engine engine = Engine::create(config).value();
    store_.emplace(Store::create(engine).value());
    instance_ = Instance::create(*store_, load_text(engine, text).value(), {}).value();
  }
  uint64_t run(const char* name) { return instance_.typed<uint64_t()>(*store_, name)->call(*store_).value(); }

 private:
  std::optional<Store> store_;
  Instance instance_;
};

// `operation` on NaNs with other bits; the result as i64. In four places: as it is, through a local, added to something, and in
// a comparison of its bits.
std::string module_of(const std::string& type, const std::string& expression) {
  const std::string bits =
      type == "f32" ? "(i64.extend_i32_u (i32.reinterpret_f32 " : "(i64.reinterpret_f64 ";
  const std::string close = type == "f32" ? "))" : ")";
  return "(module (memory 1) (func (export \"direct\") (result i64) " + bits + expression + close +
         ") (func (export \"local\") (result i64) (local " + type + ") (local.set 0 " + expression + ") " +
         bits + "(local.get 0)" + close + ") (func (export \"twice\") (result i64) " + bits + "(" + type +
         ".add " + expression + " (" + type + ".const 1))" + close +
         ") (func (export \"stored\") (result i64) (" + type + ".store (i32.const 8) " + expression +
         ") (i64.load (i32.const 8))))";
}

}  // namespace

TEST_CASE("arithmetic makes canonical NaNs only") {
  struct Row {
    const char* type;
    const char* expression;
  };
  constexpr Row kRows[] = {
      {"f32", "(f32.add (f32.const nan:0x200001) (f32.const 1))"},
      {"f32", "(f32.sub (f32.const 1) (f32.const -nan:0x500001))"},
      {"f32", "(f32.mul (f32.const -nan) (f32.const nan:0x1))"},
      {"f32", "(f32.div (f32.const 0) (f32.const 0))"},
      {"f32", "(f32.div (f32.const -0) (f32.const 0))"},
      {"f32", "(f32.sub (f32.const inf) (f32.const inf))"},
      {"f32", "(f32.min (f32.const -nan:0x7) (f32.const 0))"},
      {"f32", "(f32.max (f32.const 0) (f32.const nan:0x400007))"},
      {"f32", "(f32.sqrt (f32.const -1))"},
      {"f32", "(f32.ceil (f32.const nan:0x400007))"},
      {"f32", "(f32.floor (f32.const -nan:0x3))"},
      {"f32", "(f32.trunc (f32.const -nan:0x400000))"},
      {"f32", "(f32.nearest (f32.const nan:0x9))"},
      {"f32", "(f32.demote_f64 (f64.const -nan:0x8000100000000))"},
      {"f64", "(f64.add (f64.const nan:0x200001) (f64.const 1))"},
      {"f64", "(f64.sub (f64.const 1) (f64.const -nan:0x8000000000001))"},
      {"f64", "(f64.mul (f64.const inf) (f64.const 0))"},
      {"f64", "(f64.div (f64.const 0) (f64.const -0))"},
      {"f64", "(f64.min (f64.const -nan:0x7) (f64.const 0))"},
      {"f64", "(f64.max (f64.const 0) (f64.const nan:0x400007))"},
      {"f64", "(f64.sqrt (f64.const -4))"},
      {"f64", "(f64.ceil (f64.const nan:0x400007))"},
      {"f64", "(f64.floor (f64.const -nan:0x3))"},
      {"f64", "(f64.trunc (f64.const -nan:0x400000))"},
      {"f64", "(f64.nearest (f64.const nan:0x9))"},
      {"f64", "(f64.promote_f32 (f32.const -nan:0x200000))"},
      {"f32",
       "(f32x4.extract_lane 1 (f32x4.add (v128.const i32x4 0 0x7fa00001 0 0) (v128.const f32x4 0 1 0 0)))"},
      {"f32",
       "(f32x4.extract_lane 3 (f32x4.max (v128.const i32x4 0 0 0 0xffa00001) (v128.const f32x4 0 1 0 0)))"},
      {"f32", "(f32x4.extract_lane 0 (f32x4.demote_f64x2_zero (v128.const i64x2 0xfff8000100000000 0)))"},
      {"f32",
       "(f32x4.extract_lane 2 (f32x4.relaxed_madd (v128.const f32x4 0 0 inf 0) (v128.const f32x4 0 0 0 0)"
       " (v128.const f32x4 1 1 1 1)))"},
      {"f64", "(f64x2.extract_lane 1 (f64x2.sqrt (v128.const f64x2 0 -1)))"},
      {"f64", "(f64x2.extract_lane 0 (f64x2.nearest (v128.const i64x2 0xfff0000000000001 0)))"},
      {"f64", "(f64x2.extract_lane 1 (f64x2.promote_low_f32x4 (v128.const i32x4 0 0xffc00001 0 0)))"},
  };
  for (const uint32_t disabled : {0u, kAllOptimizations}) {
    for (const Row& row : kRows) {
      INFO(row.expression);
      Guest guest(module_of(row.type, row.expression), disabled);
      const uint64_t expected = std::string_view(row.type) == "f32" ? kNan32 : kNan64;
      for (const char* name : {"direct", "local", "twice", "stored"}) CHECK(guest.run(name) == expected);
    }
  }
}

TEST_CASE("numbers are not touched by it, nor NaNs that are only moved") {
  struct Row {
    const char* type;
    const char* expression;
    uint64_t bits;
  };
  constexpr Row kRows[] = {
      {"f32", "(f32.add (f32.const 1) (f32.const 2))", std::bit_cast<uint32_t>(3.0f)},
      {"f32", "(f32.mul (f32.const -0) (f32.const 2))", 0x8000'0000},
      {"f32", "(f32.mul (f32.const 0x1p127) (f32.const -4))", 0xff80'0000},
      {"f64", "(f64.div (f64.const -1) (f64.const 0))", 0xfff0'0000'0000'0000},
      {"f64", "(f64.sqrt (f64.const 4))", std::bit_cast<uint64_t>(2.0)},
      {"f32", "(f32.neg (f32.const nan:0x5))", 0xff80'0005},
      {"f32", "(f32.abs (f32.const -nan:0x5))", 0x7f80'0005},
      {"f64", "(f64.copysign (f64.const nan:0x5) (f64.const -1))", 0xfff0'0000'0000'0005},
      {"f64", "(select (f64.const -nan:0x5) (f64.const 0) (i32.const 1))", 0xfff0'0000'0000'0005},
      {"f32", "(f32.reinterpret_i32 (i32.const 0x7fa00001))", 0x7fa0'0001},
      {"f32", "(f32x4.extract_lane 1 (f32x4.mul (v128.const f32x4 2 3 4 5) (v128.const f32x4 nan 4 5 6)))",
       std::bit_cast<uint32_t>(12.0f)},
      {"f64", "(f64x2.extract_lane 0 (f64x2.neg (v128.const i64x2 0x7ff0000000000005 0)))",
       0xfff0'0000'0000'0005},
  };
  for (const Row& row : kRows) {
    INFO(row.expression);
    Guest guest(module_of(row.type, row.expression), 0);
    for (const char* name : {"direct", "local", "stored"}) CHECK(guest.run(name) == row.bits);
  }
}

TEST_CASE("a loop of float arithmetic gives the same with it as without") {
  constexpr std::string_view kText =
      R"((module (func (export "run") (result f64) (local $i i32) (local $x f64) (local $y f32)
    (local.set $x (f64.const 1.5))
    (loop $more
      (local.set $x (f64.sub (f64.mul (local.get $x) (f64.const 1.000001)) (f64.div (f64.const 3) (local.get $x))))
      (local.set $y (f32.max (f32.demote_f64 (local.get $x)) (local.get $y)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (f64.add (local.get $x) (f64.promote_f32 (f32.sqrt (local.get $y)))))))";
  double results[2];
  for (const bool canonical : {false, true}) {
    Config config;
    config.nan_canonicalization = canonical;
    const Engine engine = Engine::create(config).value();
    Store store = Store::create(engine).value();
    const Instance instance = Instance::create(store, load_text(engine, kText).value(), {}).value();
    results[canonical] = instance.typed<double()>(store, "run")->call(store).value();
  }
  CHECK(std::bit_cast<uint64_t>(results[0]) == std::bit_cast<uint64_t>(results[1]));
}

}  // namespace wherry
