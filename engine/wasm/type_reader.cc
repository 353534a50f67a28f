// Value and heap types as bytes (core spec 5.3.1 to 5.3.5). All type codes are negative numbers of one byte in the
// signed LEB128 that indices share with them, which is why an index is an s33 and why a code spelled in several
// bytes is malformed.
#include <cstdio>

#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"
#include "engine/wasm/type_names.h"

namespace wherry::wasm {

namespace {

using base::ByteReader;
using base::Result;

base::Failure code_failure(ErrorCode code, uint64_t offset, uint8_t found) {
  char detail[32];
  std::snprintf(detail, sizeof detail, "found 0x%02x", found);
  return base::fail(code, offset, detail);
}

base::Failure feature_failure(Feature feature, std::string_view form, uint64_t offset) {
  std::string detail(feature_key(feature));
  detail += ", needed by ";
  detail += form;
  return base::fail(ErrorCode::FeatureDisabled, offset, std::move(detail));
}

constexpr uint8_t kRefNullCode = 0x63;
constexpr uint8_t kRefCode = 0x64;

}  // namespace

Result<HeapType> read_heap_type(ByteReader& reader, Features features) {
  const uint64_t offset = reader.offset();
  const uint8_t code = reader.peek();
  if ((code & 0xc0) == 0x40) {
    reader.u8();
    const HeapTypeRow* const row = find_heap_type(static_cast<AbstractHeap>(code));
    if (row == nullptr) return code_failure(ErrorCode::MalformedHeapType, offset, code);
    if (!features.has(row->feature)) return feature_failure(row->feature, row->name, offset);
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
  const HeapTypeRow* const row = find_heap_type(static_cast<AbstractHeap>(code));
  if (row == nullptr) return code_failure(ErrorCode::MalformedValueType, offset, code);
  if (!features.has(row->feature)) return feature_failure(row->feature, row->name, offset);
  return ValType::ref(static_cast<AbstractHeap>(code), true);
}

}  // namespace wherry::wasm
