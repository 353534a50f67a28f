;; A try_table is a block: 0 and 1 have the same code, and so has the loop of 2 and 3. Clauses stand behind the code.
(module
  (import "" "" (func $throws (param i32) (result i32)))
  (tag $i (param i32))
  (tag $two (param i64 v128 f32))
  (func (param i32) (result i32)
    (block $h (result i32)
      (block (result i32)
        (i32.add (call $throws (local.get 0)) (i32.const 1)))))
  (func (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $i $h)
        (i32.add (call $throws (local.get 0)) (i32.const 1)))))
  (func (param i32) (local i32)
    (block $h
      (loop $l
        (block
          (local.set 1 (i32.add (local.get 1) (call $throws (local.get 0)))))
        (br_if $l (i32.lt_s (local.get 1) (i32.const 100))))))
  (func (param i32) (local i32)
    (block $h
      (loop $l
        (try_table (catch_all $h)
          (local.set 1 (i32.add (local.get 1) (call $throws (local.get 0)))))
        (br_if $l (i32.lt_s (local.get 1) (i32.const 100))))))
  ;; A comparison before the block is still joined with the branch behind it.
  (func (param i32) (result i32)
    (block $h
      (i32.lt_s (local.get 0) (i32.const 5))
      (try_table (param i32) (catch_all $h)
        (if (then (drop (call $throws (i32.const 1))) (return (i32.const 2))))))
    (i32.const 3))
  ;; Regions begin where something can throw: none, inner, outer, none. A catch_all hides the clauses behind it.
  (func (result exnref)
    (drop (call $throws (i32.const 0)))
    (block $r (result exnref)
      (block $n
        (try_table (catch_all_ref $r) (catch_all $n)
          (drop (call $throws (i32.const 1)))
          (try_table (catch_all $n)
            (drop (call $throws (i32.const 2)))
            (drop (call $throws (i32.const 3))))
          (try_table (drop (call $throws (i32.const 4))))))
      (drop (call $throws (i32.const 5)))
      (ref.null exn)))
  ;; Values below, of which the handler reads some, and a payload of several slots with a reference behind.
  (func (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))
    (i32.mul (local.get 0) (local.get 1))
    (block $h (result i64 v128 f32 exnref)
      (try_table (catch_ref $two $h)
        (local.set 0 (i32.const 9))
        (drop (call $throws (local.get 0))))
      (unreachable))
    (throw_ref))
  ;; A loop as label, and the function's own.
  (func (param i32) (result i32)
    (local.get 0)
    (loop $l (param i32) (result i32)
      (try_table (param i32) (result i32) (catch $i $l) (catch $i 1) (throw $i))))
)
;;= func 0 frame 7 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: call_import [128] base s4
;;=     5: i32.add acc, 1 -> acc
;;=     8: return acc
;;= func 1 frame 7 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: call_import [128] base s4
;;=     5: i32.add acc, 1 -> s4
;;=     8: return s4
;;= catch from 2: scope 0
;;= scope 0 in none: tag 0 -> s4 @8;
;;= func 2 frame 9 clears 1 from 4
;;=     0: move p1 -> s6
;;=     2: call_import [128] base s6
;;=     5: i32.add p0, acc -> s4 p0
;;=     7: br_if.i32.lt_s p0, 100 @0
;;=    10: return
;;= func 3 frame 9 clears 1 from 4
;;=     0: move p1 -> s6
;;=     2: call_import [128] base s6
;;=     5: i32.add p0, acc -> s4 p0
;;=     7: br_if.i32.lt_s p0, 100 @0
;;=    10: return
;;= catch from 2: scope 0
;;= scope 0 in none: all -> s5 @10;
;;= func 4 frame 7 clears 0 from 4
;;=     0: br_unless.i32.lt_s p0, 5 @12
;;=     3: move 1 -> s4
;;=     6: call_import [128] base s4
;;=     9: return 2
;;=    12: return 3
;;= catch from 6: scope 0
;;= scope 0 in none: all -> s4 @12;
;;= func 5 frame 6 clears 0 from 3
;;=     0: move 0 -> s3
;;=     3: call_import [128] base s3
;;=     6: move 1 -> s3
;;=     9: call_import [128] base s3
;;=    12: move 2 -> s3
;;=    15: call_import [128] base s3
;;=    18: move 3 -> s3
;;=    21: call_import [128] base s3
;;=    24: move 4 -> s3
;;=    27: call_import [128] base s3
;;=    30: move 5 -> s3
;;=    33: call_import [128] base s3
;;=    36: move 0 -> s3
;;=    39: return s3
;;= catch from 9: scope 0
;;= catch from 15: scope 1
;;= catch from 27: scope 0
;;= catch from 33: scope none
;;= scope 0 in none: all ref -> s3 @39;
;;= scope 1 in 0: all -> s3 @30;
;;= func 6 frame 14 clears 0 from 5
;;=     0: i32.mul p0, p1 -> s6
;;=     2: i32.add p0, p1 -> s5
;;=     4: move 9 -> s0 p0
;;=     7: move p0 -> s7
;;=     9: call_import [128] base s7
;;=    12: unreachable
;;=    14: throw_ref s11 (0 0)
;;= catch from 9: scope 0
;;= catch from 14: scope none
;;= scope 0 in none: tag 1 ref -> s7 @14;
;;= func 7 frame 7 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: throw s4 (0 0)
;;=     5: return s4
;;= catch from 2: scope 0
;;= scope 0 in none: tag 0 -> s4 @2; tag 0 -> s4 @5;
