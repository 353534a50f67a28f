#include "engine/api/types.h"

#include <catch2/catch.hpp>

namespace wherry {

TEST_CASE("types have the text format's names") {
  CHECK(to_string(ValType::i32()) == "i32");
  CHECK(to_string(ValType::v128()) == "v128");
  CHECK(to_string(ValType::funcref()) == "funcref");
  CHECK(to_string(ValType::reference(HeapKind::Extern, false)) == "(ref extern)");
  CHECK(to_string(ValType::reference(HeapKind::Defined, true, 7)) == "(ref null 7)");
  CHECK(to_string(FuncType{{ValType::i32(), ValType::i64()}, {ValType::f32()}}) ==
        "(param i32 i64) (result f32)");
  CHECK(to_string(FuncType{{}, {ValType::f64()}}) == "(result f64)");
  CHECK(to_string(FuncType{}).empty());
}

TEST_CASE("public types and the engine's convert into each other") {
  for (const ValType type : {ValType::i32(), ValType::i64(), ValType::f32(), ValType::f64(), ValType::v128(),
                             ValType::reference(HeapKind::Defined, false, 999'999)}) {
    CHECK(api::to_public(api::to_engine(type)) == type);
  }
  for (int heap = 0; heap < static_cast<int>(HeapKind::Defined); ++heap) {
    for (const bool nullable : {false, true}) {
      const ValType type = ValType::reference(static_cast<HeapKind>(heap), nullable);
      CHECK(api::to_public(api::to_engine(type)) == type);
    }
  }
}

}  // namespace wherry
