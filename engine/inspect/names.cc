// Carries names from the decoder to the text printer, which may not know each other: text is not to depend on the
// binary format.
#include "engine/inspect/names.h"

#include "engine/decode/name_section.h"
#include "engine/wasm/errors.h"

namespace wherry::inspect {

namespace {

using decode::NameKind;

bool collect(const decode::NameSection& section, NameKind kind, base::Vector<text::Name>* out) {
  decode::NameMap map = section.names(kind);
  for (decode::NameMap::Entry entry; map.next(&entry);) {
    if (!out->empty() && out->back().index >= entry.index) continue;
    if (!out->push_back({entry.index, entry.name})) return false;
  }
  return true;
}

bool collect(const decode::NameSection& section, NameKind kind, base::Vector<text::InnerName>* out) {
  decode::IndirectNameMap map = section.indirect_names(kind);
  bool is_first = true;
  uint32_t last = 0;
  for (decode::IndirectNameMap::Entry outer; map.next(&outer);) {
    if (!is_first && outer.index <= last) continue;
    is_first = false;
    last = outer.index;
    const size_t begin = out->size();
    for (decode::NameMap::Entry entry; outer.names.next(&entry);) {
      if (out->size() > begin && out->back().inner >= entry.index) continue;
      if (!out->push_back({outer.index, entry.index, entry.name})) return false;
    }
  }
  return true;
}

}  // namespace

bool has_names(const wasm::Module& module) {
  for (const wasm::CustomSection& custom : module.customs) {
    if (custom.name == "name") return true;
  }
  return false;
}

base::Result<text::Names> read_names(const wasm::Module& module) {
  const decode::NameSection section(module);
  text::Names names;
  names.module = section.module_name();
  names.has_module = !names.module.empty();
  const bool ok =
      collect(section, NameKind::Func, &names.funcs) && collect(section, NameKind::Type, &names.types) &&
      collect(section, NameKind::Table, &names.tables) &&
      collect(section, NameKind::Memory, &names.memories) &&
      collect(section, NameKind::Global, &names.globals) &&
      collect(section, NameKind::Elem, &names.elements) && collect(section, NameKind::Data, &names.data) &&
      collect(section, NameKind::Tag, &names.tags) && collect(section, NameKind::Local, &names.locals) &&
      collect(section, NameKind::Label, &names.labels) && collect(section, NameKind::Field, &names.fields);
  if (!ok) return base::fail(wasm::ErrorCode::OutOfMemory);
  return names;
}

}  // namespace wherry::inspect
