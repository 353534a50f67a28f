;; Vectors: accumulator, destination folding, constants, lanes, accesses.
(module
  (memory 1)
  (global $g (mut v128) (v128.const i64x2 1 2))
  ;; The chain stays in va; the last result goes to the local.
  (func (param $a v128) (param $b v128) (local $c v128)
    (local.set $c (i32x4.add (i32x4.mul (local.get $a) (local.get $b)) (local.get $b)))
    (local.set $c (i32x4.sub (local.get $a) (i32x4.neg (local.get $c)))))
  ;; A constant is the second operand; elsewhere it is made first. A splat of one is one.
  (func (param $a v128) (result v128)
    (i32x4.add (v128.const i32x4 1 2 3 4)
      (v128.and (local.get $a) (i32x4.splat (i32.const 255)))))
  ;; Scalars and vectors.
  (func (param $a v128) (param $i i32) (param $f f32) (result i32)
    (local.set $a (i8x16.shl (local.get $a) (i32.const 3)))
    (local.set $a (i16x8.shr_s (local.get $a) (local.get $i)))
    (local.set $a (f32x4.splat (f32.add (local.get $f) (local.get $f))))
    (local.set $a (i32x4.replace_lane 1 (local.get $a) (i32.mul (local.get $i) (local.get $i))))
    (local.set $f (f32x4.extract_lane 2 (f32x4.neg (local.get $a))))
    (drop (i8x16.extract_lane_u 9 (v128.not (local.get $a))))
    (if (v128.any_true (local.get $a)) (then (local.set $i (i8x16.bitmask (local.get $a)))))
    (i32.add (i32x4.extract_lane 3 (local.get $a)) (local.get $i)))
  ;; Addresses.
  (func (param $p i32) (param $q i32) (local $v v128)
    (local.set $v (v128.load offset=16 (i32.add (local.get $p) (local.get $q))))
    (local.set $v (v128.load32_splat (local.get $p)))
    (v128.store offset=32 (i32.add (local.get $p) (i32.const 48)) (f32x4.add (local.get $v) (local.get $v)))
    (v128.store (i32.const 64) (v128.load8x8_u (i32.const 8)))
    (local.set $v (v128.load16_lane 3 (local.get $p) (local.get $v)))
    (v128.store8_lane offset=5 7 (local.get $q) (local.get $v)))
  ;; The rest.
  (func (param $a v128) (param $b v128) (param $i i32) (result v128)
    (global.set $g (i8x16.shuffle 0 1 2 3 4 5 6 7 24 25 26 27 28 29 30 31 (local.get $a) (local.get $b)))
    (select (v128.bitselect (local.get $a) (local.get $b) (global.get $g)) (local.get $a) (local.get $i)))
  ;; A branch carries a vector; what still means the old value of a local takes it before.
  (func (param $a v128) (param $i i32) (result v128)
    (block $out (result v128)
      (drop (br_if $out (local.get $a) (local.get $i)))
      (i64x2.add (local.get $a) (local.tee $a (v128.not (local.get $a))))))
  ;; Calls: arguments of two slots.
  (func (param v128 i32 v128) (result v128 i32)
    (call 6 (local.get 2) (local.get 1) (local.get 0)))
  ;; Without parameters the result may not be returned from va.
  (func (result v128) (v128.not (v128.const i64x2 0 0))))
;;= func 0 frame 14 clears 0 from 7
;;=     0: i32x4.mul s0, s2 -> va
;;=     2: i32x4.add va, s2 -> s8
;;=     4: i32x4.neg va -> va
;;=     6: i32x4.sub s0, va -> s8
;;=     8: return
;;= func 1 frame 12 clears 0 from 5
;;=     0: v128.and s0, 0x000000ff000000ff000000ff000000ff -> s8
;;=     4: v128.const 0x00000004000000030000000200000001 -> va
;;=     8: i32x4.add va, s8 -> va
;;=    10: v128.return va
;;= func 2 frame 13 clears 0 from 7
;;=     0: i8x16.shl s0, 3 -> s0
;;=     3: i16x8.shr_s va, p0 -> s0
;;=     5: f32.add s3, s3 -> acc
;;=     7: f32x4.splat acc -> s0
;;=     9: i32.mul p0, p0 -> acc
;;=    11: i32x4.replace_lane va[1], acc -> s0
;;=    13: f32x4.neg va -> va
;;=    15: f32x4.extract_lane va[2] -> s3
;;=    17: v128.not s0 -> s8
;;=    19: i8x16.extract_lane_u s8[9] -> s8
;;=    21: v128.any_true s0 -> acc
;;=    23: br_unless acc @27
;;=    25: i8x16.bitmask s0 -> s2 p0
;;=    27: i32x4.extract_lane s0[3] -> acc
;;=    29: i32.add acc, p0 -> acc
;;=    31: return acc
;;= func 3 frame 13 clears 0 from 5
;;=     0: v128.load p0+p1+16 -> s6
;;=     2: v128.load32_splat p0+0 -> s6
;;=     4: f32x4.add va, s6 -> va
;;=     6: v128.store p0+48+32, va
;;=     9: v128.load8x8_u +8 -> va
;;=    11: v128.store +64, va
;;=    13: v128.load16_lane p0+0, s6[3] -> s8
;;=    16: v128.move va -> s6
;;=    18: v128.store8_lane p1+5, s6[7]
;;=    21: return
;;= func 4 frame 14 clears 0 from 8
;;=     0: i8x16.shuffle s0, s2, 0x1f1e1d1c1b1a19180706050403020100 -> va
;;=     4: v128.global.set [128], va
;;=     6: v128.global.get [128] -> va
;;=     8: v128.bitselect s0, s2, va -> va
;;=    10: v128.select va, s0, p0 -> va
;;=    12: v128.return va
;;= func 5 frame 10 clears 0 from 6
;;=     0: v128.move s0 -> s6
;;=     2: br_if p0 @12
;;=     4: v128.not s0 -> s8
;;=     6: v128.move s0 -> s6
;;=     8: v128.move s8 -> s0
;;=    10: i64x2.add s6, va -> s6
;;=    12: v128.return s6
;;= func 6 frame 13 clears 0 from 8
;;=     0: v128.move s3 -> s8
;;=     2: move p0 -> s10
;;=     4: v128.move s0 -> s11
;;=     6: call base s8
;;=     9: return s8, 3
;;= func 7 frame 5 clears 0 from 3
;;=     0: v128.const 0x00000000000000000000000000000000 -> va
;;=     4: v128.not va -> s3
;;=     6: v128.return s3
