;; Names of a local and of a field that do not exist: references go by number. (Found by fuzzing.)
(module binary
  "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0a\0c\01\0a\00\20\00\fb\02\00\00\1a\1a\0b"
  "\00\15\04name" "\02\06\01\00\01\00\01x" "\0a\06\01\00\01\00\01y")
;; ---- printed
(module
  (type (;0;) (func))
  (func (;0;) (type 0)
    local.get 0
    struct.get 0 0
    drop
    drop
  )
)
