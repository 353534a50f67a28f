(module
  (type $pair (struct (field (mut (ref null $pair))) (field i32) (field (mut f64))))
  (type $open (sub (struct (field (mut i8)))))
  (type $ints (array (mut i32)))
  (func $make (param (ref null $pair) i32) (result (ref $pair))
    (struct.new $pair (local.get 0) (local.get 1) (f64.const 0)))
  (func $leaf (result (ref $pair)) (struct.new $pair (ref.null $pair) (i32.const 0) (f64.const 0)))
  (func $packed (param i32) (result (ref $open)) (struct.new $open (local.get 0)))
  (func $chain (param (ref null $pair)) (result i32)
    (struct.get $pair 1 (struct.get $pair 0 (local.get 0))))
  (func $write (param (ref $pair) f64) (struct.set $pair 2 (local.get 0) (f64.add (local.get 1) (local.get 1))))
  (func $sum (param (ref $ints)) (result i32) (local i32 i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (array.get $ints (local.get 0) (local.get 2))))
      (br_if $l (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (array.len (local.get 0)))))
    (local.get 1))
  (func $fill (param (ref $ints) i32) (array.set $ints (local.get 0) (local.get 1) (i32.const 7)))
  (func $cast (param anyref) (result i32) (struct.get_s $open 0 (ref.cast (ref $open) (local.get 0))))
  (func $test (param anyref) (result i32) (ref.test (ref $pair) (local.get 0)))
  (func $branch (param anyref) (result i32)
    (block $is (result (ref i31))
      (br_on_cast $is anyref (ref i31) (local.get 0))
      (return (i32.const 0)))
    (i31.get_s))
  (func $same (param eqref eqref) (result i32)
    (if (result i32) (ref.eq (local.get 0) (local.get 1)) (then (i32.const 1)) (else (i32.const 2))))
  (func $turn (param externref) (result externref) (extern.convert_any (any.convert_extern (local.get 0))))
)
;;= func 0 frame 9 clears 0 from 5
;;=     0: struct.new [0]=s0 [1]=s1 -> acc
;;=     4: return acc
;;= func 1 frame 7 clears 0 from 3
;;=     0: struct.new -> acc
;;=     3: return acc
;;= func 2 frame 7 clears 0 from 4
;;=     0: i32.and p0, 255 -> s4
;;=     3: struct.new [0]=s4 -> acc
;;=     7: return acc
;;= func 3 frame 7 clears 0 from 4
;;=     0: struct.get p0[0] -> acc
;;=     2: struct.get acc[1] -> acc
;;=     4: return acc
;;= func 4 frame 9 clears 0 from 5
;;=     0: f64.add s1, s1 -> acc
;;=     2: struct.set p0[2], acc
;;=     4: return
;;= func 5 frame 10 clears 2 from 4
;;=     0: array.get s0[p0] -> acc
;;=     2: i32.add p1, acc -> s4 p1
;;=     4: i32.add p0, 1 -> s5 p0
;;=     7: array.len s0 -> acc
;;=     9: br_if.i32.lt_u p0, acc @0
;;=    11: return p1
;;= func 6 frame 9 clears 0 from 5
;;=     0: array.set p0[p1], 7
;;=     3: return
;;= func 7 frame 7 clears 0 from 4
;;=     0: ref.cast p0
;;=     3: struct.get p0[0] -> acc
;;=     5: return acc
;;= func 8 frame 7 clears 0 from 4
;;=     0: ref.test p0 -> acc
;;=     3: return acc
;;= func 9 frame 7 clears 0 from 4
;;=     0: move p0 -> s4
;;=     2: br_on_cast acc @8
;;=     5: return 0
;;=     8: i31.get_s s4 -> acc
;;=    10: return acc
;;= func 10 frame 8 clears 0 from 5
;;=     0: br_unless.i64.eq p0, p1 @7
;;=     2: move 1 -> s5
;;=     5: br @10
;;=     7: move 2 -> s5
;;=    10: return s5
;;= func 11 frame 6 clears 0 from 4
;;=     0: return p0
