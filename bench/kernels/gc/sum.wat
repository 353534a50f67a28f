;; Fills an array of i64 and adds it up, back and forth.
(module
  (type $longs (array (mut i64)))
  (func (export "run") (param $times i32) (result i32)
    (local $a (ref $longs)) (local $i i32) (local $sum i64)
    (local.set $a (array.new_default $longs (i32.const 100000)))
    (loop $again
      (local.set $i (i32.const 0))
      (loop $fill
        (array.set $longs (local.get $a) (local.get $i) (i64.extend_i32_u (local.get $i)))
        (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))
      (loop $add
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (local.set $sum (i64.add (local.get $sum) (array.get $longs (local.get $a) (local.get $i))))
        (br_if $add (local.get $i)))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.wrap_i64 (local.get $sum))))
