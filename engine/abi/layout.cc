// The parts of a Context behind its head. Own globals come first since compiled code addresses them directly; v128
// globals are aligned to 16 bytes, which costs at most one empty slot each.
#include "engine/abi/layout.h"

namespace wherry::abi {
namespace {

constexpr uint32_t align_up(uint32_t value, uint32_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

// Offset of each own global from the first; returns their size. At most 10^6 globals of 16 bytes: no overflow.
uint32_t place_globals(const wasm::Module& module, uint32_t begin, base::Vector<uint32_t>* offsets) {
  uint32_t at = begin;
  for (size_t i = module.imported_globals; i < module.globals.size(); ++i) {
    const uint32_t size_bytes = wasm::slots_of(module.globals[i].type.content) * 8;
    at = align_up(at, size_bytes);
    if (offsets != nullptr) (*offsets)[i] = at;
    at += size_bytes;
  }
  return at;
}

}  // namespace

ContextLayout layout_of(const wasm::Module& module) {
  ContextLayout layout;
  layout.globals = sizeof(Context);
  layout.imported_globals = align_up(place_globals(module, layout.globals, nullptr), 8);
  layout.imported_funcs = layout.imported_globals + module.imported_globals * 8;
  layout.memories = layout.imported_funcs + module.imported_funcs * 8;
  layout.tables = layout.memories + static_cast<uint32_t>(module.memories.size()) * 8;
  layout.size_bytes = align_up(layout.tables + static_cast<uint32_t>(module.tables.size()) * 8, 64);
  return layout;
}

bool global_offsets(const wasm::Module& module, const ContextLayout& layout,
                    base::Vector<uint32_t>* offsets) {
  if (!offsets->resize(module.globals.size())) return false;
  for (uint32_t i = 0; i < module.imported_globals; ++i) (*offsets)[i] = layout.imported_globals + i * 8;
  place_globals(module, layout.globals, offsets);
  return true;
}

}  // namespace wherry::abi
