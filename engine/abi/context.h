#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/abi/cell.h"
#include "engine/wasm/traps.h"
#include "engine/wasm/types.h"

// What machine code, interpreter and runtime share. docs/abi.md is the page that explains it; a change of any
// layout here raises kAbiVersion, since compiled artifacts depend on it.
namespace wherry::wasm {
struct CanonType;
class TypeDirectory;
}  // namespace wherry::wasm

namespace wherry::abi {

inline constexpr uint32_t kAbiVersion = 4;

struct Activation;
struct Builtins;
struct Context;
struct FuncObject;
struct HeapFront;
struct NativeBuiltins;
struct NativeEntry;
struct StoreState;

// How native code is called; a property of the module that it belongs to. Code of one kind calls only code of the same kind directly.
enum class NativeKind : uint8_t {
  Plain = 0,      // Never looks for exceptions.
  Flagged = 1,    // Tests StoreState::pending_exception after calls.
  PlainTail = 2,  // The same two with the convention of tail calls (docs/abi.md, "Native code").
  FlaggedTail = 3,
};
inline constexpr uint32_t kNativeKinds = 4;

constexpr NativeKind native_kind(bool is_flagged, bool has_tail_calls) {
  return static_cast<NativeKind>((is_flagged ? 1 : 0) + (has_tail_calls ? 2 : 0));
}

// The code of one defined function of a module. Belongs to the module, holds no instance pointer. Zero-filled
// memory is a valid "not yet prepared" state: `frame_slots` 0. Whoever prepares the code writes all other fields
// first and then `frame_slots` with release order (publish_code below); who calls loads `frame_slots` first, with
// acquire order, and has the code prepared (Builtins::prepare_code) when it is 0. Immutable from then on, but for
// `entry`, which a better tier may replace.
struct FuncCode {
  std::atomic<const Cell*> entry;  // The first cell; for native code a cell that enters it.
  std::atomic<uint32_t>
      frame_slots;       // Slots from the frame's base to its end, the header included; 0: not ready.
  uint32_t zero_count;   // Locals to clear at entry...
  uint32_t zero_begin;   // ...from this slot on. Rounded up to groups of four: the frame has room.
  uint16_t param_slots;  // Where the frame header stands.
  uint16_t pinned0;      // Slots of the locals that registers mirror; 0 also when there is none.
  uint16_t pinned1;
  uint16_t flags;       // Of the tier that made the code (engine/abi/native.h).
  uint32_t func_index;  // In the module, imports counted.
  // Where native code of a kind calls it directly (engine/abi/native.h), or null: then it goes through slots. At most one
  // is set, before the code is published.
  std::atomic<const void*> native[kNativeKinds];
};
static_assert(sizeof(FuncCode) == 64);

// The last step of preparing code, when every other field has its value.
inline void publish_code(FuncCode* code, const Cell* entry, uint32_t frame_slots) {
  code->entry.store(entry, std::memory_order_relaxed);
  code->frame_slots.store(frame_slots, std::memory_order_release);
}

// A function as a value of a store: what funcref slots, table entries and import slots point to. Objects of
// defined functions lie in one zero-filled array an instance and are filled on first use: `type_id` 0 says that
// the object was not made yet (Builtins::make_func makes it), so that instantiation writes table entries without
// touching 90,000 objects.
struct FuncObject {
  uint32_t type_id;     // wasm::CanonId + 1; 0: not made yet.
  uint32_t func_index;  // In its module, imports counted; of host functions: kHostFunction.
  FuncCode* code;       // Reached by the same call sequence whichever tier made it.
  Context* context;     // Of its instance; host functions have a context of their own, of which only
                        // `store` and `builtins` are used.
  const wasm::CanonType* type;
  // `context`, if the function has native code, else null: code of the same instance, which is of the same kind, compares
  // it with its own context and then calls `native` without changing that. Set when the object is made, or never.
  Context* native_home = nullptr;
  const void* native = nullptr;

  static constexpr uint32_t kHostFunction = ~uint32_t{0};
};
static_assert(sizeof(FuncObject) == 48);

constexpr uint32_t type_id_of(wasm::CanonId id) { return id.value + 1; }

// What the slot code of call_indirect compares with, by the module's type index.
struct TypeEntry {
  uint32_t type_id;
  uint32_t depth;  // Its place in displays.
  const wasm::CanonType* type;
};

// How a host function ended. Pending is reserved for asynchronous host functions: the activation would be set
// aside and resumed; today the runtime turns it into an error.
// Throw: an exception goes on in the guest that called, StoreState::pending_exception.
enum class HostStatus : uint32_t { Ok = 0, Trap = 1, Pending = 2, Throw = 3 };

// A host function sees its arguments in `slots` (see "frames" in docs/abi.md) and writes results over them: there
// is room for max(param_slots, result_slots) of its type. Activation::stack_top stands behind them (but see
// NativeStop::host), so it may enter guest code again.
// On Trap, StoreState::trap or the runtime's pending error says why.
using HostEntry = HostStatus (*)(void* environment, Context* caller, uint64_t* slots);

struct HostFuncObject {
  FuncObject base;  // First: a FuncObject* whose func_index is kHostFunction points to one of these.
  HostEntry entry;
  void* environment;
};

// A linear memory as running code sees it. The base never moves while the memory lives; `size_bytes` only grows.
// Shared memories change it atomically.
struct MemoryObject {
  uint8_t* base;
  std::atomic<uint64_t> size_bytes;
  uint8_t page_size_log2;
  bool is_64;
  bool is_shared;
  bool
      has_guard;  // Accesses with a 32-bit index and 32-bit offset need no check: they fault in the reservation.
};

// A table as running code sees it. `entries` may move when the table grows.
struct TableObject {
  Ref* entries;
  uint64_t size;
  bool is_64;
};

// A global imported from elsewhere is reached through a pointer to its slots; one of the instance's own lies in
// the Context itself.
using GlobalSlots = uint64_t*;

// One instance as running code sees it: this head, then, at offsets that ContextLayout computes from the module's
// counts: the instance's own globals (8 bytes, v128 16 and aligned to 16), pointers to imported globals, pointers
// to imported functions, to all memories, to all tables. 64-byte aligned; does not move.
struct alignas(64) Context {
#define CONTEXT_FIELD(name, type, description) type name;
#include "engine/abi/context.inc"

  template <class T>
  T* at(uint32_t offset_bytes) {
    return reinterpret_cast<T*>(reinterpret_cast<uint8_t*>(this) + offset_bytes);
  }
};

// What the instances of a store share while they run. Tiers read and write it through Context::store.
struct StoreState {
  // First slot that no frame may reach; the activation's stack_end, or lower to bound the stack. Less than 4 GiB above its beginning.
  uint64_t* stack_limit = nullptr;
  // The same as an address, or 0 when calls are to look at the deadline: one comparison answers both. Any thread writes it.
  std::atomic<uintptr_t> call_limit{0};
  Activation* activation =
      nullptr;       // The one that runs; an asynchronous task swaps it together with stack_limit.
  int64_t fuel = 0;  // Units left; below zero: out of fuel. See docs/abi.md, "fuel".
  // Interrupted when *Context::interrupt reaches it; another thread that interrupts sets it to 0.
  std::atomic<uint64_t> deadline_epoch = ~uint64_t{0};
  Ref pending_exception = kNullRef;  // One that left a run, or that a host function throws (docs/abi.md).
  uint64_t gc_barrier = 0;           // Reference stores call Builtins::barrier while it is not zero.
  wasm::TrapCode trap = wasm::TrapCode::None;  // Why the last run stopped.
  uint32_t counts_fuel =
      0;  // Set once. If not, `fuel` is the interpreter's count down to its next look at the deadline.
  void* store = nullptr;          // The runtime's store; opaque to tiers.
  FuncObject* callee = nullptr;   // The host function being entered; what native code calls through a thunk.
  uint64_t callee_index = 0;      // The table entry that native code calls through one.
  Ref barrier_holder = kNullRef;  // What Builtins::barrier is about to be told; scratch of a tier.
  HeapFront* heap = nullptr;      // Where objects are allocated (engine/abi/heap.h). Never null.
  const wasm::TypeDirectory* types = nullptr;  // By canonical id; null while the store has no instance.
  uintptr_t native_stack_limit = 0;            // No frame of native code may begin below this address.
  // The same, or ~0 when native code is to call NativeBuiltins::look: one comparison answers both. Any thread writes it.
  std::atomic<uintptr_t> native_look{0};
  NativeEntry* native_entry = nullptr;  // The innermost entry into native code (engine/abi/native.h).
};

// Frame header: the slots between parameters and locals.
//   [params | return cell | caller context | caller cell | locals | temporaries]
// The return cell is where the caller goes on. The other two are written only when the call crosses instances:
// then the return cell is a shared one that restores the caller's context and goes on at the caller cell.
inline constexpr uint32_t kHeaderReturn = 0;
inline constexpr uint32_t kHeaderCallerContext = 1;
inline constexpr uint32_t kHeaderCallerCell = 2;
inline constexpr uint32_t kFrameHeaderSlots = 3;

// Where the parts behind a Context's head lie, in bytes from its beginning.
struct ContextLayout {
  uint32_t globals = 0;
  uint32_t imported_globals = 0;  // GlobalSlots[imported_globals count]
  uint32_t imported_funcs = 0;    // FuncObject*[]
  uint32_t memories = 0;          // MemoryObject*[], imported first
  uint32_t tables = 0;            // TableObject*[], imported first
  uint32_t size_bytes = 0;
};

}  // namespace wherry::abi
