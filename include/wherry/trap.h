// Traps: the ways in which a running guest can end abnormally, and where it was when it did.
//
// A trap reaches the host as an Error of kind ErrorKind::Trap, and `Error::trap()` gives the Trap below. It ends the
// call into the guest, not the instance: memory and globals keep what was written until then, and further calls are
// allowed (spec 4.2.4 "traps"; wasm-c-api `wasm_trap_t`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wherry {

// Why a guest trapped. The numbers are stable: they are never reused and never change their meaning, so that they can
// be logged, stored and compared between versions. New ones are added at the end; treat an unknown one as "a trap".
enum class TrapCode : uint16_t {
  Unreachable = 1,               // "unreachable": the instruction was executed
  IntegerDivideByZero = 2,       // "integer divide by zero"
  IntegerOverflow = 3,           // "integer overflow": INT_MIN / -1, or a float too large for the integer
  InvalidConversion = 4,         // "invalid conversion to integer": of a NaN
  MemoryOutOfBounds = 5,         // "out of bounds memory access"
  TableOutOfBounds = 6,          // "out of bounds table access"
  UndefinedElement = 7,          // "undefined element": indirect call beyond the end of its table
  UninitializedElement = 8,      // "uninitialized element": indirect call through a null element
  IndirectCallTypeMismatch = 9,  // "indirect call type mismatch"
  StackExhausted = 10,           // "call stack exhausted"
  OutOfFuel = 11,                // "out of fuel"
  Interrupted = 12,              // "interrupt": InterruptHandle::interrupt was called
  DeadlineExceeded = 13,         // "deadline exceeded"
  UnalignedAtomic = 14,          // "unaligned atomic"
  ExpectedSharedMemory = 15,     // "expected shared memory": atomic wait on a memory that is not shared
  NullReference = 16,            // "null reference"
  NullFunctionReference = 17,    // "null function reference"
  NullStructureReference = 18,   // "null structure reference"
  NullArrayReference = 19,       // "null array reference"
  NullI31Reference = 20,         // "null i31 reference"
  NullExceptionReference = 21,   // "null exception reference"
  CastFailure = 22,              // "cast failure"
  ArrayOutOfBounds = 23,         // "out of bounds array access"
  AllocationTooLarge = 24,       // "allocation size too large": a GC object beyond the implementation's limit
  HeapExhausted = 25,            // "garbage-collected heap exhausted"
  UncaughtException = 26,        // "uncaught exception": a Wasm exception left the outermost call
  UnknownImport = 27,            // "unknown import called": see Linker::define_unknown_imports_as_traps
  HostCallBudget = 28,           // "host call budget exhausted": see Caller::charge
  Host = 29,                     // a host function returned Error::trap(message); the message is its own
};

// The text of a code, exactly as quoted above; "trap" for a number that this version does not know, "host trap" for
// TrapCode::Host. These are the texts that the specification's test suite expects. Any thread; static storage.
std::string_view trap_message(TrapCode code);

// One activation of a function on the stack at the time of a trap.
struct Frame {
  // The module's name from its name section; empty if it has none. Cut to 256 bytes, as `function` is: both come
  // from the guest's file and may hold any UTF-8, control characters included.
  std::string module;

  // The function's name: from the name section, else the name of its first export, else empty. For a host function,
  // "module.name" as it was imported.
  std::string function;

  // The function's index in its module's function index space (imports first). For host frames, the import's index.
  uint32_t function_index = 0;

  // Byte offset of the instruction from the beginning of the module's file, as wasm-objdump prints it, and from the
  // beginning of the function's body (its size field not counted). Both 0 for host frames.
  uint64_t module_offset = 0;
  uint64_t function_offset = 0;

  // True for a function that the host defined.
  bool host = false;
};

// Code, text and backtrace of one trap. A plain value: owned by the Error that holds it, free to be copied.
struct Trap {
  TrapCode code = TrapCode::Host;

  // trap_message(code), or the host's own text for TrapCode::Host. Never empty.
  std::string message;

  // Innermost first. At most 128 frames: of a deeper stack, the 64 innermost and the 64 outermost.
  std::vector<Frame> frames;

  // How many frames lie between the 64 innermost and the 64 outermost; 0 if none were left out.
  uint32_t frames_omitted = 0;
};

}  // namespace wherry
