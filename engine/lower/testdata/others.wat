(module
  (memory $a 1)
  (memory $b i64 1)
  (table 3 externref)
  (global $g (mut i32) (i32.const 0))
  (global $d (mut f64) (f64.const 0))
  (func $second_memory (param i64) (result i32)
    (i32.store $b (local.get 0) (i32.const 1))
    (i32.load $b offset=4294967296 (local.get 0)))
  (func $large_offset (param i32) (result i32) (i32.load offset=33554432 (local.get 0)))
  (func $bulk (param i32) (result i32)
    (memory.fill (local.get 0) (i32.const 0) (i32.const 8))
    (memory.copy $a $a (i32.const 0) (local.get 0) (i32.const 8))
    (memory.grow $a (i32.const 1))
    (drop (memory.size $a))
    (i64.extend_i32_u)
    (i32.wrap_i64))
  (func $globals (param f64) (result f64)
    (global.set $g (i32.add (global.get $g) (i32.const 1)))
    (global.set $d (local.get 0))
    (global.get $d))
  (func $select (param i32 f64) (result f64)
    (drop (select (local.get 0) (i32.const 3) (local.get 0)))
    (select (f64.const 1) (local.get 1) (i32.eqz (local.get 0))))
  (func $wide (param i64) (result i64) (i64.mul_wide_u (local.get 0) (local.get 0)) (drop))
  (func $vector (result i32) (i8x16.extract_lane_s 0 (v128.const i64x2 0 0)))
  (func $floats (param f32 f64) (result f32)
    (local.set 1 (f64.promote_f32 (f32.add (local.get 0) (f32.const 1))))
    (f32.demote_f64 (f64.sqrt (local.get 1)))))
;;= func 0 frame 7 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: move 1 -> s5
;;=     5: i32.store any s4+0 [152], s5
;;=     9: move p0 -> s4
;;=    11: i32.load any s4+4294967296 [152] -> s4
;;=    15: return s4
;;= func 1 frame 6 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: i32.load any s4+33554432 [144] -> s4
;;=     6: return s4
;;= func 2 frame 9 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: move 0 -> s5
;;=     5: move 8 -> s6
;;=     8: memory.fill s4 (0 144)
;;=    11: move 0 -> s4
;;=    14: move p0 -> s5
;;=    16: move 8 -> s6
;;=    19: memory.copy s4 (0 0)
;;=    22: move 1 -> s4
;;=    25: memory.grow s4 (0 144)
;;=    28: memory.size s5 (0 144)
;;=    31: i64.extend_i32_u s4 -> acc
;;=    33: i32.wrap_i64 acc -> acc
;;=    35: return acc
;;= func 3 frame 7 clears 0 from 4
;;=     0: global.get [128] -> acc
;;=     2: i32.add acc, 1 -> acc
;;=     5: global.set [128], acc
;;=     7: global.set [136], s0
;;=     9: global.get [136] -> s4
;;=    11: return s4
;;= func 4 frame 9 clears 0 from 5
;;=     0: select p0, 3, p0 -> s5
;;=     3: i32.eqz p0 -> acc
;;=     5: select 4607182418800017408, s1, acc -> s5
;;=     8: return s5
;;= func 5 frame 8 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: move p0 -> s5
;;=     4: i64.mul_wide_u s4 (0 0)
;;=     7: return s4
;;= func 6 frame 5 clears 0 from 3
;;=     0: v128.const 0x00000000000000000000000000000000 -> va
;;=     4: i8x16.extract_lane_s va[0] -> acc
;;=     6: return acc
;;= func 7 frame 8 clears 0 from 5
;;=     0: f32.add s0, 1065353216 -> acc
;;=     3: f64.promote_f32 acc -> s1
;;=     5: f64.sqrt acc -> acc
;;=     7: f32.demote_f64 acc -> acc
;;=     9: return f32 acc
