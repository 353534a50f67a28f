// Types at the border, and their text.
//
// The public ValType is a wider, plainer copy of the engine's: its enumerations are stable, the engine's are the
// binary format's codes and index spaces.
#include "engine/api/types.h"

#include "engine/wasm/type_registry.h"

namespace wherry {

namespace {

struct HeapRow {
  HeapKind heap;
  wasm::AbstractHeap abstract;
};

constexpr HeapRow kHeaps[] = {
    {HeapKind::Func, wasm::AbstractHeap::Func},     {HeapKind::NoFunc, wasm::AbstractHeap::NoFunc},
    {HeapKind::Extern, wasm::AbstractHeap::Extern}, {HeapKind::NoExtern, wasm::AbstractHeap::NoExtern},
    {HeapKind::Any, wasm::AbstractHeap::Any},       {HeapKind::Eq, wasm::AbstractHeap::Eq},
    {HeapKind::I31, wasm::AbstractHeap::I31},       {HeapKind::Struct, wasm::AbstractHeap::Struct},
    {HeapKind::Array, wasm::AbstractHeap::Array},   {HeapKind::None, wasm::AbstractHeap::None},
    {HeapKind::Exn, wasm::AbstractHeap::Exn},       {HeapKind::NoExn, wasm::AbstractHeap::NoExn},
};

void append(std::string& text, const char* word, const std::vector<ValType>& types) {
  if (types.empty()) {
    return;
  }
  if (!text.empty()) {
    text += ' ';
  }
  text += '(';
  text += word;
  for (const ValType type : types) {
    text += ' ';
    text += to_string(type);
  }
  text += ')';
}

}  // namespace

ValType api::to_public(wasm::ValType type) {
  switch (type.kind()) {
    case wasm::ValKind::I64: return ValType::i64();
    case wasm::ValKind::F32: return ValType::f32();
    case wasm::ValKind::F64: return ValType::f64();
    case wasm::ValKind::V128: return ValType::v128();
    case wasm::ValKind::Ref: break;
    default: return ValType::i32();  // Packed types and the bottom type stand in no place that the API shows.
  }
  if (type.heap().is_concrete()) {
    return ValType::reference(HeapKind::Defined, type.nullable(), type.heap().index());
  }
  for (const HeapRow& row : kHeaps) {
    if (row.abstract == type.heap().abstract()) {
      return ValType::reference(row.heap, type.nullable());
    }
  }
  return ValType::funcref();
}

wasm::ValType api::to_engine(ValType type) {
  switch (type.kind()) {
    case ValKind::I32: return wasm::kI32;
    case ValKind::I64: return wasm::kI64;
    case ValKind::F32: return wasm::kF32;
    case ValKind::F64: return wasm::kF64;
    case ValKind::V128: return wasm::kV128;
    case ValKind::Ref: break;
  }
  if (type.heap() == HeapKind::Defined) {
    return wasm::ValType::ref(wasm::HeapType::concrete(type.defined()), type.nullable());
  }
  for (const HeapRow& row : kHeaps) {
    if (row.heap == type.heap()) {
      return wasm::ValType::ref(row.abstract, type.nullable());
    }
  }
  return wasm::kFuncRef;
}

std::string to_string(ValType type) {
  if (type == ValType::funcref()) {
    return "funcref";
  }
  if (type == ValType::externref()) {
    return "externref";
  }
  return wasm::to_text(api::to_engine(type));
}

std::string to_string(const FuncType& type) {
  std::string text;
  append(text, "param", type.params);
  append(text, "result", type.results);
  return text;
}

std::string_view to_string(ExternKind kind) {
  switch (kind) {
    case ExternKind::Func: return "function";
    case ExternKind::Table: return "table";
    case ExternKind::Memory: return "memory";
    case ExternKind::Global: return "global";
    case ExternKind::Tag: break;
  }
  return "tag";
}

}  // namespace wherry
