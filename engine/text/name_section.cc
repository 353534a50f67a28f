// Identifiers as a custom section. Everything is encoded when it is met, in the order in which the text defines
// it: that is ascending in every index space.
#include "engine/text/name_section.h"

namespace wherry::text {

void NameSection::add(Map map, uint32_t index, std::string_view name) {
  if (name.data() == nullptr) return;
  NameMapBytes& entries = maps_[static_cast<uint32_t>(map)];
  entries.bytes.u32(index);
  entries.bytes.name(name);
  ++entries.count;
}

void NameSection::add(IndirectMap map, uint32_t index, std::string_view name) {
  if (name.data() == nullptr) return;
  NameMapBytes& entries = owners_[static_cast<uint32_t>(map)];
  entries.bytes.u32(index);
  entries.bytes.name(name);
  ++entries.count;
}

void NameSection::finish(IndirectMap map, uint32_t owner) {
  NameMapBytes& entries = owners_[static_cast<uint32_t>(map)];
  if (entries.count == 0) return;
  NameMapBytes& whole = maps_[static_cast<uint32_t>(map)];
  whole.bytes.u32(owner);
  whole.bytes.u32(entries.count);
  whole.bytes.append(entries.bytes.span());
  ++whole.count;
  entries.bytes.clear();
  entries.count = 0;
}

void NameSection::append_subsection(uint32_t id, ByteBuffer* out) {
  NameMapBytes& entries = maps_[id];
  if (entries.count == 0) return;
  out->section(static_cast<uint8_t>(id), entries.count, entries.bytes);
}

bool NameSection::ok() const {
  for (uint32_t id = 0; id < kMapCount; ++id) {
    if (!maps_[id].bytes.ok() || !owners_[id].bytes.ok()) return false;
  }
  return true;
}

void NameSection::write(std::string_view module_name, ByteBuffer* out) {
  ByteBuffer body;
  if (module_name.data() != nullptr) {
    ByteBuffer name;
    name.name(module_name);
    body.section(0, name);
  }
  for (uint32_t id = 1; id < kMapCount; ++id) append_subsection(id, &body);
  if (body.size() == 0) return;
  out->custom_section("name", body.span());
  out->require(body.ok());
}

}  // namespace wherry::text
