#!/usr/bin/env python3
"""Prints a test script of functions that are large in one way each: locals, parameters, results, values of a block, depth,
targets of a br_table. The numbers are close to the limits of the JavaScript API, which all engines share."""

LOCALS = 40_000
RESULTS = 1000


def numbers(count, step=1):
    return " ".join(f"(i64.const {i * step})" for i in range(count))


def types(count):
    return " ".join(["i64"] * count)


def locals_script():
    """Callees have frames larger than what lies between the caller's temporaries and its last local."""
    vectors = " ".join(["v128"] * 40_000)
    return f"""
(module
  (func $deep (param i64) (result i64) (local {types(8000)})
    (if (i64.eqz (local.get 0)) (then (return (i64.const 7))))
    (local.set 7000 (i64.const -1)) (local.set 1 (i64.const -1)) (local.set 8000 (i64.const -1))
    (i64.add (i64.const 1) (call $deep (i64.sub (local.get 0) (i64.const 1)))))
  (func (export "calls") (param i64) (result i64 i64 i64) (local {types(LOCALS)})
    (local.set {LOCALS} (i64.const 1234)) (local.set 100 (i64.const 55)) (local.set 20000 (i64.const 66))
    (call $deep (local.get 0))
    (local.get {LOCALS}) (i64.add (local.get 100) (local.get 20000)))
  (func (export "many") (param i64) (result i64) (local {types(49_999)})
    (local.set 49999 (local.get 0)) (i64.add (local.get 49999) (local.get 49998)))
  (func $rest (export "tail") (param i64) (result i64) (local {types(49_000)})
    (if (i64.eqz (local.get 0)) (then (return (local.get 48000))))
    (local.set 48000 (i64.const 1))
    (return_call $rest (i64.sub (local.get 0) (i64.const 1))))
  ;; Beyond 16-bit slots: vectors take two each.
  (func (export "far-tee") (param i32) (result i32 i32) (local {vectors} i32)
    (i32.add (local.tee 40001 (i32.mul (local.get 0) (i32.const 3))) (i32.const 1))
    (local.get 40001))
  (func (export "far-float") (param f64) (result f64) (local {vectors} f64 f64)
    (local.set 40002 (local.tee 40001 (f64.mul (local.get 0) (f64.const 3))))
    (f64.add (local.get 40001) (local.get 40002)))
  (func (export "far-loop") (param i32) (result i32) (local {vectors} i32)
    (loop
      (local.set 40001 (i32.add (local.get 40001) (local.get 0)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 40001))
)
(assert_return (invoke "calls" (i64.const 6)) (i64.const 13) (i64.const 1234) (i64.const 121))
(assert_return (invoke "many" (i64.const 9)) (i64.const 9))
(assert_return (invoke "tail" (i64.const 50)) (i64.const 0))
(assert_return (invoke "far-tee" (i32.const 5)) (i32.const 16) (i32.const 15))
(assert_return (invoke "far-float" (f64.const 5)) (f64.const 30))
(assert_return (invoke "far-loop" (i32.const 10)) (i32.const 55))
"""


def far_script():
    """Functions with locals beyond 16-bit slots call in every way: inside the instance, out of it, and instead of themselves."""
    v = " ".join(["v128"] * 30_000)
    return f"""
(module $other
  (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "many") (param i32) (result i32 i64 v128 i32 i64)
    (local.get 0) (i64.const 7) (v128.const i64x2 8 9) (i32.const 10) (i64.const 11))
  (func (export "trap") (unreachable)))
(register "other" $other)
(module $m
  (import "other" "twice" (func $twice (param i32) (result i32)))
  (import "other" "many" (func $many (param i32) (result i32 i64 v128 i32 i64)))
  (import "other" "trap" (func $trap))
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $add1 $twice))
  (func $add1 (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $wide (export "wide") (param $n i32) (result i32) (local {v}) (local $last i64) (local $lastv v128)
    (local.set $lastv (v128.const i64x2 3 4))
    (local.set $last (i64.const 100))
    (local.set 1 (i32x4.splat (local.get $n)))
    (local.set $n (call $add1 (local.get $n)))
    (local.set $n (call $twice (local.get $n)))
    (local.set $n (call_indirect (type $t) (local.get $n) (i32.const 0)))
    (local.set $n (call_indirect (type $t) (local.get $n) (i32.const 1)))
    (i32.add (i32.add (local.get $n) (i32.wrap_i64 (local.get $last)))
      (i32.add (i32x4.extract_lane 3 (local.get 1)) (i32.wrap_i64 (i64x2.extract_lane 1 (local.get $lastv))))))
  (func (export "results") (param $n i32) (result i32 i64 v128 i32 i64) (local {v}) (local $last i64)
    (local.set $last (i64.const 100))
    (call $many (local.get $n)))
  (func (export "no_params") (result i32 i64 v128 i32 i64) (local {v}) (local $last i64)
    (call $many (i32.const 5)))
  (func $loop (export "loop") (param $n i32) (param $sum i64) (result i64) (local {v}) (local $last i64)
    (if (i64.ne (local.get $last) (i64.const 0)) (then (unreachable)))
    (local.set $last (i64.const 100))
    (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
    (return_call $loop (i32.sub (local.get $n) (i32.const 1)) (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n)))))
  (func (export "away") (param $n i32) (result i32) (local {v}) (local $last i64)
    (return_call $twice (local.get $n)))
  (func (export "away_indirect") (param $n i32) (param $i i32) (result i32) (local {v}) (local $last i64)
    (return_call_indirect (type $t) (local.get $n) (local.get $i)))
  (func (export "trapping") (local {v}) (local $last i64) (call $trap))
  (func $deep (export "deep") (param $n i32) (result i32) (local {v}) (local $last i64)
    (call $deep (local.get $n))))
(assert_return (invoke "wide" (i32.const 10)) (i32.const 160))
(assert_return (invoke "wide" (i32.const 10)) (i32.const 160))
(assert_return (invoke "results" (i32.const 6)) (i32.const 6) (i64.const 7) (v128.const i64x2 8 9) (i32.const 10) (i64.const 11))
(assert_return (invoke "no_params") (i32.const 5) (i64.const 7) (v128.const i64x2 8 9) (i32.const 10) (i64.const 11))
(assert_return (invoke "loop" (i32.const 100) (i64.const 0)) (i64.const 5050))
(assert_return (invoke "away" (i32.const 21)) (i32.const 42))
(assert_return (invoke "away_indirect" (i32.const 21) (i32.const 0)) (i32.const 22))
(assert_return (invoke "away_indirect" (i32.const 21) (i32.const 1)) (i32.const 42))
(assert_trap (invoke "away_indirect" (i32.const 21) (i32.const 2)) "undefined element")
(assert_trap (invoke "trapping") "unreachable")
(assert_exhaustion (invoke "deep" (i32.const 1)) "call stack exhausted")
;; From another instance: the header's other words are in use.
(register "m" $m)
(module
  (import "m" "wide" (func $wide (param i32) (result i32)))
  (import "m" "no_params" (func $none (result i32 i64 v128 i32 i64)))
  (import "m" "away" (func $away (param i32) (result i32)))
  (func (export "all") (result i32)
    (call $wide (i32.const 10)) (call $none) (drop) (drop) (drop) (drop) (i32.add) (i32.add (call $away (i32.const 4)))))
(assert_return (invoke "all") (i32.const 173))
"""


def values_script():
    sums = " ".join(["i64.add"] * (RESULTS - 1))
    total = sum(range(RESULTS))
    gets = " ".join(f"(local.get {i})" for i in range(RESULTS))
    return f"""
(module
  (type $many (func (param {types(RESULTS)}) (result {types(RESULTS)})))
  (type $source (func (result {types(RESULTS)})))
  (table 2 funcref) (elem (i32.const 0) $same $reversed)
  (func $source (export "source") (type $source) {numbers(RESULTS)})
  (func $same (type $many) {gets})
  (func $reversed (type $many) {" ".join(f"(local.get {RESULTS - 1 - i})" for i in range(RESULTS))})
  (func $tail (type $many) {gets} (return_call_indirect (type $many) (i32.const 1)))
  (func (export "sum") (result i64) (call $source) (call $same) {sums})
  (func (export "first") (param i32) (result i64)
    (call $source) (call_indirect (type $many) (local.get 0)) {" ".join(["drop"] * (RESULTS - 1))})
  (func (export "tail") (result i64) (call $source) (call $tail) {" ".join(["drop"] * (RESULTS - 1))})
  ;; Values of blocks that have to move, because something lies below them.
  (func (export "block") (param i32) (result i64)
    (i64.const 5)
    (block (type $source) (i64.const 6) (call $source) (br_if 0 (local.get 0)) {sums} i64.add
      {numbers(RESULTS - 1)})
    {sums} i64.add)
  (func (export "loop") (param i32) (result i64)
    (call $source)
    (loop (type $many)
      (if (type $many) (local.get 0)
        (then (call $same) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 1))
        (else (call $reversed))))
    {" ".join(["drop"] * (RESULTS - 1))})
  (func (export "table") (param i32) (result i64)
    (i64.const 1000000)
    (block (type $source)
      (i64.const 1)
      (block (type $source) (i64.const 2) (call $source) (br_table 0 1 0 (local.get 0)))
      (call $reversed) (br 0))
    {sums} i64.add)
)
(assert_return (invoke "source") {numbers(RESULTS)})
(assert_return (invoke "sum") (i64.const {total}))
(assert_return (invoke "first" (i32.const 0)) (i64.const 0))
(assert_return (invoke "first" (i32.const 1)) (i64.const {RESULTS - 1}))
(assert_return (invoke "tail") (i64.const {RESULTS - 1}))
(assert_return (invoke "block" (i32.const 1)) (i64.const {total + 5}))
(assert_return (invoke "block" (i32.const 0)) (i64.const {total + 6 + sum(range(RESULTS - 1)) + 5}))
(assert_return (invoke "loop" (i32.const 5)) (i64.const {RESULTS - 1}))
(assert_return (invoke "table" (i32.const 0)) (i64.const {total + 1_000_000}))
(assert_return (invoke "table" (i32.const 1)) (i64.const {total + 1_000_000}))
(assert_return (invoke "table" (i32.const -1)) (i64.const {total + 1_000_000}))
"""


def deep_script():
    depth = 100_000
    cases = 5000
    blocks = "".join("(block " for _ in range(cases + 1))
    arms = "".join(f") (return (i32.const {i}))" for i in range(cases))
    return f"""
(module
  (func (export "blocks") (result i32) {"block (result i32) " * depth} i32.const 7 {"end " * depth})
  (func (export "ifs") (param i32) (result i32)
    {"local.get 0 if (result i32) " * depth} i32.const 1 {"else i32.const 2 end " * depth})
  (func (export "out") (param i32) (result i32)
    {"block (result i32) " * 1000} local.get 0 br 999 {"end i32.const 1 i32.add " * 1000})
  (func (export "stack") (result i32) {"i32.const 1 " * 10_000} {"i32.add " * 9_999})
  (func (export "pending") (param i32) (result i32)
    {"local.get 0 " * 2000} (local.set 0 (i32.const 100)) {"i32.add " * 1999} (i32.add (local.get 0)))
  (func (export "cases") (param i32) (result i32)
    {blocks} (br_table {" ".join(map(str, range(cases + 1)))} (local.get 0)) {arms}) (i32.const -1))
)
(assert_return (invoke "blocks") (i32.const 7))
(assert_return (invoke "ifs" (i32.const 1)) (i32.const 1))
(assert_return (invoke "ifs" (i32.const 0)) (i32.const 2))
(assert_return (invoke "out" (i32.const 3)) (i32.const 4))
(assert_return (invoke "stack") (i32.const 10000))
(assert_return (invoke "pending" (i32.const 2)) (i32.const 4100))
(assert_return (invoke "cases" (i32.const 0)) (i32.const 0))
(assert_return (invoke "cases" (i32.const {cases - 1})) (i32.const {cases - 1}))
(assert_return (invoke "cases" (i32.const {cases})) (i32.const -1))
(assert_return (invoke "cases" (i32.const -1)) (i32.const -1))
"""


if __name__ == "__main__":
    print(";; Made by tests/wast/large.py.", locals_script(), far_script(), values_script(), deep_script())
