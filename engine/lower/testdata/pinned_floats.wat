(module
  (memory 1)
  (global $g (mut f64) (f64.const 1))
  (func $other (param f64) (result f64) (local.get 0))
  (func $both_registers_and_squares (param i32) (result f64) (local f64 f64 f64)
    (loop
      (local.set 3 (f64.mul (local.get 1) (local.get 1)))
      (local.set 1 (f64.add (f64.load (local.get 0)) (local.get 2)))
      (local.set 2 (f64.sub (f64.mul (local.get 1) (local.get 2)) (local.get 3)))
      (f64.store (local.get 0) (local.get 2))
      (br_if 0 (f64.lt (local.get 1) (local.get 2))))
    (local.get 1))
  (func $everything_that_writes_one (param i32 f32) (local f64 f64)
    (loop
      (local.set 2 (f64.load (local.get 0)))
      (local.set 3 (f64.const 7))
      (local.set 2 (local.get 3))
      (local.set 3 (f64.convert_i32_s (local.get 0)))
      (local.set 2 (f64.promote_f32 (local.get 1)))
      (local.set 3 (select (local.get 2) (local.get 3) (local.get 0)))
      (local.set 2 (global.get $g))
      (local.set 3 (f64.reinterpret_i64 (i64.const 9)))
      (local.set 2 (f64.min (local.get 2) (local.get 3)))
      (br_if 0 (local.get 0))))
  (func $what_passes_integers_reads_the_slot (param i32) (result f64) (local f64 f64)
    (loop
      (local.set 1 (f64.add (local.get 1) (local.get 2)))
      (local.set 2 (f64.add (local.get 1) (local.get 2)))
      (global.set $g (local.get 1))
      (drop (select (local.get 1) (local.get 2) (local.get 0)))
      (drop (i64.reinterpret_f64 (local.get 2)))
      (br_if 0 (local.get 0)))
    (local.get 2))
  (func $filled_again_behind_calls (param f64) (result f64)
    (loop
      (local.set 0 (f64.mul (f64.mul (local.get 0) (local.get 0)) (f64.mul (local.get 0) (local.get 0))))
      (drop (f64.lt (local.get 0) (f64.const 4)))
      (local.set 0 (f64.mul (f64.mul (local.get 0) (local.get 0)) (f64.mul (local.get 0) (local.get 0)))))
    (f64.add (call $other (local.get 0)) (local.get 0)))
  (func $not_where_calls_are_many (param f64)
    (loop (local.set 0 (call $other (local.get 0))) (br_if 0 (f64.lt (local.get 0) (f64.const 4)))))
  (func $not_where_something_is_caught (param f64)
    (loop
      (try_table (local.set 0 (f64.mul (local.get 0) (local.get 0))))
      (br_if 0 (f64.lt (local.get 0) (f64.const 4))))))
;;= func 0 frame 6 clears 0 from 4
;;=     0: return s0
;;= func 1 frame 10 clears 2 from 4
;;=     0: load_pins s4, s5 -> p0 p1
;;=     2: f64.mul p0, p0 -> s6
;;=     4: f64.load p0+0 -> acc
;;=     6: f64.add acc, p1 -> s4 p0
;;=     8: f64.mul p0, p1 -> acc
;;=    10: f64.sub acc, s6 -> s5 p1
;;=    12: f64.store p0+0, p1
;;=    14: br_if.f64.lt p0, p1 @2
;;=    16: return s4
;;= func 2 frame 11 clears 0 from 5
;;=     0: load_pins s5, s6 -> p0 p1
;;=     2: f64.load p0+0 -> s5 p0
;;=     4: move 4619567317775286272 -> s6 p1
;;=     7: move p1 -> s5 p0
;;=     9: f64.convert_i32_s p0 -> s6 p1
;;=    11: f64.promote_f32 s1 -> s5 p0
;;=    13: select s5, s6, p0 -> s7
;;=    15: move s7 -> s6 p1
;;=    17: global.get [128] -> s7
;;=    19: move s7 -> s5 p0
;;=    21: move 9 -> acc
;;=    24: f64.reinterpret_i64 acc -> s6 p1
;;=    26: f64.min p0, p1 -> s5 p0
;;=    28: br_if p0 @2
;;=    30: return
;;= func 3 frame 10 clears 2 from 4
;;=     0: load_pins s5, s4 -> p0 p1
;;=     2: f64.add p1, p0 -> s4 p1
;;=     4: f64.add p1, p0 -> s5 p0
;;=     6: global.set [128], s4
;;=     8: select s4, s5, p0 -> s6
;;=    10: i64.reinterpret_f64 p0 -> s6
;;=    12: br_if p0 @2
;;=    14: return s5
;;= func 4 frame 8 clears 0 from 4
;;=     0: load_pins s0, s0 -> p0 p1
;;=     2: f64.mul p0, p0 -> s4
;;=     4: f64.mul p0, p0 -> acc
;;=     6: f64.mul s4, acc -> s0 p0
;;=     8: f64.lt p0, 4616189618054758400 -> s4
;;=    11: f64.mul p0, p0 -> s4
;;=    13: f64.mul p0, p0 -> acc
;;=    15: f64.mul s4, acc -> s0 p0
;;=    17: move_wide s0 -> s4
;;=    19: call base s4
;;=    22: load_pins s0, s0 -> p0 p1
;;=    24: f64.add s4, p0 -> acc
;;=    26: return f64 acc
;;= func 5 frame 7 clears 0 from 4
;;=     0: move_wide s0 -> s4
;;=     2: call base s4
;;=     5: move_wide s4 -> s0
;;=     7: br_if.f64.lt s0, 4616189618054758400 @0
;;=    10: return
;;= func 6 frame 7 clears 0 from 4
;;=     0: f64.mul s0, s0 -> s0
;;=     2: br_if.f64.lt acc, 4616189618054758400 @0
;;=     5: return
