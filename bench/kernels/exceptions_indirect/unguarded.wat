;; guarded without its try_table. The module throws elsewhere: it, too, asks after each call.
(module
  (tag $never)
  (type $f (func (param i32) (result i32)))
  (table $t (export "table") funcref (elem $f))
  (func $f (param i32) (result i32) (local.get 0))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (if (local.get $n)
      (then
        (loop $next
          (block
            (local.set $sum (i32.add (local.get $sum) (call_indirect (type $f) (local.get $n) (i32.const 0)))))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    (local.get $sum))
  (func (export "throw") (throw $never)))
