;; Found with wasi:filesystem@0.3.0: what is behind a future or stream needs no memory where only the handle is passed.
(component
  (import "f" (func $f async (param "data" (stream (list u8))) (result (future (result (error string))))))
  (core func (canon lower (func $f))))
