;; wherry wast -W threads
;; Scripts with threads: what they see of each other, and what waits.

(module $Memory (memory (export "shared") 1 4 shared))

;; Two threads pass a counter back and forth, each adding one.
(thread $ping (shared (module $Memory))
  (register "memory" $Memory)
  (module
    (memory (import "memory" "shared") 1 4 shared)
    (func $turn (param $mine i32) (param $rounds i32)
      (local $seen i32)
      (loop $round
        (block $go
          (loop $again
            (local.set $seen (i32.atomic.load (i32.const 0)))
            (br_if $go (i32.eq (i32.and (local.get $seen) (i32.const 1)) (local.get $mine)))
            (drop (memory.atomic.wait32 (i32.const 0) (local.get $seen) (i64.const -1)))
            (br $again)))
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
        (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))))
    (func (export "even") (call $turn (i32.const 0) (i32.const 200)))
    (func (export "late") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const -1) (i64.const -1))))
  (assert_return (invoke "even"))
  (assert_return (invoke "late") (i32.const 1)))

(thread $pong (shared (module $Memory))
  (register "memory" $Memory)
  (module
    (memory (import "memory" "shared") 1 4 shared)
    (func (export "odd") (param $rounds i32)
      (local $seen i32)
      (loop $round
        (block $go
          (loop $again
            (local.set $seen (i32.atomic.load (i32.const 0)))
            (br_if $go (i32.and (local.get $seen) (i32.const 1)))
            (drop (memory.atomic.wait32 (i32.const 0) (local.get $seen) (i64.const -1)))
            (br $again)))
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
        (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))
  (assert_return (invoke "odd" (i32.const 200))))

(wait $ping)
(wait $pong)

;; Many threads grow one memory by a page: each gets another number, and no page is lost.
(module $Grown (memory (export "memory") 0 8 shared))
(thread $one (shared (module $Grown))
  (register "grown" $Grown)
  (module
    (memory (import "grown" "memory") 0 8 shared)
    (func (export "grow") (result i32) (local $i i32) (local $last i32)
      (local.set $last (i32.const -1))
      (loop $more
        ;; ascending, whatever the other does between
        (if (i32.le_s (memory.grow (i32.const 1)) (local.get $last)) (then unreachable))
        (local.set $last (i32.sub (memory.size) (i32.const 1)))
        (i32.store8 (i32.mul (local.get $last) (i32.const 65536)) (i32.const 1))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
      (i32.const 1)))
  (assert_return (invoke "grow") (i32.const 1)))
(thread $two (shared (module $Grown))
  (register "grown" $Grown)
  (module
    (memory (import "grown" "memory") 0 8 shared)
    (func (export "grow")
      (if (i32.lt_s (memory.grow (i32.const 2)) (i32.const 0)) (then unreachable))
      (if (i32.lt_s (memory.grow (i32.const 2)) (i32.const 0)) (then unreachable))))
  (assert_return (invoke "grow")))
(wait $one)
(wait $two)
(module
  (memory (import "grown" "memory") 8 8 shared)
  (func (export "size") (result i32) (memory.size))
  (func (export "refused") (result i32) (memory.grow (i32.const 1))))
(assert_return (invoke "size") (i32.const 8))
(assert_return (invoke "refused") (i32.const -1))

;; A thread of a thread, and a trap in one.
(thread $outer (shared (module $Memory))
  (thread $inner (shared)
    (module (func (export "trap") unreachable))
    (assert_trap (invoke "trap") "unreachable"))
  (wait $inner))
(wait $outer)

;; The three answers of wait, on 64-bit words in a 64-bit memory with an offset.
(module
  (memory i64 1 1 shared)
  (func (export "wait") (param i64 i64) (result i32)
    (memory.atomic.wait64 offset=8 (i64.const 8) (local.get 0) (local.get 1)))
  (func (export "unaligned") (result i32)
    (memory.atomic.wait64 offset=4 (i64.const 8) (i64.const 0) (i64.const 0)))
  (func (export "beyond") (result i32)
    (memory.atomic.notify offset=65536 (i64.const 0) (i32.const 0))))
(assert_return (invoke "wait" (i64.const 1) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait" (i64.const 0) (i64.const 0)) (i32.const 2))
(assert_return (invoke "wait" (i64.const 0) (i64.const 1000)) (i32.const 2))
(assert_trap (invoke "unaligned") "unaligned atomic")
(assert_trap (invoke "beyond") "out of bounds memory access")
