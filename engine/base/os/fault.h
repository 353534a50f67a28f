#pragma once

#include <cstdint>

// Faults as the answer to "is this address out of bounds?". The process's handler of SIGSEGV and SIGBUS turns a fault
// into a jump to a landing exactly when two things agree: the address lies in a registered reservation
// (engine/base/os/reservations.h), and the instruction in registered code. Every other fault, and every signal that
// somebody sent, goes to the handler that was there before, or to the system's default action.
//
// The handler runs on the thread's alternate signal stack if it has one, else on its stack; it needs no room to speak of,
// and no fault of ours comes from a stack that is full.
namespace wherry::base {

// Code whose accesses may fault.
struct FaultingCode {
  uintptr_t begin;
  uintptr_t end;
  // Where the thread goes on, with all other registers as at the fault.
  uintptr_t landing;
  // The code has no frame of its own on the native stack: the landing takes its place and may return to its caller.
  // Otherwise the landing is a function that never returns, called on a fresh frame below, with two arguments: the
  // address of the instruction that faulted, and the frame pointer it had.
  bool is_frameless;
};

// Thread-safe. False: no memory to note it down.
[[nodiscard]] bool register_faulting_code(const FaultingCode& code);

// Takes back what was registered with this `begin`; nothing if there is none. No thread may run the code any more.
// Thread-safe, also while others handle faults.
void unregister_faulting_code(uintptr_t begin);

// Installs the handler, once: later calls only say whether it is there. False: the system refuses. Thread-safe.
[[nodiscard]] bool install_fault_handler();

// Puts the former handler back, if ours is still the one installed. False: somebody has chained to ours, which stays.
bool remove_fault_handler();

}  // namespace wherry::base
