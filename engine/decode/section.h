#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/result.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/module.h"
#include "engine/wasm/sections.h"

// What the readers of single sections share, with one another and with the decoder of components.
namespace wherry::decode {

using wasm::kSectionIds;
using wasm::SectionId;

// One section's bytes, and the module that they go into.
struct Section {
  base::ByteReader reader;
  wasm::Module& module;
  uint8_t after;  // The id of the last section before it that is not custom; 0 for none.

  bool has(wasm::Feature feature) const { return module.features.has(feature); }
};

// One file each. They need not read to the end: decode() asks for what is left over.
base::Result<void> decode_custom(Section& section);
base::Result<void> decode_types(Section& section);
base::Result<void> decode_imports(Section& section);
base::Result<void> decode_functions(Section& section);
base::Result<void> decode_tables(Section& section);
base::Result<void> decode_memories(Section& section);
base::Result<void> decode_tags(Section& section);
base::Result<void> decode_globals(Section& section);
base::Result<void> decode_exports(Section& section);
base::Result<void> decode_start(Section& section);
base::Result<void> decode_elements(Section& section);
base::Result<void> decode_data_count(Section& section);
base::Result<void> decode_code(Section& section);
base::Result<void> decode_data(Section& section);

// A number of items of which `already` exist and `limit` may, each at least a byte long in what remains. So what
// is reserved for them is in proportion to the input.
base::Result<uint32_t> read_count(Section& section, const char* what, size_t already, uint32_t limit);

// A length and as many bytes of UTF-8. Points into the module.
base::Result<std::string_view> read_name(Section& section);

// A byte that has to be one of a few.
base::Result<uint8_t> read_byte(Section& section);

// A recursion group, or a type that is one of its own, to the end of module.types; no type may refer to a feature that
// is off. Components have such types outside of modules.
base::Result<wasm::RecGroup> read_rec_group(Section& section);

base::Result<wasm::ValType> read_reference_type(Section& section);
base::Result<wasm::TableType> read_table_type(Section& section);
base::Result<wasm::MemoryType> read_memory_type(Section& section);
base::Result<wasm::GlobalType> read_global_type(Section& section);
base::Result<wasm::Tag> read_tag(Section& section);
base::Result<bool> read_mutability(Section& section);

// Instructions up to the `end` that belongs to none of them.
base::Result<void> read_const_expr(Section& section, wasm::ConstExpr* expression);

// "found 0x07, expected 0x00 or 0x01"
base::Failure unexpected_byte(wasm::ErrorCode code, uint64_t offset, uint32_t found, const char* expected);
base::Failure feature_disabled(wasm::Feature feature, const char* form, uint64_t offset);
base::Failure out_of_memory();

}  // namespace wherry::decode
