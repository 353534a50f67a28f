;; Primes below a million in an array of bytes, a new one each time.
(module
  (type $bytes (array (mut i8)))

  (func (export "run") (param $times i32) (result i32)
    (local $n i32) (local $a (ref null $bytes)) (local $i i32) (local $j i32) (local $sum i32)
    (local.set $n (i32.const 1000000))
    (loop $again
      (local.set $a (array.new $bytes (i32.const 1) (local.get $n)))
      (local.set $i (i32.const 2))
      (local.set $sum (i32.const 0))
      (loop $outer
        (if (array.get_u $bytes (local.get $a) (local.get $i)) (then
          (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
          (local.set $j (i32.add (local.get $i) (local.get $i)))
          (block $d (loop $inner
            (br_if $d (i32.ge_u (local.get $j) (local.get $n)))
            (array.set $bytes (local.get $a) (local.get $j) (i32.const 0))
            (local.set $j (i32.add (local.get $j) (local.get $i)))
            (br $inner)))))
        (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum)))
