;; Blocks, branches, exceptions, calls.
(module
  (type $v (func)) (type $p (func (param i32) (result i32 i32)))
  (table 1 funcref) (table 1 funcref) (tag (param i32)) (tag)
  (func (param i32) (result i32)
    (block (result i32)
      (loop (param) (br_if 1 (i32.const 0) (local.get 0)))
      (br_table 0 1 0 (i32.const 1) (local.get 0)))
    (if (param i32) (result i32 i32) (local.get 0) (then (i32.const 2)) (else (return)))
    drop
    (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3))
    drop
    (select (i32.const 1) (i32.const 2) (i32.const 3))
    return)
  (func
    (block $h (result i32)
      (block $all
        (try_table $t (catch 0 $h) (catch_all $all)
          (throw 1)
          (br $t))
        unreachable)
      (i32.const 0))
    drop
    (block (result i32 exnref)
      (try_table (catch_ref 0 0) (catch_all_ref 1) )
      unreachable)
    throw_ref)
  (func
    (call 0 (i32.const 1)) drop
    (call_indirect (type $v) (i32.const 0))
    (call_indirect 1 (type $v) (i32.const 0))
    (call_ref $v (ref.null $v))
    (block (br_on_null 0 (ref.null $v)) drop)
    (return_call_indirect 1 (type $v) (i32.const 0)))
  (func (return_call 1))
  (func (return_call_ref $v (ref.null $v))))
;; ---- printed
(module
  (type $v (;0;) (func))
  (type $p (;1;) (func (param i32) (result i32 i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (result i32 exnref)))
  (table (;0;) 1 funcref)
  (table (;1;) 1 funcref)
  (tag (;0;) (type 2) (param i32))
  (tag (;1;) (type $v))
  (func (;0;) (type 3) (param i32) (result i32)
    block (result i32) ;; label = @1
      loop ;; label = @2
        i32.const 0
        local.get 0
        br_if 1 (;@1;)
      end
      i32.const 1
      local.get 0
      br_table 0 (;@1;) 1 0 (;@1;)
    end
    local.get 0
    if (type $p) (param i32) (result i32 i32) ;; label = @1
      i32.const 2
    else
      return
    end
    drop
    i32.const 1
    i32.const 2
    i32.const 3
    select (result i32)
    drop
    i32.const 1
    i32.const 2
    i32.const 3
    select
    return
  )
  (func (;1;) (type $v)
    block $h (result i32)
      block $all
        try_table $t (catch 0 $h) (catch_all $all)
          throw 1
          br $t
        end
        unreachable
      end
      i32.const 0
    end
    drop
    block (type 4) (result i32 exnref) ;; label = @1
      try_table (catch_ref 0 0 (;@1;)) (catch_all_ref 1) ;; label = @2
      end
      unreachable
    end
    throw_ref
  )
  (func (;2;) (type $v)
    i32.const 1
    call 0
    drop
    i32.const 0
    call_indirect (type $v)
    i32.const 0
    call_indirect 1 (type $v)
    ref.null $v
    call_ref $v
    block ;; label = @1
      ref.null $v
      br_on_null 0 (;@1;)
      drop
    end
    i32.const 0
    return_call_indirect 1 (type $v)
  )
  (func (;3;) (type $v)
    return_call 1
  )
  (func (;4;) (type $v)
    ref.null $v
    return_call_ref $v
  )
)
