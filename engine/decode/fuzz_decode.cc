// Fuzz target: any bytes decode or fail. What decodes is walked as later stages do: types are made canonical, bodies
// and element items are read instruction by instruction, and every name is asked for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/decode/decode.h"
#include "engine/decode/inlined_calls.h"
#include "engine/decode/line_table.h"
#include "engine/decode/name_section.h"
#include "engine/decode/symbol_name.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/type_registry.h"

namespace {

using namespace wherry;

void walk_instructions(base::ByteSpan bytes, uint64_t offset, wasm::Features features) {
  base::ByteReader reader(bytes, offset);
  wasm::Instruction instruction;
  while (!reader.at_end() && wasm::read_instruction(reader, features, &instruction)) {
    if (reader.offset() <= instruction.offset) std::abort();
  }
}

void walk_names(const wasm::Module& module) {
  const decode::NameSection names(module);
  size_t length = names.module_name().size();
  for (uint8_t kind = 0; kind <= static_cast<uint8_t>(decode::NameKind::Tag); ++kind) {
    decode::NameMap map = names.names(static_cast<decode::NameKind>(kind));
    for (decode::NameMap::Entry entry; map.next(&entry);) length += entry.name.size();
    decode::IndirectNameMap indirect = names.indirect_names(static_cast<decode::NameKind>(kind));
    for (decode::IndirectNameMap::Entry entry; indirect.next(&entry);) {
      for (decode::NameMap::Entry name; entry.names.next(&name);) length += name.name.size();
    }
  }
  if (length > 100 * module.bytes.size()) std::abort();
}

void walk_lines(const wasm::Module& module) {
  decode::SourceQuery queries[8];
  for (size_t i = 0; i < 8; ++i) queries[i].offset = module.bytes.size() * i / 8;
  decode::find_source_places(module, queries);
  for (const decode::SourceQuery& query : queries) {
    if (query.place.file.size() > 1024) std::abort();
  }
}

void check_symbol(const std::string& symbol) {
  if (decode::readable_name(symbol).size() > std::max(symbol.size(), decode::kReadableBytes)) std::abort();
}

void walk_inlined(const wasm::Module& module) {
  decode::InlineQuery queries[64];
  for (size_t i = 0; i < 64; ++i) queries[i].offset = module.bytes.size() * i / 64;
  decode::find_inlined_calls(module, queries);
  for (const decode::InlineQuery& query : queries) {
    if (query.calls.size() > decode::kInlinedCalls) std::abort();
    for (const decode::InlinedCall& call : query.calls) {
      if (call.linkage_name.size() + call.name.size() + call.place.file.size() > 3 * 1024) std::abort();
      check_symbol(call.linkage_name);
    }
  }
}

void run(base::ByteSpan bytes, wasm::Features features) {
  auto module = decode::decode(bytes, {features});
  if (!module) {
    if (module.error().offset != base::Error::kNoOffset && module.error().offset > bytes.size()) std::abort();
    return;
  }
  wasm::TypeRegistry registry;
  (void)registry.add(*module);
  for (const wasm::CodeBody& body : module->bodies) {
    walk_instructions(bytes.subspan(body.offset, body.size_bytes), body.offset, features);
  }
  for (const wasm::ElementSegment& segment : module->elements) {
    if (segment.has_expressions) walk_instructions(segment.items, segment.items_offset, features);
  }
  walk_names(*module);
  walk_lines(*module);
  walk_inlined(*module);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  run({data, size}, wasm::Features());
  run({data, size}, wasm::Features::all());
  return 0;
}
