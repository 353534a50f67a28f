;; A program for WASI 0.2: writes its second argument and the name of the first directory that it was given.
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))
  (import "wasi:filesystem/types@0.2.0" (instance $types (export "descriptor" (type (sub resource)))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (export "descriptor" (type $d (eq $descriptor)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $io-error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "error" (type $e (eq $io-error)))
    (type $stream-error' (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error')))
    (export "output-stream" (type $output-stream (sub resource)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $output-stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (export "output-stream" (type $o (eq $output)))
    (export "get-stdout" (func (result (own $o))))))

  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (core func $get-arguments (canon lower (func $environment "get-arguments")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $get-directories (canon lower (func $preopens "get-directories")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
    (memory (core memory $libc "memory"))))
  (core module $program
    (import "host" "get-arguments" (func $get-arguments (param i32)))
    (import "host" "get-directories" (func $get-directories (param i32)))
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "memory" (memory 1))
    (data (i32.const 0) " finds \n")
    (func (export "run") (result i32)
      (local $stdout i32) (local $list i32)
      (local.set $stdout (call $get-stdout))
      (call $get-arguments (i32.const 64))
      (local.set $list (i32.load (i32.const 64)))  ;; of strings, 8 bytes each
      (call $write (local.get $stdout) (i32.load offset=8 (local.get $list)) (i32.load offset=12 (local.get $list)) (i32.const 80))
      (call $write (local.get $stdout) (i32.const 0) (i32.const 7) (i32.const 80))
      (call $get-directories (i32.const 64))
      (local.set $list (i32.load (i32.const 64)))  ;; of a handle and a string, 12 bytes each
      (call $write (local.get $stdout) (i32.load offset=4 (local.get $list)) (i32.load offset=8 (local.get $list)) (i32.const 80))
      (call $write (local.get $stdout) (i32.const 7) (i32.const 1) (i32.const 80))
      (i32.load8_u (i32.const 80))))
  (core instance $main (instantiate $program (with "host" (instance
    (export "get-arguments" (func $get-arguments)) (export "get-directories" (func $get-directories))
    (export "get-stdout" (func $get-stdout)) (export "write" (func $write))
    (export "memory" (memory $libc "memory"))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $export (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $export)))
