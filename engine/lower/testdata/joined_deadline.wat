;; options: joined_handlers=1 interruption=1
(module
  (memory 1)
  (func $loop (param i32)
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.ne (local.get 0) (i32.const 100))))))
;;= func 0 frame 7 clears 0 from 4
;;=     0: interrupt {3}
;;=     2: i32.add p0, 1 -> s0 p0 {2}
;;=     5: br_if.i32.ne p0, 100 @0
;;=     8: return
