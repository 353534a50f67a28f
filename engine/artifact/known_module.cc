// The module of a compiled file, from its metadata and tables: what grows with the number of functions is used where it lies.
#include "engine/artifact/known_module.h"

#include "engine/decode/decode.h"
#include "engine/wasm/errors.h"

namespace wherry::artifact {

namespace {

// Element segments and custom sections, of which modules have few.
base::Result<void> add_rows(const View& view, wasm::Module* module) {
  if (!module->elements.reserve(view.elements().size()) || !module->customs.reserve(view.customs().size())) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  base::ByteSpan expressions = view.expressions();
  for (const ElementRow& row : view.elements()) {
    wasm::ElementSegment segment;
    segment.mode = static_cast<wasm::SegmentMode>(row.mode);
    segment.type = row.type;
    segment.table = wasm::TableIndex(row.table);
    segment.offset_expr = {expressions.first(row.expression.size_bytes), row.expression.offset};
    expressions = expressions.subspan(row.expression.size_bytes);
    segment.count = row.count;
    segment.has_expressions = row.has_expressions != 0;
    segment.items = module->bytes_of(row.items);
    segment.items_offset = row.items.offset;
    segment.offset = row.offset;
    (void)module->elements.push_back(segment);  // It has room, here and below.
  }
  for (const CustomRow& row : view.customs()) {
    (void)module->customs.push_back({base::as_text(module->bytes_of(row.name)), module->bytes_of(row.content),
                                     row.content.offset, static_cast<uint8_t>(row.after_section)});
  }
  return {};
}

}  // namespace

base::Result<wasm::Module> read_module(const View& view, const wasm::Features& features) {
  base::Vector<decode::KnownModule::Part> parts;
  if (!parts.reserve(view.parts().size())) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  for (const ModulePart& part : view.parts()) {
    (void)parts.push_back(
        {static_cast<uint8_t>(part.id), part.module_offset, view.part(part)});  // It has room.
  }
  const decode::KnownModule known{.bytes = view.wasm(),
                                  .parts = parts,
                                  .funcs = view.funcs(),
                                  .bodies = view.bodies(),
                                  .data = view.data(),
                                  .data_count = view.data_count_section()};
  wasm::Module module = WHERRY_TRY(decode::decode(known, {features}));
  if (module.types.size() != view.type_count()) {
    return base::fail(wasm::ErrorCode::ArtifactDamaged, base::Error::kNoOffset, "another number of types");
  }
  WHERRY_TRY(add_rows(view, &module));
  return module;
}

}  // namespace wherry::artifact
