;; A heap of 100 MB that lives, and garbage behind it, so that collections find all of it alive. Each node has 32 bytes: a
;; header, two references, a number.
(module
  (type $node (struct (field $l (mut (ref null $node))) (field $r (mut (ref null $node))) (field i64)))
  (type $nodes (array (mut (ref null $node))))
  (global $kept (mut (ref null $nodes)) (ref.null $nodes))

  (func $tree (param $depth i32) (result (ref $node))
    (if (result (ref $node)) (i32.eqz (local.get $depth))
      (then (struct.new $node (ref.null $node) (ref.null $node) (i64.const 1)))
      (else (struct.new $node
        (call $tree (i32.sub (local.get $depth) (i32.const 1)))
        (call $tree (i32.sub (local.get $depth) (i32.const 1)))
        (i64.const 2)))))

  (func $collect (local $i i32)
    (local.set $i (i32.const 6500)) ;; 2.1 x 100 MB
    (loop $again
      (drop (call $tree (i32.const 9)))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))

  ;; 3,054 trees of 1,023 nodes.
  (func (export "trees") (local $i i32)
    (global.set $kept (array.new_default $nodes (i32.const 3054)))
    (loop $again
      (array.set $nodes (global.get $kept) (local.get $i) (call $tree (i32.const 9)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3054))))
    (call $collect))

  ;; One list of 3,125,000.
  (func (export "list") (local $i i32) (local $head (ref null $node))
    (global.set $kept (array.new_default $nodes (i32.const 1)))
    (local.set $i (i32.const 3125000))
    (loop $again
      (local.set $head (struct.new $node (local.get $head) (ref.null $node) (i64.const 1)))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (array.set $nodes (global.get $kept) (i32.const 0) (local.get $head))
    (call $collect))

  ;; 2,500,000 nodes in an array of 20 MB, each with a reference to another one somewhere.
  (func (export "graph") (local $i i32) (local $other i32)
    (global.set $kept (array.new_default $nodes (i32.const 2500000)))
    (loop $again
      (local.set $other (i32.add (i32.mul (local.get $other) (i32.const 1664525)) (i32.const 1013904223)))
      (array.set $nodes (global.get $kept) (local.get $i)
        (struct.new $node
          (array.get $nodes (global.get $kept) (i32.rem_u (i32.shr_u (local.get $other) (i32.const 3)) (i32.const 2500000)))
          (array.get $nodes (global.get $kept) (i32.rem_u (i32.shr_u (local.get $other) (i32.const 7)) (i32.const 2500000)))
          (i64.const 1)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2500000))))
    (call $collect)))
