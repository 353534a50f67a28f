(module
  ;; The declarations of locals are no instructions: these bytes would read as a use of local 2.
  (func $declarations (param i32 i32 i32) (local i32 i32 i64)
    (loop (local.set 5 (i64.add (local.get 5) (i64.const 1))) (br_if 0 (local.get 4))))
  (func $inner_loops_count_more (param i32 i32 i32)
    (local.set 0 (local.get 0)) (local.set 0 (local.get 0)) (local.set 0 (local.get 0))
    (loop (drop (i32.mul (local.get 1) (local.get 1))) (loop (drop (i32.mul (local.get 2) (local.get 2)))))
    (drop (i32.mul (local.get 0) (i32.add (local.get 1) (local.get 2)))))
  (func $floats_are_not_pinned (param f64 i32) (result f64)
    (f64.add (f64.mul (local.get 0) (local.get 0)) (f64.convert_i32_u (local.get 1)))))
;;= func 0 frame 12 clears 2 from 7
;;=     0: i64.add p0, 1 -> s8 p0
;;=     3: br_if p1 @0
;;=     5: return
;;= func 1 frame 10 clears 0 from 6
;;=     0: i32.mul p1, p1 -> s6
;;=     2: i32.mul p0, p0 -> s6
;;=     4: i32.add p1, p0 -> acc
;;=     6: i32.mul s0, acc -> s6
;;=     8: return
;;= func 2 frame 8 clears 0 from 5
;;=     0: f64.mul s0, s0 -> s5
;;=     2: f64.convert_i32_u p0 -> acc
;;=     4: f64.add s5, acc -> acc
;;=     6: return f64 acc
