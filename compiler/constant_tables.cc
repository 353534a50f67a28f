// Tables that hold the same for ever: defined by the module, known to nobody else, filled by active segments, and changed by no
// instruction. Most programs in C, C++ and Rust have exactly one. Calls through it compare with constants and load the callee's
// place from the text (FunctionEmitter::indirect_code), a third of the loads that a table needs which may change.
//
// Code of an instance may run although its instantiation failed, when functions of it got into an imported table first. So all
// segments before the last of a constant table have to be known to fit.
#include "compiler/constant_tables.h"

#include <algorithm>

#include "engine/base/byte_reader.h"
#include "engine/wasm/constant_number.h"
#include "engine/wasm/instruction.h"

namespace wherry::compiler {
namespace {

using wasm::Op;

// The text has 8 bytes an entry: holes of a table that a small module can make large are not worth it.
constexpr uint64_t kMostHoles = 1024;

bool place_of(const wasm::Module& module, const wasm::ElementSegment& segment, uint64_t* begin) {
  if (!wasm::read_constant_number(segment.offset_expr.bytes, begin)) return false;
  const uint64_t least = module.tables[segment.table.value].type.limits.min;
  return segment.count <= least && *begin <= least - segment.count;
}

uint32_t next_function(const wasm::Module& module, const wasm::ElementSegment& segment,
                       base::ByteReader& reader) {
  if (!segment.has_expressions) return reader.u32();
  uint32_t function = kNoConstant;
  wasm::Instruction instruction;
  for (uint32_t count = 0; reader.ok(); ++count) {
    if (!wasm::read_instruction(reader, module.features, &instruction) || instruction.op == Op::End) break;
    function = count == 0 && instruction.op == Op::RefFunc ? instruction.index : kNoConstant;
  }
  return function;
}

bool fill(const wasm::Module& module, uint32_t table, std::vector<uint32_t>& functions) {
  uint64_t items = 0;
  for (const wasm::ElementSegment& segment : module.elements) {
    if (segment.mode != wasm::SegmentMode::Active || segment.table.value != table) continue;
    uint64_t begin = 0;
    if (!place_of(module, segment, &begin)) return false;
    items += segment.count;
    const uint64_t end = begin + segment.count;
    if (end > items + kMostHoles) return false;
    if (end > functions.size()) functions.resize(end, kNoConstant);
    base::ByteReader reader(segment.items, segment.items_offset);
    for (uint64_t i = begin; i < end; ++i) functions[i] = next_function(module, segment, reader);
    if (!reader.ok()) return false;
  }
  return true;
}

}  // namespace

std::vector<std::vector<uint32_t>> find_constant_tables(const wasm::Module& module,
                                                        const std::vector<bool>& is_called,
                                                        const std::vector<bool>& is_changed) {
  std::vector<std::vector<uint32_t>> tables(module.tables.size());
  std::vector<bool> is_candidate(tables.size());
  for (uint32_t i = module.imported_tables; i < tables.size(); ++i) {
    is_candidate[i] = is_called[i] && !is_changed[i] && !module.tables[i].init;
  }
  for (const wasm::Export& exported : module.exports) {
    if (exported.kind == wasm::ExternKind::Table && exported.index < tables.size())
      is_candidate[exported.index] = false;
  }
  bool fits = true;  // All segments so far.
  for (const wasm::ElementSegment& segment : module.elements) {
    if (segment.mode != wasm::SegmentMode::Active || segment.table.value >= tables.size()) continue;
    uint64_t begin = 0;
    fits = fits && place_of(module, segment, &begin);
    if (!fits) is_candidate[segment.table.value] = false;
  }
  for (uint32_t i = 0; i < tables.size(); ++i) {
    if (is_candidate[i] && !fill(module, i, tables[i])) tables[i].clear();
  }
  return tables;
}

}  // namespace wherry::compiler
