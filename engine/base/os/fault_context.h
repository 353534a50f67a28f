#pragma once

#include <cstdint>

// The interrupted thread's registers, from a signal handler's third argument. One implementation a target:
// fault_linux_x86_64.cc, fault_linux_aarch64.cc.
namespace wherry::base {

uintptr_t faulting_instruction(const void* context);

// Lets the thread go on at `landing`: with everything else as it is, or as if `landing` had been called there on a
// frame of its own (`fresh_frame`), with the faulting instruction and the frame pointer as arguments.
void go_on_at(void* context, uintptr_t landing, bool fresh_frame);

}  // namespace wherry::base
