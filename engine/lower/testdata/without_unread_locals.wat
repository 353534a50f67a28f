;; options: unread_locals=0
(module
  (func $written_first (param i32) (result i32) (local i32 i32)
    (local.set 1 (local.get 0)) (local.set 2 (local.get 1)) (i32.add (local.get 1) (local.get 2)))
  (func $read_first (param i32) (result i32) (local i32 i32 i32 i32)
    (local.set 1 (local.get 0)) (local.set 4 (local.get 3)) (i32.add (local.get 1) (local.get 4)))
  (func $only_what_is_read_and_what_lies_between (result i32) (local i32 i64 v128 i32 i32)
    (local.set 2 (v128.const i64x2 0 0))
    (i32.add (local.get 3) (i32.wrap_i64 (local.get 1)))))
;;= func 0 frame 9 clears 2 from 4
;;=     0: move s0 -> s4 p0
;;=     2: move p0 -> s5 p1
;;=     4: i32.add p0, p1 -> acc
;;=     6: return acc
;;= func 1 frame 11 clears 4 from 4
;;=     0: move s0 -> s4 p0
;;=     2: move s6 -> s7 p1
;;=     4: i32.add p0, p1 -> acc
;;=     6: return acc
;;= func 2 frame 13 clears 7 from 3
;;=     0: v128.const 0x00000000000000000000000000000000 -> s6
;;=     4: i32.wrap_i64 p0 -> acc
;;=     6: i32.add p1, acc -> acc
;;=     8: return acc
