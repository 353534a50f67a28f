;; A name section that gives two functions, two locals and two fields one name, a third function a name that looks made up,
;; and a fourth an empty one.
(module binary
  "\00asm\01\00\00\00"
  "\01\0c\02\60\02\7f\7f\00\5f\02\7f\00\7f\00"
  "\03\05\04\00\00\00\00"
  "\0a\0d\04\02\00\0b\02\00\0b\02\00\0b\02\00\0b"
  "\00\31\04name"
  "\01\14\04" "\00\01f" "\01\09#func2<f>" "\02\01f" "\03\00"
  "\02\09\01\00\02\00\01x\01\01x"
  "\0a\09\01\01\02\00\01y\01\01y")
;; ---- printed
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (struct (field $y i32) (field $#field1<y> i32)))
  (func $f (;0;) (type 0) (param $x i32) (param $#local1<x> i32)
  )
  (func $#func2<f> (;1;) (type 0) (param i32 i32)
  )
  (func $##func2<f> (@name "f") (;2;) (type 0) (param i32 i32)
  )
  (func (;3;) (type 0) (param i32 i32)
  )
)
