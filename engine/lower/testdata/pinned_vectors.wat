(module
  (memory 1)
  (global $g (mut v128) (v128.const i64x2 1 2))
  (func $other (param v128) (result v128) (local.get 0))
  (func $operands_and_results (param i32) (result v128) (local v128 v128)
    (loop
      (local.set 2 (f64x2.mul (local.get 1) (local.get 1)))
      (local.set 2 (f64x2.add (local.get 2) (local.get 1)))
      (local.set 2 (f64x2.add (v128.load (local.get 0)) (local.get 1)))
      (local.set 2 (f64x2.sub (v128.load (local.get 0)) (local.get 1)))
      (local.set 2 (f64x2.sub (local.get 1) (v128.load (local.get 0))))
      (local.set 2 (f64x2.mul (local.get 1) (v128.const f64x2 3 3)))
      (local.set 1 (f64x2.add (f64x2.sub (local.get 2) (local.get 1)) (local.get 1)))
      (br_if 0 (local.get 0)))
    (local.get 1))
  (func $just_written_it_is_in_the_accumulator_too (param i32) (result v128) (local v128)
    (loop
      (drop (i32x4.add (local.get 1) (local.get 1)))
      (drop (i32x4.add (local.tee 1 (i32x4.add (local.get 1) (local.get 1))) (local.get 1)))
      (v128.store (local.get 0) (local.get 1))
      (br_if 0 (local.get 0)))
    (local.get 1))
  (func $what_has_no_form_reads_the_slot (param i32 v128) (result v128)
    (loop
      (drop (i8x16.eq (local.get 1) (local.get 1)))
      (drop (i8x16.neg (local.get 1)))
      (drop (v128.bitselect (local.get 1) (local.get 1) (local.get 1)))
      (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 1) (local.get 1)))
      (drop (select (local.get 1) (local.get 1) (local.get 0)))
      (drop (i32x4.shl (local.get 1) (local.get 0)))
      (drop (i32x4.extract_lane 1 (local.get 1)))
      (drop (i32x4.replace_lane 1 (local.get 1) (local.get 0)))
      (drop (v128.load32_lane 1 (local.get 0) (local.get 1)))
      (v128.store32_lane 1 (local.get 0) (local.get 1))
      (v128.store (local.get 0) (local.get 1))
      (global.set $g (local.get 1))
      (br_if 0 (v128.any_true (local.get 1))))
    (local.get 1))
  (func $everything_that_writes_it (param i32) (local v128 v128)
    (loop
      (loop
        (drop (v128.xor (local.get 1) (local.get 1)))
        (drop (v128.xor (local.get 1) (local.get 1)))
        (br_if 0 (local.get 0)))
      (local.set 1 (v128.or (local.get 1) (local.get 2)))
      (local.set 1 (v128.load (local.get 0)))
      (local.set 1 (v128.const i64x2 3 4))
      (local.set 1 (local.get 2))
      (local.set 1 (i8x16.neg (local.get 2)))
      (local.set 1 (select (local.get 1) (local.get 2) (local.get 0)))
      (local.set 1 (global.get $g))
      (local.set 1 (v128.load8_lane 3 (local.get 0) (local.get 1)))
      (local.set 1 (block (result v128) (v128.or (local.get 1) (local.get 2))))
      (br_if 0 (local.get 0))))
  (func $filled_again_behind_calls (param v128) (result v128)
    (loop
      (local.set 0 (f32x4.mul (f32x4.mul (local.get 0) (local.get 0)) (f32x4.mul (local.get 0) (local.get 0))))
      (drop (f32x4.lt (local.get 0) (local.get 0))))
    (f32x4.add (call $other (local.get 0)) (local.get 0)))
  (func $not_when_each_turn_writes_it_first (param i32) (local v128)
    (loop
      (local.set 1 (v128.xor (v128.load (local.get 0)) (v128.load offset=16 (local.get 0))))
      (v128.store (local.get 0) (i32x4.add (i32x4.add (local.get 1) (local.get 1)) (local.get 1)))
      (br_if 0 (local.get 0))))
  (func $not_when_writing_costs_more (param i32) (local v128)
    (loop
      (v128.store (local.get 0) (i32x4.add (local.get 1) (local.get 1)))
      (local.set 1 (v128.load (local.get 0)))
      (br_if 0 (local.get 0))))
  (func $not_where_calls_are_many (param v128)
    (loop
      (local.set 0 (f64x2.mul (local.get 0) (call $other (local.get 0))))
      (br_if 0 (v128.any_true (local.get 0)))))
  (func $not_where_something_is_caught (param v128)
    (loop
      (try_table (local.set 0 (f64x2.mul (f64x2.mul (local.get 0) (local.get 0)) (local.get 0))))
      (br_if 0 (v128.any_true (local.get 0))))))
;;= func 0 frame 8 clears 0 from 5
;;=     0: v128.return s0
;;= func 1 frame 12 clears 2 from 4
;;=     0: v128.pin s4 -> vp
;;=     2: f64x2.mul vp, vp -> s6
;;=     4: f64x2.add vp, va -> s6
;;=     6: v128.load p0+0 -> va
;;=     8: f64x2.add vp, va -> s6
;;=    10: v128.load p0+0 -> va
;;=    12: f64x2.sub va, vp -> s6
;;=    14: v128.load p0+0 -> va
;;=    16: f64x2.sub vp, va -> s6
;;=    18: f64x2.mul vp, 0x40080000000000004008000000000000 -> s6
;;=    22: f64x2.sub va, vp -> va
;;=    24: f64x2.add vp, va -> s4 vp
;;=    26: br_if p0 @2
;;=    28: v128.return va
;;= func 2 frame 10 clears 2 from 4
;;=     0: v128.pin s4 -> vp
;;=     2: i32x4.add vp, vp -> s6
;;=     4: i32x4.add vp, vp -> s4 vp
;;=     6: i32x4.add vp, va -> s6
;;=     8: v128.store p0+0, s4
;;=    10: br_if p0 @2
;;=    12: v128.return s4
;;= func 3 frame 12 clears 0 from 6
;;=     0: v128.pin s1 -> vp
;;=     2: i8x16.eq s1, s1 -> s6
;;=     4: i8x16.neg s1 -> s6
;;=     6: v128.bitselect s1, s1, s1 -> s6
;;=     8: i8x16.shuffle s1, s1, 0x0f0e0d0c0b0a09080706050403020100 -> s6
;;=    12: v128.select s1, s1, p0 -> s6
;;=    14: i32x4.shl s1, p0 -> s6
;;=    16: i32x4.extract_lane s1[1] -> s6
;;=    18: i32x4.replace_lane s1[1], p0 -> s6
;;=    20: v128.load32_lane p0+0, s1[1] -> s6
;;=    23: v128.store32_lane p0+0, s1[1]
;;=    26: v128.store p0+0, s1
;;=    28: v128.global.set [128], s1
;;=    30: v128.any_true s1 -> acc
;;=    32: br_if acc @2
;;=    34: v128.return s1
;;= func 4 frame 14 clears 4 from 4
;;=     0: v128.pin s4 -> vp
;;=     2: v128.xor vp, vp -> s8
;;=     4: v128.xor vp, vp -> s8
;;=     6: br_if p0 @2
;;=     8: v128.or vp, s6 -> s4 vp
;;=    10: v128.load p0+0 -> s4
;;=    12: v128.pin va -> vp
;;=    14: v128.const 0x00000000000000040000000000000003 -> s4
;;=    18: v128.pin va -> vp
;;=    20: v128.move s6 -> s4
;;=    22: v128.pin va -> vp
;;=    24: i8x16.neg s6 -> s4
;;=    26: v128.pin va -> vp
;;=    28: v128.select va, s6, p0 -> s4
;;=    30: v128.pin va -> vp
;;=    32: v128.global.get [128] -> s4
;;=    34: v128.pin va -> vp
;;=    36: v128.load8_lane p0+0, s4[3] -> s8
;;=    39: v128.move va -> s4
;;=    41: v128.pin va -> vp
;;=    43: v128.or va, s6 -> s4 vp
;;=    45: br_if p0 @2
;;=    47: return
;;= func 5 frame 12 clears 0 from 5
;;=     0: v128.pin s0 -> vp
;;=     2: f32x4.mul vp, vp -> s6
;;=     4: f32x4.mul vp, vp -> va
;;=     6: f32x4.mul s6, va -> s0 vp
;;=     8: f32x4.lt va, s0 -> s6
;;=    10: v128.move s0 -> s6
;;=    12: call base s6
;;=    15: v128.pin s0 -> vp
;;=    17: f32x4.add vp, s6 -> va
;;=    19: v128.return va
;;= func 6 frame 11 clears 0 from 4
;;=     0: v128.load p0+0 -> s6
;;=     2: v128.load p0+16 -> va
;;=     4: v128.xor s6, va -> s4
;;=     6: i32x4.add va, s4 -> va
;;=     8: i32x4.add va, s4 -> va
;;=    10: v128.store p0+0, va
;;=    12: br_if p0 @0
;;=    14: return
;;= func 7 frame 11 clears 2 from 4
;;=     0: i32x4.add s4, s4 -> va
;;=     2: v128.store p0+0, va
;;=     4: v128.load p0+0 -> s4
;;=     6: br_if p0 @0
;;=     8: return
;;= func 8 frame 12 clears 0 from 5
;;=     0: v128.move s0 -> s8
;;=     2: call base s8
;;=     5: f64x2.mul s0, s8 -> s0
;;=     7: v128.any_true va -> acc
;;=     9: br_if acc @0
;;=    11: return
;;= func 9 frame 10 clears 0 from 5
;;=     0: f64x2.mul s0, s0 -> va
;;=     2: f64x2.mul va, s0 -> s0
;;=     4: v128.any_true va -> acc
;;=     6: br_if acc @0
;;=     8: return
