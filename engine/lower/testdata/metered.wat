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
;;=     0: fuel 1
;;=     2: interrupt
;;=     4: fuel 2
;;=     6: br_unless p0 @12
;;=     8: fuel 2
;;=    10: br @16
;;=    12: fuel 1
;;=    14: unreachable
;;=    16: fuel 5
;;=    18: i32.sub p0, 1 -> s0 p0
;;=    21: br_if p0 @2
;;=    23: fuel 2
;;=    25: br @27
;;=    27: fuel 1
;;=    29: return p0
;;= func 1 frame 6 clears 0 from 4
;;=     0: fuel 4
;;=     2: br_if p0 @4
;;=     4: fuel 2
;;=     6: interrupt
;;=     8: fuel 2
;;=    10: br_if p0 @6
;;=    12: fuel 2
;;=    14: br_if p0 @16
;;=    16: fuel 4
;;=    18: br_if p0 @28
;;=    20: fuel 1
;;=    22: interrupt
;;=    24: fuel 2
;;=    26: br_if p0 @22
;;=    28: fuel 0
;;=    30: return
