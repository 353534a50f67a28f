;; Copies the file "big" of the first directory that it is given to standard output, by splicing streams. For bench/sections/streams.py.
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $io-error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "error" (type $e (eq $io-error)))
    (type $stream-error' (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error')))
    (export "input-stream" (type $input-stream (sub resource)))
    (export "output-stream" (type $output-stream (sub resource)))
    (export "[method]output-stream.blocking-splice" (func (param "self" (borrow $output-stream))
      (param "src" (borrow $input-stream)) (param "len" u64) (result (result u64 (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output))
  (alias export $streams "input-stream" (type $input))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (export "output-stream" (type $o (eq $output)))
    (export "get-stdout" (func (result (own $o))))))
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "input-stream" (type $i (eq $input)))
    (export "descriptor" (type $descriptor (sub resource)))
    (type $path-flags' (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $path-flags')))
    (type $open-flags' (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $open-flags')))
    (type $descriptor-flags' (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync"
      "mutate-directory"))
    (export "descriptor-flags" (type $descriptor-flags (eq $descriptor-flags')))
    (type $error-code' (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links" "message-size"
      "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty"
      "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe" "read-only" "invalid-seek"
      "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $error-code')))
    (export "[method]descriptor.open-at" (func (param "self" (borrow $descriptor)) (param "path-flags" $path-flags)
      (param "path" string) (param "open-flags" $open-flags) (param "flags" $descriptor-flags)
      (result (result (own $descriptor) (error $error-code)))))
    (export "[method]descriptor.read-via-stream" (func (param "self" (borrow $descriptor)) (param "offset" u64)
      (result (result (own $i) (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (export "descriptor" (type $d (eq $descriptor)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (core func $get-directories (canon lower (func $preopens "get-directories")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $open-at (canon lower (func $types "[method]descriptor.open-at") (memory (core memory $libc "memory"))))
  (core func $read (canon lower (func $types "[method]descriptor.read-via-stream") (memory (core memory $libc "memory"))))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $splice (canon lower (func $streams "[method]output-stream.blocking-splice") (memory (core memory $libc "memory"))))
  (core module $program
    (import "host" "get-directories" (func $get-directories (param i32)))
    (import "host" "open-at" (func $open-at (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "read" (func $read (param i32 i64 i32)))
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "splice" (func $splice (param i32 i32 i64 i32)))
    (import "host" "memory" (memory 1))
    (data (i32.const 0) "big")
    (func (export "run") (result i32) (local $stdout i32) (local $in i32)
      (local.set $stdout (call $get-stdout))
      (call $get-directories (i32.const 64))
      (call $open-at (i32.load (i32.load (i32.const 64))) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 1)
        (i32.const 80))
      (if (i32.load8_u (i32.const 80)) (then (return (i32.const 1))))
      (call $read (i32.load (i32.const 84)) (i64.const 0) (i32.const 96))
      (if (i32.load8_u (i32.const 96)) (then (return (i32.const 1))))
      (local.set $in (i32.load (i32.const 100)))
      (loop $more
        (call $splice (local.get $stdout) (local.get $in) (i64.const 0x10000000) (i32.const 112))
        (br_if $more (i32.eqz (i32.load8_u (i32.const 112)))))
      (i32.eqz (i32.load8_u (i32.const 120)))))  ;; The end is the error "closed".
  (core instance $main (instantiate $program (with "host" (instance
    (export "get-directories" (func $get-directories)) (export "open-at" (func $open-at)) (export "read" (func $read))
    (export "get-stdout" (func $get-stdout)) (export "splice" (func $splice)) (export "memory" (memory $libc "memory"))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $export (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $export)))
