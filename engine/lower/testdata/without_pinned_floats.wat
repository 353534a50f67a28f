;; options: pinned_floats=0
(module
  (memory 1)
  (global $g (mut f64) (f64.const 1))
  (func $other (param f64) (result f64) (local.get 0))
  (func $both_registers_and_squares (param i32) (result f64) (local f64 f64 f64)
    (loop
      (local.set 3 (f64.mul (local.get 1) (local.get 1)))
      (local.set 1 (f64.add (f64.load (local.get 0)) (local.get 2)))
      (local.set 2 (f64.sub (f64.mul (local.get 1) (local.get 2)) (local.get 3)))
      (f64.store (local.get 0) (local.get 2))
      (br_if 0 (f64.lt (local.get 1) (local.get 2))))
    (local.get 1)))
;;= func 0 frame 6 clears 0 from 4
;;=     0: return s0
;;= func 1 frame 10 clears 2 from 4
;;=     0: f64.mul s4, s4 -> s6
;;=     2: f64.load p0+0 -> acc
;;=     4: f64.add acc, s5 -> s4
;;=     6: f64.mul acc, s5 -> acc
;;=     8: f64.sub acc, s6 -> s5
;;=    10: f64.store p0+0, acc
;;=    12: br_if.f64.lt s4, acc @0
;;=    14: return s4
