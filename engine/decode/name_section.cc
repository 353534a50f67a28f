// Names are for people: a module with a broken name section runs like any other (core spec 7.4), so every failure
// here is the end of a list. The reader's sticky fault does most of that: after it, nothing is left to read.
#include "engine/decode/name_section.h"

#include "engine/base/utf8.h"

namespace wherry::decode {

namespace {

// A name, or null data where the bytes end.
std::string_view read_text(base::ByteReader& reader) {
  const uint32_t size_bytes = reader.u32();
  return base::as_text(reader.take(size_bytes));
}

}  // namespace

NameMap::NameMap(base::ByteReader reader) : reader_(reader), left_(reader_.u32()) {}

bool NameMap::next(Entry* entry) {
  while (left_ != 0) {
    --left_;
    entry->index = reader_.u32();
    entry->name = read_text(reader_);
    if (!reader_.ok())
      left_ = 0;
    else if (base::is_utf8(base::as_bytes(entry->name)))
      return true;
  }
  return false;
}

IndirectNameMap::IndirectNameMap(base::ByteReader reader) : reader_(reader), left_(reader_.u32()) {}

bool IndirectNameMap::next(Entry* entry) {
  if (left_ == 0) return false;
  --left_;
  entry->index = reader_.u32();
  if (!reader_.ok()) return left_ = 0, false;
  entry->names = NameMap(reader_);
  // Where the next map begins is known after this one was walked.
  uint32_t inner = reader_.u32();
  for (; inner != 0 && reader_.ok(); --inner) {
    reader_.u32();
    reader_.take(reader_.u32());
  }
  if (!reader_.ok()) left_ = 0;
  return true;
}

NameSection::NameSection(const wasm::Module& module) {
  for (const wasm::CustomSection& custom : module.customs) {
    if (custom.name == "name") {
      bytes_ = custom.bytes;
      return;
    }
  }
}

base::ByteReader NameSection::subsection(NameKind kind) const {
  base::ByteReader reader(bytes_);
  while (reader.ok() && !reader.at_end()) {
    const uint8_t id = reader.u8();
    const base::ByteSpan bytes = reader.take(reader.u32());
    if (reader.ok() && id == static_cast<uint8_t>(kind)) return base::ByteReader(bytes);
  }
  return base::ByteReader(base::ByteSpan{});
}

std::string_view NameSection::module_name() const {
  base::ByteReader reader = subsection(NameKind::Module);
  const std::string_view name = read_text(reader);
  return reader.ok() && base::is_utf8(base::as_bytes(name)) ? name : std::string_view();
}

NameMap NameSection::names(NameKind kind) const { return NameMap(subsection(kind)); }
IndirectNameMap NameSection::indirect_names(NameKind kind) const { return IndirectNameMap(subsection(kind)); }

std::string_view NameSection::find(NameKind kind, uint32_t index) const {
  NameMap map = names(kind);
  for (NameMap::Entry entry; map.next(&entry);) {
    if (entry.index == index) return entry.name;
  }
  return {};
}

std::string_view NameSection::find(NameKind kind, uint32_t outer, uint32_t inner) const {
  IndirectNameMap map = indirect_names(kind);
  for (IndirectNameMap::Entry entry; map.next(&entry);) {
    if (entry.index != outer) continue;
    for (NameMap::Entry name; entry.names.next(&name);) {
      if (name.index == inner) return name.name;
    }
  }
  return {};
}

}  // namespace wherry::decode
