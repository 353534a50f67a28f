#pragma once

#include <string_view>

#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

// The names of types in the text format, and which feature brings them: the one table of abstract heap types.
namespace wherry::wasm {

struct HeapTypeRow {
  AbstractHeap heap;          // Its value is the code in the binary format.
  std::string_view name;      // func
  std::string_view nullable;  // funcref, which abbreviates (ref null func)
  Feature feature;
};

inline constexpr HeapTypeRow kHeapTypes[] = {
    {AbstractHeap::Func, "func", "funcref", Feature::ReferenceTypes},
    {AbstractHeap::Extern, "extern", "externref", Feature::ReferenceTypes},
    {AbstractHeap::Any, "any", "anyref", Feature::Gc},
    {AbstractHeap::Eq, "eq", "eqref", Feature::Gc},
    {AbstractHeap::I31, "i31", "i31ref", Feature::Gc},
    {AbstractHeap::Struct, "struct", "structref", Feature::Gc},
    {AbstractHeap::Array, "array", "arrayref", Feature::Gc},
    {AbstractHeap::None, "none", "nullref", Feature::Gc},
    {AbstractHeap::NoFunc, "nofunc", "nullfuncref", Feature::Gc},
    {AbstractHeap::NoExtern, "noextern", "nullexternref", Feature::Gc},
    {AbstractHeap::Exn, "exn", "exnref", Feature::Exceptions},
    {AbstractHeap::NoExn, "noexn", "nullexnref", Feature::Exceptions},
};

// Null if there is none.
constexpr const HeapTypeRow* find_heap_type(AbstractHeap heap) {
  for (const HeapTypeRow& row : kHeapTypes) {
    if (row.heap == heap) return &row;
  }
  return nullptr;
}

constexpr const HeapTypeRow* find_heap_type(std::string_view name) {
  for (const HeapTypeRow& row : kHeapTypes) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

constexpr const HeapTypeRow* find_nullable_type(std::string_view name) {
  for (const HeapTypeRow& row : kHeapTypes) {
    if (row.nullable == name) return &row;
  }
  return nullptr;
}

// Of a type that is no reference.
constexpr std::string_view name_of(ValKind kind) {
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

}  // namespace wherry::wasm
