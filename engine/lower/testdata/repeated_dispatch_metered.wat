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
;;=     0: fuel 1
;;=     2: interrupt
;;=     4: fuel 9
;;=     6: i32.add p1, 1 -> s0 p1
;;=     9: i32.load8_u p1+0 -> acc
;;=    11: br_table acc @15 @31 @51
;;=    15: fuel 5
;;=    17: i32.add p0, 1 -> s4 p0
;;=    20: interrupt
;;=    22: fuel 9
;;=    24: i32.add p1, 1 -> s0 p1
;;=    27: i32.load8_u p1+0 -> acc
;;=    29: br_table acc as @11
;;=    31: fuel 6
;;=    33: i32.mul p0, 3 -> s4 p0
;;=    36: br_if p0 @2
;;=    38: fuel 1
;;=    40: interrupt
;;=    42: fuel 9
;;=    44: i32.add p1, 1 -> s0 p1
;;=    47: i32.load8_u p1+0 -> acc
;;=    49: br_table acc as @11
;;=    51: fuel 1
;;=    53: return p0
;;= func 1 frame 8 clears 0 from 5
;;=     0: fuel 1
;;=     2: interrupt
;;=     4: fuel 6
;;=     6: br_table p0 @11 @40 @51 @62
;;=    11: fuel 5
;;=    13: i32.sub p1, 1 -> s1 p1
;;=    16: br_unless p1 @29
;;=    18: fuel 3
;;=    20: move 2 -> s0 p0
;;=    23: interrupt
;;=    25: fuel 6
;;=    27: br_table p0 as @6
;;=    29: fuel 3
;;=    31: move 1000 -> s0 p0
;;=    34: interrupt
;;=    36: fuel 6
;;=    38: br_table p0 as @6
;;=    40: fuel 3
;;=    42: move 0 -> s0 p0
;;=    45: interrupt
;;=    47: fuel 6
;;=    49: br_table p0 as @6
;;=    51: fuel 3
;;=    53: move 1 -> s0 p0
;;=    56: interrupt
;;=    58: fuel 6
;;=    60: br_table p0 as @6
;;=    62: fuel 1
;;=    64: return p1
