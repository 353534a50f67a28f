;; The instructions with unusual immediates.
(module
  (memory 1) (memory 1) (table 1 funcref) (table 1 funcref)
  (type $s (struct (field i8) (field (mut i32)))) (type $a (array (mut i32))) (type $f (array (mut funcref)))
  (elem $e funcref) (data $d "") (global (mut i32) (i32.const 0))
  (func (param i32) (local i32 i64 i64 v128)
    (i32.store offset=4 align=1 (i32.const 0) (i32.load 1 offset=4294967295 (i32.const 0)))
    (v128.store8_lane 1 offset=3 7 (i32.const 0) (v128.load32_lane align=2 3 (i32.const 0) (local.get 4)))
    (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (local.get 4) (local.get 4)))
    (drop (i16x8.extract_lane_s 7 (local.get 4)))
    (drop (memory.size)) (drop (memory.grow 1 (i32.const 0)))
    (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0))
    (memory.fill 1 (i32.const 0) (i32.const 0) (i32.const 0))
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (memory.init 1 $d (i32.const 0) (i32.const 0) (i32.const 0))
    (data.drop $d) (elem.drop $e)
    (table.init $e (i32.const 0) (i32.const 0) (i32.const 0)) (table.init 1 $e (i32.const 0) (i32.const 0) (i32.const 0))
    (table.copy (i32.const 0) (i32.const 0) (i32.const 0)) (table.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 0))
    (table.set 1 (i32.const 0) (table.get 0 (i32.const 0)))
    (drop (table.grow 0 (ref.null func) (i32.const 1))) (drop (table.size 1)) (table.fill 0 (i32.const 0) (ref.null func) (i32.const 0))
    (drop (struct.new $s (i32.const 1) (i32.const 2))) (struct.set $s 1 (struct.new_default $s) (i32.const 0))
    (drop (struct.get_u $s 0 (ref.null $s)))
    (drop (array.new_fixed $a 2 (i32.const 1) (i32.const 2))) (drop (array.new_data $a $d (i32.const 0) (i32.const 0)))
    (array.copy $a $a (array.new_default $a (i32.const 1)) (i32.const 0) (ref.null $a) (i32.const 0) (i32.const 0))
    (array.init_elem $f $e (ref.null $f) (i32.const 0) (i32.const 0) (i32.const 0))
    (drop (ref.test (ref i31) (ref.null any))) (drop (ref.test (ref null $s) (ref.null any)))
    (drop (ref.cast (ref null struct) (ref.null any))) (drop (ref.cast (ref $s) (ref.null any)))
    (block (result anyref) (br_on_cast 0 anyref (ref $s) (ref.null any))) drop
    (block (result anyref) (br_on_cast_fail 0 (ref null eq) (ref null i31) (ref.null eq))) drop
    (i32.atomic.rmw.cmpxchg offset=8 (i32.const 0) (i32.const 0) (i32.const 0)) drop
    atomic.fence
    (i64.add128 (local.get 2) (local.get 2) (local.get 2) (local.get 2)) drop drop))
;; ---- printed
(module
  (type $s (;0;) (struct (field i8) (field (mut i32))))
  (type $a (;1;) (array (mut i32)))
  (type $f (;2;) (array (mut funcref)))
  (type (;3;) (func (param i32)))
  (table (;0;) 1 funcref)
  (table (;1;) 1 funcref)
  (memory (;0;) 1)
  (memory (;1;) 1)
  (global (;0;) (mut i32) (i32.const 0))
  (elem $e (;0;) funcref)
  (func (;0;) (type 3) (param i32)
    (local i32 i64 i64 v128)
    i32.const 0
    i32.const 0
    i32.load 1 offset=4294967295
    i32.store offset=4 align=1
    i32.const 0
    i32.const 0
    local.get 4
    v128.load32_lane align=2 3
    v128.store8_lane 1 offset=3 7
    local.get 4
    local.get 4
    i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31
    drop
    local.get 4
    i16x8.extract_lane_s 7
    drop
    memory.size
    drop
    i32.const 0
    memory.grow 1
    drop
    i32.const 0
    i32.const 0
    i32.const 0
    memory.copy
    i32.const 0
    i32.const 0
    i32.const 0
    memory.copy 0 1
    i32.const 0
    i32.const 0
    i32.const 0
    memory.fill 1
    i32.const 0
    i32.const 0
    i32.const 0
    memory.init $d
    i32.const 0
    i32.const 0
    i32.const 0
    memory.init 1 $d
    data.drop $d
    elem.drop $e
    i32.const 0
    i32.const 0
    i32.const 0
    table.init $e
    i32.const 0
    i32.const 0
    i32.const 0
    table.init 1 $e
    i32.const 0
    i32.const 0
    i32.const 0
    table.copy
    i32.const 0
    i32.const 0
    i32.const 0
    table.copy 1 0
    i32.const 0
    i32.const 0
    table.get 0
    table.set 1
    ref.null func
    i32.const 1
    table.grow 0
    drop
    table.size 1
    drop
    i32.const 0
    ref.null func
    i32.const 0
    table.fill 0
    i32.const 1
    i32.const 2
    struct.new $s
    drop
    struct.new_default $s
    i32.const 0
    struct.set $s 1
    ref.null $s
    struct.get_u $s 0
    drop
    i32.const 1
    i32.const 2
    array.new_fixed $a 2
    drop
    i32.const 0
    i32.const 0
    array.new_data $a $d
    drop
    i32.const 1
    array.new_default $a
    i32.const 0
    ref.null $a
    i32.const 0
    i32.const 0
    array.copy $a $a
    ref.null $f
    i32.const 0
    i32.const 0
    i32.const 0
    array.init_elem $f $e
    ref.null any
    ref.test (ref i31)
    drop
    ref.null any
    ref.test (ref null $s)
    drop
    ref.null any
    ref.cast (ref null struct)
    drop
    ref.null any
    ref.cast (ref $s)
    drop
    block (result anyref) ;; label = @1
      ref.null any
      br_on_cast 0 (;@1;) (ref null any) (ref $s)
    end
    drop
    block (result anyref) ;; label = @1
      ref.null eq
      br_on_cast_fail 0 (;@1;) (ref null eq) (ref null i31)
    end
    drop
    i32.const 0
    i32.const 0
    i32.const 0
    i32.atomic.rmw.cmpxchg offset=8
    drop
    atomic.fence
    local.get 2
    local.get 2
    local.get 2
    local.get 2
    i64.add128
    drop
    drop
  )
  (data $d (;0;) "")
)
