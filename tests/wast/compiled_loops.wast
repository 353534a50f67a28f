;; Programs in which a pass of the compiler over loops or addresses would be wrong if it did not look.
(module
  (memory 1)
  (data (i32.const 0)
    "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10\11\12\13\14\15\16\17\18\19\1a\1b\1c\1d\1e\1f\20"
    "\21\22\23\24\25\26\27\28\29\2a\2b\2c\2d\2e\2f\30\31\32\33\34\35\36\37\38\39\3a\3b\3c\3d\3e\3f\40")

  ;; An index of two parts, of which the loop changes one: without common bits, and with some.
  (func (export "row") (param $row i32) (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $row (i32.shl (local.get $row) (i32.const 3)))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3))
        (i32.load8_u (i32.or (local.get $row) (i32.and (i32.sub (local.get $i) (i32.const 1)) (i32.const 7))))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $s))
  (func (export "shared-bits") (param $row i32) (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $row (i32.shl (local.get $row) (i32.const 3)))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3))
        (i32.load8_u (i32.or (local.get $row) (i32.and (i32.sub (local.get $i) (i32.const 1)) (i32.const 15))))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $s))

  ;; A sum that was unrolled by four, and may be rolled up again.
  (func (export "sum") (param $n i32) (result i32) (local $p i32) (local $sum i32)
    (local.set $n (i32.and (local.get $n) (i32.const -4)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=1 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=2 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=3 (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (i32.ne (local.get $p) (local.get $n))))
    (local.get $sum))

  ;; The last term is needed behind the loop.
  (func (export "sum-and-last") (param $n i32) (result i32 i32) (local $p i32) (local $sum i32) (local $last i32)
    (local.set $n (i32.and (local.get $n) (i32.const -4)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=1 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=2 (local.get $p))))
      (local.set $last (i32.load8_u offset=3 (local.get $p)))
      (local.set $sum (i32.add (local.get $sum) (local.get $last)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (i32.ne (local.get $p) (local.get $n))))
    (local.get $sum) (local.get $last))

  ;; And the first; and what the counter was in the last round.
  (func (export "sum-and-first") (param $n i32) (result i32 i32) (local $p i32) (local $sum i32) (local $first i32)
    (local.set $n (i32.and (local.get $n) (i32.const -4)))
    (loop $l
      (local.set $first (i32.load8_u (local.get $p)))
      (local.set $sum (i32.add (local.get $sum) (local.get $first)))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=1 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=2 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=3 (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (i32.ne (local.get $p) (local.get $n))))
    (local.get $sum) (local.get $first))
  (func (export "sum-and-counter") (param $n i32) (result i32 i32) (local $p i32) (local $sum i32) (local $at i32)
    (local.set $n (i32.and (local.get $n) (i32.const -4)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=1 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=2 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=3 (local.get $p))))
      (local.set $at (i32.xor (local.get $p) (i32.const 5)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (i32.ne (local.get $p) (local.get $n))))
    (local.get $sum) (local.get $at))

  ;; No address is the counter alone: one more than a multiple of four is found by an `or`, one more than any number is not.
  (func (export "sum-behind") (param $n i32) (result i32) (local $p i32) (local $sum i32)
    (local.set $n (i32.and (local.get $n) (i32.const -8)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.add (local.get $p) (i32.const 1)))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.add (local.get $p) (i32.const 3)))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.add (local.get $p) (i32.const 5)))))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.add (local.get $p) (i32.const 7)))))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (br_if $l (i32.ne (local.get $p) (local.get $n))))
    (local.get $sum))
)
(assert_return (invoke "row" (i32.const 2) (i32.const 11)) (i32.const 1933809))
(assert_return (invoke "row" (i32.const 8191) (i32.const 11)) (i32.const 0))
(assert_trap (invoke "row" (i32.const 8192) (i32.const 11)) "out of bounds memory access")
(assert_trap (invoke "row" (i32.const -1) (i32.const 11)) "out of bounds memory access")
(assert_return (invoke "shared-bits" (i32.const 1) (i32.const 20)) (i32.const 2641380258))
(assert_return (invoke "sum" (i32.const 24)) (i32.const 300))
(assert_return (invoke "sum" (i32.const 64)) (i32.const 2080))
(assert_return (invoke "sum-and-last" (i32.const 24)) (i32.const 300) (i32.const 24))
(assert_return (invoke "sum-and-last" (i32.const 64)) (i32.const 2080) (i32.const 64))
(assert_return (invoke "sum-and-first" (i32.const 24)) (i32.const 300) (i32.const 21))
(assert_return (invoke "sum-and-first" (i32.const 64)) (i32.const 2080) (i32.const 61))
(assert_return (invoke "sum-and-counter" (i32.const 24)) (i32.const 300) (i32.const 17))
(assert_return (invoke "sum-and-counter" (i32.const 64)) (i32.const 2080) (i32.const 57))
(assert_return (invoke "sum-behind" (i32.const 24)) (i32.const 156))
(assert_return (invoke "sum-behind" (i32.const 64)) (i32.const 1056))

;; Two addresses whose difference is 0 modulo 2^32 are the same in a memory of 4 GiB, or one of them traps. In a larger one both exist.
(module
  (memory i64 65538)
  (func (export "apart") (param $at i32) (result i64 i64)
    (i64.store offset=48 (i64.extend_i32_u (local.get $at)) (i64.const 1))
    (i64.store offset=96 (i64.extend_i32_u (i32.sub (local.get $at) (i32.const 48))) (i64.const 2))
    (i64.load offset=48 (i64.extend_i32_u (local.get $at)))
    (i64.load offset=96 (i64.extend_i32_u (i32.sub (local.get $at) (i32.const 48))))))
(assert_return (invoke "apart" (i32.const 0)) (i64.const 1) (i64.const 2))
(assert_return (invoke "apart" (i32.const 48)) (i64.const 2) (i64.const 2))
(module
  (memory 1)
  (func (export "apart") (param $at i32) (result i64)
    (i64.store offset=48 (local.get $at) (i64.const 1))
    (i64.store offset=96 (i32.sub (local.get $at) (i32.const 48)) (i64.const 2))
    (i64.load offset=48 (local.get $at)))
  (func (export "at") (param i32) (result i64) (i64.load (local.get 0))))
(assert_trap (invoke "apart" (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "at" (i32.const 48)) (i64.const 1))
(assert_return (invoke "apart" (i32.const 48)) (i64.const 2))
