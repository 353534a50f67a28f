// Value and heap types as bytes (core spec 5.3.1 to 5.3.5). All type codes are negative numbers of one byte in the
// signed LEB128 that indices share with them, which is why an index is an s33 and why a code spelled in several
// bytes is malformed.
#include <cstdio>

#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::wasm {

namespace {

using base::ByteReader;
using base::Result;

base::Failure code_failure(ErrorCode code, uint64_t offset, uint8_t found) {
  char detail[32];
  std::snprintf(detail, sizeof detail, "found 0x%02x", found);
  return base::fail(code, offset, detail);
}

base::Failure feature_failure(Feature feature, const char* form, uint64_t offset) {
  std::string detail(feature_key(feature));
  detail += ", needed by ";
  detail += form;
  return base::fail(ErrorCode::FeatureDisabled, offset, std::move(detail));
}

struct AbstractRow {
  const char* name = nullptr;  // Null: no such heap type.
  Feature feature = Feature::Mvp;
};

constexpr AbstractRow abstract_row(uint8_t code) {
  switch (static_cast<AbstractHeap>(code)) {
    case AbstractHeap::Exn: return {"exn", Feature::Exceptions};
    case AbstractHeap::NoExn: return {"noexn", Feature::Exceptions};
    case AbstractHeap::Array: return {"array", Feature::Gc};
    case AbstractHeap::Struct: return {"struct", Feature::Gc};
    case AbstractHeap::I31: return {"i31", Feature::Gc};
    case AbstractHeap::Eq: return {"eq", Feature::Gc};
    case AbstractHeap::Any: return {"any", Feature::Gc};
    case AbstractHeap::None: return {"none", Feature::Gc};
    case AbstractHeap::NoExtern: return {"noextern", Feature::Gc};
    case AbstractHeap::NoFunc: return {"nofunc", Feature::Gc};
    case AbstractHeap::Extern: return {"extern", Feature::ReferenceTypes};
    case AbstractHeap::Func: return {"func", Feature::ReferenceTypes};
  }
  return {};
}

constexpr uint8_t kRefNullCode = 0x63;
constexpr uint8_t kRefCode = 0x64;

}  // namespace

Result<HeapType> read_heap_type(ByteReader& reader, Features features) {
  const uint64_t offset = reader.offset();
  const uint8_t code = reader.peek();
  if ((code & 0xc0) == 0x40) {
    reader.u8();
    const AbstractRow row = abstract_row(code);
    if (row.name == nullptr) return code_failure(ErrorCode::MalformedHeapType, offset, code);
    if (!features.has(row.feature)) return feature_failure(row.feature, row.name, offset);
    return HeapType(static_cast<AbstractHeap>(code));
  }
  const int64_t index = reader.s33();
  if (!reader.ok()) return reader_failure(reader);
  if (index < 0) return base::fail(ErrorCode::MalformedHeapType, offset, "found a negative type index");
  if (!features.has(Feature::FunctionReferences)) {
    return feature_failure(Feature::FunctionReferences, "a reference to a defined type", offset);
  }
  if (index >= kMaxTypes) {  // HeapType could not hold it, and no module has as many.
    char detail[32];
    std::snprintf(detail, sizeof detail, "%lld", static_cast<long long>(index));
    return base::fail(ErrorCode::UnknownType, offset, detail);
  }
  return HeapType::concrete(static_cast<uint32_t>(index));
}

Result<ValType> read_val_type(ByteReader& reader, Features features) {
  const uint64_t offset = reader.offset();
  const uint8_t code = reader.u8();
  if (!reader.ok()) return reader_failure(reader);
  switch (code) {
    case static_cast<uint8_t>(ValKind::I32):
    case static_cast<uint8_t>(ValKind::I64):
    case static_cast<uint8_t>(ValKind::F32):
    case static_cast<uint8_t>(ValKind::F64): return ValType(static_cast<ValKind>(code));
    case static_cast<uint8_t>(ValKind::V128):
      if (!features.has(Feature::Simd)) return feature_failure(Feature::Simd, "v128", offset);
      return kV128;
    case kRefNullCode:
    case kRefCode:
      if (!features.has(Feature::FunctionReferences)) {
        return feature_failure(Feature::FunctionReferences, "a reference type", offset);
      }
      return ValType::ref(WHERRY_TRY(read_heap_type(reader, features)), code == kRefNullCode);
    default: break;
  }
  const AbstractRow row = abstract_row(code);
  if (row.name == nullptr) return code_failure(ErrorCode::MalformedValueType, offset, code);
  if (!features.has(row.feature)) return feature_failure(row.feature, row.name, offset);
  return ValType::ref(static_cast<AbstractHeap>(code), true);
}

}  // namespace wherry::wasm
