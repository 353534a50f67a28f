// x86-64, System V: rbx, rbp and r12 to r15 belong to the caller, and so do the modes of floating point, which native code
// does not change. Rejected: setjmp and longjmp (they mangle pointers and look at the signal mask's flag: three times as
// long), and swapcontext.
#include <cstddef>

#include "engine/native/switch.h"

namespace wherry::native {

static_assert(offsetof(abi::NativeEntry, stack_pointer) == 8);

extern "C" [[gnu::naked]] uint32_t wherry_native_switch(uint64_t*, abi::Context*, const void*,
                                                        abi::NativeEnter, abi::NativeEntry*) {
  asm(R"(
      pushq %rbp
      .cfi_def_cfa_offset 16
      .cfi_offset %rbp, -16
      movq %rsp, %rbp
      .cfi_def_cfa_register %rbp
      pushq %rbx
      pushq %r12
      pushq %r13
      pushq %r14
      pushq %r15
      subq $8, %rsp
      .cfi_offset %rbx, -24
      .cfi_offset %r12, -32
      .cfi_offset %r13, -40
      .cfi_offset %r14, -48
      .cfi_offset %r15, -56
      movq %rsp, 8(%r8)
      callq *%rcx
      xorl %eax, %eax
      .globl wherry_native_switch_end
      .hidden wherry_native_switch_end
    wherry_native_switch_end:
      addq $8, %rsp
      popq %r15
      popq %r14
      popq %r13
      popq %r12
      popq %rbx
      popq %rbp
      .cfi_def_cfa %rsp, 8
      retq
  )");
}

extern "C" [[gnu::naked, noreturn]] void wherry_native_leave(const abi::NativeEntry*, uint32_t) {
  asm(R"(
      movl %esi, %eax
      movq 8(%rdi), %rsp
      leaq 48(%rsp), %rbp
      jmp wherry_native_switch_end
  )");
}

}  // namespace wherry::native
