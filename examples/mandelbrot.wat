;; Prints the Mandelbrot set, 78 by 32 characters, with nothing but WASI preview 1's fd_write.
;;
;;   ./dev run examples/mandelbrot.wat
;;
;; Each character is a point c of the complex plane. z = z*z + c is repeated until z leaves the circle of radius 2 or the patience
;; of 256 steps ends; the darker the character, the longer z stayed.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $nwritten i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  ;; Address  0: one iovec, {address, length} of the text.     Address 16: where fd_write puts the number of bytes written.
  ;; Address 32: sixteen characters from light to dark.        Address 1024: the picture.
  (memory (export "memory") 1)
  (data (i32.const 32) " .,:;=+*oxO#%&@ ")

  (global $columns i32 (i32.const 78))
  (global $rows i32 (i32.const 32))
  (global $patience i32 (i32.const 256))
  (global $picture i32 (i32.const 1024))

  ;; How many steps z stays inside, at most $patience.
  (func $steps (param $cx f64) (param $cy f64) (result i32)
    (local $x f64) (local $y f64) (local $xx f64) (local $yy f64) (local $n i32)
    (loop $again
      (local.set $xx (f64.mul (local.get $x) (local.get $x)))
      (local.set $yy (f64.mul (local.get $y) (local.get $y)))
      (if (f64.gt (f64.add (local.get $xx) (local.get $yy)) (f64.const 4))
        (then (return (local.get $n))))
      (local.set $y  ;; the old x still counts here
        (f64.add (f64.mul (f64.mul (local.get $x) (local.get $y)) (f64.const 2)) (local.get $cy)))
      (local.set $x (f64.add (f64.sub (local.get $xx) (local.get $yy)) (local.get $cx)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (global.get $patience))))
    (local.get $n))

  ;; The character for a count: the logarithm of it, doubled, picks one of sixteen; the last, a blank, is the set itself.
  (func $shade (param $n i32) (result i32)
    (local $log i32)
    (if (i32.eq (local.get $n) (global.get $patience)) (then (return (i32.load8_u offset=32 (i32.const 15)))))
    ;; floor(log2(n + 1)) and the bit below the highest one; n is at least 1, so that the first pair is 2 and 3: hence 32 - 2
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (local.set $log (i32.sub (i32.const 31) (i32.clz (local.get $n))))
    (i32.load8_u offset=30
      (i32.add
        (i32.shl (local.get $log) (i32.const 1))
        (i32.and (i32.const 1)
          (i32.shr_u (i32.shl (local.get $n) (i32.const 1)) (local.get $log))))))

  ;; Writes the whole text: fd_write may take less than it is given.
  (func $print (param $address i32) (param $length i32)
    (loop $more
      (i32.store (i32.const 0) (local.get $address))
      (i32.store (i32.const 4) (local.get $length))
      (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))
        (then (call $proc_exit (i32.const 1))))
      (local.set $address (i32.add (local.get $address) (i32.load (i32.const 16))))
      (local.tee $length (i32.sub (local.get $length) (i32.load (i32.const 16))))
      (br_if $more)))

  (func (export "_start")
    (local $row i32) (local $column i32) (local $end i32)
    (local.set $end (global.get $picture))
    (loop $next_row
      (local.set $column (i32.const 0))
      (loop $next_column
        ;; columns show -2.1 to 0.7, rows -1.2 to 1.2, taken at the middle of each character
        (i32.store8 (local.get $end)
          (call $shade
            (call $steps
              (f64.add (f64.const -2.1)
                (f64.div (f64.mul (f64.add (f64.convert_i32_u (local.get $column)) (f64.const 0.5)) (f64.const 2.8))
                  (f64.convert_i32_u (global.get $columns))))
              (f64.add (f64.const -1.2)
                (f64.div (f64.mul (f64.add (f64.convert_i32_u (local.get $row)) (f64.const 0.5)) (f64.const 2.4))
                  (f64.convert_i32_u (global.get $rows)))))))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (local.set $column (i32.add (local.get $column) (i32.const 1)))
        (br_if $next_column (i32.lt_u (local.get $column) (global.get $columns))))
      (i32.store8 (local.get $end) (i32.const 10))  ;; a new line
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br_if $next_row (i32.lt_u (local.get $row) (global.get $rows))))
    (call $print (global.get $picture) (i32.sub (local.get $end) (global.get $picture)))))
