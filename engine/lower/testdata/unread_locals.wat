(module
  (func $written_first (param i32) (result i32) (local i32 i32)
    (local.set 1 (local.get 0)) (local.set 2 (local.get 1)) (i32.add (local.get 1) (local.get 2)))
  (func $read_first (param i32) (result i32) (local i32 i32 i32 i32)
    (local.set 1 (local.get 0)) (local.set 4 (local.get 3)) (i32.add (local.get 1) (local.get 4)))
  (func $only_what_is_read_and_what_lies_between (result i32) (local i32 i64 v128 i32 i32)
    (local.set 2 (v128.const i64x2 0 0))
    (i32.add (local.get 3) (i32.wrap_i64 (local.get 1))))
  (func $references_always (local externref i32) (local.set 0 (ref.null extern)))
  (func $in_one_arm (param i32) (result i32) (local i32)
    (if (local.get 0) (then (local.set 1 (i32.const 5)))) (local.get 1))
  (func $in_the_other_arm (param i32) (result i32) (local i32)
    (if (local.get 0) (then (local.set 1 (i32.const 5))) (else (drop (local.get 1)))) (i32.const 1))
  (func $in_an_arm_for_itself (param i32) (result i32) (local i32)
    (if (result i32) (local.get 0)
      (then (local.set 1 (i32.const 5)) (local.get 1)) (else (local.set 1 (i32.const 6)) (local.get 1))))
  (func $a_block_that_nobody_leaves (result i32) (local i32) (block (local.set 0 (i32.const 5))) (local.get 0))
  (func $written_before_the_branch (param i32) (result i32) (local i32)
    (block (local.set 1 (i32.const 5)) (br_if 0 (local.get 0))) (local.get 1))
  (func $written_behind_the_branch (param i32) (result i32) (local i32)
    (block (br_if 0 (local.get 0)) (local.set 1 (i32.const 5))) (local.get 1))
  (func $forgotten_inside_and_written_again (param i32) (result i32) (local i32 i32 i32)
    (block
      (block (br_if 0 (local.get 0)) (local.set 1 (i32.const 5)) (local.set 2 (i32.const 5)) (br_if 1 (local.get 0)))
      (local.set 1 (i32.const 5))
      (local.set 3 (i32.const 5)))
    (i32.add (local.get 1) (local.get 3)))
  (func $a_table_branches_too (param i32) (result i32) (local i32)
    (block (block (br_table 0 1 (local.get 0))) (local.set 1 (i32.const 5))) (local.get 1))
  (func $so_does_a_throw (param i32) (result i32) (local i32)
    (block (try_table (catch_all 0) (drop (call $read_first (local.get 0))) (local.set 1 (i32.const 5)))) (local.get 1))
  (func $loops_are_entered_at_the_top (param i32) (result i32) (local i32)
    (loop (local.set 1 (i32.const 5)) (br_if 0 (local.get 0))) (local.get 1))
  (func $the_last_turn_does_not_count (param i32) (result i32) (local i32)
    (loop (br_if 0 (local.get 1)) (local.set 1 (i32.const 5))) (local.get 1)))
;;= func 0 frame 9 clears 0 from 4
;;=     0: move s0 -> s4 p0
;;=     2: move p0 -> s5 p1
;;=     4: i32.add p0, p1 -> acc
;;=     6: return acc
;;= func 1 frame 11 clears 1 from 6
;;=     0: move s0 -> s4 p0
;;=     2: move s6 -> s7 p1
;;=     4: i32.add p0, p1 -> acc
;;=     6: return acc
;;= func 2 frame 13 clears 5 from 4
;;=     0: v128.const 0x00000000000000000000000000000000 -> s6
;;=     4: i32.wrap_i64 p0 -> acc
;;=     6: i32.add p1, acc -> acc
;;=     8: return acc
;;= func 3 frame 8 clears 1 from 3
;;=     0: move 0 -> s3 p0
;;=     3: return
;;= func 4 frame 9 clears 1 from 4
;;=     0: br_unless p1 @5
;;=     2: move 5 -> s4 p0
;;=     5: return p0
;;= func 5 frame 9 clears 1 from 4
;;=     0: br_unless p1 @7
;;=     2: move 5 -> s4 p0
;;=     5: br @7
;;=     7: return 1
;;= func 6 frame 8 clears 0 from 4
;;=     0: br_unless p1 @9
;;=     2: move 5 -> s4 p0
;;=     5: move p0 -> s5
;;=     7: br @14
;;=     9: move 6 -> s4 p0
;;=    12: move p0 -> s5
;;=    14: return s5
;;= func 7 frame 6 clears 0 from 3
;;=     0: move 5 -> s3 p0
;;=     3: return p0
;;= func 8 frame 7 clears 0 from 4
;;=     0: move 5 -> s4 p0
;;=     3: br_if p1 @5
;;=     5: return p0
;;= func 9 frame 9 clears 1 from 4
;;=     0: br_if p1 @5
;;=     2: move 5 -> s4 p0
;;=     5: return p0
;;= func 10 frame 10 clears 3 from 4
;;=     0: br_if p1 @10
;;=     2: move 5 -> s4 p0
;;=     5: move 5 -> s5
;;=     8: br_if p1 @16
;;=    10: move 5 -> s4 p0
;;=    13: move 5 -> s6
;;=    16: i32.add p0, s6 -> acc
;;=    18: return acc
;;= func 11 frame 9 clears 1 from 4
;;=     0: br_table p1 @4 @7
;;=     4: move 5 -> s4 p0
;;=     7: return p0
;;= func 12 frame 9 clears 1 from 4
;;=     0: move p1 -> s5
;;=     2: call base s5
;;=     5: move 5 -> s4 p0
;;=     8: return p0
;;= catch from 2: scope 0
;;= scope 0 in none: all -> s5 @8;
;;= func 13 frame 7 clears 0 from 4
;;=     0: move 5 -> s4 p0
;;=     3: br_if p1 @0
;;=     5: return p0
;;= func 14 frame 9 clears 1 from 4
;;=     0: br_if p0 @0
;;=     2: move 5 -> s4 p0
;;=     5: return p0
