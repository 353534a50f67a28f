#include "tests/looks/lose_registers.h"

namespace wherry {

extern "C" {
void (*wherry_test_look)(abi::Context* context) = nullptr;
}

[[gnu::naked]] void lose_registers(abi::Context*) {
  asm(R"(
      vzeroall
      xorl %eax, %eax
      xorl %ecx, %ecx
      xorl %edx, %edx
      xorl %esi, %esi
      xorl %r8d, %r8d
      xorl %r9d, %r9d
      xorl %r10d, %r10d
      xorl %r11d, %r11d
      jmpq *wherry_test_look(%rip)
  )");
}

}  // namespace wherry
