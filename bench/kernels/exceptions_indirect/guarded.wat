;; exceptions/guarded with a call through a table that others may change.
(module
  (type $f (func (param i32) (result i32)))
  (table $t (export "table") funcref (elem $f))
  (tag $t)
  (func $f (param i32) (result i32) (local.get 0))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (block $caught
      (if (local.get $n)
        (then
          (loop $next
            (try_table (catch $t $caught) (catch_all $caught)
              (local.set $sum (i32.add (local.get $sum) (call_indirect (type $f) (local.get $n) (i32.const 0)))))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))
    (local.get $sum)))
