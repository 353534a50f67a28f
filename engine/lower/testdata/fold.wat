(module
  (memory 1)
  (func $accumulator (param i32 i32) (result i32)
    (i32.mul (i32.add (local.get 0) (i32.const 3)) (local.get 1)))
  (func $destination (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.mul (local.get 0) (local.get 1)))
    (i32.xor (local.get 2) (local.get 2)))
  (func $pending_reader_is_saved_before_set (param i32) (result i32)
    (local.get 0)
    (local.set 0 (i32.const 9))
    (i32.sub (local.get 0)))
  (func $sum_is_saved_before_set (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))
    (local.set 1 (i32.const 9))
    (i32.load))
  (func $address (param i32 i32) (result i32)
    (i32.store offset=8 (i32.add (local.get 0) (local.get 1)) (i32.const 1))
    (i32.store8 (i32.add (local.get 0) (i32.const 5)) (i32.const 1))
    (i64.store (i32.add (local.get 0) (i32.const 5)) (i64.const 1))
    (i32.load offset=4 (i32.add (i32.mul (local.get 0) (local.get 1)) (i32.const 12))))
  (func $constant_address (result i32)
    (i32.store (i32.const 16) (i32.const 7))
    (i32.load offset=4294967295 (i32.const 1))
    (drop)
    (i32.load offset=8 (i32.const 16)))
  (func $constant_left (param i32) (result i32)
    (i32.sub (i32.const 1) (local.get 0)))
  (func $compare_mirrored (param i32) (result i32)
    (i32.lt_u (i32.const 1) (local.get 0))))
;;= func 0 frame 8 clears 0 from 5
;;=     0: i32.add p0, 3 -> acc
;;=     3: i32.mul acc, p1 -> acc
;;=     5: return acc
;;= func 1 frame 9 clears 0 from 5
;;=     0: i32.mul p1, s1 -> s5 p0
;;=     2: i32.xor p0, p0 -> acc
;;=     4: return acc
;;= func 2 frame 7 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: move 9 -> s0 p0
;;=     5: i32.sub s4, p0 -> acc
;;=     7: return acc
;;= func 3 frame 8 clears 0 from 5
;;=     0: i32.add p1, p0 -> s5
;;=     2: move 9 -> s1 p0
;;=     5: i32.load s5+0 -> acc
;;=     7: return acc
;;= func 4 frame 8 clears 0 from 5
;;=     0: i32.store p0+p1+8, 1
;;=     3: i32.store8 p0+5+0, 1
;;=     6: i32.add p0, 5 -> acc
;;=     9: i64.store acc+0, 1
;;=    12: i32.mul p0, p1 -> acc
;;=    14: i32.load acc+12+4 -> acc
;;=    17: return acc
;;= func 5 frame 6 clears 0 from 3
;;=     0: i32.store +16, 7
;;=     3: move 1 -> s3
;;=     6: i32.load any s3+4294967295 [128] -> s3
;;=    10: i32.load +24 -> acc
;;=    12: return acc
;;= func 6 frame 7 clears 0 from 4
;;=     0: i32.sub 1, p0 -> acc
;;=     3: return acc
;;= func 7 frame 7 clears 0 from 4
;;=     0: i32.gt_u p0, 1 -> acc
;;=     3: return acc
