;; options: observe_calls=1 observe_instructions=1 pause_at_returns=1
(module
  (func $add (param i32 f64) (result i32) (local i32)
    (local.set 2 (i32.add (local.get 0) (i32.const 1)))
    (if (i32.lt_s (local.get 2) (i32.const 3)) (then (return (local.get 0))))
    (local.get 2))
  (func (param i32) (result i32) (return_call $add (local.get 0) (f64.const 1))))
;;= func 0 frame 9 clears 0 from 5
;;=     0: observe enter s0
;;=     3: observe instruction s0
;;=     6: observe instruction s0
;;=     9: observe instruction s0
;;=    12: observe instruction s0
;;=    15: i32.add p1, 1 -> s5 p0
;;=    18: observe instruction s0
;;=    21: observe instruction s0
;;=    24: observe instruction s0
;;=    27: i32.lt_s p0, 3 -> acc
;;=    30: observe instruction s0
;;=    33: br_unless acc @50
;;=    35: observe instruction s0
;;=    38: observe instruction s0
;;=    41: move p1 -> s6
;;=    43: observe return s6
;;=    46: interrupt
;;=    48: return acc
;;=    50: observe instruction s0
;;=    53: move p0 -> s6
;;=    55: observe return s6
;;=    58: interrupt
;;=    60: return acc
;;= func 1 frame 7 clears 0 from 4
;;=     0: observe enter s0
;;=     3: observe instruction s0
;;=     6: observe instruction s0
;;=     9: observe instruction s0
;;=    12: move p0 -> s4
;;=    14: move 4607182418800017408 -> s5
;;=    17: return_call base s4
