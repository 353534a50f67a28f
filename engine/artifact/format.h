#pragma once

#include <cstdint>

// A compiled file as it lies on disk and in memory; docs/artifact.md explains it. All numbers are little-endian and aligned,
// all offsets count from the beginning of the file unless said otherwise. A change here raises kFormatVersion.
namespace wherry::artifact {

inline constexpr char kMagic[8] = {'\0', 'w', 'h', 'e', 'r', 'r', 'y', '\n'};
inline constexpr uint32_t kFormatVersion = 1;
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
  Flagged = 1 << 5,  // The module throws or catches: its code looks for pending exceptions (docs/abi.md).
};

enum class SectionKind : uint32_t {
  Text = 1,    // Code and its constants; mapped read-execute as it is.
  Meta = 2,    // MetaHeader and its tables; read in place.
  Module = 3,  // The WebAssembly module, byte for byte.
  Cold = 4,  // ColdHeader and its tables: from addresses in the text to functions and offsets in the module.
  // Kept for what comes; a reader of version 1 refuses files that have them.
  Plans = 5,     // Plans of the canonical ABI.
  Snapshot = 6,  // State of an instance: memory images, globals, tables.
};

struct Section {
  SectionKind kind;
  uint32_t module;      // Which module of the file it belongs to; version 1 has one, 0.
  uint64_t offset;      // A multiple of Header::page_bytes.
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
  uint8_t module_digest[32];  // BLAKE2b-256 of the module.
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
  uint32_t reserved[4];
};
static_assert(sizeof(MetaHeader) == 32);

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
