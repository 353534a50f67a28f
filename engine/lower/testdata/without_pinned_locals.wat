;; options: pinned_locals=0
(module
  (memory 1)
  (func (param i32 i32) (result i32) (local i32)
    (loop
      (local.set 2 (i32.add (local.get 2) (i32.load8_u (i32.add (local.get 0) (local.get 1)))))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const 1000))))
    (local.get 2)))
;;= func 0 frame 10 clears 1 from 5
;;=     0: i32.load8_u s0+s1+0 -> acc
;;=     2: i32.add s5, acc -> s5
;;=     4: i32.add s0, 1 -> s0
;;=     7: br_if.i32.lt_u acc, 1000 @0
;;=    10: return s5
