#pragma once

#include "engine/abi/activation.h"
#include "engine/abi/context.h"
#include "engine/abi/exceptions.h"
#include "engine/abi/observe.h"

namespace wherry::abi {

struct ObjectHeader;

// How instantiation and calls reach a tier without knowing it. The interpreter provides one; compiled code later
// provides entries for the functions it has and leaves the others to the interpreter.
struct Tier {
  // An entry cell for code that is not ready, for callers that jump to `FuncCode::entry` without looking at
  // frame_slots (the interpreter's own handlers look): arguments and frame header are in place; it prepares the code
  // and goes on in it. Never null. FuncCode::entry need not be set to it.
  const Cell* stub_entry;

  // Code through which host functions are entered by the common call sequence.
  FuncCode* host_code;

  // Runs `func` until it returns or traps: `slots` is the callee's frame base on the activation's value stack,
  // with the arguments in place; results replace them. Returns TrapCode::None, or the trap, after which
  // StoreState::trap and the crossing's cell, frame and context tell where (cell null: no frame of the guest was
  // made). HostError when code could not be prepared or a host function failed: the runtime's pending error says
  // why. `crossing` is filled here and linked into the activation while the call runs. `func` was made (type_id is
  // not 0). The context's store must be current on this thread.
  wasm::TrapCode (*enter)(FuncObject* func, uint64_t* slots, Crossing* crossing);

  // What Context::native becomes. Null: the tier runs no native code.
  const NativeBuiltins* native = nullptr;

  // The first word of cells that enter native code; the second is the NativeEnter of the function's type.
  Cell native_entry = 0;
};

// Entries into the runtime that running code calls for what is rare or large. All may be called with the frame's
// state spilled only; none keeps pointers into the frame. Those that can trap return the trap. They may not enter
// guest code (Activation::stack_top is set to the stack's limit meanwhile, so that it would end as exhausted). Those
// whose work grows with a size charge fuel for it themselves.
struct Builtins {
  // Fills the object of a defined function whose type_id is 0 (it lies in some instance of this store).
  void (*make_func)(StoreState* store, FuncObject* func);
  // Lowers or otherwise prepares the code of `code->func_index` of the context's module. False: an error is
  // pending in the store (invalid body, out of memory); the call ends with it.
  bool (*prepare_code)(Context* context, FuncCode* code);
  // The deadline's epoch was reached or an interrupt requested: either a new deadline is set (None) or it traps.
  wasm::TrapCode (*interrupted)(Context* context);
  // Fuel is below zero: refilled by the embedder (None), or OutOfFuel.
  wasm::TrapCode (*out_of_fuel)(Context* context);

  // The size before, in pages, or -1 (all bits) when growth is refused; *trap is set when refusal is to trap.
  uint64_t (*memory_grow)(Context* context, uint32_t memory, uint64_t delta_pages, wasm::TrapCode* trap);
  wasm::TrapCode (*memory_init)(Context*, uint32_t memory, uint32_t data, uint64_t to, uint32_t from,
                                uint32_t size);
  wasm::TrapCode (*memory_copy)(Context*, uint32_t to_memory, uint32_t from_memory, uint64_t to,
                                uint64_t from, uint64_t size);
  wasm::TrapCode (*memory_fill)(Context*, uint32_t memory, uint64_t to, uint8_t value, uint64_t size);
  void (*data_drop)(Context*, uint32_t data);
  // memory.atomic.wait32 and wait64 (`size` 4 and 8) and notify; the address was checked to be aligned and within the
  // memory. wait traps on a memory that is not shared, and when the store is interrupted meanwhile.
  wasm::TrapCode (*memory_wait)(Context*, uint32_t memory, uint64_t address, uint32_t size, uint64_t expected,
                                int64_t timeout_ns, uint32_t* result);
  uint32_t (*memory_notify)(Context*, uint32_t memory, uint64_t address, uint32_t count);

  // Previous size, or -1 (all bits); *trap as in memory_grow.
  uint64_t (*table_grow)(Context*, uint32_t table, uint64_t delta, Ref init, wasm::TrapCode* trap);
  wasm::TrapCode (*table_init)(Context*, uint32_t table, uint32_t element, uint64_t to, uint32_t from,
                               uint32_t size);
  wasm::TrapCode (*table_copy)(Context*, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                               uint64_t size);
  wasm::TrapCode (*table_fill)(Context*, uint32_t table, uint64_t to, Ref value, uint64_t size);
  void (*elem_drop)(Context*, uint32_t element);

  // A new object of `size_bytes` bytes, header included, all zeros behind it; collects if it must. What the caller
  // holds is safe in slots below `live_end`, in registers and on the native stack. Null: out of memory.
  ObjectHeader* (*allocate)(Context*, uint32_t type_id, uint32_t length, uint64_t size_bytes,
                            uint64_t* live_end);
  // A new exception of a tag of the instance, with so many arguments as that has slots; null without memory.
  Ref (*make_exception)(Context*, uint32_t tag, const uint64_t* arguments);
  // Whether the frame of `context` that is at the instruction of `cell` (a word of it) catches the exception. None, or
  // what stopped the search: long lists of clauses cost fuel, and take time.
  wasm::TrapCode (*find_catch)(Context*, const Cell* cell, Ref exception, Catch* out);

  // Free cells of a class for HeapFront, whose run is empty; otherwise as allocate. False: out of memory.
  bool (*refill)(Context*, uint32_t size_class, uint64_t* live_end);
  // New arrays and whole ranges of arrays. References may be null. `type_id` is the new array's. A value is one or two
  // slots, as the element takes; null: zeros. Indices of segments are the module's.
  wasm::TrapCode (*array_new)(Context*, uint32_t type_id, uint32_t length, const uint64_t* value,
                              uint64_t* live_end, Ref* result);
  wasm::TrapCode (*array_new_data)(Context*, uint32_t type_id, uint32_t data, uint32_t from, uint32_t length,
                                   uint64_t* live_end, Ref* result);
  wasm::TrapCode (*array_new_elem)(Context*, uint32_t type_id, uint32_t element, uint32_t from,
                                   uint32_t length, uint64_t* live_end, Ref* result);
  wasm::TrapCode (*array_fill)(Context*, Ref array, uint32_t at, const uint64_t* value, uint32_t count);
  wasm::TrapCode (*array_copy)(Context*, Ref to, uint32_t to_at, Ref from, uint32_t from_at, uint32_t count);
  wasm::TrapCode (*array_init_data)(Context*, Ref array, uint32_t at, uint32_t data, uint32_t from,
                                    uint32_t count);
  wasm::TrapCode (*array_init_elem)(Context*, Ref array, uint32_t at, uint32_t element, uint32_t from,
                                    uint32_t count);

  // The write barrier of reference stores (GC); called while StoreState::gc_barrier is not zero.
  void (*barrier)(Context*, Ref holder, Ref value);

  // Something happened of which code was lowered to tell. `frame` is the base of the function's frame.
  void (*observe)(Context*, Observed what, const uint64_t* frame);
};

}  // namespace wherry::abi
