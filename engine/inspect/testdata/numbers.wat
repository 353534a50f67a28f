;; Constants keep every bit; vectors are four words.
(module
  (func
    i32.const -1 drop i32.const 0x7fffffff drop i64.const -9223372036854775808 drop
    f32.const 0.1 drop f32.const -0 drop f32.const inf drop f32.const nan drop f32.const -nan:0x200001 drop
    f32.const 0x1p-149 drop f32.const 16777216 drop f32.const 1e10 drop f32.const 3.4028235e38 drop
    f64.const 0.1 drop f64.const -nan:0x4000000000000 drop f64.const 1e300 drop f64.const 5e-324 drop
    v128.const i32x4 1 -1 0x12345678 0 drop
    v128.const f64x2 1 nan drop))
;; ---- printed
(module
  (type (;0;) (func))
  (func (;0;) (type 0)
    i32.const -1
    drop
    i32.const 2147483647
    drop
    i64.const -9223372036854775808
    drop
    f32.const 0.1
    drop
    f32.const -0
    drop
    f32.const inf
    drop
    f32.const nan
    drop
    f32.const -nan:0x200001
    drop
    f32.const 1e-45
    drop
    f32.const 16777216
    drop
    f32.const 1e+10
    drop
    f32.const 3.4028235e+38
    drop
    f64.const 0.1
    drop
    f64.const -nan:0x4000000000000
    drop
    f64.const 1e+300
    drop
    f64.const 5e-324
    drop
    v128.const i32x4 0x00000001 0xffffffff 0x12345678 0x00000000
    drop
    v128.const i32x4 0x00000000 0x3ff00000 0x00000000 0x7ff80000
    drop
  )
)
