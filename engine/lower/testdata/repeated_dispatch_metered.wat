;; options: fuel=1 interruption=1
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
;;=     0: interrupt
;;=     2: fuel 1
;;=     4: interrupt
;;=     6: fuel 9
;;=     8: i32.add p1, 1 -> s0 p1
;;=    11: i32.load8_u p1+0 -> acc
;;=    13: br_table acc @17 @33 @53
;;=    17: fuel 5
;;=    19: i32.add p0, 1 -> s4 p0
;;=    22: interrupt
;;=    24: fuel 9
;;=    26: i32.add p1, 1 -> s0 p1
;;=    29: i32.load8_u p1+0 -> acc
;;=    31: br_table acc as @13
;;=    33: fuel 6
;;=    35: i32.mul p0, 3 -> s4 p0
;;=    38: br_if p0 @4
;;=    40: fuel 1
;;=    42: interrupt
;;=    44: fuel 9
;;=    46: i32.add p1, 1 -> s0 p1
;;=    49: i32.load8_u p1+0 -> acc
;;=    51: br_table acc as @13
;;=    53: fuel 1
;;=    55: return p0
;;= func 1 frame 8 clears 0 from 5
;;=     0: interrupt
;;=     2: fuel 1
;;=     4: interrupt
;;=     6: fuel 6
;;=     8: br_table p0 @13 @42 @53 @64
;;=    13: fuel 5
;;=    15: i32.sub p1, 1 -> s1 p1
;;=    18: br_unless p1 @31
;;=    20: fuel 3
;;=    22: move 2 -> s0 p0
;;=    25: interrupt
;;=    27: fuel 6
;;=    29: br_table p0 as @8
;;=    31: fuel 3
;;=    33: move 1000 -> s0 p0
;;=    36: interrupt
;;=    38: fuel 6
;;=    40: br_table p0 as @8
;;=    42: fuel 3
;;=    44: move 0 -> s0 p0
;;=    47: interrupt
;;=    49: fuel 6
;;=    51: br_table p0 as @8
;;=    53: fuel 3
;;=    55: move 1 -> s0 p0
;;=    58: interrupt
;;=    60: fuel 6
;;=    62: br_table p0 as @8
;;=    64: fuel 1
;;=    66: return p1
