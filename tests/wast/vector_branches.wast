;; Vectors that a conditional branch moves only when it is taken: behind the branch the accumulator holds what it held before. Found
;; by the differential fuzzer.
(module
  (func (export "loop") (param i32 v128) (result v128) (local v128)
    i32.const 0
    local.get 1
    loop (param i32 v128)
      i32.const 1
      v128.const i32x4 4 5 6 7
      local.get 0
      br_if 0
      drop
      drop
      local.set 2
      drop
    end
    local.get 2)
  (func (export "block") (param i32 v128 v128) (result v128)
    block (result v128)
      i32.const 7
      local.get 1
      v128.not
      local.get 2
      v128.not
      local.get 0
      br_if 0
      drop
      v128.not
      return
    end)
  (func (export "switch") (param i32 v128 v128) (result v128)
    block (result v128)
      block (result v128)
        local.get 1
        v128.not
        local.get 2
        v128.not
        local.get 0
        br_table 0 1 0
      end
      v128.not
      return
    end))
(assert_return (invoke "loop" (i32.const 0) (v128.const i32x4 1 2 3 9)) (v128.const i32x4 1 2 3 9))
(assert_return (invoke "block" (i32.const 0) (v128.const i32x4 1 2 3 9) (v128.const i32x4 5 6 7 8)) (v128.const i32x4 1 2 3 9))
(assert_return (invoke "block" (i32.const 1) (v128.const i32x4 1 2 3 9) (v128.const i32x4 5 6 7 8))
  (v128.const i32x4 -6 -7 -8 -9))
(assert_return (invoke "switch" (i32.const 0) (v128.const i32x4 1 2 3 9) (v128.const i32x4 5 6 7 8)) (v128.const i32x4 5 6 7 8))
(assert_return (invoke "switch" (i32.const 1) (v128.const i32x4 1 2 3 9) (v128.const i32x4 5 6 7 8))
  (v128.const i32x4 -6 -7 -8 -9))
