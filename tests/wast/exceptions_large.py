#!/usr/bin/env python3
"""Prints a test script: exception handling at sizes that nobody writes by hand. Nothing here may take memory or time beyond what its
length explains: 100,000 try_tables around one throw, a try_table of as many clauses as it may have, a label 100,000 blocks away, and functions that are
made and throw in turn."""
DEEP = 100_000
CLAUSES = 10_000  # the most that a try_table may have

print('(module (tag $no) (tag $yes (param i32)) (func $throw (param i32) (throw $yes (local.get 0)))')

# The innermost that matches is the outermost block; every clause in between is looked at.
print('(func (export "deep") (param $n i32) (result i32) (local $sum i32) loop $l block $h (result i32) try_table (catch $yes $h)')
print("try_table (catch $no 0)\n" * DEEP)
print("local.get $n call $throw")
print("end\n" * DEEP)
print("end unreachable end local.get $sum i32.add local.set $sum")
print("local.get $n i32.const 1 i32.sub local.tee $n br_if $l end local.get $sum)")

# All of them catch: the innermost does.
print('(func (export "each") (param $n i32) (result i32)')
print("block $h (result i32)")
print("try_table (result i32) (catch $yes 0)\n" * DEEP)
print("local.get $n call $throw unreachable")
print("end i32.const 1 i32.add\n" * DEEP)
print("end)")

# The last clause of very many.
print('(func (export "wide") (param $n i32) (result i32) block $h (result i32) block $none try_table')
print("(catch $no $none)\n" * (CLAUSES - 1))
print("(catch $yes $h) local.get $n call $throw end end unreachable end)")

# A label far out, and the body's.
print('(func (export "far") (param $n i32) (result i32)')
print("block\n" * DEEP)
print(f"try_table (catch $yes {DEEP}) local.get $n call $throw end")
print("end\n" * DEEP)
print("i32.const -1)")

# One try_table behind the other, each with a call of its own.
print('(func (export "long") (param $n i32) (result i32) (local $sum i32)')
for i in range(DEEP // 10):
    print(f"block (result i32) try_table (catch $yes 0) i32.const {i % 7} call $throw end unreachable end "
          "local.get $sum i32.add local.set $sum")
print("local.get $sum)")
print(")")
print(f'(assert_return (invoke "deep" (i32.const 20)) (i32.const {20 * 21 // 2}))')
print(f'(assert_return (invoke "each" (i32.const 5)) (i32.const {5 + DEEP - 1}))')
print('(assert_return (invoke "wide" (i32.const 6)) (i32.const 6))')
print('(assert_return (invoke "far" (i32.const 7)) (i32.const 7))')
print(f'(assert_return (invoke "long" (i32.const 1)) (i32.const {sum(i % 7 for i in range(DEEP // 10))}))')

# Functions that are made by their first call, each of which throws at once.
COUNT = 5000
print("(module (tag $t (param i32)) (type $f (func (result i32)))")
print(f"(table {COUNT} funcref) (elem (i32.const 0)", " ".join(f"$f{i}" for i in range(COUNT)), ")")
for i in range(COUNT):
    print(f"(func $f{i} (result i32) (throw $t (i32.const {i})))")
print("""(func (export "run") (param $n i32) (result i32) (local $sum i32)
  (loop $l
    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
    (block $h (result i32) (try_table (result i32) (catch $t $h) (call_indirect (type $f) (local.get $n))))
    (local.set $sum (i32.add (local.get $sum)))
    (br_if $l (local.get $n)))
  (local.get $sum)))""")
print(f'(assert_return (invoke "run" (i32.const {COUNT})) (i32.const {COUNT * (COUNT - 1) // 2}))')
