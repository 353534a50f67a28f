;; Names become identifiers: quoted where they must be, made unique where two are the same.
(module $a
  (type $t (func (param i32) (result i32)))
  (type $point (struct (field $x i32) (field $y (mut i64)) (field f32)))
  (import "m" "f" (func $imported (param $p i32) (result i32)))
  (table $table 1 funcref)
  (memory $memory 1)
  (tag $tag (param i32))
  (global $"a global" i32 (i32.const 0))
  (func $f (type $t) (local $l i64)
    (block $outer (block $inner (br $outer) (br $inner)))
    (block $same (block $same (br $same) (br 1)))
    (drop (struct.get $point $y (ref.null $point)))
    (call $f (local.get 0)))
  (func $"f \"2\"" (@name "f 2"))
  (func (@name "f"))
  (func $g (@name ""))
  (elem $elem func $f)
  (data $data "x"))
;; ---- printed
(module $a
  (type $t (;0;) (func (param i32) (result i32)))
  (type $point (;1;) (struct (field $x i32) (field $y (mut i64)) (field f32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func))
  (import "m" "f" (func $imported (;0;) (type $t) (param $p i32) (result i32)))
  (table $table (;0;) 1 funcref)
  (memory $memory (;0;) 1)
  (tag $tag (;0;) (type 2) (param i32))
  (global $"a global" (;0;) i32 (i32.const 0))
  (elem $elem (;0;) func $f)
  (func $f (;1;) (type $t) (param i32) (result i32)
    (local $l i64)
    block $outer
      block $inner
        br $outer
        br $inner
      end
    end
    block $same
      block $same
        br $same
        br 1 (;@1;)
      end
    end
    ref.null $point
    struct.get $point $y
    drop
    local.get 0
    call $f
  )
  (func $"f 2" (;2;) (type 3)
  )
  (func $#func3<f> (@name "f") (;3;) (type 3)
  )
  (func (;4;) (type 3)
  )
  (data $data (;0;) "x")
)
