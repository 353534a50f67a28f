// Values of test scripts: arguments to values of the engine, and results against patterns. Floats are compared by their
// bits, except where a pattern asks for any canonical or arithmetic NaN (core spec 4.3.3).
#include "cli/wast_values.h"

#include <bit>
#include <cstring>

#include "engine/inspect/text.h"
#include "wherry/wherry.h"

namespace wherry::cli {

using text::WastNan;
using text::WastShape;
using text::WastValue;
using text::WastValueKind;

namespace {

bool is_nan32(uint32_t bits, WastNan kind) {
  return kind == WastNan::Canonical ? (bits & 0x7fff'ffff) == 0x7fc0'0000
                                    : (bits & 0x7fc0'0000) == 0x7fc0'0000;
}
bool is_nan64(uint64_t bits, WastNan kind) {
  constexpr uint64_t kQuiet = 0x7ff8'0000'0000'0000;
  return kind == WastNan::Canonical ? (bits & ~(uint64_t{1} << 63)) == kQuiet : (bits & kQuiet) == kQuiet;
}

bool matches32(uint32_t bits, uint32_t wanted, WastNan nan) {
  return nan == WastNan::None ? bits == wanted : is_nan32(bits, nan);
}
bool matches64(uint64_t bits, uint64_t wanted, WastNan nan) {
  return nan == WastNan::None ? bits == wanted : is_nan64(bits, nan);
}

bool matches_vector(const V128& found, const WastValue& pattern) {
  uint32_t lanes[4], wanted[4];
  std::memcpy(lanes, &found, sizeof lanes);
  std::memcpy(wanted, pattern.vector, sizeof wanted);
  if (pattern.shape == WastShape::F64x2) {
    uint64_t wanted64[2];
    std::memcpy(wanted64, pattern.vector, sizeof wanted64);
    return matches64(found.low, wanted64[0], pattern.nan[0]) &&
           matches64(found.high, wanted64[1], pattern.nan[1]);
  }
  const bool is_f32 = pattern.shape == WastShape::F32x4;
  for (uint32_t i = 0; i < 4; ++i) {
    if (!matches32(lanes[i], wanted[i], is_f32 ? pattern.nan[i] : WastNan::None)) return false;
  }
  return true;
}

// A host value of a script as an object of the store, known by its number.
Result<ExternRef> host_value(StoreRef store, const WastValue& value) {
  return ExternRef::create(store, reinterpret_cast<void*>(value.bits));
}

bool is_exn_heap(const WastValue& value) {
  return !value.heap.is_concrete() && (value.heap.abstract() == wasm::AbstractHeap::Exn ||
                                       value.heap.abstract() == wasm::AbstractHeap::NoExn);
}

bool is_number(StoreRef store, const ExternRef& reference, const WastValue& pattern) {
  if (reference.is_null()) return false;
  if (!pattern.has_number) return true;
  const Result<void*> pointer = reference.object(store);
  return pointer && reinterpret_cast<uintptr_t>(*pointer) == pattern.bits;
}

// Whether a reference that is not null is of an abstract type.
bool is_any(StoreRef store, const Val& value, HeapKind heap) {
  const std::optional<AnyRef> reference = value.get<AnyRef>();
  if (!reference || reference->is_null()) return false;
  const Result<bool> is = reference->is(store, ValType::reference(heap, false));
  return is && *is;
}

bool is_extern_heap(const WastValue& value) {
  return !value.heap.is_concrete() && (value.heap.abstract() == wasm::AbstractHeap::Extern ||
                                       value.heap.abstract() == wasm::AbstractHeap::NoExtern);
}
bool is_func_heap(const WastValue& value) {
  return !value.heap.is_concrete() && (value.heap.abstract() == wasm::AbstractHeap::Func ||
                                       value.heap.abstract() == wasm::AbstractHeap::NoFunc);
}

std::string hex(const void* bytes, size_t size) {
  std::string out = "0x";
  for (size_t i = size; i-- > 0;) {
    const uint8_t byte = static_cast<const uint8_t*>(bytes)[i];
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string_view nan_text(WastNan nan) {
  return nan == WastNan::Canonical ? "nan:canonical" : "nan:arithmetic";
}

}  // namespace

Result<Val> argument_of(StoreRef store, const WastValue& value) {
  switch (value.kind) {
    case WastValueKind::I32: return Val(static_cast<uint32_t>(value.bits));
    case WastValueKind::I64: return Val(value.bits);
    case WastValueKind::F32: return Val(std::bit_cast<float>(static_cast<uint32_t>(value.bits)));
    case WastValueKind::F64: return Val(std::bit_cast<double>(value.bits));
    case WastValueKind::V128: {
      V128 vector;
      std::memcpy(&vector, value.vector, sizeof vector);
      return Val(vector);
    }
    case WastValueKind::RefNull:
      if (is_func_heap(value)) return Val(Func());
      if (is_extern_heap(value)) return Val(ExternRef());
      if (is_exn_heap(value)) return Val(ExnRef());
      return Val(AnyRef());
    case WastValueKind::RefExtern: {
      WHERRY_ASSIGN_OR_RETURN(const ExternRef made, host_value(store, value));
      return Val(made);
    }
    case WastValueKind::RefHost: {
      WHERRY_ASSIGN_OR_RETURN(const ExternRef made, host_value(store, value));
      WHERRY_ASSIGN_OR_RETURN(const AnyRef turned, made.to_any(store));
      return Val(turned);
    }
    default: break;
  }
  return Error::make(ErrorKind::Unsupported, "arguments like " + to_text(value) + " are not supported");
}

bool matches(StoreRef store, const Val& value, const WastValue& pattern) {
  switch (pattern.kind) {
    case WastValueKind::I32: return value.get<uint32_t>() == static_cast<uint32_t>(pattern.bits);
    case WastValueKind::I64: return value.get<uint64_t>() == pattern.bits;
    case WastValueKind::F32: {
      const std::optional<float> found = value.get<float>();
      return found &&
             matches32(std::bit_cast<uint32_t>(*found), static_cast<uint32_t>(pattern.bits), pattern.nan[0]);
    }
    case WastValueKind::F64: {
      const std::optional<double> found = value.get<double>();
      return found && matches64(std::bit_cast<uint64_t>(*found), pattern.bits, pattern.nan[0]);
    }
    case WastValueKind::V128: {
      const std::optional<V128> found = value.get<V128>();
      return found && matches_vector(*found, pattern);
    }
    case WastValueKind::RefNull:
      if (const auto func = value.get<Func>())
        return func->is_null() && (!pattern.has_heap || is_func_heap(pattern));
      if (const auto object = value.get<ExternRef>()) {
        return object->is_null() && (!pattern.has_heap || is_extern_heap(pattern));
      }
      if (const auto exception = value.get<ExnRef>()) {
        return exception->is_null() && (!pattern.has_heap || is_exn_heap(pattern));
      }
      if (const auto reference = value.get<AnyRef>()) {
        return reference->is_null() &&
               (!pattern.has_heap ||
                (!is_func_heap(pattern) && !is_extern_heap(pattern) && !is_exn_heap(pattern)));
      }
      return false;
    case WastValueKind::RefExtern: {
      const auto object = value.get<ExternRef>();
      return object && is_number(store, *object, pattern);
    }
    case WastValueKind::RefHost: {
      const auto reference = value.get<AnyRef>();
      if (!reference) return false;
      const Result<ExternRef> object = reference->to_extern(store);
      return object && is_number(store, *object, pattern);
    }
    case WastValueKind::RefAny: return is_any(store, value, HeapKind::Any);
    case WastValueKind::RefEq: return is_any(store, value, HeapKind::Eq);
    case WastValueKind::RefI31: return is_any(store, value, HeapKind::I31);
    case WastValueKind::RefStruct: return is_any(store, value, HeapKind::Struct);
    case WastValueKind::RefArray: return is_any(store, value, HeapKind::Array);
    case WastValueKind::RefExn: {
      const auto exception = value.get<ExnRef>();
      return exception && !exception->is_null();
    }
    case WastValueKind::RefFunc: {
      const auto func = value.get<Func>();
      return func && !func->is_null();
    }
    default: return false;
  }
}

std::string to_text(const WastValue& value) {
  const auto number = static_cast<uint32_t>(value.bits);
  switch (value.kind) {
    case WastValueKind::I32: return "i32 " + std::to_string(static_cast<int32_t>(number));
    case WastValueKind::I64: return "i64 " + std::to_string(static_cast<int64_t>(value.bits));
    case WastValueKind::F32:
      return "f32 " +
             (value.nan[0] == WastNan::None ? text::format_f32(number) : std::string(nan_text(value.nan[0])));
    case WastValueKind::F64:
      return "f64 " + (value.nan[0] == WastNan::None ? text::format_f64(value.bits)
                                                     : std::string(nan_text(value.nan[0])));
    case WastValueKind::V128: return "v128 " + hex(value.vector, sizeof value.vector);
    case WastValueKind::RefNull:
      return value.has_heap ? "(ref.null " + wasm::to_text(value.heap) + ")" : "(ref.null)";
    case WastValueKind::RefExtern: return "(ref.extern)";
    case WastValueKind::RefHost: return "(ref.host)";
    case WastValueKind::RefFunc: return "(ref.func)";
    case WastValueKind::RefAny: return "(ref.any)";
    case WastValueKind::RefEq: return "(ref.eq)";
    case WastValueKind::RefI31: return "(ref.i31)";
    case WastValueKind::RefStruct: return "(ref.struct)";
    case WastValueKind::RefArray: return "(ref.array)";
    case WastValueKind::RefExn: return "(ref.exn)";
    case WastValueKind::Component: return "a component value";
  }
  return "?";
}

std::string to_text(const Val& value) {
  switch (value.kind()) {
    case ValueKind::I32: return "i32 " + std::to_string(*value.get<int32_t>());
    case ValueKind::I64: return "i64 " + std::to_string(*value.get<int64_t>());
    case ValueKind::F32: return "f32 " + text::format_f32(std::bit_cast<uint32_t>(*value.get<float>()));
    case ValueKind::F64: return "f64 " + text::format_f64(std::bit_cast<uint64_t>(*value.get<double>()));
    case ValueKind::V128: {
      const V128 vector = *value.get<V128>();
      return "v128 " + hex(&vector, sizeof vector);
    }
    case ValueKind::FuncRef: return value.get<Func>()->is_null() ? "(ref.null func)" : "(ref.func)";
    case ValueKind::AnyRef: return value.get<AnyRef>()->is_null() ? "(ref.null any)" : "(ref.any)";
    case ValueKind::ExnRef: return value.get<ExnRef>()->is_null() ? "(ref.null exn)" : "(ref.exn)";
    case ValueKind::ExternRef: break;
  }
  return value.get<ExternRef>()->is_null() ? "(ref.null extern)" : "(ref.extern)";
}

}  // namespace wherry::cli
