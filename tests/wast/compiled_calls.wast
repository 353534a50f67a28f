;; What lies in the context is read again behind calls: of the right instance, and of the memory as the call left it.
(module $other
  (memory (export "memory") 1)
  (data (i32.const 0) "\64\00\00\00\65\00\00\00\66\00\00\00\67\00\00\00")
  (func (export "first") (param $p i32) (result i32)
    (i32.store offset=8 (local.get $p) (i32.add (i32.load offset=8 (local.get $p)) (i32.const 1)))
    (i32.load (local.get $p))))
(register "other")

(module
  (import "other" "first" (func $first (param i32) (result i32)))
  (memory 1 4)
  (table funcref (elem $grow $write))
  (type $reach (func (param i32) (result i32)))
  ;; Nodes of left, right and value.
  (data (i32.const 64) "\50\00\00\00\60\00\00\00\05\00\00\00")
  (data (i32.const 80) "\70\00\00\00\80\00\00\00\07\00\00\00")
  (data (i32.const 96) "\00\00\00\00\00\00\00\00\0b\00\00\00")
  (data (i32.const 112) "\00\00\00\00\00\00\00\00\0d\00\00\00")
  (data (i32.const 128) "\00\00\00\00\00\00\00\00\11\00\00\00")
  (global $depth (mut i32) (i32.const 0))

  (func $check (export "check") (param $node i32) (result i32) (local $left i32)
    (if (i32.eqz (local.tee $left (i32.load (local.get $node))))
      (then (return (i32.load offset=8 (local.get $node)))))
    (i32.add
      (i32.sub
        (i32.mul (call $check (local.get $left)) (i32.const 3))
        (call $check (i32.load offset=4 (local.get $node))))
      (i32.load offset=8 (local.get $node))))

  ;; The callee is of another instance, whose memory has other numbers at the same places.
  (func (export "stranger") (param $p i32) (result i32) (local $here i32)
    (local.set $here (i32.load offset=64 (local.get $p)))
    (i32.add
      (i32.mul (call $first (local.get $p)) (i32.const 1000))
      (i32.add (local.get $here) (i32.load offset=72 (local.get $p)))))

  ;; The callee makes room for the access behind it.
  (func $grow (param $p i32) (result i32)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (memory.grow (i32.const 1)))
  (func $write (param $p i32) (result i32)
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
    (i32.store (local.get $p) (i32.const 77))
    (i32.const 1))
  (func (export "behind-growth") (param $p i32) (param $which i32) (result i32)
    (i32.store (i32.const 256) (local.get $p))
    (i32.store (local.get $p)
      (i32.add (i32.load offset=256 (i32.const 0))
        (call_indirect (type $reach) (local.get $p) (local.get $which))))
    (i32.load (local.get $p)))

  ;; What a call changes is not read again, though it lies in the context as well.
  (func $deeper (param $n i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (call $deeper (i32.sub (local.get $n) (i32.const 1))))
  (func (export "changed") (param $n i32) (result i32) (local $before i32)
    (local.set $before (global.get $depth))
    (call $deeper (local.get $n))
    (i32.sub (global.get $depth) (local.get $before)))

  ;; A call on one way, and one address for both.
  (func (export "one-way") (param $p i32) (param $which i32) (result i32) (local $sum i32)
    (local.set $sum (i32.load offset=8 (local.get $p)))
    (if (local.get $which) (then
      (local.set $sum (i32.add (local.get $sum) (call $check (local.get $p))))))
    (i32.store offset=200 (local.get $p) (local.get $sum))
    (i32.add (i32.load offset=8 (local.get $p)) (i32.load offset=200 (local.get $p))))

  ;; A loop behind a call, and none in it; one with a call.
  (func (export "loop-behind") (param $p i32) (param $n i32) (result i32) (local $sum i32)
    (local.set $sum (call $check (local.get $p)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "loop-around") (param $p i32) (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (i32.load offset=8 (local.get $p)) (local.get $sum)))
      (local.set $sum (i32.add (call $check (local.get $p)) (local.get $sum)))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.add (local.get $sum) (i32.load offset=8 (local.get $p)))))

(assert_return (invoke "check" (i32.const 96)) (i32.const 11))
(assert_return (invoke "check" (i32.const 64)) (i32.const 81))
(assert_trap (invoke "check" (i32.const 65533)) "out of bounds memory access")
(assert_return (invoke "stranger" (i32.const 0)) (i32.const 100085))
(assert_return (invoke "stranger" (i32.const 4)) (i32.const 101096))
(assert_trap (invoke "stranger" (i32.const 65472)) "out of bounds memory access")
(assert_trap (invoke "behind-growth" (i32.const 65536) (i32.const 1)) "out of bounds memory access")
(assert_return (invoke "behind-growth" (i32.const 65536) (i32.const 0)) (i32.const 65537))
(assert_return (invoke "behind-growth" (i32.const 65536) (i32.const 1)) (i32.const 65537))
(assert_return (invoke "behind-growth" (i32.const 131068) (i32.const 1)) (i32.const 131069))
(assert_trap (invoke "behind-growth" (i32.const 131069) (i32.const 1)) "out of bounds memory access")
(assert_return (invoke "changed" (i32.const 3)) (i32.const 3))
(assert_return (invoke "one-way" (i32.const 80) (i32.const 0)) (i32.const 14))
(assert_return (invoke "one-way" (i32.const 80) (i32.const 1)) (i32.const 43))
(assert_return (invoke "loop-behind" (i32.const 80) (i32.const 3)) (i32.const 276))
(assert_return (invoke "loop-around" (i32.const 80) (i32.const 2)) (i32.const 71))
