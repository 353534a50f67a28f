// Instantiation (core spec 4.7.3), step by step: check imports, allocate, give globals and tables their values, apply
// active element segments, then active data segments, each in the order of the module, and run the start function.
//
// A trap in a segment leaves what earlier ones wrote, which other instances may see through imported tables and
// memories. So instance and functions stay alive in the store even when instantiation fails.
//
// Cost: an addition and a store for each item of an active element segment, a copy of each data segment. Nothing depends
// on the number of functions. Passive segments of expressions are worked out here as the specification says (an
// expression may one day make an object); those of function indices when table.init first reads them.
#include "engine/instantiate/instantiate.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "engine/base/os/reservations.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/runtime/const_expr.h"
#include "engine/runtime/shared_bytes.h"
#include "engine/wasm/errors.h"

namespace wherry::instantiate {

using runtime::Instance;
using runtime::Outcome;
using runtime::Stop;
using wasm::TrapCode;

namespace {

base::Result<void> check_imports(const runtime::ModuleShape& shape,
                                 std::span<const runtime::ExternValue> imports) {
  const size_t wanted = shape.module->imports.size();
  if (imports.size() != wanted) {
    char detail[64];
    std::snprintf(detail, sizeof detail, "found %zu imports, expected %zu", imports.size(), wanted);
    return base::fail(wasm::ErrorCode::IncompatibleImport, base::Error::kNoOffset, detail);
  }
  for (uint32_t i = 0; i < wanted; ++i) {
    if (imports[i].is_null()) return unknown_import(shape, i);
    WHERRY_TRY(check_import(shape, i, runtime::type_of(imports[i])));
  }
  return {};
}

uint32_t global_count(const Instance& instance) {
  return static_cast<uint32_t>(instance.module().globals.size());
}

base::Result<void> set_globals(Instance& instance) {
  const wasm::Module& module = instance.module();
  for (uint32_t i = module.imported_globals; i < module.globals.size(); ++i) {
    const runtime::ConstPlace place{instance.shape().global_types[i], i};
    WHERRY_TRY(runtime::evaluate(module.globals[i].init, place, instance, instance.global_slots(i)));
  }
  return {};
}

base::Result<void> set_tables(Instance& instance) {
  const wasm::Module& module = instance.module();
  for (uint32_t i = module.imported_tables; i < module.tables.size(); ++i) {
    if (!module.tables[i].init) continue;
    const runtime::ConstPlace place{instance.shape().table_types[i], global_count(instance)};
    abi::Ref value = abi::kNullRef;
    WHERRY_TRY(runtime::evaluate(*module.tables[i].init, place, instance, &value));
    runtime::Table& table = *instance.table(i);
    if (value != abi::kNullRef) std::fill_n(table.object.entries, table.size(), value);
  }
  return {};
}

// Where an active segment goes: an i32 or an i64, by the index type.
base::Result<uint64_t> offset_of(Instance& instance, const wasm::ConstExpr& expression,
                                 const wasm::Limits& limits) {
  const runtime::ConstPlace place{limits.index_type(), global_count(instance)};
  uint64_t offset = 0;
  WHERRY_TRY(runtime::evaluate(expression, place, instance, &offset));
  return offset;
}

Outcome<void> apply_element(Instance& instance, uint32_t segment) {
  const wasm::ElementSegment& source = instance.module().elements[segment];
  if (source.mode == wasm::SegmentMode::Active) {
    runtime::Table& table = *instance.table(source.table.value);
    const uint64_t offset = WHERRY_TRY_STOP(offset_of(instance, source.offset_expr, table.type().limits));
    abi::Ref* const target = table.range(offset, source.count);
    if (target == nullptr) return Stop::trapped(TrapCode::TableOutOfBounds);
    base::Result<void> read = instance.read_element(segment, target);
    if (!read) return Stop::failed(std::move(read).error());
  }
  if (source.mode != wasm::SegmentMode::Passive) {
    instance.drop_element(segment);
  } else if (source.has_expressions) {
    (void)WHERRY_TRY_STOP(instance.element(segment));
  }
  return {};
}

Outcome<void> apply_data(Instance& instance, uint32_t segment) {
  const wasm::DataSegment& source = instance.module().data[segment];
  if (source.mode != wasm::SegmentMode::Active) return {};
  runtime::LinearMemory& memory = *instance.memory(source.memory.value);
  const uint64_t offset =
      WHERRY_TRY_STOP(offset_of(instance, instance.module().offset_of(source), memory.type().limits));
  const base::ByteSpan content = instance.module().bytes_of(source.content);
  const uint64_t size = content.size();
  if (size > memory.size_bytes() || offset > memory.size_bytes() - size) {
    return Stop::trapped(TrapCode::MemoryOutOfBounds);
  }
  base::prefault_pages(memory.base() + offset, size);
  if (memory.is_shared()) {
    runtime::move_shared(memory.base() + offset, content.data(), size);
  } else if (size != 0) {
    memory.note_written(offset, size);
    std::memcpy(memory.base() + offset, content.data(), size);
  }
  instance.drop_data(segment);
  return {};
}

// Pages that few touch are mapped, the others copied: a mapping costs a microsecond, and each of its pages that is written a fault with
// a copy, twice what copying four pages beforehand takes.
Outcome<void> apply_image(Instance& instance, const runtime::MemoryImage& image) {
  constexpr size_t kWorthMapping = 64 << 10;
  runtime::LinearMemory& memory = *instance.memory(0);
  for (const runtime::MemoryImage::Run& run : image.runs) {
    const size_t size = run.bytes.size();
    if (size > memory.size_bytes() || run.memory_offset > memory.size_bytes() - size) {
      return Stop::failed(
          {wasm::ErrorCode::ArtifactDamaged, base::Error::kNoOffset, "memory image outside of the memory"});
    }
    uint8_t* const target = memory.base() + run.memory_offset;
    if (size >= kWorthMapping && base::map_private_copy(target, size, image.descriptor, run.file_offset)) {
      base::note_mapped_file(memory.base());
      continue;
    }
    base::prefault_pages(target, size);
    memory.note_written(run.memory_offset, size);
    std::memcpy(target, run.bytes.data(), size);
  }
  instance.drop_all_data();
  return {};
}

Outcome<void> apply_all_data(Instance& instance) {
  if (const runtime::MemoryImage* const image = instance.shape().image) return apply_image(instance, *image);
  const auto count = static_cast<uint32_t>(instance.module().data.size());
  for (uint32_t i = 0; i < count; ++i) WHERRY_TRY_OUTCOME(apply_data(instance, i));
  return {};
}

Outcome<void> initialise(Instance& instance) {
  const wasm::Module& module = instance.module();
  WHERRY_TRY_STOP(set_globals(instance));
  WHERRY_TRY_STOP(set_tables(instance));
  for (uint32_t i = 0; i < module.elements.size(); ++i) WHERRY_TRY_OUTCOME(apply_element(instance, i));
  WHERRY_TRY_OUTCOME(apply_all_data(instance));
  if (!module.start) return {};
  return instance.store().call(instance.func(module.start->func.value), nullptr);
}

}  // namespace

Outcome<Instance*> instantiate(runtime::Store& store, const runtime::ModuleShape& shape,
                               std::span<const runtime::ExternValue> imports, runtime::ModuleOwner owner) {
  if (base::Result<void> checked = check_imports(shape, imports); !checked) {
    if (owner.release != nullptr) owner.release(owner.object);
    return Stop::failed(std::move(checked).error());
  }
  Instance* const instance = WHERRY_TRY_STOP(Instance::allocate(store, shape, imports, owner));
  WHERRY_TRY_OUTCOME(initialise(*instance));
  return instance;
}

}  // namespace wherry::instantiate
