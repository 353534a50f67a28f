#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/bytes.h"
#include "engine/base/items.h"
#include "engine/base/vector.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

// The data model of a decoded module (core spec 2.5), made by decode::decode() and nothing else. Indices inside
// are the module's own. Strings, expressions, data and custom sections point into the module's bytes.
namespace wherry::wasm {

enum class ExternKind : uint8_t { Func = 0, Table = 1, Memory = 2, Global = 3, Tag = 4 };

// A constant expression's bytes, its `end` included, and their place in the file.
struct ConstExpr {
  base::ByteSpan bytes;
  uint64_t offset = 0;
};

struct Import {
  std::string_view module;
  std::string_view name;
  ExternKind kind = ExternKind::Func;
  uint32_t index = 0;  // In the index space of its kind, where the type stands.
  uint64_t offset = 0;
};

struct Export {
  std::string_view name;
  ExternKind kind = ExternKind::Func;
  uint32_t index = 0;
  uint64_t offset = 0;
};

struct Func {
  TypeIndex type;
};

struct Table {
  TableType type;
  std::optional<ConstExpr> init;  // Absent: null.
  uint64_t offset = 0;
};

struct Memory {
  MemoryType type;
  uint64_t offset = 0;
};

struct Global {
  GlobalType type;
  ConstExpr init;  // Empty for imports.
  uint64_t offset = 0;
};

struct Tag {
  TypeIndex type;
  uint64_t offset = 0;
};

enum class SegmentMode : uint8_t { Active, Passive, Declarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::Passive;
  ValType type;
  TableIndex table;  // Active only, as is `offset_expr`.
  ConstExpr offset_expr;
  uint32_t count = 0;
  // Either function indices (LEB128 u32, `count` of them) or constant expressions, back to back.
  bool has_expressions = false;
  base::ByteSpan items;
  uint64_t items_offset = 0;
  uint64_t offset = 0;
};

// Bytes of the file; modules are smaller than 4 GiB.
struct Slice {
  uint32_t offset = 0;
  uint32_t size_bytes = 0;
};

// Go's linker makes 100,000 of them, so they are small, and compiled files have them as they are.
struct DataSegment {
  SegmentMode mode = SegmentMode::Passive;
  MemoryIndex memory;
  Slice offset_expr;  // Active only.
  Slice content;
  uint32_t offset = 0;
};
static_assert(sizeof(DataSegment) == 28);

// Where a function's body lies: locals and code, without the size in front. Bodies are scanned, not read.
using CodeBody = Slice;

struct CustomSection {
  std::string_view name;
  base::ByteSpan bytes;       // After the name.
  uint64_t offset = 0;        // Of `bytes`.
  uint8_t after_section = 0;  // The id of the section it follows (0: none), for printing in place.
};

struct Start {
  FuncIndex func;
  uint64_t offset = 0;
};

// Immutable once decoded; may be read by any number of threads. Move-only.
struct Module {
  base::ByteSpan bytes;               // Borrowed, or equal to `owned_bytes`.
  base::Vector<uint8_t> owned_bytes;  // Empty when the bytes are borrowed (a mapped file).
  base::Arena arena;                  // Holds the arrays inside `types`.
  Features features;

  base::Vector<SubType> types;
  base::Vector<RecGroup> rec_groups;
  base::Vector<Import> imports;
  base::Items<Func> funcs;  // Imported ones first, here and below.
  base::Vector<Table> tables;
  base::Vector<Memory> memories;
  base::Vector<Global> globals;
  base::Vector<Tag> tags;
  base::Vector<Export> exports;
  std::optional<Start> start;
  base::Vector<ElementSegment> elements;
  base::Items<DataSegment> data;
  std::optional<uint32_t> data_count;
  base::Items<CodeBody> bodies;  // Of the defined functions.
  base::Vector<CustomSection> customs;

  uint32_t imported_funcs = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t imported_tags = 0;

  bool is_imported(FuncIndex func) const { return func.value < imported_funcs; }
  const CodeBody& body(FuncIndex func) const { return bodies[func.value - imported_funcs]; }
  base::ByteSpan body_bytes(FuncIndex func) const { return bytes_of(body(func)); }

  // Empty where it is not in the file: of a damaged one, not all was looked at when it was opened.
  base::ByteSpan bytes_of(const Slice& slice) const {
    if (slice.offset > bytes.size() || slice.size_bytes > bytes.size() - slice.offset) return {};
    return bytes.subspan(slice.offset, slice.size_bytes);
  }
  ConstExpr offset_of(const DataSegment& segment) const {
    return {bytes_of(segment.offset_expr), segment.offset_expr.offset};
  }
};

}  // namespace wherry::wasm
