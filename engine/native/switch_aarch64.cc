// AArch64, AAPCS64: x19 to x29 and the lower halves of v8 to v15 belong to the caller.
#include <cstddef>

#include "engine/native/switch.h"

namespace wherry::native {

static_assert(offsetof(abi::NativeEntry, stack_pointer) == 8);

extern "C" [[gnu::naked]] uint32_t wherry_native_switch(uint64_t*, abi::Context*, const void*,
                                                        abi::NativeEnter, abi::NativeEntry*) {
  asm(R"(
      stp x29, x30, [sp, #-160]!
      .cfi_def_cfa_offset 160
      .cfi_offset x29, -160
      .cfi_offset x30, -152
      stp x19, x20, [sp, #16]
      stp x21, x22, [sp, #32]
      stp x23, x24, [sp, #48]
      stp x25, x26, [sp, #64]
      stp x27, x28, [sp, #80]
      stp d8, d9, [sp, #96]
      stp d10, d11, [sp, #112]
      stp d12, d13, [sp, #128]
      stp d14, d15, [sp, #144]
      mov x29, sp
      mov x9, sp
      str x9, [x4, #8]
      blr x3
      mov w0, #0
      .globl wherry_native_switch_end
      .hidden wherry_native_switch_end
    wherry_native_switch_end:
      ldp x19, x20, [sp, #16]
      ldp x21, x22, [sp, #32]
      ldp x23, x24, [sp, #48]
      ldp x25, x26, [sp, #64]
      ldp x27, x28, [sp, #80]
      ldp d8, d9, [sp, #96]
      ldp d10, d11, [sp, #112]
      ldp d12, d13, [sp, #128]
      ldp d14, d15, [sp, #144]
      ldp x29, x30, [sp], #160
      .cfi_def_cfa_offset 0
      ret
  )");
}

extern "C" [[gnu::naked, noreturn]] void wherry_native_leave(const abi::NativeEntry*, uint32_t) {
  asm(R"(
      ldr x9, [x0, #8]
      mov w0, w1
      mov sp, x9
      b wherry_native_switch_end
  )");
}

}  // namespace wherry::native
