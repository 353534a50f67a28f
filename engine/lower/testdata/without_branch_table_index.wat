;; options: branch_table_index=0
(module
  (func (param i32) (result i32) (local i32)
    (block (block (br_table 0 1 (i32.and (local.get 0) (i32.const 1)))) (return (i32.const 10)))
    (block (br_table 0 0 (local.get 1)))
    (i32.const 11)))
;;= func 0 frame 9 clears 1 from 4
;;=     0: i32.and p0, 1 -> s5
;;=     3: br_table s5 @7 @10
;;=     7: return 10
;;=    10: br_table s4 @14 @14
;;=    14: return 11
