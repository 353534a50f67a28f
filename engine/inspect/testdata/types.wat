;; Recursion groups, subtypes, composite types, and abbreviations of reference types.
(module
  (rec
    (type $list (sub (struct (field (ref null $list)) (field (mut i8)))))
    (type $longer (sub final $list (struct (field (ref null $list)) (field (mut i8)) (field i16)))))
  (rec)
  (type (array (mut v128)))
  (type (sub (func)))
  (type (func (param funcref externref anyref eqref i31ref structref arrayref exnref)
    (result nullref nullfuncref nullexternref nullexnref (ref func) (ref null $list) (ref $longer)))))
;; ---- printed
(module
  (rec
    (type $list (;0;) (sub (struct (field (ref null $list)) (field (mut i8)))))
    (type $longer (;1;) (sub final $list (struct (field (ref null $list)) (field (mut i8)) (field i16))))
  )
  (rec
  )
  (type (;2;) (array (mut v128)))
  (type (;3;) (sub (func)))
  (type (;4;) (func (param funcref externref anyref eqref i31ref structref arrayref exnref) (result nullref nullfuncref nullexternref nullexnref (ref func) (ref null $list) (ref $longer))))
)
