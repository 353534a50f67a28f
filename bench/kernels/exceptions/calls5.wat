;; throw5 without the throw: what its calls and its loop cost.
(module
  (func $f1 (param i32) (result i32) (local.get 0))
  (func $f2 (param i32) (result i32) (i32.add (call $f1 (local.get 0)) (i32.const 1)))
  (func $f3 (param i32) (result i32) (i32.add (call $f2 (local.get 0)) (i32.const 1)))
  (func $f4 (param i32) (result i32) (i32.add (call $f3 (local.get 0)) (i32.const 1)))
  (func $f5 (param i32) (result i32) (i32.add (call $f4 (local.get 0)) (i32.const 1)))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (if (local.get $n)
      (then
        (loop $next
          (local.set $sum (i32.add (local.get $sum) (call $f5 (local.get $n))))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    (local.get $sum)))
