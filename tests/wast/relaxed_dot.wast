;; Dot products of bytes outside of the seven bits for which the specification leaves nothing open: signed, and sums wrap.
(module
  (func (export "words") (param v128 v128) (result v128)
    (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 1)))
  (func (export "longs") (param v128 v128 v128) (result v128)
    (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get 0) (local.get 1) (local.get 2))))

;; -128 * -128 * 2 = 32768; -128 * -127 * 2 = 32512; 127 * -128 * 2 = -32512; 127 * -1 * 2 = -254
(assert_return
  (invoke "words"
    (v128.const i8x16 -128 -128 -128 -128 127 127 127 127 -128 -128 -128 -128 127 127 127 127)
    (v128.const i8x16 -128 -128 -127 -127 -128 -128 -1 -1 -128 -128 -127 -127 -128 -128 -1 -1))
  (v128.const i16x8 -32768 32512 -32512 -254 -32768 32512 -32512 -254))
;; Which of two neighbours is whose: 1 * 10 + 2 * 100 and so on.
(assert_return
  (invoke "words"
    (v128.const i8x16 1 2 -3 4 5 -6 7 8 9 10 11 12 13 14 15 16)
    (v128.const i8x16 10 100 10 100 -10 100 10 -100 1 0 0 1 -1 0 0 -1))
  (v128.const i16x8 210 370 -650 -730 9 12 -13 -16))
(assert_return
  (invoke "longs"
    (v128.const i8x16 -128 -128 -128 -128 127 127 127 127 -128 -128 127 127 0 0 0 1)
    (v128.const i8x16 -128 -128 -128 -128 -128 -128 -1 -1 -128 -128 -128 -128 0 0 0 -1)
    (v128.const i32x4 0 1 2 0x7fffffff))
  (v128.const i32x4 -65536 -32765 -65278 0x7ffffffe))
