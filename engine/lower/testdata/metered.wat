;; options: fuel=1 interruption=1
(module
  (func (param i32) (result i32)
    (loop
      (if (local.get 0) (then (nop) (nop)) (else (unreachable)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (block (br 0) (nop))
    (local.get 0)))
;;= func 0 frame 7 clears 0 from 4
;;=     0: interrupt
;;=     2: fuel 1
;;=     4: interrupt
;;=     6: fuel 2
;;=     8: br_unless p0 @14
;;=    10: fuel 2
;;=    12: br @18
;;=    14: fuel 1
;;=    16: unreachable
;;=    18: fuel 5
;;=    20: i32.sub p0, 1 -> s0 p0
;;=    23: br_if p0 @4
;;=    25: fuel 2
;;=    27: br @29
;;=    29: fuel 1
;;=    31: return p0
