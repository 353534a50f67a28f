// Validation of everything but the bodies (core spec 3.5): what a module needs before its functions can be called
// lazily. A module of 20 MB has 90,000 functions and must be through in about a millisecond, so of a function only
// the type index is looked at; element segments of plain indices are one walk over their bytes.
//
// Constant expressions go through the same FunctionValidator as bodies, which asks of every instruction first
// whether it is constant. What they name by ref.func counts as declared (the spec's C.refs), as do exports and the
// items of element segments; the bits are collected on the way, so bodies can be checked afterwards in any order.
//
// Globals become visible one by one: an initialiser names earlier ones only; those of tables, which come before
// the globals, only imported ones. Duplicate export names are found by sorting, which needs no hash of names that
// an attacker could choose.
//
// Of a compiled module (type_compiled_module) whoever compiled it has checked what grows with the numbers of functions, items
// and data segments: those walks are left out, and everything that they would have found is either used in place or checked
// again by whoever uses it.
#include <algorithm>
#include <cstdio>

#include "engine/validate/function_validator.h"

namespace wherry::validate {

namespace {

using base::Result;
using wasm::ErrorCode;
using wasm::ExternKind;
using wasm::Feature;
using wasm::ValType;

using ConstantValidator = FunctionValidator<NullSink>;

constexpr uint64_t kMaxIndex32 = 0xffff'ffff;

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }

base::Failure bad_index(ErrorCode code, uint64_t offset, uint32_t found, size_t count) {
  return base::fail(code, offset, format("found %u, expected less than %zu", found, count));
}

using Ull = unsigned long long;

Result<void> check_limits(const wasm::Limits& limits, uint64_t most, ErrorCode too_large, const char* unit,
                          uint64_t offset) {
  const uint64_t largest = limits.has_max ? std::max(limits.min, limits.max) : limits.min;
  if (largest > most) {
    return base::fail(too_large, offset,
                      format("found %llu %s, expected at most %llu", Ull{largest}, unit, Ull{most}));
  }
  if (limits.has_max && limits.min > limits.max) {
    return base::fail(ErrorCode::MinimumAboveMaximum, offset,
                      format("found minimum %llu, maximum %llu", Ull{limits.min}, Ull{limits.max}));
  }
  return {};
}

// Whether the (well-formed) expression is nothing but i32.const or i64.const as expected: Go's linker makes 100,000
// data segments, each with one.
bool is_plain_constant(base::ByteSpan bytes, ValType expected) {
  constexpr uint8_t kI32Const = 0x41;
  constexpr uint8_t kI64Const = 0x42;
  const uint8_t opcode = expected == wasm::kI32 ? kI32Const : kI64Const;
  if (bytes.size() < 3 || bytes[0] != opcode || (expected != wasm::kI32 && expected != wasm::kI64))
    return false;
  size_t last = 1;
  while (last + 2 < bytes.size() && bytes[last] >= 0x80) ++last;
  return last + 2 == bytes.size();  // Then comes `end`.
}

class ModuleChecks {
 public:
  explicit ModuleChecks(TypedModule& typed, const CompiledParts* compiled)
      : typed_(typed), module_(typed.module), compiled_(compiled), constants_(typed, buffers_, sink_) {}

  Result<void> run() {
    WHERRY_TRY(check_funcs());
    WHERRY_TRY(check_features());
    WHERRY_TRY(declare_exports());
    WHERRY_TRY(resolve_globals());
    WHERRY_TRY(check_tables());
    WHERRY_TRY(check_memories());
    WHERRY_TRY(check_tags());
    WHERRY_TRY(check_globals());
    WHERRY_TRY(check_exports());
    WHERRY_TRY(check_start());
    WHERRY_TRY(check_elements());
    if (compiled_ != nullptr && compiled_->has_data) return {};
    return check_data();
  }

 private:
  Result<void> check_funcs();
  Result<void> check_features();
  Result<void> declare_exports();
  Result<void> check_tables();
  Result<void> check_memories();
  Result<void> check_tags();
  Result<void> resolve_globals();
  Result<void> check_globals();
  Result<void> check_exports();
  Result<void> check_export_names();
  Result<void> check_start();
  Result<void> check_elements();
  Result<void> check_element_items(const wasm::ElementSegment& segment, ValType type);
  Result<void> check_data();

  Result<void> check_func_type(wasm::TypeIndex type, uint64_t offset);
  Result<ValType> resolve(ValType type, uint64_t offset);
  Result<void> check_constant(const wasm::ConstExpr& expr, ValType expected, uint32_t visible_globals) {
    if (is_plain_constant(expr.bytes, expected)) return {};
    WHERRY_TRY(constants_.run_constant(expr, expected, visible_globals, declared()));
    return {};
  }
  uint32_t all_globals() const { return static_cast<uint32_t>(module_.globals.size()); }
  size_t count_of(ExternKind kind) const;
  uint64_t import_offset(ExternKind kind, uint32_t index) const;
  // Where what is named is noted; empty if that is known.
  std::span<uint64_t> declared() { return typed_.declared_refs.own(); }
  void declare(uint32_t func) { declared()[func / 64] |= uint64_t{1} << (func % 64); }

  TypedModule& typed_;
  const wasm::Module& module_;
  const CompiledParts* const compiled_;  // Null: nothing is known.
  NullSink sink_;
  ValidatorBuffers<NullSink> buffers_;
  ConstantValidator constants_;
};

Result<void> ModuleChecks::check_func_type(wasm::TypeIndex type, uint64_t offset) {
  if (type.value >= typed_.types.size()) {
    return bad_index(ErrorCode::UnknownType, offset, type.value, typed_.types.size());
  }
  if (typed_.types[type].kind != wasm::CompositeKind::Func) {
    return base::fail(ErrorCode::NotFunctionType, offset, format("found type %u", type.value));
  }
  return {};
}

Result<ValType> ModuleChecks::resolve(ValType type, uint64_t offset) {
  if (type.is_ref() && type.heap().is_concrete() && type.heap().index() >= typed_.types.size()) {
    return bad_index(ErrorCode::UnknownType, offset, type.heap().index(), typed_.types.size());
  }
  return typed_.types.canonical(type);
}

// Where an imported item was declared; errors only, so searching is good enough.
uint64_t ModuleChecks::import_offset(ExternKind kind, uint32_t index) const {
  for (const wasm::Import& import : module_.imports) {
    if (import.kind == kind && import.index == index) return import.offset;
  }
  return base::Error::kNoOffset;
}

Result<void> ModuleChecks::check_funcs() {
  const size_t unknown = compiled_ == nullptr ? module_.funcs.size() : module_.imported_funcs;
  for (uint32_t i = 0; i < unknown; ++i) {
    const wasm::TypeIndex type = module_.funcs[i].type;
    if (type.value < typed_.types.size() && typed_.types[type].kind == wasm::CompositeKind::Func) [[likely]]
      continue;
    base::Failure failure(check_func_type(type, import_offset(ExternKind::Func, i)).error());
    failure.error().detail = format("function %u: ", i) + failure.error().detail;
    return failure;
  }
  if (compiled_ != nullptr) {
    typed_.declared_refs.borrow(compiled_->declared_refs);
  } else if (!typed_.declared_refs.resize(module_.funcs.size() / 64 + 1)) {
    return out_of_memory();
  }
  return {};
}

// What features forbid and the decoder cannot see from one section.
Result<void> ModuleChecks::check_features() {
  if (module_.memories.size() > 1 && !module_.features.has(Feature::MultiMemory)) {
    return base::fail(ErrorCode::MultipleMemories, module_.memories[1].offset,
                      format("found %zu, expected at most 1 without multi-memory", module_.memories.size()));
  }
  if (module_.tables.size() > 1 && !module_.features.has(Feature::ReferenceTypes)) {
    return base::fail(ErrorCode::MultipleTables, module_.tables[1].offset,
                      format("found %zu, expected at most 1 without reference-types", module_.tables.size()));
  }
  return {};
}

Result<void> ModuleChecks::declare_exports() {
  if (compiled_ != nullptr) return {};
  for (const wasm::Export& exported : module_.exports) {
    if (exported.kind == ExternKind::Func && exported.index < module_.funcs.size()) declare(exported.index);
  }
  return {};
}

Result<void> ModuleChecks::check_tables() {
  if (!typed_.table_types.reserve(module_.tables.size())) return out_of_memory();
  for (const wasm::Table& table : module_.tables) {
    const ValType element = WHERRY_TRY(resolve(table.type.element, table.offset));
    if (!typed_.table_types.push_back(element)) return out_of_memory();
    const uint64_t most = table.type.limits.is_64 ? ~uint64_t{0} : kMaxIndex32;
    WHERRY_TRY(check_limits(table.type.limits, most, ErrorCode::TableTooLarge, "elements", table.offset));
    const bool is_import = typed_.table_types.size() <= module_.imported_tables;
    if (table.init) {
      WHERRY_TRY(check_constant(*table.init, element, module_.imported_globals));
    } else if (!is_import && !element.is_defaultable()) {
      return base::fail(ErrorCode::TypeMismatch, table.offset,
                        "expected an initial value for elements of " + wasm::to_text(table.type.element));
    }
  }
  return {};
}

// All sizes below 2^index bits bytes, or all of them where a page is larger than a byte.
uint64_t max_pages(const wasm::MemoryType& type) {
  const uint32_t index_bits = type.limits.is_64 ? 64 : 32;
  if (type.page_size_log2 == 0) return type.limits.is_64 ? ~uint64_t{0} : kMaxIndex32;
  return uint64_t{1} << (index_bits - type.page_size_log2);
}

Result<void> ModuleChecks::check_memories() {
  for (const wasm::Memory& memory : module_.memories) {
    const wasm::MemoryType& type = memory.type;
    if (type.page_size_log2 != 0 && type.page_size_log2 != 16) {
      return base::fail(ErrorCode::InvalidPageSize, memory.offset,
                        format("found 2^%u, expected 1 or 65536", type.page_size_log2));
    }
    WHERRY_TRY(check_limits(type.limits, max_pages(type), ErrorCode::MemoryTooLarge, "pages", memory.offset));
    if (type.limits.is_shared && !type.limits.has_max) {
      return base::fail(ErrorCode::SharedMemoryNeedsMaximum, memory.offset);
    }
  }
  return {};
}

Result<void> ModuleChecks::check_tags() {
  for (const wasm::Tag& tag : module_.tags) {
    WHERRY_TRY(check_func_type(tag.type, tag.offset));
    const size_t results = typed_.types[tag.type].func.results.size();
    if (results != 0) {
      return base::fail(ErrorCode::TagWithResults, tag.offset,
                        format("found %zu result%s, expected none", results, results == 1 ? "" : "s"));
    }
  }
  return {};
}

Result<void> ModuleChecks::resolve_globals() {
  if (!typed_.global_types.reserve(module_.globals.size())) return out_of_memory();
  for (const wasm::Global& global : module_.globals) {
    if (!typed_.global_types.push_back(WHERRY_TRY(resolve(global.type.content, global.offset)))) {
      return out_of_memory();
    }
  }
  return {};
}

Result<void> ModuleChecks::check_globals() {
  for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
    const uint32_t visible = module_.features.has(Feature::Gc) ? i : module_.imported_globals;
    WHERRY_TRY(check_constant(module_.globals[i].init, typed_.global_types[i], visible));
  }
  return {};
}

size_t ModuleChecks::count_of(ExternKind kind) const {
  switch (kind) {
    case ExternKind::Func: return module_.funcs.size();
    case ExternKind::Table: return module_.tables.size();
    case ExternKind::Memory: return module_.memories.size();
    case ExternKind::Global: return module_.globals.size();
    case ExternKind::Tag: return module_.tags.size();
  }
  return 0;
}

ErrorCode unknown_item(ExternKind kind) {
  switch (kind) {
    case ExternKind::Table: return ErrorCode::UnknownTable;
    case ExternKind::Memory: return ErrorCode::UnknownMemory;
    case ExternKind::Global: return ErrorCode::UnknownGlobal;
    case ExternKind::Tag: return ErrorCode::UnknownTag;
    default: return ErrorCode::UnknownFunction;
  }
}

Result<void> ModuleChecks::check_exports() {
  for (const wasm::Export& exported : module_.exports) {
    if (exported.index < count_of(exported.kind)) continue;
    return bad_index(unknown_item(exported.kind), exported.offset, exported.index, count_of(exported.kind));
  }
  return check_export_names();
}

Result<void> ModuleChecks::check_export_names() {
  if (compiled_ != nullptr) return {};  // A tenth of a load; who asks for a name is given one of its exports.
  base::Vector<uint32_t> order;
  if (!order.resize(module_.exports.size())) return out_of_memory();
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
    const int compared = module_.exports[a].name.compare(module_.exports[b].name);
    return compared != 0 ? compared < 0 : a < b;
  });
  uint32_t first = ~uint32_t{0};
  for (size_t i = 1; i < order.size(); ++i) {
    if (module_.exports[order[i]].name == module_.exports[order[i - 1]].name)
      first = std::min(first, order[i]);
  }
  if (first == ~uint32_t{0}) return {};
  const wasm::Export& exported = module_.exports[first];
  return base::fail(ErrorCode::DuplicateExport, exported.offset,
                    "found \"" + std::string(exported.name.substr(0, 100)) + "\" twice");
}

Result<void> ModuleChecks::check_start() {
  if (!module_.start) return {};
  const wasm::Start& start = *module_.start;
  if (start.func.value >= module_.funcs.size()) {
    return bad_index(ErrorCode::UnknownFunction, start.offset, start.func.value, module_.funcs.size());
  }
  const wasm::FuncType& type = typed_.func_type(start.func).func;
  if (type.params.empty() && type.results.empty()) return {};
  const size_t params = type.params.size();
  const size_t results = type.results.size();
  return base::fail(ErrorCode::StartFunctionType, start.offset,
                    format("found %zu parameter%s and %zu result%s, expected none", params,
                           params == 1 ? "" : "s", results, results == 1 ? "" : "s"));
}

Result<void> ModuleChecks::check_elements() {
  if (!typed_.element_types.reserve(module_.elements.size())) return out_of_memory();
  for (const wasm::ElementSegment& segment : module_.elements) {
    const ValType type = WHERRY_TRY(resolve(segment.type, segment.offset));
    if (!typed_.element_types.push_back(type)) return out_of_memory();
    if (segment.mode == wasm::SegmentMode::Active) {
      const uint32_t table = segment.table.value;
      if (table >= module_.tables.size()) {
        return bad_index(ErrorCode::UnknownTable, segment.offset, table, module_.tables.size());
      }
      if (!typed_.registry->is_subtype(type, typed_.table_types[table])) {
        return base::fail(ErrorCode::TypeMismatch, segment.offset,
                          "expected elements of " + wasm::to_text(module_.tables[table].type.element) +
                              ", found " + wasm::to_text(segment.type));
      }
      WHERRY_TRY(
          check_constant(segment.offset_expr, module_.tables[table].type.limits.index_type(), all_globals()));
    }
    if (compiled_ == nullptr) WHERRY_TRY(check_element_items(segment, type));
  }
  return {};
}

Result<void> ModuleChecks::check_element_items(const wasm::ElementSegment& segment, ValType type) {
  if (segment.has_expressions) {
    wasm::ConstExpr rest{segment.items, segment.items_offset};
    for (uint32_t i = 0; i < segment.count; ++i) {
      const size_t size_bytes = WHERRY_TRY(constants_.run_constant(rest, type, all_globals(), declared()));
      rest.bytes = rest.bytes.subspan(size_bytes);
      rest.offset += size_bytes;
    }
    return {};
  }
  base::ByteReader reader(segment.items, segment.items_offset);
  for (uint32_t i = 0; i < segment.count; ++i) {
    const uint64_t offset = reader.offset();
    const uint32_t func = reader.u32();
    if (func >= module_.funcs.size()) {
      return bad_index(ErrorCode::UnknownFunction, offset, func, module_.funcs.size());
    }
    declare(func);
  }
  return {};
}

Result<void> ModuleChecks::check_data() {
  for (const wasm::DataSegment& segment : module_.data) {
    if (segment.mode != wasm::SegmentMode::Active) continue;
    if (segment.memory.value >= module_.memories.size()) {
      return bad_index(ErrorCode::UnknownMemory, segment.offset, segment.memory.value,
                       module_.memories.size());
    }
    const wasm::Limits& limits = module_.memories[segment.memory.value].type.limits;
    WHERRY_TRY(check_constant(module_.offset_of(segment), limits.index_type(), all_globals()));
  }
  return {};
}

}  // namespace

Result<TypedModule> type_module(wasm::Module&& module, wasm::TypeRegistry& registry,
                                const CompiledParts* compiled) {
  TypedModule typed;
  typed.types = WHERRY_TRY(registry.add(module));
  typed.registry = &registry;
  typed.module = std::move(module);
  WHERRY_TRY(ModuleChecks(typed, compiled).run());
  return typed;
}

}  // namespace wherry::validate
