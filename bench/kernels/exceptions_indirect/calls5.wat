;; throw5 without its throws, with the same calls.
(module
  (tag $never)
  (type $f (func (param i32) (result i32)))
  (table $t (export "table") funcref (elem $f1 $f2 $f3 $f4 $f5))
  (func $f1 (param i32) (result i32) (local.get 0))
  (func $f2 (param i32) (result i32) (i32.add (call_indirect (type $f) (local.get 0) (i32.const 0)) (i32.const 1)))
  (func $f3 (param i32) (result i32) (i32.add (call_indirect (type $f) (local.get 0) (i32.const 1)) (i32.const 1)))
  (func $f4 (param i32) (result i32) (i32.add (call_indirect (type $f) (local.get 0) (i32.const 2)) (i32.const 1)))
  (func $f5 (param i32) (result i32) (i32.add (call_indirect (type $f) (local.get 0) (i32.const 3)) (i32.const 1)))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (if (local.get $n)
      (then
        (loop $next
          (local.set $sum (i32.add (local.get $sum) (call_indirect (type $f) (local.get $n) (i32.const 4))))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    (local.get $sum))
  (func (export "throw") (throw $never)))
