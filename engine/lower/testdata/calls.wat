(module
  (type $t (func (param i32) (result i32)))
  (import "e" "f" (func $import (type $t)))
  (table 10 funcref)
  (func $direct (param i32 f64) (result i32) (call $direct (call $import (local.get 0)) (local.get 1)))
  (func $indirect (param i32) (result i32) (call_indirect (type $t) (i32.const 7) (local.get 0)))
  (func $ref (param (ref null $t)) (result i32) (call_ref $t (i32.const 7) (local.get 0)))
  (func $tail (param i32) (result i32) (return_call $tail (i32.sub (local.get 0) (i32.const 1))))
  (func $tail_indirect (param i32) (result i32) (return_call_indirect (type $t) (i32.const 7) (local.get 0)))
  (func $null (param (ref null $t)) (result i32)
    (block (br_on_null 0 (local.get 0)) (return (call_ref $t (i32.const 1) (ref.as_non_null))))
    (ref.is_null (local.get 0)))
  (func $make (result funcref funcref) (ref.func $import) (ref.func $make))
  (elem declare func $import $make))
;;= func 0 frame 8 clears 0 from 5
;;=     0: move p0 -> s5
;;=     2: call_import [128] base s5
;;=     5: move_wide s1 -> s6
;;=     7: call base s5
;;=    10: return acc
;;= func 1 frame 7 clears 0 from 4
;;=     0: move 7 -> s4
;;=     3: call_indirect p0 type 1 base s4
;;=     7: return acc
;;= func 2 frame 7 clears 0 from 4
;;=     0: move 7 -> s4
;;=     3: call_ref p0 base s4
;;=     6: return acc
;;= func 3 frame 7 clears 0 from 4
;;=     0: i32.sub p0, 1 -> s4
;;=     3: return_call base s4
;;= func 4 frame 7 clears 0 from 4
;;=     0: move 7 -> s4
;;=     3: move p0 -> s5
;;=     5: return_call_indirect s5 type 1 base s4
;;= func 5: type mismatch: expected a reference, found i32
;;= func 6 frame 8 clears 0 from 3
;;=     0: ref.func s3 (0 128)
;;=     3: ref.func s4 (6 0)
;;=     6: return s3, 2
