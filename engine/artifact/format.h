#pragma once

#include <cstdint>

#include "engine/wasm/module.h"

// A compiled file as it lies on disk and in memory; docs/artifact.md explains it. All numbers are little-endian and aligned,
// all offsets count from the beginning of the file unless said otherwise. A change here raises kFormatVersion.
namespace wherry::artifact {

inline constexpr char kMagic[8] = {'\0', 'w', 'h', 'e', 'r', 'r', 'y', '\n'};
inline constexpr uint32_t kFormatVersion = 5;
inline constexpr uint32_t kHeaderBytes = 4096;
inline constexpr uint32_t kMaxSections = 64;

enum class Arch : uint32_t { X86_64 = 1, Aarch64 = 2 };

// What the code was compiled to do, beside its options: a runner whose settings differ must not use it.
enum class CodeFlag : uint64_t {
  Fuel = 1 << 0,          // Charges fuel.
  Interruption = 1 << 1,  // Looks at the deadline.
  CanonicalNan = 1 << 2,  // All NaNs are the canonical one.
  ExactTraps = 1 << 3,    // Memory is exact at a trap, too.
  GuardPages = 1 << 4,    // Out-of-bounds accesses of guarded memories are faults, not checks.
  Flagged = 1 << 5,    // The module throws or catches: its code looks for pending exceptions (docs/abi.md).
  TailCalls = 1 << 6,  // The module has tail calls: its code has the convention for them.
};

enum class SectionKind : uint32_t {
  Text = 1,    // Code and its constants; mapped read-execute as it is.
  Meta = 2,    // MetaHeader and its tables: all that a load reads, in place.
  Module = 3,  // The WebAssembly module, byte for byte.
  Cold = 4,  // ColdHeader and its tables: from addresses in the text to functions and offsets in the module.
  Tables = 5,  // Of the module, by function and segment: used in place by whoever needs one of them.
  Image = 6,   // What active data segments write into memory 0; MetaHeader::image_offset says where.
  // Kept for what comes; a reader of this version refuses files that have them.
  Plans = 7,     // Plans of the canonical ABI.
  Snapshot = 8,  // State of an instance: globals, tables.
  // Of a compiled component, which has these three and no others, in this order.
  Parts = 9,       // PartsHeader and a PartRow for each core module.
  Component = 10,  // The component, byte for byte; then the modules of its adapters.
  Files = 11,      // Compiled modules: files like this, without Module, each on pages of its own.
};

// Of a file for this machine. On AArch64 the kernel's may have 64 KiB.
constexpr uint32_t page_bytes_of(Arch arch) { return arch == Arch::Aarch64 ? 1 << 16 : 1 << 12; }

struct Section {
  SectionKind kind;
  uint32_t module;  // Which module of the file it belongs to: 0. Those of a component are files of their own.
  uint64_t offset;  // A multiple of Header::page_bytes.
  uint64_t size_bytes;  // What follows up to the next page is zeros.
  uint64_t hash;        // XXH3-64 of its bytes.
};
static_assert(sizeof(Section) == 32);

// The file's first kHeaderBytes bytes.
struct Header {
  char magic[8];
  uint32_t format_version;
  uint32_t header_bytes;
  uint64_t header_hash;  // XXH3-64 of these kHeaderBytes bytes with this field 0.
  uint64_t file_bytes;
  uint64_t abi_hash;  // Of the layouts in engine/abi.
  Arch arch;
  uint32_t
      page_bytes;  // Sections begin at multiples of it; no smaller than the pages of a machine that runs it.
  uint64_t cpu_features[2];   // Bits of cpu_features.inc that the code needs.
  uint64_t code_flags;        // CodeFlag
  uint64_t options_hash;      // XXH3-64 of `options` up to its zero.
  uint8_t module_digest[32];  // BLAKE2b-256 of the module, or of the component.
  uint32_t section_count;
  uint32_t module_count;
  char options[392];  // "key=value" separated by spaces, for people; ends with a zero.
  Section sections[kMaxSections];
  uint8_t reserved[1536];
};
static_assert(sizeof(Header) == kHeaderBytes);

inline constexpr uint32_t kNoCode = ~uint32_t{0};

// SectionKind::Meta. Offsets count from the section's beginning.
struct MetaHeader {
  uint32_t function_count;   // Functions that the module defines.
  uint32_t function_offset;  // uint32_t each: where in the text its code begins, or kNoCode.
  uint32_t type_count;       // Types of the module.
  uint32_t thunk_offset;  // uint32_t each: where in the text the thunk is that enters functions of the type
                          // (abi::NativeEnter), or kNoCode.
  uint32_t func_count;    // Functions of the module, imported ones first.
  uint32_t func_offset;   // wasm::Func each: its type, an index below type_count.
  uint32_t part_count;    // Sections of the module that a load reads.
  uint32_t part_offset;   // ModulePart each, by rising place in the module.
  uint32_t element_count;
  uint32_t element_offset;  // ElementRow each.
  uint32_t custom_count;
  uint32_t custom_offset;  // CustomRow each.
  uint32_t image_count;
  uint32_t image_offset;    // ImageRun each, by rising place in memory, none touching another.
  uint32_t has_image;       // 1: Image has all that the data segments write, all of which are active. Else 0.
  uint32_t data_count;      // Data segments, in Tables.
  uint32_t has_data_count;  // 1: the module has a data count section.
  uint32_t expression_count;   // Bytes.
  uint32_t expression_offset;  // Expressions of the element segments, one behind the other.
  uint32_t reserved[5];
};
static_assert(sizeof(MetaHeader) == 96);

// Contents of a section of the module, in Meta, so that a load touches nothing else and all of it is hashed.
struct ModulePart {
  uint32_t id;             // As in the binary format.
  uint32_t module_offset;  // Of the contents.
  uint32_t offset;         // In Meta.
  uint32_t size_bytes;
};

// An element segment. Places are in the module.
struct ElementRow {
  uint32_t mode;       // wasm::SegmentMode
  wasm::ValType type;  // By the module's type indices.
  uint32_t table;      // Active only, as is `expression`.
  uint32_t count;
  uint32_t has_expressions;
  uint32_t offset;
  wasm::Slice expression;  // Its bytes are in Meta, too.
  wasm::Slice items;
};
static_assert(sizeof(ElementRow) == 40);

// A custom section. Places are in the module.
struct CustomRow {
  wasm::Slice name;
  wasm::Slice content;
  uint32_t after_section;
};
static_assert(sizeof(CustomRow) == 20);

// Consecutive pages of memory 0. All in whole pages of Header::page_bytes.
struct ImageRun {
  uint64_t memory_offset;
  uint64_t image_offset;  // In Image.
  uint64_t size_bytes;
};
static_assert(sizeof(ImageRun) == 24);

// SectionKind::Tables: uint64_t each for 64 functions and one more (TypedModule::declared_refs), then a wasm::CodeBody for each
// function that the module defines, then a wasm::DataSegment for each data segment. A load looks at none of them, so that readers
// check what they use.

// SectionKind::Parts: then the rows, by the order of the core modules in the component; then those of adapters, whose modules
// follow the component in its section.
struct PartsHeader {
  uint64_t
      frame_hash;  // XXH3-64 of the XXH3-64s of what is between modules: all that a load reads of the component.
  uint32_t part_count;
  uint32_t adapter_count;  // How many of them, the last ones, are adapters.
};
static_assert(sizeof(PartsHeader) == 16);

struct PartRow {
  uint32_t module_offset;  // In Component. Rising; no module overlaps another.
  uint32_t module_bytes;
  uint64_t file_offset;  // In Files, a multiple of Header::page_bytes. Equal modules have the same one.
  uint64_t file_bytes;
};
static_assert(sizeof(PartRow) == 24);

// SectionKind::Cold: after the header the ranges, the blocks, and the rows' bytes.
struct ColdHeader {
  uint32_t range_count;
  uint32_t block_count;
  uint32_t row_count;
  uint32_t row_bytes;
};

// The text of one function, in the text's order.
struct FunctionRange {
  uint32_t begin;  // In the text.
  uint32_t size_bytes;
  uint32_t function;  // Defined index.
};

// Where rows can be read from: a block has kRowsPerBlock rows, the last one fewer. A row says that from its address on
// up to the next row's, the text belongs to the instruction at that offset of the module (0: to none). The first row is
// in the block; the others are two LEB128 numbers each, unsigned the way from the last address, signed that from the last offset.
struct RowBlock {
  uint32_t text_offset;
  uint32_t wasm_offset;
  uint32_t begin;  // In the rows' bytes.
};
inline constexpr uint32_t kRowsPerBlock = 64;

}  // namespace wherry::artifact
