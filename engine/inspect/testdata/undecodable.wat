;; A body with an unknown opcode: what comes before it is printed.
(module binary
  "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0a\08\01\06\00\02\40\01\ff\0b")
;; ---- printed
(module
  (type (;0;) (func))
  (func (;0;) (type 0)
    block ;; label = @1
      nop
  ;; illegal opcode: found 0xff at offset 0x1a
error: illegal opcode: found 0xff at offset 0x1a
