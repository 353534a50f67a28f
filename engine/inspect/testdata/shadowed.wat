;; A branch to a label that an inner block of the same name hides goes by number.
(module
  (func
    (block $l (loop $l (block $m (br $l) (br 2) (br_table $m 2 $l (i32.const 0)))))))
;; ---- printed
(module
  (type (;0;) (func))
  (func (;0;) (type 0)
    block $l
      loop $l
        block $m
          br $l
          br 2 (;@1;)
          i32.const 0
          br_table $m 2 (;@1;) $l
        end
      end
    end
  )
)
