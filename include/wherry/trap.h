// Traps: the ways in which a running guest can end abnormally, and where it was when it did.
//
// A trap reaches the host as an Error of kind ErrorKind::Trap, and `Error::trap()` gives the Trap below. It ends the
// call into the guest, not the instance: memory and globals keep what was written until then, and further calls are
// allowed (spec 4.2.4 "traps"; wasm-c-api `wasm_trap_t`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wherry {

// Why a guest trapped. The numbers are stable: they are never reused and never change their meaning, so that they can
// be logged, stored and compared between versions. New ones may be added; treat an unknown one as "a trap".
enum class TrapCode : uint16_t {
  Unreachable = 1,                 // "unreachable": the instruction was executed
  MemoryOutOfBounds = 2,           // "out of bounds memory access"
  TableOutOfBounds = 3,            // "out of bounds table access"
  UndefinedElement = 4,            // "undefined element": indirect call beyond the end of its table
  UninitializedElement = 5,        // "uninitialized element": indirect call through a null element
  IndirectCallTypeMismatch = 6,    // "indirect call type mismatch"
  IntegerOverflow = 7,             // "integer overflow": INT_MIN / -1, or a float too large for the integer
  IntegerDivideByZero = 8,         // "integer divide by zero"
  InvalidConversionToInteger = 9,  // "invalid conversion to integer": of a NaN
  CallStackExhausted = 10,         // "call stack exhausted": StoreLimits::stack_bytes, or the native stack
  NullFunctionReference = 11,      // "null function reference"
  NullReference = 12,              // "null reference"
  NullStructReference = 13,        // "null structure reference"
  NullArrayReference = 14,         // "null array reference"
  NullI31Reference = 15,           // "null i31 reference"
  ArrayOutOfBounds = 16,           // "out of bounds array access"
  CastFailure = 17,                // "cast failure"
  NullExceptionReference = 18,     // "null exception reference"
  UncaughtException = 19,          // "uncaught exception": in an Error of kind Exception
  UnalignedAtomic = 20,            // "unaligned atomic"
  ExpectedSharedMemory = 21,       // "expected shared memory": atomic wait on a memory that is not shared
  AllocationTooLarge = 22,  // "allocation size too large": a GC object beyond the implementation's limit
  OutOfFuel = 23,           // "all fuel consumed"
  Interrupted = 24,         // "interrupt": InterruptHandle::interrupt was called
  HostError = 25,           // a host function returned Error::trap(message), which is then the message
  OutOfMemory = 26,         // "out of memory": the host had none left for what the guest did
  GrowthRefused = 27,       // "growth was refused by a limit": where that is set to trap

  // From here on, what the engine's surroundings find, not running code.
  DeadlineExceeded = 100,  // "deadline exceeded": see StoreRef::set_deadline
  UnknownImport = 101,     // "unknown import called": see Linker::define_unknown_imports_as_traps
  HostCallBudget = 102,    // "host call budget exhausted": see Caller::charge

  // What the canonical ABI of components has trap (CanonicalABI.md of the component model).
  CannotLeave = 200,          // "cannot leave component instance": called out during realloc or post-return
  CannotEnter = 201,          // "cannot enter component instance": it runs already, or has trapped
  UnalignedPointer = 202,     // "unaligned pointer": of a list, string or spilled values
  StringOutOfBounds = 203,    // "string pointer/length out of bounds of memory"
  ListOutOfBounds = 204,      // "list pointer/length out of bounds of memory"
  PointerOutOfBounds = 205,   // "pointer out of bounds of memory": of spilled parameters or results
  StringTooLong = 206,        // "string content too long": 2^28 bytes or more
  ListTooLong = 207,          // "list content too long": 2^28 bytes or more
  InvalidUtf8 = 208,          // "invalid utf-8 encoding in a string"
  InvalidUtf16 = 209,         // "invalid utf-16 encoding in a string"
  InvalidChar = 210,          // "invalid `char` bit pattern": a surrogate, or above U+10FFFF
  InvalidDiscriminant = 211,  // "invalid variant discriminant"
  ReallocUnaligned = 212,     // "realloc return: result not aligned"
  ReallocOutOfBounds = 213,   // "realloc return: beyond end of memory"
  UnknownHandle = 214,        // "unknown handle index 5"
  WrongHandleType = 215,      // "handle index 1 used with the wrong type, ..."
  ResourceLent = 216,         // "cannot remove owned resource while borrowed"
  NotOwned = 217,             // "cannot lift own resource from a borrow"
  BorrowsRemain = 218,        // "borrow handles still remain at the end of the call"
  TooManyHandles = 219,       // "handle table is full"
  AsyncUnsupported = 220,     // "asynchronous execution is not supported": what needs it was called
};

// The text of a code, exactly as quoted above; "trap" for a number that this version does not know, "host function
// failed" for HostError. These are the texts that the specification's test suite expects. Any thread; static storage.
std::string_view trap_message(TrapCode code);

// One activation of a function on the stack at the time of a trap.
struct Frame {
  // The module's name from its name section; empty if it has none. Cut to 256 bytes, as `function` is: both come
  // from the guest's file and may hold any UTF-8, control characters included.
  std::string module;

  // The function's name: from the name section, else the name of its first export, else empty. Symbols that compilers of Rust
  // and C++ made are given as their language writes them ("app::parse", not "_ZN3app5parse17h..E"). For a host function,
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

  // Where the instruction came from, if the module has a DWARF line table (.debug_line; clang -g, rustc -g): a path as the
  // compiler wrote it, cut to 1,024 bytes, and what it counts from 1; 0: not known. Of code that was inlined, the place it
  // was written at. Empty: not known. As names, it comes from the guest's file.
  std::string file = {};
  uint32_t line = 0;
  uint32_t column = 0;

  // True for a call that was inlined into the next frame, by the module's debug information (.debug_info): `function` is the
  // callee's name and `file` to `column` a place in it; index and offsets are those of the function it has become part of,
  // whose frame follows. That frame's place is then the outermost of the calls.
  bool inlined = false;
};

// How many of a deep stack's innermost frames, and how many of its outermost, a backtrace keeps. Frames of inlined calls are
// not counted: there are at most 32 more for each frame, and at most 512 in all.
inline constexpr size_t kInnermostFrames = 64;
inline constexpr size_t kOutermostFrames = 64;

// Code, text and backtrace of one trap. A plain value: owned by the Error that holds it, free to be copied.
struct Trap {
  TrapCode code = TrapCode::HostError;

  // trap_message(code), or the host's own text for TrapCode::HostError. Never empty.
  std::string message;

  // Innermost first. At most 128 frames, and those of inlined calls: of a deeper stack, the 64 innermost and the 64 outermost.
  std::vector<Frame> frames;

  // How many frames lie between the 64 innermost and the 64 outermost; 0 if none were left out.
  uint32_t frames_omitted = 0;
};

}  // namespace wherry
