;; options: joined_handlers=1 fuel=1
(module
  (memory 1)
  (func $loop (param i32)
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.ne (local.get 0) (i32.const 100)))))
  (func $loop_and_what_follows (param i32)
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.ne (local.get 0) (i32.const 100))))
    (nop))
  (func $whole_or_nothing (param i32) (result i32)
    (local.set 0 (i32.add (local.get 0) (i32.const 4)))
    (i32.mul (i32.load (local.get 0)) (i32.const 3)))
  (func $in_front_of_two (param i32) (result i32)
    (i32.mul (i32.load (local.get 0)) (i32.const 3)))
  (func $two_pieces (param i32) (result i32)
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.ne (local.get 0) (i32.const 100))))
    (i32.mul (i32.load (local.get 0)) (i32.const 3))))
;;= func 0 frame 7 clears 0 from 4
;;=     0: fuel 1
;;=     2: fuel 8 {3}
;;=     4: i32.add p0, 1 -> s0 p0 {3}
;;=     7: br_if.i32.ne p0, 100 @2
;;=    10: fuel 0
;;=    12: return
;;= func 1 frame 7 clears 0 from 4
;;=     0: fuel 1
;;=     2: fuel 8 {3}
;;=     4: i32.add p0, 1 -> s0 p0 {3}
;;=     7: br_if.i32.ne p0, 100 @2
;;=    10: fuel 1
;;=    12: return
;;= func 2 frame 7 clears 0 from 4
;;=     0: fuel 8
;;=     2: i32.add p0, 4 -> s0 p0 {3}
;;=     5: i32.load p0+0 -> acc {2}
;;=     7: i32.mul acc, 3 -> acc
;;=    10: return acc
;;= func 3 frame 7 clears 0 from 4
;;=     0: fuel 4 {3}
;;=     2: i32.load p0+0 -> acc {2}
;;=     4: i32.mul acc, 3 -> acc
;;=     7: return acc
;;= func 4 frame 7 clears 0 from 4
;;=     0: fuel 1
;;=     2: fuel 8 {6}
;;=     4: i32.add p0, 1 -> s0 p0 {3}
;;=     7: br_if.i32.ne p0, 100 @2
;;=    10: fuel 4 {3}
;;=    12: i32.load p0+0 -> acc {2}
;;=    14: i32.mul acc, 3 -> acc
;;=    17: return acc
