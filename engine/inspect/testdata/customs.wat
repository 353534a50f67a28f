;; Custom sections keep their places.
(module
  (@custom "first" (before first) "a\00b")
  (@custom "behind types" (after type))
  (@custom "before code" (before code) "1")
  (@custom "last" "\ff")
  (@custom "producers" (after last) "not\tread")
  (type (func))
  (func (type 0))
  (data "x"))
;; ---- printed
(module
  (@custom "first" (before first) "a\00b")
  (type (;0;) (func))
  (@custom "behind types" (after type) "")
  (@custom "before code" (after func) "1")
  (func (;0;) (type 0)
  )
  (data (;0;) "x")
  (@custom "last" (after data) "\ff")
  (@custom "producers" (after data) "not\09read")
)
