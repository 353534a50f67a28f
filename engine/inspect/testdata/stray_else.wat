;; An else that belongs to no if has no text. (Found by fuzzing.)
(module binary
  "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0a\09\01\07\00\02\40\01\05\0b\0b")
;; ---- printed
(module
  (type (;0;) (func))
  (func (;0;) (type 0)
    block ;; label = @1
      nop
  ;; illegal opcode: found else outside of if at offset 0x1a
error: illegal opcode: found else outside of if at offset 0x1a
