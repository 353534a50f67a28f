#include "tests/looks/lose_registers.h"

namespace wherry {

extern "C" {
void (*wherry_test_look)(abi::Context* context) = nullptr;
}

[[gnu::naked]] void lose_registers(abi::Context*) {
  asm(R"(
      mov x1, #0
      mov x2, #0
      mov x3, #0
      mov x4, #0
      mov x5, #0
      mov x6, #0
      mov x7, #0
      mov x8, #0
      mov x9, #0
      mov x10, #0
      mov x11, #0
      mov x12, #0
      mov x13, #0
      mov x14, #0
      mov x15, #0
      mov x17, #0
      mov x18, #0
      movi v0.2d, #0
      movi v1.2d, #0
      movi v2.2d, #0
      movi v3.2d, #0
      movi v4.2d, #0
      movi v5.2d, #0
      movi v6.2d, #0
      movi v7.2d, #0
      movi v16.2d, #0
      movi v17.2d, #0
      movi v18.2d, #0
      movi v19.2d, #0
      movi v20.2d, #0
      movi v21.2d, #0
      movi v22.2d, #0
      movi v23.2d, #0
      movi v24.2d, #0
      movi v25.2d, #0
      movi v26.2d, #0
      movi v27.2d, #0
      movi v28.2d, #0
      movi v29.2d, #0
      movi v30.2d, #0
      movi v31.2d, #0
      mov v8.d[1], xzr
      mov v9.d[1], xzr
      mov v10.d[1], xzr
      mov v11.d[1], xzr
      mov v12.d[1], xzr
      mov v13.d[1], xzr
      mov v14.d[1], xzr
      mov v15.d[1], xzr
      adrp x16, wherry_test_look
      ldr x16, [x16, :lo12:wherry_test_look]
      br x16
  )");
}

}  // namespace wherry
