// The import section (core spec 5.5.5), with the groups of the compact-imports proposal: an import whose name is
// empty and whose kind is 0x7f is followed by a list of names with types, and one of 0x7e by a type and a list of
// names. Imports fill the front of the index spaces.
#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

using base::Result;
using wasm::ErrorCode;
using wasm::ExternKind;
using wasm::Feature;
using wasm::Import;

constexpr uint8_t kGroupOfTypes = 0x7f;
constexpr uint8_t kGroupOfOneType = 0x7e;

base::Failure too_many(const char* what, uint64_t offset) {
  return base::fail(ErrorCode::TooManyItems, offset, std::string("found too many ") + what);
}

// Puts `item` at the end of its space and its place there into the import.
template <class Space, class T>
Result<void> append(Space& space, uint32_t limit, const char* what, const T& item, uint32_t* imported,
                    Import* import) {
  if (space.size() >= limit) return too_many(what, import->offset);
  import->index = static_cast<uint32_t>(space.size());
  if (!space.push_back(item)) return out_of_memory();
  ++*imported;
  return {};
}

Result<void> read_global_import(Section& section, Import* import) {
  const wasm::GlobalType type = WHERRY_TRY(read_global_type(section));
  if (type.is_mutable && !section.has(Feature::MutableGlobal)) {
    return feature_disabled(Feature::MutableGlobal, "the import of a mutable global", import->offset);
  }
  wasm::Module& module = section.module;
  return append(module.globals, wasm::kMaxGlobals, "globals", wasm::Global{type, {}, import->offset},
                &module.imported_globals, import);
}

// Reads a kind and its type into the index space of the kind.
Result<void> read_extern(Section& section, Import* import) {
  wasm::Module& module = section.module;
  const uint64_t offset = section.reader.offset();
  const uint8_t kind = WHERRY_TRY(read_byte(section));
  import->kind = static_cast<ExternKind>(kind);
  switch (import->kind) {
    case ExternKind::Func: {
      const wasm::Func func{wasm::TypeIndex(section.reader.u32())};
      if (!section.reader.ok()) return wasm::reader_failure(section.reader);
      return append(module.funcs, wasm::kMaxFunctions, "functions", func, &module.imported_funcs, import);
    }
    case ExternKind::Table: {
      const wasm::TableType type = WHERRY_TRY(read_table_type(section));
      return append(module.tables, wasm::kMaxTables, "tables", wasm::Table{type, {}, import->offset},
                    &module.imported_tables, import);
    }
    case ExternKind::Memory: {
      const wasm::MemoryType type = WHERRY_TRY(read_memory_type(section));
      return append(module.memories, wasm::kMaxMemories, "memories", wasm::Memory{type, import->offset},
                    &module.imported_memories, import);
    }
    case ExternKind::Global: return read_global_import(section, import);
    case ExternKind::Tag: {
      const wasm::Tag tag = WHERRY_TRY(read_tag(section));
      return append(module.tags, wasm::kMaxTags, "tags", tag, &module.imported_tags, import);
    }
  }
  return unexpected_byte(ErrorCode::MalformedImportKind, offset, kind, "0x00 to 0x04");
}

Result<void> add(Section& section, const Import& import) {
  if (section.module.imports.size() >= wasm::kMaxImports) return too_many("imports", import.offset);
  if (!section.module.imports.push_back(import)) return out_of_memory();
  return {};
}

Result<void> read_group_of_types(Section& section, Import import) {
  const uint32_t count =
      WHERRY_TRY(read_count(section, "imports", section.module.imports.size(), wasm::kMaxImports));
  for (uint32_t i = 0; i < count; ++i) {
    import.offset = section.reader.offset();
    import.name = WHERRY_TRY(read_name(section));
    WHERRY_TRY(read_extern(section, &import));
    WHERRY_TRY(add(section, import));
  }
  return {};
}

// One byte may stand for an import here, so growing by halves would take more memory than the input allows.
template <class Space>
Result<void> reserve_more(Space& space, uint32_t count) {
  if (count > space.size() && !space.reserve(space.size() + count)) return out_of_memory();
  return {};
}

Result<void> reserve_group(wasm::Module& module, ExternKind kind, uint32_t count) {
  WHERRY_TRY(reserve_more(module.imports, count));
  switch (kind) {
    case ExternKind::Func: return reserve_more(module.funcs, count);
    case ExternKind::Global: return reserve_more(module.globals, count);
    case ExternKind::Tag: return reserve_more(module.tags, count);
    case ExternKind::Table:
    case ExternKind::Memory: return {};  // Few are allowed.
  }
  return {};
}

// The type stands once and is read again for every name, so that each import gets an item of its own.
Result<void> read_group_of_one_type(Section& section, Import import) {
  const uint8_t* const type = section.reader.position();
  {
    wasm::Module scratch;  // Only to find the type's end, and to check its form when no name follows.
    scratch.features = section.module.features;
    Section skipped{section.reader, scratch, 0};
    WHERRY_TRY(read_extern(skipped, &import));
    section.reader.seek(skipped.reader.position());
  }
  const uint32_t count =
      WHERRY_TRY(read_count(section, "imports", section.module.imports.size(), wasm::kMaxImports));
  WHERRY_TRY(reserve_group(section.module, import.kind, count));
  for (uint32_t i = 0; i < count; ++i) {
    import.offset = section.reader.offset();
    import.name = WHERRY_TRY(read_name(section));
    const uint8_t* const next = section.reader.position();
    section.reader.seek(type);
    WHERRY_TRY(read_extern(section, &import));
    section.reader.seek(next);
    WHERRY_TRY(add(section, import));
  }
  return {};
}

}  // namespace

Result<void> decode_imports(Section& section) {
  const uint32_t count = WHERRY_TRY(read_count(section, "imports", 0, wasm::kMaxImports));
  if (!section.module.imports.reserve(count)) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    Import import;
    import.offset = section.reader.offset();
    import.module = WHERRY_TRY(read_name(section));
    import.name = WHERRY_TRY(read_name(section));
    const uint8_t kind = section.reader.peek();
    if (import.name.empty() && (kind == kGroupOfTypes || kind == kGroupOfOneType)) {
      if (!section.has(Feature::CompactImports)) {
        return feature_disabled(Feature::CompactImports, "an import group", section.reader.offset());
      }
      section.reader.u8();
      WHERRY_TRY(kind == kGroupOfTypes ? read_group_of_types(section, import)
                                       : read_group_of_one_type(section, import));
      continue;
    }
    WHERRY_TRY(read_extern(section, &import));
    WHERRY_TRY(add(section, import));
  }
  return {};
}

}  // namespace wherry::decode
