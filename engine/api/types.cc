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

namespace {

Limits to_public(const wasm::Limits& limits) {
  return {limits.min, limits.has_max ? std::optional(limits.max) : std::nullopt};
}

// `most`: what the address type can reach, in the limits' units.
Result<wasm::Limits> to_engine(const Limits& limits, AddressType address, uint64_t most, const char* what) {
  if (limits.min > most || (limits.max && (*limits.max > most || *limits.max < limits.min))) {
    std::string message = "a ";
    message += what;
    message += " of minimum " + std::to_string(limits.min);
    if (limits.max) {
      message += " and maximum " + std::to_string(*limits.max);
    }
    message += ", expected minimum <= maximum <= " + std::to_string(most);
    return Error::usage(message);
  }
  wasm::Limits made;
  made.min = limits.min;
  made.max = limits.max.value_or(0);
  made.has_max = limits.max.has_value();
  made.is_64 = address == AddressType::I64;
  return made;
}

void append_all(std::vector<ValType>& to, std::span<const wasm::ValType> from) {
  to.reserve(from.size());
  for (const wasm::ValType type : from) {
    to.push_back(api::to_public(type));
  }
}

}  // namespace

FuncType api::to_public_func(const wasm::CanonType& type) {
  FuncType made;
  append_all(made.params, type.func.params);
  append_all(made.results, type.func.results);
  return made;
}

TableType api::to_public(const wasm::TableType& type) {
  return {api::to_public(type.element), wherry::to_public(type.limits),
          type.limits.is_64 ? AddressType::I64 : AddressType::I32};
}

MemoryType api::to_public(const wasm::MemoryType& type) {
  return {wherry::to_public(type.limits), type.limits.is_64 ? AddressType::I64 : AddressType::I32,
          type.limits.is_shared, type.page_size_log2};
}

GlobalType api::to_public(const wasm::GlobalType& type) {
  return {api::to_public(type.content), type.is_mutable ? Mutability::Variable : Mutability::Constant};
}

ExternType api::to_public(const runtime::ExternType& type) {
  ExternType made;
  switch (type.kind) {
    case wasm::ExternKind::Func:
      made.kind = ExternKind::Func;
      made.func = to_public_func(*type.func);
      break;
    case wasm::ExternKind::Table:
      made.kind = ExternKind::Table;
      made.table = to_public(type.table);
      break;
    case wasm::ExternKind::Memory:
      made.kind = ExternKind::Memory;
      made.memory = to_public(type.memory);
      break;
    case wasm::ExternKind::Global:
      made.kind = ExternKind::Global;
      made.global = to_public(type.global);
      break;
    case wasm::ExternKind::Tag:
      made.kind = ExternKind::Tag;
      append_all(made.tag.params, type.func->func.params);
      break;
  }
  return made;
}

Result<wasm::TableType> api::to_engine(const TableType& type) {
  if (!type.element.is_reference()) {
    return Error::usage("a table of " + wherry::to_string(type.element) + ", expected a reference type");
  }
  const uint64_t most = type.address == AddressType::I64 ? ~uint64_t{0} : ~uint32_t{0};
  WHERRY_ASSIGN_OR_RETURN(wasm::Limits limits, wherry::to_engine(type.limits, type.address, most, "table"));
  return wasm::TableType{to_engine(type.element), limits};
}

Result<wasm::MemoryType> api::to_engine(const MemoryType& type) {
  if (type.page_size_log2 != 0 && type.page_size_log2 != 16) {
    return Error::usage("a memory with a page size of 2^" + std::to_string(type.page_size_log2) +
                        ", expected 2^0 or 2^16");
  }
  // Core spec 3.2.15: as many pages as the address type can count bytes for; one less where 2^64 bytes would do it.
  const uint32_t bits = (type.address == AddressType::I64 ? 64 : 32) - type.page_size_log2;
  const uint64_t most = bits == 64 ? ~uint64_t{0} : uint64_t{1} << bits;
  const uint64_t pages = type.page_size_log2 == 0 && bits == 32 ? ~uint32_t{0} : most;
  WHERRY_ASSIGN_OR_RETURN(wasm::Limits limits, wherry::to_engine(type.limits, type.address, pages, "memory"));
  if (type.shared && !type.limits.max) {
    return Error::usage("a shared memory without a maximum");
  }
  limits.is_shared = type.shared;
  return wasm::MemoryType{limits, type.page_size_log2};
}

wasm::GlobalType api::to_engine(const GlobalType& type) {
  return {to_engine(type.content), type.mutability == Mutability::Variable};
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
