;; options: fuel=1 interruption=1
(module
  (func (param i32) (result i32)
    (loop
      (if (local.get 0) (then (nop) (nop)) (else (unreachable)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (block (br 0) (nop))
    (local.get 0))
  (func $ends_cost_nothing (param i32)
    (block (block (br_if 0 (local.get 0))))
    (block (loop (br_if 0 (local.get 0)) (br_if 1 (local.get 0))))
    (block (block (br_if 1 (local.get 0)))
      (loop (br_if 0 (local.get 0))))))
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
;;= func 1 frame 6 clears 0 from 4
;;=     0: interrupt
;;=     2: fuel 4
;;=     4: br_if p0 @6
;;=     6: fuel 2
;;=     8: interrupt
;;=    10: fuel 2
;;=    12: br_if p0 @8
;;=    14: fuel 2
;;=    16: br_if p0 @18
;;=    18: fuel 4
;;=    20: br_if p0 @30
;;=    22: fuel 1
;;=    24: interrupt
;;=    26: fuel 2
;;=    28: br_if p0 @24
;;=    30: fuel 0
;;=    32: return
