;; A v128 local that a register mirrors, across everything that leaves and enters a function, and whatever writes it.
(module $other
  (func (export "clobber") (param v128) (result v128) (local v128 i32)
    (local.set 1 (v128.const i32x4 1000 2000 3000 4000))
    (loop
      (local.set 1 (i32x4.add (i32x4.add (local.get 1) (local.get 1)) (i32x4.add (local.get 1) (local.get 1))))
      (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 5))))
    (i32x4.add (local.get 0) (v128.const i32x4 1 1 1 1))))
(register "other")
(module
  (import "other" "clobber" (func $clobber (param v128) (result v128)))
  (import "spectest" "print_i32" (func $print (param i32)))
  (type $unary (func (param v128) (result v128)))
  (table funcref (elem $clobber $inside $jump))
  (tag $t (param v128))
  (memory 1)
  (global $g (mut v128) (v128.const i32x4 11 12 13 14))
  ;; Uses the register itself.
  (func $inside (param v128) (result v128) (local v128 i32)
    (local.set 1 (v128.const i32x4 7 7 7 7))
    (loop
      (local.set 1 (v128.xor (i32x4.add (local.get 1) (local.get 1)) (i32x4.add (local.get 1) (local.get 0))))
      (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 3))))
    (i32x4.add (local.get 0) (v128.const i32x4 2 2 2 2)))
  (func $jump (param v128) (result v128) (return_call $inside (local.get 0)))

  ;; x' = 8x + 3 with a call of each kind between; the calls' results are added up.
  (func (export "through") (param $turns i32) (param $which i32) (result v128) (local $x v128) (local $sum v128)
    (local.set $x (v128.const i32x4 1 2 3 4))
    (loop $l
      (local.set $x (i32x4.add
        (i32x4.add (i32x4.add (i32x4.add (local.get $x) (local.get $x)) (i32x4.add (local.get $x) (local.get $x)))
                   (i32x4.add (i32x4.add (local.get $x) (local.get $x)) (i32x4.add (local.get $x) (local.get $x))))
        (v128.const i32x4 3 3 3 3)))
      (local.set $sum (i32x4.add (local.get $sum)
        (if (result v128) (i32.lt_u (local.get $which) (i32.const 3))
          (then (call_indirect (type $unary) (local.get $x) (local.get $which)))
          (else (call $print (local.get $which)) (local.get $x)))))
      (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (i32x4.add (local.get $sum) (local.get $x)))

  ;; Recursion: each frame has its own.
  (func $recurse (export "recurse") (param $n i32) (result v128) (local $x v128) (local $i i32)
    (local.set $x (i32x4.splat (local.get $n)))
    (loop $l
      (local.set $x (i32x4.add (i32x4.add (local.get $x) (local.get $x)) (local.get $x)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
    (if (i32.eqz (local.get $n)) (then (return (local.get $x))))
    (v128.xor (call $recurse (i32.sub (local.get $n) (i32.const 1))) (i32x4.add (local.get $x) (local.get $x))))

  ;; Whatever writes it, by turns; read twice each time as the turn before left it.
  (func (export "writers") (param $n i32) (result v128) (local $x v128) (local $sum v128) (local $i i32)
    (v128.store (i32.const 32) (v128.const i32x4 101 102 103 104))
    (loop $l
      (loop
        (local.set $sum (v128.xor (local.get $sum) (i32x4.add (local.get $x) (local.get $x))))
        (local.set $sum (i32x4.add (local.get $sum) (v128.or (local.get $x) (local.get $sum))))
        (local.set $sum (i32x4.add (local.get $x) (local.get $sum))))
      (block $done
        (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
          (br_table $0 $1 $2 $3 $4 $5 $6 $7 (local.get $i)))
          (local.set $x (v128.load (i32.const 32))) (br $done))
          (local.set $x (v128.const i32x4 1 2 3 4)) (br $done))
          (local.set $x (local.get $sum)) (br $done))
          (local.set $x (i32x4.neg (local.get $x))) (br $done))
          (local.set $x (select (local.get $sum) (local.get $x) (local.get $n))) (br $done))
          (local.set $x (global.get $g)) (br $done))
          (local.set $x (v128.load32_lane 2 (i32.const 32) (local.get $x))) (br $done))
        (local.set $x (block (result v128) (br_if 0 (local.get $sum) (local.get $n)) (drop) (i32x4.add (local.get $x) (local.get $sum)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.le_u (local.get $i) (local.get $n))))
    (local.get $sum))

  ;; The register's value as an operand of whatever has no form for it, and of both sides of what has.
  (func (export "readers") (param $x v128) (param $n i32) (result v128) (local $y v128)
    (loop $l
      (local.set $y (i32x4.sub (i32x4.shl (local.get $x) (i32.const 1)) (local.get $x)))
      (local.set $y (v128.xor (i32x4.mul (local.get $x) (local.get $x)) (local.get $y)))
      (local.set $y (i32x4.add (v128.not (local.get $y)) (local.get $x)))
      (local.set $y (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 (local.get $y) (local.get $x)))
      (local.set $y (v128.bitselect (local.get $x) (local.get $y) (local.get $x)))
      (local.set $y (i32x4.replace_lane 1 (local.get $y) (i32x4.extract_lane 3 (local.get $x))))
      (v128.store (i32.const 64) (local.get $x))
      (v128.store8_lane 5 (i32.const 70) (local.get $x))
      (local.set $x (i32x4.add (i32x4.add (v128.load (i32.const 64)) (local.get $x)) (local.get $y)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))

  ;; Subtraction knows its sides.
  (func (export "sides") (result v128) (local $x v128) (local $y v128) (local $i i32)
    (local.set $x (v128.const f64x2 3 0.5))
    (loop $l
      (local.set $y (f64x2.sub (local.get $y) (local.get $x)))
      (local.set $y (f64x2.sub (local.get $x) (f64x2.mul (local.get $y) (v128.const f64x2 2 2))))
      (local.set $y (f64x2.sub (f64x2.mul (local.get $x) (local.get $x)) (local.get $y)))
      (local.set $y (f64x2.sub (v128.load (i32.const 128)) (f64x2.sub (local.get $x) (local.get $y))))
      (local.set $x (f64x2.sub (f64x2.sub (local.get $x) (v128.const f64x2 0.25 8)) (local.get $y)))
      (local.set $x (f64x2.sub (local.get $y) (local.get $x)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (f64x2.add (local.get $x) (local.get $y)))

  ;; Not mirrored where something is caught, and right there too.
  (func $throws (param v128) (result v128)
    (if (i32.gt_s (i32x4.extract_lane 0 (local.get 0)) (i32.const 30)) (then (throw $t (local.get 0))))
    (i32x4.add (local.get 0) (local.get 0)))
  (func (export "catches") (result v128) (local $x v128) (local $y v128)
    (local.set $x (v128.const i32x4 1 2 3 4))
    (loop $l
      (local.set $y (i32x4.add (i32x4.add (local.get $y) (local.get $x)) (local.get $x)))
      (block $caught (result v128)
        (try_table (catch $t $caught)
          (local.set $x (call $throws (local.get $x)))
          (br $l))
        (unreachable))
      (local.set $x))
    (i32x4.add (local.get $x) (local.get $y))))

(assert_return (invoke "through" (i32.const 5) (i32.const 0)) (v128.const i32x4 0x000187d7 0x00029a1f 0x0003ac67 0x0004beaf))
(assert_return (invoke "through" (i32.const 5) (i32.const 1)) (v128.const i32x4 0x000187dc 0x00029a24 0x0003ac6c 0x0004beb4))
(assert_return (invoke "through" (i32.const 5) (i32.const 2)) (v128.const i32x4 0x000187dc 0x00029a24 0x0003ac6c 0x0004beb4))
(assert_return (invoke "through" (i32.const 5) (i32.const 3)) (v128.const i32x4 0x000187d2 0x00029a1a 0x0003ac62 0x0004beaa))
(assert_return (invoke "recurse" (i32.const 6)) (v128.const i32x4 0x0000026e 0x0000026e 0x0000026e 0x0000026e))
(assert_return (invoke "writers" (i32.const 0)) (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))
(assert_return (invoke "writers" (i32.const 7)) (v128.const i32x4 0xffffb99e 0xffff9f9c 0xffff9eee 0xffffc108))
(assert_return (invoke "writers" (i32.const 12)) (v128.const i32x4 0x007ffffe 0xfffffffc 0x0003fffe 0x0003fff8))
(assert_return (invoke "readers" (v128.const i32x4 1 -2 3 0x70605040) (i32.const 1)) (v128.const i32x4 0x00000003 0x7060503c 0x00ff0101 0x5138f17f))
(assert_return (invoke "readers" (v128.const i32x4 1 -2 3 0x70605040) (i32.const 9)) (v128.const i32x4 0x898b9c03 0x28d42f0f 0x9cc6d501 0xafb57fb7))
(assert_return (invoke "sides") (v128.const i32x4 0x60000000 0x41017908 0x00000000 0x404a8000))
(assert_return (invoke "catches") (v128.const i32x4 0x0000009e 0x0000013c 0x000001da 0x00000278))
