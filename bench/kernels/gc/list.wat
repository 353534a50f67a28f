;; Linked lists of 1,000 cells: made, walked, lost.
(module
  (type $cell (struct (field $v i32) (field $next (ref null $cell))))
  (func (export "run") (param $times i32) (result i32)
    (local $n i32) (local $l (ref null $cell)) (local $i i32) (local $sum i32)
    (local.set $n (i32.const 1000))
    (loop $again
      (local.set $l (ref.null $cell))
      (local.set $i (i32.const 0))
      (loop $build
        (local.set $l (struct.new $cell (local.get $i) (local.get $l)))
        (br_if $build (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (block $done (loop $walk
        (br_if $done (ref.is_null (local.get $l)))
        (local.set $sum (i32.add (local.get $sum) (struct.get $cell $v (local.get $l))))
        (local.set $l (struct.get $cell $next (local.get $l)))
        (br $walk)))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum)))
