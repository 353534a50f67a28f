;; options: repeated_dispatch=0
(module
  (memory 1)
  ;; A switch in a loop: what looks up the next instruction stands at the end of each arm.
  (func $switch (param $pc i32) (result i32) (local $sum i32)
    (loop $next
      (block $two (block $one (block $zero
        (br_table $zero $one $two (i32.load8_u (local.tee $pc (i32.add (local.get $pc) (i32.const 1))))))
        (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
        (br $next))
        (local.set $sum (i32.mul (local.get $sum) (i32.const 3)))
        (br_if $next (local.get $sum))
        (br $next)))
    (local.get $sum))
  ;; A machine with its state in a local: to a constant state there is nothing to look up, whether its code stands above, below, or
  ;; is the default's.
  (func $machine (param $state i32) (param $n i32) (result i32)
    (loop $again
      (block $end (block $two (block $one (block $zero
        (br_table $zero $one $two $end (local.get $state)))
        (if (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
          (then (local.set $state (i32.const 2)) (br $again)))
        (local.set $state (i32.const 1000)) (br $again))
        (local.set $state (i32.const 0)) (br $again))
        (local.set $state (i32.const 1)) (br $again)))
    (local.get $n)))
;;= func 0 frame 9 clears 1 from 4
;;=     0: i32.add p1, 1 -> s0 p1
;;=     3: i32.load8_u p1+0 -> acc
;;=     5: br_table acc @9 @14 @21
;;=     9: i32.add p0, 1 -> s4 p0
;;=    12: br @0
;;=    14: i32.mul p0, 3 -> s4 p0
;;=    17: br_if p0 @0
;;=    19: br @0
;;=    21: return p0
;;= func 1 frame 8 clears 0 from 5
;;=     0: br_table p0 @5 @20 @25 @30
;;=     5: i32.sub p1, 1 -> s1 p1
;;=     8: br_unless p1 @15
;;=    10: move 2 -> s0 p0
;;=    13: br @0
;;=    15: move 1000 -> s0 p0
;;=    18: br @0
;;=    20: move 0 -> s0 p0
;;=    23: br @0
;;=    25: move 1 -> s0 p0
;;=    28: br @0
;;=    30: return p1
