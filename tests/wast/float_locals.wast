;; f64 locals that registers mirror, across everything that leaves and enters a function; and locals that calls do not clear.
(module $other
  (global $calls (mut f64) (f64.const 0))
  (func (export "clobber") (param f64) (result f64) (local f64 f64)
    (local.set 1 (f64.const 1000))
    (loop
      (local.set 1 (f64.mul (local.get 1) (f64.const 3)))
      (local.set 2 (f64.add (local.get 1) (local.get 2)))
      (br_if 0 (f64.lt (local.get 2) (f64.const 100000))))
    (global.set $calls (f64.add (global.get $calls) (f64.const 1)))
    (f64.add (local.get 0) (f64.const 0.5)))
  (func (export "calls") (result f64) (global.get $calls)))
(register "other")
(module
  (import "other" "clobber" (func $clobber (param f64) (result f64)))
  (import "spectest" "print_f64" (func $print (param f64)))
  (type $unary (func (param f64) (result f64)))
  (table funcref (elem $clobber $inside $swap))
  (tag $t (param f64))
  (memory 1)
  ;; Uses both registers itself.
  (func $inside (param f64) (result f64) (local f64 f64)
    (local.set 1 (f64.const 7)) (local.set 2 (f64.const 9))
    (loop
      (local.set 1 (f64.mul (local.get 1) (local.get 1)))
      (local.set 2 (f64.sub (local.get 2) (local.get 1)))
      (br_if 0 (f64.gt (local.get 2) (f64.const -1000))))
    (f64.add (local.get 0) (f64.const 0.25)))
  (func $swap (param f64) (result f64) (return_call $inside (local.get 0)))

  ;; x' = x*x - y + 1/4, y' = x*y/8 with a call of each kind between; the calls' results are added up.
  (func $through (export "through") (param $turns i32) (param $which i32) (result f64) (local $x f64) (local $y f64) (local $sum f64)
    (local.set $x (f64.const 0.5))
    (local.set $y (f64.const 0.25))
    (loop $l
      (local.set $x (f64.add (f64.sub (f64.mul (local.get $x) (local.get $x)) (local.get $y)) (f64.const 0.25)))
      (local.set $y (f64.div (f64.mul (local.get $x) (local.get $y)) (f64.const 8)))
      (local.set $x (f64.add (local.get $x) (f64.mul (local.get $y) (local.get $y))))
      (local.set $y (f64.add (local.get $y) (f64.mul (local.get $x) (local.get $x))))
      (local.set $sum (f64.add (local.get $sum)
        (if (result f64) (i32.lt_u (local.get $which) (i32.const 3))
          (then (call_indirect (type $unary) (local.get $x) (local.get $which)))
          (else (call $print (local.get $x)) (local.get $x)))))
      (local.set $sum (f64.sub (local.get $sum) (f64.mul (local.get $x) (local.get $y))))
      (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (f64.add (local.get $sum) (f64.add (local.get $x) (local.get $y))))

  ;; The slots of a callee's frame hold what earlier frames left: a local that is read first is 0 all the same.
  (func $dirty (param f64 f64 f64 f64) (local f64 f64 f64 f64)
    (local.set 4 (local.get 0)) (local.set 5 (local.get 1)) (local.set 6 (local.get 2)) (local.set 7 (local.get 3)))
  (func $fresh (param i32) (result f64) (local $a f64) (local $b f64) (local $c f64) (local $d i32)
    (block $out
      (br_if $out (local.get 0))
      (local.set $a (f64.const 1)))
    (loop $l
      (local.set $b (f64.add (f64.mul (local.get $a) (local.get $a)) (local.get $c)))
      (local.set $c (f64.add (f64.mul (local.get $b) (local.get $b)) (local.get $c)))
      (br_if $l (i32.lt_u (local.tee $d (i32.add (local.get $d) (i32.const 1))) (i32.const 3))))
    (f64.add (local.get $c) (f64.convert_i32_u (local.get $d))))
  (func (export "fresh") (param i32) (result f64)
    (call $dirty (f64.const 1e9) (f64.const 2e9) (f64.const 3e9) (f64.const 4e9))
    (call $fresh (local.get 0)))

  ;; Not mirrored where something is caught, and right there too.
  (func $throws (param f64) (result f64)
    (if (f64.gt (local.get 0) (f64.const 3)) (then (throw $t (local.get 0))))
    (f64.add (local.get 0) (f64.const 1)))
  (func (export "catches") (result f64) (local $x f64) (local $y f64)
    (loop $l
      (local.set $y (f64.add (f64.mul (local.get $y) (f64.const 2)) (local.get $x)))
      (block $caught (result f64)
        (try_table (catch $t $caught)
          (local.set $x (call $throws (local.get $x)))
          (br $l))
        (unreachable))
      (local.set $x))
    (f64.add (local.get $x) (local.get $y)))

  ;; Recursion: each frame has its own.
  (func $recurse (export "recurse") (param $n i32) (result f64) (local $x f64) (local $y f64)
    (local.set $x (f64.convert_i32_s (local.get $n)))
    (loop $l
      (local.set $y (f64.add (local.get $y) (f64.mul (local.get $x) (local.get $x))))
      (local.set $x (f64.sub (local.get $x) (f64.const 1)))
      (local.set $y (f64.sub (local.get $y) (f64.mul (local.get $x) (f64.const 0.5))))
      (br_if $l (f64.gt (local.get $x) (f64.const 0))))
    (if (i32.eqz (local.get $n)) (then (return (local.get $y))))
    (f64.sub (f64.mul (call $recurse (i32.sub (local.get $n) (i32.const 1))) (f64.const 0.5)) (f64.add (local.get $x) (local.get $y))))

  ;; Loads, stores and a NaN in a register.
  (func (export "memory") (param $p i32) (result f64) (local $s f64) (local $q f64)
    (f64.store (local.get $p) (f64.const 1.5))
    (loop $l
      (local.set $q (f64.load (local.get $p)))
      (local.set $s (f64.add (f64.mul (local.get $q) (local.get $q)) (local.get $s)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (f64.store (local.get $p) (local.get $s))
      (br_if $l (f64.lt (local.get $s) (f64.const 100))))
    (f64.add (f64.load (local.get $p)) (local.get $q)))
  (func (export "nan") (result i64) (local $s f64) (local $q f64)
    (local.set $q (f64.reinterpret_i64 (i64.const 0x7ff8000000000123)))
    (loop $l
      (local.set $s (local.get $q))
      (if (f64.gt (local.get $s) (local.get $q)) (then (br $l)))
      (if (f64.le (local.get $s) (local.get $q)) (then (br $l))))
    (i64.reinterpret_f64 (local.get $s))))

(assert_return (invoke "through" (i32.const 5) (i32.const 0)) (f64.const 3.9683006488596635))
(assert_return (invoke "through" (i32.const 5) (i32.const 1)) (f64.const 2.718300648859663))
(assert_return (invoke "through" (i32.const 5) (i32.const 2)) (f64.const 2.718300648859663))
(assert_return (invoke "through" (i32.const 5) (i32.const 3)) (f64.const 1.468300648859663))
(assert_return (invoke "fresh" (i32.const 1)) (f64.const 3))
(assert_return (invoke "fresh" (i32.const 0)) (f64.const 44))
(assert_return (invoke "catches") (f64.const 30))
(assert_return (invoke "recurse" (i32.const 6)) (f64.const -117.1171875))
(assert_return (invoke "memory" (i32.const 8)) (f64.const 3816.405532836914))
(assert_return (invoke "nan") (i64.const 0x7ff8000000000123))
