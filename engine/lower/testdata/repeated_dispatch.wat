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
    (local.get $n))
  ;; The same with the state on the stack: the values that br_table carries are the loop's parameters.
  (func $parameter (param $n i32)
    (i32.const 0)
    (loop $again (param i32)
      (block $end (param i32) (result i32) (block $one (param i32) (result i32) (block $zero (param i32) (result i32)
        (br_table $zero $one $end (local.get $n)))
        (drop) (br $again (i32.const 1)))
        (br $again))
      (drop)))
  (func $state_on_stack (param $n i32)
    (i32.const 0)
    (loop $again (param i32) (local.set $n)
      (block $end (block $one (block $zero
        (br_table $zero $one $end (local.get $n)))
        (br $again (i32.const 1)))
        (br $again (i32.const 7)))))
  ;; Not known: another way leads behind the constant; another local; a value that is computed.
  (func $unknown (param $state i32) (param $n i32)
    (loop $again
      (block $one (block $zero
        (br_table $zero $one (local.get $state)))
        (block $over
          (br_if $over (local.get $n))
          (local.set $state (i32.const 1)))
        (br $again))
      (if (i32.eqz (local.get $n))
        (then (local.set $n (i32.const 1)) (br $again)))
      (local.set $state (i32.load (local.get $n)))
      (br $again)))
  ;; Too much to repeat, and what is no straight code.
  (func $long (param $a i32)
    (loop $again
      (local.set $a (i32.add (i32.mul (i32.sub (i32.xor (i32.shl (i32.rotl (local.get $a) (i32.const 7)) (i32.const 1)) (i32.const 2)) (i32.const 3)) (i32.const 5)) (i32.const 9)))
      (block $one (block $zero (br_table $zero $one (local.get $a))) (br $again)))
    (loop $again
      (if (local.get $a) (then (return)))
      (block $one (block $zero (br_table $zero $one (local.get $a))) (br $again)))
    (loop $again
      (call $long (local.get $a))
      (block $one (block $zero (br_table $zero $one (local.get $a))) (br $again)))))
;;= func 0 frame 9 clears 1 from 4
;;=     0: i32.add p1, 1 -> s0 p1
;;=     3: i32.load8_u p1+0 -> acc
;;=     5: br_table acc @9 @19 @31
;;=     9: i32.add p0, 1 -> s4 p0
;;=    12: i32.add p1, 1 -> s0 p1
;;=    15: i32.load8_u p1+0 -> acc
;;=    17: br_table acc as @5
;;=    19: i32.mul p0, 3 -> s4 p0
;;=    22: br_if p0 @0
;;=    24: i32.add p1, 1 -> s0 p1
;;=    27: i32.load8_u p1+0 -> acc
;;=    29: br_table acc as @5
;;=    31: return p0
;;= func 1 frame 8 clears 0 from 5
;;=     0: br_table p0 @5 @20 @25 @30
;;=     5: i32.sub p1, 1 -> s1 p1
;;=     8: br_unless p1 @15
;;=    10: move 2 -> s0 p0
;;=    13: br @25
;;=    15: move 1000 -> s0 p0
;;=    18: br @30
;;=    20: move 0 -> s0 p0
;;=    23: br @5
;;=    25: move 1 -> s0 p0
;;=    28: br @20
;;=    30: return p1
;;= func 2 frame 7 clears 0 from 4
;;=     0: move 0 -> s4
;;=     3: br_table p0 @7 @12 @14
;;=     7: move 1 -> s4
;;=    10: br_table p0 as @3
;;=    12: br_table p0 as @3
;;=    14: return
;;= func 3 frame 6 clears 0 from 4
;;=     0: move 0 -> s4
;;=     3: move s4 -> s0 p0
;;=     5: br_table p0 @9 @16 @23
;;=     9: move 1 -> s4
;;=    12: move s4 -> s0 p0
;;=    14: br_table p0 as @5
;;=    16: move 7 -> s4
;;=    19: move s4 -> s0 p0
;;=    21: br_table p0 as @5
;;=    23: return
;;= func 4 frame 7 clears 0 from 5
;;=     0: br_table p1 @4 @11
;;=     4: br_if p0 @9
;;=     6: move 1 -> s0 p1
;;=     9: br_table p1 as @0
;;=    11: br_unless.i32.eq p0, 0 @19
;;=    14: move 1 -> s1 p0
;;=    17: br_table p1 as @0
;;=    19: i32.load p0+0 -> s0 p1
;;=    21: br_table p1 as @0
;;=    23: return
;;= func 5 frame 7 clears 0 from 4
;;=     0: i32.rotl p0, 7 -> acc
;;=     3: i32.shl acc, 1 -> acc
;;=     6: i32.xor acc, 2 -> acc
;;=     9: i32.sub acc, 3 -> acc
;;=    12: i32.mul acc, 5 -> acc
;;=    15: i32.add acc, 9 -> s0 p0
;;=    18: br_table p0 @22 @24
;;=    22: br @0
;;=    24: br_unless p0 @28
;;=    26: return
;;=    28: br_table p0 @32 @34
;;=    32: br @24
;;=    34: move p0 -> s4
;;=    36: call base s4
;;=    39: br_table p0 @43 @45
;;=    43: br @34
;;=    45: return
