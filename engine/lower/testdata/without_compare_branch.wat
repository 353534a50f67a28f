;; options: compare_branch=0
(module
  (memory 1)
  (func (param i32 i32) (result i32) (local i32)
    (loop
      (local.set 2 (i32.add (local.get 2) (i32.load8_u (i32.add (local.get 0) (local.get 1)))))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const 1000))))
    (local.get 2)))
;;= func 0 frame 10 clears 1 from 5
;;=     0: i32.load8_u p0+s1+0 -> acc
;;=     2: i32.add p1, acc -> s5 p1
;;=     4: i32.add p0, 1 -> s0 p0
;;=     7: i32.lt_u p0, 1000 -> acc
;;=    10: br_if acc @0
;;=    12: return p1
