// What validating a body needs and no sink changes: look-ups and the making of errors (core spec 3.4). It is kept
// out of the template so that the second instantiation of the validator (the lowering's) costs only what depends
// on its sink, and out of line so that the hot paths keep their registers. Errors are stored and announced by a
// `false` instead of being returned: an Error is five words, and it would travel through every call otherwise.
//
// Messages name types by the module's own indices: canonical ids mean nothing to a reader. The way back is a
// linear search, paid for on errors only.
#include "engine/validate/body_checks.h"

#include <cstdio>

#include "engine/wasm/limits.h"

namespace wherry::validate {

using wasm::AbstractHeap;
using wasm::CanonType;
using wasm::CompositeKind;
using wasm::ErrorCode;
using wasm::HeapType;
using wasm::Immediate;
using wasm::Op;
using wasm::TypeIndex;
using wasm::ValType;

namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

uint32_t lane_count(Immediate immediate) {
  switch (immediate) {
    case Immediate::Lane2:
    case Immediate::LaneArg8: return 2;
    case Immediate::Lane4:
    case Immediate::LaneArg4: return 4;
    case Immediate::Lane8:
    case Immediate::LaneArg2: return 8;
    default: return 16;
  }
}

bool is_atomic(Immediate immediate) {
  return immediate >= Immediate::AtomicArg1 && immediate <= Immediate::AtomicArg8;
}

}  // namespace

BodyChecks::BodyChecks(const TypedModule& module)
    : typed_(module),
      module_(module.module),
      registry_(*module.registry),
      reader_(base::ByteSpan{}),
      error_{} {}

void BodyChecks::begin_body(base::ByteSpan body, uint64_t offset) {
  reader_ = base::ByteReader(body, offset);
  inst_.op = Op::Nop;
  inst_.offset = offset;
}

bool BodyChecks::fail(ErrorCode code, std::string detail) {
  error_ = base::Error{code, inst_.offset, std::move(detail)};
  return false;
}

bool BodyChecks::fail_malformed() {
  error_ = wasm::reader_failure(reader_).error();
  return false;
}

bool BodyChecks::fail_index(ErrorCode code, uint32_t index, size_t count) {
  return fail(code, format("found %u, expected less than %zu", index, count));
}

bool BodyChecks::fail_mismatch(ValType found, ValType expected) {
  return fail(ErrorCode::TypeMismatch, "expected " + text_of(expected) + ", found " + text_of(found));
}

bool BodyChecks::fail_expected(ValType found, const char* expected) {
  return fail(ErrorCode::TypeMismatch, std::string("expected ") + expected + ", found " + text_of(found));
}

bool BodyChecks::fail_operands(uint32_t needed, uint32_t present) {
  const std::string_view text = wasm::info(inst_.op).text;
  return fail(ErrorCode::TypeMismatch,
              format("%.*s needs %u operand%s, found %u", static_cast<int>(text.size()), text.data(), needed,
                     needed == 1 ? "" : "s", present));
}

bool BodyChecks::fail_height(uint32_t extra) {
  return fail(ErrorCode::TypeMismatch,
              format("found %u more operand%s than the block's results", extra, extra == 1 ? "" : "s"));
}

bool BodyChecks::fail_arity(const char* what, size_t found, size_t expected) {
  return fail(ErrorCode::TypeMismatch,
              format("expected %zu %s%s, found %zu", expected, what, expected == 1 ? "" : "s", found));
}

bool BodyChecks::read_locals(std::span<const ValType> params, base::Vector<ValType>* locals,
                             bool* has_uninitialized) {
  *has_uninitialized = false;
  locals->clear();
  if (!locals->append(params)) return fail_memory();
  uint64_t total = params.size();
  uint64_t excess_offset = 0;
  const uint32_t groups = reader_.u32();
  for (uint32_t i = 0; i < groups; ++i) {
    inst_.offset = reader_.offset();
    const uint32_t count = reader_.u32();
    if (!reader_.ok()) return fail_malformed();
    total += count;
    if (total > ~uint32_t{0}) {
      return fail(ErrorCode::TooManyLocals, format("found %llu", static_cast<unsigned long long>(total)));
    }
    if (total > wasm::kMaxLocals && excess_offset == 0) excess_offset = inst_.offset;
    inst_.offset = reader_.offset();
    base::Result<ValType> type = wasm::read_val_type(reader_, module_.features);
    if (!type) {
      error_ = std::move(type).error();
      return false;
    }
    if (!resolve(&*type)) return false;
    if (count != 0 && !type->is_defaultable()) *has_uninitialized = true;
    if (excess_offset == 0 && !add_locals(*type, total, locals)) return false;
  }
  if (!reader_.ok()) return fail_malformed();
  if (excess_offset == 0) return true;
  inst_.offset = excess_offset;  // Our limit yields to the format's own.
  return fail(ErrorCode::TooManyItems, format("found %llu locals, expected at most %u",
                                              static_cast<unsigned long long>(total), wasm::kMaxLocals));
}

bool BodyChecks::add_locals(ValType type, size_t end, base::Vector<ValType>* locals) {
  const size_t first = locals->size();
  if (!locals->resize(end)) return fail_memory();
  for (size_t local = first; local < end; ++local) (*locals)[local] = type;
  return true;
}

bool BodyChecks::read_instruction() {
  base::Result<void> read = wasm::read_instruction(reader_, module_.features, &inst_);
  if (read) return true;
  error_ = std::move(read).error();
  return false;
}

bool BodyChecks::matches_slowly(ValType found, ValType expected) const {
  if (!found.is_ref() || !expected.is_ref()) return found == expected;
  if (found == kAnyReference) return true;
  return registry_.is_subtype(found, expected);
}

bool BodyChecks::match_all(std::span<const ValType> found, std::span<const ValType> expected) {
  if (found.size() != expected.size()) return fail_arity("result", found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (!match(found[i], expected[i])) return false;
  }
  return true;
}

const CanonType* BodyChecks::type_at(uint32_t index) {
  if (index < typed_.types.size()) return &typed_.types[TypeIndex(index)];
  fail_index(ErrorCode::UnknownType, index, typed_.types.size());
  return nullptr;
}

const CanonType* BodyChecks::func_type_at(uint32_t index) {
  const CanonType* type = type_at(index);
  if (type == nullptr || type->kind == CompositeKind::Func) return type;
  fail(ErrorCode::NotFunctionType, format("found type %u", index));
  return nullptr;
}

const CanonType* BodyChecks::struct_type_at(uint32_t index) {
  const CanonType* type = type_at(index);
  if (type == nullptr || type->kind == CompositeKind::Struct) return type;
  fail(ErrorCode::NotStructType, format("found type %u", index));
  return nullptr;
}

const CanonType* BodyChecks::array_type_at(uint32_t index) {
  const CanonType* type = type_at(index);
  if (type == nullptr || type->kind == CompositeKind::Array) return type;
  fail(ErrorCode::NotArrayType, format("found type %u", index));
  return nullptr;
}

bool BodyChecks::resolve(HeapType* heap) {
  if (!heap->is_concrete()) return true;
  if (heap->index() >= typed_.types.size()) {
    return fail_index(ErrorCode::UnknownType, heap->index(), typed_.types.size());
  }
  *heap = typed_.types.canonical(*heap);
  return true;
}

bool BodyChecks::resolve(ValType* type) {
  if (!type->is_ref()) return true;
  HeapType heap = type->heap();
  if (!resolve(&heap)) return false;
  *type = ValType::ref(heap, type->nullable());
  return true;
}

bool BodyChecks::check_memory(uint32_t index) {
  return index < module_.memories.size() ||
         fail_index(ErrorCode::UnknownMemory, index, module_.memories.size());
}

bool BodyChecks::check_table(uint32_t index) {
  return index < module_.tables.size() || fail_index(ErrorCode::UnknownTable, index, module_.tables.size());
}

bool BodyChecks::check_global(uint32_t index) {
  return index < module_.globals.size() ||
         fail_index(ErrorCode::UnknownGlobal, index, module_.globals.size());
}

bool BodyChecks::check_tag(uint32_t index) {
  return index < module_.tags.size() || fail_index(ErrorCode::UnknownTag, index, module_.tags.size());
}

bool BodyChecks::check_element(uint32_t index) {
  return index < module_.elements.size() ||
         fail_index(ErrorCode::UnknownElement, index, module_.elements.size());
}

bool BodyChecks::check_data(uint32_t index) {
  if (!module_.data_count) return fail(ErrorCode::DataCountRequired);
  return index < *module_.data_count || fail_index(ErrorCode::UnknownData, index, *module_.data_count);
}

bool BodyChecks::check_func_reference(uint32_t index, bool in_body) {
  if (index >= module_.funcs.size())
    return fail_index(ErrorCode::UnknownFunction, index, module_.funcs.size());
  if (in_body && !typed_.is_declared(wasm::FuncIndex(index))) {
    return fail(ErrorCode::UndeclaredFunctionReference, format("function %u", index));
  }
  return true;
}

bool BodyChecks::check_access() {
  const Immediate immediate = wasm::info(inst_.op).immediate;
  const uint32_t natural = wasm::natural_align_log2(immediate);
  if (is_atomic(immediate) && inst_.align_log2 != natural) {
    return fail(ErrorCode::AtomicAlignment, format("found 2^%u, expected 2^%u", inst_.align_log2, natural));
  }
  if (inst_.align_log2 > natural) {
    return fail(ErrorCode::AlignmentTooLarge,
                format("found 2^%u, expected at most 2^%u", inst_.align_log2, natural));
  }
  if (!module_.memories[inst_.memory].type.limits.is_64 && inst_.value > ~uint32_t{0}) {
    return fail(ErrorCode::OffsetOutOfRange,
                format("found %llu, expected less than 2^32", static_cast<unsigned long long>(inst_.value)));
  }
  return immediate < Immediate::LaneArg1 || check_lane();
}

bool BodyChecks::check_lane() {
  const Immediate immediate = wasm::info(inst_.op).immediate;
  if (immediate == Immediate::Shuffle) {
    for (const uint8_t lane : inst_.vector) {
      if (lane >= 32) return fail(ErrorCode::InvalidLane, format("found %u, expected less than 32", lane));
    }
    return true;
  }
  const uint32_t count = lane_count(immediate);
  return inst_.lane < count ||
         fail(ErrorCode::InvalidLane, format("found %u, expected less than %u", inst_.lane, count));
}

HeapType BodyChecks::top_of(HeapType heap) const {
  if (heap.is_concrete()) {
    const bool is_func = registry_.type(wasm::CanonId(heap.index())).kind == CompositeKind::Func;
    return is_func ? AbstractHeap::Func : AbstractHeap::Any;
  }
  switch (heap.abstract()) {
    case AbstractHeap::Func:
    case AbstractHeap::NoFunc: return AbstractHeap::Func;
    case AbstractHeap::Extern:
    case AbstractHeap::NoExtern: return AbstractHeap::Extern;
    case AbstractHeap::Exn:
    case AbstractHeap::NoExn: return AbstractHeap::Exn;
    default: return AbstractHeap::Any;
  }
}

std::string BodyChecks::text_of(ValType type) const {
  if (type == kAnyReference) return "a reference";
  if (!type.is_ref() || !type.heap().is_concrete()) return wasm::to_text(type);
  for (uint32_t i = 0; i < typed_.types.size(); ++i) {
    if (typed_.types[TypeIndex(i)].id.value == type.heap().index()) {
      return wasm::to_text(ValType::ref(HeapType::concrete(i), type.nullable()));
    }
  }
  return wasm::to_text(type);
}

bool is_constant(Op op, wasm::Features features) {
  switch (op) {
    case Op::End:
    case Op::I32Const:
    case Op::I64Const:
    case Op::F32Const:
    case Op::F64Const:
    case Op::V128Const:
    case Op::RefNull:
    case Op::RefFunc:
    case Op::GlobalGet: return true;
    case Op::I32Add:
    case Op::I32Sub:
    case Op::I32Mul:
    case Op::I64Add:
    case Op::I64Sub:
    case Op::I64Mul: return features.has(wasm::Feature::ExtendedConst);
    case Op::StructNew:
    case Op::StructNewDefault:
    case Op::ArrayNew:
    case Op::ArrayNewDefault:
    case Op::ArrayNewFixed:
    case Op::RefI31:
    case Op::AnyConvertExtern:
    case Op::ExternConvertAny: return features.has(wasm::Feature::Gc);
    default: return false;
  }
}

}  // namespace wherry::validate
