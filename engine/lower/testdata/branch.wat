(module
  (func $loop (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
    (local.get 1))
  (func $eqz (param i32) (result i32)
    (block (br_if 0 (i32.eqz (local.get 0))) (return (i32.const 1)))
    (block (br_if 0 (i32.eqz (i32.and (local.get 0) (i32.const 4)))) (return (i32.const 2)))
    (i32.const 3))
  (func $float (param f64 f64) (result i32)
    (if (result i32) (f64.lt (local.get 0) (local.get 1)) (then (i32.const 1)) (else (i32.const 2))))
  (func $if_keeps_the_comparison (param i32 i32) (result i32)
    (local.get 1)
    (if (i32.gt_s (local.get 0) (i32.const 5)) (then (local.set 1 (i32.const 0)))))
  (func $values (param i32) (result i32)
    (block (result i32)
      (i32.const 40)
      (i32.const 2)
      (br_if 0 (local.get 0))
      (i32.add)))
  (func $in_place_keeps_the_store (param i32 i32) (result i32)
    (block (result i32)
      (i32.mul (local.get 0) (local.get 1))
      (br_if 0 (local.get 0))
      (i32.const 1)
      (i32.add)))
  (func $params_of_both_arms (param i32) (result i32)
    (i32.mul (local.get 0) (local.get 0))
    (local.get 0)
    (if (param i32) (result i32) (then (i32.const 1) (i32.add)) (else (i32.const 2) (i32.sub))))
  (func $table (param i32) (result i32)
    (block (block (block (br_table 0 1 1 2 (local.get 0))) (return (i32.const 10))) (return (i32.const 11)))
    (i32.const 12))
  (func $table_with_values (param i32) (result i32)
    (block (result i32)
      (drop (block (result i32)
        (i32.const 5)
        (i32.const 6)
        (br_table 0 1 0 (local.get 0))))
      (i32.const 7)))
  (func $loop_params (param i32) (result i32)
    (i32.const 1)
    (loop (param i32) (result i32)
      (i32.mul (local.get 0))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0 (local.get 0))))
  (func $many (param i32) (result i32 i32 i32 i32 i32 i32)
    (i32.const 0)
    (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
    (br_if 0 (local.get 0))
    (return)))
;;= func 0 frame 9 clears 1 from 4
;;=     0: i32.add p0, 1 -> s4 p0
;;=     3: br_if.i32.lt_u p0, p1 @0
;;=     5: return p0
;;= func 1 frame 7 clears 0 from 4
;;=     0: br_if.i32.eq p0, 0 @6
;;=     3: return 1
;;=     6: br_unless.i32.and p0, 4 @12
;;=     9: return 2
;;=    12: return 3
;;= func 2 frame 8 clears 0 from 5
;;=     0: br_unless.f64.lt s0, s1 @7
;;=     2: move 1 -> s5
;;=     5: br @10
;;=     7: move 2 -> s5
;;=    10: return s5
;;= func 3 frame 9 clears 0 from 5
;;=     0: move_wide s1 -> s5
;;=     2: br_unless.i32.gt_s p1, 5 @8
;;=     5: move 0 -> s1 p0
;;=     8: return s5
;;= func 4 frame 8 clears 0 from 4
;;=     0: move 2 -> s5
;;=     3: br_unless p0 @9
;;=     5: move acc -> s4
;;=     7: br @12
;;=     9: i32.add acc, 40 -> s4
;;=    12: return s4
;;= func 5 frame 8 clears 0 from 5
;;=     0: i32.mul p0, p1 -> s5
;;=     2: br_if p0 @7
;;=     4: i32.add acc, 1 -> s5
;;=     7: return s5
;;= func 6 frame 7 clears 0 from 4
;;=     0: i32.mul p0, p0 -> s4
;;=     2: br_unless p0 @9
;;=     4: i32.add acc, 1 -> s4
;;=     7: br @12
;;=     9: i32.sub s4, 2 -> s4
;;=    12: return s4
;;= func 7 frame 6 clears 0 from 4
;;=     0: br_table p0 @5 @8 @8 @11
;;=     5: return 10
;;=     8: return 11
;;=    11: return 12
;;= func 8 frame 8 clears 0 from 4
;;=     0: move 6 -> s5
;;=     3: br_table p0 @7 @11 @7
;;=     7: move_wide s5 -> s4
;;=     9: br @15
;;=    11: move_wide s5 -> s4
;;=    13: br @18
;;=    15: move 7 -> s4
;;=    18: return s4
;;= func 9 frame 8 clears 0 from 4
;;=     0: move 1 -> s4
;;=     3: i32.mul s4, p0 -> s4
;;=     5: i32.sub p0, 1 -> s0 p0
;;=     8: br_if p0 @3
;;=    10: return s4
;;= func 10 frame 13 clears 0 from 4
;;=     0: move 1 -> s5
;;=     3: move 2 -> s6
;;=     6: move 3 -> s7
;;=     9: move 4 -> s8
;;=    12: move 5 -> s9
;;=    15: move 6 -> s10
;;=    18: br_unless p0 @24
;;=    20: move_up s5, 6 -> s4
;;=    22: br @26
;;=    24: return s5, 6
;;=    26: return s4, 6
