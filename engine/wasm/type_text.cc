// Types as the text format writes them, for messages.
#include <cstdio>

#include "engine/wasm/type_registry.h"

namespace wherry::wasm {

namespace {

const char* abstract_name(AbstractHeap heap) {
  switch (heap) {
    case AbstractHeap::Exn: return "exn";
    case AbstractHeap::Array: return "array";
    case AbstractHeap::Struct: return "struct";
    case AbstractHeap::I31: return "i31";
    case AbstractHeap::Eq: return "eq";
    case AbstractHeap::Any: return "any";
    case AbstractHeap::Extern: return "extern";
    case AbstractHeap::Func: return "func";
    case AbstractHeap::None: return "none";
    case AbstractHeap::NoExtern: return "noextern";
    case AbstractHeap::NoFunc: return "nofunc";
    case AbstractHeap::NoExn: return "noexn";
  }
  return "?";
}

const char* number_name(ValKind kind) {
  switch (kind) {
    case ValKind::I32: return "i32";
    case ValKind::I64: return "i64";
    case ValKind::F32: return "f32";
    case ValKind::F64: return "f64";
    case ValKind::V128: return "v128";
    case ValKind::I8: return "i8";
    case ValKind::I16: return "i16";
    case ValKind::Bottom: return "bot";
    case ValKind::Ref: break;
  }
  return "?";
}

}  // namespace

std::string to_text(HeapType heap) {
  if (!heap.is_concrete()) return abstract_name(heap.abstract());
  char digits[16];
  std::snprintf(digits, sizeof digits, "%u", heap.index());
  return digits;
}

std::string to_text(ValType type) {
  if (!type.is_ref()) return number_name(type.kind());
  std::string text = type.nullable() ? "(ref null " : "(ref ";
  text += to_text(type.heap());
  text += ')';
  return text;
}

}  // namespace wherry::wasm
