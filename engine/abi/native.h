#pragma once

#include <cstdint>
#include <span>

#include "engine/abi/activation.h"
#include "engine/wasm/types.h"

// How native code is called, calls, and is left. docs/abi.md, "Native code", explains it; compiler/ emits code that keeps
// to it, engine/native runs that code.
namespace wherry::abi {

// Native functions use LLVM's `swiftcc`, or `swifttailcc` when their module has tail calls: the context in `swiftself`, then the parameters (i32, i64, float, double,
// v128 as <2 x i64>, references as i64). Results come back in registers when at most this many are integers or
// references, and at most this many floats or vectors; otherwise the first parameter points to slots that take all
// of them, laid out as on the value stack.
inline constexpr uint32_t kNativeIntegerResults = 4;
inline constexpr uint32_t kNativeVectorResults = 4;

constexpr bool native_results_in_memory(std::span<const wasm::ValType> results) {
  uint32_t integers = 0;
  uint32_t vectors = 0;
  for (const wasm::ValType type : results) {
    const bool is_integer = type == wasm::kI32 || type == wasm::kI64 || type.is_ref();
    ++(is_integer ? integers : vectors);
  }
  return integers > kNativeIntegerResults || vectors > kNativeVectorResults;
}

// A thunk of the C calling convention that every artifact has for each function type it needs: reads the parameters from
// `slots`, calls `target`, and writes the results over them. Room for max(parameters, results). After an exception
// (StoreState::pending_exception is set) the results mean nothing.
using NativeEnter = void (*)(uint64_t* slots, Context* context, const void* target);

// FuncCode::flags of functions that have native code: this, and the NativeKind. `entry` leads to two cells, Tier::native_entry and
// a NativeEnter.
inline constexpr uint16_t kNativeCode = 0x10;

constexpr uint16_t native_flags(NativeKind kind) { return kNativeCode | static_cast<uint16_t>(kind); }
inline bool has_native_code(const FuncCode* code) { return (code->flags & kNativeCode) != 0; }
// Of a function that has some.
inline const void* native_code(const FuncCode* code) {
  return code->native[code->flags & (kNativeKinds - 1)].load(std::memory_order_relaxed);
}

// One entry into native code; lies on the native stack of the function that enters. Traps leave to the innermost.
struct NativeEntry {
  NativeEntry* outer;
  void* stack_pointer;  // Where the callee-saved registers were put down.
  uint64_t* stack_top;  // First slot of the value stack that nobody uses while native code runs.
  Crossing crossing;
};

// What native code calls to leave itself; Context::native. C calling convention. `trap` and `leave_by_exception` do not return.
struct NativeBuiltins {
  // Calls a function of any tier by slots: arguments are in `slots` on the native stack, and results are written over them;
  // there is room for max(parameters, results). `callee` was made. False: StoreState::pending_exception is set. A trap
  // does not come back.
  bool (*call)(Context* caller, FuncObject* callee, uint64_t* slots);
  // The trap's place is the call's return address.
  void (*trap)(Context* context, uint32_t trap_code) __attribute__((noreturn));
  // Called when StoreState::pending_exception is set, by code whose callers do not look: ends the innermost entry.
  void (*leave_by_exception)(Context* context) __attribute__((noreturn));
  // For code that compared the address of its frame with StoreState::native_look and found it below. Called by a function that
  // keeps all registers, whose frame is the one between; looks at the deadline, and comes back unless that, or the stack, is
  // exhausted.
  void (*look)(Context* context);
  // What ExceptionObject::tag holds for a tag of the instance.
  const void* (*tag_identity)(Context* context, uint32_t tag);
};

}  // namespace wherry::abi
