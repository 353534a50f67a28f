;; options: joined_handlers=1
(module
  (memory 1)
  (func $loop (param i32)
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.ne (local.get 0) (i32.const 100)))))
  (func $three_and_the_two_within (param i32) (result i32)
    (local.set 0 (i32.add (local.get 0) (i32.const 4)))
    (i32.mul (i32.load (local.get 0)) (i32.const 3)))
  (func $jump_between (param i32) (result i32)
    (local.set 0 (i32.add (local.get 0) (i32.const 4)))
    (loop (result i32)
      (i32.mul (i32.load (local.get 0)) (i32.const 3))
      (br_if 0 (i32.eqz (local.get 0)))))
  (func $retargeted_last (param i32) (result i32)
    (local.set 0 (i32.add (local.get 0) (i32.const 4)))
    (local.set 0 (i32.load (local.get 0)))
    (i32.mul (local.get 0) (i32.const 3))))
;;= func 0 frame 7 clears 0 from 4
;;=     0: i32.add p0, 1 -> s0 p0 {2}
;;=     3: br_if.i32.ne p0, 100 @0
;;=     6: return
;;= func 1 frame 7 clears 0 from 4
;;=     0: i32.add p0, 4 -> s0 p0 {3}
;;=     3: i32.load p0+0 -> acc {2}
;;=     5: i32.mul acc, 3 -> acc
;;=     8: return acc
;;= func 2 frame 7 clears 0 from 4
;;=     0: i32.add p0, 4 -> s0 p0 {3}
;;=     3: i32.load p0+0 -> acc {2}
;;=     5: i32.mul acc, 3 -> acc
;;=     8: br_if.i32.eq p0, 0 @3
;;=    11: return acc
;;= func 3 frame 7 clears 0 from 4
;;=     0: i32.add p0, 4 -> s0 p0
;;=     3: i32.load p0+0 -> s0 p0
;;=     5: i32.mul p0, 3 -> acc
;;=     8: return acc
